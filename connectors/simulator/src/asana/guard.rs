//! Who is let in, how often, and with which scopes.

use std::collections::BTreeSet;

use http::Method;
use jiff::{SignedDuration, Timestamp};

use super::org::Org;
use super::{Call, refuse};
use crate::reply::Reply;
use crate::server::Asked;

/// Searches a minute.
const SEARCHES: usize = 60;

/// What every limit counts over.
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

const TOO_MANY: &str =
    "You've made too many requests and hit a rate limit. Please retry after the given amount of time.";

/// As whom a request runs.
pub(super) struct Who {
    pub(super) me: u64,
    pub(super) token: String,
    pub(super) lacks: BTreeSet<String>,
}

pub(super) fn too_many(secs: u64) -> Reply {
    refuse(429, TOO_MANY).with("retry-after", secs)
}

impl Org {
    /// As whom it runs; `Err` is the refusal.
    pub(super) fn admit(&mut self, asked: &Asked) -> Result<Who, Reply> {
        let not_authorized = || refuse(401, "Not Authorized");
        let token = asked.token().ok_or_else(not_authorized)?.to_owned();
        let found = self.settings.credentials.iter().find(|one| one.token == token).cloned();
        let who = match found {
            Some(credential) if credential.revoked => return Err(not_authorized()),
            Some(credential) if credential.blocked => {
                return Err(refuse(403, "This app has been blocked by an administrator of your organization."));
            }
            Some(credential) => Who { me: self.ensure_user(&credential.login), token, lacks: credential.lacks },
            None if self.settings.credentials.is_empty() => {
                let login = self.settings.default_user.clone();
                Who { me: self.ensure_user(&login), token, lacks: BTreeSet::new() }
            }
            None => return Err(not_authorized()),
        };
        if !self.users.get(&who.me).is_some_and(|user| user.active) {
            return Err(not_authorized());
        }
        Ok(who)
    }

    /// Counts a request, a refused one as well. `Err`: too many of them.
    pub(super) fn count(&mut self, token: &str, path: &str, now: Timestamp) -> Result<(), Reply> {
        let Some(per_minute) = self.settings.per_minute else { return Ok(()) };
        let mut wait = self.one_more((token.to_owned(), false), per_minute, now);
        if path.ends_with("/tasks/search") {
            wait = wait.max(self.one_more((token.to_owned(), true), SEARCHES, now));
        }
        if wait == 0 { Ok(()) } else { Err(too_many(wait)) }
    }

    /// Seconds to wait; 0 if there is room.
    fn one_more(&mut self, whose: (String, bool), limit: usize, now: Timestamp) -> u64 {
        let times = self.asked.entry(whose).or_default();
        while times.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            times.pop_front();
        }
        times.push_back(now);
        if times.len() <= limit {
            return 0;
        }
        // So many have to grow old before there is room for one more.
        let blocking = times[times.len() - limit.max(1)];
        let wait = MINUTE.saturating_sub(now.duration_since(blocking));
        u64::try_from(wait.as_secs()).unwrap_or(0).max(1)
    }

    /// Whether objects may still be touched; the balance may be below nothing. `Err`: it is.
    pub(super) fn afford(&mut self, token: &str, now: Timestamp) -> Result<(), Reply> {
        let Some(budget) = self.settings.objects_per_minute else { return Ok(()) };
        let rate = budget as f64 / 60.0;
        let (left, counted) = self.budgets.get(token).copied().unwrap_or((budget as f64, now));
        let left = (left + now.duration_since(counted).as_secs_f64() * rate).min(budget as f64);
        self.budgets.insert(token.to_owned(), (left, now));
        if left >= 0.0 {
            return Ok(());
        }
        Err(too_many((-left / rate).ceil() as u64))
    }

    pub(super) fn spend(&mut self, token: &str, touched: u64) {
        if let Some((left, _)) = self.budgets.get_mut(token) {
            *left -= touched as f64;
        }
    }
}

impl Call {
    /// The scopes of the token cover this request. `Err`: they do not.
    pub(super) fn in_scope(&self) -> Result<(), Reply> {
        let parts: Vec<&str> = self.path.split('/').skip(1).collect();
        let read = self.method == Method::GET;
        let needed = match (parts.as_slice(), &self.method) {
            (["tasks", _, "stories"] | ["stories", _], _) if read => "stories:read",
            (["stories", _], &Method::DELETE) => "stories:delete",
            (["tasks", _, "stories"] | ["stories", _], _) => "stories:write",
            (["tasks", _, "time_tracking_entries"] | ["time_tracking_entries", ..], _) => "time_tracking_entries:read",
            (["tasks", ..] | ["projects" | "sections" | "tags", _, "tasks"], _) => "tasks:read",
            (["workspaces", _, "tasks", "search"], _) => "tasks:read",
            (["projects", _, "custom_field_settings"] | ["custom_fields", ..], _) => "custom_fields:read",
            (["projects", _, "sections"], _) => return Ok(()),
            (["projects", ..], _) => "projects:read",
            (["users", ..], _) => "users:read",
            (["ooo_entries", ..], _) => "ooo_entries:read",
            (["webhooks", ..], _) => "webhooks:read",
            (["workspaces", _, "workspace_memberships"], _) => return Ok(()),
            (["workspaces", ..], _) => "workspaces:read",
            _ => return Ok(()),
        };
        if self.lacks.contains(needed) {
            return Err(refuse(403, &format!("Your token does not have the required scope: {needed}")));
        }
        Ok(())
    }
}
