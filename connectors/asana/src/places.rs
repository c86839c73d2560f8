//! Workspaces, the projects the selection covers, and the people in them: what tasks are read with. Asked for hourly (people
//! twice a day), and at the latest when the first task is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use connector_kit::{ConnectorError, Unreadable};
use connector_model::{Account, AccountKind, Lack};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::answers::refusal;
use crate::call::{Ask, is_gid, segment};
use crate::config::folded;
use crate::tasks::NO_LINKS;
use crate::wire::{Named, Project, User};
use crate::{Asana, TOOL, items};

/// What is asked of each project.
pub(crate) const PROJECT_FIELDS: &str = "name,archived,completed,owner.name,workspace.gid";

/// So long people are not asked for again: a large organisation has many pages of them.
const PEOPLE_KEPT: SignedDuration = SignedDuration::from_hours(12);

/// What is known of places and people.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Gids of the projects the selection covers.
    pub(crate) watched: BTreeSet<String>,
    /// Everybody in the workspaces, by gid; empty where that is not shown.
    pub(crate) people: HashMap<String, Account>,
    /// Who is active in which workspace: its gid and theirs.
    pub(crate) members: BTreeSet<(String, String)>,
    /// When people were asked for.
    people_at: Option<Timestamp>,
    /// By which status a workspace refused to tell who is in it. `None`: none did.
    people_refused: Option<u16>,
}

/// The projects of a selection.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) projects: Vec<Project>,
    /// Of those that were watched, what is archived or finished by now.
    pub(crate) finished: Vec<Project>,
    /// What is named in the configuration, or was there before, and not shown.
    pub(crate) hidden: Vec<Unreadable>,
    pub(crate) asked_at: Option<Timestamp>,
}

/// `GET /workspaces/12/workspace_memberships`
#[derive(Deserialize)]
struct Membership {
    user: Option<User>,
    is_active: Option<bool>,
}

impl Asana {
    /// What was known last, else asked for now.
    pub(crate) async fn places(&self) -> Result<Arc<Places>, ConnectorError> {
        if let Some(known) = self.known_places() {
            return Ok(known);
        }
        let selection = self.select().await?;
        self.learn_places(&selection, &[]).await
    }

    /// Takes a selection up, and who is there. `left`: who had left when that was told last.
    pub(crate) async fn learn_places(
        &self,
        selection: &Selection,
        left: &[String],
    ) -> Result<Arc<Places>, ConnectorError> {
        let mut places = Places::default();
        places.watched.extend(selection.projects.iter().filter(|one| is_open(one)).map(|one| one.gid.clone()));
        self.learn_plans(&self.workspaces().await?, selection).await?;
        let now = self.clock.now();
        let is_recent = |at: Timestamp| (SignedDuration::ZERO..PEOPLE_KEPT).contains(&now.duration_since(at));
        let before = self.known_places();
        match before.as_ref().filter(|known| known.people_at.is_some_and(is_recent)) {
            Some(known) => {
                (places.people, places.people_at) = (known.people.clone(), known.people_at);
                places.members.clone_from(&known.members);
            }
            None => {
                // Who left stays so for as long as nobody says otherwise.
                match &before {
                    Some(before) => {
                        places.people.clone_from(&before.people);
                        places.members.clone_from(&before.members);
                    }
                    None => places.people.extend(left.iter().map(|gid| (gid.clone(), gone(gid)))),
                }
                let mut is_told = true;
                for workspace in self.workspaces().await? {
                    let Some(people) = self.people_of(&workspace, &mut places.people_refused).await? else {
                        is_told = false;
                        continue;
                    };
                    places.members.retain(|(of, _)| *of != workspace);
                    let active = people.values().filter(|one| one.kind == AccountKind::Human);
                    places.members.extend(active.map(|one| (workspace.clone(), one.ext.clone())));
                    places.people.extend(people);
                }
                places.people_at = is_told.then_some(now);
                if is_told {
                    self.unwarn(NOT_SHOWN);
                }
            }
        }
        let places = Arc::new(places);
        self.remember_places(places.clone());
        Ok(places)
    }

