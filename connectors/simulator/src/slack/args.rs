//! Arguments of a method, from the query, a form or a JSON body.

use serde_json::{Map, Value};

use super::Refusal;
use crate::server::Asked;
use crate::text::pairs;

/// The arguments of one call.
pub(super) struct Args(Map<String, Value>);

impl Args {
    /// Reads all of them. A JSON body for a method that takes none is refused, as in life.
    pub(super) fn read(asked: &Asked, takes_json: bool) -> Result<Args, Refusal> {
        let mut args = Map::new();
        let mut add = |text: &[u8]| {
            args.extend(pairs(text).into_iter().map(|(name, value)| (name, Value::String(value))));
        };
        add(asked.query.as_bytes());
        let kind = asked.header("content-type").unwrap_or_default().to_lowercase();
        if kind.starts_with("application/json") && !asked.body.is_empty() {
            if !takes_json {
                let why = "[ERROR] missing required field: this method takes no JSON body".to_owned();
                return Err(Refusal::Because("invalid_arguments", vec![why]));
            }
            match serde_json::from_slice(&asked.body) {
                Ok(Value::Object(members)) => args.extend(members),
                Ok(_) => return Err(Refusal::Error("json_not_object")),
                Err(_) => return Err(Refusal::Error("invalid_json")),
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            add(&asked.body);
        }
        Ok(Args(args))
    }

    /// A text argument. `None`: absent, empty, or no text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(on)) => *on,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            _ => false,
        }
    }

    pub(super) fn count(&self, name: &str) -> Option<usize> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_u64().and_then(|count| usize::try_from(count).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A structured argument: itself in a JSON body, JSON text in a form. `None`: absent. `Err`: not JSON.
    pub(super) fn json(&self, name: &str) -> Option<Result<Value, ()>> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).map_err(|_| ())),
            value => Some(Ok(value.clone())),
        }
    }
}
