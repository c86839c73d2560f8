//! GraphQL's JSON: what we read of it. A member that is missing was not asked for or is not known there; one that is
//! `null` may be empty or withheld, which the errors tell.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::Fault;

/// Every answer.
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(default)]
    pub(super) data: Option<Box<RawValue>>,
    #[serde(default)]
    pub(super) errors: Option<Vec<Fault>>,
}

/// What an answer says of the budget.
#[derive(Deserialize)]
pub(super) struct Limit {
    #[serde(rename = "rateLimit", default)]
    pub(super) rate_limit: Option<RateLimit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RateLimit {
    pub(super) cost: Option<u64>,
    pub(super) remaining: Option<u64>,
    pub(super) reset_at: Option<Timestamp>,
}

/// `RefreshLinks`
#[derive(Deserialize)]
pub(super) struct Nodes {
    pub(super) nodes: Vec<Option<Box<RawValue>>>,
}

/// `IssueHistory`
#[derive(Deserialize)]
pub(super) struct OneNode {
    pub(super) node: Option<Timeline>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Timeline {
    #[serde(default)]
    pub(super) timeline_items: Option<Connection<Box<RawValue>>>,
}

/// A page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    #[serde(default)]
    pub(super) page_info: Option<PageInfo>,
    #[serde(default = "Vec::new")]
    pub(super) nodes: Vec<Option<T>>,
    #[serde(default)]
    pub(super) total_count: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

impl<T> Connection<T> {
    /// Where the next page begins. `None`: there is none, or it is not told where ([`Connection::is_cut`]).
    pub(super) fn next(&self) -> Option<&str> {
        let info = self.page_info.as_ref().filter(|info| info.has_next_page)?;
        info.end_cursor.as_deref().filter(|cursor| !cursor.is_empty())
    }

    /// There is a next page, but not where it begins.
    pub(super) fn is_cut(&self) -> bool {
        self.page_info.as_ref().is_some_and(|info| info.has_next_page) && self.next().is_none()
    }

    /// True when all there is stands in it.
    pub(super) fn is_whole(&self) -> bool {
        self.page_info.as_ref().is_none_or(|info| !info.has_next_page) && self.nodes.iter().all(Option::is_some)
    }
}

/// An issue among `nodes`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkNode {
    /// Absent: not told. `null`: it has none.
    #[serde(default, deserialize_with = "told")]
    pub(super) parent: Option<Option<Reference>>,
    #[serde(default)]
    pub(super) sub_issues_summary: Option<Sums>,
    #[serde(default)]
    pub(super) issue_dependencies_summary: Option<Dependencies>,
    #[serde(default)]
    pub(super) blocked_by: Option<Connection<Reference>>,
    #[serde(default)]
    pub(super) timeline_items: Option<Connection<Box<RawValue>>>,
    /// When its text was last edited.
    #[serde(default)]
    pub(super) last_edited_at: Option<Timestamp>,
    /// Who did that.
    #[serde(default)]
    pub(super) editor: Option<Actor>,
}

/// Tells `null` from a member that is not there.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Another issue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) full_database_id: Option<BigInt>,
    #[serde(default)]
    pub(super) number: Option<u64>,
    #[serde(default)]
    pub(super) repository: Option<RepositoryName>,
    #[serde(default)]
    pub(super) sub_issues_summary: Option<Sums>,
}

impl Reference {
    /// `acme/web#5`
    pub(super) fn key(&self) -> Option<String> {
        Some(format!("{}#{}", self.repository.as_ref()?.name_with_owner.as_deref()?, self.number?))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryName {
    #[serde(default)]
    pub(super) name_with_owner: Option<String>,
}

/// A number that is sent as text, because it may be too large for one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum BigInt {
    Text(String),
    Number(u64),
}

impl BigInt {
    /// The number as REST writes it.
    pub(super) fn to_ext(&self) -> String {
        match self {
            BigInt::Text(text) => text.clone(),
            BigInt::Number(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Sums {
    pub(super) total: u32,
    pub(super) completed: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dependencies {
    #[serde(default)]
    pub(super) total_blocked_by: Option<u32>,
}

/// An entry of a timeline, of any kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "__typename", default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) actor: Option<Actor>,
    #[serde(default)]
    pub(super) previous_status: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) was_automated: Option<bool>,
    #[serde(default)]
    pub(super) will_close_target: Option<bool>,
    #[serde(default)]
    pub(super) source: Option<Source>,
}

/// Whoever did it; bots are called without `[bot]` here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Actor {
    #[serde(rename = "__typename", default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) login: Option<String>,
    #[serde(default)]
    pub(super) database_id: Option<u64>,
}

/// What names an issue from elsewhere.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    #[serde(rename = "__typename", default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) number: Option<u64>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) repository: Option<RepositoryName>,
}

/// `ProjectItems`
#[derive(Deserialize)]
pub(super) struct Owner {
    #[serde(default, alias = "user")]
    pub(super) organization: Option<ProjectOf>,
}

#[derive(Deserialize)]
pub(super) struct ProjectOf {
    #[serde(rename = "projectV2", default)]
    pub(super) project: Option<ProjectPage>,
}

#[derive(Deserialize)]
pub(super) struct ProjectPage {
    #[serde(default)]
    pub(super) fields: Option<Connection<FieldName>>,
    #[serde(default)]
    pub(super) items: Option<Connection<Box<RawValue>>>,
}

#[derive(Deserialize)]
pub(super) struct FieldName {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// An item of a project with the values we ask for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(rename = "type", default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) is_archived: Option<bool>,
    #[serde(default)]
    pub(super) content: Option<Content>,
    #[serde(default)]
    pub(super) status: Option<Choice>,
    #[serde(default)]
    pub(super) start: Option<Day>,
    #[serde(default)]
    pub(super) target: Option<Day>,
    #[serde(default)]
    pub(super) iteration: Option<Iteration>,
    #[serde(default)]
    pub(super) estimate: Option<Number>,
    #[serde(default)]
    pub(super) priority: Option<Choice>,
    #[serde(default)]
    pub(super) progress: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    #[serde(rename = "__typename", default)]
    pub(super) kind: Option<String>,
    #[serde(flatten)]
    pub(super) issue: Reference,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) option_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Day {
    #[serde(default)]
    pub(super) date: Option<Date>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Iteration {
    #[serde(default)]
    pub(super) start_date: Option<Date>,
    #[serde(default)]
    pub(super) duration: Option<i32>,
}

#[derive(Deserialize)]
pub(super) struct Number {
    #[serde(default)]
    pub(super) number: Option<f64>,
}
