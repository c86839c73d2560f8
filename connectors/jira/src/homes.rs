//! Homes of a project's issues with dates of their own: versions, and the sprints of its boards. None of them moves the
//! `updated` of an issue, so they are asked for by themselves.

use std::collections::BTreeSet;

use connector_kit::http::Response;
use connector_kit::{ConnectorError, Cursor, Page, Scope};
use connector_model::{Container, ContainerKind, ContainerRef, Lack, Need};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::{Api, Call, Query, segment};
use crate::wire::{Sprint, Str, Version};
use crate::{Jira, TOOL, items, normalise};

/// The largest page of boards and sprints.
const PAGE: usize = 50;

/// Boards of a project, and pages of sprints of a board, that are looked at.
const MOST: usize = 200;

/// Sprints that were open when last seen: what is not listed any more is asked for once.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    open: BTreeSet<String>,
}

/// A page of boards or sprints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Values<'a> {
    #[serde(borrow, default)]
    values: Vec<&'a RawValue>,
    is_last: Option<bool>,
}

/// A board. Those of team-managed projects are `simple`, whether they have sprints or not.
#[derive(Debug, Deserialize)]
struct Board<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
}

impl Jira {
    /// All versions and all sprints of a project that are not over.
    pub(crate) async fn pull_homes(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let known: Known = cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let what = format!("versions of {}", scope.name);
        let path = format!("project/{}/versions", segment(&scope.handle));
        let response = expect_ok(self.get(path, Query::new()).await?, &what)?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        let listed: Vec<&RawValue> = items::single(&response, &what)?;
        let versions: Vec<Version<'_>> = items::each(listed, &mut page.unreadable);
        page.containers = versions.iter().map(normalise::version).collect();
        let mut refused = None;
        let sprints = self.sprints_of(scope, &mut page, &mut refused).await?;
        page.lacks = Some(refused.map(|because| Lack::whole(Need::Sprint, because)).into_iter().collect());
        let sprints = match sprints {
            Some(listed) => self.and_those_over(listed, &known).await?,
            // Not to be seen for now: what is known stays.
            None => {
                let at = cursor.at.clone();
                page.next = Cursor { at, etag: None, backfilled: true };
                return Ok(page);
            }
        };
        let open = sprints.iter().filter(|sprint| sprint.open).map(|sprint| sprint.at.ext.clone()).collect();
        page.containers.extend(sprints);
        let at = serde_json::to_string(&Known { open }).expect("names are always JSON");
        page.next = Cursor { at: Some(at), etag: None, backfilled: true };
        Ok(page)
    }

    /// A sprint that was open and is listed no more has ended, or is gone with its board.
    async fn and_those_over(&self, listed: Vec<Container>, known: &Known) -> Result<Vec<Container>, ConnectorError> {
        let mut all = listed;
        for id in &known.open {
            if all.iter().any(|sprint| sprint.at.ext == *id) {
                continue;
            }
            let told = self.sprint(id).await?;
            all.push(told.unwrap_or_else(|| Container {
                at: ContainerRef { kind: ContainerKind::Sprint, ext: id.clone() },
                name: String::new(),
                handle: format!("sprint/{id}"),
                due: None,
                open: false,
                responsible: None,
            }));
        }
        Ok(all)
    }

    /// Active and future sprints of a project's boards. `None`: boards are not to be seen; this site may have none.
    /// `refused`: why they are not.
    async fn sprints_of(
        &self,
        scope: &Scope,
        page: &mut Page,
        refused: &mut Option<String>,
    ) -> Result<Option<Vec<Container>>, ConnectorError> {
        let query = vec![("projectKeyOrId", scope.handle.clone())];
        let Some(pages) = self.agile("board", &query, refused).await? else { return Ok(None) };
        let mut boards = Vec::new();
        for response in &pages {
            let listed: Values<'_> = items::single(response, "boards")?;
            let read: Vec<Board<'_>> = items::each(listed.values, &mut page.unreadable);
            let may_have_sprints = read.into_iter().filter(|board| board.kind.as_deref() != Some("kanban"));
            boards.extend(may_have_sprints.map(|board| board.id.to_string()));
        }
        let mut sprints: Vec<Container> = Vec::new();
        for board in boards.into_iter().take(MOST) {
            let path = format!("board/{}/sprint", segment(&board));
            let query = vec![("state", "active,future".to_owned())];
            // A board that shows none of its sprints has none for us.
            for response in self.agile(&path, &query, refused).await?.unwrap_or_default() {
                let listed: Values<'_> = items::single(&response, "sprints")?;
                let read: Vec<Sprint<'_>> = items::each(listed.values, &mut page.unreadable);
                for sprint in read.iter().map(normalise::sprint) {
                    if !sprints.iter().any(|known| known.at == sprint.at) {
                        sprints.push(sprint);
                    }
                }
            }
        }
        Ok(Some(sprints))
    }

    /// Pages of a list of the agile API. `None`: 400 (a board without sprints), 403, 404 (a private one), 422 (a broken one).
    /// `refused`: where it is the credential that may not.
    async fn agile(
        &self,
        path: &str,
        query: &Query,
        refused: &mut Option<String>,
    ) -> Result<Option<Vec<Response>>, ConnectorError> {
        let (mut pages, mut offset) = (Vec::new(), 0);
        while pages.len() < MOST {
            let mut query = query.clone();
            query.extend([("startAt", offset.to_string()), ("maxResults", PAGE.to_string())]);
            let response = match self.read(&Call::get(path, query).of(Api::Agile)).await {
                Err(ConnectorError::Forbidden { what, .. }) => {
                    refused.get_or_insert(format!("boards are not shown to this account: {what}"));
                    return Ok(None);
                }
                answer => answer?,
            };
            if response.status == 403 {
                refused.get_or_insert_with(|| "boards are not shown to this account (HTTP 403)".to_owned());
            }
            if matches!(response.status, 400 | 403 | 404 | 405 | 422) {
                return Ok(None);
            }
            let response = expect_ok(response, path)?;
            let page: Values<'_> = items::single(&response, path)?;
            let count = page.values.len();
            let is_over = count == 0 || page.is_last.unwrap_or(count < PAGE);
            offset += count;
            pages.push(response);
            if is_over {
                return Ok(Some(pages));
            }
        }
        Err(ConnectorError::Malformed { tool: TOOL, what: format!("{path}: the pages do not end"), source: None })
    }
}
