//! What `doctor` finds without asking a tracker: the mirror, people, the store's file, the daemon.

use std::collections::BTreeSet;
use std::path::Path;

use connector_kit::survey::{Finding, Verdict};
use connector_kit::{Destination, Notifier, StreamKind};
use connector_model::ContainerKind;
use jiff::{SignedDuration, Timestamp};

use super::super::lacking::Lacking;
use super::super::open::{Stopped, View};
use super::super::people::strangers;
use super::super::places;
use super::super::table::{plain, when};
use crate::config::Settings;
use crate::jobs::listen::{self, Ask};
use crate::rules::about::about;
use crate::rules::ids;

/// People who are looked for in Slack one by one.
const MOST_PEOPLE: usize = 200;
/// Names that are listed before the rest is only counted.
const MOST_NAMED: usize = 5;
/// Free space below this is worth a word, and below the second one a problem: a first reading may need it at once.
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 64 << 20;
/// How old a daemon's last tick may be.
const LIVELY: SignedDuration = SignedDuration::from_mins(5);

/// Kinds of file systems over a network, by the kernel's number: locks and shared memory cannot be relied on there.
const NETWORK: [(u64, &str); 10] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0102_1997, "9p"),
    (0x1983_0326, "FhGFS"),
    (0x7461_636f, "OCFS2"),
];

/// The repositories or projects of a connection that can be asked for by name: those that are configured, and those that are
/// read.
pub(super) fn parts(settings: &Settings, view: Option<&View>, connection: &str) -> Vec<String> {
    if let Some(table) = connection.strip_prefix("jira.").and_then(|name| settings.jira.get(name)) {
        let configured: Vec<String> = table.projects.iter().map(|project| project.text().to_owned()).collect();
        return if configured.is_empty() { read(view, connection, ContainerKind::Project) } else { configured };
    }
    if let Some(table) = connection.strip_prefix("asana.").and_then(|name| settings.asana.get(name)) {
        let configured = table.project_names();
        return if configured.is_empty() { read(view, connection, ContainerKind::Project) } else { configured };
    }
    if let Some(table) = connection.strip_prefix("trello.").and_then(|name| settings.trello.get(name)) {
        let configured = table.board_names();
        return if configured.is_empty() { read(view, connection, ContainerKind::Board) } else { configured };
    }
    let table = connection.strip_prefix("github.").and_then(|name| settings.github.get(name));
    let configured = table.iter().flat_map(|table| table.repos.iter().map(ToString::to_string));
    let (patterns, mut names): (Vec<String>, Vec<String>) = configured.partition(|name| name.contains('*'));
    if !patterns.is_empty() {
        names.extend(read(view, connection, ContainerKind::Repository));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.to_lowercase()));
    names
}

/// What is read by a connection, by name.
fn read(view: Option<&View>, connection: &str, kind: ContainerKind) -> Vec<String> {
    let Some(view) = view else { return Vec::new() };
    let id = view.board.connections().find(|one| *one.name == *connection).map(|one| one.id);
    let read = view.board.containers().filter(|one| one.kind == kind && one.reader == id && id.is_some());
    read.map(|one| one.name.to_string()).collect()
}

