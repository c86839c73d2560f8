//! What an account lets us see before anything is watched: projects, who works there, which statuses work passes through.

use std::collections::HashMap;

use connector_kit::http::{Method, Response};
use connector_kit::survey::{Sight, Survey, Visible};
use connector_kit::{BoxFuture, ConnectorError};
use connector_model::{Account, AccountKind};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::{expect_ok, refusal};
use crate::call::{Call, Query, segment};
use crate::config::Edition;
use crate::wire::User;
use crate::{Jira, SEARCH, TOOL, jql, normalise};

/// Projects a page on Cloud.
const PROJECTS: usize = 100;
/// Pages of projects: two thousand, the most recently used.
const PROJECT_PAGES: usize = 20;
/// Projects whose open issues are counted; each costs a call.
const MOST_COUNTED: usize = 100;
/// Issues a page, and pages of open issues that are looked through for people.
const ISSUES: usize = 100;
const ISSUE_PAGES: usize = 3;

/// A project as a list shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    pub(crate) key: String,
    archived: Option<bool>,
}

/// A page of projects, on Cloud.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectPage {
    values: Vec<Value>,
    is_last: Option<bool>,
}

/// A page of issues, of either edition.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssuePage {
    #[serde(default)]
    issues: Vec<Assigned>,
    next_page_token: Option<String>,
    total: Option<u64>,
}

#[derive(Deserialize)]
struct Assigned {
    fields: AssignedFields,
}

#[derive(Deserialize)]
struct AssignedFields {
    assignee: Option<Value>,
}

/// The statuses of one type of issue.
#[derive(Deserialize)]
struct OfType {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    name: String,
    status_category: Option<Category>,
}

#[derive(Deserialize)]
struct Category {
    key: String,
}

impl Jira {
    /// Every project that is shown, and why there may be more.
    pub(crate) async fn listed_projects(&self) -> Result<(Vec<Listed>, Option<String>), ConnectorError> {
        let what = "the list of projects";
        let read = |values: Vec<Value>| values.into_iter().filter_map(|one| Listed::deserialize(one).ok());
        if self.edition().await? == Edition::DataCenter {
            let response = expect_ok(self.get("project", Query::new()).await?, what)?;
            return Ok((read(response.json(TOOL, what)?).collect(), None));
        }
        let (mut projects, mut start) = (Vec::new(), 0);
        for _ in 0..PROJECT_PAGES {
            let query = vec![
                ("status", "live".to_owned()),
                ("orderBy", "-lastIssueUpdatedDate".to_owned()),
                ("startAt", start.to_string()),
                ("maxResults", PROJECTS.to_string()),
            ];
            let response = self.get("project/search", query).await?;
            // How Cloud says that there is none.
            if response.status == 404 && start == 0 {
                return Ok((projects, None));
            }
            let page: ProjectPage = expect_ok(response, what)?.json(TOOL, what)?;
            start += page.values.len();
            let is_last = page.is_last == Some(true) || page.values.is_empty();
            projects.extend(read(page.values));
            if is_last {
                return Ok((projects, None));
            }
        }
        let partial = format!("only the {} projects used last are listed", projects.len());
        Ok((projects, Some(partial)))
    }

    async fn sight(&self) -> Result<Sight, ConnectorError> {
        let (projects, partial) = self.listed_projects().await?;
        let mut sight = Sight { containers: Vec::with_capacity(projects.len()), partial };
        let mut counted = 0;
        for project in projects {
            let unfit = (project.archived == Some(true)).then_some("archived");
            let counts = unfit.is_none() && counted < MOST_COUNTED;
            let open = if counts { self.open_issues(&project.key).await? } else { 0 };
            counted += usize::from(counts);
            sight.containers.push(Visible { name: project.key, open, unfit });
        }
        let left_out = sight.containers.iter().filter(|one| one.unfit.is_none()).count() - counted;
        if left_out > 0 && sight.partial.is_none() {
            sight.partial = Some(format!("the open issues of {left_out} projects were not counted"));
        }
        Ok(sight)
    }

    /// Open issues of a project; on Cloud an estimate.
    async fn open_issues(&self, key: &str) -> Result<u64, ConnectorError> {
        let (jql, what) = (open(key), format!("the number of open issues of {key}"));
        match self.edition().await? {
            Edition::Cloud => {
                let response = self.post_read("search/approximate-count", &json!({"jql": jql}), SEARCH).await?;
                let counted: Value = expect_ok(response, &what)?.json(TOOL, &what)?;
                Ok(counted["count"].as_u64().unwrap_or(0))
            }
            Edition::DataCenter => {
                let body = json!({"jql": jql, "maxResults": 0, "fields": ["id"]});
                let response = self.post_read("search", &body, SEARCH).await?;
                let page: IssuePage = expect_ok(response, &what)?.json(TOOL, &what)?;
                Ok(page.total.unwrap_or(0))
            }
        }
    }

