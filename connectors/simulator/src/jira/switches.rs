//! Jira's switches (credentials, search, limits, recordings), and what tests look at afterwards.

use jiff::Timestamp;

use super::handle::Jira;
use super::model::{CommentSeen, Credential, CredentialKind, Issue, IssueSeen, Write};
use super::recorded::JiraRecorded;
use super::site::Site;

impl Jira {
    fn credential(&self, kind: CredentialKind, name: &str, secret: &str, login: &str) {
        let mut site = self.site();
        let login = site.ensure_user(login);
        let (name, secret) = (name.to_owned(), secret.to_owned());
        site.settings.credentials.push(Credential { kind, name, secret, login, expired: false, lacks: Vec::new() });
    }

    /// The login behind an e-mail address; its first part if nobody has it.
    fn behind(&self, email: &str) -> String {
        let site = self.site();
        let found = site.users.values().find(|user| user.email.eq_ignore_ascii_case(email));
        found.map_or_else(|| email.split('@').next().unwrap_or(email).to_owned(), |user| user.login.clone())
    }

    /// Accepts an API token of this address at the Cloud site and at the gateway. From the first credential on, only those
    /// named so are accepted; until then any is, as [`Jira::default_user`]'s.
    pub fn unscoped(&self, email: &str, token: &str) {
        let login = self.behind(email);
        self.credential(CredentialKind::Unscoped, email, token, &login);
    }

    /// Accepts a token with scopes of this address: at the gateway, while the site answers 401.
    pub fn scoped(&self, email: &str, token: &str) {
        let login = self.behind(email);
        self.credential(CredentialKind::Scoped, email, token, &login);
    }

    /// Accepts a personal access token at the Data Center, as `login`'s.
    pub fn pat(&self, token: &str, login: &str) {
        self.credential(CredentialKind::Pat, "", token, login);
    }

    /// Accepts a password at the Data Center. Three wrong ones, and a person has to solve a riddle.
    pub fn password(&self, login: &str, password: &str) {
        self.credential(CredentialKind::Password, login, password, login);
    }

    /// A token or password is void: `/myself` answers 401, and search 200 with nothing.
    pub fn expire(&self, secret: &str) {
        let mut site = self.site();
        let found = site.settings.credentials.iter_mut().filter(|one| one.secret == secret);
        found.for_each(|one| one.expired = true);
    }

    /// The scopes of a token do not cover paths that contain this: 401.
    pub fn lack_scope(&self, secret: &str, part: &str) {
        let mut site = self.site();
        let found = site.settings.credentials.iter_mut().filter(|one| one.secret == secret);
        found.for_each(|one| one.lacks.push(part.to_owned()));
    }

    /// Whose a credential is while any is accepted; `gapwatch` if it is not said.
    pub fn default_user(&self, login: &str) {
        let mut site = self.site();
        site.settings.default_user = site.ensure_user(login);
    }

    /// A person has to solve a riddle in the browser before this password is looked at again: 403.
    pub fn captcha(&self, login: &str, on: bool) {
        let mut site = self.site();
        let login = login.to_lowercase();
        site.settings.bad_logins.remove(&login);
        if on {
            site.settings.captcha.insert(login);
        } else {
            site.settings.captcha.remove(&login);
        }
    }

    /// The Data Center answers everything with its login page, and 200.
    pub fn html_login_page(&self, on: bool) {
        self.site().settings.html_login = on;
    }

    fn set_lag(&self, seconds: u64, dice: Option<u64>) {
        let now = self.now();
        let mut site = self.site();
        site.settings.lag = seconds;
        site.settings.dice = dice;
        site.catch_up(now);
        if seconds == 0 {
            site.reindex();
        }
    }

    /// Search shows each change so many seconds late; 0: at once. What is read directly never lags.
    pub fn lag(&self, seconds: u64) {
        self.set_lag(seconds, None);
    }

    /// Search shows each change up to so many seconds late by its own dice, and what it has shown may be gone again for a
    /// while.
    pub fn lag_by_dice(&self, dice: u64, seconds: u64) {
        self.set_lag(seconds, Some(dice));
    }

    /// What the Data Center gives at most in a page of a search; 1,000 if it is not said.
    pub fn page_cap(&self, issues: usize) {
        self.site().settings.page_cap = issues;
    }

    /// Makes the token of a next page on Cloud lead to the page it stands on, for ever.
    pub fn repeating_token(&self, on: bool) {
        self.site().settings.repeats_token = on;
    }

    /// How many comments an issue carries with it; 100 if it is not said.
    pub fn comments_embedded(&self, comments: usize) {
        self.site().settings.comments_embedded = comments;
    }

    /// Enforces Cloud's limits on writes to one issue: 20 in two seconds, 100 in thirty.
    pub fn write_limit(&self, on: bool) {
        self.site().settings.write_limit = on;
    }

    /// Enforces the Data Center's limit on each person: so many tokens a second, and at most so many kept. `None`: no limit.
    pub fn user_limit(&self, bucket: Option<(u64, u64)>) {
        self.site().settings.bucket = bucket;
    }

    /// Switches links between issues on or off for the whole site.
    pub fn linking(&self, on: bool) {
        self.site().settings.linking = on;
    }

    /// Shows recorded issues in both editions, as they were at the end.
    pub fn serve(&self, recorded: &JiraRecorded) {
        let mut site = self.site();
        recorded.add_to(&mut site);
        site.as_of(None);
    }

    /// Shows every recorded issue as it was then; those not yet made are absent. `None`: as at the end.
    pub fn as_of(&self, at: impl Into<Option<Timestamp>>) {
        self.site().as_of(at.into());
    }

    /// Comments of an issue, the oldest first.
    pub fn comments(&self, key: &str) -> Vec<CommentSeen> {
        let site = self.site();
        let issue = &site.issues[&site.id_of(key)];
        let seen = issue.comments.iter().map(|comment| CommentSeen {
            id: comment.id.to_string(),
            author: comment.author.clone().unwrap_or_default(),
            body: comment.body.as_written(),
            properties: comment.properties.clone(),
            internal: comment.internal(),
            edits: comment.edits,
            notified: comment.notified,
            created_at: comment.created_at,
            updated_at: comment.updated_at,
        });
        seen.collect()
    }

    /// An issue as it stands. `None`: not there.
    pub fn look(&self, key: &str) -> Option<IssueSeen> {
        let site = self.site();
        site.issue_named(key).map(|issue| seen(&site, issue))
    }

    /// Every issue by id.
    pub fn issues(&self) -> Vec<IssueSeen> {
        let site = self.site();
        site.issues.values().map(|issue| seen(&site, issue)).collect()
    }

    /// Every write that came over the wire, the oldest first, even when its comment is gone.
    pub fn writes(&self) -> Vec<Write> {
        self.site().writes.clone()
    }
}

fn seen(site: &Site, issue: &Issue) -> IssueSeen {
    IssueSeen {
        id: issue.id.to_string(),
        key: issue.key.clone(),
        title: issue.title.clone(),
        description: issue.description.clone().unwrap_or_default(),
        status: site.status(issue.status).map_or_else(String::new, |status| status.name.clone()),
        category: site.category(issue.status).to_owned(),
        assignee: issue.assignee.clone(),
        due: issue.due,
        updated_at: issue.updated_at,
    }
}
