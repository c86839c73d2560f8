//! Row numbers of the store, each with its own type so that one is never taken for another.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

/// A table by row numbers. They are our own, so nobody can choose them to collide, and looking one up is what rules do most.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// Spreads row numbers, and small enums that hold one, over a table.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdHasher(u64);

impl IdHasher {
    fn mix(&mut self, word: u64) {
        // Both halves of the product, so that its high bits count as much as its low ones.
        let product = u128::from(self.0.rotate_left(5) ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_i64(&mut self, word: i64) {
        self.mix(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.mix(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id!(
    /// An event for a webhook.
    EventId,
    /// A site: tool, origin, tenant.
    SiteId,
    /// A connection of the configuration.
    ConnectionId,
    /// A repository, board, project, milestone or sprint.
    ContainerId,
    /// An account on a site; everything that refers to somebody refers to an account.
    AccountId,
    /// A person of the configuration: a grouping of accounts.
    PersonId,
    /// A task of the mirror.
    TaskId,
    /// An alert, over all its episodes.
    AlertId,
    /// One decision to tell one account about one alert.
    NoticeId,
    /// A comment or message that is kept up to date.
    PostId,
    /// One thing to be sent.
    MessageId,
    /// A wish of a person, or an answer, from outside.
    InboxId,
);

impl PersonId {
    /// The person that an account is by itself, while nobody of the configuration is known behind it.
    pub const fn of(account: AccountId) -> PersonId {
        PersonId(-account.0)
    }

    /// The account that is this person by itself. `None`: it is one of the configuration.
    pub fn account(self) -> Option<AccountId> {
        (self.0 < 0).then_some(AccountId(-self.0))
    }
}

impl TaskId {
    /// A task that is not mirrored, whichever it is. Never a row of its own.
    pub const ELSEWHERE: TaskId = TaskId(0);
}

impl AccountId {
    /// Nobody in particular: who is told in a channel or in the log, where no person is meant. Never a row of its own.
    pub const NOBODY: AccountId = AccountId(0);
}
