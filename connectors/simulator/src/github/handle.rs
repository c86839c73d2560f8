//! GitHub as a test or the demo changes it and looks at it. Nothing here goes over the wire.
//!
//! Instants are handed in; a deed never moves `updated_at` back. Naming a repository, issue or milestone that does not
//! exist is a mistake in the test and panics with its name; an unknown login is simply a new account.

use std::sync::{Arc, MutexGuard};

use jiff::Timestamp;

use super::Hub;
use super::deeds::Place;
use super::model::Issue;
use crate::text::whole;
use crate::world::World;

/// A comment as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentSeen {
    /// Its id.
    pub id: u64,
    /// Login of its author.
    pub author: String,
    /// Its text.
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited; the same as `created_at` if never.
    pub updated_at: Timestamp,
    /// How often it was edited.
    pub edits: u32,
}

/// An issue as it stands now, as far as tests ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueSeen {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text; empty if it has none.
    pub body: String,
    /// Whether it is closed.
    pub closed: bool,
    /// Lower-case logins.
    pub assignees: Vec<String>,
    /// Title of its milestone. `None`: none.
    pub milestone: Option<String>,
    /// Last change, as GitHub tells it.
    pub updated_at: Timestamp,
}

/// A handle on GitHub's world; cheap to clone.
#[derive(Clone)]
pub struct Github(Arc<World>);

/// An issue about to be opened; [`IssueDraft::open`] does it.
#[must_use]
pub struct IssueDraft {
    world: Arc<World>,
    repo: String,
    author: String,
    at: Timestamp,
    milestone: Option<(String, Option<Timestamp>)>,
    issue: Issue,
}

impl IssueDraft {
    /// Who opens it; `max` if nobody is named.
    pub fn by(mut self, login: &str) -> IssueDraft {
        self.author = login.to_owned();
        self
    }

    /// Assigned from the start; may be said more than once.
    pub fn assignee(mut self, login: &str) -> IssueDraft {
        self.issue.assignees.push(login.to_owned());
        self
    }

    /// When; now if it is not said.
    pub fn created(mut self, at: Timestamp) -> IssueDraft {
        self.at = at;
        self
    }

    /// In this milestone, made with this date if it is new. GitHub's dates are midnight Pacific, as 08:00Z or 07:00Z.
    pub fn milestone(mut self, title: &str, due: impl Into<Option<Timestamp>>) -> IssueDraft {
        self.milestone = Some((title.to_owned(), due.into()));
        self
    }

    /// Its text.
    pub fn body(mut self, text: &str) -> IssueDraft {
        self.issue.body = Some(text.to_owned());
        self
    }

    /// Its labels.
    pub fn labels(mut self, labels: &[&str]) -> IssueDraft {
        self.issue.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }

    /// It is a pull request, which GitHub lists among the issues.
    pub fn pull_request(mut self) -> IssueDraft {
        self.issue.pull = true;
        self
    }

    /// Opens it and tells its number.
    pub fn open(mut self) -> u64 {
        let mut hub = self.world.hub();
        let repo = hub.ensure_repo(&self.repo, self.at);
        self.issue.author = hub.ensure_user(&self.author);
        let assignees = std::mem::take(&mut self.issue.assignees);
        self.issue.assignees = assignees.iter().map(|login| hub.ensure_user(login)).collect();
        self.issue.created_at = whole(self.at);
        self.issue.updated_at = whole(self.at);
        if let Some((title, due)) = &self.milestone {
            self.issue.milestone = Some(hub.ensure_milestone(repo, title, *due, self.at));
        }
        hub.open(repo, self.issue)
    }
}

impl Github {
    pub(crate) fn new(world: Arc<World>) -> Github {
        Github(world)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.now()
    }

