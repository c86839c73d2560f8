//! Secrets in every configured place, every fault there is, and every byte that is written: a secret goes into one header to
//! its own tool, and nowhere else.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use connector_simulator::{Fault, Simulator, Tool};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::SignedDuration;
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;

use super::figure;
use super::wiretap::Wiretap;
use crate::lab::{REPO, at, company, configuration, github_day, parse};

const GITHUB: &str = "ghp_CANARYgithub+/=%7Etoken0123456789";
const SLACK: &str = "xoxb-CANARYslack+/=%7Etoken0123456789";
const OTHER: &str = "github_pat_CANARYother0123456789";

/// Everything that was logged, at the finest level, of every crate.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What stands in it so far.
    pub fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// A secret in each form in which it could be written: plain, URL-encoded, as JSON escapes it, and in base64 at each of the
/// three places where it may begin.
pub fn forms(secret: &str) -> Vec<Vec<u8>> {
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![secret.as_bytes().to_vec(), encoded.into_bytes(), secret.replace('/', "\\/").into_bytes()];
    for shift in 0..3 {
        let shifted = [&b"xyz"[..shift], secret.as_bytes()].concat();
        for text in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            // What stands at the edges depends on the neighbours.
            forms.push(text.as_bytes()[4..text.len() - 4].to_vec());
        }
    }
    forms.dedup();
    forms
}

pub fn count(haystack: &[u8], needle: &[u8]) -> usize {
    let first = needle[0];
    let starts = haystack.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.filter(|(at, _)| haystack[*at..].starts_with(needle)).count()
}

/// How often any of the secrets stands in these bytes, in any form.
fn hits(bytes: &[u8]) -> usize {
    [GITHUB, SLACK, OTHER].iter().flat_map(|secret| forms(secret)).map(|form| count(bytes, &form)).sum()
}

/// What was sent, without the one line in which a tool's own secret belongs.
fn beside_its_header(heard: &[u8], secret: &str) -> Vec<u8> {
    let header = format!("authorization: bearer {}", secret.to_lowercase());
    let lines = heard.split_inclusive(|byte| *byte == b'\n');
    let others = lines.filter(|line| String::from_utf8_lossy(line).trim_end().to_lowercase() != header);
    others.flatten().copied().collect()
}

/// Every fault, and a tool that repeats what it was told.
fn faults(sim: &Simulator, secret: &str) -> Vec<Fault> {
    let foreign = sim.foreign_url();
    let told = |status: u16| {
        Fault::Status(status, format!("{{\"ok\":false,\"error\":\"bad {secret}\",\"message\":\"bad {secret}\"}}"))
    };
    let mut faults = vec![
        told(200),
        told(400),
        told(401),
        told(403),
        told(404),
        told(410),
        told(422),
        told(500),
        Fault::RateLimited(1),
        Fault::SecondaryLimit403,
        Fault::Html200,
        Fault::CutBody,
        Fault::CutChunk,
        Fault::Reset,
        Fault::GzipBomb(1 << 20),
        Fault::Flood(1 << 20),
        Fault::Replace(sim.github_url(), foreign.clone()),
        Fault::AfterCommit(Box::new(Fault::Reset)),
        Fault::Answer(200, vec![("etag", format!("\"{secret}\""))], format!("{{\"error\":\"{secret}\"}}")),
    ];
    faults.extend([301, 307, 308].map(|status| Fault::Redirect(format!("{foreign}/{secret}"), status)));
    faults.extend((0..6).map(|dice| Fault::Drift(dice * 7919)));
    faults
}

pub async fn tapped(base: &str) -> (Wiretap, String) {
    let (host, path) = base.trim_start_matches("http://").split_once('/').unwrap();
    let tap = Wiretap::to(host.to_owned()).await;
    let url = format!("http://{}/{path}", tap.address());
    (tap, url)
}

pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_written_anywhere_but_into_its_own_header() {
    let log = Log::default();
    let layer =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log.clone());
    let _ = layer.try_init();

    let clock = Arc::new(connector_kit::clock::SetClock::leaping(at("2026-03-03T10:00:00Z")));
    let shown = clock.clone();
    let sim = company(Arc::new(move || connector_kit::Clock::now(&*shown))).await;
    let (github_tap, github_url) = tapped(&sim.github_url()).await;
    let (slack_tap, slack_url) = tapped(&sim.slack_url()).await;
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("token"), format!("{OTHER}\n")).unwrap();
    let other = format!(
        "[github.other]\nurl = \"{github_url}\"\ntoken = {{ file = \"{}\" }}\nrepos = [\"acme/api\"]\n",
        folder.path().join("token").display()
    );
    let text = configuration(&sim, "", "", &other)
        .replace("\"test-token\"", &format!("\"{GITHUB}\""))
        .replace("\"xoxb-test\"", &format!("\"{SLACK}\""))
        .replace(&sim.github_url(), &github_url)
        .replace(&sim.slack_url(), &slack_url);
    let settings = parse(&text);
    let stored = folder.path().join("data");
    std::fs::create_dir(&stored).unwrap();
    let store = stored.join("gapwatch.db");
    let engine = Engine::start(&settings, StorePath::File(store.clone()), clock.clone()).unwrap();

    let github = sim.github();
    github.repo("acme/api");
    let mut said = String::new();
    let all: Vec<(Fault, Fault)> = faults(&sim, GITHUB).into_iter().zip(faults(&sim, SLACK)).collect();
    let count_of_faults = all.len();
    for (nth, (of_github, of_slack)) in all.into_iter().enumerate() {
        let now = connector_kit::Clock::now(&*clock);
        let issue = github.issue(REPO, &format!("Task {nth}")).by("max-w").assignee("ana-k");
        let issue = issue.milestone("Passed", github_day("2026-03-02")).created(at("2026-02-23T09:00:00Z")).open();
        github.comment_as(REPO, issue, "ana-k", "begun", now - SignedDuration::from_hours(24));
        // The other connection has another credential, which GitHub never repeats: it does not know it.
        sim.fail_next(Tool::Github, "/acme/web", of_github, 3);
        sim.fail_next(Tool::Slack, "", of_slack, 5);
        for _ in 0..3 {
            clock.advance(SignedDuration::from_mins(61));
            let reports = engine.pull(true).await.unwrap();
            said.push_str(&format!("{reports:?}"));
            engine.meet().await.unwrap();
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
    let db = rusqlite::Connection::open(&store).unwrap();
    db.execute("VACUUM INTO ?", [stored.join("copy.db").to_string_lossy()]).unwrap();
    drop(db);

    let heard = [github_tap.heard(), slack_tap.heard()];
    assert!(count(&heard[0], GITHUB.as_bytes()) > 20 && count(&heard[1], SLACK.as_bytes()) > 5, "they were not used");
    assert!(count(&heard[0], OTHER.as_bytes()) > 5, "the other one was not used");
    let to_github = beside_its_header(&beside_its_header(&heard[0], GITHUB), OTHER);
    let to_slack = beside_its_header(&heard[1], SLACK);
    let logged = log.take();
    assert!(logged.len() > 100_000, "next to nothing was logged: {}", logged.len());
    let mut places = vec![
        ("what GitHub was told".to_owned(), to_github),
        ("what Slack was told".to_owned(), to_slack),
        ("the log".to_owned(), logged),
        ("reports and settings".to_owned(), said.into_bytes()),
        ("comments".to_owned(), format!("{:?}", github.writes()).into_bytes()),
        ("messages".to_owned(), format!("{:?}", sim.slack().messages()).into_bytes()),
    ];
    places.extend(files(&stored));
    let bytes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    let found: Vec<(String, usize)> =
        places.iter().map(|(place, bytes)| (place.clone(), hits(bytes))).filter(|(_, hits)| *hits > 0).collect();
    figure("T3", format!("{count_of_faults} faults, {} kB written, {} secrets in them", bytes / 1000, found.len()));
    for (place, _) in &found {
        let (_, bytes) = places.iter().find(|(other, _)| other == place).unwrap();
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().find(|line| hits(line.as_bytes()) > 0).unwrap_or_default();
        println!("{place}: {}", &line[..line.len().min(600)]);
    }
    assert_eq!(found, []);
    assert_eq!(sim.foreign_hits(), []);
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = GITHUB;
    for text in [
        secret.to_owned(),
        format!("token={}", url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>()),
        STANDARD_NO_PAD.encode(format!("ana:{secret}")),
        URL_SAFE_NO_PAD.encode(format!("{{\"token\":\"{secret}\"}}")),
        STANDARD_NO_PAD.encode(format!("x{secret}y")),
    ] {
        assert!(hits(text.as_bytes()) > 0, "{text}");
    }
    assert_eq!(hits(b"ghp_somebody-elses"), 0);
}