    /// Gids of the workspaces that count.
    pub(crate) async fn workspaces(&self) -> Result<Vec<String>, ConnectorError> {
        let all = self.myself().await?.workspaces.unwrap_or_default();
        let gid = |one: &Named| one.gid.clone().filter(|gid| is_gid(gid));
        let Some(wanted) = self.config.workspace.as_deref() else {
            return Ok(all.iter().filter_map(gid).collect());
        };
        let is_it = |one: &&Named| {
            one.gid.as_deref() == Some(wanted.trim())
                || one.name.as_deref().is_some_and(|name| folded(name) == folded(wanted))
        };
        match all.iter().find(is_it).and_then(gid) {
            Some(found) => Ok(vec![found]),
            None => {
                let names: Vec<&str> = all.iter().filter_map(|one| one.name.as_deref()).collect();
                let what = format!(
                    "`workspace` names {wanted}, of which this account is no member; it is in: {}",
                    names.join(", ")
                );
                Err(ConnectorError::Misconfigured { tool: TOOL, what })
            }
        }
    }

    /// The projects the configuration names, or all that can be seen and are not archived.
    pub(crate) async fn select(&self) -> Result<Selection, ConnectorError> {
        let mut selection = Selection::default();
        if self.config.projects.is_empty() {
            let (projects, asked_at) = self.all_projects(&mut selection.hidden).await?;
            (selection.projects, selection.asked_at) = (projects, asked_at);
            return Ok(selection);
        }
        let mut names: Vec<&String> = Vec::new();
        let mut known: BTreeMap<String, Project> = BTreeMap::new();
        for wanted in &self.config.projects {
            if !is_gid(wanted.trim()) {
                names.push(wanted);
                continue;
            }
            let what = format!("project {wanted}");
            let answer = self.ask(&Ask::one(format!("projects/{}", segment(wanted.trim())), PROJECT_FIELDS)).await?;
            selection.asked_at = selection.asked_at.or(Some(answer.asked_at));
            match answer.status {
                200 => {
                    let project: Project = items::single(&answer, &what)?;
                    known.insert(project.gid.clone(), project);
                }
                // It may be a name made of digits.
                403 | 404 => names.push(wanted),
                _ => return Err(refusal(&answer, &what)),
            }
        }
        if !names.is_empty() {
            let (all, asked_at) = self.all_projects(&mut selection.hidden).await?;
            selection.asked_at = selection.asked_at.or(asked_at);
            for name in names {
                let is_it = |one: &&Project| one.name.as_deref().is_some_and(|own| folded(own) == folded(name));
                let found: Vec<&Project> = all.iter().filter(is_it).collect();
                if found.is_empty() {
                    let because = "not there, archived, or not shared with this account".to_owned();
                    selection.hidden.push(Unreadable { what: name.clone(), because });
                }
                known.extend(found.into_iter().map(|one| (one.gid.clone(), one.clone())));
            }
        }
        selection.projects = known.into_values().collect();
        if selection.projects.is_empty() {
            let what = format!(
                "project {}: not there, archived, or not shared with this account",
                self.config.projects.join(", ")
            );
            return Err(ConnectorError::NotVisible { tool: TOOL, what });
        }
        Ok(selection)
    }

    /// Every project of the workspaces that is shown and not archived.
    pub(crate) async fn all_projects(
        &self,
        unreadable: &mut Vec<Unreadable>,
    ) -> Result<(Vec<Project>, Option<Timestamp>), ConnectorError> {
        let (mut projects, mut asked_at) = (Vec::new(), None);
        for workspace in self.workspaces().await? {
            let ask = Ask::list("projects", PROJECT_FIELDS)
                .query(vec![("workspace", workspace), ("archived", "false".to_owned())]);
            for answer in self.ask_all(&ask, "projects").await? {
                asked_at = asked_at.or(Some(answer.asked_at));
                let listed = items::list(&answer, "projects")?;
                projects.extend(items::each::<Project>(&listed.data, unreadable));
            }
        }
        projects.retain(|one| is_gid(&one.gid));
        Ok((projects, asked_at))
    }

    /// Only paid plans have a search, and only they are given the larger budget.
    async fn learn_plans(&self, workspaces: &[String], selection: &Selection) -> Result<(), ConnectorError> {
        let homes = selection.projects.iter().filter_map(|one| {
            let only = workspaces.first().filter(|_| workspaces.len() == 1);
            let workspace = one.workspace.as_ref().and_then(|workspace| workspace.gid.as_ref()).or(only)?;
            Some((one.gid.clone(), workspace.clone()))
        });
        self.plans(|plans| plans.settle(workspaces, homes));
        for workspace in workspaces {
            let path = format!("workspaces/{workspace}/tasks/search");
            let warning = free_plan(&self.workspace_called(workspace).await?);
            match unless_down(self.ask(&plan_probe(&path)).await)?.map(|answer| answer.status) {
                Some(200) => {
                    self.plans(|plans| plans.note(workspace, true));
                    self.unwarn(&warning);
                }
                Some(402) => {
                    self.plans(|plans| plans.note(workspace, false));
                    self.warn(&warning);
                }
                _ => {}
            }
        }
        if self.plans(|plans| plans.all_have_links()) {
            self.unwarn(NO_LINKS);
        }
        Ok(())
    }

