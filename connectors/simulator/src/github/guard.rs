//! Who is let in, how often, and the headers that every answer of GitHub carries.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::apps::Who;
use super::{Call, Hub, error, not_found};
use crate::reply::Reply;
use crate::server::Asked;
use crate::text::digest;

/// Versions of the API that are spoken.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Limit shown where none is enforced.
const SHOWN_LIMIT: u64 = 5000;

/// Comments and issues a minute and an hour, above which GitHub refuses.
const CONTENT_PER_MINUTE: usize = 80;
const CONTENT_PER_HOUR: usize = 500;

impl Hub {
    /// Whose the credential is; `Err` is the refusal.
    pub(super) fn admit(&mut self, asked: &Asked, now: Timestamp) -> Result<Who, Reply> {
        if asked.header("user-agent").is_none_or(str::is_empty) {
            let text =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            return Err(Reply::new(403, bytes::Bytes::from_static(text.as_bytes())));
        }
        if asked.header("x-github-api-version").is_some_and(|version| !VERSIONS.contains(&version)) {
            return Err(error(400, "The specified API version is not supported."));
        }
        let Some(token) = asked.token() else { return Err(error(401, "Requires authentication")) };
        if let Some(who) = self.app_behind(token, now) {
            let who = who?;
            self.spend(now)?;
            return Ok(who);
        }
        let ended = self.settings.token_expires_at.is_some_and(|at| at <= now);
        if ended || self.settings.revoked.contains(token) {
            return Err(error(401, "Bad credentials"));
        }
        let login = match self.settings.tokens.get(token) {
            Some(login) => login.clone(),
            None if self.settings.tokens.is_empty() => self.settings.default_user.clone(),
            None => return Err(error(401, "Bad credentials")),
        };
        self.spend(now)?;
        Ok(Who::Account(self.ensure_user(&login)))
    }

    /// An owner that is a person is no organisation, and one behind single sign-on is shut.
    pub(super) fn org_trouble(&self, owner: &str) -> Option<Reply> {
        let owner = owner.to_lowercase();
        if self.settings.persons.contains(&owner) || !self.repos.iter().any(|repo| repo.owner().to_lowercase() == owner)
        {
            return Some(not_found());
        }
        self.sso_refusal(&owner)
    }

    fn sso_refusal(&self, owner: &str) -> Option<Reply> {
        let url = self.settings.sso_required.get(&owner.to_lowercase())?;
        let text = "Resource protected by organization SAML enforcement. You must grant your token access to this \
                    organization.";
        Some(error(403, text).with("x-github-sso", format!("required; url={url}")))
    }

    /// What keeps this credential out of one repository alone. `None`: go on.
    pub(super) fn refuse_repository(&self, call: &Call<'_>, index: usize) -> Option<Reply> {
        let repo = &self.repos[index];
        if let (Who::Account(_), Some(refusal)) = (&call.who, self.sso_refusal(repo.owner())) {
            return Some(refusal);
        }
        let lacking = repo.forbidden.as_ref()?;
        let refusal = error(403, "Resource not accessible by personal access token");
        Some(refusal.with("x-accepted-github-permissions", lacking))
    }

    /// Counts a call against the hour, where a limit is set.
    fn spend(&mut self, now: Timestamp) -> Result<(), Reply> {
        if now >= self.budget.resets_at {
            self.budget.used = 0;
            self.budget.resets_at = now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now);
        }
        let Some(limit) = self.settings.hourly_limit else { return Ok(()) };
        if self.budget.used >= limit {
            return Err(error(403, "API rate limit exceeded for user ID 1."));
        }
        self.budget.used += 1;
        Ok(())
    }

    /// Limits and switches that concern writes. `None`: go on.
    pub(super) fn refuse_write(&mut self, call: &Call<'_>, index: usize) -> Option<Reply> {
        if self.repos[index].archived {
            return Some(error(403, "Repository was archived so is read-only."));
        }
        let writes = !matches!(call.who, Who::Installation { writes: false, .. });
        if self.settings.read_only || !writes {
            let refusal = error(403, "Resource not accessible by personal access token");
            return Some(refusal.with("x-accepted-github-permissions", "issues=write"));
        }
        if self.settings.content_limit && self.too_much_content(call.now) {
            let text = "You have exceeded a secondary rate limit and have been temporarily blocked from content \
                        creation. Please retry your request again later.";
            return Some(error(403, text).with("retry-after", 60));
        }
        None
    }

    fn too_much_content(&mut self, now: Timestamp) -> bool {
        let made = &mut self.budget.made;
        let since = |span: SignedDuration| now.saturating_sub(span).unwrap_or(now);
        while made.front().is_some_and(|at| *at <= since(SignedDuration::from_hours(1))) {
            made.pop_front();
        }
        let last_minute = made.iter().filter(|at| **at > since(SignedDuration::from_mins(1))).count();
        last_minute >= CONTENT_PER_MINUTE || made.len() >= CONTENT_PER_HOUR
    }

    /// Notes that something was made that notifies people.
    pub(super) fn note_content(&mut self, now: Timestamp) {
        if self.settings.content_limit {
            self.budget.made.push_back(now);
        }
    }

    fn limits(&self) -> (u64, u64) {
        match self.settings.hourly_limit {
            Some(limit) => (limit, self.budget.used.min(limit)),
            None => (SHOWN_LIMIT, 1),
        }
    }

    pub(super) fn rate_limit(&mut self) -> Reply {
        // This call is free.
        self.budget.used = self.budget.used.saturating_sub(1);
        let (limit, used) = self.limits();
        let reset = self.budget.resets_at.as_second();
        let core = json!({ "limit": limit, "used": used, "remaining": limit - used, "reset": reset });
        let graphql = json!({ "limit": 5000, "used": 0, "remaining": 5000, "reset": reset });
        let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": reset });
        Reply::json(200, &json!({ "resources": { "core": core, "search": search, "graphql": graphql }, "rate": core }))
    }

    /// Adds what every answer carries; a 304 is given back to the budget.
    pub(super) fn finish(&mut self, asked: &Asked, reply: Reply, now: Timestamp) -> Reply {
        if reply.status == 304 {
            self.budget.used = self.budget.used.saturating_sub(1);
        }
        let (limit, used) = self.limits();
        let mut reply = reply
            .or_with("x-github-media-type", "github.v3; format=json")
            .or_with("x-github-api-version-selected", VERSIONS[0])
            .or_with("x-ratelimit-limit", limit)
            .or_with("x-ratelimit-remaining", limit - used)
            .or_with("x-ratelimit-used", used)
            .or_with("x-ratelimit-reset", self.budget.resets_at.as_second())
            .or_with("x-ratelimit-resource", "core")
            .or_with("x-github-request-id", format!("SIM:{:012X}", digest((self.answered, now.as_second())) >> 16));
        let is_account = asked.token().is_some_and(|token| !token.starts_with("ghs_") && !token.contains('.'));
        if let Some(at) = self.settings.token_expires_at.filter(|_| is_account) {
            let text = at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
            reply = reply.with("github-authentication-token-expiration", text);
        }
        if let Some(scopes) = self.settings.scopes.as_ref().filter(|_| is_account) {
            reply = reply.with("x-oauth-scopes", scopes);
        }
        if let Some(organizations) = &self.settings.sso_partial {
            reply = reply.with("x-github-sso", format!("partial-results; organizations={organizations}"));
        }
        reply
    }
}