    async fn people_of(&self, key: &str) -> Result<Vec<Account>, ConnectorError> {
        let edition = self.edition().await?;
        let what = format!("the issues of {key}");
        let jql = format!("{} AND assignee is not EMPTY ORDER BY updated DESC", open(key));
        let mut known: HashMap<String, (usize, Account)> = HashMap::new();
        let (mut token, mut seen): (Option<String>, usize) = (None, 0);
        for _ in 0..ISSUE_PAGES {
            let mut body = json!({"jql": jql, "maxResults": ISSUES, "fields": ["assignee"]});
            let path = match edition {
                Edition::Cloud => "search/jql",
                Edition::DataCenter => "search",
            };
            match &token {
                Some(token) => body["nextPageToken"] = json!(token),
                None if edition == Edition::DataCenter => body["startAt"] = json!(seen),
                None => {}
            }
            let response = expect_ok(self.post_read(path, &body, SEARCH).await?, &what)?;
            let page: IssuePage = response.json(TOOL, &what)?;
            let count = page.issues.len();
            for account in page.issues.into_iter().filter_map(|issue| account_of(&issue.fields.assignee?, edition)) {
                known.entry(account.ext.clone()).or_insert((0, account)).0 += 1;
            }
            seen += count;
            let ends = match edition {
                Edition::Cloud => page.next_page_token.is_none(),
                Edition::DataCenter => page.total.is_none_or(|total| seen as u64 >= total),
            };
            if count == 0 || ends {
                break;
            }
            token = page.next_page_token;
        }
        let mut people: Vec<(usize, Account)> =
            known.into_values().filter(|(_, account)| account.kind == AccountKind::Human).collect();
        people.sort_by(|(many, one), (few, other)| few.cmp(many).then_with(|| one.handle.cmp(&other.handle)));
        Ok(people.into_iter().map(|(_, account)| account).collect())
    }

    /// Statuses of work that is under way: of these the site itself tells no more than that. The others need no word.
    async fn statuses_of(&self, key: &str) -> Result<Vec<String>, ConnectorError> {
        let what = format!("the statuses of {key}");
        let response = expect_ok(self.get(format!("project/{}/statuses", segment(key)), Query::new()).await?, &what)?;
        let types: Vec<OfType> = response.json(TOOL, &what)?;
        let mut names: Vec<String> = Vec::new();
        for status in types.into_iter().flat_map(|of_type| of_type.statuses) {
            let under_way = status.status_category.is_some_and(|category| category.key == "indeterminate");
            if under_way && !names.contains(&status.name) {
                names.push(status.name);
            }
        }
        Ok(names)
    }

    async fn profile_of(&self, handle: &str) -> Result<Option<Account>, ConnectorError> {
        let edition = self.edition().await?;
        let by = match edition {
            Edition::Cloud => "accountId",
            Edition::DataCenter => "username",
        };
        let response = self.get("user", vec![(by, handle.to_owned())]).await?;
        match response.status {
            200 => Ok(account_of(&response.json(TOOL, "the account")?, edition)),
            // To look people up is a right of its own, which this account may lack.
            400 | 403 | 404 => Ok(None),
            _ => Err(refusal(&response, "the account")),
        }
    }

    /// How many boards can be read, as far as one page tells. `None`: this site has no boards.
    pub(crate) async fn boards(&self) -> Result<Option<Response>, ConnectorError> {
        let call = Call::new(Method::GET, "board").query(vec![("maxResults", "1".to_owned())]);
        let response = self.read(&call.of(crate::call::Api::Agile)).await?;
        Ok((response.status != 404).then_some(response))
    }
}

fn open(key: &str) -> String {
    format!("{} AND statusCategory != Done", jql::projects([key]))
}

/// An account in our words. `None`: it names nobody.
pub(crate) fn account_of(user: &Value, edition: Edition) -> Option<Account> {
    normalise::account(&User::deserialize(user).ok()?, edition)
}

impl Survey for Jira {
    fn visible(&self) -> BoxFuture<'_, Result<Sight, ConnectorError>> {
        Box::pin(self.sight())
    }

    fn assignees<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<Account>, ConnectorError>> {
        Box::pin(self.people_of(container))
    }

    fn labels<'a>(&'a self, container: &'a str) -> BoxFuture<'a, Result<Vec<String>, ConnectorError>> {
        Box::pin(self.statuses_of(container))
    }

    fn profile<'a>(&'a self, handle: &'a str) -> BoxFuture<'a, Result<Option<Account>, ConnectorError>> {
        Box::pin(self.profile_of(handle))
    }
}
