//! What stands around an issue, many issues at once: parent, children, blockers, and history that only a timeline tells.

use connector_kit::{
    ChildCount, ConnectorError, Cursor, KnownTask, Page, Scope, TaskLinks, TaskRelations, Unreadable, Wanted,
};
use connector_model::{Link, LinkKind, TaskRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::projects::Statuses;
use super::wire::{Connection, LinkNode, Nodes, OneNode, Reference, Sums};
use super::{Feature, Operation, Told, Trouble, history_since, timeline};
use crate::GitHub;
use crate::address::{Place, TaskHandle};
use crate::normalise::Named;
use crate::tasks::OpenIssues;
use crate::walk;

const LINKS: Operation = Operation { name: "RefreshLinks", document: include_str!("links.graphql") };
const LINKS_ALONE: Operation = Operation { name: "RefreshLinks", document: include_str!("links_alone.graphql") };
const HISTORY: Operation = Operation { name: "IssueHistory", document: include_str!("history.graphql") };

/// More pages than any issue's timeline has; one that goes on beyond goes in circles.
const MOST_PAGES: u32 = 200;

/// An issue to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its id.
    pub(crate) ext: String,
    /// Its global id.
    pub(crate) node: String,
}

/// An issue whose timeline is longer than what came with its links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Long {
    ext: String,
    node: String,
    after: String,
    /// Pages of it so far, beyond the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pages: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What one call brought.
pub(crate) struct Related {
    /// Of how many of the issues.
    pub(crate) taken: usize,
    pub(crate) page: Page,
    long: Vec<Long>,
    /// History was asked for.
    has_history: bool,
}

