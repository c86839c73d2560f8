//! How telling people goes, as a case draws it: what is held, what waits, what nobody got, what was heeded.

use std::collections::BTreeMap;

use connector_kit::{Destination, Text};
use connector_model::Mark;
use jiff::Timestamp;

use super::words::Words;
use super::{date, number};
use crate::domain::alert::{Alert, AlertState, Round};
use crate::domain::board::Board;
use crate::domain::finding::{Addressee, Evidence, Finding, GapId, RuleId, Stage, SubjectKey};
use crate::domain::heed::{Heed, HeedChange, Verdict};
use crate::domain::ids::{AccountId, AlertId, MessageId, NoticeId, PostId, TaskId};
use crate::domain::notice::{
    Address, Gate, Message, MessageOp, MessageState, Notice, NoticeState, Post, PostAbout, Reason,
};
use crate::domain::traffic::HookTrouble;
use connector_model::StatusCategory;

/// One line of it.
pub(super) enum Sent {
    /// `held 60 overdue to ana since 2025-03-11 09:00`
    Held { many: u32, rule: RuleId, to: String, since: Timestamp },
    /// `left 12 at 2025-03-10 09:00`
    Left { many: u32, at: Timestamp },
    /// `stuck 2 tries 4 to ana by slack since 2025-03-11 09:00 because 503`
    Stuck { many: u32, tries: u32, to: String, by: String, since: Timestamp, because: String },
    /// `lost overdue to ana by slack since 2025-03-11 09:00 [then email] [over] [due] because gone`; `due`: what is to happen
    /// next is not decided yet.
    Lost {
        rule: RuleId,
        to: String,
        by: String,
        since: Timestamp,
        then: Option<String>,
        over: bool,
        due: bool,
        because: String,
    },
    /// `hook ops lost 3 since 2025-03-11 09:00 [disabled] because 410`
    Hook { name: String, trouble: HookTrouble },
    /// `heeded stalled 4 of 40 wrong 2 on 2025-03-01`
    Heeded { rule: RuleId, acted: u32, told: u32, wrong: u32, on: Timestamp },
}

impl Sent {
    /// Who is meant to hear.
    pub(super) fn to(&self) -> Option<&str> {
        match self {
            Sent::Held { to, .. } | Sent::Stuck { to, .. } | Sent::Lost { to, .. } => Some(to),
            Sent::Left { .. } | Sent::Hook { .. } | Sent::Heeded { .. } => None,
        }
    }

    /// `None`: the line is about something else.
    pub(super) fn read(deed: &str, words: &mut Words<'_>, at: impl Fn(&mut Words<'_>) -> Timestamp) -> Option<Sent> {
        let since = |words: &mut Words<'_>| {
            assert!(words.optional("since"), "since when is missing");
            at(words)
        };
        let rule = |word: &str| crate::rules::known(word).unwrap_or_else(|| panic!("no rule is called {word}"));
        Some(match deed {
            "held" => Sent::Held {
                many: number(words.next()),
                rule: rule(words.next()),
                to: words.after("to").to_owned(),
                since: since(words),
            },
            "left" => {
                let many = number(words.next());
                assert!(words.optional("at"), "when is missing");
                Sent::Left { many, at: at(words) }
            }
            "stuck" => Sent::Stuck {
                many: number(words.next()),
                tries: number(words.after("tries")),
                to: words.after("to").to_owned(),
                by: words.after("by").to_owned(),
                since: since(words),
                because: because(words),
            },
            "lost" => Sent::Lost {
                rule: rule(words.next()),
                to: words.after("to").to_owned(),
                by: words.after("by").to_owned(),
                since: since(words),
                then: words.optional("then").then(|| words.next().to_owned()),
                over: words.optional("over"),
                due: words.optional("due"),
                because: because(words),
            },
            "hook" => {
                let (name, lost) = (words.next().to_owned(), number(words.after("lost")));
                let since = since(words);
                let last_at = (!words.optional("disabled")).then_some(since);
                Sent::Hook { name, trouble: HookTrouble { lost, since, last_at, because: because(words) } }
            }
            "heeded" => {
                let (rule, acted, told) = (rule(words.next()), number(words.next()), number(words.after("of")));
                let (wrong, on) = (number(words.after("wrong")), date(words.after("on")));
                let on = on.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
                let on = on.unwrap_or_else(|error| panic!("{error}")).timestamp();
                Sent::Heeded { rule, acted, told, wrong, on }
            }
            _ => return None,
        })
    }
}

fn because(words: &mut Words<'_>) -> String {
    assert!(words.optional("because"), "the reason is missing");
    words.rest()
}

