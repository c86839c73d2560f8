//! All of Asana: what it holds, and how things are found in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;

use super::events::Sync;
use super::model::{CustomField, Event, Named, Project, Section, Settings, Story, Task, User, Write};
use super::pages::Offset;
use crate::text::digest;

/// Sections that a new project begins with.
const SECTIONS: [&str; 3] = ["To do", "Doing", "Done"];

/// Nesting of subtasks, beyond which nobody looks.
const DEPTH: usize = 10;

/// All of Asana.
pub(crate) struct Org {
    /// `http://127.0.0.1:PORT/asana/api/1.0`
    pub(crate) base: String,
    next_gid: u64,
    pub(crate) answered: u64,
    /// What time it is, whatever instant a deed is told for.
    pub(crate) wall: Timestamp,
    pub(crate) workspaces: Vec<Named>,
    pub(crate) teams: Vec<Named>,
    pub(crate) tags: Vec<Named>,
    pub(crate) users: BTreeMap<u64, User>,
    pub(crate) projects: BTreeMap<u64, Project>,
    pub(crate) sections: BTreeMap<u64, Section>,
    pub(crate) fields: Vec<CustomField>,
    pub(crate) tasks: BTreeMap<u64, Task>,
    /// Tasks of each project.
    pub(crate) in_project: HashMap<u64, BTreeSet<u64>>,
    /// Subtasks of each task.
    pub(crate) children: HashMap<u64, Vec<u64>>,
    /// Tasks that wait for each task.
    pub(crate) dependents: HashMap<u64, Vec<u64>>,
    /// The task of each story.
    pub(crate) story_of: HashMap<u64, u64>,
    pub(crate) events: Vec<Event>,
    pub(crate) syncs: HashMap<String, Sync>,
    pub(crate) offsets: HashMap<String, Offset>,
    /// What search shows instead of the truth, and until when.
    pub(crate) stale: HashMap<u64, (Timestamp, Option<Task>)>,
    /// When each token was used in the last minute, and for searches.
    pub(crate) asked: HashMap<(String, bool), VecDeque<Timestamp>>,
    /// Objects that each token may still touch, and when that was counted.
    pub(crate) budgets: HashMap<String, (f64, Timestamp)>,
    pub(crate) writes: Vec<Write>,
    pub(crate) settings: Settings,
}

impl Org {
    pub(crate) fn new(base: String) -> Org {
        let mut org = Org {
            base,
            next_gid: 1_200_000_000_000_107,
            answered: 0,
            wall: Timestamp::UNIX_EPOCH,
            workspaces: Vec::new(),
            teams: Vec::new(),
            tags: Vec::new(),
            users: BTreeMap::new(),
            projects: BTreeMap::new(),
            sections: BTreeMap::new(),
            fields: Vec::new(),
            tasks: BTreeMap::new(),
            in_project: HashMap::new(),
            children: HashMap::new(),
            dependents: HashMap::new(),
            story_of: HashMap::new(),
            events: Vec::new(),
            syncs: HashMap::new(),
            offsets: HashMap::new(),
            stale: HashMap::new(),
            asked: HashMap::new(),
            budgets: HashMap::new(),
            writes: Vec::new(),
            settings: Settings::default(),
        };
        org.ensure_workspace("Acme");
        org
    }

    pub(crate) fn fresh_gid(&mut self) -> u64 {
        self.next_gid += 7;
        self.next_gid
    }

    /// Gids made from now on lie above this one.
    pub(super) fn gids_above(&mut self, gid: u64) {
        self.next_gid = self.next_gid.max(gid);
    }

    /// A word that nobody guesses, as tokens of pages and feeds are.
    pub(crate) fn fresh_token(&mut self) -> String {
        let gid = self.fresh_gid();
        format!("{:016x}{:016x}", digest((gid, "first")), digest((gid, "second")))
    }

    pub(crate) fn stats(&self) -> serde_json::Value {
        serde_json::json!({
            "projects": self.projects.len(), "tasks": self.tasks.len(), "stories": self.story_of.len(),
            "events": self.events.len(), "requests": self.answered, "writes": self.writes.len(),
        })
    }

    pub(super) fn ensure_workspace(&mut self, name: &str) -> u64 {
        if let Some(found) = self.workspaces.iter().find(|one| one.name == name || one.gid.to_string() == name) {
            return found.gid;
        }
        let gid = self.fresh_gid();
        self.workspaces.push(Named { gid, name: name.to_owned() });
        gid
    }

    pub(super) fn ensure_team(&mut self, name: &str) -> u64 {
        if let Some(found) = self.teams.iter().find(|one| one.name == name) {
            return found.gid;
        }
        let gid = self.fresh_gid();
        self.teams.push(Named { gid, name: name.to_owned() });
        gid
    }

    pub(super) fn ensure_tag(&mut self, name: &str) -> u64 {
        if let Some(found) = self.tags.iter().find(|one| one.name == name) {
            return found.gid;
        }
        let gid = self.fresh_gid();
        self.tags.push(Named { gid, name: name.to_owned() });
        gid
    }

