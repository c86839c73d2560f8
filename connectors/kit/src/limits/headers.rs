//! What an answer's headers say about limits. Pure; foreign values of any shape are read or passed over.

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

/// The longest wait a tool can ask for; more is taken for a mistake of its own.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The shortest wait after a refusal, so that `Retry-After: 0` makes no tight loop.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// A budget is short from this many calls on where the tool does not say how large it is.
const FEW: u64 = 100;

/// What an answer says about limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// The tool refused for a limit. `wait`: what it asked for, 1 s to [`LONGEST_WAIT`]; `None` where it did not say.
    Refused {
        /// How long.
        wait: Option<SignedDuration>,
    },
    /// What is left of the budget.
    Left {
        /// Calls left.
        calls: u64,
        /// Until the budget is full again.
        reset_in: SignedDuration,
        /// Less than a fifth is left.
        short: bool,
    },
    /// Nothing.
    Nothing,
}

/// Reads an answer. Instants a tool names are compared with its own `Date`, so that a wrong clock here changes no wait.
pub(crate) fn told(status: u16, headers: &HeaderMap, now: Timestamp) -> Told {
    let there = date(headers).unwrap_or(now);
    if is_limit(status, headers) {
        let wait = retry_after(headers, there).or_else(|| reset_after_refusal(headers, there));
        return Told::Refused { wait: wait.map(within_reason) };
    }
    let Some(calls) = number(headers, "x-ratelimit-remaining") else { return Told::Nothing };
    let Some(reset_in) = reset_in(headers, there) else { return Told::Nothing };
    let short = number(headers, "x-ratelimit-limit").map_or(calls <= FEW, |limit| calls <= limit / 5);
    Told::Left { calls, reset_in: reset_in.min(LONGEST_WAIT), short }
}

/// True: this status is a limit, not a permission or a failure. A 403 is one only with headers that say so; a 503 only
/// when it says how long.
pub(crate) fn is_limit(status: u16, headers: &HeaderMap) -> bool {
    let asked = headers.contains_key(RETRY_AFTER);
    match status {
        429 => true,
        403 => asked || number(headers, "x-ratelimit-remaining") == Some(0),
        503 => asked,
        _ => false,
    }
}

/// True: the limit that is used up is that of the endpoint asked, or of the one thing written to; the tool's other
/// endpoints may go on being asked. Jira says so; where nothing is said, all of a family is meant.
pub(crate) fn is_of_endpoint(headers: &HeaderMap) -> bool {
    let reason = headers.get("ratelimit-reason").and_then(|value| value.to_str().ok()).unwrap_or_default();
    reason.contains("-burst-") || reason.contains("-per-issue-")
}

/// The tool's clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// Seconds, or a date. `None`: absent, negative or unreadable.
pub(crate) fn retry_after(headers: &HeaderMap, there: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is a wait longer than any we keep.
        return Some(SignedDuration::from_secs(text.parse().unwrap_or(i64::MAX)));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return SignedDuration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_negative());
    }
    Some(http_date(text)?.duration_since(there))
}

/// A refusal that names the reset but no `Retry-After`: one second beyond it, as the tools' own clients do. A budget that
/// is not used up was not the reason, so its reset says nothing.
fn reset_after_refusal(headers: &HeaderMap, there: Timestamp) -> Option<SignedDuration> {
    if number(headers, "x-ratelimit-remaining").is_some_and(|left| left > 0) {
        return None;
    }
    Some(reset_in(headers, there)?.saturating_add(SHORTEST_WAIT))
}

