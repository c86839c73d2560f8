//! Asana's switches (tokens, plan, limits, lag, loss, recordings), and what tests look at afterwards.

use std::collections::BTreeSet;

use super::handle::Asana;
use super::model::{CommentSeen, Credential, Task, TaskSeen, Write};
use super::org::Org;
use super::recorded::AsanaRecorded;

impl Asana {
    /// Accepts a token, as `login`'s. From the first one on, only those named so are accepted; until then any is, as
    /// [`Asana::default_user`]'s.
    pub fn token(&self, token: &str, login: &str) {
        let mut org = self.org();
        org.ensure_user(login);
        org.settings.credentials.push(Credential {
            token: token.to_owned(),
            login: login.to_owned(),
            revoked: false,
            blocked: false,
            lacks: BTreeSet::new(),
        });
    }

    fn with_token(&self, token: &str, deed: impl FnMut(&mut Credential)) {
        let mut org = self.org();
        org.settings.credentials.iter_mut().filter(|one| one.token == token).for_each(deed);
    }

    /// A token is void: 401.
    pub fn revoke(&self, token: &str) {
        self.with_token(token, |one| one.revoked = true);
    }

    /// An administrator does not let a token in: 403.
    pub fn block_token(&self, token: &str, blocked: bool) {
        self.with_token(token, |one| one.blocked = blocked);
    }

    /// A token lacks a scope, such as `stories:write`: 403; without `projects:read` or `project_sections:read`, memberships
    /// are empty objects.
    pub fn lack_scope(&self, token: &str, scope: &str) {
        self.with_token(token, |one| {
            one.lacks.insert(scope.to_owned());
        });
    }

    /// Whose a token is while any is accepted; `gapwatch` if it is not said.
    pub fn default_user(&self, login: &str) {
        let mut org = self.org();
        org.ensure_user(login);
        org.settings.default_user = login.to_owned();
    }

    /// The plan that costs nothing: search, dependencies, fields, time and allocations are answered 402.
    pub fn free(&self, free: bool) {
        self.org().settings.free = free;
    }

    /// Whether `dependencies` among `opt_fields` is answered 402 on the free plan (as it is if this is not said), or by an
    /// empty list.
    pub fn refuse_paid_fields(&self, refuses: bool) {
        self.org().settings.refuses_paid_fields = refuses;
    }

    /// Enforces a limit on requests a minute and token, refused ones counted: 150 on the free plan, 1,500 on others, or as
    /// said here; and 60 searches. `None`: no limit.
    pub fn limit(&self, per_minute: impl Into<Option<usize>>) {
        let mut org = self.org();
        org.settings.per_minute = per_minute.into();
        org.asked.clear();
    }

    /// Enforces a limit on objects touched a minute and token. A request may overdraw it; the next is refused.
    pub fn cost_limit(&self, objects_per_minute: impl Into<Option<u64>>) {
        let mut org = self.org();
        org.settings.objects_per_minute = objects_per_minute.into();
        org.budgets.clear();
    }

    /// Feeds show events so many seconds late.
    pub fn event_lag(&self, secs: u64) {
        self.org().settings.event_lag = secs;
    }

    /// Search finds a task as it was so many seconds ago.
    pub fn search_lag(&self, secs: u64) {
        let mut org = self.org();
        org.settings.search_lag = secs;
        org.stale.clear();
    }

    /// So many of the next events are never shown: delivery is at most once.
    pub fn lose_events(&self, events: usize) {
        self.org().settings.events_lost = events;
    }

    /// Every token of a feed given so far is too old: 412.
    pub fn expire_syncs(&self) {
        self.org().syncs.clear();
    }

    /// Every token of a next page given so far has expired: 400.
    pub fn expire_offsets(&self) {
        let mut org = self.org();
        let late = jiff::Timestamp::MIN;
        org.offsets.values_mut().for_each(|offset| offset.made(late));
    }

    /// Lists without `limit` are cut at 1,000 rows rather than refused.
    pub fn cut_unpaged(&self, cuts: bool) {
        self.org().settings.cuts_unpaged = cuts;
    }

    /// Whether a move to another section or project leaves `modified_at` alone; it does if this is not said.
    pub fn quiet_moves(&self, quiet: bool) {
        self.org().settings.quiet_moves = quiet;
    }

    /// Hidden tasks answer 403 rather than 404.
    pub fn forbid_hidden(&self, forbids: bool) {
        self.org().settings.forbids = forbids;
    }

    /// Every answer announces a change of the API in `Asana-Change`. `None`: none does.
    pub fn announce(&self, change: Option<&str>) {
        self.org().settings.deprecation = change.map(str::to_owned);
    }

    /// Shows recorded projects, people, tasks and stories beside what is there.
    pub fn serve(&self, recorded: &AsanaRecorded) {
        recorded.add_to(&mut self.org());
    }

    /// Comments of a task, the oldest first.
    pub fn comments(&self, task: &str) -> Vec<CommentSeen> {
        let org = self.org();
        let task = &org.tasks[&org.task_of(task)];
        let seen = task.stories.iter().filter(|story| story.is_comment()).map(|story| CommentSeen {
            gid: story.gid.to_string(),
            author: story.by.map_or_else(String::new, |by| org.login(by)),
            text: story.text.clone(),
            html: org.html(story),
            edits: story.edits,
            pinned: story.pinned,
            notified: story.notified,
            created_at: story.at,
        });
        seen.collect()
    }

    /// A task as it stands, thrown away or not. `None`: there is none of this gid or name.
    pub fn look(&self, task: &str) -> Option<TaskSeen> {
        let org = self.org();
        let found = org.tasks.values().find(|one| one.gid.to_string() == task || one.name == task)?;
        Some(seen(&org, found))
    }

    /// Every task by gid, those thrown away as well.
    pub fn tasks(&self) -> Vec<TaskSeen> {
        let org = self.org();
        org.tasks.values().map(|task| seen(&org, task)).collect()
    }

    /// Every write that came over the wire, the oldest first, even when its comment is gone.
    pub fn writes(&self) -> Vec<Write> {
        self.org().writes.clone()
    }
}

fn seen(org: &Org, task: &Task) -> TaskSeen {
    let name = |(project, section): &(u64, u64)| {
        let section = org.sections.get(section).map_or_else(String::new, |one| one.name.clone());
        Some((org.projects.get(project)?.name.clone(), section))
    };
    TaskSeen {
        gid: task.gid.to_string(),
        name: task.name.clone(),
        notes: task.notes.clone(),
        kind: task.kind.to_owned(),
        completed: task.completed,
        assignee: task.assignee.map(|gid| org.login(gid)),
        due: task.due_on,
        due_at: task.due_at,
        parent: task.parent.map(|gid| gid.to_string()),
        sections: task.memberships.iter().filter_map(name).collect(),
        deleted: task.deleted,
        modified_at: task.modified_at,
    }
}
