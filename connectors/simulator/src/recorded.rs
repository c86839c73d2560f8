//! Issues as somebody recorded them, served byte for byte.
//!
//! A line of a recording is a bare issue, or `{"polled_at": …, "issue": {…}}`. Lines with the same `polled_at` were seen
//! by one poll; polls are shown one by one, and the latest state of each issue counts.
//!
//! Who recorded issues by number followed redirects: a transferred issue then stands in the recording with the number
//! it has in its *new* repository, where it would take the place of a true one. It is listed with its body as recorded,
//! and kept under a number nobody else has.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::github::{Listing, Row};
use crate::text::digest;

/// Added to the number of an issue of another repository, so that it takes nobody's place.
const ELSEWHERE: u64 = 1 << 40;

/// A recording, and how much of it is shown.
#[derive(Debug)]
pub struct Recorded {
    /// In the order in which they are shown.
    polls: Vec<Vec<Row>>,
    shown: usize,
    total: usize,
    elsewhere: usize,
    milestones: BTreeMap<u64, Box<RawValue>>,
}

/// A line around its issue.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    issue: Option<&'a RawValue>,
    polled_at: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    id: u64,
    number: u64,
    state: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    comments: u32,
    #[serde(default)]
    assignees: Vec<Named>,
    user: Option<Named>,
    #[serde(default)]
    labels: Vec<Label>,
    milestone: Option<Box<RawValue>>,
    repository_url: Option<String>,
}

/// What a line tells besides its issue.
struct Around {
    polled_at: Option<String>,
    /// API address of the repository the issue is in. `None`: the body does not tell.
    repository: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    login: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Text(String),
    Object { name: String },
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

impl Recorded {
    /// Reads a recording, plain or gzipped, to be shown all at once.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no issue (the error names the line).
    pub fn load(path: impl AsRef<Path>) -> io::Result<Recorded> {
        Recorded::read(open(path.as_ref())?, false)
    }

    /// Reads a recording, plain or gzipped, to be shown poll by poll.
    ///
    /// # Errors
    /// As [`Recorded::load`].
    pub fn load_polls(path: impl AsRef<Path>) -> io::Result<Recorded> {
        Recorded::read(open(path.as_ref())?, true)
    }

    /// Reads a recording from text.
    ///
    /// # Errors
    /// When a line is no issue.
    pub fn parse(text: &str, by_polls: bool) -> io::Result<Recorded> {
        Recorded::read(text.as_bytes(), by_polls)
    }

    fn read(source: impl Read, by_polls: bool) -> io::Result<Recorded> {
        let mut recorded =
            Recorded { polls: Vec::new(), shown: 0, total: 0, elsewhere: 0, milestones: BTreeMap::new() };
        let mut lines = Vec::new();
        for (at, line) in BufReader::new(source).lines().enumerate() {
            let line = line?;
            if !line.trim().is_empty() {
                lines.push(recorded.line(&line).map_err(|error| at_line(at + 1, &error))?);
            }
        }
        let home = home(&lines);
        let mut last_poll = None;
        for (mut row, around) in lines {
            if around.repository != home {
                recorded.elsewhere += 1;
                row.number += ELSEWHERE;
            }
            if recorded.polls.is_empty() || (by_polls && around.polled_at != last_poll) {
                recorded.polls.push(Vec::new());
                last_poll = around.polled_at;
            }
            if let Some(poll) = recorded.polls.last_mut() {
                poll.push(row);
                recorded.total += 1;
            }
        }
        Ok(recorded)
    }

    fn line(&mut self, line: &str) -> Result<(Row, Around), serde_json::Error> {
        let outer: Line<'_> = serde_json::from_str(line)?;
        let body = match outer.issue {
            Some(issue) => issue.to_owned(),
            None => serde_json::from_str::<&RawValue>(line)?.to_owned(),
        };
        let head: Head = serde_json::from_str(body.get())?;
        let milestone = head.milestone.as_ref().and_then(|raw| serde_json::from_str::<Numbered>(raw.get()).ok());
        if let (Some(milestone), Some(raw)) = (&milestone, head.milestone) {
            self.milestones.insert(milestone.number, raw);
        }
        let label_name = |label: Label| match label {
            Label::Text(name) | Label::Object { name } => name.to_lowercase(),
        };
        let row = Row {
            number: head.number,
            id: head.id,
            created_at: head.created_at,
            updated_at: head.updated_at,
            closed: head.state == "closed",
            comments: head.comments,
            labels: head.labels.into_iter().map(label_name).collect(),
            assignees: head.assignees.into_iter().map(|user| user.login.to_lowercase()).collect(),
            creator: head.user.map(|user| user.login.to_lowercase()).unwrap_or_default(),
            milestone: milestone.map(|milestone| milestone.number),
            unlisted: false,
            print: digest(body.get()),
            body,
        };
        Ok((row, Around { polled_at: outer.polled_at, repository: head.repository_url }))
    }

    /// Lines whose issue lives in another repository.
    pub fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// Issue states in the recording, shown or not.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Polls not yet shown.
    pub fn polls_left(&self) -> usize {
        self.polls.len() - self.shown
    }

    /// Shows one more poll; tells how many states it brought.
    pub(crate) fn next_into(&mut self, listing: &mut Listing) -> usize {
        let Some(poll) = self.polls.get_mut(self.shown) else { return 0 };
        self.shown += 1;
        let rows = std::mem::take(poll);
        let count = rows.len();
        rows.into_iter().for_each(|row| listing.put(row));
        count
    }

    /// The milestones that stand in the bodies, by number.
    pub(crate) fn milestones(&self) -> Vec<Box<RawValue>> {
        self.milestones.values().cloned().collect()
    }
}

/// The repository that most lines are about.
fn home(lines: &[(Row, Around)]) -> Option<String> {
    let mut counts: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for (_, around) in lines {
        *counts.entry(&around.repository).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).and_then(|(repository, _)| repository.clone())
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    // Told by its first bytes, not by its name.
    let zipped = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn at_line(line: usize, error: &serde_json::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line} of the recording: {error}"))
}
