//! Values of the merged tree by their paths: `a.b` is key `b` of `a`, `a.b[2]` item 2 of `a.b`.

use config::{Value, ValueKind};

/// The last step of a path.
pub(super) enum Last<'p> {
    /// Into a table.
    Key(&'p str),
    /// Into a list.
    Index(usize),
}

/// `a.b[2]` is item 2 of `a.b`; `a.b` is key `b` of `a`. `None`: the empty path, or one that is not ours.
pub(super) fn split_last(path: &str) -> Option<(&str, Last<'_>)> {
    if let Some(item) = path.strip_suffix(']') {
        let (outer, index) = item.rsplit_once('[')?;
        return Some((outer, Last::Index(index.parse().ok()?)));
    }
    match path.rsplit_once('.') {
        _ if path.is_empty() => None,
        Some((outer, key)) => Some((outer, Last::Key(key))),
        None => Some(("", Last::Key(path))),
    }
}

/// The place of a value, to change it. `None`: nothing is there.
pub(super) fn slot<'v>(root: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let Some((outer, last)) = split_last(path) else { return Some(root).filter(|_| path.is_empty()) };
    match (&mut slot(root, outer)?.kind, last) {
        (ValueKind::Table(table), Last::Key(key)) => table.get_mut(key),
        (ValueKind::Array(list), Last::Index(index)) => list.get_mut(index),
        _ => None,
    }
}

/// What stands at a path. `None`: nothing.
pub(super) fn get<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    let Some((outer, last)) = split_last(path) else { return Some(root).filter(|_| path.is_empty()) };
    match (&get(root, outer)?.kind, last) {
        (ValueKind::Table(table), Last::Key(key)) => table.get(key),
        (ValueKind::Array(list), Last::Index(index)) => list.get(index),
        _ => None,
    }
}

/// Takes a key out of its table. `None`: nothing was there.
pub(super) fn take(root: &mut Value, path: &str) -> Option<Value> {
    let (outer, last) = split_last(path)?;
    match (&mut slot(root, outer)?.kind, last) {
        (ValueKind::Table(table), Last::Key(key)) => table.remove(key),
        _ => None,
    }
}
