//! Notices and messages as they are put, and what follows from them of how telling people goes.

use std::collections::BTreeMap;

use super::Board;
use crate::domain::alert::{Alert, AlertState};
use crate::domain::finding::SubjectKey;
use crate::domain::heed::HeedChange;
use crate::domain::notice::{Message, Notice, PostAbout};
use crate::domain::traffic::{HookTrouble, Traffic};

impl Board {
    /// How telling people goes.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Puts a notice as it is now.
    pub fn put_notice(&mut self, notice: Notice) {
        self.notices_of.entry(notice.alert).or_default().insert(notice.id);
        if let Some(post) = notice.post {
            self.lines_of.entry(post).or_default().insert(notice.id);
        }
        if self.traffic.see_notice(&notice) || self.has_dead(&notice) {
            self.touched.insert(SubjectKey::System);
        }
        self.notices.insert(notice.id, notice);
    }

    /// Puts a message as it is now; a finished one is forgotten.
    pub fn put_message(&mut self, message: Message) {
        // A digest is one a day by itself.
        let counts = !self.is_digest(&message);
        if self.traffic.see_message(self.messages.get(&message.id), &message, counts) {
            self.touched.insert(SubjectKey::System);
        }
        if message.state.is_live() {
            self.messages.insert(message.id, message);
        } else {
            self.messages.remove(&message.id);
        }
    }

    /// True for a message that makes a digest, or belongs to one.
    pub fn is_digest(&self, message: &Message) -> bool {
        self.post(message.post).is_some_and(|post| matches!(post.about, PostAbout::Digest(..)))
    }

    /// True where a notice may be the word by which somebody heard at last whom another way did not reach.
    fn has_dead(&self, notice: &Notice) -> bool {
        self.traffic.has_dead() && self.notices_of(notice.alert).any(|other| self.traffic.is_dead(other.id))
    }

    /// True where an alert that ends, begins anew, or was thought about had a word that no channel took.
    pub(super) fn had_dead(&self, alert: &Alert) -> bool {
        self.traffic.has_dead()
            && self.alert(alert.id).is_some_and(|before| {
                (before.episode, before.state == AlertState::Resolved, before.step_at)
                    != (alert.episode, alert.state == AlertState::Resolved, alert.step_at)
            })
            && self.notices_of(alert.id).any(|notice| self.traffic.is_dead(notice.id))
    }

    /// Takes note of the messages there are at the start.
    pub(super) fn see_messages(&mut self) {
        for message in self.messages.values() {
            self.traffic.see_message(None, message, false);
        }
    }

    /// Takes up what was found out about words.
    pub(super) fn put_heed(&mut self, change: HeedChange) {
        if self.traffic.heeds.put(change) {
            self.touched.insert(SubjectKey::System);
        }
    }

    /// Takes up how the webhooks fare.
    pub fn put_hooks(&mut self, hooks: BTreeMap<String, HookTrouble>) {
        if self.traffic.put_hooks(hooks) {
            self.touched.insert(SubjectKey::System);
        }
    }
}
