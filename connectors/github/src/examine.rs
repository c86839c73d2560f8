//! What `doctor` says of a connection to GitHub: whose token it is, what it may, what is left of its budgets.

use std::collections::BTreeMap;

use connector_kit::BoxFuture;
use connector_kit::http::Response;
use connector_kit::survey::{Examine, Finding, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::address::{Place, is_repo_name};
use crate::answers::{partial, refusal};
use crate::call::Query;
use crate::wire::Str;
use crate::{GitHub, items};

/// Below this share of a budget it is worth a word.
const LITTLE: u64 = 10;
/// A clock that differs by more is worth a word; GitHub tells whole seconds.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Repositories that are asked for one by one.
const MOST_PARTS: usize = 200;

/// `GET /rate_limit`
#[derive(Debug, Deserialize)]
struct Budgets {
    resources: BTreeMap<String, Budget>,
}

#[derive(Debug, Deserialize)]
struct Budget {
    limit: u64,
    remaining: u64,
    reset: i64,
}

/// A repository with what the account may do in it.
#[derive(Debug, Deserialize)]
struct Open<'a> {
    #[serde(borrow)]
    full_name: Str<'a>,
    archived: Option<bool>,
    disabled: Option<bool>,
    has_issues: Option<bool>,
    permissions: Option<BTreeMap<String, bool>>,
}

impl GitHub {
    async fn look_at_itself(&self, repos: &[String]) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.ask_whoami().await {
            Ok(who) => {
                let as_whom = who.account.and_then(|account| account.handle);
                findings.push(Finding::good(match as_whom {
                    Some(login) => format!("logged in as {login} at {}", self.origin),
                    None => format!("logged in at {}, as an app installation or a token without a user", self.origin),
                }));
                let todo = "see \"GitHub token\" in README.md";
                findings.extend(who.warnings.into_iter().map(|warning| Finding::warning(warning, todo)));
            }
            // Nothing else would answer better.
            Err(error) => return vec![Finding::failed(&error)],
        }
        findings.extend(self.budgets().await);
        findings.extend(self.skew().map(skew));
        for repo in repos.iter().take(MOST_PARTS) {
            findings.push(self.repository(repo).await);
        }
        if repos.len() > MOST_PARTS {
            findings.push(Finding::good(format!("{} more repositories were not checked", repos.len() - MOST_PARTS)));
        }
        findings
    }

    /// What kind of token it is, and what is left of each budget. Asking costs nothing of them.
    async fn budgets(&self) -> Vec<Finding> {
        let response = match self.get(self.any_owner(), "rate_limit".to_owned(), Query::new(), None).await {
            Ok(response) => response,
            Err(error) => return vec![Finding::failed(&error)],
        };
        let mut findings = vec![token(&response)];
        findings.extend(partial(&response).map(|why| Finding::warning(why, "authorise the token for single sign-on")));
        match response.status {
            200 => {
                match items::single::<Budgets>(&response.body, "rate_limit") {
                    Ok(budgets) => findings.extend(["core", "graphql"].into_iter().filter_map(|name| {
                        budgets.resources.get(name).map(|budget| left(name, budget, self.clock.now()))
                    })),
                    Err(error) => findings.push(Finding::failed(&error)),
                }
            }
            404 => findings.push(Finding::good("this server sets no rate limit")),
            _ => findings.push(Finding::failed(&refusal(&response, "rate_limit"))),
        }
        findings
    }

    async fn repository(&self, repo: &str) -> Finding {
        if !is_repo_name(repo) {
            let what = format!("{repo} is no repository's name");
            return Finding::problem(Verdict::Misconfigured, what, "write it as owner/name");
        }
        let response = match self.get_at(&Place::named(repo), "", Query::new(), None).await {
            Ok(response) if response.status == 200 => response,
            Ok(response) => return Finding::failed(&refusal(&response, repo)),
            Err(error) => return Finding::failed(&error),
        };
        match items::single::<Open<'_>>(&response.body, repo) {
            Ok(open) => state(repo, &open),
            Err(error) => Finding::failed(&error),
        }
    }
}

/// A classic token names its scopes in every answer; the others do not.
fn token(response: &Response) -> Finding {
    let header = |name| response.header(name).map(str::trim).filter(|text| !text.is_empty());
    let kind = match header("x-oauth-scopes") {
        Some(scopes) => format!("a classic token with the scopes {scopes}"),
        None => "a fine-grained token, or an app's: it names no scopes".to_owned(),
    };
    let ends = header("github-authentication-token-expiration");
    Finding::good(match ends {
        Some(ends) => format!("{kind}; it expires at {ends}"),
        None => format!("{kind}; it reports no expiry date"),
    })
}

fn left(name: &str, budget: &Budget, now: Timestamp) -> Finding {
    let Budget { limit, remaining, reset } = *budget;
    let minutes = Timestamp::from_second(reset).map_or(0, |at| (at.duration_since(now).as_secs().max(0) + 59) / 60);
    let what = format!("{remaining} of {limit} calls left of the budget \"{name}\", renewed in {minutes} min");
    match remaining {
        0 => Finding::problem(Verdict::Limited, what, "wait; something else may use the same token"),
        _ if remaining.saturating_mul(100) < limit.saturating_mul(LITTLE) => {
            Finding::warning(what, "gapwatch slows down by itself; something else may use the same token")
        }
        _ => Finding::good(what),
    }
}

fn skew(skew: SignedDuration) -> Finding {
    let what = format!("its clock differs from ours by {} s", skew.as_secs());
    if skew.abs() > SKEW {
        return Finding::warning(what, "set this machine's clock by NTP; beyond 5 min nothing is judged or sent");
    }
    Finding::good(what)
}

fn state(asked: &str, open: &Open<'_>) -> Finding {
    let name = &*open.full_name;
    if open.archived == Some(true) || open.disabled == Some(true) {
        return Finding::warning(
            format!("{name} is archived or disabled: it can be read, but not commented on"),
            "remove it from `repos`",
        );
    }
    if open.has_issues == Some(false) {
        return Finding::warning(
            format!("{name} has issues switched off: there is nothing to watch"),
            "remove it from `repos`",
        );
    }
    if !name.eq_ignore_ascii_case(asked) {
        return Finding::warning(format!("{asked} is now called {name}"), "put the new name into `repos`");
    }
    let role = ["admin", "maintain", "push", "triage", "pull"]
        .into_iter()
        .find(|role| open.permissions.as_ref().is_some_and(|permissions| permissions.get(*role) == Some(&true)));
    Finding::good(match role {
        Some("pull") => format!("{name} can be read; to comment, the token needs permission to write issues"),
        Some(role) => format!("{name} can be read and commented on (the account's role is {role})"),
        None => format!("{name} can be read; GitHub does not say whether comments are allowed"),
    })
}

impl Examine for GitHub {
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(self.look_at_itself(parts))
    }
}
