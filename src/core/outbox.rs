//! Events for webhooks, and what is sent once more by hand.

use connector_model::Mark;
use jiff::Timestamp;

use super::{Core, wire_id};
use crate::domain::alert::{Alert, AlertChange, Round, Wish};
use crate::domain::board::DueNow;
use crate::domain::event::{Ended, Event, Waiting};
use crate::domain::ids::{EventId, MessageId};
use crate::domain::notice::{Message, MessageState, Notice, NoticeState, Post};
use crate::domain::record::BoardDelta;
use crate::domain::said::About;
use crate::domain::snapshot::Snapshot;
use crate::messages::events;
use crate::store::{GivenUpMessage, StoreError};

impl Core {
    /// What a round tells, as events.
    pub(super) fn events(&self, round: &Round, now: Timestamp) -> Result<Vec<Event>, StoreError> {
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        if self.policy.hooks.is_empty() {
            return Ok(Vec::new());
        }
        let names = self.names(&events::names_needed(round, &snapshot))?;
        Ok(events::tell(round, &names, &snapshot, &mut wire_id))
    }

    /// See [`crate::store::Store::know_hooks`].
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn know_hooks(&mut self, hooks: &[(String, String)], now: Timestamp) -> Result<(), StoreError> {
        self.guarded(now, |store| store.know_hooks(hooks, now))?;
        self.see_hooks()
    }

    /// See [`crate::store::Store::next_event`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next_event(&self, busy: &[String], now: Timestamp) -> Result<Option<Waiting>, StoreError> {
        self.store.next_event(busy, now)
    }

    /// See [`crate::store::Store::next_event_at`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next_event_at(&self, busy: &[String]) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_event_at(busy)
    }

    /// See [`crate::store::Store::event_ended`].
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn event_ended(
        &mut self,
        waiting: &Waiting,
        ended: &Ended,
        address: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.guarded(now, |store| store.event_ended(waiting, ended, address, now))?;
        match ended {
            Ended::GivenUp { .. } | Ended::Disabled { .. } => self.see_hooks(),
            Ended::Taken | Ended::Again { .. } | Ended::Throttled { .. } => Ok(()),
        }
    }

    /// Takes note of how the webhooks fare.
    fn see_hooks(&mut self) -> Result<(), StoreError> {
        let troubles = self.store.hook_troubles()?;
        self.board.put_hooks(troubles.into_iter().collect());
        Ok(())
    }

    /// Takes in the wish of whoever got this mail for no more of them. False: no mail of ours carries the mark.
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn unsubscribe(&mut self, mark: &Mark, now: Timestamp) -> Result<bool, StoreError> {
        if !self.store.key().believes(mark) {
            return Ok(false);
        }
        let Some((account, gap)) = self.store.mailed(&mark.wire)? else { return Ok(false) };
        let wish = Wish::Say { about: About::Gap(gap), words: "stop".to_owned() };
        let put = self.guarded(now, |store| store.put_answer("mail", &mark.wire, now, Some(account), &wish))?;
        if let Some(answer) = put {
            self.board.apply(BoardDelta { answers: vec![answer], ..Default::default() });
        }
        Ok(true)
    }

    /// Sends once more what somebody wished for; true where anything was changed by it.
    pub(super) fn resend(&mut self, due: &DueNow, now: Timestamp) -> Result<bool, StoreError> {
        let wished: Vec<String> = due
            .answers
            .iter()
            .filter_map(|answer| match &answer.wish {
                Wish::Resend { id } if answer.account.is_none() => Some(id.clone()),
                _ => None,
            })
            .collect();
        let mut changed = false;
        for id in wished {
            let (kind, number) = id.split_at_checked(1).unwrap_or_default();
            let Ok(number) = number.parse::<i64>() else { continue };
            changed |= match kind {
                "e" => {
                    let retried = self.guarded(now, |store| store.retry_event(EventId(number), now))?;
                    self.see_hooks()?;
                    retried
                }
                "m" => self.resend_message(MessageId(number), now)?,
                _ => false,
            };
        }
        Ok(changed)
    }

    /// A message that was given up waits again, with what it carried; whether that is still to be said is thought about.
    fn resend_message(&mut self, id: MessageId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(given_up) = self.store.given_up_message(id)? else { return Ok(false) };
        let GivenUpMessage { message, notices, post } = given_up;
        let message = Message {
            state: MessageState::Sealed,
            due_at: now,
            attempts: 0,
            attempt_at: None,
            attempt_epoch: None,
            error: None,
            ..message
        };
        let mut round = Round { messages: vec![message], at: Some(now), ..Round::default() };
        round.posts.extend(post.map(|post| Post { open: true, ..post }));
        for notice in notices {
            if let Some(alert) = self.board.alert(notice.alert).filter(|alert| alert.episode == notice.episode) {
                let known = round.alerts.iter().any(|change| change.alert.id == alert.id);
                let alert = Alert { step_at: Some(now), ..alert.clone() };
                round.alerts.extend((!known).then_some(AlertChange { alert, log: Vec::new() }));
            }
            round.notices.push(Notice { state: NoticeState::Sealed, why: None, decided_at: now, ..notice });
        }
        self.guarded(now, |store| store.commit_round(&round, None, now))?;
        self.board.put_round(round);
        Ok(true)
    }
}
