//! Issues as they are now, with their histories: first all of a project, then what changed in all projects at once.

use std::collections::{BTreeMap, HashSet};

use connector_kit::http::Response;
use connector_kit::{BoxFuture, ConnectorError, Cursor, Page, Scope, StreamKey, Unreadable};
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::answers::date;
use crate::call::segment;
use crate::config::Edition;
use crate::fill::{Changed, Past};
use crate::search::{Found, Search};
use crate::site::Site;
use crate::stand::{NARROW, Next, Row, Stand, WIDE, Walk};
use crate::when::millis;
use crate::wire::Stump;
use crate::{Jira, TOOL, cloud, dc, items, jql};

/// Pages of what changed that are read in one go; more than that is read project by project.
const MOST_PAGES: usize = 20;

/// The most of what changed that is held in memory at once, in bytes.
const MOST_BYTES: usize = 24 << 20;

/// Ids in one condition.
const MOST_IDS: usize = 100;

/// A project whose last pass lies so much further back than the others' is asked for by itself.
const STRAGGLER: i64 = 2 * WIDE;

/// So often all issues that a narrowed selection covers are asked for.
const SELECTED_EVERY: i64 = 6 * 60 * 60_000;

/// An issue of a page before it is read.
struct Seen<'a> {
    id: u64,
    created: Option<i64>,
    updated: Option<i64>,
    project: String,
    raw: &'a RawValue,
}

/// One project in a joint read.
struct Part<'a> {
    scope: &'a Scope,
    stand: Stand,
    page: Page,
}

impl Jira {
    /// The next page of a first pass, of a long increment, or all that changed.
    pub(crate) async fn pull_tasks(&self, scope: &Scope, cursor: &Cursor) -> Result<Page, ConnectorError> {
        let mut stand = Stand::from_cursor(cursor);
        if stand.rests() && cursor.backfilled && !self.selects_anew(&stand) {
            let mut pages = self.increments(vec![(scope, stand)]).await?;
            return pages.pop().ok_or_else(|| malformed("a page was lost"));
        }
        let walk = stand.walk.take().unwrap_or_default();
        self.walk_on(scope, stand, walk, cursor).await
    }

