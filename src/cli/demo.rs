//! `demo`: a made-up company, its trackers simulated on the loopback, everything else real. Six weeks are replayed through
//! the whole pipeline as fast as it goes; then time runs on, and gaps, comments and messages are printed as they come.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::Clock;
use connector_kit::clock::SetClock;
use connector_simulator::{Simulator, Story};
use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Exit;
use super::gaps::shape;
use super::open::Stopped;
use super::table::plain;
use crate::config::{self, Flags, Settings, Sources};
use crate::daemon::Engine;
use crate::domain::alert::AlertState;
use crate::domain::calendar::{Calendar, later};
use crate::domain::ids::AlertId;
use crate::store::StorePath;

/// How long the story was told before today.
const SIX_WEEKS: SignedDuration = SignedDuration::from_hours(42 * 24);
/// Moments of a working day at which the replay looks.
const LOOKS: [i8; 5] = [9, 11, 13, 15, 16];
/// Real time between two steps of the running story.
const STEP: SignedDuration = SignedDuration::from_millis(200);

/// Runs the demo; with `days`, ends after so many simulated days.
pub(super) async fn demo(seed: u64, speed: u32, days: Option<u32>) -> Result<Exit, Stopped> {
    let today = nine_oclock(crate::clock::system().now());
    let start = today - SIX_WEEKS;
    let clock = Arc::new(SetClock::leaping(start));
    let shown = clock.clone();
    let simulator = Simulator::start(Arc::new(move || shown.now())).await.map_err(Stopped::failed)?;
    let story = Story::new(seed, start);
    let settings = settings(&story, &simulator)?;
    let engine = Engine::start(&settings, StorePath::Memory, clock.clone())?;
    let mut show = Show { simulator, story, engine, clock, gaps: HashMap::new(), comments: 0, messages: 0 };
    show.replay(today).await?;
    show.present(today).await?;
    show.go_on(today, speed, days).await?;
    Ok(Exit::Done)
}

/// The latest working day's 09:00 that is not after `now`.
fn nine_oclock(now: Timestamp) -> Timestamp {
    let mut date: Date = now.to_zoned(TimeZone::UTC).date();
    loop {
        let nine = date.to_datetime(time(9, 0, 0, 0)).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        match nine {
            Ok(nine) if nine <= now && !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) => return nine,
            _ => {}
        }
        match date.yesterday() {
            Ok(before) => date = before,
            Err(_) => return now,
        }
    }
}

/// The demo's configuration, read by the very code that reads a user's.
fn settings(story: &Story, simulator: &Simulator) -> Result<Settings, Stopped> {
    let repos: Vec<String> = story.repos().iter().map(|repo| format!("{repo:?}")).collect();
    let mut text = format!(
        "mode = \"live\"\n\n[github.acme]\nurl = {:?}\ntoken = \"demo\"\nrepos = [{}]\n\n[slack]\nurl = {:?}\n\
         bot_token = \"xoxb-demo\"\nchannel = \"#delivery\"\n\n[messages]\nbacklog = \"tell\"\n",
        simulator.github_url(),
        repos.join(", "),
        simulator.slack_url(),
    );
    for person in story.people() {
        text += &format!(
            "\n[people.{}]\nname = {:?}\nemail = {:?}\ntz = \"Etc/UTC\"\nalso = {{ github = {:?}, slack = {:?} }}\n",
            person.handle, person.name, person.email, person.github_login, person.slack_id,
        );
        if let Some(manager) = &person.manager {
            text += &format!("manager = {manager:?}\n");
        }
    }
    let sources =
        Sources { files: vec![(PathBuf::from("demo.toml"), text)], env: Default::default(), flags: Flags::default() };
    let loaded = config::load(&sources).map_err(|found| {
        Stopped::failed(found.iter().map(|mistake| mistake.render(false)).collect::<Vec<_>>().join("\n"))
    })?;
    Ok(loaded.settings)
}

struct Show {
    simulator: Simulator,
    story: Story,
    engine: Engine,
    clock: Arc<SetClock>,
    /// What was last said of each gap.
    gaps: HashMap<AlertId, (u32, AlertState)>,
    comments: usize,
    messages: usize,
}

