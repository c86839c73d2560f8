//! A schema that drifts: one field of an answer, chosen by a number, is missing, `null`, of another type, or holds what it
//! never held.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::reply::Reply;

/// What becomes of a field.
const WAYS: u64 = 12;

/// The same answer with one field changed; as it is where it is no JSON, or has no field.
pub(super) fn drifted(mut reply: Reply, dice: u64) -> Reply {
    let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else { return reply };
    let fields = fields(&body);
    if fields == 0 {
        return reply;
    }
    // Another body has another tag.
    reply.headers.retain(|(name, _)| *name != "etag");
    let mut nth = (dice / WAYS) % fields;
    change(&mut body, &mut nth, dice % WAYS);
    reply.body = Bytes::from(body.to_string());
    reply
}

/// How many members of objects there are, at any depth.
fn fields(value: &Value) -> u64 {
    match value {
        Value::Object(members) => members.values().map(|value| 1 + fields(value)).sum(),
        Value::Array(items) => items.iter().map(fields).sum(),
        _ => 0,
    }
}

/// Changes the `nth` member, counted down while walking; true once it is done.
fn change(value: &mut Value, nth: &mut u64, way: u64) -> bool {
    match value {
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            for name in names {
                if *nth == 0 {
                    if let Some(new) = members.remove(&name).and_then(|old| replaced(&old, way)) {
                        members.insert(name, new);
                    }
                    return true;
                }
                *nth -= 1;
                if members.get_mut(&name).is_some_and(|value| change(value, nth, way)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => items.iter_mut().any(|item| change(item, nth, way)),
        _ => false,
    }
}

/// `None`: the field is gone.
fn replaced(old: &Value, way: u64) -> Option<Value> {
    Some(match way {
        0 => return None,
        1 => Value::Null,
        2 => json!("a word nobody knows"),
        3 => json!(9_007_199_254_740_993_u64),
        4 => json!(18_446_744_073_709_551_615_u64),
        5 => json!(-1),
        6 => json!(1.5e300),
        7 => json!({ "new": "shape" }),
        8 => json!([old.clone()]),
        9 => json!(!old.as_bool().unwrap_or(false)),
        // A number as text, and text as it never was.
        10 => json!(old.to_string()),
        _ => json!("9999-99-99T99:99:99Z"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_changes_one_field_in_one_way() {
        let body = json!([{ "id": 1, "user": { "login": "ana" } }, { "id": 2 }]);
        let reply = || Reply::json(200, &body);
        assert_eq!(fields(&body), 4);
        let mut seen = std::collections::BTreeSet::new();
        for dice in 0..4 * WAYS {
            let after = drifted(reply(), dice).body;
            assert_ne!(&after[..], body.to_string().as_bytes(), "{dice}");
            seen.insert(after);
        }
        assert!(seen.len() > 40, "{}", seen.len());
        let gone = drifted(reply(), 2 * WAYS).body;
        assert_eq!(serde_json::from_slice::<Value>(&gone).ok(), Some(json!([{ "id": 1, "user": {} }, { "id": 2 }])));
    }
}
