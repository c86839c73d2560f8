//! Bodies that no tool should send.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::reply::Reply;

/// Written at once while a bomb is packed.
const BLOCK: usize = 1 << 20;

/// A JSON list of nothing but blanks, packed: a thousandth of what it unpacks to.
pub(super) fn gzip_bomb(bytes: u64) -> Reply {
    let block = vec![b' '; BLOCK];
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut write = |part: &[u8]| packed.write_all(part).expect("memory takes every byte");
    write(b"[");
    while left > 0 {
        let part = left.min(BLOCK);
        write(&block[..part]);
        left -= part;
    }
    write(b"]");
    let packed = packed.finish().expect("memory takes every byte");
    Reply::new(200, Bytes::from(packed))
        .with("content-type", "application/json; charset=utf-8")
        .with("content-encoding", "gzip")
}

/// The same answer with a text replaced wherever it stands.
pub(super) fn replaced(mut reply: Reply, from: &str, to: &str) -> Reply {
    if let Ok(text) = std::str::from_utf8(&reply.body) {
        reply.body = Bytes::from(text.replace(from, to));
    }
    for (_, value) in &mut reply.headers {
        *value = value.replace(from, to);
    }
    reply
}

/// Without those members of its lists of which a field is one of these texts.
pub(super) fn lacking(mut reply: Reply, texts: &[String]) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) {
        lack(&mut body, texts);
        reply.body = Bytes::from(body.to_string());
    }
    reply
}

fn lack(value: &mut Value, texts: &[String]) {
    let is_one = |value: &Value| match value {
        Value::String(text) => texts.contains(text),
        Value::Number(number) => texts.contains(&number.to_string()),
        _ => false,
    };
    match value {
        Value::Array(items) => {
            items.retain(|item| !item.as_object().is_some_and(|item| item.values().any(is_one)));
            items.iter_mut().for_each(|item| lack(item, texts));
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| lack(field, texts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_lacks_what_it_is_told_to_and_nothing_else() {
        let body =
            "{\"total\":3,\"issues\":[{\"key\":\"A-1\",\"links\":[{\"id\":7}]},{\"key\":\"A-2\"},{\"key\":\"A-12\"}]}";
        let reply = lacking(Reply::json_text(200, body.to_owned()), &["A-2".to_owned(), "7".to_owned()]);
        let left: Value = serde_json::from_slice(&reply.body).unwrap();
        let expected = serde_json::json!({ "total": 3, "issues": [{ "key": "A-1", "links": [] }, { "key": "A-12" }] });
        assert_eq!(left, expected);
    }

    #[test]
    fn a_bomb_is_small_until_it_goes_off() {
        let reply = gzip_bomb(8 << 20);
        assert!(reply.body.len() < 64 << 10, "{}", reply.body.len());
        let unpacked = std::io::copy(&mut flate2::read::GzDecoder::new(&*reply.body), &mut std::io::sink());
        assert_eq!(unpacked.ok(), Some((8 << 20) + 2));
    }

    #[test]
    fn a_text_is_replaced_in_body_and_headers() {
        let reply = Reply::json_text(200, "{\"url\":\"http://here/1\"}".to_owned()).with("link", "<http://here/2>");
        let reply = replaced(reply, "http://here", "http://there");
        assert_eq!(&reply.body[..], b"{\"url\":\"http://there/1\"}");
        assert!(reply.headers.contains(&("link", "<http://there/2>".to_owned())));
    }
}
