//! A direct look at one issue, which is read without the index: there, or not to be seen.
//!
//! Jira answers 404 for an issue that was deleted and just so for one that this account may not see (moved into another
//! project, put under a security level, archived), and tells nowhere which. So an issue that is not there is never said to be
//! gone: it is hidden, and nothing is concluded from it. A second look on another day settles it for the core, which then
//! leaves it alone.

use connector_kit::{ConnectorError, Cursor, Page, TaskLook};
use serde_json::value::RawValue;

use crate::answers::refusal;
use crate::call::Call;
use crate::fill::{Changed, Past};
use crate::tasks::fields;
use crate::{Jira, TOOL, items};

impl Jira {
    /// One issue by its number. One that moved keeps it, and is there under its new key.
    pub(crate) async fn look_at_task(&self, handle: &str) -> Result<TaskLook, ConnectorError> {
        let Ok(id) = handle.parse::<u64>() else {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        };
        let (edition, site) = (self.edition().await?, self.site().await?);
        let query = vec![("fields", fields(edition, &site).join(","))];
        let response = self.read(&Call::get(format!("issue/{id}"), query)).await?;
        match response.status {
            200 => {}
            404 | 410 => return Ok(TaskLook::Hidden),
            _ => return Err(refusal(&response, &format!("issue {id}"))),
        }
        let raw: &RawValue = items::single(&response, &format!("issue {id}"))?;
        let covered = self.is_covered(id).await?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        self.fill(&mut page, &[Changed { id, raw, covered }], Past::None).await?;
        match page.unreadable.first() {
            Some(bad) if page.tasks.is_empty() => {
                let what = format!("issue {id}: {}", bad.because);
                Err(ConnectorError::Malformed { tool: TOOL, what, source: None })
            }
            _ => Ok(TaskLook::There(Box::new(page))),
        }
    }

    /// Whether the selection covers an issue. What the index does not show at all is said by nobody yet.
    async fn is_covered(&self, id: u64) -> Result<bool, ConnectorError> {
        if self.covered([id].into_iter()).await?.contains(&id) {
            return Ok(true);
        }
        if self.shown(&[id]).await?.contains(&id) {
            return Ok(false);
        }
        let what = format!("issue {id}: it is there, and no search shows it yet");
        Err(ConnectorError::NotVisible { tool: TOOL, what })
    }
}
