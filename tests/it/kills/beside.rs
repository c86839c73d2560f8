//! What cannot be asked whether something arrived: a mail server and a receiver of events. Of each call that a kill hit is
//! noted which it was, so that every repeat can be traced to a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use connector_simulator::hook::{Received, Receiver, SECRET, Trouble as Refusal};
use connector_simulator::mail::{MailServer, Step, Trouble};

use crate::lab::rows;

/// Both, and what was hit.
pub struct Beside {
    mail: MailServer,
    hook: Receiver,
    /// How often a kill hit a mail between its claim and its record, by wire id.
    mails_hit: BTreeMap<String, usize>,
    /// How often a kill came after an event was taken and before that was recorded, by wire id.
    events_hit: BTreeMap<String, usize>,
    /// Alerts that mails told of which were hit: whether they were told of is not known.
    unsure: BTreeSet<String>,
    /// Kills that came between the claim of a message, on any channel, and its record.
    in_calls: usize,
}

impl Beside {
    pub async fn new() -> Beside {
        Beside {
            mail: MailServer::start().await.unwrap(),
            hook: Receiver::start().await.unwrap(),
            mails_hit: BTreeMap::new(),
            events_hit: BTreeMap::new(),
            unsure: BTreeSet::new(),
            in_calls: 0,
        }
    }

    /// Their tables.
    pub fn tables(&self) -> String {
        format!(
            "\n[email]\nfrom = \"gapwatch <gapwatch@example.org>\"\nsmtp = \"{}\"\n\
             \n[webhooks.ops]\nurl = \"{}\"\nsecret = \"{SECRET}\"\nallow_private = true\n",
            self.mail.url(),
            self.hook.url(),
        )
    }

    /// How often either was called.
    pub fn calls(&self) -> usize {
        self.mail.connections() + self.hook.calls()
    }

    /// How much both have taken.
    pub fn taken(&self) -> usize {
        self.mail.kept() + self.hook.calls()
    }

    /// Lets the next call of each hang.
    pub fn hang(&self, secs: u64, done: bool) {
        let (mail, event) = if done {
            (Trouble::KeepAndHush, Refusal::KeepAndHang(secs))
        } else {
            (Trouble::Hush, Refusal::Hang(secs))
        };
        self.mail.fail_next(Step::Mail, mail, 1);
        self.hook.fail_next(event, 1);
    }

    pub fn heal(&self) {
        self.mail.heal();
        self.hook.heal();
    }

    /// Notes what the kill hit.
    pub fn killed(&mut self, store: &Path) {
        if !store.exists() {
            return;
        }
        let hit = "m.state = 2 AND m.attempt_epoch = (SELECT epoch FROM org)";
        let calls = rows(store, &format!("SELECT m.id FROM messages m WHERE {hit}"));
        self.in_calls += usize::from(!calls.is_empty());
        for wire in rows(store, &format!("SELECT m.wire FROM messages m WHERE m.channel = 'email' AND {hit}")) {
            *self.mails_hit.entry(wire).or_default() += 1;
        }
        let alerts = "SELECT n.alert FROM notices n JOIN messages m ON m.id = n.message OR m.post = n.post WHERE";
        self.unsure.extend(rows(store, &format!("{alerts} m.channel = 'email' AND {hit}")));
        let kept: BTreeSet<String> = self.events().into_keys().collect();
        for wire in
            rows(store, "SELECT wire FROM events WHERE state = 1").into_iter().filter(|wire| kept.contains(wire))
        {
            *self.events_hit.entry(wire).or_default() += 1;
        }
    }

    /// Ids of the alerts of which mails told that were hit.
    pub fn unsure(&self) -> &BTreeSet<String> {
        &self.unsure
    }

    /// How many kills came between the claim of a message and its record.
    pub fn in_calls(&self) -> usize {
        self.in_calls
    }

    /// How often each mail was kept, by wire id.
    pub fn mails(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for mail in self.mail.mails() {
            let id = mail.header("Message-ID").unwrap();
            let wire = id.trim_start_matches('<').split('@').next().unwrap().to_owned();
            *counts.entry(wire).or_default() += 1;
        }
        counts
    }

    /// Mails that came again and do not say that they may be a repeat.
    pub fn unmarked(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let again = self.mail.mails().into_iter().filter(|mail| !seen.insert(mail.header("Message-ID")));
        let unmarked = again.filter(|mail| !mail.text().contains("(may be a repeat)"));
        unmarked.map(|mail| mail.text()).collect()
    }

    /// How often each event was kept, by wire id.
    pub fn events(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in self.hook.received().into_iter().filter(|event| event.kept) {
            assert!(event.verified, "{event:?}");
            *counts.entry(event.id).or_default() += 1;
        }
        counts
    }

    /// What the events told, each once: gap, episode, what, and by which channel.
    pub fn told(&self) -> BTreeSet<String> {
        let told = |event: Received| {
            let data = &event.body["data"];
            let text = |name: &str| data[name].as_str().unwrap().to_owned();
            format!("{} | {} | {} | {}", text("gap"), data["episode"], text("event"), text("channel"))
        };
        self.hook.events().into_iter().map(told).collect()
    }

    pub fn mails_hit(&self) -> &BTreeMap<String, usize> {
        &self.mails_hit
    }

    pub fn events_hit(&self) -> &BTreeMap<String, usize> {
        &self.events_hit
    }
}

/// What came more often than once, and more often than the kills explain.
pub fn repeats(kept: &BTreeMap<String, usize>, hit: &BTreeMap<String, usize>) -> (usize, Vec<String>) {
    let again = kept.values().map(|times| times.saturating_sub(1)).sum();
    let unexplained = kept.iter().filter(|(wire, times)| **times > 1 + hit.get(*wire).copied().unwrap_or_default());
    (again, unexplained.map(|(wire, times)| format!("{wire} came {times} times")).collect())
}
