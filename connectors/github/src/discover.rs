//! What a token lets us see before anything is watched: repositories, who works there, which labels there are.

use std::collections::HashMap;

use connector_kit::survey::{Sight, Survey, Visible};
use connector_kit::{BoxFuture, ConnectorError};
use connector_model::{Account, AccountKind};
use serde::Deserialize;

use crate::address::{Place, is_repo_name};
use crate::answers::{partial, refusal};
use crate::call::{Query, expect_ok};
use crate::wire::{Issue, Label, Str, User};
use crate::{GitHub, items, normalise};

/// Items a page; GitHub gives no more.
const PAGE: &str = "100";
/// Pages of repositories: two thousand, the most recently used.
const REPO_PAGES: u32 = 20;
/// Pages of open issues that are looked through for people.
const ISSUE_PAGES: u32 = 3;
/// Pages of labels.
const LABEL_PAGES: u32 = 5;

/// A repository as a list shows it.
#[derive(Debug, Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    full_name: Str<'a>,
    archived: Option<bool>,
    disabled: Option<bool>,
    has_issues: Option<bool>,
    open_issues_count: Option<u64>,
}

/// The list of an installation stands in an object.
#[derive(Debug, Deserialize)]
struct Installed<'a> {
    #[serde(borrow)]
    repositories: &'a serde_json::value::RawValue,
}

impl Listed<'_> {
    fn visible(&self) -> Visible {
        let unfit = match (self.archived, self.disabled, self.has_issues) {
            (Some(true), _, _) => Some("archived"),
            (_, Some(true), _) => Some("disabled"),
            (_, _, Some(false)) => Some("issues are switched off"),
            _ => None,
        };
        Visible { name: self.full_name.to_string(), open: self.open_issues_count.unwrap_or(0), unfit }
    }
}

impl GitHub {
    async fn repositories(&self) -> Result<Sight, ConnectorError> {
        let mut sight = Sight::default();
        // Asked first for what a user sees; an installation of an app is no user, and is told so.
        let mut path = "user/repos";
        let mut page = 1;
        while page <= REPO_PAGES {
            let mut query: Query = vec![("per_page", PAGE.to_owned()), ("page", page.to_string())];
            if path == "user/repos" {
                query.push(("affiliation", "owner,collaborator,organization_member".to_owned()));
                query.push(("sort", "pushed".to_owned()));
            }
            let response = self.get(self.any_owner(), path.to_owned(), query, None).await?;
            if path == "user/repos" && matches!(response.status, 403 | 404) && page == 1 {
                path = "installation/repositories";
                continue;
            }
            if response.status != 200 {
                return Err(refusal(&response, "the list of repositories"));
            }
            sight.partial = sight.partial.or_else(|| partial(&response));
            let body: &[u8] = if path == "user/repos" {
                &response.body
            } else {
                items::single::<Installed<'_>>(&response.body, path)?.repositories.get().as_bytes()
            };
            let listed = items::list::<Listed<'_>>(body, path)?;
            sight.containers.extend(listed.read.iter().map(Listed::visible));
            if response.next_link().is_none() {
                return Ok(sight);
            }
            page += 1;
        }
        let more = || format!("only the {} repositories used last are listed", sight.containers.len());
        sight.partial = Some(sight.partial.clone().unwrap_or_else(more));
        Ok(sight)
    }

    async fn people_of(&self, repo: &str) -> Result<Vec<Account>, ConnectorError> {
        let place = place(repo)?;
        let mut known: HashMap<u64, (usize, Account)> = HashMap::new();
        for page in 1..=ISSUE_PAGES {
            let query: Query = vec![
                ("state", "open".to_owned()),
                ("assignee", "*".to_owned()),
                ("sort", "updated".to_owned()),
                ("direction", "desc".to_owned()),
                ("per_page", PAGE.to_owned()),
                ("page", page.to_string()),
            ];
            let what = format!("the issues of {repo}");
            let response = expect_ok(self.get_at(&place, "issues", query, None).await?, &what)?;
            let issues = items::list::<Issue<'_>>(&response.body, &what)?;
            let open = issues.read.iter().filter(|issue| issue.pull_request.is_none());
            for user in open.flat_map(|issue| issue.assignees.iter().flatten().flatten()) {
                known.entry(user.id).or_insert_with(|| (0, normalise::account(user))).0 += 1;
            }
            if response.next_link().is_none() {
                break;
            }
        }
        let mut people: Vec<(usize, Account)> =
            known.into_values().filter(|(_, account)| account.kind == AccountKind::Human).collect();
        people.sort_by(|(many, one), (few, other)| few.cmp(many).then_with(|| one.handle.cmp(&other.handle)));
        Ok(people.into_iter().map(|(_, account)| account).collect())
    }

    async fn labels_of(&self, repo: &str) -> Result<Vec<String>, ConnectorError> {
        let place = place(repo)?;
        let mut labels = Vec::new();
        for page in 1..=LABEL_PAGES {
            let query: Query = vec![("per_page", PAGE.to_owned()), ("page", page.to_string())];
            let what = format!("the labels of {repo}");
            let response = expect_ok(self.get_at(&place, "labels", query, None).await?, &what)?;
            let listed = items::list::<Label<'_>>(&response.body, &what)?;
            labels.extend(listed.read.iter().filter_map(|label| label.0.as_deref().map(str::to_owned)));
            if response.next_link().is_none() {
                break;
            }
        }
        Ok(labels)
    }

    async fn profile_of(&self, login: &str) -> Result<Option<Account>, ConnectorError> {
        if !is_login(login) {
            return Ok(None);
        }
        let response = self.get(self.any_owner(), format!("users/{login}"), Query::new(), None).await?;
        match response.status {
            200 => Ok(Some(normalise::account(&items::single::<User<'_>>(&response.body, "the account")?))),
            // Accounts that an enterprise manages are not shown to tokens from outside of it.
            404 => Ok(None),
            _ => Err(refusal(&response, "the account")),
        }
    }
}

fn place(repo: &str) -> Result<Place, ConnectorError> {
    if is_repo_name(repo) {
        return Ok(Place::named(repo));
    }
    let what = format!("repository \"{repo}\": write it as owner/name");
    Err(ConnectorError::Misconfigured { tool: crate::TOOL, what })
}

/// Whether this may be a login, and so is safe in a path.
fn is_login(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

impl Survey for GitHub {
    fn visible(&self) -> BoxFuture<'_, Result<Sight, ConnectorError>> {
        Box::pin(self.repositories())
    }

    fn assignees<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<Account>, ConnectorError>> {
        Box::pin(self.people_of(container))
    }

    fn labels<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<String>, ConnectorError>> {
        Box::pin(self.labels_of(container))
    }

    fn profile<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<Option<Account>, ConnectorError>> {
        Box::pin(self.profile_of(handle))
    }
}
