//! Jira's JSON as serde types: what we read of it, and nothing more.
//!
//! Strings are borrowed from the answer wherever they carry no escape; what is not named here is passed over without
//! being built. Everything the vendor may leave out or send as `null` is an `Option`; unknown words stay text. Fields of
//! the operator's own kind are kept as they came, for their shape is only known beside the site's list of fields.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::when::When;

/// A string of the answer, borrowed where possible; an id that came as a number is its digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

            fn visit_u64<E>(self, number: u64) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(number.to_string())))
            }
        }
        from.deserialize_any(Borrow)
    }
}

/// An issue. `fields` is missing where a search named none.
#[derive(Debug, Deserialize)]
pub(crate) struct Issue<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) key: Str<'a>,
    #[serde(borrow)]
    pub(crate) fields: Option<Fields<'a>>,
    #[serde(borrow)]
    pub(crate) changelog: Option<Changelog<'a>>,
}

/// What tells a page's issues apart before they are read: id, instant of the last change, place.
#[derive(Debug, Deserialize)]
pub(crate) struct Stump<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) key: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) fields: Option<StumpFields<'a>>,
}

/// See [`Stump`].
#[derive(Debug, Deserialize)]
pub(crate) struct StumpFields<'a> {
    pub(crate) created: Option<When>,
    pub(crate) updated: Option<When>,
    #[serde(borrow)]
    pub(crate) project: Option<Place<'a>>,
}

/// The fields every site has, by their names, and the site's own as they came.
macro_rules! fields {
    ($($name:ident / $word:literal : $kind:ty,)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Fields<'a> {
            $(pub(crate) $name: Option<$kind>,)*
            /// `customfield_…`, but for those that are `null`.
            pub(crate) custom: Vec<(Str<'a>, &'a RawValue)>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct ByName;
                impl<'de> Visitor<'de> for ByName {
                    type Value = Fields<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("fields")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                        let mut fields = Fields::default();
                        while let Some(name) = map.next_key::<Str<'de>>()? {
                            match &*name {
                                $($word => fields.$name = map.next_value()?,)*
                                own if own.starts_with("customfield_") => {
                                    let value: &'de RawValue = map.next_value()?;
                                    if value.get() != "null" {
                                        fields.custom.push((name, value));
                                    }
                                }
                                _ => drop(map.next_value::<IgnoredAny>()?),
                            }
                        }
                        Ok(fields)
                    }
                }
                from.deserialize_map(ByName)
            }
        }
    };
}

fields! {
    summary / "summary": Str<'a>,
    status / "status": Status<'a>,
    created / "created": When,
    updated / "updated": When,
    resolution_date / "resolutiondate": When,
    category_since / "statuscategorychangedate": When,
    due / "duedate": Str<'a>,
    priority / "priority": Priority<'a>,
    labels / "labels": Vec<Str<'a>>,
    project / "project": Place<'a>,
    kind / "issuetype": IssueType<'a>,
    assignee / "assignee": User<'a>,
    reporter / "reporter": User<'a>,
    parent / "parent": Reference<'a>,
    subtasks / "subtasks": Vec<Subtask<'a>>,
    links / "issuelinks": Vec<IssueLink<'a>>,
    versions / "fixVersions": Vec<Version<'a>>,
    estimate / "timeoriginalestimate": Seconds,
    remaining / "timeestimate": Seconds,
    spent / "timespent": Seconds,
    comment / "comment": Comments<'a>,
    description / "description": &'a RawValue,
    security / "security": IgnoredAny,
    restriction / "issuerestriction": Restriction<'a>,
}

/// A length in seconds; whatever is no number reads as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Option<i64>);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seconds, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Seconds, E> {
                Ok(Seconds(Some(number)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Seconds, E> {
                Ok(Seconds(i64::try_from(number).ok()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Seconds, E> {
                Ok(Seconds(number.is_finite().then_some(number as i64)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
                Ok(Seconds(text.trim().parse().ok()))
            }
        }
        from.deserialize_any(Number)
    }
}

/// A priority, by its id.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Priority<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
}

/// A status, with the category that tells what it means.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) status_category: Option<Category<'a>>,
}

impl Status<'_> {
    /// `new`, `indeterminate`, `done`, `undefined`.
    pub(crate) fn category(&self) -> Option<&str> {
        self.status_category.as_ref()?.key.as_deref()
    }
}

/// See [`Status`].
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category<'a> {
    #[serde(borrow)]
    pub(crate) key: Option<Str<'a>>,
}