    pub(super) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.0.hub()
    }

    fn with_issue(&self, repo: &str, number: u64, deed: impl FnOnce(&mut Hub, Place)) {
        let mut hub = self.hub();
        let place = place(&hub, repo, number);
        deed(&mut hub, place);
    }

    pub(super) fn with_repo<R>(&self, repo: &str, deed: impl FnOnce(&mut Hub, usize) -> R) -> R {
        let mut hub = self.hub();
        let index = hub.repo_index(repo).unwrap_or_else(|| panic!("the simulator has no repository {repo}"));
        deed(&mut hub, index)
    }

    /// Makes a repository; nothing if it is there.
    pub fn repo(&self, full_name: &str) {
        let now = self.0.now();
        self.hub().ensure_repo(full_name, now);
    }

    /// The numeric id of a repository.
    pub fn repo_id(&self, repo: &str) -> u64 {
        self.with_repo(repo, |hub, index| hub.repos[index].id)
    }

    /// Makes a person's account.
    pub fn user(&self, login: &str) {
        self.hub().ensure_user(login);
    }

    /// Makes a person's account with a display name and a public e-mail address.
    pub fn person(&self, login: &str, name: &str, email: Option<&str>) {
        let mut hub = self.hub();
        let key = hub.ensure_user(login);
        if let Some(user) = hub.users.get_mut(&key) {
            user.name = Some(name.to_owned());
            user.email = email.map(str::to_owned);
        }
    }

    /// Makes an app's account.
    pub fn bot(&self, login: &str) {
        let mut hub = self.hub();
        let key = hub.ensure_user(login);
        let Some(mut user) = hub.users.remove(&key) else { return };
        user.bot = true;
        user.json = hub.user_json(&user);
        hub.users.insert(key, user);
    }

    /// The numeric id of an account, made if it is new.
    pub fn user_id(&self, login: &str) -> u64 {
        let mut hub = self.hub();
        let key = hub.ensure_user(login);
        hub.users.get(&key).map_or(0, |user| user.id)
    }

    /// Deletes an account: `null` wherever it stood.
    pub fn delete_user(&self, login: &str) {
        let mut hub = self.hub();
        let key = hub.ensure_user(login);
        if let Some(user) = hub.users.get_mut(&key) {
            user.gone = true;
        }
        hub.repos.iter_mut().for_each(super::model::Repo::all_dirty);
    }

    /// Begins an issue; [`IssueDraft::open`] opens it. The repository is made if it is new.
    pub fn issue(&self, repo: &str, title: &str) -> IssueDraft {
        let now = self.0.now();
        let issue = Issue {
            id: 0,
            number: 0,
            title: title.to_owned(),
            body: None,
            author: String::new(),
            assignees: Vec::new(),
            labels: Vec::new(),
            milestone: None,
            locked: false,
            pull: false,
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            state_reason: None,
            comments: 0,
            unlisted: false,
        };
        let (world, repo) = (Arc::clone(&self.0), repo.to_owned());
        IssueDraft { world, repo, author: "max".to_owned(), at: now, milestone: None, issue }
    }

    /// Somebody comments. Returns the comment's id.
    pub fn comment_as(&self, repo: &str, number: u64, login: &str, body: &str, at: Timestamp) -> u64 {
        let mut hub = self.hub();
        let place = place(&hub, repo, number);
        hub.comment(place, login, body, at).expect("the issue was just found")
    }

    /// Somebody takes a comment away, whosever it is.
    pub fn delete_comment(&self, repo: &str, comment: u64) {
        let now = self.0.now();
        self.with_repo(repo, |hub, index| hub.uncomment(index, comment, now));
    }

    /// Closes; `reason` is `completed`, `not_planned`, `duplicate`, or empty for none.
    pub fn close(&self, repo: &str, number: u64, who: &str, at: Timestamp, reason: &str) {
        self.with_issue(repo, number, |hub, place| hub.close(place, who, at, reason));
    }

    /// Opens again.
    pub fn reopen(&self, repo: &str, number: u64, who: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.reopen(place, who, at));
    }

    /// `who` puts `login` on it.
    pub fn assign(&self, repo: &str, number: u64, who: &str, login: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.assign(place, who, login, at, true));
    }

    /// `who` takes `login` off it.
    pub fn unassign(&self, repo: &str, number: u64, who: &str, login: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.assign(place, who, login, at, false));
    }

    /// Adds a label.
    pub fn label(&self, repo: &str, number: u64, who: &str, label: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.label(place, who, label, at, true));
    }

    /// Removes a label.
    pub fn unlabel(&self, repo: &str, number: u64, who: &str, label: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.label(place, who, label, at, false));
    }

    /// Replaces the text; GitHub writes no event for that.
    pub fn edit_body(&self, repo: &str, number: u64, body: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| {
            hub.change(place, at, |issue| issue.body = Some(body.to_owned()));
        });
    }

    /// Ticks the first `boxes` open checklist items of the text.
    pub fn tick(&self, repo: &str, number: u64, boxes: usize, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| {
            hub.change(place, at, |issue| {
                issue.body = issue.body.as_ref().map(|body| body.replacen("[ ]", "[x]", boxes));
            });
        });
    }

    /// Replaces the title.
    pub fn edit_title(&self, repo: &str, number: u64, who: &str, title: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| hub.rename(place, who, title, at));
    }

    /// Locks the conversation: nobody may comment.
    pub fn lock(&self, repo: &str, number: u64, who: &str, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| {
            let who = hub.ensure_user(who);
            hub.change(place, at, |issue| issue.locked = true);
            hub.event(place, "locked", &who, at, super::model::Extra::Nothing);
        });
    }

    /// Makes a milestone, or gives it this date.
    pub fn milestone(&self, repo: &str, title: &str, due: Option<Timestamp>) {
        self.milestone_at(repo, title, due, self.0.now());
    }

    /// The same at a given instant.
    pub fn milestone_at(&self, repo: &str, title: &str, due: Option<Timestamp>, at: Timestamp) {
        self.with_repo(repo, |hub, index| hub.ensure_milestone(index, title, due, at));
    }

    /// Moves a milestone's date; no issue's `updated_at` moves with it.
    pub fn milestone_due(&self, repo: &str, title: &str, due: Option<Timestamp>) {
        let now = self.0.now();
        self.with_repo(repo, |hub, index| hub.move_milestone(index, title, due, now));
    }

    /// Puts an issue into a milestone, made without a date if it is new, or out of any.
    pub fn set_milestone(&self, repo: &str, number: u64, who: &str, title: Option<&str>, at: Timestamp) {
        self.with_issue(repo, number, |hub, place| {
            let milestone = title.map(|title| hub.ensure_milestone(place.0, title, None, at));
            hub.set_milestone(place, who, milestone, at);
        });
    }

    /// Makes `child` a sub-issue of `parent`, both as repository and number.
    pub fn add_sub_issue(&self, parent: (&str, u64), child: (&str, u64), who: &str, at: Timestamp) {
        self.with_pair(parent, child, |hub, up, down| hub.set_parent(up, down, who, at, true));
    }

    /// Takes `child` from under `parent`.
    pub fn remove_sub_issue(&self, parent: (&str, u64), child: (&str, u64), who: &str, at: Timestamp) {
        self.with_pair(parent, child, |hub, up, down| hub.set_parent(up, down, who, at, false));
    }

    /// `blocked` waits for `blocker`.
    pub fn block(&self, blocked: (&str, u64), blocker: (&str, u64), who: &str, at: Timestamp) {
        self.with_pair(blocked, blocker, |hub, late, early| hub.set_blocked(late, early, who, at, true));
    }

    /// `blocked` no longer waits for `blocker`.
    pub fn unblock(&self, blocked: (&str, u64), blocker: (&str, u64), who: &str, at: Timestamp) {
        self.with_pair(blocked, blocker, |hub, late, early| hub.set_blocked(late, early, who, at, false));
    }

    fn with_pair(&self, one: (&str, u64), other: (&str, u64), deed: impl FnOnce(&mut Hub, Place, Place)) {
        let mut hub = self.hub();
        let (one, other) = (place(&hub, one.0, one.1), place(&hub, other.0, other.1));
        deed(&mut hub, one, other);
    }

    /// Deletes an issue: 410 from then on, and in no list.
    pub fn delete_issue(&self, repo: &str, number: u64) {
        self.with_issue(repo, number, |hub, place| hub.delete(place));
    }

    /// Moves an issue to another repository and tells its number there; its old address answers 301.
    pub fn transfer_issue(&self, repo: &str, number: u64, to: &str, at: Timestamp) -> u64 {
        let mut hub = self.hub();
        let to = hub.ensure_repo(to, at);
        let place = place(&hub, repo, number);
        hub.transfer(place, to, at).expect("the issue was just found")
    }

    /// Leaves an issue out of every list, though it can still be asked for: an answer that silently lacks items.
    pub fn unlist(&self, repo: &str, number: u64, unlisted: bool) {
        self.with_issue(repo, number, |hub, place| {
            if let Some(issue) = hub.repos[place.0].issues.get_mut(&place.1) {
                issue.unlisted = unlisted;
            }
            hub.repos[place.0].dirty.insert(place.1);
        });
    }

    /// Renames or moves a repository: its old name answers 301 to reads and 307 to the rest.
    pub fn rename_repo(&self, from: &str, to: &str) {
        self.with_repo(from, |hub, index| hub.rename_repo(index, to));
    }
}

pub(super) fn place(hub: &Hub, repo: &str, number: u64) -> Place {
    let index = hub.repo_index(repo).unwrap_or_else(|| panic!("the simulator has no repository {repo}"));
    let place = (index, number);
    let recorded = hub.repos[index].recorded.is_some();
    assert!(recorded || hub.issue(place).is_some(), "the simulator has no issue {repo}#{number}");
    place
}
