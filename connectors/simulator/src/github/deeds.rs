//! What happens on GitHub: each deed changes the issue, writes GitHub's own event, and moves `updated_at` only where
//! the real thing does (never a parent's or a dependant's, never by a milestone's new date).

use jiff::Timestamp;
use serde_json::json;

use super::Hub;
use super::model::{Away, Comment, Event, Extra, Issue, Milestone, Repo, User};
use crate::text::whole;

/// Where an issue is: index of its repository, number.
pub(crate) type Place = (usize, u64);

impl Hub {
    /// The account of a login, made if it is new. Logins are compared without case.
    pub(crate) fn ensure_user(&mut self, login: &str) -> String {
        let key = login.to_lowercase();
        if !self.users.contains_key(&key) {
            let id = self.ids.user();
            let bot = login.ends_with("[bot]");
            let mut user = User {
                id,
                login: login.to_owned(),
                bot,
                name: None,
                email: None,
                gone: false,
                json: serde_json::value::RawValue::NULL.to_owned(),
            };
            user.json = self.user_json(&user);
            self.users.insert(key.clone(), user);
        }
        key
    }

    pub(crate) fn ensure_repo(&mut self, full_name: &str, at: Timestamp) -> usize {
        if let Some(found) = self.names.get(&full_name.to_lowercase()) {
            return *found;
        }
        let repo = Repo {
            id: self.ids.repo(),
            full_name: full_name.to_owned(),
            private: true,
            archived: false,
            has_issues: true,
            hidden: false,
            unlisted: false,
            forbidden: None,
            created_at: whole(at),
            next_number: 1,
            issues: Default::default(),
            away: Default::default(),
            milestones: Vec::new(),
            counts: Default::default(),
            comments: Default::default(),
            events: Vec::new(),
            labels: Default::default(),
            listing: Default::default(),
            refreshed_at: Timestamp::UNIX_EPOCH,
            dirty: Default::default(),
            recorded: None,
        };
        self.repos.push(repo);
        let index = self.repos.len() - 1;
        self.names.insert(full_name.to_lowercase(), index);
        index
    }

    /// The repository of that name, old names too.
    pub(crate) fn repo_index(&self, full_name: &str) -> Option<usize> {
        let key = full_name.to_lowercase();
        self.names.get(&key).or_else(|| self.old_names.get(&key)).copied()
    }

    pub(crate) fn issue(&self, place: Place) -> Option<&Issue> {
        self.repos.get(place.0)?.issues.get(&place.1)
    }

    /// Changes an issue, moves its `updated_at` and marks every picture of it as out of date.
    pub(crate) fn change<R>(&mut self, place: Place, at: Timestamp, change: impl FnOnce(&mut Issue) -> R) -> Option<R> {
        let issue = self.repos.get_mut(place.0)?.issues.get_mut(&place.1)?;
        issue.updated_at = issue.updated_at.max(whole(at));
        let result = change(issue);
        let id = issue.id;
        self.repos[place.0].dirty.insert(place.1);
        self.neighbours_dirty(id);
        Some(result)
    }

    fn neighbours_dirty(&mut self, id: u64) {
        for other in self.relations.neighbours(id) {
            if let Some((repo, number)) = self.places.get(&other) {
                self.repos[*repo].dirty.insert(*number);
            }
        }
    }

    /// A milestone's counts or date changed: they stand in each of its issues.
    pub(crate) fn milestone_dirty(&mut self, repo: usize, milestone: Option<u64>) {
        let repo = &mut self.repos[repo];
        if milestone.is_some() {
            let touched = repo.issues.values().filter(|issue| issue.milestone == milestone).map(|issue| issue.number);
            repo.dirty.extend(touched.collect::<Vec<_>>());
        }
    }

    pub(crate) fn event(&mut self, place: Place, kind: &'static str, actor: &str, at: Timestamp, extra: Extra) {
        let event = Event { id: self.ids.event(), issue: place.1, kind, actor: actor.to_owned(), at: whole(at), extra };
        self.repos[place.0].events.push(event);
    }