/// A project, as an issue names it or a list shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) key: Option<Str<'a>>,
    pub(crate) archived: Option<bool>,
    pub(crate) deleted: Option<bool>,
    #[serde(borrow)]
    pub(crate) lead: Option<User<'a>>,
}

/// What an issue is called.
#[derive(Debug, Deserialize)]
pub(crate) struct IssueType<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
}

/// A person or an app, of either edition.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User<'a> {
    #[serde(borrow)]
    pub(crate) account_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) account_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) key: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) display_name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) email_address: Option<Str<'a>>,
    pub(crate) active: Option<bool>,
}

/// Another issue, as an issue names it.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) key: Option<Str<'a>>,
}

/// A sub-task with its state.
#[derive(Debug, Deserialize)]
pub(crate) struct Subtask<'a> {
    #[serde(borrow)]
    pub(crate) fields: Option<SubtaskFields<'a>>,
}

/// See [`Subtask`].
#[derive(Debug, Deserialize)]
pub(crate) struct SubtaskFields<'a> {
    #[serde(borrow)]
    pub(crate) status: Option<Status<'a>>,
}

/// A link; the member that names the other issue tells the direction.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssueLink<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<LinkType<'a>>,
    #[serde(borrow)]
    pub(crate) outward_issue: Option<Reference<'a>>,
    #[serde(borrow)]
    pub(crate) inward_issue: Option<Reference<'a>>,
}

/// What a link is called, from both sides.
#[derive(Debug, Deserialize)]
pub(crate) struct LinkType<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) outward: Option<Str<'a>>,
}

/// A version.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    pub(crate) released: Option<bool>,
    pub(crate) archived: Option<bool>,
    #[serde(borrow)]
    pub(crate) release_date: Option<Str<'a>>,
}

/// A sprint.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sprint<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) state: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) end_date: Option<Str<'a>>,
}

/// Comments of an issue, perhaps not all.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Comments<'a> {
    #[serde(borrow, default)]
    pub(crate) comments: Vec<Comment<'a>>,
    pub(crate) total: Option<u64>,
}

/// A comment. Its text is an ADF document, or wiki text.
#[derive(Debug, Deserialize)]
pub(crate) struct Comment<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) author: Option<User<'a>>,
    pub(crate) created: Option<When>,
    #[serde(borrow)]
    pub(crate) body: Option<&'a RawValue>,
}

/// The team-managed counterpart of a security level: roles that alone may see the issue.
#[derive(Debug, Deserialize)]
pub(crate) struct Restriction<'a> {
    #[serde(borrow)]
    pub(crate) issuerestrictions: Option<&'a RawValue>,
}

/// The whole history of an issue, as `expand=changelog` brings it.
#[derive(Debug, Deserialize)]
pub(crate) struct Changelog<'a> {
    #[serde(borrow, default)]
    pub(crate) histories: Vec<History<'a>>,
}

/// One entry of the history: who changed what at once.
#[derive(Debug, Deserialize)]
pub(crate) struct History<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) author: Option<User<'a>>,
    pub(crate) created: When,
    #[serde(borrow, default)]
    pub(crate) items: Vec<Item<'a>>,
}

/// One change of an entry. Data Center tells no `fieldId`.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<'a> {
    #[serde(borrow)]
    pub(crate) field: Option<Str<'a>>,
    #[serde(borrow, rename = "fieldId")]
    pub(crate) field_id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) from: Option<Str<'a>>,
    #[serde(borrow, rename = "fromString")]
    pub(crate) from_string: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) to: Option<Str<'a>>,
    #[serde(borrow, rename = "toString")]
    pub(crate) to_string: Option<Str<'a>>,
}
