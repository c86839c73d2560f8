//! Row numbers of the store, each with its own type so that one is never taken for another.

use serde::{Deserialize, Serialize};

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