/// Epoch seconds (GitHub), an instant (Jira), or seconds from now. `None`: absent, unreadable or already over.
fn reset_in(headers: &HeaderMap, there: Timestamp) -> Option<SignedDuration> {
    const EPOCHS_FROM: i64 = 1_000_000_000;
    let text = headers.get("x-ratelimit-reset")?.to_str().ok()?.trim();
    let wait = match text.parse::<i64>() {
        Ok(at) if at >= EPOCHS_FROM => Timestamp::from_second(at).ok()?.duration_since(there),
        Ok(seconds) => SignedDuration::from_secs(seconds),
        Err(_) => text.parse::<Timestamp>().ok()?.duration_since(there),
    };
    wait.is_positive().then_some(wait)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn within_reason(wait: SignedDuration) -> SignedDuration {
    wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    /// 2025-03-11 09:00:00
    const NOW: i64 = 1_741_683_600;

    fn told_by(status: u16, lines: &[(&'static str, &str)]) -> Told {
        let headers =
            lines.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_str(value).unwrap()));
        told(status, &headers.collect(), Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn a_refusal_tells_its_wait_in_every_form_tools_use() {
        let check = |lines: &[(&'static str, &str)], wait: Option<i64>| {
            let wait = wait.map(SignedDuration::from_secs);
            assert_eq!(told_by(429, lines), Told::Refused { wait }, "{lines:?}");
        };
        check(&[], None);
        check(&[("retry-after", "30")], Some(30));
        check(&[("retry-after", " 30 ")], Some(30));
        check(&[("retry-after", "2.0")], Some(2));
        check(&[("retry-after", "0")], Some(1));
        check(&[("retry-after", "-30")], None);
        check(&[("retry-after", "-0.5")], None);
        check(&[("retry-after", "NaN")], None);
        check(&[("retry-after", "inf")], None);
        check(&[("retry-after", "soon")], None);
        check(&[("retry-after", "")], None);
        check(&[("retry-after", "999999999999999999999999")], Some(24 * 3600));
        check(&[("retry-after", "Tue, 11 Mar 2025 09:02:00 GMT")], Some(120));
        check(&[("retry-after", "Tue, 11 Mar 2025 08:00:00 GMT")], Some(1));
        check(&[("retry-after", "Tue, 11 Mar 2036 08:00:00 GMT")], Some(24 * 3600));
        // The tool's clock is an hour behind ours: the wait is what it meant.
        let behind = ("date", "Tue, 11 Mar 2025 08:00:00 GMT");
        check(&[("retry-after", "Tue, 11 Mar 2025 08:02:00 GMT"), behind], Some(120));
        check(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1741680120"), behind], Some(121));
        check(&[("x-ratelimit-reset", "2025-03-11T09:05:00Z")], Some(301));
        check(&[("x-ratelimit-reset", "90")], Some(91));
        check(&[("x-ratelimit-reset", "1741680120")], None);
        check(&[("x-ratelimit-remaining", "17"), ("x-ratelimit-reset", "1741684000")], None);
    }

    #[test]
    fn a_refusal_is_a_limit_only_where_it_says_so() {
        let refused = |wait: i64| Told::Refused { wait: Some(SignedDuration::from_secs(wait)) };
        assert_eq!(told_by(403, &[]), Told::Nothing);
        assert_eq!(told_by(403, &[("x-ratelimit-remaining", "12")]), Told::Nothing);
        assert_eq!(told_by(403, &[("x-ratelimit-remaining", "0")]), Told::Refused { wait: None });
        assert_eq!(told_by(403, &[("retry-after", "60")]), refused(60));
        assert_eq!(told_by(503, &[]), Told::Nothing);
        assert_eq!(told_by(503, &[("retry-after", "7")]), refused(7));
        assert_eq!(told_by(200, &[("retry-after", "7")]), Told::Nothing);
        assert_eq!(told_by(401, &[("retry-after", "7")]), Told::Nothing);
    }

    #[test]
    fn a_budget_is_short_from_its_last_fifth_on() {
        let left = |calls: &str, limit: Option<&'static str>| {
            let mut lines = vec![("x-ratelimit-remaining", calls), ("x-ratelimit-reset", "1741683700")];
            lines.extend(limit.map(|limit| ("x-ratelimit-limit", limit)));
            told_by(200, &lines)
        };
        let expected = |calls, short| Told::Left { calls, reset_in: SignedDuration::from_secs(100), short };
        assert_eq!(left("1001", Some("5000")), expected(1001, false));
        assert_eq!(left("1000", Some("5000")), expected(1000, true));
        assert_eq!(left("101", None), expected(101, false));
        assert_eq!(left("100", None), expected(100, true));
        assert_eq!(left("-1", None), Told::Nothing);
        assert_eq!(told_by(200, &[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "1741683599")]), Told::Nothing);
    }

    proptest! {
        #[test]
        fn no_header_of_any_shape_makes_a_wait_outside_its_range(value in "[ -~]{0,30}", reset in "[0-9T:Z.-]{0,25}", status in 100u16..600) {
            let lines = [("retry-after", value.as_str()), ("x-ratelimit-reset", &reset), ("date", &value)];
            if let Told::Refused { wait: Some(wait) } = told_by(status, &lines) {
                prop_assert!((SHORTEST_WAIT..=LONGEST_WAIT).contains(&wait));
            }
        }
    }
}
