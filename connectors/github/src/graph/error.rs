//! What GraphQL's errors mean, by what is done next.

use std::fmt;

use connector_kit::ConnectorError;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use crate::answers::UNTOLD_LIMIT;

/// The most of GitHub's own words that is passed on.
const LONGEST: usize = 200;

/// Why a call brought nothing: one variant for each thing done next.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There is no GraphQL. The REST way, for a day.
    Absent(String),
    /// It does not know what was asked for: no such field or type. Without it, for a day.
    Unknown(String),
    /// A limit is used up: the REST way until then.
    Limited(SignedDuration),
    /// Too much at once: half of it.
    Heavy(ConnectorError),
    /// It fails: the REST way for a while.
    Down(ConnectorError),
    /// The credential is refused; so it will be everywhere.
    Refused(ConnectorError),
}

impl Trouble {
    /// A failure of the request itself.
    pub(super) fn of(error: ConnectorError) -> Trouble {
        match error {
            ConnectorError::Limited { retry_after, .. } => Trouble::Limited(retry_after),
            ConnectorError::Unauthorized { .. } => Trouble::Refused(error),
            // GitHub gives up after ten seconds: less at once may do.
            ConnectorError::Transient { ref what, .. } if what.ends_with("502") || what.ends_with("504") => {
                Trouble::Heavy(error)
            }
            other => Trouble::Down(other),
        }
    }

    /// As the caller of a stream hears it that has no other way.
    pub(super) fn into_error(self) -> ConnectorError {
        let tool = crate::TOOL;
        match self {
            Trouble::Absent(what) | Trouble::Unknown(what) => {
                ConnectorError::NotVisible { tool, what: format!("GraphQL ({what})") }
            }
            Trouble::Limited(retry_after) => {
                ConnectorError::Limited { tool, what: "the budget of GraphQL".to_owned(), retry_after }
            }
            Trouble::Heavy(error) | Trouble::Down(error) | Trouble::Refused(error) => error,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Absent(what) | Trouble::Unknown(what) => write!(f, "not there ({what})"),
            Trouble::Limited(wait) => write!(f, "a limit, for {}s", wait.as_secs()),
            Trouble::Heavy(error) | Trouble::Down(error) | Trouble::Refused(error) => write!(f, "{error}"),
        }
    }
}

/// One entry of `errors`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
    path: Option<Vec<Value>>,
    extensions: Option<Extensions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extensions {
    code: Option<String>,
    saml_failure: Option<bool>,
}

impl Fault {
    /// Whether it stands for this place, for a part of it, or for something it is part of.
    pub(super) fn is_about(&self, path: &[&str]) -> bool {
        let Some(own) = &self.path else { return true };
        own.iter().zip(path).all(|(step, wanted)| match step {
            Value::String(name) => name == wanted,
            Value::Number(number) => number.to_string() == **wanted,
            _ => false,
        })
    }

    /// In words, without control characters.
    pub(super) fn words(&self) -> String {
        if self.is_sso() {
            return "the token is not authorised for the organisation's single sign-on".to_owned();
        }
        let said = self.message.as_deref().or(self.kind.as_deref()).unwrap_or("an error without words");
        said.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
    }

    fn is_sso(&self) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.saml_failure == Some(true))
    }

    fn meaning(&self) -> Meaning {
        let kind = self.kind.as_deref().unwrap_or_default();
        let code = self.extensions.as_ref().and_then(|extensions| extensions.code.as_deref()).unwrap_or_default();
        let said = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        let says = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
        if kind == "RATE_LIMITED" || kind == "RATE_LIMIT" || says(&["rate limit exceeded", "secondary rate limit"]) {
            return Meaning::Limit;
        }
        let heavy = ["something went wrong while executing your query", "resource limits", "timed out", "timeout"];
        if matches!(kind, "RESOURCE_LIMITS_EXCEEDED" | "MAX_NODE_LIMIT_EXCEEDED" | "EXCESSIVE_PAGINATION")
            || says(&heavy)
            || said.contains("node limit")
        {
            return Meaning::Heavy;
        }
        let unknown =
            ["doesn't exist on type", "isn't defined", "isn't a defined", "was not found in enum", "invalid value"];
        let validation = ["undefinedField", "undefinedType", "argumentNotAccepted", "argumentLiteralsIncompatible"];
        if says(&unknown) || validation.contains(&code) || code == "variableRequiresValidType" {
            return Meaning::Unknown;
        }
        Meaning::Part
    }
}

