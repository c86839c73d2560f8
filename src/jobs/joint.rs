//! Streams that rest and can be asked for together: one request for all projects of a connection instead of one for each.

use connector_kit::{ConnectorError, Cursor, StreamKey};

use super::guard;
use super::pull::Turn;
use crate::domain::calendar::later;
use crate::store::{StoreError, StreamRow};

impl Turn<'_> {
    /// The streams to be asked for together with this one, itself among them. `None`: it goes by itself.
    ///
    /// Those due within half a poll come along, so that streams which once got out of step do not stay so.
    pub(super) async fn company(&self, first: &StreamRow, all: bool) -> Result<Option<Vec<StreamRow>>, StoreError> {
        let kind = first.key.kind;
        if self.apart || !first.rests || !self.connection.source.joins(kind) {
            return Ok(None);
        }
        let now = self.clock.now();
        let soon = later(now, self.connection.poll / 2);
        let mut streams = self.core.due_streams(self.connection.id, soon, all).await?;
        let is_free = |stream: &StreamRow| stream.not_before.is_none_or(|at| at <= now);
        streams.retain(|stream| stream.key.kind == kind && stream.rests && is_free(stream) && self.is_to_do(stream));
        Ok((streams.len() > 1).then_some(streams))
    }

    /// What is new in all of them. A failure that may be about one of them alone is found out by asking for each.
    pub(super) async fn together(&mut self, streams: Vec<StreamRow>) -> Result<(), StoreError> {
        let asked: Vec<(StreamKey, Cursor)> =
            streams.iter().map(|stream| (stream.key.clone(), stream.cursor.clone())).collect();
        let answer = guard::call(|| self.connection.source.pull_joint(&asked)).await;
        if self.doubts_time("tasks") {
            return Ok(());
        }
        // All pages carry one instant: what was asked for together falls due together.
        let now = self.clock.now();
        let pages = match answer.unwrap_or_else(|| Err(guard::panicked())) {
            Ok(pages) => pages,
            Err(error) => {
                for stream in streams {
                    match of_all(&error) {
                        Some(failure) => self.take(stream, Err(failure), now).await?,
                        None => self.apart = true,
                    }
                }
                return Ok(());
            }
        };
        if pages.len() != streams.len() {
            self.apart = true;
            return Ok(());
        }
        self.report.answered();
        for (stream, page) in streams.into_iter().zip(pages) {
            self.take(stream, Ok(page), now).await?;
        }
        Ok(())
    }
}

/// The same failure for one stream, where the tool as a whole fails, or the credential does. `None`: it may be about one of
/// them.
fn of_all(error: &ConnectorError) -> Option<ConnectorError> {
    match error {
        ConnectorError::Limited { tool, what, retry_after } => {
            Some(ConnectorError::Limited { tool, what: what.clone(), retry_after: *retry_after })
        }
        ConnectorError::Unauthorized { tool, what } => Some(ConnectorError::Unauthorized { tool, what: what.clone() }),
        ConnectorError::Transient { tool, what, retry_after, .. } => {
            Some(ConnectorError::Transient { tool, what: what.clone(), retry_after: *retry_after, source: None })
        }
        _ => None,
    }
}
