//! The census: ids of all open issues of a project once a day, so that what vanished is missed.
//!
//! A deleted issue leaves every list without a word, an archived one and one moved out of sight just so. The list is not
//! narrowed by the operator's selection: an issue that left it has not vanished.

use connector_kit::{ConnectorError, Cursor, Page, Scope};
use connector_model::TaskRef;
use serde_json::value::RawValue;

use crate::answers::date;
use crate::config::Edition;
use crate::search::{Found, Search};
use crate::stand::{Row, Stand, Walk};
use crate::when::millis;
use crate::wire::Stump;
use crate::{Jira, TOOL, cloud, dc, items, jql};

impl Jira {
    /// One page of ids.
    pub(crate) async fn pull_census(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let what = format!("open issues of {}", scope.name);
        let (edition, site) = (self.edition().await?, self.site().await?);
        let mut stand = Stand::from_cursor(cursor);
        let mut walk = stand.walk.take().unwrap_or_default();
        let asked = Search {
            jql: census_jql(scope, &walk, &site.open_though_done(&self.config.states)),
            // Pages of Cloud are large only where nothing but ids is asked for.
            fields: vec![if edition == Edition::Cloud { "id" } else { "created" }.to_owned()],
            size: if edition == Edition::Cloud { cloud::CENSUS_PAGE } else { dc::CENSUS_PAGE },
            token: walk.token.clone(),
            offset: walk.offset,
            with_history: false,
        };
        let Some(response) = self.search(&asked, &what).await? else {
            // A pass that was begun long ago: it is begun anew.
            let mut page = Page::new(self.clock.now(), Cursor { backfilled: cursor.backfilled, ..Cursor::default() });
            page.partial = Some(format!("{what}: the place in the list was refused; it is read from its beginning"));
            return Ok(page);
        };
        let found: Found<'_> = items::single(&response, &what)?;
        let rows: Vec<Row> = found.issues.iter().filter_map(|raw| row(raw)).collect();
        let is_over = walk.turn(&rows, found.next(edition, &asked), date(&response)).map_err(|because| {
            ConnectorError::Malformed { tool: TOOL, what: format!("{what}: {because}"), source: None }
        })?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        page.present = rows.iter().map(|(id, _)| TaskRef::Ext(id.to_string())).collect();
        if rows.len() < found.issues.len() {
            page.partial = Some(format!("{what}: some could not be read"));
        }
        page.more = !is_over;
        page.next = match is_over {
            true => Cursor { backfilled: true, ..Cursor::default() },
            false => {
                stand.walk = Some(walk);
                stand.to_cursor(cursor.backfilled)
            }
        };
        Ok(page)
    }
}

fn row(raw: &RawValue) -> Option<Row> {
    let stump: Stump<'_> = serde_json::from_str(raw.get()).ok()?;
    let created = stump.fields.and_then(|fields| fields.created).map(|when| millis(when.0));
    Some((stump.id.parse().ok()?, created))
}

fn census_jql(scope: &Scope, walk: &Walk, also: &[&str]) -> String {
    let open = match also {
        [] => "statusCategory != Done".to_owned(),
        ids => format!("(statusCategory != Done OR status in ({}))", ids.join(",")),
    };
    let mut text = format!("{} AND {open}", jql::projects([scope.handle.as_str()]));
    if let Some(floor) = walk.floor {
        text.push_str(&format!(" AND created >= {floor}"));
    }
    text + " ORDER BY created ASC, key ASC"
}