impl Show {
    /// Tells the past, in steps of some hours.
    async fn replay(&mut self, today: Timestamp) -> Result<(), Stopped> {
        anstream::println!("Replaying six weeks of a company of {} people ...", self.story.people().len());
        let mut date = self.clock.now().to_zoned(TimeZone::UTC).date();
        loop {
            for hour in LOOKS {
                let at = date.to_datetime(time(hour, 0, 0, 0)).to_zoned(TimeZone::UTC).map_err(Stopped::failed)?;
                let at = at.timestamp();
                if at > today {
                    return Ok(());
                }
                if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
                    self.step(at).await?;
                }
            }
            date = date.tomorrow().map_err(Stopped::failed)?;
        }
    }

    /// Plays the story up to a moment, and lets gapwatch read, judge and send.
    async fn step(&mut self, at: Timestamp) -> Result<(), Stopped> {
        let at = at.max(self.clock.now());
        self.story.play_until(&self.simulator, at);
        self.clock.set(at);
        self.engine.pull(false).await?;
        self.engine.decide().await?;
        self.engine.deliver().await?;
        // What was confirmed may be followed by the next thing at once.
        self.engine.decide().await?;
        self.engine.deliver().await?;
        Ok(())
    }

    /// What there is today: counts, gaps, the latest comment and the latest direct message.
    async fn present(&mut self, today: Timestamp) -> Result<(), Stopped> {
        let mut gaps = self.engine.core.gaps(self.clock.now()).await?;
        gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.alert.stage), gap.alert.opened_at, gap.alert.id));
        let open = gaps.iter().filter(|gap| gap.alert.state != AlertState::Resolved).count();
        let comments = self.simulator.github().writes();
        let messages = self.simulator.slack().messages();
        anstream::println!(
            "In six weeks: {} gaps seen, {open} open today, {} comments and {} messages written.\n",
            gaps.len(),
            comments.iter().filter(|write| write.kind == connector_simulator::WriteKind::Created).count(),
            messages.len(),
        );
        anstream::println!("Open on {}, worst first:", stamp(today));
        for gap in &gaps {
            self.gaps.insert(gap.alert.id, (gap.alert.episode, gap.alert.state));
            if gap.alert.state != AlertState::Resolved {
                anstream::println!("  {}", line(gap));
            }
        }
        if let Some(write) = comments.last() {
            anstream::println!("\nThe latest comment, on {}#{}:\n{}", write.repo, write.number, indent(&write.body));
        }
        if let Some(message) = messages.iter().rev().find(|message| message.user.is_some()) {
            let to = self.person(message.user.as_deref());
            anstream::println!("\nThe latest direct message, to {to}:\n{}", indent(&message.text));
        }
        (self.comments, self.messages) = (comments.len(), messages.len());
        Ok(())
    }

    /// Time runs on: closed hours are skipped, whatever is new is printed.
    async fn go_on(&mut self, today: Timestamp, speed: u32, days: Option<u32>) -> Result<(), Stopped> {
        anstream::println!(
            "\nNow time goes on, {} a second; hours outside work are skipped. Ctrl-C ends the demo.\n",
            pace(speed)
        );
        let calendar = Calendar::usual(TimeZone::UTC);
        let end = days.map(|days| later(today, SignedDuration::from_hours(24 * i64::from(days))));
        let step = STEP.saturating_mul(i32::try_from(speed).unwrap_or(i32::MAX));
        let mut at = today;
        loop {
            let next = later(at, step);
            at = if calendar.is_open(next) { next } else { calendar.next_open(next) };
            if self.story.next_at().is_none() || end.is_some_and(|end| at > end) {
                anstream::println!("The story ends here.");
                return Ok(());
            }
            self.step(at).await?;
            self.news().await?;
            tokio::select! {
                () = crate::clock::nap(STEP) => {}
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    }

    /// Prints what is new since the last time.
    async fn news(&mut self) -> Result<(), Stopped> {
        let now = stamp(self.clock.now());
        for gap in self.engine.core.gaps(self.clock.now()).await? {
            let seen = (gap.alert.episode, gap.alert.state);
            let before = self.gaps.insert(gap.alert.id, seen);
            match (before, gap.alert.state) {
                (Some((episode, _)), _) if episode == seen.0 && before == Some(seen) => {}
                (_, AlertState::Resolved) => anstream::println!("{now}  ● resolved  {}", line(&gap)),
                (Some((episode, AlertState::Pending)), AlertState::Firing) if episode == seen.0 => {}
                (_, AlertState::Pending | AlertState::Firing) => anstream::println!("{now}  gap  {}", line(&gap)),
            }
        }
        let comments = self.simulator.github().writes();
        for write in &comments[self.comments.min(comments.len())..] {
            anstream::println!("{now}  comment on {}#{}\n{}", write.repo, write.number, indent(&write.body));
        }
        let messages = self.simulator.slack().messages();
        for message in &messages[self.messages.min(messages.len())..] {
            let to = message.channel_name.clone().unwrap_or_else(|| self.person(message.user.as_deref()));
            anstream::println!("{now}  message to {to}\n{}", indent(&message.text));
        }
        (self.comments, self.messages) = (comments.len(), messages.len());
        Ok(())
    }

    fn person(&self, slack: Option<&str>) -> String {
        let people = self.story.people();
        let found = people.into_iter().find(|person| Some(person.slack_id.as_str()) == slack);
        found.map_or_else(|| slack.unwrap_or("-").to_owned(), |person| person.name)
    }
}

fn line(gap: &crate::core::GapSeen) -> String {
    let rule = gap.alert.rule.0;
    let what = match &gap.name {
        Some(name) => format!("{} {}: {rule}", plain(&name.key), plain(&name.title)),
        None => format!("{}: {rule}", plain(gap.about.as_deref().unwrap_or("gapwatch"))),
    };
    format!("{} {:<9} {what}: {}", gap.alert.gap, shape(gap.alert.stage.word()), plain(&gap.summary))
}

/// `5 minutes`, `30 seconds`
fn pace(speed: u32) -> String {
    let (count, unit) = if speed >= 60 { (speed / 60, "minute") } else { (speed, "second") };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn stamp(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a %-d %b %H:%M").to_string()
}

/// Indented; a hidden marker is left out, as a browser leaves it out.
fn indent(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("<!--"));
    lines.map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// How often faster than life time runs: `300x`.
pub(super) fn speed(text: &str) -> Result<u32, String> {
    let factor = text.strip_suffix('x').unwrap_or(text).parse().ok();
    factor.filter(|factor| (1..=100_000).contains(factor)).ok_or_else(|| "expected e.g. 300x".to_owned())
}
