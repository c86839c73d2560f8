//! Jira's secrets, every fault there is, and every byte that is written: a secret goes into one header to its own site, and
//! nowhere else; not in the form in which Basic logins carry it either.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::jira::IssueDraft;
use connector_simulator::{Fault, Simulator, Tool};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::SignedDuration;
use jiff::civil::date;
use tempfile::TempDir;

use crate::lab::{at, parse};
use crate::matrix::canaries::{Log, count, files, forms, tapped};

const EMAIL: &str = "gapwatch@example.org";
const TOKEN: &str = "ATATT3xCANARYcloud+/=%7Etoken0123456789";
const PAT: &str = "CANARYdatacenter+/=%7Epat0123456789";

/// The token as a Basic login carries it.
fn basic() -> String {
    STANDARD.encode(format!("{EMAIL}:{TOKEN}"))
}

/// How often any secret stands in these bytes, in any form.
fn hits(bytes: &[u8]) -> usize {
    let mut all: Vec<Vec<u8>> = [TOKEN, PAT].into_iter().flat_map(forms).collect();
    all.push(basic().into_bytes());
    all.iter().map(|form| count(bytes, form)).sum()
}

/// What was sent, without the one line in which a secret belongs.
fn beside_its_header(heard: &[u8]) -> Vec<u8> {
    let own = [format!("authorization: basic {}", basic()), format!("authorization: bearer {PAT}")];
    let own = own.map(|line| line.to_lowercase());
    let lines = heard.split_inclusive(|byte| *byte == b'\n');
    let others = lines.filter(|line| {
        let line = String::from_utf8_lossy(line).trim_end().to_lowercase();
        !own.contains(&line)
    });
    others.flatten().copied().collect()
}

/// Every fault, and a tool that repeats what it was told.
fn faults(sim: &Simulator, secret: &str) -> Vec<Fault> {
    let foreign = sim.foreign_url();
    let body =
        format!("{{\"errorMessages\":[\"bad {secret}\"],\"errors\":{{\"x\":\"{secret}\"}},\"message\":\"{secret}\"}}");
    let mut faults: Vec<Fault> = [200, 400, 401, 403, 404, 410, 413, 500]
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
        Fault::Replace(sim.jira_cloud_url(), foreign.clone()),
        Fault::AfterCommit(Box::new(Fault::Reset)),
        Fault::Answer(200, vec![("x-seraph-loginreason", format!("FAILED {secret}"))], body.clone()),
        Fault::Answer(403, vec![("x-authentication-denied-reason", format!("CAPTCHA; {secret}"))], body),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_jira_is_written_anywhere_but_into_its_own_header() {
    let log = Log::default();
    let layer =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log.clone());
    let _ = layer.try_init();
    let clock = Arc::new(SetClock::leaping(at("2026-03-03T10:00:00Z")));
    let shown = clock.clone();
    let sim = Simulator::start(Arc::new(move || shown.now())).await.unwrap();
    let jira = sim.jira();
    jira.person("gapwatch", "gapwatch", EMAIL);
    jira.project("WEB", "Web shop");
    jira.unscoped(EMAIL, TOKEN);
    jira.pat(PAT, "gapwatch");
    sim.slack().channel("#delivery");
    let (cloud_tap, cloud) = tapped(&sim.jira_cloud_url()).await;
    let (server_tap, server) = tapped(&sim.jira_dc_url()).await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(folder.path().join("pat"), format!("{PAT}\n")).unwrap();
    let text = format!(
        "mode = \"live\"\n[jira.cloud]\nurl = \"{cloud}\"\nemail = \"{EMAIL}\"\ntoken = \"{TOKEN}\"\n\
         [jira.server]\nurl = \"{server}\"\ntoken = {{ file = \"{}\" }}\n\
         [slack]\nurl = \"{}\"\nbot_token = \"xoxb-test\"\nchannel = \"#delivery\"\n\
         [messages]\nbacklog = \"tell\"\nwork_hours_only = false\n",
        folder.path().join("pat").display(),
        sim.slack_url(),
    );
    let settings = parse(&text);
    let engine = Engine::start(&settings, StorePath::File(data.join("gapwatch.db")), clock.clone()).unwrap();
    let mut said = String::new();
    // Each repeats what it was told, and was told no other's secret.
    let told = [("/jira-cloud", TOKEN.to_owned()), ("/jira-dc", PAT.to_owned()), ("/jira-cloud", basic())];
    let of = |(place, secret): (&'static str, String)| faults(&sim, &secret).into_iter().map(move |one| (place, one));
    let all: Vec<(&str, Fault)> = told.into_iter().flat_map(of).collect();
    for (nth, (place, fault)) in all.iter().enumerate() {
        let due = Some(date(2026, 3, 2));
        let draft = IssueDraft { assignee: Some("ana".to_owned()), due, ..IssueDraft::new(&format!("Task {nth}")) };
        jira.issue("WEB", draft);
        sim.fail_next(Tool::Jira, place, fault.clone(), 4);
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
    let (to_cloud, to_server) = (cloud_tap.heard(), server_tap.heard());
    assert!(count(&to_cloud, basic().as_bytes()) > 20 && count(&to_server, PAT.as_bytes()) > 20, "they were not used");
    let logged = log.take();
    assert!(logged.len() > 100_000, "next to nothing was logged: {}", logged.len());
    let mut places = vec![
        ("what the cloud was told".to_owned(), beside_its_header(&to_cloud)),
        ("what the server was told".to_owned(), beside_its_header(&to_server)),
        ("the log".to_owned(), logged),
        ("reports and settings".to_owned(), said.into_bytes()),
        ("comments".to_owned(), format!("{:?}", jira.writes()).into_bytes()),
        ("messages".to_owned(), format!("{:?}", sim.slack().messages()).into_bytes()),
    ];
    places.extend(stored(&data));
    let bytes: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    let found: Vec<(&String, usize)> =
        places.iter().map(|(place, bytes)| (place, hits(bytes))).filter(|(_, hits)| *hits > 0).collect();
    println!("figure J-T3: {} faults, {} kB written, {} secrets in them", all.len(), bytes / 1000, found.len());
    for (place, _) in &found {
        let (_, bytes) = places.iter().find(|(other, _)| other == *place).unwrap();
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().find(|line| hits(line.as_bytes()) > 0).unwrap_or_default();
        println!("{place}: {}", &line.chars().take(600).collect::<String>());
    }
    assert_eq!(found, []);
    assert_eq!(sim.foreign_hits(), []);
}