/// Puts all lines on a board; `account` finds who is called so.
pub(super) fn put(board: &mut Board, sent: &[Sent], account: impl Fn(&str) -> AccountId) {
    let mut next = Next(5000);
    let mut hooks = BTreeMap::new();
    for one in sent {
        match one {
            Sent::Held { many, rule, to, since } => {
                for _ in 0..*many {
                    let message =
                        next.message(board, (*rule, AlertState::Firing), account(to), &address("slack", to), *since);
                    board.put_message(Message { gate: Gate::Held { since: *since }, ..message });
                }
            }
            Sent::Left { many, at } => {
                for _ in 0..*many {
                    let known = (RuleId("overdue"), AlertState::Resolved);
                    let message = next.message(board, known, AccountId(1), &address("slack", "ana"), *at);
                    board.put_message(message.clone());
                    let began = Message { attempts: 1, attempt_at: Some(*at), state: MessageState::Sending, ..message };
                    board.put_message(began.clone());
                    board.put_message(Message { state: MessageState::Sent, ..began });
                }
            }
            Sent::Stuck { many, tries, to, by, since, because } => {
                for _ in 0..*many {
                    let known = (RuleId("overdue"), AlertState::Firing);
                    let message = next.message(board, known, account(to), &address(by, to), *since);
                    board.put_message(Message { attempts: *tries, error: Some(because.clone()), ..message });
                }
            }
            Sent::Lost { rule, to, by, since, then, over, due, because } => {
                let state = if *over { AlertState::Resolved } else { AlertState::Firing };
                let message = next.message(board, (*rule, state), account(to), &address(by, to), *since);
                let notice = board.notices_in(message.post).first().map(|notice| (*notice).clone());
                let notice = notice.unwrap_or_else(|| panic!("a message has a notice"));
                if let Some(alert) = board.alert(notice.alert).filter(|_| *due).cloned() {
                    board.put_alert(Alert { step_at: Some(*since), ..alert });
                }
                let then = then.as_ref().map(|then| Notice {
                    id: NoticeId(notice.id.0 + 1),
                    address: address(then, to),
                    state: NoticeState::Told,
                    told_at: Some(*since),
                    ..notice.clone()
                });
                board.put_notice(Notice { state: NoticeState::Dead, why: Some(because.clone()), ..notice });
                then.into_iter().for_each(|then| board.put_notice(then));
            }
            Sent::Hook { name, trouble } => drop(hooks.insert(name.clone(), trouble.clone())),
            Sent::Heeded { rule, acted, told, wrong, on } => {
                for nth in 0..*told {
                    let verdict = match nth {
                        nth if nth < *acted => Verdict::Acted,
                        nth if nth < acted + wrong => Verdict::Wrong,
                        _ => Verdict::Ignored,
                    };
                    let heeds = vec![HeedChange::Ends(next.heed(*rule, *on), verdict)];
                    board.put_round(Round { heeds, ..Round::default() });
                }
            }
        }
    }
    board.put_hooks(hooks);
}

fn address(by: &str, to: &str) -> Address {
    match by {
        "slack" => Address::Slack(Destination::User(format!("U{}", to.to_uppercase()))),
        "email" => Address::Email(format!("{to}@example.org")),
        connection => {
            Address::Comment { connection: connection.to_owned(), task: TaskId(1), mention: Some(to.to_owned()) }
        }
    }
}

/// The next free row, ten apart.
struct Next(i64);

impl Next {
    fn heed(&mut self, rule: RuleId, at: Timestamp) -> Heed {
        self.0 += 10;
        let (notice, alert) = (NoticeId(self.0), AlertId(self.0));
        Heed { notice, rule, alert, episode: 1, account: AccountId(1), told_at: at, until: at }
    }

    /// A gap of its own with a message about it, on the board but for the message.
    fn message(
        &mut self,
        board: &mut Board,
        (rule, state): (RuleId, AlertState),
        account: AccountId,
        address: &Address,
        at: Timestamp,
    ) -> Message {
        self.0 += 10;
        let (id, mark) = (self.0, Mark { wire: format!("{:032x}", self.0), mac: String::new() });
        let finding = Finding {
            stage: Stage::Widens,
            scope: String::new(),
            addressee: Addressee::Owners,
            first: None,
            deadline: None,
            evidence: Evidence::NoDue { category: StatusCategory::Todo },
        };
        board.put_alert(Alert {
            id: AlertId(id),
            gap: GapId(format!("{id:010}")),
            rule,
            subject: SubjectKey::Task(TaskId(id)),
            scope: String::new(),
            episode: 1,
            state,
            stage: Stage::Widens,
            stage_at: at,
            backlog: false,
            opened_at: at,
            fired_at: Some(at),
            clear_since: None,
            resolved_at: None,
            ending: None,
            rung: 0,
            round: 0,
            acked_until: None,
            snoozed_until: None,
            snooze_reason: None,
            said: None,
            step_at: None,
            withheld: None,
            finding: finding.clone(),
            told: Vec::new(),
            moved: None,
            earlier: None,
        });
        board.put_post(Post {
            id: PostId(id),
            place: address.clone(),
            about: PostAbout::Alert(AlertId(id), 1),
            generation: 1,
            mark: mark.clone(),
            at: None,
            want: Text::default(),
            have: None,
            remark: None,
            open: true,
        });
        board.put_notice(Notice {
            id: NoticeId(id),
            alert: AlertId(id),
            episode: 1,
            reason: Reason::Opened,
            rung: 1,
            round: 0,
            account,
            address: address.clone(),
            state: NoticeState::Sealed,
            why: None,
            message: Some(MessageId(id)),
            post: Some(PostId(id)),
            finding,
            decided_at: at,
            told_at: None,
        });
        Message {
            id: MessageId(id),
            mark,
            op: MessageOp::Post,
            address: address.clone(),
            post: PostId(id),
            body: Text::default(),
            state: MessageState::Sealed,
            due_at: at,
            attempts: 0,
            attempt_at: None,
            attempt_epoch: None,
            error: None,
            insist: false,
            gate: Gate::Free,
        }
    }
}
