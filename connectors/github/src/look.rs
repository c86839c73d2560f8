//! A direct look at one issue: there, moved, deleted, or not to be seen.
//!
//! GitHub answers 410 for a deleted issue, and just so where a repository's issues are switched off; 404 for one that was
//! moved out of sight, and just so where the repository itself may not be seen. So before anything is said of an issue that
//! is not there, its repository is looked at.

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, TaskLook};
use connector_model::TaskRef;

use crate::address::{Place, TaskHandle, moved_to, repo_at};
use crate::answers::{is_redirect, refusal};
use crate::call::Query;
use crate::normalise::{Named, task};
use crate::pull::page_of;
use crate::wire::{Issue, Repository};
use crate::{GitHub, TOOL, items};

impl GitHub {
    /// One issue by its handle.
    pub(crate) async fn look_at_task(&self, handle: &str) -> Result<TaskLook, ConnectorError> {
        let Some(handle) = TaskHandle::from_text(handle) else {
            let what = "a task's handle that this connector did not write".to_owned();
            return Err(ConnectorError::Misconfigured { tool: TOOL, what });
        };
        // By its name first: not every server that speaks this language knows repositories by their id.
        let (place, tail) = (Place::named(&handle.name), format!("issues/{}", handle.number));
        let response = self.get(&place.owner, place.below(&tail), Query::new(), None).await?;
        if is_redirect(response.status) {
            return self.look_where_it_moved(&response, &handle, &tail).await;
        }
        let is_another = response.status == 200 && !is_it(&response, &handle);
        // The name belongs to another repository now; the id still is the old one's.
        let response = if is_another {
            self.get(&place.owner, Place::below_id(&handle.repo_id, &tail), Query::new(), None).await?
        } else {
            response
        };
        self.look(&response, &handle).await
    }

    async fn look(&self, response: &Response, handle: &TaskHandle) -> Result<TaskLook, ConnectorError> {
        match response.status {
            200 => self.is_there(response, handle),
            _ => self.not_there(response, handle).await,
        }
    }

    fn is_there(&self, response: &Response, handle: &TaskHandle) -> Result<TaskLook, ConnectorError> {
        let issue: Issue<'_> = items::single(&response.body, &format!("{}#{}", handle.name, handle.number))?;
        let name = issue.repository_url.as_deref().and_then(repo_at).unwrap_or(&handle.name).to_owned();
        let mut page = page_of(response, Cursor::default());
        let mut named = Named::default();
        page.tasks.push(task(&issue, &self.reading(&handle.repo_id, &name), &mut named));
        (page.accounts, page.containers) = named.into_parts();
        Ok(TaskLook::There(Box::new(page)))
    }

    /// What it means that an issue is not there, once its repository has been looked at.
    async fn not_there(&self, response: &Response, handle: &TaskHandle) -> Result<TaskLook, ConnectorError> {
        let mut answer = absence(response, handle)?;
        let what = format!("repository {}", handle.name);
        let named = Place { path: handle.place().by_name, ..handle.place() };
        let mut repository = self.get_at(&named, "", Query::new(), None).await?;
        let is_another = |response: &Response| {
            let read: Result<Repository<'_>, _> = items::single(&response.body, "");
            response.status == 200 && read.is_ok_and(|read| read.id.to_string() != handle.repo_id)
        };
        if is_another(&repository) {
            // The name belongs to another repository now, and so did the answer that the issue is not there.
            let tail = format!("issues/{}", handle.number);
            let asked = self.get(&named.owner, Place::below_id(&handle.repo_id, &tail), Query::new(), None).await?;
            if asked.status == 200 {
                return self.is_there(&asked, handle);
            }
            answer = absence(&asked, handle)?;
            repository = self.get(&named.owner, Place::below_id(&handle.repo_id, ""), Query::new(), None).await?;
        }
        if repository.status != 200 {
            return Err(refusal(&repository, &what));
        }
        let read: Repository<'_> = items::single(&repository.body, &what)?;
        if read.has_issues == Some(false) || read.disabled == Some(true) {
            let what = format!("issues of {}: they are switched off", handle.name);
            return Err(ConnectorError::NotVisible { tool: TOOL, what });
        }
        Ok(answer)
    }

    /// A renamed repository is asked by its id. An issue in another repository has been transferred: its new id is its name
    /// from now on.
    async fn look_where_it_moved(
        &self,
        redirect: &Response,
        handle: &TaskHandle,
        tail: &str,
    ) -> Result<TaskLook, ConnectorError> {
        let (id, rest) = match redirect.header("location").and_then(moved_to) {
            Some((id, rest)) if is_issue(rest) => (id, rest),
            _ => (handle.repo_id.as_str(), tail),
        };
        let owner = Place::named(&handle.name).owner;
        let response = self.get(&owner, Place::below_id(id, rest), Query::new(), None).await?;
        if id == handle.repo_id && rest == tail {
            return self.look(&response, handle).await;
        }
        match response.status {
            200 => {
                let issue: Issue<'_> = items::single(&response.body, "a transferred issue")?;
                Ok(TaskLook::Moved(TaskRef::Ext(issue.id.to_string())))
            }
            404 | 410 | 451 => Ok(TaskLook::Hidden),
            status if is_redirect(status) => Ok(TaskLook::Hidden),
            _ => Err(refusal(&response, "a transferred issue")),
        }
    }
}

/// What an answer without an issue says of it, for itself.
fn absence(response: &Response, handle: &TaskHandle) -> Result<TaskLook, ConnectorError> {
    match response.status {
        410 => Ok(TaskLook::Gone),
        404 | 451 => Ok(TaskLook::Hidden),
        status if is_redirect(status) => Ok(TaskLook::Hidden),
        _ => Err(refusal(response, &format!("{}#{}", handle.name, handle.number))),
    }
}

/// Whether the answer is the issue the handle was made for. One that cannot be read counts as it, and fails later.
fn is_it(response: &Response, handle: &TaskHandle) -> bool {
    let issue: Result<Issue<'_>, _> = items::single(&response.body, "");
    let told = issue.ok().and_then(|issue| issue.node_id).unwrap_or_else(|| crate::wire::Str("".into()));
    told.is_empty() || handle.node_id.is_empty() || *told == *handle.node_id
}

/// `issues/7`
fn is_issue(tail: &str) -> bool {
    tail.strip_prefix("issues/").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