/// How reading a connection goes, stream by stream.
pub(super) fn mirror(view: &View, connection: &str) -> Result<Vec<Finding>, Stopped> {
    let streams = view.reader.streams()?;
    let own: Vec<_> = streams.iter().filter(|one| one.connection == connection).collect();
    if own.is_empty() {
        return Ok(vec![Finding::warning(
            "nothing has been read from it yet",
            "`gapwatch run --once` reads and judges it",
        )]);
    }
    let mut findings = Vec::new();
    let state = view.reader.connection_states()?.into_iter().find(|state| state.name == connection);
    if let Some(state) = state {
        let (one, several) = places::and_plans(connection);
        let ago = state.last_success_at.map(|at| minutes(view.now.duration_since(at)));
        findings.push(match ago {
            Some(ago) => Finding::good(format!(
                "{} of {} read, all of it {ago} ago",
                counted(state.tasks, "task", "tasks"),
                counted(u64::from(state.containers), one, several)
            )),
            None => Finding::warning(
                format!("{} read so far; the first read is not complete", counted(state.tasks, "task", "tasks")),
                "wait for the running daemon, or run `gapwatch run --once`",
            ),
        });
        findings.extend(state.lacks.iter().map(|seen| not_told(&Lacking::from(seen))));
    }
    // Counting what is there, and boards, begin anew all the time; nothing waits for their end.
    let begins = |kind: StreamKind| !matches!(kind, StreamKind::Census | StreamKind::Boards);
    let first = own.iter().filter(|one| !one.backfilled && !one.absent && begins(one.kind));
    let cold: BTreeSet<&str> = first.filter_map(|one| one.part.as_deref()).collect();
    if !cold.is_empty() {
        let what =
            format!("still being read for the first time: {}; nobody is told about it yet", listed(cold.into_iter()));
        findings.push(Finding::warning(what, "wait for the running daemon"));
    }
    for one in &own {
        let Some((since, kind, because)) = &one.failure else { continue };
        let part = one.part.as_deref().map(|part| format!(" of {part}")).unwrap_or_default();
        let what = format!(
            "{}{part} could not be read since {} ({}): {because}",
            places::read_by(connection, one.kind),
            when(*since),
            counted(u64::from(one.failures), "try", "tries")
        );
        let verdict = match kind {
            crate::store::FailureKind::Refused | crate::store::FailureKind::Forbidden => Verdict::Refused,
            crate::store::FailureKind::Misconfigured => Verdict::Misconfigured,
            crate::store::FailureKind::Limited => Verdict::Limited,
            crate::store::FailureKind::Unavailable | crate::store::FailureKind::NotVisible => Verdict::Unavailable,
        };
        findings.push(Finding::problem(verdict, what, "until then nothing opens or resolves there"));
    }
    let absent: BTreeSet<&str> = own.iter().filter(|one| one.absent).filter_map(|one| one.part.as_deref()).collect();
    if !absent.is_empty() {
        let what = format!("the history of {} is not shown to this token", listed(absent.into_iter()));
        let right = match connection.split('.').next() {
            Some("jira") => "grant Browse projects",
            Some("asana") => "add its account to the project",
            Some("trello") => "add its account to the board",
            _ => "grant Issues: read",
        };
        findings
            .push(Finding::warning(what, format!("{right}; without it, silence is judged only by the task itself")));
    }
    Ok(findings)
}

/// What the connection does not tell, and which rules say nothing because of it.
fn not_told(lacking: &Lacking) -> Finding {
    let silent: Vec<&str> =
        ids().filter(|id| about(*id).is_some_and(|about| lacking.concerns(about.needs))).map(|id| id.0).collect();
    let effect = match silent.is_empty() {
        true => String::new(),
        false if lacking.whole => format!("; these rules say nothing there: {}", listed(silent.into_iter())),
        false => format!("; these rules say nothing about tasks without it: {}", listed(silent.into_iter())),
    };
    let what = format!("{} (since {}){effect}", lacking.words, when(lacking.since));
    Finding::warning(what, "nothing, if this is intended: open gaps stay as they are, and no new ones open")
}

