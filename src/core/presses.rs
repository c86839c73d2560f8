//! Presses of buttons: from the channel's own id of somebody to an account, and back from what became of an answer to
//! whoever waits for it. Whoever is not known is nobody, and nobody is obeyed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::Core;
use crate::alerts::{Decided, is_obeyed};
use crate::domain::alert::{Alert, AlertState, Answer, Wish};
use crate::domain::finding::{GapId, SubjectKey};
use crate::domain::ids::{AccountId, InboxId};
use crate::domain::record::BoardDelta;
use crate::domain::said::About;
use crate::domain::snapshot::Snapshot;
use crate::store::StoreError;

/// Where presses come from, in the inbox.
const SOURCE: &str = "slack";

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its row.
    pub id: InboxId,
    /// For whoever gave it.
    pub words: String,
    /// False: nothing was done, for this reason.
    pub done: bool,
}

/// What became of the answers of a round.
pub(super) fn replies(decided: &Decided) -> Vec<Reply> {
    let done = |id: &InboxId| !decided.refused.contains(id);
    let reply = |(id, words): &(InboxId, String)| Reply { id: *id, words: words.clone(), done: done(id) };
    decided.answered.iter().map(reply).collect()
}

/// Whoever waits for what becomes of an answer; lost with the process, while the answer is not.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<HashMap<InboxId, oneshot::Sender<Reply>>>>);

impl Waiting {
    pub(super) fn wait(&self, id: InboxId) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, sender| !sender.is_closed());
        waiting.insert(id, sender);
        receiver
    }

    pub(super) fn tell(&self, replies: &[Reply]) {
        if replies.is_empty() {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for reply in replies {
            if let Some(sender) = waiting.remove(&reply.id) {
                // Whoever does not wait any more need not be told.
                let _ = sender.send(reply.clone());
            }
        }
    }
}

impl Core {
    /// The account that stands for whoever has this id in Slack.
    fn in_slack(&self, user: &str) -> AccountId {
        let mut persons = self.board.people.persons.values();
        let found = persons.find(|person| person.slack.as_deref() == Some(user));
        found.map_or(AccountId::NOBODY, |person| person.own_account)
    }

    fn alert_of(&self, gap: &GapId) -> Option<&Alert> {
        let same = self.board.alerts().filter(|alert| alert.gap == *gap);
        same.min_by_key(|alert| (alert.state == AlertState::Resolved, alert.id))
    }

    /// Takes in what somebody said by a button. `None`: the same press came before.
    ///
    /// # Errors
    /// The board has been loaded anew.
    pub fn press(
        &mut self,
        user: &str,
        key: &str,
        gap: GapId,
        words: String,
        now: Timestamp,
    ) -> Result<Option<Answer>, StoreError> {
        self.up_to_date(now)?;
        let account = Some(self.in_slack(user));
        let wish = Wish::Say { about: About::Gap(gap), words };
        let answer = self.guarded(now, |store| store.put_answer(SOURCE, key, now, account, &wish))?;
        if let Some(answer) = &answer {
            self.board.apply(BoardDelta { answers: vec![answer.clone()], ..Default::default() });
        }
        Ok(answer)
    }

    /// What a gap is about, in a line, for somebody who would be obeyed in it. `None`: they would not, or there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn about(&mut self, user: &str, gap: &GapId, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.up_to_date(now)?;
        let account = self.in_slack(user);
        let snapshot = Snapshot { board: &self.board, policy: &self.policy, now };
        let Some(alert) = self.alert_of(gap).filter(|alert| is_obeyed(account, alert, &snapshot)) else {
            return Ok(None);
        };
        let SubjectKey::Task(task) = alert.subject else { return Ok(Some(String::new())) };
        let names = self.names(&[task])?;
        let named = names.get(&task).map(|name| match name.title.trim() {
            "" => name.key.clone(),
            title => format!("{} “{title}”", name.key),
        });
        Ok(Some(named.unwrap_or_default()))
    }
}
