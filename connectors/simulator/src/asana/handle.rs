//! Asana as a test or the demo changes it. Nothing here goes over the wire.
//!
//! A deed happens now, or at the instant of [`Asana::at`]; it never moves `modified_at` back. Naming a project, task or field
//! that does not exist is a mistake in the test and panics with its name; an unknown login is simply a new account, and an
//! empty one is a rule or an integration, whose stories name nobody.

use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::model::{Choice, CustomField, FieldDraft, StatusUpdate, TaskDraft, TimeEntry, User};
use super::org::Org;
use crate::world::World;

/// A handle on Asana's world; cheap to clone.
#[derive(Clone)]
pub struct Asana {
    world: Arc<World>,
    at: Option<Timestamp>,
    actor: String,
}

impl Asana {
    pub(crate) fn new(world: Arc<World>) -> Asana {
        Asana { world, at: None, actor: "max".to_owned() }
    }

    /// The same world, with every deed at this instant.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Asana {
        Asana { at: Some(at), ..self.clone() }
    }

    /// The same world, with deeds that name nobody done by this person; `max` if it is not said.
    #[must_use]
    pub fn acting(&self, login: &str) -> Asana {
        Asana { actor: login.to_owned(), ..self.clone() }
    }

    pub(super) fn org(&self) -> MutexGuard<'_, Org> {
        let wall = self.world.now();
        let mut org = self.world.org();
        org.wall = wall;
        org
    }

    pub(super) fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| self.world.now())
    }

    /// Does something to a task; the deed is given who does it, and when.
    fn change(&self, task: &str, by: &str, deed: impl FnOnce(&mut Org, u64, Option<u64>, Timestamp)) {
        let now = self.now();
        let mut org = self.org();
        let task = org.task_of(task);
        let by = (!by.is_empty()).then(|| org.ensure_user(by));
        deed(&mut org, task, by, now);
    }

    fn with_user(&self, login: &str, deed: impl FnOnce(&mut User)) {
        let mut org = self.org();
        let gid = org.ensure_user(login);
        if let Some(user) = org.users.get_mut(&gid) {
            deed(user);
        }
    }

    /// Makes a person's account, or gives it this name and address.
    pub fn person(&self, login: &str, name: &str, email: &str) {
        self.with_user(login, |user| {
            user.name = name.to_owned();
            user.email = email.to_lowercase();
        });
    }

    /// Makes a person a guest of the workspace.
    pub fn guest(&self, login: &str) {
        self.with_user(login, |user| user.guest = true);
    }

    /// A person leaves: no list of people has them, their membership is not active, and what is assigned to them stays so.
    pub fn deactivate(&self, login: &str) {
        self.with_user(login, |user| user.active = false);
    }

    /// Hides a person's address.
    pub fn hide_email(&self, login: &str) {
        self.with_user(login, |user| user.email_hidden = true);
    }

    /// A person is out of office from one day to another, both included.
    pub fn away(&self, login: &str, first: Date, last: Date) {
        let entry = self.org().fresh_gid();
        self.with_user(login, |user| user.away.push((entry, first, last)));
    }

    /// The gid of a person.
    pub fn user_gid(&self, login: &str) -> String {
        self.org().ensure_user(login).to_string()
    }

    /// The gid of the workspace that everything is in unless it is said otherwise.
    pub fn workspace_gid(&self) -> String {
        self.org().workspaces[0].gid.to_string()
    }

    /// Makes a project with the sections `To do`, `Doing` and `Done`, unless it is there; tells its gid.
    pub fn project(&self, name: &str) -> String {
        let mut org = self.org();
        let workspace = org.workspaces[0].gid;
        org.ensure_project(workspace, name).to_string()
    }

    /// The same in a workspace of this name, made if it is new.
    pub fn project_in(&self, workspace: &str, name: &str) -> String {
        let mut org = self.org();
        let workspace = org.ensure_workspace(workspace);
        org.ensure_project(workspace, name).to_string()
    }

    fn with_project(&self, named: &str, deed: impl FnOnce(&mut super::model::Project)) {
        let mut org = self.org();
        let gid = org.project_of(named);
        if let Some(project) = org.projects.get_mut(&gid) {
            deed(project);
        }
    }

    /// Makes a section at the end of a project, unless it is there; tells its gid.
    pub fn section(&self, project: &str, name: &str) -> String {
        let mut org = self.org();
        let project = org.project_of(project);
        org.ensure_section(project, name).to_string()
    }

    /// Gives a section another name, which moves no task.
    pub fn rename_section(&self, project: &str, name: &str, new_name: &str) {
        let mut org = self.org();
        let project = org.project_of(project);
        let gid = org.ensure_section(project, name);
        if let Some(section) = org.sections.get_mut(&gid) {
            section.name = new_name.to_owned();
        }
    }

    /// Names the owner of a project.
    pub fn owner(&self, project: &str, login: &str) {
        let owner = self.org().ensure_user(login);
        self.with_project(project, |project| project.owner = Some(owner));
    }

    /// Archives a project, or takes it out again; its tasks go on answering.
    pub fn archive(&self, project: &str, archived: bool) {
        self.with_project(project, |project| project.archived = archived);
    }

    /// Marks a project as completed, or not.
    pub fn finish_project(&self, project: &str, completed: bool) {
        self.with_project(project, |project| project.completed = completed);
    }

    /// Dates a project.
    pub fn project_dates(&self, project: &str, start: Option<Date>, due: Option<Date>) {
        self.with_project(project, |project| (project.start_on, project.due_on) = (start, due));
    }

    /// Hides a project from the account of every token: lists lack it, it answers 403, and what stands in it alone is gone.
    pub fn hide(&self, project: &str, hidden: bool) {
        self.with_project(project, |project| project.hidden = hidden);
    }

    /// Takes the right to comment away in a project.
    pub fn deny_comments(&self, project: &str, denied: bool) {
        self.with_project(project, |project| project.comments_denied = denied);
    }

    /// Says how a project stands: `on_track`, `at_risk`, `off_track`, `on_hold`.
    pub fn status_update(&self, project: &str, status: &str, title: &str, by: &str) {
        let at = self.now();
        let (gid, author) = {
            let mut org = self.org();
            (org.fresh_gid(), org.ensure_user(by))
        };
        let update = StatusUpdate { gid, title: title.to_owned(), status: status.to_owned(), author, at };
        self.with_project(project, |project| project.updates.push(update));
    }

    /// Adds a field to projects; tells its gid.
    pub fn add_field(&self, draft: FieldDraft) -> String {
        let mut org = self.org();
        let gid = org.fresh_gid();
        let projects = draft.projects.iter().map(|named| org.project_of(named)).collect();
        let choices = draft.choices.clone();
        let choices = choices.into_iter().map(|name| Choice { gid: org.fresh_gid(), name, enabled: true }).collect();
        org.fields.push(CustomField { gid, draft, choices, projects });
        gid.to_string()
    }

    /// Switches a field off for its context: it is still shown, with the values it had.
    pub fn disable_field(&self, field: &str, disabled: bool) {
        let mut org = self.org();
        let gid = org.field_of(field);
        org.fields.iter_mut().filter(|one| one.gid == gid).for_each(|one| one.draft.disabled = disabled);
    }

    /// Makes a task in a project; in none where the project is empty. Tells its gid.
    pub fn task(&self, project: &str, draft: TaskDraft) -> String {
        let now = self.now();
        let mut org = self.org();
        let project = (!project.is_empty()).then(|| org.project_of(project));
        org.open(project, None, draft, now).to_string()
    }

    /// Makes a part of a task, which stands in no project; tells its gid.
    pub fn subtask(&self, parent: &str, draft: TaskDraft) -> String {
        let now = self.now();
        let mut org = self.org();
        let parent = org.task_of(parent);
        org.open(None, Some(parent), draft, now).to_string()
    }

    /// Ticks it off.
    pub fn complete(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_completed(task, true, by, at));
    }

    /// Takes the tick away.
    pub fn reopen(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_completed(task, false, by, at));
    }

    /// Ticks the next parts of it off that are still open.
    pub fn tick(&self, task: &str, parts: usize, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let all = org.children.get(&task).cloned().unwrap_or_default();
            let open = |gid: &u64| org.tasks.get(gid).is_some_and(|task| !task.completed && !task.deleted);
            let next: Vec<u64> = all.into_iter().filter(open).take(parts).collect();
            next.into_iter().for_each(|part| org.set_completed(part, true, by, at));
        });
    }

    /// Gives an approval its status: `pending`, `approved`, `rejected` or `changes_requested`.
    pub fn approval(&self, task: &str, status: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_approval(task, status, by, at));
    }

    /// Puts somebody on it, or nobody.
    pub fn assign(&self, task: &str, login: Option<&str>, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let to = login.map(|login| org.ensure_user(login));
            org.set_assignee(task, to, by, at);
        });
    }

    /// Sets its due date, or takes it away, the start with it.
    pub fn due(&self, task: &str, due: Option<Date>, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let start = org.tasks[&task].start_on.filter(|_| due.is_some());
            org.set_dates(task, (start, due, None), by, at);
        });
    }

    /// Makes it due at a moment; its day in this zone becomes the due date.
    pub fn due_at(&self, task: &str, due: Timestamp, zone: &str, by: &str) {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        self.change(task, by, |org, task, by, at| {
            let start = org.tasks[&task].start_on;
            org.set_dates(task, (start, Some(due.to_zoned(zone).date()), Some(due)), by, at);
        });
    }

    /// Sets its start date, which stays only beside a due date.
    pub fn start(&self, task: &str, start: Option<Date>, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let (due, moment) = (org.tasks[&task].due_on, org.tasks[&task].due_at);
            org.set_dates(task, (start.filter(|_| due.is_some()), due, moment), by, at);
        });
    }

    /// Comments on it, in plain text; tells the story's gid.
    pub fn comment(&self, task: &str, text: &str, by: &str) -> String {
        let mut gid = 0;
        self.change(task, by, |org, task, by, at| gid = org.comment(task, by, text, at));
        gid.to_string()
    }

    /// Takes a comment away, as its author does in the browser.
    pub fn delete_comment(&self, story: &str) {
        let now = self.now();
        let mut org = self.org();
        let gid = story.parse().unwrap_or_else(|_| panic!("{story} is no gid"));
        org.trash_story(gid, None, now);
    }

    /// Moves it to another section of a project, made if it is new.
    pub fn section_move(&self, task: &str, project: &str, section: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let project = org.project_of(project);
            org.section_move(task, project, section, by, at);
        });
    }

    /// Puts it into one more project.
    pub fn add_to_project(&self, task: &str, project: &str, section: Option<&str>, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let project = org.project_of(project);
            org.enter(task, project, section, by, at);
        });
    }

    /// Takes it out of a project.
    pub fn remove_from_project(&self, task: &str, project: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let project = org.project_of(project);
            org.leave(task, project, by, at);
        });
    }

    /// Takes it out of every project it is in, and puts it into this one.
    pub fn move_to(&self, task: &str, project: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let to = org.project_of(project);
            let from: Vec<u64> = org.tasks[&task].memberships.iter().map(|(project, _)| *project).collect();
            org.enter(task, to, None, by, at);
            from.into_iter().filter(|gid| *gid != to).for_each(|gid| org.leave(task, gid, by, at));
        });
    }

    /// Makes it a part of another task, or of none.
    pub fn reparent(&self, task: &str, parent: Option<&str>, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let parent = parent.map(|named| org.task_of(named));
            org.set_parent(task, parent, by, at);
        });
    }

    /// `blocked` waits for `blocker`.
    pub fn block(&self, blocker: &str, blocked: &str) {
        self.change(blocked, &self.actor, |org, blocked, by, at| {
            let blocker = org.task_of(blocker);
            org.block(blocker, blocked, by, at);
        });
    }

    /// It no longer waits.
    pub fn unblock(&self, blocker: &str, blocked: &str) {
        self.change(blocked, &self.actor, |org, blocked, by, at| {
            let blocker = org.task_of(blocker);
            org.unblock(blocker, blocked, by, at);
        });
    }

    /// Adds a tag.
    pub fn tag(&self, task: &str, tag: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_tag(task, tag, true, by, at));
    }

    /// Takes a tag away.
    pub fn untag(&self, task: &str, tag: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_tag(task, tag, false, by, at));
    }

    /// Sets a field: a number, a text or a date, a choice by name, people by login; `null` empties it.
    pub fn set_field(&self, task: &str, field: &str, value: impl Into<Value>, by: &str) {
        let value = value.into();
        self.change(task, by, |org, task, by, at| {
            let field = org.field_of(field);
            org.set_value(task, field, &value, by, at);
        });
    }

    /// Changes its name.
    pub fn rename(&self, task: &str, name: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_words(task, true, name, by, at));
    }

    /// Changes its text.
    pub fn describe(&self, task: &str, text: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_words(task, false, text, by, at));
    }

    /// Somebody follows it, which is no work on it, though it moves.
    pub fn follow(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            org.tasks.get_mut(&task).into_iter().for_each(|task| task.followers.extend(by));
            org.tell(task, by, "follower_added", "joined the conversation", Vec::new(), at);
        });
    }

    /// Somebody likes it, which is no work on it, though it moves.
    pub fn like(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            org.tell(task, by, "liked", "liked this task", Vec::new(), at);
        });
    }

    /// A story of any subtype, as new ones come up without notice.
    pub fn story(&self, task: &str, subtype: &str, text: &str, by: &str) {
        self.change(task, by, |org, task, by, at| {
            org.tell(task, by, subtype, text, Vec::new(), at);
        });
    }

    /// Logs time spent, in minutes.
    pub fn log_time(&self, task: &str, minutes: u64, by: &str) {
        self.change(task, by, |org, task, by, at| {
            let entry = TimeEntry {
                gid: org.fresh_gid(),
                by: by.unwrap_or_default(),
                minutes,
                on: at.to_zoned(TimeZone::UTC).date(),
            };
            org.tasks.get_mut(&task).into_iter().for_each(|task| task.entries.push(entry.clone()));
        });
    }

    /// Asana's own reminder, which bears the assignee's name.
    pub fn due_today(&self, task: &str) {
        self.change(task, "", |org, task, _, at| {
            let assignee = org.tasks[&task].assignee;
            org.tell(task, assignee, "due_today", "have a task due today", Vec::new(), at);
        });
    }

    /// Throws it away, with its parts: it answers 404, and no list has it.
    pub fn delete(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_deleted(task, true, by, at));
    }

    /// Brings it back, with its parts.
    pub fn undelete(&self, task: &str, by: &str) {
        self.change(task, by, |org, task, by, at| org.set_deleted(task, false, by, at));
    }

    /// Makes it private, as to the account of every token: 404, as if it were deleted, and no feed says so.
    pub fn hide_task(&self, task: &str, hidden: bool) {
        let mut org = self.org();
        let gid = org.task_of(task);
        org.tasks.get_mut(&gid).into_iter().for_each(|task| task.private = hidden);
    }
}