    /// Puts a new issue in; its events (assigned, labeled, milestoned) follow from what it already carries.
    pub(crate) fn open(&mut self, repo: usize, mut issue: Issue) -> u64 {
        issue.id = self.ids.issue();
        issue.number = self.repos[repo].next_number;
        self.repos[repo].next_number += 1;
        let (id, number, milestone) = (issue.id, issue.number, issue.milestone);
        let (author, at) = (issue.author.clone(), issue.created_at);
        let assignees = issue.assignees.clone();
        let labels = issue.labels.clone();
        self.places.insert(id, (repo, number));
        self.repos[repo].issues.insert(number, issue);
        self.repos[repo].dirty.insert(number);
        for login in assignees {
            self.event((repo, number), "assigned", &author, at, Extra::Assignee(login));
        }
        for label in labels {
            self.repos[repo].labels.insert(label.clone());
            self.event((repo, number), "labeled", &author, at, Extra::Label(label));
        }
        if let Some(title) = milestone.and_then(|number| self.milestone_title(repo, number)) {
            self.event((repo, number), "milestoned", &author, at, Extra::Milestone(title));
        }
        self.milestone_dirty(repo, milestone);
        number
    }

    pub(crate) fn assign(&mut self, place: Place, by: &str, login: &str, at: Timestamp, on: bool) {
        let (by, login) = (self.ensure_user(by), self.ensure_user(login));
        let changed = self.change(place, at, |issue| {
            let had = issue.assignees.contains(&login);
            issue.assignees.retain(|one| *one != login);
            if on {
                issue.assignees.push(login.clone());
            }
            had != on
        });
        if changed == Some(true) {
            self.event(place, if on { "assigned" } else { "unassigned" }, &by, at, Extra::Assignee(login));
        }
    }

    pub(crate) fn label(&mut self, place: Place, by: &str, label: &str, at: Timestamp, on: bool) {
        let by = self.ensure_user(by);
        let changed = self.change(place, at, |issue| {
            let had = issue.labels.iter().any(|one| one == label);
            issue.labels.retain(|one| one != label);
            if on {
                issue.labels.push(label.to_owned());
            }
            had != on
        });
        if changed == Some(true) {
            self.repos[place.0].labels.insert(label.to_owned());
            self.event(place, if on { "labeled" } else { "unlabeled" }, &by, at, Extra::Label(label.to_owned()));
        }
    }

    pub(crate) fn close(&mut self, place: Place, by: &str, at: Timestamp, reason: &str) {
        let by = self.ensure_user(by);
        let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        let milestone = self.change(place, at, |issue| {
            issue.closed_at = Some(whole(at));
            issue.closed_by = Some(by.clone());
            issue.state_reason.clone_from(&reason);
            issue.milestone
        });
        if let Some(milestone) = milestone {
            self.event(place, "closed", &by, at, Extra::Reason(reason));
            self.milestone_dirty(place.0, milestone);
        }
    }

    pub(crate) fn reopen(&mut self, place: Place, by: &str, at: Timestamp) {
        let by = self.ensure_user(by);
        let milestone = self.change(place, at, |issue| {
            issue.closed_at = None;
            issue.closed_by = None;
            issue.state_reason = Some("reopened".to_owned());
            issue.milestone
        });
        if let Some(milestone) = milestone {
            self.event(place, "reopened", &by, at, Extra::Nothing);
            self.milestone_dirty(place.0, milestone);
        }
    }

    pub(crate) fn rename(&mut self, place: Place, by: &str, title: &str, at: Timestamp) {
        let by = self.ensure_user(by);
        let from = self.change(place, at, |issue| std::mem::replace(&mut issue.title, title.to_owned()));
        if let Some(from) = from {
            self.event(place, "renamed", &by, at, Extra::Rename { from, to: title.to_owned() });
        }
    }

