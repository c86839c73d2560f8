//! What stands around an issue, many issues at once: parent, children, blockers, and history that only a timeline tells.

use connector_kit::{ChildCount, ConnectorError, Cursor, KnownTask, Page, Scope, TaskLinks, TaskRelations, Wanted};
use connector_model::{Link, LinkKind, TaskRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
}

/// What one call brought.
pub(crate) struct Related {
    /// Of how many of the issues.
    pub(crate) taken: usize,
    pub(crate) page: Page,
    long: Vec<Long>,
}

#[derive(Serialize)]
struct Ids<'a> {
    ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl GitHub {
    /// Which open issues the next request asks about. `None`: by REST, which finds them by itself.
    pub(crate) fn wanted_links(&self, cursor: &Cursor) -> Option<Wanted> {
        let at: OpenIssues = walk::read(cursor);
        let now = self.clock.now();
        let is_under_way = at.after.is_some() || !at.long.is_empty();
        if !self.graph.has(Feature::Links, now) || at.is_walking() || (!is_under_way && at.is_walk_due(now)) {
            return None;
        }
        let most = if at.long.is_empty() { self.graph.batch(Feature::Links) } else { 0 };
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
                self.note_away(&trouble);
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
        }
        page.next = Cursor { at: walk::write(&at), etag: None, backfilled: cursor.backfilled || !page.more };
        Ok(page)
    }

    async fn next_links(&self, owner: &str, at: &mut OpenIssues, tasks: &[KnownTask]) -> Result<Page, Trouble> {
        let is_full = tasks.len() >= self.graph.batch(Feature::Links) as usize;
        if at.after.is_none() {
            at.began = Some(self.there_now());
            self.graph.recover(Feature::Links);
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
        let told: Told<OneNode> = self.ask(owner, &HISTORY, &variables).await?;
        let mut page = Page::new(told.asked_at, Cursor::default());
        let mut named = Named::default();
        let items = told.data.node.and_then(|node| node.timeline_items);
        let task = TaskRef::Ext(long.ext.clone());
        let next = items.and_then(|items| {
            take_history(&items, &task, &mut page, &mut named);
            items.next().map(str::to_owned)
        });
        (page.accounts, _) = named.into_parts();
        match next.filter(|next| *next != long.after) {
            Some(after) => at.long[0].after = after,
            None => drop(at.long.remove(0)),
        }
        Ok(page)
    }

    /// Remembers what is not to be had. Without GraphQL nothing of it is.
    pub(crate) fn note_away(&self, trouble: &Trouble) {
        let now = self.clock.now();
        self.graph.note_away(Feature::Links, trouble, now);
        if matches!(trouble, Trouble::Absent(_)) {
            self.graph.note_away(Feature::History, trouble, now);
            self.graph.note_away(Feature::Projects, trouble, now);
        }
    }

    /// The surroundings of these issues, or of as many of them as go into one call; with `history`, also what happened
    /// since that instant (inner `None`: ever).
    pub(crate) async fn related(
        &self,
        owner: &str,
        issues: &[Asked],
        history: Option<Option<Timestamp>>,
    ) -> Result<Related, Trouble> {
        let mut history = history.filter(|_| self.graph.has(Feature::History, self.clock.now()));
        loop {
            let taken = issues.len().min(self.graph.batch(Feature::Links) as usize);
            let ids = issues[..taken].iter().map(|issue| issue.node.as_str()).collect();
            let operation = if history.is_some() { &LINKS } else { &LINKS_ALONE };
            match self.ask::<Nodes>(owner, operation, &Ids { ids, since: history.flatten() }).await {
                Ok(told) => return understand(told, &issues[..taken]),
                Err(trouble @ Trouble::Unknown(_)) if history.is_some() => {
                    self.graph.note_away(Feature::History, &trouble, self.clock.now());
                    history = None;
                }
                Err(Trouble::Heavy(error)) => {
                    let fewer = u32::try_from(taken).unwrap_or(super::MOST_IDS);
                    if !self.graph.halve(Feature::Links, fewer) {
                        return Err(Trouble::Down(error));
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }
}

fn understand(told: Told<Nodes>, issues: &[Asked]) -> Result<Related, Trouble> {
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
            let because = "an unexpected value".to_owned();
            page.unreadable.push(connector_kit::Unreadable { what: format!("links of id {}", issue.ext), because });
            continue;
        };
        let at = at.to_string();
        let is_told = |member: &str| told.is_told(&["nodes", &at, member]);
        take_node(&node, issue, &is_told, &mut page);
        // An entry that is withheld is missing alone.
        if let Some(items) = &node.timeline_items {
            take_history(items, &TaskRef::Ext(issue.ext.clone()), &mut page, &mut named);
            let after = items.next().map(str::to_owned);
            long.extend(after.map(|after| Long { ext: issue.ext.clone(), node: issue.node.clone(), after }));
        }
    }
    (page.accounts, _) = named.into_parts();
    Ok(Related { taken: issues.len(), page, long })
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

fn take_history(items: &Connection<Box<RawValue>>, task: &TaskRef, page: &mut Page, named: &mut Named) {
    let entries = items.nodes.iter().flatten();
    page.changes.extend(entries.filter_map(|entry| timeline::change(entry, task, named)));
}
