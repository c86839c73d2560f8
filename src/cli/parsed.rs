//! Values of options that are words of ours.

use crate::config::{Backlog, Mode};
use crate::domain::finding::Stage;

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "observe" => Ok(Mode::Observe),
        "live" => Ok(Mode::Live),
        _ => Err("expected observe or live".to_owned()),
    }
}

pub(super) fn backlog(text: &str) -> Result<Backlog, String> {
    match text {
        "hold" => Ok(Backlog::Hold),
        "tell" => Ok(Backlog::Tell),
        _ => Err("expected hold or tell".to_owned()),
    }
}

pub(super) fn stage(text: &str) -> Result<Stage, String> {
    match text {
        "opens" => Ok(Stage::Opens),
        "widens" => Ok(Stage::Widens),
        "failure" => Ok(Stage::Failure),
        _ => Err("expected opens, widens or failure".to_owned()),
    }
}
