//! `opt_fields`: what of an object is shown. Compact unless more is asked; what is asked comes alone, with the gid.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::org::Org;

/// An object that is known by its gid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Task,
    Story,
    User,
    Project,
    Section,
    Workspace,
    Team,
    Tag,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Task => "task",
            Kind::Story => "story",
            Kind::User => "user",
            Kind::Project => "project",
            Kind::Section => "section",
            Kind::Workspace => "workspace",
            Kind::Team => "team",
            Kind::Tag => "tag",
        }
    }
}

/// Something that may be shown in parts.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Plain(Value),
    Ref(Kind, u64),
    /// Members, the first so many of which make its compact form.
    Record(usize, Vec<(&'static str, Node)>),
    List(Vec<Node>),
}

impl Node {
    pub(crate) fn text(text: &str) -> Node {
        Node::Plain(Value::from(text))
    }

    pub(crate) fn gid(gid: u64) -> Node {
        Node::Plain(Value::from(gid.to_string()))
    }

    pub(crate) fn of(value: impl Into<Value>) -> Node {
        Node::Plain(value.into())
    }

    pub(crate) fn null() -> Node {
        Node::Plain(Value::Null)
    }

    pub(crate) fn maybe(kind: Kind, gid: Option<u64>) -> Node {
        gid.map_or_else(Node::null, |gid| Node::Ref(kind, gid))
    }

    pub(crate) fn instant(at: Option<Timestamp>) -> Node {
        Node::Plain(at.map_or(Value::Null, |at| Value::from(stamp(at))))
    }

    /// All of it is its compact form.
    pub(crate) fn record(members: Vec<(&'static str, Node)>) -> Node {
        Node::Record(members.len(), members)
    }

    pub(crate) fn refs(kind: Kind, gids: impl IntoIterator<Item = u64>) -> Node {
        Node::List(gids.into_iter().map(|gid| Node::Ref(kind, gid)).collect())
    }
}

/// `2026-03-09T08:00:00.000Z`, as Asana writes an instant.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The paths of `opt_fields` as a tree. Empty: the compact form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// `a,b.c,(d|e).f`; blanks are nothing.
    pub(crate) fn read(text: &str) -> Fields {
        let mut fields = Fields::default();
        for path in split(text, ',') {
            let path: String = path.chars().filter(|c| !c.is_whitespace()).collect();
            let segments: Vec<Vec<&str>> = split(&path, '.').into_iter().map(alternatives).collect();
            fields.add(&segments);
        }
        fields
    }

    fn add(&mut self, segments: &[Vec<&str>]) {
        let Some((first, rest)) = segments.split_first() else { return };
        for &name in first.iter().filter(|name| !name.is_empty()) {
            // The object itself.
            if name == "this" {
                self.add(rest);
            } else {
                self.0.entry(name.to_owned()).or_default().add(rest);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Split where no bracket is open.
fn split(text: &str, at: char) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_i32, 0, Vec::new());
    for (index, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if c == at && depth == 0 => {
                parts.push(&text[from..index]);
                from = index + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn alternatives(segment: &str) -> Vec<&str> {
    match segment.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => inner.split('|').collect(),
        None => vec![segment],
    }
}

/// Shows objects, and counts those it touched.
pub(crate) struct Show<'a> {
    pub(crate) org: &'a Org,
    /// Of whom.
    pub(crate) me: u64,
    /// A scope is missing for what stands in memberships, which are empty objects then.
    pub(crate) bare_memberships: bool,
    pub(crate) touched: u64,
}

impl Show<'_> {
    /// As it stands in a list, or within another object.
    pub(crate) fn node(&mut self, node: &Node, wanted: &Fields) -> Value {
        match node {
            Node::Plain(value) => value.clone(),
            Node::List(nodes) => nodes.iter().map(|node| self.node(node, wanted)).collect(),
            Node::Ref(kind, gid) if wanted.is_empty() => self.object(*kind, *gid, self.org.compact(*kind)),
            Node::Ref(kind, gid) => self.chosen(*kind, *gid, wanted),
            Node::Record(compact, members) => {
                self.touched += 1;
                let shown = members.iter().enumerate().filter(|(at, (name, _))| match wanted.is_empty() {
                    true => at < compact,
                    false => *name == "gid" || wanted.has(name),
                });
                let mut object = Map::new();
                for (_, (name, node)) in shown {
                    let below = wanted.0.get(*name).cloned().unwrap_or_default();
                    object.insert((*name).to_owned(), self.node(node, &below));
                }
                Value::Object(object)
            }
        }
    }

    /// As it stands when it is asked for alone.
    pub(crate) fn single(&mut self, node: &Node, wanted: &Fields) -> Value {
        match node {
            Node::Ref(kind, gid) if wanted.is_empty() => {
                let names = self.org.complete(*kind, *gid);
                self.object(*kind, *gid, &names)
            }
            Node::Record(_, members) if wanted.is_empty() => self.node(&Node::record(members.clone()), wanted),
            _ => self.node(node, wanted),
        }
    }

    fn object(&mut self, kind: Kind, gid: u64, names: &[&str]) -> Value {
        self.touched += 1;
        let mut object = Map::new();
        for name in names {
            if let Some(node) = self.member(kind, gid, name) {
                object.insert((*name).to_owned(), self.node(&node, &Fields::default()));
            }
        }
        Value::Object(object)
    }

    fn chosen(&mut self, kind: Kind, gid: u64, wanted: &Fields) -> Value {
        self.touched += 1;
        let mut object = Map::new();
        object.insert("gid".to_owned(), Value::from(gid.to_string()));
        for (name, below) in &wanted.0 {
            if let Some(node) = self.member(kind, gid, name) {
                object.insert(name.clone(), self.node(&node, below));
            }
        }
        Value::Object(object)
    }

    fn member(&self, kind: Kind, gid: u64, name: &str) -> Option<Node> {
        if kind == Kind::Task && name == "memberships" && self.bare_memberships {
            let count = self.org.tasks.get(&gid)?.memberships.len();
            return Some(Node::List(vec![Node::record(Vec::new()); count]));
        }
        self.org.member(self.me, kind, gid, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_a_tree_with_groups_and_this() {
        let fields = Fields::read("name, this.due_on,(assignee|parent).(gid|name),custom_fields.enum_value.name");
        assert!(fields.has("due_on") && fields.has("name") && !fields.has("this"));
        assert!(fields.0["assignee"].has("name") && fields.0["parent"].has("gid"));
        assert!(fields.0["custom_fields"].0["enum_value"].has("name"));
        assert!(Fields::read("").is_empty() && Fields::read(" , ").is_empty());
    }
}
