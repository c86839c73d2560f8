//! The mark as a property of a comment: nobody sees it, and it comes back with the comment.
//!
//! Anybody who may edit a comment may set its properties; whether a mark is ours is told by its MAC, which is checked
//! elsewhere.

use connector_model::Mark;
use serde_json::{Value, json};

use crate::config::Edition;

/// The property's key.
pub(crate) const KEY: &str = "gapwatch.flag";

/// The property as a comment is sent with it. Data Center describes values as texts: there it is JSON text.
pub(crate) fn property(edition: Edition, mark: &Mark) -> Value {
    let value = json!({"v": 1, "mark": mark.to_text()});
    let value = match edition {
        Edition::Cloud => value,
        Edition::DataCenter => Value::String(value.to_string()),
    };
    json!({"key": KEY, "value": value})
}

/// The mark in a property's value; `None` for any other value. Some versions of Data Center give the value as JSON text.
pub(crate) fn read(value: &Value) -> Option<Mark> {
    let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let value = parsed.as_ref().unwrap_or(value);
    Mark::from_text(value.get("mark")?.as_str()?)
}

/// The mark among a comment's properties.
pub(crate) fn among(properties: &[Value]) -> Option<Mark> {
    let ours = properties.iter().find(|property| property.get("key").and_then(Value::as_str) == Some(KEY))?;
    read(ours.get("value")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_from_its_property() {
        let mark = Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) };
        let other = json!({"key": "sd.public.comment", "value": {"internal": true}});
        for edition in [Edition::Cloud, Edition::DataCenter] {
            assert_eq!(among(&[other.clone(), property(edition, &mark)]), Some(mark.clone()));
        }
        assert_eq!(among(&[other]), None);
        for wrong in [json!(null), json!("x"), json!({"v": 1}), json!({"mark": 7}), json!({"mark": "a.b"})] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
