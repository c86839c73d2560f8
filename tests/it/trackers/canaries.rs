//! A tracker's secrets, every fault there is, and every byte that is written: a secret goes into one header to its own site,
//! and nowhere else.

use std::path::Path;
use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Fault, Simulator};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::contract::trackers::Tracker;
use crate::lab::{at, parse};
use crate::matrix::canaries::{Log, count, files, forms, tapped};

/// A tracker with its secrets.
pub struct Kept {
    pub tracker: Tracker,
    /// Each in turn is what the tool repeats.
    pub secrets: Vec<&'static str>,
    /// The whole header in which they belong.
    pub header: String,
    /// Prepares its world: an account for the secrets, and a place for tasks.
    pub prepare: fn(&Simulator),
    /// An overdue task of this title.
    pub task: fn(&Simulator, &str),
    pub url: fn(&Simulator) -> String,
    /// The lines of its table below the address; `{file}` is a file that holds the last of the secrets.
    pub lines: String,
}

impl Kept {
    /// How often any secret stands in these bytes, in any form.
    fn hits(&self, bytes: &[u8]) -> usize {
        self.secrets.iter().flat_map(|secret| forms(secret)).map(|form| count(bytes, &form)).sum()
    }

    /// What was sent, without the one line in which the secrets belong.
    fn beside_its_header(&self, heard: &[u8]) -> Vec<u8> {
        let own = self.header.to_lowercase();
        let lines = heard.split_inclusive(|byte| *byte == b'\n');
        let others = lines.filter(|line| String::from_utf8_lossy(line).trim_end().to_lowercase() != own);
        others.flatten().copied().collect()
    }
}

/// Every fault, and a tool that repeats what it was told.
fn faults(sim: &Simulator, url: &str, secret: &str) -> Vec<Fault> {
    let foreign = sim.foreign_url();
    let body =
        format!("{{\"errors\":[{{\"message\":\"bad {secret}\"}}],\"message\":\"{secret}\",\"data\":\"{secret}\"}}");
    let mut faults: Vec<Fault> = [200, 400, 401, 402, 403, 404, 410, 412, 413, 449, 500]
        .into_iter()
        .map(|status| Fault::Status(status, body.clone()))
        .collect();
    faults.extend([
        Fault::RateLimited(1),
        Fault::Html200,
        Fault::CutBody,
        Fault::CutChunk,
        Fault::Reset,
        Fault::Flood(1 << 20),
        Fault::Replace(url.to_owned(), foreign.clone()),
        Fault::AfterCommit(Box::new(Fault::Reset)),
        Fault::Answer(401, vec![("content-type", "text/plain".to_owned())], format!("invalid key {secret}")),
        Fault::Answer(200, vec![("asana-change", format!("name={secret}"))], body),
    ]);
    faults.extend([301, 307].map(|status| Fault::Redirect(format!("{foreign}/{secret}"), status)));
    faults.extend((0..4).map(|dice| Fault::Drift(dice * 7919)));
    faults
}

fn stored(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let db = rusqlite::Connection::open(folder.join("gapwatch.db")).unwrap();
    db.execute("VACUUM INTO ?", [folder.join("copy.db").to_string_lossy()]).unwrap();
    drop(db);
    files(folder)
}

/// No secret is written anywhere but into its own header, whatever happens.
pub async fn nothing_is_told(kept: &Kept) {
    let log = Log::default();
    let layer =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log.clone());
    let _ = layer.try_init();
    let clock = Arc::new(SetClock::leaping(at("2026-03-03T10:00:00Z")));
    let shown = clock.clone();
    let sim = Simulator::start(Arc::new(move || shown.now())).await.unwrap();
    (kept.prepare)(&sim);
    sim.slack().channel("#delivery");
    let (tap, url) = tapped(&(kept.url)(&sim)).await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", kept.secrets.last().unwrap())).unwrap();
    let table = kept.tracker.connection();
    let text = format!(
        "mode = \"live\"\n[{table}]\nurl = \"{url}\"\n{}\n\
         [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\
         [messages]\nbacklog = \"tell\"\nwork_hours_only = false\n",
        kept.lines.replace("{file}", &file.display().to_string()),
        sim.slack_url(),
    );
    let settings = parse(&text);
    let engine = Engine::start(&settings, StorePath::File(data.join("gapwatch.db")), clock.clone()).unwrap();
    let mut said = String::new();
    let of = |secret: &&'static str| faults(&sim, &(kept.url)(&sim), secret);
    let all: Vec<Fault> = kept.secrets.iter().flat_map(of).collect();
    for (nth, fault) in all.iter().enumerate() {
        (kept.task)(&sim, &format!("Task {nth}"));
        sim.fail_next(kept.tracker.tool(), "", fault.clone(), 4);
        for _ in 0..2 {
            clock.advance(SignedDuration::from_mins(61));
            said.push_str(&format!("{:?}", engine.pull(true).await.unwrap()));
            if engine.decide().await.unwrap().is_none() {
                engine.deliver().await.unwrap();
            }
        }
        sim.heal();
    }
    for state in engine.core.connection_states().await.unwrap() {
        said.push_str(&format!("{:?} {:?}", state.name, state.failure));
    }
    said.push_str(&format!("{settings:?}"));
    let heard = tap.heard();
    let used = kept.secrets.iter().all(|secret| count(&heard, secret.as_bytes()) > 20);
    assert!(used, "they were not used");
    let logged = log.take();
    assert!(logged.len() > 100_000, "next to nothing was logged: {}", logged.len());
    let writes = format!("{:?} {:?}", sim.asana().writes(), sim.trello().writes());
    assert!(writes.len() > 500, "hardly a comment was written");
    let urls: Vec<String> =
        sim.requests().iter().map(|request| format!("{} {}", request.path, request.query)).collect();
    let mut places = vec![
        ("what the tool was told".to_owned(), kept.beside_its_header(&heard)),
        ("addresses".to_owned(), urls.join("\n").into_bytes()),
        ("the log".to_owned(), logged),
        ("reports and settings".to_owned(), said.into_bytes()),
        ("comments".to_owned(), writes.into_bytes()),
        ("messages".to_owned(), format!("{:?}", sim.slack().messages()).into_bytes()),
    ];
    places.extend(stored(&data));
    let bytes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    let found: Vec<(&String, usize)> =
        places.iter().map(|(place, bytes)| (place, kept.hits(bytes))).filter(|(_, hits)| *hits > 0).collect();
    let tool = kept.tracker;
    println!(
        "figure T-T3: {tool:?}: {} faults, {} kB written, {} secrets in them",
        all.len(),
        bytes / 1000,
        found.len()
    );
    for (place, _) in &found {
        let (_, bytes) = places.iter().find(|(other, _)| other == *place).unwrap();
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().find(|line| kept.hits(line.as_bytes()) > 0).unwrap_or_default();
        println!("{place}: {}", &line.chars().take(600).collect::<String>());
    }
    assert_eq!(found, []);
    assert_eq!(sim.foreign_hits(), []);
}