    /// What people call a workspace.
    pub(crate) async fn workspace_called(&self, gid: &str) -> Result<String, ConnectorError> {
        let all = self.myself().await?.workspaces.unwrap_or_default();
        let name = all.into_iter().find(|one| one.gid.as_deref() == Some(gid)).and_then(|one| one.name);
        Ok(name.filter(|name| !name.is_empty()).unwrap_or_else(|| gid.to_owned()))
    }

    /// Who is in a workspace, and who has left it. `None`: that is not shown, or cannot be told now.
    async fn people_of(
        &self,
        workspace: &str,
        refused: &mut Option<u16>,
    ) -> Result<Option<HashMap<String, Account>>, ConnectorError> {
        let ask = Ask::list(
            format!("workspaces/{workspace}/workspace_memberships"),
            "user.name,user.email,user.resource_type,is_active",
        );
        let Some(first) = unless_down(self.ask(&ask).await)? else { return Ok(None) };
        if !first.is_ok() {
            if !matches!(first.status, 402 | 403) {
                return Ok(None);
            }
            self.warn(NOT_SHOWN);
            *refused = Some(first.status);
            return Ok(None);
        }
        let what = "the people of the workspace";
        let Some(answers) = unless_down(self.rest_of(&ask, first, what).await)? else { return Ok(None) };
        let mut people = HashMap::new();
        for answer in answers {
            let listed = items::list(&answer, what)?;
            for member in items::each::<Membership>(&listed.data, &mut Vec::new()) {
                let Some(mut account) = member.user.as_ref().and_then(account) else { continue };
                if member.is_active == Some(false) {
                    account.kind = AccountKind::Gone;
                }
                people.insert(account.ext.clone(), account);
            }
        }
        Ok(Some(people))
    }
}

impl Places {
    /// Whether all workspaces told lately who is there and who has left.
    pub(crate) fn tells_who_left(&self) -> bool {
        self.people_at.is_some()
    }

    /// What is not told of people. `None`: that could not be asked.
    pub(crate) fn lacks(&self) -> Option<Vec<Lack>> {
        Asana::lacks_of_people(self.tells_who_left(), self.people_refused)
    }
}

fn free_plan(workspace: &str) -> String {
    format!(
        "the workspace {workspace} is on a free plan: dependencies and custom fields are not told there, so that what was \
         known of them stays as it was, and fewer requests a minute are allowed"
    )
}

pub(crate) const NOT_SHOWN: &str = "the people of the workspace are not shown to this token: who left from now on is not known, and their \
                         tasks do not show as nobody's";

/// What was asked besides; while Asana fails to tell it, the rest goes on without.
fn unless_down<T>(answer: Result<T, ConnectorError>) -> Result<Option<T>, ConnectorError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ConnectorError::Transient { .. } | ConnectorError::Malformed { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Somebody of whom nothing more is known than that they left.
fn gone(gid: &str) -> Account {
    Account { ext: gid.to_owned(), handle: Some(gid.to_owned()), name: None, email: None, kind: AccountKind::Gone }
}

/// A search that finds nothing: whether it may be asked at all tells the plan.
pub(crate) fn plan_probe(path: &str) -> Ask {
    Ask::one(path, "name").query(vec![("created_at.after", "2099-01-01T00:00:00.000Z".to_owned())])
}

/// Neither archived nor finished: tasks of such a project are watched.
pub(crate) fn is_open(project: &Project) -> bool {
    project.archived != Some(true) && project.completed != Some(true)
}

/// An account, as far as an answer describes it. `None`: it names nobody.
pub(crate) fn account(user: &User) -> Option<Account> {
    let ext = user.gid.clone().filter(|gid| !gid.is_empty())?;
    let acts_by_itself = user.resource_type.as_deref().is_some_and(|kind| kind != "user");
    Some(Account {
        handle: Some(ext.clone()),
        ext,
        name: user.name.clone(),
        email: user.email.clone(),
        kind: if acts_by_itself { AccountKind::Bot } else { AccountKind::Human },
    })
}
