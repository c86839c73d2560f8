//! What somebody may have meant by a value that is refused: the same, as it has to be written. `None`: no guess.
//!
//! `found` is the value as a message shows it: text in quotes, a number without.

use crate::domain::length::Length;

/// Words that people use for units, and the unit.
const UNITS: [(&[&str], &str); 5] = [
    (&["s", "sec", "secs", "second", "seconds"], "s"),
    (&["m", "min", "mins", "minute", "minutes"], "m"),
    (&["h", "hr", "hrs", "hour", "hours"], "h"),
    (&["d", "day", "days"], "d"),
    (&["w", "week", "weeks"], "w"),
];
const OF_WORK: [(&[&str], &str); 2] = [
    (&["workday", "workdays", "working day", "working days", "business day", "business days"], "workdays"),
    (&["workhour", "workhours", "working hour", "working hours", "business hour", "business hours"], "workhours"),
];

/// A length of time: `120` is "120s", "2 minutes" is "2m", "1h30m" is "90m".
pub(super) fn length(found: &str) -> Option<String> {
    let text = found.trim_matches('"').trim().to_ascii_lowercase();
    if !found.starts_with('"') || text.chars().all(|c| c.is_ascii_digit()) {
        return text.parse::<u32>().ok().map(|seconds| format!("{seconds}s"));
    }
    let parts = parts(&text)?;
    let guess = match parts.as_slice() {
        [(number, unit)] => {
            let unit = |names: &[(&[&str], &'static str)]| {
                names.iter().find(|(words, _)| words.contains(&unit.as_str())).map(|(_, unit)| *unit)
            };
            match (unit(&UNITS), unit(&OF_WORK)) {
                (Some(unit), _) => format!("{number}{unit}"),
                (None, Some(unit)) => {
                    format!("{number} {}", if number == "1" { &unit[..unit.len() - 1] } else { unit })
                }
                (None, None) => return None,
            }
        }
        [(hours, h), (minutes, m)] if h.starts_with('h') && m.starts_with('m') => {
            let minutes = hours.parse::<u32>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
            format!("{minutes}m")
        }
        _ => return None,
    };
    guess.parse::<Length>().is_ok().then_some(guess)
}

/// Numbers, each with the word behind it.
fn parts(text: &str) -> Option<Vec<(String, String)>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(word);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        if number.is_empty() {
            return None;
        }
        parts.push((number.to_owned(), after[..end].trim().replace(['_', '-'], " ")));
        rest = &after[end..];
    }
    Some(parts)
}

/// A share: `30` and "30%" are 0.3.
pub(super) fn share(found: &str) -> Option<String> {
    let text = found.trim_matches('"').trim();
    let (number, is_percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text, false),
    };
    let number: f64 = number.parse().ok()?;
    // Slightly more than 1 is rather a share that is too large.
    let fits = (is_percent || number >= 5.0) && (0.0..=100.0).contains(&number);
    fits.then(|| format!("{}", number / 100.0))
}

/// A repository: `https://github.com/acme/web/issues` is acme/web.
pub(super) fn repo(found: &str) -> Option<String> {
    let text = found.trim_matches('"').trim();
    let path = text.strip_prefix("git@").and_then(|rest| rest.split_once(':')).map(|(_, path)| path);
    let path =
        path.or_else(|| text.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path))?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (owner, name) = (parts.next()?, parts.next()?);
    Some(format!("{owner}/{}", name.trim_end_matches(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_in_other_words_is_put_into_ours() {
        let all = [
            ("120", Some("120s")),
            ("\"90\"", Some("90s")),
            ("\"2 minutes\"", Some("2m")),
            ("\"1.5 hours\"", Some("1.5h")),
            ("\"3 working days\"", Some("3 workdays")),
            ("\"1 business-day\"", Some("1 workday")),
            ("\"1h30m\"", Some("90m")),
            ("\"1 hour 30 minutes\"", Some("90m")),
            ("\"3 fortnights\"", None),
            ("\"-5m\"", None),
            ("\"soon\"", None),
            ("\"\"", None),
            ("true", None),
        ];
        for (found, meant) in all {
            assert_eq!(length(found).as_deref(), meant, "{found}");
        }
    }

    #[test]
    fn a_percentage_is_a_share() {
        for (found, meant) in [
            ("30", Some("0.3")),
            ("\"30%\"", Some("0.3")),
            ("\"0.5 %\"", Some("0.005")),
            ("250", None),
            ("1.5", None),
            ("-1", None),
            ("\"half\"", None),
        ] {
            assert_eq!(share(found).as_deref(), meant, "{found}");
        }
    }

    #[test]
    fn the_address_of_a_repository_names_it() {
        for found in [
            "\"https://github.com/acme/web\"",
            "\"https://ghe.example.org/acme/web/issues?q=1\"",
            "\"git@github.com:acme/web.git\"",
        ] {
            assert_eq!(repo(found).as_deref(), Some("acme/web"), "{found}");
        }
        assert_eq!((repo("\"web\""), repo("\"https://github.com/acme\"")), (None, None));
    }
}
