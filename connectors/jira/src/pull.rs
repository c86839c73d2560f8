//! Which stream is read how.

use connector_kit::{ConnectorError, Cursor, Page, StreamKey, StreamKind};

use crate::{Jira, TOOL};

impl Jira {
    pub(crate) async fn pull_stream(&self, stream: &StreamKey, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let scope = match (&stream.scope, stream.kind) {
            (_, StreamKind::Containers) => return self.pull_containers(cursor).await,
            (Some(scope), _) => scope,
            (None, kind) => return Err(no_stream(&format!("{kind:?} without a project"))),
        };
        match stream.kind {
            StreamKind::Homes => self.pull_homes(scope, cursor).await,
            StreamKind::Tasks => self.pull_tasks(scope, cursor).await,
            StreamKind::Census => self.pull_census(scope, cursor).await,
            StreamKind::Links => Ok(self.not_again_yet(cursor)),
            kind => Err(no_stream(&format!("{kind:?}"))),
        }
    }

    pub(crate) async fn pull_streams(&self, streams: &[(StreamKey, Cursor)]) -> Result<Vec<Page>, ConnectorError> {
        if streams.iter().all(|(key, _)| key.kind == StreamKind::Tasks) {
            return self.pull_tasks_jointly(streams).await;
        }
        let mut pages = Vec::with_capacity(streams.len());
        for (key, cursor) in streams {
            pages.push(self.pull_stream(key, cursor).await?);
        }
        Ok(pages)
    }
}

fn no_stream(what: &str) -> ConnectorError {
    ConnectorError::Misconfigured { tool: TOOL, what: format!("there is no stream {what}") }
}