    /// What changed in several projects that rest, in one search.
    pub(crate) async fn pull_tasks_jointly(
        &self,
        streams: &[(StreamKey, Cursor)],
    ) -> Result<Vec<Page>, ConnectorError> {
        let mut pages: Vec<Option<Page>> = streams.iter().map(|_| None).collect();
        let mut groups: Vec<Vec<(usize, &Scope, Stand)>> = Vec::new();
        let mut newest: Option<i64> = None;
        for (at, (key, cursor)) in streams.iter().enumerate() {
            let Some(scope) = &key.scope else { return Err(malformed("a stream without a project")) };
            let stand = Stand::from_cursor(cursor);
            if !stand.rests() || !cursor.backfilled || self.selects_anew(&stand) {
                pages[at] = Some(self.pull_tasks(scope, cursor).await?);
                continue;
            }
            newest = newest.max(stand.began);
            groups.push(vec![(at, scope, stand)]);
        }
        let newest = newest.unwrap_or_default();
        let is_near = |group: &Vec<(usize, &Scope, Stand)>| {
            group.iter().all(|(_, _, stand)| newest - stand.began.unwrap_or_default() <= STRAGGLER)
        };
        let (near, mut far): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_near);
        far.insert(0, near.into_iter().flatten().collect());
        for group in far.into_iter().filter(|group| !group.is_empty()) {
            let places: Vec<usize> = group.iter().map(|(at, ..)| *at).collect();
            let parts = group.into_iter().map(|(_, scope, stand)| (scope, stand)).collect();
            for (at, page) in places.into_iter().zip(self.increments(parts).await?) {
                pages[at] = Some(page);
            }
        }
        pages.into_iter().map(|page| page.ok_or_else(|| malformed("a page was lost"))).collect()
    }

    /// Whether it is time to ask for all that the selection covers: what a query like `sprint in openSprints()` finds changes
    /// without the issues being touched.
    fn selects_anew(&self, stand: &Stand) -> bool {
        let now = millis(self.there_now());
        self.config.select.is_some() && stand.whole.is_none_or(|whole| (now - whole).abs() >= SELECTED_EVERY)
    }

    /// One page of a walk in the order of creation.
    async fn walk_on(
        &self,
        scope: &Scope,
        mut stand: Stand,
        mut walk: Walk,
        cursor: &Cursor,
    ) -> Result<Page, ConnectorError> {
        let what = format!("issues of {}", scope.name);
        let (edition, site) = (self.edition().await?, self.site().await?);
        let asked = Search {
            jql: self.walk_jql(scope, &walk),
            fields: fields(edition, &site),
            size: page_size(edition),
            token: walk.token.clone(),
            offset: walk.offset,
            with_history: true,
        };
        let answer = match self.search(&asked, &what).await {
            Err(error) => return Err(self.about_project(error, scope).await),
            Ok(answer) => answer,
        };
        let Some(response) = answer else {
            walk.forget_token();
            let mut page = Page::new(self.clock.now(), Cursor::default());
            stand.walk = Some(walk);
            (page.more, page.next) = (true, stand.to_cursor(cursor.backfilled));
            return Ok(page);
        };
        let found: Found<'_> = items::single(&response, &what)?;
        let mut page = Page::new(response.asked_at, Cursor::default());
        let seen = stumps(&found.issues, &what, &mut page.unreadable)?;
        let rows: Vec<Row> = seen.iter().map(|one| (one.id, one.created)).collect();
        let is_over = walk
            .turn(&rows, found.next(edition, &asked), date(&response))
            .map_err(|because| malformed(&format!("{what}: {because}")))?;
        let here = seen.into_iter().filter(|one| one.project == scope.at.ext);
        let fresh: Vec<Seen<'_>> =
            here.filter(|one| !one.updated.is_some_and(|updated| stand.has_seen(one.id, updated))).collect();
        // A first pass is narrowed by its question; what changed later is asked for whole.
        let covered = match walk.since {
            None => fresh.iter().map(|one| one.id).collect(),
            Some(_) => self.covered(fresh.iter().map(|one| one.id)).await?,
        };
        let began = walk.began.unwrap_or_else(|| millis(response.asked_at));
        self.take_up(&mut page, &fresh, &covered, &mut stand, began).await?;
        if is_over {
            if walk.since.is_none() {
                stand.whole = Some(began);
            }
            stand.complete(began, walk.since.is_none_or(|since| since <= began - WIDE));
            page.history_since = (!cursor.backfilled).then_some(Timestamp::UNIX_EPOCH);
        } else {
            stand.walk = Some(walk);
            page.more = true;
        }
        page.next = stand.to_cursor(cursor.backfilled || is_over);
        Ok(page)
    }

    /// A question that was refused, in whatever language: where its project is not to be seen any more, that is why, and no
    /// other project has to wait for it.
    async fn about_project(&self, error: ConnectorError, scope: &Scope) -> ConnectorError {
        if !matches!(error, ConnectorError::Misconfigured { .. }) {
            return error;
        }
        match self.get(format!("project/{}", segment(&scope.at.ext)), Vec::new()).await {
            Ok(response) if matches!(response.status, 403 | 404) => ConnectorError::NotVisible {
                tool: TOOL,
                what: format!("project {}: not there, or the account may not browse it", scope.name),
            },
            _ => error,
        }
    }

    fn walk_jql(&self, scope: &Scope, walk: &Walk) -> String {
        let select = self.config.select.as_deref().filter(|_| walk.since.is_none());
        let mut text = jql::narrowed(&jql::projects([scope.handle.as_str()]), select);
        if let Some(since) = walk.since {
            text.push_str(&format!(" AND updated >= {since}"));
        }
        if let Some(floor) = walk.floor {
            text.push_str(&format!(" AND created >= {floor}"));
        }
        text + " ORDER BY created ASC, key ASC"
    }

    /// What changed in these projects since each was read last: one page for each.
    async fn increments(&self, of: Vec<(&Scope, Stand)>) -> Result<Vec<Page>, ConnectorError> {
        let now = millis(self.there_now());
        // A wide look back of one costs little more than that of all, which then need none of their own.
        let is_wide = of.iter().any(|(_, stand)| stand.from(now).1);
        let narrowest = of.iter().map(|(_, stand)| stand.began.unwrap_or_default().min(now)).min().unwrap_or(now);
        let from = narrowest - if is_wide { WIDE } else { NARROW };
        let asked_at = self.clock.now();
        let mut parts: Vec<Part<'_>> = of
            .into_iter()
            .map(|(scope, stand)| Part { scope, stand, page: Page::new(asked_at, Cursor::default()) })
            .collect();
        let Some(responses) = self.changed_since(&parts, from).await? else {
            // Too much for one go: each project walks by itself, and takes up again only what it has not.
            for part in &mut parts {
                part.stand.walk = Some(Walk::new(Some(from)));
                (part.page.more, part.page.next) = (true, part.stand.to_cursor(true));
            }
            return Ok(parts.into_iter().map(|part| part.page).collect());
        };
        let began = responses.first().map_or(now, |response| millis(date(response)));
        let places: BTreeMap<String, usize> =
            parts.iter().enumerate().map(|(at, part)| (part.scope.at.ext.clone(), at)).collect();
        let mut fresh: Vec<Vec<Seen<'_>>> = parts.iter().map(|_| Vec::new()).collect();
        let mut known: HashSet<u64> = HashSet::new();
        let mut unreadable = Vec::new();
        for response in &responses {
            let found: Found<'_> = items::single(response, "changed issues")?;
            for one in stumps(&found.issues, "changed issues", &mut unreadable)? {
                let Some(at) = places.get(&one.project).copied() else { continue };
                let is_old = one.updated.is_some_and(|updated| parts[at].stand.has_seen(one.id, updated));
                if !is_old && known.insert(one.id) {
                    fresh[at].push(one);
                }
            }
        }
        let covered = self.covered(fresh.iter().flatten().map(|one| one.id)).await?;
        for (part, fresh) in parts.iter_mut().zip(&fresh) {
            part.page.asked_at = responses.first().map_or(asked_at, |response| response.asked_at);
            self.take_up(&mut part.page, fresh, &covered, &mut part.stand, began).await?;
            part.stand.complete(began, is_wide);
            part.page.next = part.stand.to_cursor(true);
        }
        if let Some(first) = parts.first_mut() {
            first.page.unreadable.append(&mut unreadable);
        }
        Ok(parts.into_iter().map(|part| part.page).collect())
    }

    /// All pages of what changed. `None`: there are too many.
    async fn changed_since(&self, parts: &[Part<'_>], from: i64) -> Result<Option<Vec<Response>>, ConnectorError> {
        let what = match parts {
            [one] => format!("changed issues of {}", one.scope.name),
            _ => "changed issues".to_owned(),
        };
        let (edition, site) = (self.edition().await?, self.site().await?);
        let projects = jql::projects(parts.iter().map(|part| part.scope.handle.as_str()));
        let order = match edition {
            Edition::Cloud => "updated ASC, key ASC",
            // By what moves, numbered pages would skip.
            Edition::DataCenter => "created ASC, key ASC",
        };
        let mut asked = Search {
            jql: format!("{projects} AND updated >= {from} ORDER BY {order}"),
            fields: fields(edition, &site),
            size: page_size(edition),
            with_history: true,
            ..Search::default()
        };
        let (mut pages, mut bytes) = (Vec::new(), 0);
        while pages.len() < MOST_PAGES && bytes < MOST_BYTES {
            let response = match (self.search_first(&asked, &what).await, parts) {
                (Err(error), [one]) => return Err(self.about_project(error, one.scope).await),
                (answer, _) => answer?,
            };
            let found: Found<'_> = items::single(&response, &what)?;
            let next = found.next(edition, &asked);
            bytes += response.body.len();
            pages.push(response);
            match next {
                Next::Last => return Ok(Some(pages)),
                Next::Token(token) if asked.token.as_ref() == Some(&token) => {
                    return Err(malformed(&format!("{what}: the same token comes again")));
                }
                Next::Token(token) => asked.token = Some(token),
                Next::After(count) => asked.offset += count,
            }
        }
        Ok(None)
    }

    /// Reads issues onto a page and remembers what was taken up. What the selection does not show (yet: its index lags) is
    /// not, so that it is asked for again.
    async fn take_up(
        &self,
        page: &mut Page,
        fresh: &[Seen<'_>],
        covered: &HashSet<u64>,
        stand: &mut Stand,
        began: i64,
    ) -> Result<(), ConnectorError> {
        let changed: Vec<Changed<'_>> =
            fresh.iter().map(|one| Changed { id: one.id, raw: one.raw, covered: covered.contains(&one.id) }).collect();
        let taken = self.fill(page, &changed, Past::Whole).await?;
        for one in fresh {
            if let Some(updated) = one.updated
                && taken.contains(&one.id)
                && covered.contains(&one.id)
            {
                stand.see(one.id, updated, began);
            }
        }
        Ok(())
    }

    /// Which of these the selection covers; all where nothing is selected.
    pub(crate) async fn covered(&self, ids: impl Iterator<Item = u64>) -> Result<HashSet<u64>, ConnectorError> {
        let ids: Vec<u64> = ids.collect();
        let Some(select) = self.config.select.as_deref() else { return Ok(ids.into_iter().collect()) };
        let mut covered = HashSet::new();
        for some in ids.chunks(MOST_IDS) {
            covered.extend(self.matching(Some(select), some).await?);
        }
        Ok(covered)
    }

    /// Those of these issues that a search shows. One that is gone makes the whole question fail; then it is asked by halves.
    pub(crate) fn matching<'a>(
        &'a self,
        select: Option<&'a str>,
        ids: &'a [u64],
    ) -> BoxFuture<'a, Result<Vec<u64>, ConnectorError>> {
        Box::pin(async move {
            let jql = jql::narrowed(&jql::ids(ids.iter().copied()), select);
            match self.matching_ids(&jql, "changed issues that `select` covers").await {
                Err(ConnectorError::Misconfigured { .. }) if ids.len() > 1 => {
                    let (one, other) = ids.split_at(ids.len() / 2);
                    let mut all = self.matching(select, one).await?;
                    all.extend(self.matching(select, other).await?);
                    Ok(all)
                }
                Err(ConnectorError::Misconfigured { .. }) => Ok(Vec::new()),
                answer => answer,
            }
        })
    }

    /// What time it is at Jira, as far as is known.
    fn there_now(&self) -> Timestamp {
        let now = self.clock.now();
        self.skew().and_then(|skew| now.checked_add(skew).ok()).unwrap_or(now)
    }
}

