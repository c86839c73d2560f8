//! A board as lines of text, which somebody's deeds change.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::laws_tests::KEYS;
use super::super::testing::Sketch;
use super::Deed;
use crate::domain::board::Board;

/// One of another tracker that some board's first task is linked to.
pub(super) const LINKED: &str = "X";

/// The lines of a board.
#[derive(Debug, Clone)]
pub(super) struct Page(pub(super) Vec<String>);

/// What stands on a board, and when it is looked at.
pub(super) struct Drawn {
    pub(super) board: Board,
    pub(super) now: Timestamp,
}

impl Page {
    pub(super) fn draw(&self) -> Drawn {
        let mut sketch = Sketch::new();
        for line in &self.0 {
            sketch.line(line);
        }
        let now = sketch.now;
        Drawn { board: sketch.board(false).0, now }
    }

    /// The line of a task, as words.
    pub(super) fn task(&self, key: &str) -> Vec<String> {
        let head = format!("task {key} ");
        let line = self.0.iter().find(|line| line.starts_with(&head));
        line.map(|line| line.split_whitespace().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// What a task says about itself under this word.
    pub(super) fn says(&self, key: &str, word: &str) -> Option<String> {
        let words = self.task(key);
        let at = words.iter().position(|known| known == word)?;
        let time = words.get(at + 2).filter(|next| is_time(next)).map(|time| format!(" {time}"));
        Some(format!("{}{}", words.get(at + 1)?, time.unwrap_or_default()))
    }

    /// With something else under this word, or nothing.
    pub(super) fn with(mut self, key: &str, word: &str, value: Option<&str>) -> Page {
        let mut words = self.task(key);
        if let Some(at) = words.iter().position(|known| known == word) {
            let end = if words.get(at + 2).is_some_and(|next| is_time(next)) { at + 3 } else { at + 2 };
            words.drain(at..end.min(words.len()));
        }
        words.extend(value.map(|value| format!("{word} {value}")));
        let head = format!("task {key} ");
        if let Some(line) = self.0.iter_mut().find(|line| line.starts_with(&head)) {
            *line = words.join(" ");
        }
        self
    }

    /// And somebody did so just now.
    pub(super) fn deed(mut self, deed: String) -> Page {
        self.0.push(deed);
        self
    }

    pub(super) fn now(&self) -> String {
        self.0.iter().find_map(|line| line.strip_prefix("now ")).unwrap_or_default().to_owned()
    }

    /// The day on which a task is to be done, by its own date or that of a home.
    pub(super) fn day(&self, key: &str) -> Option<String> {
        let day = |text: &str| text.split_whitespace().next().map(str::to_owned);
        if let Some(due) = self.says(key, "due") {
            return day(&due);
        }
        let homes = self.says(key, "in")?;
        let of = |kind: &str| {
            let head = |home| format!("{kind} {home} due ");
            let line = |home| self.0.iter().find_map(|line| day(line.strip_prefix(&head(home))?));
            homes.split(',').find_map(line)
        };
        of("sprint").or_else(|| of("milestone"))
    }

    pub(super) fn is_open(&self, key: &str) -> bool {
        self.task(key).get(2).is_some_and(|status| status != "done")
    }

    /// What has to come after what: a whole after its parts, what waits after what it waits for.
    pub(super) fn order(&self) -> Vec<(String, String)> {
        let after = |key: &str, word: &str| self.says(key, word).map(|other| (key.to_owned(), other));
        let parents = KEYS.into_iter().filter_map(|key| after(key, "parent"));
        let waiting = KEYS.into_iter().filter_map(|key| after(key, "blocked-by"));
        parents.chain(waiting.map(|(key, other)| (other, key))).collect()
    }

    /// Nothing comes after itself.
    pub(super) fn is_straight(&self) -> bool {
        let order = self.order();
        let mut reached = order.clone();
        for _ in KEYS {
            let further: Vec<(String, String)> = reached
                .iter()
                .flat_map(|(from, over)| {
                    order.iter().filter(move |(next, _)| next == over).map(|(_, to)| (from.clone(), to.clone()))
                })
                .collect();
            reached.extend(further);
            reached.sort_unstable();
            reached.dedup();
        }
        reached.iter().all(|(from, to)| from != to)
    }

    pub(super) fn status(mut self, key: &str, to: &str, by: &str) -> Page {
        let mut words = self.task(key);
        let from = std::mem::replace(&mut words[2], to.to_owned());
        let head = format!("task {key} ");
        if let Some(line) = self.0.iter_mut().find(|line| line.starts_with(&head)) {
            *line = words.join(" ");
        }
        // A state that the tool names is one with a meaning.
        let page = self.with(key, "raw", None);
        let from = if from == "open" { "todo".to_owned() } else { from };
        page.deed(format!("state {key} from {from}/Before to {to}/After by {by}"))
    }
}

/// So many days after a day.
pub(super) fn later(day: &str, days: i64) -> String {
    let day: jiff::civil::Date = day.parse().unwrap_or_else(|error| panic!("{day}: {error}"));
    day.saturating_add(jiff::Span::new().days(days)).to_string()
}

/// With every date moved that another one leaves no room for, to no earlier day than the first, and a word in each task:
/// wholes after their parts, what waits after what it waits for, and what is linked to the same day.
pub(super) fn replanned(mut page: Page, first: &str, by: &str) -> Page {
    const ROOM: i64 = 30;
    let all = || KEYS.into_iter().chain([LINKED]);
    let day = |key: &str| page.day(key).filter(|_| page.is_open(key)).map(|day| (key.to_owned(), day));
    let before: BTreeMap<String, String> = all().filter_map(day).collect();
    let mut days = before.clone();
    for _ in 0..2 * KEYS.len() {
        let known = days.clone();
        let mut wants = |other: &str, least: &String| {
            if let Some(day) = days.get_mut(other).filter(|day| **day < *least) {
                *day = least.clone().max(first.to_owned());
            }
        };
        for (key, day) in &known {
            if let Some(whole) = page.says(key, "parent") {
                wants(&whole, day);
            }
            if page.says(key, "linked").is_some() {
                wants(LINKED, day);
            }
            if key == LINKED {
                all().filter(|other| page.says(other, "linked").is_some()).for_each(|other| wants(other, day));
            }
            let waits = |other: &&str| page.says(other, "blocked-by").as_deref() == Some(key.as_str());
            all().filter(waits).for_each(|other| wants(other, &later(day, ROOM)));
        }
    }
    for (key, day) in days.iter().filter(|(key, day)| before.get(*key) != Some(*day)) {
        page = Deed::Date(day.clone()).done(Deed::Say.done(page, key, by), key, by);
    }
    for key in KEYS {
        let blocker = page.says(key, "blocked-by").and_then(|blocker| days.get(&blocker).cloned());
        if let (Some(due), Some(start)) = (blocker, page.says(key, "start"))
            && start <= due
        {
            let start = later(&due, 1);
            page = page.with(key, "start", Some(&start)).deed(format!("start {key} to {start} by {by}"));
        }
    }
    page
}

/// Without what closes a circle.
pub(super) fn straightened(mut page: Page) -> Page {
    for (nth, key) in KEYS.iter().enumerate() {
        for word in ["parent", "blocked-by"] {
            // A line is looked at beside those before it alone.
            let rest = KEYS[nth + 1..]
                .iter()
                .fold(page.clone(), |page, later| page.with(later, "parent", None).with(later, "blocked-by", None));
            let rest = if word == "parent" { rest.with(key, "blocked-by", None) } else { rest };
            if !rest.is_straight() {
                page = page.with(key, word, None);
            }
        }
    }
    page
}

fn is_time(text: &str) -> bool {
    text.len() == 5 && text.as_bytes()[2] == b':'
}
