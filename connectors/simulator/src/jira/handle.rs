//! Jira as a test or the demo changes it. Nothing here goes over the wire.
//!
//! A deed happens now, or at the instant of [`Jira::at`]; it never moves `updated` back. Naming a project, issue, sprint or
//! field that does not exist is a mistake in the test and panics with its name; an unknown login is simply a new account,
//! and an empty one is automation, which histories do not name.

use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::model::{Board, CustomField, Issue, IssueDraft, Item, Sprint, Text};
use super::site::Site;
use crate::world::World;

/// A handle on Jira's world, which both editions show; cheap to clone.
#[derive(Clone)]
pub struct Jira {
    world: Arc<World>,
    at: Option<Timestamp>,
    actor: String,
}

impl Jira {
    pub(crate) fn new(world: Arc<World>) -> Jira {
        Jira { world, at: None, actor: "max".to_owned() }
    }

    /// The same world, with every deed at this instant.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Jira {
        Jira { at: Some(at), ..self.clone() }
    }

    /// The same world, with deeds that name nobody done by this person; `max` if it is not said.
    #[must_use]
    pub fn acting(&self, login: &str) -> Jira {
        Jira { actor: login.to_owned(), ..self.clone() }
    }

    pub(super) fn site(&self) -> MutexGuard<'_, Site> {
        self.world.site()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| self.world.now())
    }

    fn change(&self, key: &str, by: &str, deed: impl FnOnce(&mut Site, &mut Issue) -> Vec<Item>) {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        site.change(id, by, now, deed);
    }

    /// Makes a person's account, or gives it this name and address.
    pub fn person(&self, login: &str, name: &str, email: &str) {
        let mut site = self.site();
        let key = site.ensure_user(login);
        if let Some(user) = site.users.get_mut(&key) {
            user.name = name.to_owned();
            user.email = email.to_lowercase();
        }
    }

    /// Makes an app's account, which Cloud lists among the people.
    pub fn app(&self, login: &str, name: &str) {
        let mut site = self.site();
        let key = site.ensure_user(login);
        if let Some(user) = site.users.get_mut(&key) {
            user.name = name.to_owned();
            user.kind = "app";
            user.email_hidden = true;
        }
    }

    fn with_user(&self, login: &str, deed: impl FnOnce(&mut super::model::User)) {
        let mut site = self.site();
        let key = site.ensure_user(login);
        if let Some(user) = site.users.get_mut(&key) {
            deed(user);
        }
    }

    /// Deactivates an account. What is assigned to it stays so, and does not move.
    pub fn deactivate(&self, login: &str) {
        self.with_user(login, |user| user.active = false);
    }

    /// Hides a person's address, as the privacy settings do.
    pub fn hide_email(&self, login: &str) {
        self.with_user(login, |user| user.email_hidden = true);
    }

    /// Puts a person into a time zone, in which that person's queries are read and answers are written.
    pub fn set_zone(&self, login: &str, zone: &str) {
        self.with_user(login, |user| user.zone = zone.to_owned());
    }

    /// The account id of a person on Cloud.
    pub fn account_id(&self, login: &str) -> String {
        let mut site = self.site();
        let key = site.ensure_user(login);
        site.users.get(&key).map_or_else(String::new, |user| user.account_id.clone())
    }

    /// The key of a person on Data Center: `JIRAUSER10100`.
    pub fn user_key(&self, login: &str) -> String {
        let mut site = self.site();
        let key = site.ensure_user(login);
        site.users.get(&key).map_or_else(String::new, |user| user.key.clone())
    }

    /// Makes a project; nothing if it is there.
    pub fn project(&self, key: &str, name: &str) {
        self.site().ensure_project(key, name, false);
    }

    /// Makes a service project, whose comments customers read.
    pub fn service_project(&self, key: &str, name: &str) {
        self.site().ensure_project(key, name, true);
    }

    /// Archives a project: search and lists no longer show it.
    pub fn archive(&self, project: &str, archived: bool) {
        self.site().project_mut(project).archived = archived;
    }

    /// Hides a project, as from an account without the right to browse it.
    pub fn hide(&self, project: &str, hidden: bool) {
        self.site().project_mut(project).hidden = hidden;
    }

    /// Takes the right to comment away in a project.
    pub fn deny_comments(&self, project: &str, denied: bool) {
        self.site().project_mut(project).comments_denied = denied;
    }

    /// Takes the right to edit and delete one's own comments away in a project.
    pub fn deny_edits(&self, project: &str, denied: bool) {
        self.site().project_mut(project).edits_denied = denied;
    }

    /// Names the lead of a project.
    pub fn lead(&self, project: &str, login: &str) {
        let mut site = self.site();
        let lead = site.ensure_user(login);
        site.project_mut(project).lead = Some(lead);
    }

    /// Adds a status with a name in any language and its category (`new`, `indeterminate`, `done`); tells its id.
    pub fn add_status(&self, name: &str, category: &str) -> String {
        self.site().ensure_status(name, category).to_string()
    }

    /// Puts a status into another category, which moves no issue.
    pub fn set_category(&self, status: &str, category: &str) {
        let mut site = self.site();
        let found = site.statuses.iter_mut().find(|one| one.name == status);
        found.unwrap_or_else(|| panic!("the simulator has no status {status}")).category = category.to_owned();
    }

    /// Gives the kinds of link other words, as sites in other languages have.
    pub fn rename_link_type(&self, name: &str, new_name: &str, inward: &str, outward: &str) {
        let mut site = self.site();
        let found = site.link_types.iter_mut().find(|one| one.name == name);
        let kind = found.unwrap_or_else(|| panic!("the simulator has no kind of link {name}"));
        kind.name = new_name.to_owned();
        kind.inward = inward.to_owned();
        kind.outward = outward.to_owned();
    }

    /// Makes an issue and tells its key.
    pub fn issue(&self, project: &str, draft: IssueDraft) -> String {
        let now = self.now();
        self.site().open(project, draft, now)
    }

    /// The numeric id of an issue, which stays when its key changes.
    pub fn id(&self, key: &str) -> String {
        self.site().id_of(key).to_string()
    }

    /// Moves it to a status; an unknown one is made, as work in progress.
    pub fn status(&self, key: &str, status: &str, by: &str) {
        let now = self.now();
        self.change(key, by, |site, issue| {
            let status = site.ensure_status(status, "indeterminate");
            site.set_status(issue, status, now)
        });
    }

    /// Takes the resolution away although it is done, as team-managed projects leave it.
    pub fn unresolve(&self, key: &str) {
        let mut site = self.site();
        let id = site.id_of(key);
        site.issues.get_mut(&id).into_iter().for_each(|issue| issue.resolution = None);
    }

    /// Puts somebody on it, or nobody.
    pub fn assign(&self, key: &str, login: Option<&str>, by: &str) {
        self.change(key, by, |site, issue| {
            let login = login.map(|login| site.ensure_user(login));
            site.set_assignee(issue, login)
        });
    }

    /// Sets its due date, or takes it away.
    pub fn due(&self, key: &str, due: Option<Date>, by: &str) {
        self.change(key, by, |_, issue| Site::set_due(issue, due));
    }

    /// Comments on it, in plain text; tells the comment's id.
    pub fn comment(&self, key: &str, text: &str, by: &str) -> String {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        site.comment(id, by, Text::Wiki(text.to_owned()), now).to_string()
    }

    /// Takes a comment away, as a person does in the browser.
    pub fn delete_comment(&self, key: &str, comment: &str) {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        if let Some(issue) = site.issues.get_mut(&id) {
            issue.comments.retain(|one| one.id.to_string() != comment);
            issue.updated_at = issue.updated_at.max(now);
        }
        site.noticed(id, now);
    }

    /// Ticks the next action items of its text.
    pub fn tick(&self, key: &str, boxes: usize, by: &str) {
        self.change(key, by, |_, issue| Site::tick(issue, boxes));
    }

    /// `blocker` blocks `blocked`.
    pub fn link(&self, blocker: &str, blocked: &str) {
        self.link_as("Blocks", blocker, blocked);
    }

    /// A link of another kind; `from` is where the outward words stand.
    pub fn link_as(&self, kind: &str, from: &str, to: &str) {
        let now = self.now();
        let mut site = self.site();
        let (from, to) = (site.id_of(from), site.id_of(to));
        site.link(kind, from, to, &self.actor, now);
    }

    /// Takes every link from one to the other away.
    pub fn unlink(&self, blocker: &str, blocked: &str) {
        let now = self.now();
        let mut site = self.site();
        let (from, to) = (site.id_of(blocker), site.id_of(blocked));
        site.unlink(from, to, &self.actor, now);
    }

    /// Adds a label.
    pub fn label(&self, key: &str, label: &str, by: &str) {
        self.change(key, by, |_, issue| {
            let mut labels = issue.labels.clone();
            if !labels.iter().any(|one| one == label) {
                labels.push(label.to_owned());
            }
            Site::set_labels(issue, labels)
        });
    }

    /// Takes a label away.
    pub fn unlabel(&self, key: &str, label: &str, by: &str) {
        self.change(key, by, |_, issue| {
            let labels = issue.labels.iter().filter(|one| *one != label).cloned().collect();
            Site::set_labels(issue, labels)
        });
    }

    /// Sets its original estimate, in seconds, and what remains with it.
    pub fn estimate(&self, key: &str, secs: Option<u64>, by: &str) {
        self.change(key, by, |_, issue| Site::set_estimate(issue, secs));
    }

    /// Logs time spent, in seconds.
    pub fn log_work(&self, key: &str, secs: u64, by: &str) {
        let now = self.now();
        self.change(key, by, |site, issue| site.log(issue, by, secs, now));
    }

    /// Raises or lowers the flag.
    pub fn flag(&self, key: &str, on: bool, by: &str) {
        self.change(key, by, |_, issue| Site::set_flag(issue, on));
    }

    /// Changes its title.
    pub fn rename(&self, key: &str, title: &str, by: &str) {
        self.change(key, by, |_, issue| Site::set_title(issue, title));
    }

    /// Changes its text.
    pub fn describe(&self, key: &str, text: &str, by: &str) {
        self.change(key, by, |_, issue| Site::set_description(issue, text));
    }

    /// Changes its priority.
    pub fn priority(&self, key: &str, priority: &str, by: &str) {
        self.change(key, by, |site, issue| site.set_priority(issue, priority));
    }

    /// Gives it another place in the backlog, which moves it without being work on it.
    pub fn rank(&self, key: &str, by: &str) {
        self.change(key, by, |site, issue| site.set_rank(issue));
    }

    /// Links it to something elsewhere, as integrations do at every commit.
    pub fn remote_link(&self, key: &str, title: &str, by: &str) {
        self.change(key, by, |site, _| {
            let id = site.fresh_id().to_string();
            let told = format!("This work item links to \"{title} (Web Link)\"");
            vec![super::deeds::item("RemoteIssueLink", (None, None), (Some(id), Some(told)))]
        });
    }

    /// Puts it below another issue, or below none.
    pub fn reparent(&self, key: &str, parent: Option<&str>, by: &str) {
        self.change(key, by, |site, issue| {
            let parent = parent.map(|key| site.id_of(key));
            site.set_parent(issue, parent)
        });
    }

    /// Plans it for these versions of its project, made if they are new.
    pub fn fix_versions(&self, key: &str, versions: &[&str], by: &str) {
        self.change(key, by, |site, issue| {
            let versions = versions.iter().map(|name| site.ensure_version(issue.project, name, None)).collect();
            site.set_versions(issue, versions)
        });
    }

    /// Adds a field of the site's own: its name, its `schema.type`, its `schema.custom`, and the project it belongs to alone,
    /// as in a team-managed one. Of two with one name, [`Jira::set_field`] takes the one that was added last.
    pub fn add_field(&self, name: &str, kind: &'static str, custom: &'static str, project: Option<&str>) {
        let mut site = self.site();
        let scope = project.map(|key| site.project_mut(key).id);
        let number = site.fields.iter().map(|field| field.number).max().unwrap_or(0) + 7;
        site.fields.push(CustomField { number, name: name.to_owned(), custom, kind, items: None, scope });
    }

    /// Sets a custom field by its name; `null` empties it. Of two with one name, the one that the site uses.
    pub fn set_field(&self, key: &str, name: &str, value: impl Into<Value>) {
        let value = value.into();
        self.change(key, &self.actor, |site, issue| site.set_custom(issue, name, value));
    }

    /// Moves it into another project; tells its new key. The old one leads to it.
    pub fn move_to(&self, key: &str, project: &str) -> String {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        site.move_to(id, project, &self.actor, now)
    }

    /// Deletes it, with its sub-tasks.
    pub fn delete(&self, key: &str) {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        site.delete(id, now);
    }

    /// Puts it under a security level that the account of every credential lacks: 404, as if it were deleted.
    pub fn security(&self, key: &str, on: bool) {
        let now = self.now();
        let mut site = self.site();
        let id = site.id_of(key);
        site.issues.get_mut(&id).into_iter().for_each(|issue| issue.secured = on);
        site.noticed(id, now);
    }

    /// It takes no more comments: 413.
    pub fn fill(&self, key: &str, full: bool) {
        let mut site = self.site();
        let id = site.id_of(key);
        site.issues.get_mut(&id).into_iter().for_each(|issue| issue.full = full);
    }

    /// Gives a project another workflow: each history tells of a status that nobody changed.
    pub fn migrate_workflow(&self, project: &str, from: &str, to: &str) {
        let now = self.now();
        let mut site = self.site();
        let project = site.project_mut(project).id;
        let (from, to) = (site.ensure_status(from, "new"), site.ensure_status(to, "indeterminate"));
        site.migrate(project, from, to, &self.actor, now);
    }

    /// Makes a board with sprints; tells its id.
    pub fn board(&self, project: &str, name: &str) -> u64 {
        self.new_board(project, name, true)
    }

    /// Makes a board without sprints; tells its id.
    pub fn kanban(&self, project: &str, name: &str) -> u64 {
        self.new_board(project, name, false)
    }

    fn new_board(&self, project: &str, name: &str, scrum: bool) -> u64 {
        let mut site = self.site();
        let project = site.project_mut(project).id;
        let id = site.boards.len() as u64 + 1;
        site.boards.push(Board { id, name: name.to_owned(), scrum, project });
        id
    }

    /// Makes a sprint that is yet to begin; tells its id.
    pub fn sprint(
        &self,
        board: u64,
        name: &str,
        start: impl Into<Option<Timestamp>>,
        end: impl Into<Option<Timestamp>>,
    ) -> u64 {
        let mut site = self.site();
        let id = site.sprints.iter().map(|sprint| sprint.id).max().unwrap_or(0) + 1;
        site.sprints.push(Sprint {
            id,
            board,
            name: name.to_owned(),
            state: "future",
            start: start.into(),
            end: end.into(),
            completed: None,
        });
        id
    }

    fn with_sprint(&self, id: u64, deed: impl FnOnce(&mut Sprint, Timestamp)) {
        let now = self.now();
        let mut site = self.site();
        let found = site.sprints.iter_mut().find(|sprint| sprint.id == id);
        deed(found.unwrap_or_else(|| panic!("the simulator has no sprint {id}")), now);
    }

    /// Starts a sprint; none of its issues moves.
    pub fn start_sprint(&self, id: u64) {
        self.with_sprint(id, |sprint, now| {
            sprint.state = "active";
            sprint.start.get_or_insert(now);
        });
    }

    /// Closes a sprint; none of its issues moves.
    pub fn close_sprint(&self, id: u64) {
        self.with_sprint(id, |sprint, now| {
            sprint.state = "closed";
            sprint.completed = Some(now);
        });
    }

    /// Gives a sprint another end; none of its issues moves.
    pub fn move_sprint_end(&self, id: u64, end: impl Into<Option<Timestamp>>) {
        let end = end.into();
        self.with_sprint(id, |sprint, _| sprint.end = end);
    }

    /// Puts it into a sprint.
    pub fn to_sprint(&self, key: &str, sprint: u64) {
        self.change(key, &self.actor, |site, issue| site.enter_sprint(issue, sprint));
    }

    /// Makes a version, or gives it another release date; none of its issues moves.
    pub fn version(&self, project: &str, name: &str, release_date: Option<Date>) {
        let mut site = self.site();
        let project = site.project_mut(project).id;
        let id = site.ensure_version(project, name, release_date);
        let found = site.versions.iter_mut().filter(|version| version.id == id);
        found.for_each(|version| version.release_date = release_date);
    }

    /// Releases every version of this name.
    pub fn release(&self, version: &str) {
        let mut site = self.site();
        site.versions.iter_mut().filter(|one| one.name == version).for_each(|one| one.released = true);
    }
}