    /// The milestone of that title, made if it is new; a date given here is taken.
    pub(crate) fn ensure_milestone(&mut self, repo: usize, title: &str, due: Option<Timestamp>, at: Timestamp) -> u64 {
        let known = self.repos[repo].milestones.iter().find(|milestone| milestone.title == title);
        if let Some((number, same)) = known.map(|milestone| (milestone.number, milestone.due_on == due)) {
            if due.is_some() && !same {
                self.move_milestone(repo, title, due, at);
            }
            return number;
        }
        let number = self.repos[repo].milestones.len() as u64 + 1;
        let id = self.ids.milestone();
        let (title, at) = (title.to_owned(), whole(at));
        let milestone = Milestone { id, number, title, due_on: due, created_at: at, updated_at: at, closed_at: None };
        self.repos[repo].milestones.push(milestone);
        number
    }

    pub(crate) fn move_milestone(&mut self, repo: usize, title: &str, due: Option<Timestamp>, at: Timestamp) {
        let found = self.repos[repo].milestones.iter_mut().find(|milestone| milestone.title == title);
        if let Some(milestone) = found {
            milestone.due_on = due;
            milestone.updated_at = milestone.updated_at.max(whole(at));
            let number = milestone.number;
            self.milestone_dirty(repo, Some(number));
        }
    }

    pub(crate) fn milestone_title(&self, repo: usize, number: u64) -> Option<String> {
        let mut all = self.repos[repo].milestones.iter();
        all.find(|milestone| milestone.number == number).map(|milestone| milestone.title.clone())
    }

    pub(crate) fn set_milestone(&mut self, place: Place, by: &str, number: Option<u64>, at: Timestamp) {
        let by = self.ensure_user(by);
        let Some(old) = self.change(place, at, |issue| std::mem::replace(&mut issue.milestone, number)) else { return };
        if old == number {
            return;
        }
        for (kind, which) in [("demilestoned", old), ("milestoned", number)] {
            if let Some(title) = which.and_then(|number| self.milestone_title(place.0, number)) {
                self.event(place, kind, &by, at, Extra::Milestone(title));
            }
            self.milestone_dirty(place.0, which);
        }
    }

    pub(crate) fn comment(&mut self, place: Place, author: &str, body: &str, at: Timestamp) -> Option<u64> {
        let author = self.ensure_user(author);
        let repo = self.repos.get(place.0)?;
        // A recorded body stays as it was recorded, whatever is said below it.
        let recorded = repo.recorded.is_some() && repo.listing.get(place.1).is_some();
        if !recorded {
            self.change(place, at, |issue| issue.comments += 1)?;
        }
        let (id, at) = (self.ids.comment(), whole(at));
        let comment =
            Comment { id, issue: place.1, author, body: body.to_owned(), created_at: at, updated_at: at, edits: 0 };
        self.repos[place.0].comments.insert(id, comment);
        Some(id)
    }

    /// Takes a comment away. `None`: there is none.
    pub(crate) fn uncomment(&mut self, repo: usize, id: u64, at: Timestamp) -> Option<Comment> {
        let comment = self.repos[repo].comments.remove(&id)?;
        self.change((repo, comment.issue), at, |issue| issue.comments = issue.comments.saturating_sub(1));
        Some(comment)
    }

    /// Sets or clears a parent. Neither side's `updated_at` moves.
    pub(crate) fn set_parent(&mut self, parent: Place, child: Place, by: &str, at: Timestamp, on: bool) {
        let Some((up, down)) = self.pair(parent, child) else { return };
        let by = self.ensure_user(by);
        self.relations.children.entry(up).or_default().retain(|one| *one != down);
        self.relations.parent.remove(&down);
        if on {
            self.relations.children.entry(up).or_default().push(down);
            self.relations.parent.insert(down, up);
        }
        let kinds =
            if on { ("sub_issue_added", "parent_issue_added") } else { ("sub_issue_removed", "parent_issue_removed") };
        self.event(parent, kinds.0, &by, at, Extra::Other("sub_issue", down));
        self.event(child, kinds.1, &by, at, Extra::Other("parent_issue", up));
        self.both_dirty(parent, child);
    }

