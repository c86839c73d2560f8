//! How far a long read has come: a moving line for each connection on a terminal, a plain one every ten seconds elsewhere.
//! Nothing is known beforehand of how much there is, so what was read is counted, not measured.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::clock::Stopwatch;
use crate::jobs::pull::{Connection, Watcher};

/// How often a plain line is written.
const EVERY: Duration = Duration::from_secs(10);

/// The lines, which go when this goes.
pub(super) struct Shown(Option<MultiProgress>);

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(lines) = &self.0 {
            // Fails only where there is no terminal any more.
            let _ = lines.clear();
        }
    }
}

/// Shows what is read of these connections from now on.
pub(super) fn show(connections: &mut [Connection]) -> Shown {
    if !std::io::stderr().is_terminal() {
        for connection in connections {
            connection.watcher = Some(plain(&connection.name));
        }
        return Shown(None);
    }
    let lines = MultiProgress::new();
    for connection in connections {
        connection.watcher = Some(moving(&connection.name, &lines));
    }
    Shown(Some(lines))
}

fn moving(name: &str, lines: &MultiProgress) -> Watcher {
    let line = lines.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {msg}") {
        line.set_style(style);
    }
    line.set_prefix(name.to_owned());
    line.set_message("asking");
    Arc::new(move |stream, items, _| {
        line.set_message(words(stream, items));
        line.tick();
    })
}

fn plain(name: &str) -> Watcher {
    let (name, last) = (name.to_owned(), Mutex::new(Stopwatch::start()));
    Arc::new(move |stream, items, more| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if more && last.elapsed() >= EVERY {
            *last = Stopwatch::start();
            anstream::eprintln!("{name}: {}", words(stream, items));
        }
    })
}

/// `tasks of acme/web, 1200 read`
fn words(stream: &str, items: u64) -> String {
    format!("{}, {items} read", super::table::plain(stream))
}
