//! Answers that somebody recorded, made part of Asana's world: the objects they tell of, under their own gids, with the
//! stories they have.
//!
//! A recording is a packed archive of JSON files, each with answers by method and path below `api`. What they do not tell
//! (the section of a task, who made it) is left at its simplest.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value;

use super::model::{Project, Section, Story, Task, User};
use super::org::Org;

/// A block of an archive.
const BLOCK: usize = 512;

/// Recorded answers to reading calls: path, parameters and body.
#[derive(Debug, Clone)]
pub struct AsanaRecorded(Vec<(String, Value, Value)>);

impl AsanaRecorded {
    /// Reads a packed archive (`.tar.gz`) of recordings.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such archive.
    pub fn load(path: impl AsRef<Path>) -> io::Result<AsanaRecorded> {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
        let mut found = Vec::new();
        for (name, body) in members(&bytes)? {
            let value = serde_json::from_slice(body).map_err(|error| trouble(&name, &error.to_string()))?;
            found.extend(answers(&value));
        }
        Ok(AsanaRecorded(found))
    }

    /// Takes one recording.
    pub fn of(recording: &Value) -> AsanaRecorded {
        AsanaRecorded(answers(recording))
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn answers(&self) -> &[(String, Value, Value)] {
        &self.0
    }

    pub(super) fn add_to(&self, org: &mut Org) {
        let mut import = Import { org, whole: BTreeSet::new(), told: BTreeSet::new(), me: None };
        for (path, params, body) in &self.0 {
            import.answer(path, params, &body["data"]);
        }
        import.show_strays();
    }
}

fn trouble(name: &str, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {what}"))
}

/// Name and content of each file of an archive.
fn members(bytes: &[u8]) -> io::Result<Vec<(String, &[u8])>> {
    let (mut at, mut found) = (0, Vec::new());
    while let Some(header) = bytes.get(at..at + BLOCK) {
        let text = |from: usize, to: usize| {
            String::from_utf8_lossy(&header[from..to]).trim_matches(|c: char| c == '\0' || c == ' ').to_owned()
        };
        let name = text(0, 100);
        if name.is_empty() {
            break;
        }
        let size = usize::from_str_radix(&text(124, 136), 8).map_err(|_| trouble(&name, "no size"))?;
        let body = bytes.get(at + BLOCK..at + BLOCK + size).ok_or_else(|| trouble(&name, "cut off"))?;
        // Other kinds of member have no content of their own.
        if matches!(header[156], b'0' | 0) && name.ends_with(".json") {
            found.push((name, body));
        }
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    Ok(found)
}

fn answers(recording: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    for (path, answers) in recording["api"]["get"].as_object().into_iter().flatten() {
        let answers = answers.as_array().map_or_else(|| vec![answers], |all| all.iter().collect());
        for answer in answers.into_iter().filter(|answer| answer["status"] == 200) {
            let path = path.strip_prefix("/api/1.0").unwrap_or(path).to_owned();
            found.push((path, answer["request"]["params"].clone(), answer["response"].clone()));
        }
    }
    found
}

fn gid(value: &Value) -> Option<u64> {
    value.get("gid").unwrap_or(value).as_str()?.parse().ok()
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn day(value: &Value) -> Option<jiff::civil::Date> {
    value.as_str()?.parse().ok()
}

/// Recorded answers on their way into the world.
struct Import<'a> {
    org: &'a mut Org,
    /// Tasks that were told of alone, and so in full.
    whole: BTreeSet<u64>,
    told: BTreeSet<u64>,
    /// Who recorded it.
    me: Option<u64>,
}

impl Import<'_> {
    fn answer(&mut self, path: &str, params: &Value, data: &Value) {
        let rows = data.as_array().map_or(&[] as &[Value], Vec::as_slice);
        match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            ["workspaces"] => rows.iter().for_each(|row| self.workspace(row)),
            ["workspaces", _, "users"] => {
                for row in rows {
                    self.person(row);
                }
            }
            ["users", "me"] => self.me = self.person(data),
            ["users", _] => {
                self.person(data);
            }
            ["workspaces", workspace, "projects"] => {
                for row in rows {
                    self.project(row, workspace.parse().ok());
                }
            }
            ["projects", _] => {
                self.project(data, gid(&data["workspace"]));
            }
            ["tasks"] => {
                let project = params["project"].as_str().and_then(|text| text.parse().ok());
                rows.iter().for_each(|row| self.task(row, project, None));
            }
            ["sections", section, "tasks"] => {
                for row in rows {
                    self.task(row, None, None);
                    self.place(gid(row), section.parse().ok());
                }
            }
            ["tasks", parent, "subtasks"] => {
                let parent = parent.parse().ok();
                for row in rows {
                    self.task(&row["parent"], None, None);
                    self.task(row, None, parent);
                }
            }
            ["tasks", task, "stories"] => {
                if let Ok(task) = task.parse() {
                    rows.iter().for_each(|row| self.story(task, row));
                }
            }
            ["tasks", _] => {
                self.task(data, gid(&data["projects"][0]), gid(&data["parent"]));
                self.whole.extend(gid(data));
            }
            _ => {}
        }
    }

