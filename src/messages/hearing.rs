//! Whom a gap concerns, and what they know of it.

use jiff::Timestamp;

use super::scene::Scene;
use super::when::{clean, day_of, moment};
use crate::domain::ids::AccountId;

/// Whom a gap concerns, and what they know.
#[derive(Debug, Clone, Default)]
pub(super) struct Hearing {
    /// Names of its owners.
    pub(super) owners: Vec<String>,
    /// Who of those concerned was told.
    pub(super) told: Vec<Heard>,
    /// Why they could not be. `None`: nothing was tried.
    pub(super) unheard: Option<String>,
    /// Their last act on it since.
    pub(super) acted_at: Option<Timestamp>,
    /// When the first of them works again. `None`: they are here.
    pub(super) back_at: Option<Timestamp>,
    /// Whom the reader stands in for, and until when. `None`: nobody.
    pub(super) stands_in: Option<(String, Timestamp)>,
    /// True when it belongs to whoever reads it, or to nobody.
    pub(super) is_readers: bool,
    /// True when nothing is asked of whoever reads it: they only wait for it.
    pub(super) is_informed: bool,
    /// False when a comment on the task says the same to everybody.
    pub(super) is_private: bool,
    /// Who hears next. `None`: nobody does, or has heard already.
    pub(super) manager: Option<String>,
}

/// Somebody who was told.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// Who.
    pub(super) account: AccountId,
    /// As shown.
    pub(super) name: String,
    /// When first in this episode.
    pub(super) at: Timestamp,
    /// When first in those that it goes on with. `None`: not before.
    pub(super) first_at: Option<Timestamp>,
    /// True when it was sent and it is not known whether it arrived.
    pub(super) unsure: bool,
    /// In whose place, and until when. `None`: in nobody's.
    pub(super) stands_in: Option<(String, Timestamp)>,
}

/// `Ana was told Mon 9 Mar 09:00`
pub(super) fn heard(told: &Heard, scene: Scene<'_>) -> String {
    let (name, at) = (clean(&told.name), moment(told.at, scene));
    let said = match told.unsure {
        true => format!("{name} was sent a word about it {at}, perhaps in vain"),
        false => match told.first_at {
            Some(first) => format!("{name} was told {at}, and before that {}", day_of(first, scene)),
            None => format!("{name} was told {at}"),
        },
    };
    match &told.stands_in {
        Some((away, until)) => {
            format!("{said} in the place of {}, who is away and back {}", clean(away), day_of(*until, scene))
        }
        None => said,
    }
}
