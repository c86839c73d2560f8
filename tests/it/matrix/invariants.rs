//! One that hangs never holds up another: connections and channels run side by side in the daemon, on real time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_simulator::{Fault, Tool, WriteKind};
use gapwatch::daemon::Engine;
use gapwatch::store::StorePath;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{FOR_EVER, figure};
use crate::lab::{REPO, company, configuration, github_day, parse};

/// Far longer than what must not wait for it.
const HANGS: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_and_a_connection_that_hang_hold_up_no_other() {
    let sim = company(Arc::new(Timestamp::now)).await;
    let github = sim.github();
    github.repo("acme/api");
    let ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
    let due = github_day(&ago(10).to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    github.issue(REPO, "Late").by("max-w").assignee("ana-k").milestone("Alpha", due).created(ago(60)).open();
    let other =
        format!("[github.other]\nurl = \"{}\"\ntoken = \"other-token\"\nrepos = [\"acme/api\"]\n", sim.github_url());
    // Slack answers nothing, and neither does the other connection's repository.
    sim.fail_next(Tool::Slack, "", Fault::Hang(HANGS), FOR_EVER);
    sim.fail_next(Tool::Github, "/acme/api", Fault::Hang(HANGS), FOR_EVER);
    let folder = TempDir::new().unwrap();
    let store = StorePath::File(folder.path().join("gapwatch.db"));
    let settings = parse(&configuration(&sim, "", "", &other));
    let engine = Engine::start(&settings, store, gapwatch::clock::system()).unwrap();
    let stop = CancellationToken::new();
    let began = Instant::now();
    let daemon = tokio::spawn(engine.run(stop.clone()));
    while !github.writes().iter().any(|write| write.kind == WriteKind::Created) {
        assert!(began.elapsed() < Duration::from_secs(HANGS - 5), "the comment waits for what hangs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let hung = |tool, part: &str| {
        let requests = sim.requests();
        requests.iter().any(|one| one.tool == tool && one.path.contains(part) && one.status.is_none())
    };
    assert!(hung(Tool::Slack, "") && hung(Tool::Github, "/acme/api"), "they did not hang meanwhile");
    figure(
        "R8",
        format!("the comment came after {} ms while Slack and another connection hung", began.elapsed().as_millis()),
    );
    stop.cancel();
    let ended = Instant::now();
    daemon.await.unwrap().unwrap();
    assert!(ended.elapsed() < Duration::from_secs(3), "SIGTERM to exit: {:?}", ended.elapsed());
}