    fn workspace(&mut self, row: &Value) {
        let Some(gid) = gid(row) else { return };
        self.org.gids_above(gid);
        match self.org.workspaces.iter_mut().find(|one| one.gid == gid) {
            Some(known) => known.name = words(&row["name"]),
            None => self.org.workspaces.push(super::model::Named { gid, name: words(&row["name"]) }),
        }
    }

    fn person(&mut self, row: &Value) -> Option<u64> {
        let gid = gid(row)?;
        self.org.gids_above(gid);
        let user = self.org.users.entry(gid).or_insert_with(|| User {
            gid,
            login: gid.to_string(),
            name: String::new(),
            email: String::new(),
            email_hidden: true,
            active: true,
            guest: false,
            away: Vec::new(),
        });
        if row["name"].is_string() {
            user.name = words(&row["name"]);
        }
        if let Some(email) = row["email"].as_str() {
            user.email = email.to_lowercase();
            user.email_hidden = false;
        }
        Some(gid)
    }

    fn project(&mut self, row: &Value, workspace: Option<u64>) -> Option<u64> {
        let gid = gid(row)?;
        let workspace = workspace.unwrap_or(self.org.workspaces[0].gid);
        self.org.gids_above(gid);
        let owner = self.person(&row["owner"]);
        let wall = self.org.wall;
        let project = self.org.projects.entry(gid).or_insert_with(|| Project {
            gid,
            workspace,
            team: None,
            name: String::new(),
            owner: None,
            archived: false,
            completed: false,
            hidden: false,
            comments_denied: false,
            start_on: None,
            due_on: None,
            created_at: wall,
            modified_at: wall,
            updates: Vec::new(),
        });
        if row["name"].is_string() {
            project.name = words(&row["name"]);
        }
        project.owner = owner.or(project.owner);
        project.archived |= row["archived"] == true;
        project.completed |= row["completed"] == true;
        project.created_at = instant(&row["created_at"]).unwrap_or(project.created_at);
        project.modified_at = instant(&row["modified_at"]).unwrap_or(project.modified_at);
        Some(gid)
    }

