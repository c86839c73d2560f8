//! What an account lets us see before anything is watched: projects, who works there, which sections work passes through.

use std::collections::HashMap;

use connector_kit::survey::{Sight, Survey, Visible};
use connector_kit::{BoxFuture, ConnectorError};
use connector_model::{Account, AccountKind};
use serde::Deserialize;

use crate::answers::{expect_ok, refusal};
use crate::call::{Ask, is_gid, segment};
use crate::config::folded;
use crate::places::{account, is_open};
use crate::wire::{Named, Project, Task, User};
use crate::{Asana, TOOL, items};

/// Projects whose open tasks are counted: such a question costs Asana much.
const MOST_COUNTED: usize = 50;

/// `GET /projects/12/task_counts`
#[derive(Deserialize)]
struct Counts {
    num_incomplete_tasks: Option<u64>,
}

impl Asana {
    async fn sight(&self) -> Result<Sight, ConnectorError> {
        let mut unreadable = Vec::new();
        let (projects, _) = self.all_projects(&mut unreadable).await?;
        let mut sight = Sight::default();
        let mut counted = 0;
        let names: HashMap<String, usize> = projects.iter().fold(HashMap::new(), |mut names, project| {
            *names.entry(folded(project.name.as_deref().unwrap_or_default())).or_insert(0) += 1;
            names
        });
        for project in &projects {
            let name = project.name.clone().filter(|name| !name.trim().is_empty());
            // Two of the same name are told apart by their gids alone.
            let name = name.filter(|name| names.get(&folded(name)) == Some(&1)).unwrap_or_else(|| project.gid.clone());
            let unfit = (!is_open(project)).then_some("archived or finished");
            let counts = unfit.is_none() && counted < MOST_COUNTED;
            let open = if counts { self.open_tasks(&project.gid).await? } else { 0 };
            counted += usize::from(counts);
            sight.containers.push(Visible { name, open, unfit });
        }
        let left_out = sight.containers.iter().filter(|one| one.unfit.is_none()).count() - counted;
        if !unreadable.is_empty() {
            sight.partial = Some(format!("{} projects could not be read", unreadable.len()));
        } else if left_out > 0 {
            sight.partial = Some(format!("the open tasks of {left_out} projects were not counted"));
        }
        Ok(sight)
    }

    /// Open tasks of a project; 0 where that is not told.
    async fn open_tasks(&self, gid: &str) -> Result<u64, ConnectorError> {
        let answer = self.ask(&Ask::one(format!("projects/{gid}/task_counts"), "num_incomplete_tasks")).await?;
        if !answer.is_ok() {
            return Ok(0);
        }
        let counts: Counts = items::single(&answer, "the number of open tasks")?;
        Ok(counts.num_incomplete_tasks.unwrap_or(0))
    }

    /// The project the configuration calls so.
    pub(crate) async fn project_called(&self, name: &str) -> Result<Project, ConnectorError> {
        if is_gid(name.trim()) {
            let answer = self.ask(&Ask::one(format!("projects/{}", name.trim()), "name,archived,completed")).await?;
            if answer.is_ok() {
                return items::single(&answer, "the project");
            }
            if !matches!(answer.status, 403 | 404) {
                return Err(refusal(&answer, &format!("project {name}")));
            }
        }
        let (all, _) = self.all_projects(&mut Vec::new()).await?;
        let found = all.into_iter().find(|one| one.name.as_deref().is_some_and(|own| folded(own) == folded(name)));
        let what = format!("project {name}: not there, archived, or not shared with this account");
        found.ok_or(ConnectorError::NotVisible { tool: TOOL, what })
    }

    /// The first page of what is open there: enough to know who works in it.
    async fn assignees_of(&self, container: &str) -> Result<Vec<Account>, ConnectorError> {
        let project = self.project_called(container).await?;
        let what = format!("tasks of {container}");
        let fields = "assignee.name,assignee.email,assignee.resource_type";
        let query = vec![("project", project.gid), ("completed_since", "now".to_owned())];
        let answer = self.ask_ok(&Ask::list("tasks", fields).query(query), &what).await?;
        let listed = items::list(&answer, &what)?;
        let mut known: HashMap<String, (usize, Account)> = HashMap::new();
        for task in items::each::<Task>(&listed.data, &mut Vec::new()) {
            let Some(who) = task.assignee.flatten().as_ref().and_then(account) else { continue };
            known.entry(who.ext.clone()).or_insert((0, who)).0 += 1;
        }
        // A task does not tell whether its owner is still there. Where nothing does, everybody is.
        let places = self.places().await.ok();
        let left = |ext: &str| {
            let told = places.as_ref().and_then(|places| places.people.get(ext));
            told.is_some_and(|one| one.kind == AccountKind::Gone)
        };
        let is_there = |account: &Account| account.kind == AccountKind::Human && !left(&account.ext);
        let mut people: Vec<(usize, Account)> = known.into_values().filter(|(_, account)| is_there(account)).collect();
        people.sort_by(|(many, one), (few, other)| few.cmp(many).then_with(|| one.ext.cmp(&other.ext)));
        Ok(people.into_iter().map(|(_, account)| account).collect())
    }

    /// The names of a project's sections, from left to right.
    pub(crate) async fn sections_of(&self, gid: &str) -> Result<Vec<String>, ConnectorError> {
        let what = format!("sections of project {gid}");
        let mut names = Vec::new();
        for answer in self.ask_all(&Ask::list(format!("projects/{gid}/sections"), "name"), &what).await? {
            let listed = items::list(&answer, &what)?;
            let sections: Vec<Named> = items::each(&listed.data, &mut Vec::new());
            names.extend(sections.into_iter().filter_map(|section| section.name).filter(|name| !name.is_empty()));
        }
        Ok(names)
    }

    async fn profile_of(&self, handle: &str) -> Result<Option<Account>, ConnectorError> {
        let answer =
            self.ask(&Ask::one(format!("users/{}", segment(handle.trim())), "name,email,resource_type")).await?;
        // A name that is neither a gid nor an address is a bad question.
        if matches!(answer.status, 400 | 403 | 404) {
            return Ok(None);
        }
        let answer = expect_ok(answer, "the account")?;
        Ok(account(&items::single::<User>(&answer, "the account")?))
    }
}

impl Survey for Asana {
    fn visible(&self) -> BoxFuture<'_, Result<Sight, ConnectorError>> {
        Box::pin(self.sight())
    }

    fn assignees<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<Account>, ConnectorError>> {
        Box::pin(self.assignees_of(container))
    }

    fn labels<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<String>, ConnectorError>> {
        Box::pin(async move {
            let project = self.project_called(container).await?;
            self.sections_of(&project.gid).await
        })
    }

    fn profile<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<Option<Account>, ConnectorError>> {
        Box::pin(self.profile_of(handle))
    }
}
