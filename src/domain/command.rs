//! What somebody answers, in words: `snooze 3d waiting for the vendor`. The same words for a comment (after `/gapwatch `),
//! a button and whatever comes later. Pure: who may say it, and what follows from it, is decided in `alerts/`.

use jiff::civil::{Date, Weekday};

use super::finding::GapId;
use super::length::Length;

/// What begins a comment that is meant for us.
pub const PREFIX: &str = "/gapwatch ";
/// Longest reason, or other words of theirs, that is kept; characters.
const LONGEST: usize = 300;

/// What is understood, for whoever was not.
pub const HELP: &str = "snooze 3d REASON, snooze fri REASON, on it, done, date 2026-11-27, blocked by WHAT, not mine @WHO, \
                        wrong REASON, answered, undo, stop, start";

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// They work on it.
    OnIt,
    /// Say nothing for a while.
    Snooze {
        /// Until when.
        until: Until,
        /// Why.
        reason: Option<String>,
    },
    /// Forget what was answered before.
    Undo,
    /// Somebody else's.
    NotMine {
        /// Whose, as they put it.
        to: Option<String>,
    },
    /// It is done, whatever the tool says.
    Done,
    /// It gets, or has got, another date.
    Date {
        /// Which. `None`: not said.
        on: Option<Date>,
    },
    /// It waits.
    Blocked {
        /// For what, as they put it.
        by: Option<String>,
    },
    /// There is no problem.
    Wrong {
        /// Why not.
        reason: Option<String>,
    },
    /// What was asked is answered, but not here.
    Answered,
    /// Nothing to me any more but my digest.
    Stop,
    /// The opposite.
    Start,
    /// What is understood?
    Help,
}

/// The end of a snooze, before a calendar makes an instant of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// After so long.
    After(Length),
    /// The beginning of this day.
    Day(Date),
    /// The beginning of the next day of this name.
    Weekday(Weekday),
    /// The next day.
    Tomorrow,
}

/// Why words are no answer; what to write instead is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misunderstood {
    /// No word of ours.
    #[error("“{0}” is no answer I know. I know: {HELP}.")]
    Unknown(String),
    /// A snooze without its end.
    #[error("A snooze needs its end: snooze 3d, snooze fri, snooze 2026-11-27.")]
    NoEnd,
    /// A date that is none.
    #[error("“{0}” is not a date; write it like 2026-11-27.")]
    NoDate(String),
}

/// Reads an answer: the gap it names, if it begins with one, and what it says.
///
/// # Errors
/// In words for whoever wrote it.
pub fn parse(words: &str) -> Result<(Option<GapId>, Command), Misunderstood> {
    let clean: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut tokens: Vec<&str> = clean.split_whitespace().collect();
    let gap = tokens.first().filter(|token| GapId::looks_like(token)).map(|token| GapId((*token).to_owned()));
    if gap.is_some() {
        tokens.remove(0);
    }
    let Some((verb, rest)) = tokens.split_first() else { return Ok((gap, Command::Help)) };
    let verb = plain(verb);
    let second = rest.first().map(|token| plain(token)).unwrap_or_default();
    let after_second = rest.get(1..).unwrap_or_default();
    let command = match (verb.as_str(), second.as_str()) {
        ("on", "it") | ("onit" | "ack" | "acknowledge" | "seen" | "ok" | "handling" | "working", _) => Command::OnIt,
        ("snooze" | "later", _) => snooze(rest)?,
        ("undo" | "unsnooze" | "unack", _) => Command::Undo,
        ("not", "mine") => Command::NotMine { to: whom(after_second) },
        ("notmine", _) => Command::NotMine { to: whom(rest) },
        ("done" | "fixed" | "finished" | "closed", _) => Command::Done,
        ("new", "date") => Command::Date { on: date(after_second)? },
        ("date" | "due" | "newdate", _) => Command::Date { on: date(rest)? },
        ("blocked" | "waiting", _) => Command::Blocked { by: said(after(rest, &["by", "on", "for"])) },
        ("wrong" | "wrongflag" | "notaproblem", _) => Command::Wrong { reason: said(after(rest, &["because"])) },
        ("answered" | "answeredelsewhere", _) => Command::Answered,
        ("stop" | "mute", _) => Command::Stop,
        ("start" | "unmute", _) => Command::Start,
        ("help" | "?", _) => Command::Help,
        _ => return Err(Misunderstood::Unknown(shortened(&tokens.join(" "), 40))),
    };
    Ok((gap, command))
}

/// Lower case, without what people put between and after words.
fn plain(token: &str) -> String {
    token.trim_end_matches(['.', ',', '!', ':']).to_lowercase().replace(['-', '_'], "")
}

