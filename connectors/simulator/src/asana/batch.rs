//! Up to ten requests in one, each of which counts.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::org::Org;
use super::show::Fields;
use super::{Answer, Call, refuse};
use crate::reply::Reply;

/// Requests in one.
const ACTIONS: usize = 10;

impl Org {
    pub(super) fn batch(&mut self, call: &Call) -> Result<Answer, Reply> {
        let data = call.data()?;
        let actions = data["actions"].as_array().ok_or_else(|| refuse(400, "actions: Missing input"))?;
        if actions.is_empty() || actions.len() > ACTIONS {
            return Err(refuse(400, "actions: A batch holds between 1 and 10 actions."));
        }
        let mut answers = Vec::new();
        for action in actions {
            let reply = match inner(call, action) {
                Ok(inner) => self.call(&inner),
                Err(refusal) => refusal,
            };
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            let headers: serde_json::Map<_, _> =
                reply.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            answers.push(json!({ "status_code": reply.status, "headers": headers, "body": body }));
        }
        Ok(Answer::Whole(json!({ "data": answers }), 0))
    }
}

fn inner(call: &Call, action: &Value) -> Result<Call, Reply> {
    let path = action["relative_path"].as_str().unwrap_or_default();
    if path.contains('?') || !path.starts_with('/') || path.starts_with("/batch") {
        return Err(refuse(400, "relative_path: Not a path that a batch may ask for."));
    }
    let method = match action["method"].as_str().map(str::to_lowercase).as_deref() {
        Some("get") => Method::GET,
        Some("post") => Method::POST,
        Some("put") => Method::PUT,
        Some("delete") => Method::DELETE,
        _ => return Err(refuse(400, "method: Must be one of get, post, put, delete")),
    };
    let options = &action["options"];
    let mut query = Vec::new();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for name in ["limit", "offset"] {
        if let Some(value) = options.get(name) {
            query.push((name.to_owned(), text(value)));
        }
    }
    // What a GET would have in its query stands in `data`.
    if method == Method::GET {
        let data = action["data"].as_object().into_iter().flatten();
        query.extend(data.map(|(name, value)| (name.clone(), text(value))));
    }
    let fields: Vec<&str> = options["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Ok(Call {
        method,
        path: path.to_owned(),
        query,
        body: Bytes::from(json!({ "data": action["data"] }).to_string()),
        fields: Fields::read(&fields.join(",")),
        me: call.me,
        token: call.token.clone(),
        lacks: call.lacks.clone(),
        now: call.now,
    })
}
