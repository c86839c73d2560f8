//! Reading an answer.

use http::header::{CONTENT_TYPE, LINK};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::Response;
use crate::ConnectorError;
use crate::limits::{told_date, told_wait};

impl Response {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value. `None`: absent, or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long the tool wants to be left alone. `None`: it does not say, or it is over.
    pub fn retry_after(&self, now: Timestamp) -> Option<SignedDuration> {
        let there = told_date(&self.headers).unwrap_or(now);
        told_wait(&self.headers, there).filter(|wait| wait.is_positive())
    }

    /// The body as JSON; `what` says what was asked for (`issues of acme/web`).
    ///
    /// Malformed where it is something else (a login page with status 200), or JSON of another shape.
    pub fn json<T: DeserializeOwned>(&self, tool: &'static str, what: &str) -> Result<T, ConnectorError> {
        let malformed = |what, source| ConnectorError::Malformed { tool, what, source };
        if let Some(other) = self.not_json() {
            return Err(malformed(format!("{what}: expected JSON, got {other}"), None));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = format!("{what}: {} bytes of JSON, unreadable at line {}", self.body.len(), error.line());
            malformed(what, Some(error.into()))
        })
    }

    /// What the body is, where it surely is no JSON. A tool that labels its JSON as something else is forgiven.
    fn not_json(&self) -> Option<String> {
        let kind = self.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            None => Some("an empty body".to_owned()),
            Some(b'<') => Some("a page (HTML or XML), perhaps a login".to_owned()),
            Some(_) if kind.starts_with("text/html") => Some("text/html".to_owned()),
            Some(_) => None,
        }
    }

    /// The query of the `Link` header's `rel="next"`, decoded; never its host or path. `None`: there is no next page.
    pub fn next_link(&self) -> Option<Vec<(String, String)>> {
        let links = self.headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
        let next = links.flat_map(links_of).find(|link| link.is_next)?;
        let query = next.target.split('#').next()?.split_once('?').map_or("", |(_, query)| query);
        Some(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }
}

/// One entry of a `Link` header.
struct LinkValue<'a> {
    target: &'a str,
    is_next: bool,
}

/// The entries of `<target>; rel="next", <target>; rel="last"`. A target may hold commas and semicolons.
fn links_of(header: &str) -> impl Iterator<Item = LinkValue<'_>> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let (target, tail) = rest.split_once('<')?.1.split_once('>')?;
        // The next entry begins at the next `<`; a parameter that holds one is not among those tools send.
        let end = tail.find('<').unwrap_or(tail.len());
        rest = &tail[end..];
        Some(LinkValue { target, is_next: tail[..end].split([';', ',']).any(says_next) })
    })
}

/// `rel="next"`, `rel=next`, `rel="prev next"`
fn says_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;

    fn answer(name: &'static str, value: &str, body: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        Response {
            status: 200,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            asked_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_next_link_yields_its_query_and_nothing_else() {
        let check = |link: &str, expected: Option<&[(&str, &str)]>| {
            let expected: Option<Vec<_>> =
                expected.map(|pairs| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
            assert_eq!(answer("link", link, "").next_link(), expected, "{link}");
        };
        check(
            r#"<https://api.github.com/repositories/1/issues?page=2&after=Y3Vy%3D%3D>; rel="next", <https://x/?page=9>; rel="last""#,
            Some(&[("page", "2"), ("after", "Y3Vy==")]),
        );
        check(
            r#"<https://x/?page=1>; rel="prev", <http://evil.example:81/steal?page=3,4>; rel=NEXT"#,
            Some(&[("page", "3,4")]),
        );
        check(r#"</x?a=b#c=d>; title="x"; rel="prev next""#, Some(&[("a", "b")]));
        check(r#"<https://x/>; rel="next""#, Some(&[]));
        check(r#"<https://x/?a=b>; rel="last""#, None);
        check(r#"<https://x/?a=b>; rel="nextish""#, None);
        check("<https://x/?a=b", None);
        check("", None);
    }

    #[test]
    fn a_page_with_status_200_is_no_json() {
        for (kind, body) in [
            ("text/html; charset=utf-8", "<!doctype html><title>Sign in</title>"),
            ("application/json", " \n<html>"),
            ("text/html", "[]"),
            ("application/json", ""),
            ("application/json", "{\"a\":"),
            ("application/json", "[1]x"),
        ] {
            let error = answer("content-type", kind, body).json::<Value>("github", "issues").unwrap_err();
            assert!(matches!(error, ConnectorError::Malformed { .. }), "{kind} {body}: {error}");
        }
        let value: Value = answer("content-type", "text/plain", "{\"a\":[1]}").json("github", "issues").unwrap();
        assert_eq!(value["a"][0], 1);
    }

    #[test]
    fn json_nested_ten_thousand_deep_is_refused_and_not_followed() {
        let body = "[".repeat(10_000) + &"]".repeat(10_000);
        let error = answer("content-type", "application/json", &body).json::<Value>("github", "issues").unwrap_err();
        assert!(matches!(error, ConnectorError::Malformed { .. }));
    }
}