    /// The account of a login; made if it is new.
    pub(super) fn ensure_user(&mut self, login: &str) -> u64 {
        let login = login.to_lowercase();
        if let Some(user) = self.users.values().find(|user| user.login == login) {
            return user.gid;
        }
        let gid = self.fresh_gid();
        let user = User {
            gid,
            name: login.clone(),
            email: format!("{login}@example.com"),
            login,
            email_hidden: false,
            active: true,
            guest: false,
            away: Vec::new(),
        };
        self.users.insert(gid, user);
        gid
    }

    pub(super) fn login(&self, gid: u64) -> String {
        self.users.get(&gid).map_or_else(String::new, |user| user.login.clone())
    }

    pub(super) fn user_name(&self, gid: Option<u64>) -> String {
        gid.and_then(|gid| self.users.get(&gid)).map_or_else(|| "Asana".to_owned(), |user| user.name.clone())
    }

    pub(super) fn ensure_project(&mut self, workspace: u64, name: &str) -> u64 {
        let found = self.projects.values().find(|one| one.workspace == workspace && one.name == name);
        if let Some(found) = found {
            return found.gid;
        }
        let gid = self.fresh_gid();
        let team = self.ensure_team("Everybody");
        let project = Project {
            gid,
            workspace,
            team: Some(team),
            name: name.to_owned(),
            owner: None,
            archived: false,
            completed: false,
            hidden: false,
            comments_denied: false,
            start_on: None,
            due_on: None,
            created_at: self.wall,
            modified_at: self.wall,
            updates: Vec::new(),
        };
        self.projects.insert(gid, project);
        for section in SECTIONS {
            self.ensure_section(gid, section);
        }
        gid
    }

    pub(super) fn ensure_section(&mut self, project: u64, name: &str) -> u64 {
        let found = self.sections_of(project).find(|one| one.name == name).map(|one| one.gid);
        if let Some(gid) = found {
            return gid;
        }
        let gid = self.fresh_gid();
        self.sections.insert(gid, Section { gid, project, name: name.to_owned(), created_at: self.wall });
        gid
    }

    /// Where a task stands unless it is said otherwise.
    pub(super) fn first_section(&mut self, project: u64) -> u64 {
        let first = self.sections_of(project).next().map(|section| section.gid);
        first.unwrap_or_else(|| self.ensure_section(project, "Untitled section"))
    }

    pub(super) fn sections_of(&self, project: u64) -> impl Iterator<Item = &Section> {
        self.sections.values().filter(move |section| section.project == project)
    }

    /// The project that a test names, by gid or name.
    pub(super) fn project_of(&self, named: &str) -> u64 {
        let found = self.projects.values().find(|one| one.name == named || one.gid.to_string() == named);
        found.unwrap_or_else(|| panic!("the simulator has no project {named}")).gid
    }

    /// The task that a test names, by gid or name.
    pub(super) fn task_of(&self, named: &str) -> u64 {
        let by_gid = named.parse().ok().filter(|gid| self.tasks.contains_key(gid));
        let by_name = || self.tasks.values().find(|task| task.name == named).map(|task| task.gid);
        by_gid.or_else(by_name).unwrap_or_else(|| panic!("the simulator has no task {named}"))
    }

    /// The field that a test names, by gid or name; of two with one name, the last.
    pub(super) fn field_of(&self, named: &str) -> u64 {
        let found = self.fields.iter().rev().find(|one| one.draft.name == named || one.gid.to_string() == named);
        found.unwrap_or_else(|| panic!("the simulator has no field {named}")).gid
    }

    pub(super) fn story(&self, gid: u64) -> Option<(&Task, &Story)> {
        let task = self.tasks.get(self.story_of.get(&gid)?)?;
        Some((task, task.stories.iter().find(|story| story.gid == gid)?))
    }

    /// The task itself, what it is part of, and so on up.
    pub(super) fn lineage(&self, task: u64) -> Vec<u64> {
        let mut found = vec![task];
        while let Some(parent) = found.last().and_then(|gid| self.tasks.get(gid)?.parent) {
            if found.len() == DEPTH || found.contains(&parent) {
                break;
            }
            found.push(parent);
        }
        found
    }

    /// Whether an account sees a task: it, or what it is part of, stands in a project that is seen, or is the account's own.
    pub(super) fn sees(&self, me: u64, task: u64) -> bool {
        let Some(found) = self.tasks.get(&task) else { return false };
        if found.deleted || found.private {
            return false;
        }
        self.lineage(task).iter().filter_map(|gid| self.tasks.get(gid)).any(|task| {
            let own = task.assignee == Some(me) || task.created_by == Some(me) || task.followers.contains(&me);
            own || task.memberships.iter().any(|(project, _)| self.sees_project(*project))
        })
    }

    pub(super) fn sees_project(&self, project: u64) -> bool {
        self.projects.get(&project).is_some_and(|project| !project.hidden)
    }

    /// Whether a project the task stands in takes no comments of this account.
    pub(super) fn comments_denied(&self, task: u64) -> bool {
        let projects = self.lineage(task).into_iter().filter_map(|gid| self.tasks.get(&gid));
        projects
            .flat_map(|task| &task.memberships)
            .any(|(project, _)| self.projects.get(project).is_some_and(|project| project.comments_denied))
    }
}
