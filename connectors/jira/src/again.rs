//! Open issues as they are now, once a day: some of what an issue says changes without the issue being touched. A status is
//! put into another category, whoever owns it has left, a sprint begins on which the selection depends: none of it moves
//! `updated`, so no increment shows it.
//!
//! Known open issues are handed over by the store and asked for by number, a hundred a call; what a first read has just
//! brought is not asked for again.

use connector_kit::http::{Method, Response};
use connector_kit::{BoxFuture, ConnectorError, Cursor, KnownTask, Page, Scope, StreamKey, StreamKind, Wanted};
use connector_model::Lack;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use crate::answers::expect_ok;
use crate::call::Call;
use crate::config::Edition;
use crate::fill::{Changed, Past};
use crate::search::{Search, id_of};
use crate::tasks::fields;
use crate::when::millis;
use crate::{Jira, READ, items, jql};

/// Issues asked for in one call; Cloud takes no more.
const MOST: u32 = 100;

/// So long after a pass the next one begins at the earliest, whoever asks more often.
const EVERY: SignedDuration = SignedDuration::from_hours(20);

/// Where a pass stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Pass {
    /// When the last one was over, by our clock.
    done: Option<i64>,
    /// The last issue that was asked for in the one that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Issues were read while the site did not tell all of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lean: bool,
}

impl Pass {
    fn from_cursor(cursor: &Cursor) -> Pass {
        cursor.at.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn to_cursor(&self) -> Cursor {
        let text = serde_json::to_string(self).expect("numbers and names are always JSON");
        Cursor { at: Some(text), etag: None, backfilled: true }
    }
}

/// Issues of an answer.
#[derive(Deserialize)]
struct Issues<'a> {
    #[serde(borrow, default)]
    issues: Vec<&'a RawValue>,
}

impl Jira {
    /// Known open issues, where a pass is due.
    pub(crate) fn wanted_again(&self, stream: &StreamKey, cursor: &Cursor) -> Option<Wanted> {
        if stream.kind != StreamKind::Links {
            return None;
        }
        let pass = Pass::from_cursor(cursor);
        let since = millis(self.clock.now()).abs_diff(pass.done?);
        let is_due = pass.after.is_some() || since >= EVERY.unsigned_abs().as_millis().try_into().unwrap_or(u64::MAX);
        is_due.then_some(Wanted { after: pass.after, most: MOST })
    }

    /// Nothing: a pass is not due yet.
    pub(crate) fn not_again_yet(&self, cursor: &Cursor) -> Page {
        let now = self.clock.now();
        let mut pass = Pass::from_cursor(cursor);
        pass.done = pass.done.or(Some(millis(now)));
        let lacks = self.lacks(&mut pass, false);
        let mut page = Page::new(now, pass.to_cursor());
        page.lacks = lacks;
        page.unchanged = true;
        page
    }

    /// What the site does not tell. What it tells again counts once a pass was made with it.
    fn lacks(&self, pass: &mut Pass, is_over: bool) -> Option<Vec<Lack>> {
        let lacks = self.known_site()?.lacks.clone()?;
        let was_lean = pass.lean;
        pass.lean = !lacks.is_empty() || (was_lean && !is_over);
        (!lacks.is_empty() || !pass.lean).then_some(lacks)
    }

    /// One call's issues, as they are now.
    pub(crate) async fn read_again(
        &self,
        scope: &Scope,
        cursor: &Cursor,
        tasks: &[KnownTask],
    ) -> Result<Page, ConnectorError> {
        let mut pass = Pass::from_cursor(cursor);
        let mut page = Page::new(self.clock.now(), Cursor::default());
        let ids: Vec<u64> = tasks.iter().filter_map(|task| task.handle.parse().ok()).collect();
        let what = format!("open issues of {}", scope.name);
        let answers = if ids.is_empty() { Vec::new() } else { self.issues_by_id(&ids, &what).await? };
        for response in &answers {
            page.asked_at = response.asked_at;
            let listed: Issues<'_> = items::single(response, &what)?;
            let raws: Vec<(u64, &RawValue)> =
                listed.issues.iter().filter_map(|raw| Some((id_of(raw)?, *raw))).collect();
            let covered = self.covered(raws.iter().map(|(id, _)| *id)).await?;
            // What no search shows yet may be covered as well.
            let left: Vec<u64> = raws.iter().map(|(id, _)| *id).filter(|id| !covered.contains(id)).collect();
            let shown = if left.is_empty() { Vec::new() } else { self.shown(&left).await? };
            let told = raws.iter().filter(|(id, _)| covered.contains(id) || shown.contains(id));
            let told: Vec<Changed<'_>> =
                told.map(|(id, raw)| Changed { id: *id, raw, covered: covered.contains(id) }).collect();
            self.fill(&mut page, &told, Past::None).await?;
        }
        pass.after = tasks.last().filter(|_| tasks.len() >= MOST as usize).map(|task| task.ext.clone());
        page.more = pass.after.is_some();
        if !page.more {
            pass.done = Some(millis(self.clock.now()));
        }
        page.lacks = self.lacks(&mut pass, !page.more);
        page.next = pass.to_cursor();
        Ok(page)
    }

    /// Issues by number; those that are not there, or not to be seen, are left out.
    fn issues_by_id<'a>(
        &'a self,
        ids: &'a [u64],
        what: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Response>, ConnectorError>> {
        Box::pin(async move {
            let (edition, site) = (self.edition().await?, self.site().await?);
            let fields = fields(edition, &site);
            if edition == Edition::Cloud {
                let names: Vec<String> = ids.iter().map(u64::to_string).collect();
                let call = Call::new(Method::POST, "issue/bulkfetch")
                    .json(&json!({"issueIdsOrKeys": names, "fields": fields}))
                    .budget(READ);
                let response = self.read(&call).await?;
                // Elsewhere, or with fewer scopes, the search has to do.
                if !matches!(response.status, 403..=405 | 410) {
                    return Ok(vec![expect_ok(response, what)?]);
                }
            }
            let size = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            let asked = Search { jql: jql::ids(ids.iter().copied()), fields, size, ..Search::default() };
            match self.search_first(&asked, what).await {
                Err(ConnectorError::Misconfigured { .. }) if ids.len() > 1 => {
                    let (one, other) = ids.split_at(ids.len() / 2);
                    let mut all = self.issues_by_id(one, what).await?;
                    all.extend(self.issues_by_id(other, what).await?);
                    Ok(all)
                }
                Err(ConnectorError::Misconfigured { .. }) => Ok(Vec::new()),
                answer => Ok(vec![answer?]),
            }
        })
    }

    /// Which of these a search shows at all.
    pub(crate) async fn shown(&self, ids: &[u64]) -> Result<Vec<u64>, ConnectorError> {
        let mut shown = Vec::new();
        for some in ids.chunks(MOST as usize) {
            shown.extend(self.matching(None, some).await?);
        }
        Ok(shown)
    }
}
