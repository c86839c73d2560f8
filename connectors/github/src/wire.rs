//! GitHub's JSON as serde types: what we read of it, and nothing more.
//!
//! Strings are borrowed from the answer wherever they carry no escape; what is not named here is passed over without
//! being built. Everything the vendor may leave out or send as `null` is an `Option`; unknown words stay text.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A string of the answer, borrowed where possible. (`Option<Cow<str>>` would always be copied by serde.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text)))
            }
        }
        from.deserialize_str(Borrow)
    }
}

/// An issue, or a pull request among the issues.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Issue<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) node_id: Option<Str<'a>>,
    pub(crate) number: u64,
    #[serde(borrow)]
    pub(crate) title: Str<'a>,
    #[serde(borrow)]
    pub(crate) state: Str<'a>,
    #[serde(borrow)]
    pub(crate) state_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) user: Option<User<'a>>,
    #[serde(borrow)]
    pub(crate) assignees: Option<Vec<Option<User<'a>>>>,
    #[serde(borrow)]
    pub(crate) labels: Option<Vec<Label<'a>>>,
    #[serde(borrow)]
    pub(crate) milestone: Option<Milestone<'a>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    #[serde(borrow)]
    pub(crate) body: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) html_url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) repository_url: Option<Str<'a>>,
    pub(crate) pull_request: Option<IgnoredAny>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<IssueType<'a>>,
    #[serde(borrow)]
    pub(crate) parent_issue_url: Option<Str<'a>>,
    pub(crate) sub_issues_summary: Option<SubIssues>,
    pub(crate) issue_dependencies_summary: Option<Dependencies>,
    /// Read apart: a value of a kind we do not know spoils itself alone.
    #[serde(borrow)]
    pub(crate) issue_field_values: Option<&'a RawValue>,
}

/// An account. `null` where it was deleted; then the field that holds it is `None`.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct User<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) login: Str<'a>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) email: Option<Str<'a>>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Str<'a>>,
}

/// A label's name; the vendor sends a string or an object.
#[derive(Debug)]
pub(crate) struct Label<'a>(pub(crate) Option<Str<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Label<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct EitherForm;
        impl<'de> Visitor<'de> for EitherForm {
            type Value = Label<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a label's name or a label")
            }

            fn visit_unit<E>(self) -> Result<Label<'de>, E> {
                Ok(Label(None))
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Label<'de>, E> {
                Ok(Label(Some(Str(Cow::Borrowed(name)))))
            }

            fn visit_str<E>(self, name: &str) -> Result<Label<'de>, E> {
                Ok(Label(Some(Str(Cow::Owned(name.to_owned())))))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Label<'de>, A::Error> {
                let mut name = None;
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    if &*key == "name" {
                        name = map.next_value::<Option<Str<'de>>>()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Label(name))
            }
        }
        from.deserialize_any(EitherForm)
    }
}

/// A milestone, alone or on an issue.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Milestone<'a> {
    pub(crate) id: u64,
    pub(crate) number: u64,
    #[serde(borrow)]
    pub(crate) title: Str<'a>,
    #[serde(borrow)]
    pub(crate) state: Option<Str<'a>>,
    pub(crate) due_on: Option<Timestamp>,
}

/// An organisation's issue type.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct IssueType<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
}

/// How many children there are, and how many of them are closed.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct SubIssues {
    pub(crate) total: u32,
    pub(crate) completed: u32,
}

/// How many issues this one waits for, closed ones included.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Dependencies {
    pub(crate) total_blocked_by: Option<u32>,
}

/// One entry of a list of blockers.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Blocker {
    pub(crate) id: u64,
}

/// A repository.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Repository<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) full_name: Str<'a>,
    pub(crate) archived: Option<bool>,
    pub(crate) disabled: Option<bool>,
    pub(crate) has_issues: Option<bool>,
}

/// A comment on an issue or a pull request.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Comment<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) html_url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) issue_url: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) user: Option<User<'a>>,
    #[serde(borrow)]
    pub(crate) body: Option<Str<'a>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    #[serde(borrow)]
    pub(crate) performed_via_github_app: Option<App<'a>>,
}

/// The app an act was done through.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct App<'a> {
    #[serde(borrow)]
    pub(crate) slug: Option<Str<'a>>,
}

/// An entry of a repository's event list. Not every kind has an id or a date.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Event<'a> {
    pub(crate) id: Option<u64>,
    #[serde(borrow)]
    pub(crate) event: Option<Str<'a>>,
    pub(crate) created_at: Option<Timestamp>,
    #[serde(borrow)]
    pub(crate) actor: Option<User<'a>>,
    #[serde(borrow)]
    pub(crate) assignee: Option<User<'a>>,
    #[serde(borrow)]
    pub(crate) assigner: Option<User<'a>>,
    #[serde(borrow)]
    pub(crate) state_reason: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) commit_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) label: Option<Label<'a>>,
    #[serde(borrow)]
    pub(crate) milestone: Option<EventMilestone<'a>>,
    #[serde(borrow)]
    pub(crate) rename: Option<Rename<'a>>,
    #[serde(borrow)]
    pub(crate) sub_issue: Option<IssueReference<'a>>,
    #[serde(borrow)]
    pub(crate) parent_issue: Option<IssueReference<'a>>,
    #[serde(borrow)]
    pub(crate) blocked_by: Option<IssueReference<'a>>,
    #[serde(borrow)]
    pub(crate) blocking: Option<IssueReference<'a>>,
    #[serde(borrow)]
    pub(crate) performed_via_github_app: Option<App<'a>>,
    pub(crate) issue: Option<EventIssue>,
}

/// The milestone of an event: a title, no id.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct EventMilestone<'a> {
    #[serde(borrow)]
    pub(crate) title: Option<Str<'a>>,
}

/// The titles of a `renamed` event.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Rename<'a> {
    #[serde(borrow)]
    pub(crate) from: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) to: Option<Str<'a>>,
}

/// Another issue, as an event names it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct IssueReference<'a> {
    pub(crate) number: Option<u64>,
    #[serde(borrow)]
    pub(crate) repository: Option<RepositoryName<'a>>,
}

/// A repository's name alone.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct RepositoryName<'a> {
    #[serde(borrow)]
    pub(crate) full_name: Option<Str<'a>>,
}

/// The issue an event belongs to.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct EventIssue {
    pub(crate) id: u64,
    pub(crate) pull_request: Option<IgnoredAny>,
}

/// What an item that could not be read may still be called by.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Stump {
    #[serde(deserialize_with = "number_or_none")]
    pub(crate) id: Option<u64>,
    #[serde(deserialize_with = "number_or_none")]
    pub(crate) number: Option<u64>,
}

fn number_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let raw: &RawValue = Deserialize::deserialize(from)?;
    Ok(raw.get().parse().ok())
}

/// The body of an error.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Failure<'a> {
    #[serde(borrow)]
    pub(crate) message: Option<Str<'a>>,
}