#[derive(PartialEq)]
enum Meaning {
    Limit,
    Heavy,
    /// The server does not know what was asked.
    Unknown,
    /// A part of the answer is missing.
    Part,
}

/// Why an answer is not to be used at all. `None`: it is, but for what its errors name.
pub(super) fn classify(faults: &[Fault], has_data: bool) -> Option<Trouble> {
    let first = |wanted: Meaning| faults.iter().find(|fault| fault.meaning() == wanted);
    let transient = |fault: &Fault| ConnectorError::Transient {
        tool: crate::TOOL,
        what: format!("GraphQL: {}", fault.words()),
        retry_after: None,
        source: None,
    };
    if first(Meaning::Limit).is_some() {
        return Some(Trouble::Limited(UNTOLD_LIMIT));
    }
    if let Some(fault) = first(Meaning::Heavy) {
        return Some(Trouble::Heavy(transient(fault)));
    }
    if let Some(fault) = first(Meaning::Unknown).filter(|_| !has_data) {
        return Some(Trouble::Unknown(fault.words()));
    }
    faults.first().filter(|_| !has_data).map(|fault| Trouble::Down(transient(fault)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(errors: &str, has_data: bool) -> Option<Trouble> {
        classify(&serde_json::from_str::<Vec<Fault>>(errors).unwrap(), has_data)
    }

    #[test]
    fn an_error_is_told_by_what_is_done_next() {
        let limited = r#"[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]"#;
        assert!(matches!(of(limited, false), Some(Trouble::Limited(_))));
        let heavy = r#"[{"message":"Something went wrong while executing your query. Please include `A:B` when reporting this issue."}]"#;
        assert!(matches!(of(heavy, false), Some(Trouble::Heavy(_))));
        let partial = r#"[{"type":"RESOURCE_LIMITS_EXCEEDED","path":["nodes",3],"message":"Resource limits for this query exceeded."}]"#;
        assert!(matches!(of(partial, true), Some(Trouble::Heavy(_))));
        let nodes =
            r#"[{"type":"MAX_NODE_LIMIT_EXCEEDED","message":"This query requests up to 1,000,000 possible nodes"}]"#;
        assert!(matches!(of(nodes, false), Some(Trouble::Heavy(_))));
        let field = r#"[{"message":"Field 'blockedBy' doesn't exist on type 'Issue'","path":["query","nodes"],
            "extensions":{"code":"undefinedField","typeName":"Issue","fieldName":"blockedBy"}}]"#;
        assert!(matches!(of(field, false), Some(Trouble::Unknown(_))));
        let other = r#"[{"message":"Was never seen"}]"#;
        assert!(matches!(of(other, false), Some(Trouble::Down(_))));
        assert!(of(other, true).is_none());
        assert!(of("[]", true).is_none());
    }

    #[test]
    fn an_error_is_about_its_place_and_what_lies_above_and_below() {
        let fault: Fault = serde_json::from_str(
            r#"{"type":"FORBIDDEN","path":["nodes",3,"parent"],"message":"no","extensions":{"saml_failure":true}}"#,
        )
        .unwrap();
        assert!(fault.is_about(&["nodes", "3", "parent"]) && fault.is_about(&["nodes", "3"]));
        assert!(fault.is_about(&["nodes", "3", "parent", "repository"]));
        assert!(!fault.is_about(&["nodes", "3", "blockedBy"]) && !fault.is_about(&["nodes", "2"]));
        assert!(fault.words().contains("single sign-on"));
        let anywhere: Fault = serde_json::from_str(r#"{"message":"x"}"#).unwrap();
        assert!(anywhere.is_about(&["nodes", "0"]));
    }
}
