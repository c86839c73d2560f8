//! Bodies that no tool should send.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

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

#[cfg(test)]
mod tests {
    use super::*;

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
