//! The simulated tools as a program: the demo company's story, or a recording.
//!
//! ```text
//! gapwatch-simulator [--listen 127.0.0.1:PORT] [--seed N]
//! gapwatch-simulator [--listen 127.0.0.1:PORT] --recorded FILE [--repo owner/name] [--polls]
//! ```
//! GitHub answers below `/github`, Slack below `/slack/api`, Jira below `/jira-cloud` and `/jira-dc`,
//! Trello below `/trello/1`; `/__sim/…` controls it (see the crate's `control` module).

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use connector_simulator::{Recorded, Simulator, Story, clock};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

const USAGE: &str = "usage: gapwatch-simulator [--listen 127.0.0.1:PORT] [--seed N]\n       gapwatch-simulator [--listen \
    127.0.0.1:PORT] --recorded FILE [--repo owner/name] [--polls]";

/// Seconds between two looks at the story.
const STORY_EVERY: u64 = 1;

struct Options {
    listen: SocketAddr,
    seed: u64,
    recorded: Option<PathBuf>,
    repo: String,
    polls: bool,
}

impl Options {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut options = Options { listen, seed: 1, recorded: None, repo: "recorded/issues".to_owned(), polls: false };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--listen" => options.listen = value()?.parse().map_err(|error| format!("--listen: {error}"))?,
                "--seed" => options.seed = value()?.parse().map_err(|error| format!("--seed: {error}"))?,
                "--recorded" => options.recorded = Some(value()?.into()),
                "--repo" => options.repo = value()?,
                "--polls" => options.polls = true,
                _ => return Err(format!("unknown argument {arg}")),
            }
        }
        if !options.listen.ip().is_loopback() {
            return Err(
                "--listen must be a loopback address: anybody who reaches the simulator can control it".to_owned()
            );
        }
        if !options.repo.contains('/') {
            return Err("--repo must be owner/name".to_owned());
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("gapwatch-simulator: {problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gapwatch-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let now = clock::system();
    let recorded = match &options.recorded {
        Some(path) if options.polls => Some(Recorded::load_polls(path)?),
        Some(path) => Some(Recorded::load(path)?),
        None => None,
    };
    let sim = Simulator::start_at(options.listen, now.clone()).await?;
    println!("github {}\nslack  {}", sim.github_url(), sim.slack_url());
    println!("jira   {} (gateway {})\njira   {}", sim.jira_cloud_url(), sim.jira_gateway_url(), sim.jira_dc_url());
    println!("trello {}", sim.trello_url());
    match recorded {
        Some(recorded) => {
            println!("{} issue states, {} polls, as {}", recorded.len(), recorded.polls_left(), options.repo);
            println!("{} of them live in another repository by now", recorded.elsewhere());
            sim.github().serve_recorded(&options.repo, recorded);
            std::future::pending().await
        }
        None => {
            let mut story = Story::new(options.seed, story_start(now()));
            let mut at_jira = story.clone().on_jira();
            let mut at_trello = story.clone().on_trello();
            println!("{} deeds of the demo company", story.play_until(&sim, now()));
            at_jira.play_until(&sim, now());
            at_trello.play_until(&sim, now());
            loop {
                clock::wait(STORY_EVERY).await;
                story.play_until(&sim, now());
                at_jira.play_until(&sim, now());
                at_trello.play_until(&sim, now());
            }
        }
    }
}

/// Six weeks before today, 09:00.
fn story_start(now: Timestamp) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let start = today.saturating_sub(Span::new().days(42)).at(9, 0, 0, 0).to_zoned(TimeZone::UTC);
    start.map_or(now, |start| start.timestamp())
}
