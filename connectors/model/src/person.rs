//! Accounts. Who is behind them (a person, perhaps with several accounts) is decided from the configuration.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An account on one site, as the tool describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The tool's own stable id; never the login, which people change.
    pub ext: String,
    /// Login or user name, as people type it in a mention. `None` where the tool has none.
    pub handle: Option<String>,
    /// Display name. `None` where the answer does not carry it (then the stored one stays).
    pub name: Option<String>,
    /// E-mail, only where the tool shows it.
    pub email: Option<String>,
    /// What the tool itself says the account is.
    pub kind: AccountKind,
}

/// What the tool's API says an account is; the configuration may still declare a human account a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AccountKind {
    /// A person's account, as far as the tool can tell.
    Human,
    /// An app or a robot by the tool's own word.
    Bot,
    /// Deactivated, deleted or a placeholder for such (`ghost`).
    Gone,
}

impl AccountKind {
    /// The number kept in the store.
    pub fn code(self) -> u8 {
        match self {
            AccountKind::Human => 0,
            AccountKind::Bot => 1,
            AccountKind::Gone => 2,
        }
    }

    /// The inverse of [`AccountKind::code`]; an unknown number reads as a human.
    pub fn from_code(code: u8) -> AccountKind {
        match code {
            1 => AccountKind::Bot,
            2 => AccountKind::Gone,
            _ => AccountKind::Human,
        }
    }
}

/// When whoever is behind an account is away, by the tool's own word: out of office, on leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absences {
    /// Whose: [`Account::ext`].
    pub account: String,
    /// All that is known of it from lately on; what was told before is no longer so.
    pub away: Vec<DaysAway>,
}

/// Whole days in a row, as that person counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DaysAway {
    /// The first day away.
    pub from: Date,
    /// The last day away.
    pub to: Date,
}
