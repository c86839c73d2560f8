//! Words of a case as values: instants, days, states, shares; and what is wrong with one that is none.

use connector_model::{Due, Progress, ProgressSource, Share, StatusCategory};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// What is wrong with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `case[0].event[2].task`.
    pub path: String,
    /// What.
    pub words: String,
    /// What stands there.
    pub given: String,
    /// What could stand there; empty: it is no choice.
    pub known: Vec<String>,
}

impl Mistake {
    pub(super) fn new(path: impl Into<String>, given: &str, words: impl Into<String>) -> Mistake {
        Mistake { path: path.into(), words: words.into(), given: given.to_owned(), known: Vec::new() }
    }

    pub(super) fn of(mut self, known: impl IntoIterator<Item = impl Into<String>>) -> Mistake {
        self.known = known.into_iter().map(Into::into).collect();
        self
    }
}

/// `2025-03-11 09:00`, there; or with an offset of its own.
pub(super) fn instant(text: &str, zone: &TimeZone, path: &str) -> Result<Timestamp, Mistake> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = text.replacen(' ', "T", 1).parse::<DateTime>().ok().filter(|_| text.len() > 10);
    let at = civil.and_then(|civil| civil.to_zoned(zone.clone()).ok());
    at.map(|at| at.timestamp())
        .ok_or_else(|| Mistake::new(path, text, format!("\"{text}\" is no instant: write \"2025-03-11 09:00\"")))
}

/// A day or an instant; empty: none.
pub(super) fn due(text: &str, zone: &TimeZone, path: &str) -> Result<Option<Due>, Mistake> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        Some(day) => Ok(Some(Due::On(day))),
        None => instant(text, zone, path).map(|at| Some(Due::At(at))).map_err(|_| {
            Mistake::new(path, text, format!("\"{text}\" is no day: write \"2025-03-14\" or \"2025-03-14 17:00\""))
        }),
    }
}

const STATES: [StatusCategory; 6] = [
    StatusCategory::Todo,
    StatusCategory::Active,
    StatusCategory::Review,
    StatusCategory::Waiting,
    StatusCategory::Done,
    StatusCategory::Cancelled,
];

pub(super) fn state(text: &str, path: &str) -> Result<StatusCategory, Mistake> {
    let found = STATES.into_iter().find(|state| state.word() == text);
    let words = STATES.map(StatusCategory::word);
    found.ok_or_else(|| Mistake::new(path, text, format!("there is no state \"{text}\"")).of(words))
}

/// `20%`, or `2/10`.
pub(super) fn progress(text: &str, path: &str) -> Result<Progress, Mistake> {
    let of_boxes = || {
        let (part, whole) = text.split_once('/')?;
        let (part, items) = (part.trim().parse::<u32>().ok()?, whole.trim().parse::<u32>().ok()?);
        let is_part = items > 0 && part <= items;
        is_part.then(|| Progress { share: Share::of(part, items), source: ProgressSource::Checklist, items })
    };
    let of_percent = || {
        let percent = text.strip_suffix('%')?.trim().parse::<f64>().ok()?;
        let share = (0.0..=100.0).contains(&percent).then(|| Share::new(percent / 100.0))?;
        Some(Progress { share, source: ProgressSource::Native, items: 0 })
    };
    of_boxes().or_else(of_percent).ok_or_else(|| {
        Mistake::new(
            path,
            text,
            format!("\"{text}\" is no progress: write \"20%\", or \"2/10\" for boxes that are ticked"),
        )
    })
}