/// What is asked of each issue.
pub(crate) fn fields(edition: Edition, site: &Site) -> Vec<String> {
    let standard = match edition {
        Edition::Cloud => cloud::FIELDS,
        Edition::DataCenter => dc::FIELDS,
    };
    standard.iter().copied().chain(site.roles.ids()).map(str::to_owned).collect()
}

fn page_size(edition: Edition) -> u32 {
    match edition {
        Edition::Cloud => cloud::PAGE,
        Edition::DataCenter => dc::PAGE,
    }
}

/// Tells a page's issues apart. One without `fields` shows that the question was not understood: nothing of it counts.
fn stumps<'a>(
    raws: &[&'a RawValue],
    what: &str,
    unreadable: &mut Vec<Unreadable>,
) -> Result<Vec<Seen<'a>>, ConnectorError> {
    let mut seen = Vec::with_capacity(raws.len());
    for (at, raw) in raws.iter().enumerate() {
        let mut bad = |because: String| unreadable.push(Unreadable { what: items::name_of(raw, at), because });
        let stump = match items::one::<Stump<'a>>(raw.get()) {
            Ok(stump) => stump,
            Err(because) => {
                bad(because);
                continue;
            }
        };
        let Some(fields) = stump.fields else { return Err(malformed(&format!("{what}: an issue without fields"))) };
        let Ok(id) = stump.id.parse() else {
            bad("its id is no number".to_owned());
            continue;
        };
        let Some(project) = fields.project else {
            bad("missing field `project`".to_owned());
            continue;
        };
        let at = |when: Option<crate::when::When>| when.map(|when| millis(when.0));
        let (created, updated) = (at(fields.created), at(fields.updated));
        seen.push(Seen { id, created, updated, project: project.id.to_string(), raw });
    }
    Ok(seen)
}

fn malformed(what: &str) -> ConnectorError {
    ConnectorError::Malformed { tool: TOOL, what: what.to_owned(), source: None }
}