#[derive(Serialize)]
struct Ids<'a> {
    ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl GitHub {
    /// Which open issues the next request asks about. `None`: by REST, which finds them by itself.
    pub(crate) fn wanted_links(&self, scope: Option<&Scope>, cursor: &Cursor) -> Option<Wanted> {
        let owner = Place::of(scope?).owner;
        let at: OpenIssues = walk::read(cursor);
        let now = self.clock.now();
        let is_under_way = at.after.is_some() || !at.long.is_empty();
        if !self.graph.has_for(&owner, Feature::Links, now) || at.is_walking() || (!is_under_way && at.is_walk_due(now))
        {
            return None;
        }
        let most = if at.long.is_empty() { self.graph.batch(&owner, Feature::Links) } else { 0 };
        Some(Wanted { after: at.after, most })
    }

    /// A run of open issues; where GraphQL fails, the pass begins anew by REST.
    pub(crate) async fn refresh_links(
        &self,
        scope: &Scope,
        cursor: &Cursor,
        tasks: &[KnownTask],
    ) -> Result<Page, ConnectorError> {
        let owner = Place::of(scope).owner;
        let mut at: OpenIssues = walk::read(cursor);
        let done = if at.long.is_empty() {
            self.next_links(&owner, &mut at, tasks).await
        } else {
            self.next_history(&owner, &mut at).await
        };
        let mut page = match done {
            Ok(page) => page,
            Err(Trouble::Refused(error)) => return Err(error),
            Err(trouble) => {
                self.note_links_away(&owner, &trouble);
                let next = OpenIssues::at_rest(at.known, at.walked);
                let next = Cursor { at: walk::write(&next), etag: None, backfilled: cursor.backfilled };
                let mut page = Page::new(self.clock.now(), next);
                page.more = true;
                return Ok(page);
            }
        };
        page.more = at.after.is_some() || !at.long.is_empty();
        if !page.more {
            // The first read of the issues themselves, just over, was such a walk.
            at = OpenIssues::at_rest(at.began.or(at.known), at.walked.or(Some(page.asked_at)));
            page.lacks = self.lacks_of_edition();
        }
        page.next = Cursor { at: walk::write(&at), etag: None, backfilled: cursor.backfilled || !page.more };
        Ok(page)
    }

    async fn next_links(&self, owner: &str, at: &mut OpenIssues, tasks: &[KnownTask]) -> Result<Page, Trouble> {
        let is_full = tasks.len() >= self.graph.batch(owner, Feature::Links) as usize;
        if at.after.is_none() {
            at.began = Some(self.there_now());
            self.graph.recover(owner, Feature::Links);
        }
        let asked = |task: &KnownTask| {
            let node = TaskHandle::from_text(&task.handle)?.node_id;
            (!node.is_empty()).then(|| Asked { ext: task.ext.clone(), node })
        };
        let issues: Vec<Asked> = tasks.iter().filter_map(asked).collect();
        let last = tasks.last().filter(|_| is_full).map(|task| task.ext.clone());
        if issues.is_empty() {
            at.after = last;
            return Ok(Page::new(self.clock.now(), Cursor::default()));
        }
        let related = self.related(owner, &issues, Some(history_since(at.known))).await?;
        let is_all = related.taken >= issues.len();
        at.after = if is_all { last } else { Some(issues[related.taken - 1].ext.clone()) };
        at.long = related.long;
        if !related.has_history {
            // What happened meanwhile is asked for again by a later pass: this one is not to count as one that asked.
            at.began = None;
        }
        Ok(related.page)
    }

    async fn next_history(&self, owner: &str, at: &mut OpenIssues) -> Result<Page, Trouble> {
        #[derive(Serialize)]
        struct Variables<'a> {
            id: &'a str,
            after: &'a str,
            since: Option<Timestamp>,
        }
        let Some(long) = at.long.first().cloned() else { return Ok(Page::new(self.clock.now(), Cursor::default())) };
        let variables = Variables { id: &long.node, after: &long.after, since: history_since(at.known) };
        let told: Told<OneNode> = match self.ask(owner, &HISTORY, &variables).await {
            Ok(told) => told,
            Err(Trouble::Heavy(error) | Trouble::Down(error @ ConnectorError::Malformed { .. })) => {
                if !self.graph.pass_over(owner, Feature::History) {
                    return Err(Trouble::Down(error));
                }
                at.long.remove(0);
                let mut page = Page::new(self.clock.now(), Cursor::default());
                page.unreadable.push(rest_of_history(&long.ext, error.to_string()));
                return Ok(page);
            }
            Err(trouble) => return Err(trouble),
        };
        self.graph.note_answer(owner, Feature::History);
        let mut page = Page::new(told.asked_at, Cursor::default());
        let mut named = Named::default();
        let items = told.data.node.and_then(|node| node.timeline_items);
        let task = TaskRef::Ext(long.ext.clone());
        let mut next = None;
        if let Some(items) = items {
            take_history(&items, &task, &self.statuses, &mut page, &mut named);
            next = items.next().map(str::to_owned);
            if items.is_cut() {
                page.unreadable.push(rest_of_history(&long.ext, NO_PLACE.to_owned()));
            }
        }
        (page.accounts, _) = named.into_parts();
        let pages = long.pages + 1;
        match next {
            Some(after) if after != long.after && pages < MOST_PAGES => at.long[0] = Long { after, pages, ..long },
            Some(_) => {
                page.unreadable.push(rest_of_history(&long.ext, "the pages do not end".to_owned()));
                at.long.remove(0);
            }
            None => drop(at.long.remove(0)),
        }
        Ok(page)
    }

    /// Remembers what is not there. Without GraphQL nothing of it is. What one owner alone cannot have is already noted.
    pub(crate) fn note_away(&self, trouble: &Trouble) {
        if matches!(trouble, Trouble::Absent(_)) {
            let now = self.clock.now();
            for feature in [Feature::Links, Feature::History, Feature::Projects] {
                self.graph.note_away("", feature, trouble, now);
            }
        }
    }

    fn note_links_away(&self, owner: &str, trouble: &Trouble) {
        let now = self.clock.now();
        if self.graph.has_for(owner, Feature::Links, now) {
            self.graph.note_away(owner, Feature::Links, trouble, now);
        }
        self.note_away(trouble);
    }

    /// The surroundings of these issues, or of as many of them as go into one call; with `history`, also what happened
    /// since that instant (inner `None`: ever). An issue that fails even alone is passed over.
    pub(crate) async fn related(
        &self,
        owner: &str,
        issues: &[Asked],
        history: Option<Option<Timestamp>>,
    ) -> Result<Related, Trouble> {
        let now = self.clock.now();
        if !self.graph.has_for(owner, Feature::Links, now) {
            let what = "GraphQL, as was seen before".to_owned();
            return Err(Trouble::Down(ConnectorError::NotVisible { tool: crate::TOOL, what }));
        }
        let related = self.ask_related(owner, issues, history).await;
        if let Err(trouble) = &related
            && !matches!(trouble, Trouble::Refused(_))
        {
            self.note_links_away(owner, trouble);
        }
        related
    }

    async fn ask_related(
        &self,
        owner: &str,
        issues: &[Asked],
        history: Option<Option<Timestamp>>,
    ) -> Result<Related, Trouble> {
        let mut history = history.filter(|_| self.graph.has_for(owner, Feature::History, self.clock.now()));
        loop {
            let taken = issues.len().min(self.graph.batch(owner, Feature::Links) as usize);
            let ids = issues[..taken].iter().map(|issue| issue.node.as_str()).collect();
            let operation = if history.is_some() { &LINKS } else { &LINKS_ALONE };
            match self.ask::<Nodes>(owner, operation, &Ids { ids, since: history.flatten() }).await {
                Ok(told) => {
                    self.graph.note_answer(owner, Feature::Links);
                    return understand(told, &issues[..taken], history.is_some(), &self.statuses);
                }
                Err(trouble @ Trouble::Unknown(_)) if history.is_some() => {
                    self.graph.note_away(owner, Feature::History, &trouble, self.clock.now());
                    history = None;
                }
                Err(Trouble::Heavy(error)) => {
                    let fewer = u32::try_from(taken).unwrap_or(super::MOST_IDS);
                    if self.graph.halve(owner, Feature::Links, fewer) {
                        continue;
                    }
                    if !self.graph.pass_over(owner, Feature::Links) {
                        return Err(Trouble::Down(error));
                    }
                    let mut page = Page::new(self.clock.now(), Cursor::default());
                    page.unreadable.push(links_of(&issues[0].ext, error.to_string()));
                    return Ok(Related { taken, page, long: Vec::new(), has_history: history.is_some() });
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }
}

/// Why the rest of a list cannot be asked for.
const NO_PLACE: &str = "there is more, but not where";

fn links_of(ext: &str, because: String) -> Unreadable {
    Unreadable { what: format!("links of id {ext}"), because }
}

fn rest_of_history(ext: &str, because: String) -> Unreadable {
    Unreadable { what: format!("the rest of the history of id {ext}"), because }
}

fn understand(told: Told<Nodes>, issues: &[Asked], has_history: bool, statuses: &Statuses) -> Result<Related, Trouble> {
    if told.data.nodes.len() != issues.len() {
        let what = format!("{} issues were asked for, {} came", issues.len(), told.data.nodes.len());
        return Err(Trouble::Down(ConnectorError::Malformed { tool: crate::TOOL, what, source: None }));
    }
    let mut page = Page::new(told.asked_at, Cursor::default());
    let (mut named, mut long) = (Named::default(), Vec::new());
    for (at, (issue, raw)) in issues.iter().zip(&told.data.nodes).enumerate() {
        // Withheld, gone, or no issue any more: nothing is concluded.
        let Some(raw) = raw else { continue };
        let Ok(node) = serde_json::from_str::<LinkNode>(raw.get()) else {
            page.unreadable.push(links_of(&issue.ext, "an unexpected value".to_owned()));
            continue;
        };
        let at = at.to_string();
        let is_told = |member: &str| told.is_told(&["nodes", &at, member]);
        take_node(&node, issue, &is_told, &mut page);
        page.changes.extend(timeline::edit(&node, &TaskRef::Ext(issue.ext.clone()), &mut named));
        // An entry that is withheld is missing alone.
        if let Some(items) = &node.timeline_items {
            take_history(items, &TaskRef::Ext(issue.ext.clone()), statuses, &mut page, &mut named);
            let after = items.next().map(str::to_owned);
            long.extend(after.map(|after| Long { ext: issue.ext.clone(), node: issue.node.clone(), after, pages: 0 }));
            if items.is_cut() {
                page.unreadable.push(rest_of_history(&issue.ext, NO_PLACE.to_owned()));
            }
        }
    }
    (page.accounts, _) = named.into_parts();
    Ok(Related { taken: issues.len(), page, long, has_history })
}

fn take_node(node: &LinkNode, issue: &Asked, is_told: &dyn Fn(&str) -> bool, page: &mut Page) {
    let task = TaskRef::Ext(issue.ext.clone());
    if let Some(links) = blockers(node).filter(|_| is_told("blockedBy")) {
        page.links.push(TaskLinks { task: task.clone(), links });
    }
    let parent = node.parent.as_ref().filter(|_| is_told("parent"));
    let named = |parent: &Option<Reference>| match parent {
        None => Some(None),
        Some(parent) => Some(Some(TaskRef::Key(parent.key()?))),
    };
    let of_parent = parent.and_then(Option::as_ref);
    if let Some((key, sums)) = of_parent.and_then(|parent| Some((parent.key()?, parent.sub_issues_summary?))) {
        page.relations.push(TaskRelations { task: TaskRef::Key(key), parent: None, children: Some(count(sums)) });
    }
    let parent = parent.and_then(named);
    let children = node.sub_issues_summary.filter(|_| is_told("subIssuesSummary")).map(count);
    if parent.is_some() || children.is_some() {
        page.relations.push(TaskRelations { task, parent, children });
    }
}

fn count(sums: Sums) -> ChildCount {
    ChildCount { done: sums.completed, all: sums.total }
}

/// What it waits for, finished blockers among them: the board knows their state. `None`: not told, or not all of it.
fn blockers(node: &LinkNode) -> Option<Vec<Link>> {
    let counted = node.issue_dependencies_summary.as_ref().and_then(|sums| sums.total_blocked_by);
    let Some(list) = &node.blocked_by else { return (counted == Some(0)).then(Vec::new) };
    // One that is withheld is no blocker that has gone.
    if !list.is_whole() || (list.nodes.is_empty() && counted.is_some_and(|count| count > 0)) {
        return None;
    }
    let name = |blocker: &Reference| match &blocker.full_database_id {
        Some(id) => Some(TaskRef::Ext(id.to_ext())),
        None => blocker.key().map(TaskRef::Key),
    };
    let link = |blocker: &Option<Reference>| Some(Link { kind: LinkKind::BlockedBy, other: name(blocker.as_ref()?)? });
    list.nodes.iter().map(link).collect()
}

fn take_history(
    items: &Connection<Box<RawValue>>,
    task: &TaskRef,
    statuses: &Statuses,
    page: &mut Page,
    named: &mut Named,
) {
    let entries = items.nodes.iter().flatten();
    page.changes.extend(entries.filter_map(|entry| timeline::change(entry, task, statuses, named)));
}