    /// Makes or ends a dependency. Neither side's `updated_at` moves.
    pub(crate) fn set_blocked(&mut self, blocked: Place, blocker: Place, by: &str, at: Timestamp, on: bool) {
        let Some((late, early)) = self.pair(blocked, blocker) else { return };
        let by = self.ensure_user(by);
        self.relations.blocked_by.entry(late).or_default().retain(|one| *one != early);
        self.relations.blocking.entry(early).or_default().retain(|one| *one != late);
        if on {
            self.relations.blocked_by.entry(late).or_default().push(early);
            self.relations.blocking.entry(early).or_default().push(late);
        }
        let kinds =
            if on { ("blocked_by_added", "blocking_added") } else { ("blocked_by_removed", "blocking_removed") };
        self.event(blocked, kinds.0, &by, at, Extra::Other("blocked_by", early));
        self.event(blocker, kinds.1, &by, at, Extra::Other("blocking", late));
        self.both_dirty(blocked, blocker);
    }

    fn pair(&self, one: Place, other: Place) -> Option<(u64, u64)> {
        Some((self.issue(one)?.id, self.issue(other)?.id))
    }

    fn both_dirty(&mut self, one: Place, other: Place) {
        self.repos[one.0].dirty.insert(one.1);
        self.repos[other.0].dirty.insert(other.1);
    }

    /// Takes an issue out of a repository, with its comments and events; where it went is remembered.
    fn take_out(&mut self, place: Place, away: Away) -> Option<Issue> {
        let repo = &mut self.repos[place.0];
        let issue = repo.issues.remove(&place.1)?;
        repo.away.insert(place.1, away);
        repo.dirty.remove(&place.1);
        repo.listing.remove(place.1);
        repo.events.retain(|event| event.issue != place.1);
        self.milestone_dirty(place.0, issue.milestone);
        Some(issue)
    }

    pub(crate) fn delete(&mut self, place: Place) {
        if let Some(issue) = self.take_out(place, Away::Deleted) {
            self.repos[place.0].comments.retain(|_, comment| comment.issue != place.1);
            self.neighbours_dirty(issue.id);
            self.relations.forget(issue.id);
            self.places.remove(&issue.id);
        }
    }

    /// Moves an issue to another repository, where it gets a new id and a new number and loses its milestone.
    pub(crate) fn transfer(&mut self, place: Place, to: usize, at: Timestamp) -> Option<u64> {
        let old = self.issue(place)?.id;
        let id = self.ids.issue();
        let mut issue = self.take_out(place, Away::Transferred(id))?;
        self.places.remove(&old);
        self.relations.rename(old, id);
        issue.id = id;
        let number = self.repos[to].next_number;
        self.repos[to].next_number += 1;
        let moved = self.repos[place.0].comments.extract_if(.., |_, comment| comment.issue == place.1);
        let moved: Vec<_> = moved.map(|(id, comment)| (id, Comment { issue: number, ..comment })).collect();
        self.repos[to].comments.extend(moved);
        issue.number = number;
        issue.milestone = None;
        issue.updated_at = issue.updated_at.max(whole(at));
        self.repos[to].issues.insert(number, issue);
        self.repos[to].dirty.insert(number);
        self.places.insert(id, (to, number));
        self.neighbours_dirty(id);
        Some(number)
    }

    pub(crate) fn rename_repo(&mut self, index: usize, full_name: &str) {
        let old = self.repos[index].full_name.to_lowercase();
        self.names.remove(&old);
        self.old_names.insert(old, index);
        self.names.insert(full_name.to_lowercase(), index);
        self.repos[index].full_name = full_name.to_owned();
        self.repos[index].all_dirty();
    }

    pub(crate) fn next_poll(&mut self) -> usize {
        let mut shown = 0;
        for repo in &mut self.repos {
            if let Some(recorded) = &mut repo.recorded {
                shown += recorded.next_into(&mut repo.listing);
            }
        }
        shown
    }

    pub(crate) fn stats(&self) -> serde_json::Value {
        let repos = self.repos.iter().map(|repo| {
            json!({ "name": repo.full_name, "issues": repo.listing.len().max(repo.issues.len()), "comments": repo.comments.len() })
        });
        json!({ "repos": repos.collect::<Vec<_>>(), "writes": self.writes.len(), "markers": self.markers() })
    }
}