    fn task(&mut self, row: &Value, project: Option<u64>, parent: Option<u64>) {
        let Some(gid) = gid(row) else { return };
        self.org.gids_above(gid);
        self.told.insert(gid);
        let workspace = super::recorded::gid(&row["workspace"]);
        let workspace = workspace.unwrap_or_else(|| self.org.workspaces[0].gid);
        let people = ["assignee", "created_by", "completed_by", "assigned_by"].map(|name| self.person(&row[name]));
        let followers: Vec<u64> =
            row["followers"].as_array().into_iter().flatten().filter_map(|one| self.person(one)).collect();
        let wall = self.org.wall;
        let task = self.org.tasks.entry(gid).or_insert_with(|| blank(gid, workspace, wall));
        // A list may be older than what was told of the task alone, and never tells more.
        if !self.whole.contains(&gid) {
            task.name = row["name"].as_str().map_or_else(|| task.name.clone(), str::to_owned);
            task.notes = row["notes"].as_str().map_or_else(|| task.notes.clone(), str::to_owned);
            task.completed |= row["completed"] == true;
            task.completed_at = instant(&row["completed_at"]).or(task.completed_at);
            task.created_at = instant(&row["created_at"]).unwrap_or(task.created_at);
            task.modified_at = instant(&row["modified_at"]).unwrap_or(task.modified_at);
            task.due_on = day(&row["due_on"]).or(task.due_on);
            task.due_at = instant(&row["due_at"]).or(task.due_at);
            task.start_on = day(&row["start_on"]).or(task.start_on);
            task.assignee = people[0].or(task.assignee);
            task.created_by = people[1].or(task.created_by);
            task.completed_by = people[2].or(task.completed_by);
            task.assigned_by = people[3].or(task.assigned_by);
            task.workspace = workspace;
        }
        task.followers.extend(followers);
        if let (Some(parent), None) = (parent, task.parent) {
            task.parent = Some(parent);
            self.org.children.entry(parent).or_default().push(gid);
        }
        if let Some(project) = project {
            self.enter(gid, project, workspace);
        }
    }

    /// A task in no project was seen by whoever recorded it, as one of its followers.
    fn show_strays(&mut self) {
        for gid in &self.told {
            let stray = self.org.tasks.get_mut(gid).filter(|task| task.memberships.is_empty() && task.parent.is_none());
            if let Some(stray) = stray {
                stray.followers.extend(self.me);
            }
        }
    }

    fn enter(&mut self, task: u64, project: u64, workspace: u64) {
        let row = serde_json::json!({ "gid": project.to_string() });
        self.project(&row, Some(workspace));
        let section = self.org.first_section(project);
        let Some(task) = self.org.tasks.get_mut(&task) else { return };
        if task.memberships.iter().all(|(known, _)| *known != project) {
            task.memberships.push((project, section));
            self.org.in_project.entry(project).or_default().insert(task.gid);
        }
    }

    /// A task stands in a section whose name nobody told.
    fn place(&mut self, task: Option<u64>, section: Option<u64>) {
        let (Some(task), Some(section)) = (task, section) else { return };
        let wall = self.org.wall;
        let Some(task) = self.org.tasks.get_mut(&task) else { return };
        let Some((project, place)) = task.memberships.first_mut() else { return };
        *place = section;
        self.org.sections.entry(section).or_insert_with(|| Section {
            gid: section,
            project: *project,
            name: format!("Section {section}"),
            created_at: wall,
        });
        self.org.gids_above(section);
    }

    fn story(&mut self, task: u64, row: &Value) {
        let (Some(gid), Some(at)) = (gid(row), instant(&row["created_at"])) else { return };
        if self.org.story_of.contains_key(&gid) {
            return;
        }
        self.org.gids_above(gid);
        let by = self.person(&row["created_by"]);
        let story = Story {
            gid,
            at,
            by,
            subtype: words(&row["resource_subtype"]),
            text: words(&row["text"]),
            html: row["html_text"].as_str().map(str::to_owned),
            source: "web",
            edits: u32::from(row["is_edited"] == true),
            pinned: row["is_pinned"] == true,
            notified: 0,
            more: Vec::new(),
        };
        let Some(found) = self.org.tasks.get_mut(&task) else { return };
        let place = found.stories.partition_point(|one| one.at <= at);
        found.stories.insert(place, story);
        self.org.story_of.insert(gid, task);
    }
}

fn blank(gid: u64, workspace: u64, wall: Timestamp) -> Task {
    Task {
        gid,
        workspace,
        name: String::new(),
        notes: String::new(),
        kind: "default_task",
        approval: None,
        completed: false,
        completed_at: None,
        completed_by: None,
        created_at: wall,
        created_by: None,
        modified_at: wall,
        assignee: None,
        assigned_by: None,
        due_on: None,
        due_at: None,
        start_on: None,
        parent: None,
        memberships: Vec::new(),
        dependencies: Vec::new(),
        tags: Vec::new(),
        followers: BTreeSet::new(),
        values: std::collections::BTreeMap::new(),
        stories: Vec::new(),
        entries: Vec::new(),
        separator: false,
        deleted: false,
        private: false,
    }
}
