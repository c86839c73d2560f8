//! Reading an answer's items one by one: one that cannot be read costs itself, not the page.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Unreadable;

/// Reads one item. On failure says which field, never what was in it.
pub fn one<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    // Most are well; only what is not is read once more to find the place.
    if let Ok(read) = serde_json::from_str(text) {
        return Ok(read);
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let Err(err) = serde_path_to_error::deserialize::<_, T>(&mut json) else {
        return Err("more than one value".to_owned());
    };
    let path = err.path().to_string();
    let cause = err.into_inner();
    let said = cause.to_string();
    Err(if said.starts_with("missing field") {
        said
    } else if cause.is_data() {
        format!("an unexpected value at {path}")
    } else {
        "no valid JSON".to_owned()
    })
}

/// Reads each of these. What cannot be read is named by what can still be made out of it, or by its place on the page.
pub fn each<'a, T: Deserialize<'a>>(
    raws: impl IntoIterator<Item = &'a RawValue>,
    name_of: impl Fn(&RawValue, usize) -> String,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<T> {
    let mut read = Vec::new();
    for (at, raw) in raws.into_iter().enumerate() {
        match one(raw.get()) {
            Ok(item) => read.push(item),
            Err(because) => unreadable.push(Unreadable { what: name_of(raw, at), because }),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Thing {
        id: u32,
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_content() {
        let text = r#"[{"id": 1}, {"id": "secret"}, {}, {"id": 4}]"#;
        let raws: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        let mut unreadable = Vec::new();
        let read: Vec<Thing> = each(raws, |_, at| format!("item {at}"), &mut unreadable);
        assert_eq!(read, [Thing { id: 1 }, Thing { id: 4 }]);
        let named: Vec<_> = unreadable.iter().map(|one| (one.what.as_str(), one.because.as_str())).collect();
        assert_eq!(named[0], ("item 1", "an unexpected value at id"));
        assert!(named[1].1.starts_with("missing field `id`"), "{named:?}");
        assert_eq!(one::<Thing>("{"), Err("no valid JSON".to_owned()));
        assert_eq!(one::<Thing>("{\"id\": 1} 2"), Err("more than one value".to_owned()));
    }
}