/// Who cannot be told, who has nobody above, whom nobody knows.
pub(super) fn people(view: &View) -> Vec<Finding> {
    let people = &view.board.people;
    let mut findings = Vec::new();
    let mut persons: Vec<_> = people.persons.values().collect();
    persons.sort_by(|one, other| one.handle.cmp(&other.handle));
    let configured = view.settings.people.len() as u64;
    findings.push(Finding::good(counted(configured, "person is configured", "people are configured")));
    let alone = persons.iter().filter(|one| people.manager(one.own_account).is_none());
    let alone: Vec<&str> = alone.map(|one| one.handle.as_str()).filter(|one| !leads(view, one)).collect();
    if !alone.is_empty() {
        let what =
            format!("without a manager: {}; nobody else is told when their gaps stay open", listed(alone.into_iter()));
        findings.push(Finding::warning(what, "set `manager` in their tables, or `default_manager` in [directory]"));
    }
    let has_account = |id| people.accounts.values().any(|one| one.person == Some(id) && one.handle.is_some());
    let mute = persons.iter().filter(|one| {
        let tracked =
            view.settings.people.get(&one.handle).is_some_and(|table| table.also.in_trackers().next().is_some());
        one.slack.is_none() && one.email.is_none() && !tracked && !has_account(one.id)
    });
    let mute: Vec<&str> = mute.map(|one| one.handle.as_str()).collect();
    if !mute.is_empty() {
        let what = format!("without an e-mail address or account: {}", listed(mute.into_iter()));
        let account = match view.settings.connections().next().as_deref().and_then(|one| one.split('.').next()) {
            Some("jira") => "jira = \"account id\"",
            Some("asana") => "asana = \"number\"",
            Some("trello") => "trello = \"user name\"",
            _ => "github = \"login\"",
        };
        findings.push(Finding::warning(what, format!("set `email`, or `also = {{ {account}, slack = \"U…\" }}`")));
    }
    let strangers = strangers(view);
    if !strangers.is_empty() {
        let names = listed(strangers.iter().map(|one| one.account.as_str()));
        let what = format!("have open tasks but are not in [people]: {names}");
        findings.push(Finding::warning(
            what,
            "`gapwatch people unmatched` lists them all, `gapwatch people link` prints the lines to add",
        ));
    }
    if people.operators.is_empty() && view.settings.operators.channel.is_none() {
        let what = "nobody is told about problems with gapwatch itself; only the log and this command show them";
        findings.push(Finding::warning(what, "set `people` or `channel` in [operators]"));
    }
    findings
}

/// True for somebody who leads others: at the top nobody leads them.
fn leads(view: &View, handle: &str) -> bool {
    view.settings.directory.default_manager.as_deref() == Some(handle)
        || view.settings.people.values().any(|person| person.manager.as_deref() == Some(handle))
}

/// Whom Slack does not know.
pub(super) async fn matches(settings: &Settings, notifier: &dyn Notifier) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut asked, mut found, mut missing, mut unasked) = (0, 0, Vec::new(), Vec::new());
    for (handle, person) in settings.people.iter().take(MOST_PEOPLE) {
        let who = match (person.also.slack.0.first(), &person.email) {
            (Some(id), _) => Destination::User(id.clone()),
            (None, Some(email)) => Destination::Email(email.clone()),
            (None, None) => {
                unasked.push(handle.as_str());
                continue;
            }
        };
        asked += 1;
        match notifier.lookup(&who).await {
            Ok(Some(_)) => found += 1,
            Ok(None) => missing.push(handle.as_str()),
            Err(error) => {
                findings.push(Finding::failed(&error));
                break;
            }
        }
    }
    findings.push(Finding::good(format!("{found} of {asked} people with an address were found")));
    if !missing.is_empty() {
        let what = format!("not in Slack, or deactivated there: {}", listed(missing.into_iter()));
        findings.push(Finding::warning(what, "correct `email` or the id under `also`"));
    }
    if !unasked.is_empty() {
        let what = format!(
            "neither e-mail address nor Slack id: {}; they are told only by comments",
            listed(unasked.into_iter())
        );
        findings.push(Finding::warning(what, "set `email`, or `also = { slack = \"U…\" }`"));
    }
    findings
}