/// `3d`, `3 d`, `2 workdays`, `until fri`, `2026-11-27`, each with a reason behind it.
fn snooze(rest: &[&str]) -> Result<Command, Misunderstood> {
    let rest = after(rest, &["until", "till", "to", "for"]);
    let first = rest.first().copied().unwrap_or_default();
    let with = |until, used: usize| {
        let reason = said(after(rest.get(used..).unwrap_or_default(), &["because"]));
        Ok(Command::Snooze { until, reason })
    };
    if let Some(two) = rest.get(..2).map(|pair| pair.join(" "))
        && let Ok(length) = two.parse::<Length>()
    {
        return with(Until::After(length), 2);
    }
    if let Ok(length) = first.trim_end_matches(',').parse::<Length>() {
        return with(Until::After(length), 1);
    }
    if let Ok(date) = first.trim_end_matches(',').parse::<Date>() {
        return with(Until::Day(date), 1);
    }
    match (plain(first).as_str(), weekday(first)) {
        ("tomorrow", _) => with(Until::Tomorrow, 1),
        (_, Some(day)) => with(Until::Weekday(day), 1),
        _ => Err(Misunderstood::NoEnd),
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let word = plain(word);
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    days.into_iter().find(|(name, _)| word.len() >= 3 && name.starts_with(&word)).map(|(_, day)| day)
}

fn date(rest: &[&str]) -> Result<Option<Date>, Misunderstood> {
    let Some(first) = after(rest, &["to", "on", "is"]).first() else { return Ok(None) };
    let date = first.trim_end_matches(['.', ',']).parse();
    date.map(Some).map_err(|_| Misunderstood::NoDate(shortened(first, 40)))
}

fn whom(rest: &[&str]) -> Option<String> {
    let whom = said(after(rest, &["→", "->", "to", "but"]))?;
    Some(whom.trim_start_matches('@').to_owned()).filter(|whom| !whom.is_empty())
}

/// Without one of these words in front.
fn after<'t, 'w>(tokens: &'t [&'w str], words: &[&str]) -> &'t [&'w str] {
    match tokens.split_first() {
        Some((first, rest)) if words.contains(&plain(first).as_str()) => rest,
        _ => tokens,
    }
}

fn said(tokens: &[&str]) -> Option<String> {
    let text = tokens.join(" ");
    let text = text.trim_matches(['"', '“', '”', '\'']).trim();
    (!text.is_empty()).then(|| shortened(text, LONGEST))
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(words: &str) -> Command {
        parse(words).unwrap().1
    }

    fn snoozed(until: Until, reason: &str) -> Command {
        Command::Snooze { until, reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()) }
    }

    #[test]
    fn an_answer_is_read_as_people_write_it() {
        let days = |text: &str| Until::After(text.parse().unwrap());
        let friday = Until::Weekday(Weekday::Friday);
        let cases = [
            ("snooze 3d", snoozed(days("3d"), "")),
            ("Snooze 3d waiting for the vendor", snoozed(days("3d"), "waiting for the vendor")),
            ("snooze 2 workdays because of the fair", snoozed(days("2 workdays"), "of the fair")),
            ("snooze until Fri, holiday", snoozed(friday, "holiday")),
            ("snooze friday", snoozed(friday, "")),
            ("snooze 2026-11-27 \"the fair\"", snoozed(Until::Day(jiff::civil::date(2026, 11, 27)), "the fair")),
            ("snooze tomorrow", snoozed(Until::Tomorrow, "")),
            ("on it", Command::OnIt),
            ("on-it!", Command::OnIt),
            ("ack", Command::OnIt),
            ("done", Command::Done),
            ("done.", Command::Done),
            ("not-mine", Command::NotMine { to: None }),
            ("not mine → @tom", Command::NotMine { to: Some("tom".to_owned()) }),
            ("not-mine to tom b", Command::NotMine { to: Some("tom b".to_owned()) }),
            ("new date 2026-12-01", Command::Date { on: Some(jiff::civil::date(2026, 12, 1)) }),
            ("date", Command::Date { on: None }),
            ("blocked by acme/web#12", Command::Blocked { by: Some("acme/web#12".to_owned()) }),
            ("wrong because it is a template", Command::Wrong { reason: Some("it is a template".to_owned()) }),
            ("not-a-problem", Command::Wrong { reason: None }),
            ("answered", Command::Answered),
            ("undo", Command::Undo),
            ("stop", Command::Stop),
            ("start", Command::Start),
            ("", Command::Help),
            ("help", Command::Help),
        ];
        for (words, command) in cases {
            assert_eq!(of(words), command, "{words}");
        }
    }

    #[test]
    fn a_gap_may_be_named_first() {
        let gap = GapId("7f3ak2mq9d".to_owned());
        assert_eq!(parse("7f3ak2mq9d done"), Ok((Some(gap), Command::Done)));
        assert_eq!(parse("unsnoozing"), Err(Misunderstood::Unknown("unsnoozing".to_owned())));
    }

    #[test]
    fn what_is_not_understood_says_what_would_be() {
        assert_eq!(parse("snooze"), Err(Misunderstood::NoEnd));
        assert_eq!(parse("snooze the whole thing"), Err(Misunderstood::NoEnd));
        assert_eq!(parse("date next week"), Err(Misunderstood::NoDate("next".to_owned())));
        let words = parse("please close this").unwrap_err().to_string();
        assert!(words.starts_with("“please close this” is no answer I know. I know: snooze 3d"), "{words}");
    }

    #[test]
    fn foreign_words_are_kept_short_and_on_one_line() {
        let Command::Wrong { reason: Some(reason) } = of(&format!("wrong a\u{0}b {}", "x".repeat(900))) else {
            panic!("it is one");
        };
        assert!(reason.starts_with("a b xxx"));
        assert_eq!(reason.chars().count(), LONGEST + 1);
    }
}
