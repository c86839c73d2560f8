//! Which projects the selection covers. One that is archived or finished is listed as closed, and not read.
//!
//! What is not shown is no proof that it is gone: such a page is partial, and nothing is concluded from the pass.

use connector_kit::{ConnectorError, Cursor, Page, Unreadable};
use connector_model::{Account, Container, ContainerKind, ContainerRef};

use crate::Asana;
use crate::places::is_open;
use crate::wire::Project;

impl Asana {
    /// All projects in one go, and everybody in the workspaces; of some of these also when they are away.
    pub(crate) async fn pull_containers(&self, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let asked_at = self.clock.now();
        // Who the token is, and in which workspaces, may have changed.
        self.ask_myself().await?;
        let selection = self.select().await?;
        let places = self.learn_places(&selection).await?;
        let (absences, at) = self.absences(&places, cursor).await;
        let next = Cursor { at, backfilled: true, ..Cursor::default() };
        let mut page = Page::new(selection.asked_at.unwrap_or(asked_at), next);
        page.absences = absences;
        page.containers = selection.projects.iter().map(container).collect();
        page.unreadable = selection.hidden;
        if page.containers.is_empty() && page.unreadable.is_empty() {
            let because = "none is shown to this account; share projects with it".to_owned();
            page.unreadable.push(Unreadable { what: "projects".to_owned(), because });
        }
        page.partial = page.unreadable.first().map(|one| format!("{}: {}", one.what, one.because));
        let mut accounts: Vec<Account> = places.people.values().cloned().collect();
        accounts.sort_by(|one, other| one.ext.cmp(&other.ext));
        page.accounts = accounts;
        Ok(page)
    }
}

/// A project as the place its tasks live in.
fn container(project: &Project) -> Container {
    Container {
        at: project_at(&project.gid),
        name: project.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| project.gid.clone()),
        handle: project.gid.clone(),
        due: None,
        open: is_open(project),
    }
}

/// A project by its gid.
pub(crate) fn project_at(gid: &str) -> ContainerRef {
    ContainerRef { kind: ContainerKind::Project, ext: gid.to_owned() }
}