/// The store's file, its disk, and whether it is sound.
pub(super) fn store(settings: &Settings, view: &View) -> Result<Vec<Finding>, Stopped> {
    let path = settings.store.url.path();
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |about| about.len());
    let mut beside = path.as_os_str().to_owned();
    beside.push("-wal");
    let wal = size(Path::new(&beside));
    let mut findings = vec![Finding::good(format!(
        "{}: {}, plus {} in its write-ahead log",
        path.display(),
        bytes(size(path)),
        bytes(wal)
    ))];
    findings.extend(disk(path));
    let wrong = view.reader.check()?;
    findings.push(match wrong.first() {
        None => Finding::good("the database is sound"),
        Some(first) => Finding::problem(
            Verdict::Unavailable,
            format!("the database is damaged: {first}"),
            "stop gapwatch, restore a backup, and start it again",
        ),
    });
    Ok(findings)
}

fn disk(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(space) = rustix::fs::statvfs(path) {
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        let what = format!("{} free on its disk", bytes(free));
        findings.push(match free {
            0..NO_SPACE => {
                Finding::problem(Verdict::Unavailable, what, "free some space: soon nothing can be stored any more")
            }
            NO_SPACE..LITTLE_SPACE => Finding::warning(what, "free some space"),
            _ => Finding::good(what),
        });
    }
    if let Ok(about) = rustix::fs::statfs(path) {
        // The number has 32 bits; some machines give it with a sign.
        let kind = about.f_type as u64 & 0xffff_ffff;
        if let Some((_, name)) = NETWORK.iter().find(|(number, _)| *number == kind) {
            let what = format!("it is on a network file system ({name}), where SQLite can lose data");
            let todo = "put it on a local disk, or on a volume that only one machine uses";
            findings.push(Finding::problem(Verdict::Misconfigured, what, todo));
        }
    }
    findings
}

/// Whether a daemon runs on this store.
pub(super) async fn daemon(settings: &Settings, now: Timestamp) -> Finding {
    match listen::ask(&View::store_file(settings), &Ask::Health).await {
        Ok(Some(reply)) => match reply.last_tick_at {
            Some(at) if now.duration_since(at) < LIVELY => {
                Finding::good(format!("running; its last round was {}", when(at)))
            }
            _ => Finding::problem(
                Verdict::Unavailable,
                "it answers, but it has stopped judging",
                "check its log and restart it",
            ),
        },
        Ok(None) => Finding::warning(
            "not running on this store",
            "start `gapwatch run`; if you use `run --once` in cron, all is well",
        ),
        Err(error) => {
            let what = format!("it cannot be asked: {error}");
            Finding::warning(what, "run this as the user that gapwatch runs as")
        }
    }
}

/// `1 person`, `2 people`.
fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// The first few, and how many more.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(plain).collect();
    let shown = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn minutes(length: SignedDuration) -> String {
    match length.as_mins().max(0) {
        0 => "less than a minute".to_owned(),
        minutes @ 1..120 => format!("{minutes} min"),
        minutes @ 120..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1440),
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", count.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lengths_are_words_that_people_use() {
        assert_eq!([bytes(0), bytes(1), bytes(4_096)], ["0 kB", "1 kB", "5 kB"]);
        assert_eq!([bytes(48_200_000), bytes(2_340_000_000)], ["48 MB", "2.3 GB"]);
        let after = |minutes| super::minutes(SignedDuration::from_mins(minutes));
        assert_eq!([after(-3), after(7), after(180), after(4_000)], ["less than a minute", "7 min", "3 h", "2 days"]);
    }

    #[test]
    fn one_is_not_several() {
        let words = |count| counted(count, "person is configured", "people are configured");
        assert_eq!([words(0), words(1)], ["0 people are configured", "1 person is configured"]);
    }

    #[test]
    fn of_many_names_a_few_are_named_and_the_rest_counted() {
        assert_eq!(listed(["a", "b"].into_iter()), "a, b");
        assert_eq!(listed("abcdefgh".split("").filter(|one| !one.is_empty())), "a, b, c, d, e and 3 more");
    }
}
