//! Our one comment on an issue: made, edited, found again, taken away.

use connector_kit::{ConnectorError, Found, MessageRef, Text, WriteError};
use connector_model::Mark;
use jiff::Timestamp;

use crate::Jira;

impl Jira {
    pub(crate) async fn post_comment(&self, _task: &str, _text: &Text, _mark: &Mark) -> Result<MessageRef, WriteError> {
        Err(refused())
    }

    pub(crate) async fn edit_comment(
        &self,
        _task: &str,
        _at: &MessageRef,
        _text: &Text,
        _mark: &Mark,
    ) -> Result<(), WriteError> {
        Err(refused())
    }

    pub(crate) async fn find_comment(
        &self,
        _task: &str,
        _mark: &Mark,
        _since: Timestamp,
    ) -> Result<Found, ConnectorError> {
        Ok(Found::CannotTell("comments are not written".to_owned()))
    }

    pub(crate) async fn delete_comment(&self, _task: &str, _at: &MessageRef) -> Result<(), WriteError> {
        Err(refused())
    }
}

fn refused() -> WriteError {
    WriteError::Refused { because: "comments are not written".to_owned() }
}
