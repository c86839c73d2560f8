//! What connections do not tell, though their tools could, in words.

use connector_model::Need;
use jiff::Timestamp;
use serde::Serialize;

use crate::config::Settings;
use crate::store::{ConnectionState, LackSeen, Reader};

/// Something that a connection does not tell.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Lacking {
    /// What: `blocking links`.
    pub(super) what: &'static str,
    /// False: another source tells it still, of some tasks.
    pub(super) whole: bool,
    /// Why, as the tool has shown it.
    pub(super) because: String,
    /// Since when that is known.
    pub(super) since: Timestamp,
    /// Of which repositories, projects or boards that is true. Empty: of all.
    pub(super) parts: Vec<String>,
    #[serde(skip)]
    pub(super) need: Need,
    /// All of it in one line.
    #[serde(skip)]
    pub(super) words: String,
}

impl From<&LackSeen> for Lacking {
    fn from(seen: &LackSeen) -> Lacking {
        Lacking {
            what: seen.lack.need.word(),
            whole: seen.lack.whole,
            because: seen.lack.because.clone(),
            since: seen.since,
            parts: seen.parts.clone(),
            need: seen.lack.need,
            words: seen.words(),
        }
    }
}

impl Lacking {
    /// Whether a rule that needs these has less to go by.
    pub(super) fn concerns(&self, needs: &[Need]) -> bool {
        needs.contains(&self.need.serves())
    }

    /// Of nothing that is read is it told.
    pub(super) fn is_whole(&self) -> bool {
        self.whole && self.parts.is_empty()
    }
}

/// What each connection does not tell, by what the store knows. Nothing where there is no store yet, or it cannot be read:
/// then what the tools could tell is all that is known.
pub(super) fn known(settings: &Settings) -> Vec<ConnectionState> {
    let reader = Reader::open(&crate::daemon::store_path(settings));
    reader.and_then(|reader| reader.connections_now()).unwrap_or_default()
}

/// What one of them does not tell.
pub(super) fn of(states: &[ConnectionState], connection: &str) -> Vec<Lacking> {
    let state = states.iter().find(|state| state.name == connection);
    state.iter().flat_map(|state| &state.lacks).map(Lacking::from).collect()
}
