//! Issues as a list shows them: rendered once, kept sorted, so that a page of a list of ten thousand is a copy.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;
use serde_json::value::RawValue;

/// A place in the order of a list: what it is sorted by, then the number.
pub(crate) type Key = (i64, u64);

/// One issue as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) id: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed: bool,
    pub(crate) comments: u32,
    /// Lower-case.
    pub(crate) labels: Vec<String>,
    /// Lower-case logins.
    pub(crate) assignees: Vec<String>,
    pub(crate) creator: String,
    pub(crate) milestone: Option<u64>,
    pub(crate) unlisted: bool,
    pub(crate) body: Box<RawValue>,
    /// Digest of `body`, for entity tags.
    pub(crate) print: u64,
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Created,
    Updated,
    Comments,
}

/// What a list is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) sort: Sort,
    pub(crate) ascending: bool,
    /// Inclusive.
    pub(crate) since: Option<Timestamp>,
    /// `None`: both states.
    pub(crate) closed: Option<bool>,
    pub(crate) labels: Vec<String>,
    pub(crate) assignee: Option<String>,
    pub(crate) creator: Option<String>,
    pub(crate) milestone: Option<String>,
}

impl Wanted {
    /// Nothing but the order decides: every key in the range is wanted, and counting needs no row.
    fn is_plain(&self) -> bool {
        self.closed.is_none()
            && self.labels.is_empty()
            && self.assignee.is_none()
            && self.creator.is_none()
            && self.milestone.is_none()
            && (self.since.is_none() || self.sort == Sort::Updated)
    }

    fn wants(&self, row: &Row) -> bool {
        let any_or = |wanted: &Option<String>, none: bool, is: &dyn Fn(&str) -> bool| match wanted.as_deref() {
            None => true,
            Some("*") => !none,
            Some("none") => none,
            Some(value) => is(value),
        };
        self.closed.is_none_or(|closed| closed == row.closed)
            && self.since.is_none_or(|since| row.updated_at >= since)
            && self.labels.iter().all(|label| row.labels.contains(label))
            && any_or(&self.assignee, row.assignees.is_empty(), &|login| row.assignees.iter().any(|one| one == login))
            && self.creator.as_ref().is_none_or(|creator| *creator == row.creator)
            && any_or(&self.milestone, row.milestone.is_none(), &|number| {
                row.milestone.is_some_and(|own| own.to_string() == number)
            })
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Begin {
    /// After so many items.
    Offset(usize),
    /// After this place in the list's order, whatever has moved since.
    After(Key),
}

/// A page's rows, and what follows.
#[derive(Debug)]
pub(crate) struct Window<'a> {
    pub(crate) rows: Vec<&'a Row>,
    pub(crate) more: bool,
    /// All matching items; counted only for pages by number.
    pub(crate) total: Option<usize>,
}

#[derive(Debug, Default)]
pub(crate) struct Listing {
    rows: BTreeMap<u64, Row>,
    by_created: BTreeSet<Key>,
    by_updated: BTreeSet<Key>,
}

impl Listing {
    pub(crate) fn get(&self, number: u64) -> Option<&Row> {
        self.rows.get(&number)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    pub(crate) fn put(&mut self, row: Row) {
        self.remove(row.number);
        if !row.unlisted {
            self.by_created.insert(Listing::key(&row, Sort::Created));
            self.by_updated.insert(Listing::key(&row, Sort::Updated));
        }
        self.rows.insert(row.number, row);
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(old) = self.rows.remove(&number) {
            self.by_created.remove(&(old.created_at.as_second(), number));
            self.by_updated.remove(&(old.updated_at.as_second(), number));
        }
    }

    /// The place of a row in a list sorted so.
    pub(crate) fn key(row: &Row, sort: Sort) -> Key {
        let first = match sort {
            Sort::Created => row.created_at.as_second(),
            Sort::Updated => row.updated_at.as_second(),
            Sort::Comments => i64::from(row.comments),
        };
        (first, row.number)
    }

    pub(crate) fn window(&self, wanted: &Wanted, begin: Begin, per_page: usize) -> Window<'_> {
        let by_comments: BTreeSet<Key>;
        let order = match wanted.sort {
            Sort::Created => &self.by_created,
            Sort::Updated => &self.by_updated,
            Sort::Comments => {
                by_comments = self
                    .rows
                    .values()
                    .filter(|row| !row.unlisted)
                    .map(|row| Listing::key(row, Sort::Comments))
                    .collect();
                &by_comments
            }
        };
        let keys = walk(order, wanted, begin);
        let rows = |key: &Key| self.rows.get(&key.1);
        if wanted.is_plain() {
            let total = || if wanted.since.is_none() { order.len() } else { walk(order, wanted, begin).count() };
            window_of(keys, begin, per_page, rows, Some(&total))
        } else {
            window_of(keys.filter(|key| rows(key).is_some_and(|row| wanted.wants(row))), begin, per_page, rows, None)
        }
    }
}

/// Takes a page out of the keys of all matching items; without `total` the rest is walked to be counted.
fn window_of<'k, 'r>(
    mut keys: impl Iterator<Item = &'k Key>,
    begin: Begin,
    per_page: usize,
    rows: impl Fn(&Key) -> Option<&'r Row>,
    total: Option<&dyn Fn() -> usize>,
) -> Window<'r> {
    let skipped = match begin {
        Begin::Offset(offset) => keys.by_ref().take(offset).count(),
        Begin::After(_) => 0,
    };
    let page: Vec<&Row> = keys.by_ref().take(per_page).filter_map(rows).collect();
    let more = keys.next().is_some();
    let counted = match (begin, total) {
        (Begin::After(_), _) => None,
        (Begin::Offset(_), Some(total)) => Some(total()),
        (Begin::Offset(_), None) => Some(skipped + page.len() + usize::from(more) + keys.count()),
    };
    Window { rows: page, more, total: counted }
}

/// The keys of a page and of all that follows it, before any filter but `since`.
fn walk<'a>(order: &'a BTreeSet<Key>, wanted: &Wanted, begin: Begin) -> Box<dyn Iterator<Item = &'a Key> + 'a> {
    let since = wanted.since.filter(|_| wanted.sort == Sort::Updated);
    let floor = since.map_or(Bound::Unbounded, |since| Bound::Included((since.as_second(), 0)));
    match (begin, wanted.ascending) {
        (Begin::Offset(_), true) => Box::new(order.range((floor, Bound::Unbounded))),
        (Begin::Offset(_), false) => Box::new(order.range((floor, Bound::Unbounded)).rev()),
        (Begin::After(key), true) => Box::new(order.range((Bound::Excluded(key), Bound::Unbounded))),
        // A range that ends before it begins would panic: the cursor lies below `since`, and nothing is left.
        (Begin::After(key), false) if matches!(floor, Bound::Included(low) if low >= key) => Box::new([].iter()),
        (Begin::After(key), false) => Box::new(order.range((floor, Bound::Excluded(key))).rev()),
    }
}
