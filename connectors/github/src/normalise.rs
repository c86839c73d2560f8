//! GitHub's issues, accounts, milestones and repositories in our words. Pure.
//!
//! What an issue does not say is left open: no planned start, no estimate, and "in progress" only where the configuration
//! maps a label to it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use connector_model::{
    Account, AccountKind, Container, ContainerKind, ContainerRef, Due, DueSource, DueStated, Ineligible, Progress,
    ProgressSource, Share, Status, StatusCategory, Task, TaskRef, tasks_named,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::address::{TaskHandle, issue_at};
use crate::fields;
use crate::graph::Fields;
use crate::selection::{Filter, States};
use crate::tasklist;
use crate::wire::{Issue, Label, Milestone, Repository, Str, User};

/// Children fewer than this declare no progress.
const FEWEST_CHILDREN: u32 = 2;

/// GitHub keeps a milestone's day as midnight in this zone, written in UTC.
static MILESTONE_ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("America/Los_Angeles").expect("the zone data is compiled in"));

/// What a repository's issues are read with.
pub(crate) struct Reading<'a> {
    /// The repository's numeric id.
    pub(crate) repo_id: &'a str,
    /// Its name: `acme/web`.
    pub(crate) name: &'a str,
    /// Where people see it: `https://github.com`.
    pub(crate) web: &'a str,
    /// What labels say of the state.
    pub(crate) states: &'a States,
    /// Which issues are covered.
    pub(crate) filter: &'a Filter,
    /// What the organisation's own fields are called.
    pub(crate) fields: &'a Fields,
}

/// Accounts and milestones named on a page, each once.
#[derive(Default)]
pub(crate) struct Named {
    accounts: BTreeMap<u64, Account>,
    homes: BTreeMap<u64, Container>,
}

impl Named {
    /// Notes the account and returns its id.
    pub(crate) fn account(&mut self, user: &User<'_>) -> String {
        self.accounts.entry(user.id).or_insert_with(|| account(user));
        user.id.to_string()
    }

    /// Notes an account that is described elsewhere and returns its id.
    pub(crate) fn add(&mut self, id: u64, account: Account) -> String {
        self.accounts.entry(id).or_insert(account).ext.clone()
    }

    fn home(&mut self, milestone: &Milestone<'_>, name: &str) -> ContainerRef {
        self.homes.entry(milestone.id).or_insert_with(|| home(milestone, name)).at.clone()
    }

    /// Everybody and everything noted, in the order of their ids.
    pub(crate) fn into_parts(self) -> (Vec<Account>, Vec<Container>) {
        (self.accounts.into_values().collect(), self.homes.into_values().collect())
    }
}

/// An account, as far as the answer describes it.
pub(crate) fn account(user: &User<'_>) -> Account {
    let told = |text: &Option<Str<'_>>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let kind = match user.kind.as_deref() {
        _ if &*user.login == "ghost" => AccountKind::Gone,
        Some("Mannequin") => AccountKind::Gone,
        Some("Bot") => AccountKind::Bot,
        _ if user.login.ends_with("[bot]") => AccountKind::Bot,
        _ => AccountKind::Human,
    };
    Account {
        ext: user.id.to_string(),
        handle: Some(user.login.to_string()),
        name: told(&user.name),
        email: told(&user.email),
        kind,
    }
}

/// A repository as the place its issues live in.
pub(crate) fn repository(repository: &Repository<'_>) -> Container {
    let closed = repository.archived == Some(true) || repository.disabled == Some(true);
    Container {
        at: ContainerRef { kind: ContainerKind::Repository, ext: repository.id.to_string() },
        name: repository.full_name.to_string(),
        handle: format!("repos/{}", &*repository.full_name),
        due: None,
        open: !closed && repository.has_issues != Some(false),
        responsible: None,
    }
}

/// A milestone of the repository `name`.
pub(crate) fn home(milestone: &Milestone<'_>, name: &str) -> Container {
    Container {
        at: ContainerRef { kind: ContainerKind::Milestone, ext: milestone.id.to_string() },
        name: milestone.title.to_string(),
        handle: format!("repos/{name}/milestones/{}", milestone.number),
        due: milestone.due_on.map(milestone_day),
        open: milestone.state.as_deref() != Some("closed"),
        responsible: None,
    }
}

/// Midnight Pacific, written in UTC, is that Pacific day.
fn milestone_day(due_on: Timestamp) -> Due {
    Due::On(due_on.to_zoned(MILESTONE_ZONE.clone()).date())
}

/// An issue as a task. Who and what it names is noted in `named`.
pub(crate) fn task(issue: &Issue<'_>, reading: &Reading<'_>, named: &mut Named) -> Task {
    let is_open = &*issue.state != "closed";
    let key = format!("{}#{}", reading.name, issue.number);
    let container = ContainerRef { kind: ContainerKind::Repository, ext: reading.repo_id.to_owned() };
    let node_id = issue.node_id.as_deref().unwrap_or("");
    let body = issue.body.as_deref().unwrap_or("");
    let own = fields::read(issue.issue_field_values, reading.fields);
    Task {
        ext: issue.id.to_string(),
        key,
        url: url(issue, reading),
        handle: TaskHandle::to_text(reading.repo_id, reading.name, issue.number, node_id),
        title: issue.title.to_string(),
        kind: issue.kind.as_ref().and_then(|kind| kind.name.as_deref()).map(str::to_owned),
        container,
        homes: issue.milestone.iter().map(|milestone| named.home(milestone, reading.name)).collect(),
        status: status(issue, reading.states),
        owners: issue.assignees.iter().flatten().flatten().map(|user| named.account(user)).collect(),
        reporter: issue.user.as_ref().map(|user| named.account(user)),
        created_at: issue.created_at,
        updated_at: issue.updated_at,
        closed_at: issue.closed_at.filter(|_| !is_open),
        start: own.start.map(Due::On),
        due: own.due.map(|day| DueStated { due: Due::On(day), source: DueSource::Item }),
        priority: own.priority.or_else(|| label_names(issue).filter_map(priority).min()),
        labels: label_names(issue).map(str::to_owned).collect(),
        progress: own.progress.or_else(|| progress(issue, body)),
        estimate_secs: own.estimate_secs,
        spent_secs: None,
        remaining_secs: None,
        parent: parent(issue),
        links: (blockers(issue) == Some(0)).then(Vec::new),
        mentions: tasks_named(body, &url(issue, reading)),
        description_hash: fingerprint(body),
        restricted: false,
        ineligible: (!reading.filter.covers(issue)).then_some(Ineligible::Filtered),
        untold: Vec::new(),
    }
}

/// Names of an issue's labels, whichever form they came in.
pub(crate) fn label_names<'a>(issue: &'a Issue<'_>) -> impl Iterator<Item = &'a str> {
    issue.labels.iter().flatten().filter_map(|Label(name)| name.as_deref())
}

/// How many issues it waits for, finished ones included. `None`: the answer does not tell.
pub(crate) fn blockers(issue: &Issue<'_>) -> Option<u32> {
    issue.issue_dependencies_summary.as_ref()?.total_blocked_by
}

fn url(issue: &Issue<'_>, reading: &Reading<'_>) -> String {
    let told = issue.html_url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    told.map_or_else(|| format!("{}/{}/issues/{}", reading.web, reading.name, issue.number), str::to_owned)
}

fn status(issue: &Issue<'_>, states: &States) -> Status {
    match &*issue.state {
        "closed" => closed(issue.state_reason.as_deref()),
        "open" => match states.of(label_names(issue)) {
            Some((label, category)) => Status { raw: format!("open [{label}]"), category, declared: true },
            None => Status { raw: "open".to_owned(), category: StatusCategory::Todo, declared: false },
        },
        other => Status { raw: other.to_owned(), category: StatusCategory::Todo, declared: false },
    }
}

/// Old issues carry no reason; a reason we do not know still says that the issue is closed.
fn closed(reason: Option<&str>) -> Status {
    let category = match reason {
        Some("not_planned" | "duplicate") => StatusCategory::Cancelled,
        _ => StatusCategory::Done,
    };
    Status { raw: closed_word(reason), category, declared: true }
}

/// `closed:completed`, or `closed` where no reason is told.
pub(crate) fn closed_word(reason: Option<&str>) -> String {
    reason.map_or_else(|| "closed".to_owned(), |reason| format!("closed:{reason}"))
}

/// A task list in the text is kept by the owner and counts before the children's number.
fn progress(issue: &Issue<'_>, body: &str) -> Option<Progress> {
    tasklist::progress(body).or_else(|| {
        let children = issue.sub_issues_summary.as_ref().filter(|children| children.total >= FEWEST_CHILDREN)?;
        let share = Share::of(children.completed, children.total);
        Some(Progress { share, source: ProgressSource::Children, items: children.total })
    })
}

fn parent(issue: &Issue<'_>) -> Option<TaskRef> {
    let (name, number) = issue_at(issue.parent_issue_url.as_deref()?)?;
    Some(TaskRef::Key(format!("{name}#{number}")))
}

/// The priority a label declares, 1 the highest: `P0` to `P4`, or a word behind `priority`, `prio` or `P`
/// (`priority: high`, `P-low`, `P1/urgent`).
fn priority(label: &str) -> Option<u8> {
    let starts_as_one = label.as_bytes().first().is_some_and(|b| b.eq_ignore_ascii_case(&b'p'));
    if !starts_as_one {
        return None;
    }
    let label = label.to_ascii_lowercase();
    let mut words = label.split([' ', ':', '/', '-', '_', '.']).filter(|word| !word.is_empty());
    let first = words.next()?;
    numbered(first).or_else(|| {
        let word = words.next().filter(|_| matches!(first, "p" | "prio" | "priority"))?;
        ranked(word)
    })
}

/// The priority that the option of a field called so declares: `P1`, `High`, `1 - Urgent`, in any dress.
pub(crate) fn priority_option(name: &str) -> Option<u8> {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).find_map(ranked)
}

fn ranked(word: &str) -> Option<u8> {
    numbered(word).or(match word {
        "critical" | "urgent" | "highest" | "blocker" => Some(1),
        "high" | "important" => Some(2),
        "medium" | "normal" | "moderate" => Some(3),
        "low" => Some(4),
        "lowest" | "trivial" => Some(5),
        _ => None,
    })
}

/// `p0` is 1, `p4` is 5.
fn numbered(word: &str) -> Option<u8> {
    match word.as_bytes() {
        [b'p', digit @ b'0'..=b'4'] => Some(digit - b'0' + 1),
        _ => None,
    }
}

/// FNV-1a, 64 bits: the same in every build, which `std`'s hasher does not promise. The store keeps it.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures;
    use crate::items;

    fn issue(fields: Value) -> Value {
        let mut issue = json!({
            "id": 4_570_308_119_u64, "node_id": "I_kw", "number": 24, "title": "Fix *it*", "state": "open",
            "user": {"id": 1, "login": "ana", "type": "User"}, "assignees": [], "labels": [], "milestone": null,
            "created_at": "2026-06-02T09:43:42Z", "updated_at": "2026-06-02T09:43:42Z", "closed_at": null, "body": null,
            "html_url": "https://github.com/acme/web/issues/24"
        });
        issue.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        issue
    }

    fn with(fields: Value, states: &States, filter: &Filter) -> (Task, Named) {
        let text = issue(fields).to_string();
        let mut named = Named::default();
        let fields = Fields::usual();
        let web = "https://github.com";
        let reading = Reading { repo_id: "1000", name: "acme/web", web, states, filter, fields: &fields };
        let task = task(&serde_json::from_str(&text).unwrap(), &reading, &mut named);
        (task, named)
    }

    fn read(fields: Value) -> Task {
        with(fields, &States::default(), &Filter::default()).0
    }

    #[test]
    fn an_issue_is_identified_by_its_id_and_called_by_its_repository_and_number() {
        let task = read(json!({"title": "  a\u{202E}b <b> "}));
        assert_eq!((task.ext.as_str(), task.key.as_str()), ("4570308119", "acme/web#24"));
        assert_eq!(task.handle, "1000/acme/web/24/I_kw");
        assert_eq!(task.title, "  a\u{202E}b <b> ");
        assert_eq!(task.url, "https://github.com/acme/web/issues/24");
        assert_eq!(read(json!({"html_url": "javascript:alert(1)"})).url, "https://github.com/acme/web/issues/24");
        assert_eq!(read(json!({"type": {"id": 1, "name": "Bug"}})).kind.as_deref(), Some("Bug"));
        assert_eq!(read(json!({"type": null})).kind, None);
    }

    #[test]
    fn the_least_an_issue_can_be_is_read() {
        let text = r#"{"id":1,"number":2,"title":"","state":"open","created_at":"2026-06-02T09:43:42Z",
            "updated_at":"2026-06-02T09:43:42Z"}"#;
        let list = format!("[{text}]");
        let items = items::list::<Issue<'_>>(list.as_bytes(), "issues").unwrap();
        let (states, filter) = (States::default(), Filter::default());
        let (fields, web) = (Fields::default(), "https://ghe.example");
        let reading = Reading { repo_id: "7", name: "o/r", web, states: &states, filter: &filter, fields: &fields };
        let task = task(&items.read[0], &reading, &mut Named::default());
        assert_eq!((task.reporter, task.links, task.progress), (None, None, None));
        assert_eq!((task.url.as_str(), task.handle.as_str()), ("https://ghe.example/o/r/issues/2", "7/o/r/2/"));
    }

    #[test]
    fn a_closed_issue_is_done_unless_it_was_given_up() {
        let of = |reason: Value| {
            let closed = json!({"state": "closed", "state_reason": reason, "closed_at": "2026-06-03T00:00:00Z"});
            let task = read(closed);
            assert!(task.closed_at.is_some());
            (task.status.raw, task.status.category)
        };
        assert_eq!(of(json!("completed")), ("closed:completed".to_owned(), StatusCategory::Done));
        assert_eq!(of(json!(null)), ("closed".to_owned(), StatusCategory::Done));
        assert_eq!(of(json!("not_planned")), ("closed:not_planned".to_owned(), StatusCategory::Cancelled));
        assert_eq!(of(json!("duplicate")), ("closed:duplicate".to_owned(), StatusCategory::Cancelled));
        assert_eq!(of(json!("new_word")), ("closed:new_word".to_owned(), StatusCategory::Done));
    }

    #[test]
    fn an_open_issue_is_what_its_label_says_or_else_undeclared() {
        let words = [("In Progress", StatusCategory::Active), ("blocked", StatusCategory::Waiting)];
        let states: States = words.map(|(label, category)| (label.to_owned(), category)).into_iter().collect();
        let of = |labels: Value| with(json!({"labels": labels}), &states, &Filter::default()).0.status;
        let plain = Status { raw: "open".to_owned(), category: StatusCategory::Todo, declared: false };
        assert_eq!(of(json!([])), plain);
        assert_eq!(of(json!(["P1", {"name": null}, null])), plain);
        let blocked = Status { raw: "open [Blocked]".to_owned(), category: StatusCategory::Waiting, declared: true };
        assert_eq!(of(json!([{"name": "in progress"}, {"id": 1, "name": "Blocked", "color": "fff"}])), blocked);
        let odd = read(json!({"state": "half-open"})).status;
        assert_eq!((odd.raw.as_str(), odd.declared), ("half-open", false));
    }

    #[test]
    fn everybody_named_is_noted_once_and_robots_stay_owners() {
        let fields = json!({
            "assignees": [{"id": 2, "login": "mo", "type": "User"}, {"id": 3, "login": "x[bot]", "type": "Bot"}, null,
                {"id": 1, "login": "ana", "type": "User"}]
        });
        let (task, named) = with(fields, &States::default(), &Filter::default());
        assert_eq!(task.owners, ["2", "3", "1"]);
        assert_eq!(task.reporter.as_deref(), Some("1"));
        let (accounts, _) = named.into_parts();
        assert_eq!(accounts.iter().map(|a| a.ext.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!(accounts[2].kind, AccountKind::Bot);
        assert_eq!(read(json!({"user": null})).reporter, None);
    }

    #[test]
    fn a_milestones_day_is_the_pacific_one() {
        let on = |due_on: &str| {
            let milestone = json!({"id": 9, "number": 3, "title": "v1", "state": "closed", "due_on": due_on});
            let (task, named) = with(json!({"milestone": milestone}), &States::default(), &Filter::default());
            let (_, mut homes) = named.into_parts();
            assert_eq!((&task.homes[0], task.due), (&homes[0].at, None));
            homes.remove(0)
        };
        let summer = on("2026-10-01T07:00:00Z");
        assert_eq!(summer.due, Some(Due::On("2026-10-01".parse().unwrap())));
        assert_eq!((summer.at.ext.as_str(), summer.name.as_str(), summer.open), ("9", "v1", false));
        assert_eq!(summer.handle, "repos/acme/web/milestones/3");
        assert_eq!(on("2026-01-15T08:00:00Z").due, Some(Due::On("2026-01-15".parse().unwrap())));
        assert_eq!(on("2026-01-15T12:00:00Z").due, Some(Due::On("2026-01-15".parse().unwrap())));
    }

    #[test]
    fn progress_is_the_task_list_else_the_children() {
        let list = "- [x] a\n- [x] b\n- [ ] c\n- [ ] d";
        let children = json!({"total": 4, "completed": 1, "percent_completed": 25});
        let of = |fields: Value| read(fields).progress.map(|p| (p.share.get(), p.source, p.items));
        let both = json!({"body": list, "sub_issues_summary": children});
        assert_eq!(of(both), Some((0.5, ProgressSource::Checklist, 4)));
        assert_eq!(of(json!({"sub_issues_summary": children})), Some((0.25, ProgressSource::Children, 4)));
        assert_eq!(of(json!({"sub_issues_summary": {"total": 1, "completed": 1}})), None);
        assert_eq!(of(json!({"body": "- [x] a\n- [x] b"})), None);
    }

    #[test]
    fn parents_and_blockers_are_told_only_where_the_answer_tells_them() {
        let parent = read(json!({"parent_issue_url": "https://api.github.com/repos/acme/plan/issues/5"})).parent;
        assert_eq!(parent, Some(TaskRef::Key("acme/plan#5".to_owned())));
        assert_eq!(read(json!({"parent_issue_url": "https://api.github.com/x"})).parent, None);
        let links = |summary: Value| read(json!({"issue_dependencies_summary": summary})).links;
        assert_eq!(links(json!({"blocked_by": 0, "total_blocked_by": 0})), Some(vec![]));
        assert_eq!(links(json!({"blocked_by": 0, "total_blocked_by": 1})), None);
        assert_eq!(links(json!(null)), None);
        assert_eq!(links(json!({"blocked_by": 0})), None);
    }

    #[test]
    fn a_priority_is_a_number_or_a_word_behind_the_word_priority() {
        for (label, expected) in [
            ("P0", Some(1)),
            ("p4", Some(5)),
            ("P1/urgent", Some(2)),
            ("priority: high", Some(2)),
            ("Priority: P2", Some(3)),
            ("prio/Critical", Some(1)),
            ("P-low", Some(4)),
            ("priority-medium", Some(3)),
            ("high", None),
            ("P5", None),
            ("P10", None),
            ("performance", None),
            ("priority", None),
            ("", None),
        ] {
            assert_eq!(priority(label), expected, "{label}");
        }
        assert_eq!(read(json!({"labels": ["P3", "priority: high"]})).priority, Some(2));
    }

    #[test]
    fn an_issue_outside_the_filter_is_read_but_left_alone() {
        let covered = |filter: Filter| {
            let fields = json!({"labels": ["Team-A", "bug"], "assignees": [{"id": 2, "login": "Mo"}],
                "milestone": {"id": 9, "number": 3, "title": "v1", "state": "open", "due_on": null}});
            with(fields, &States::default(), &filter).0.ineligible.is_none()
        };
        let none = Filter::default();
        let labels =
            |labels: &[&str]| Filter { labels: labels.iter().map(ToString::to_string).collect(), ..none.clone() };
        let assignee = |login: &str| Filter { assignee: Some(login.to_owned()), ..none.clone() };
        let milestone = |title: &str| Filter { milestone: Some(title.to_owned()), ..none.clone() };
        for filter in [none.clone(), labels(&["team-a", "BUG"]), assignee("mo"), assignee("*"), milestone("V1")] {
            assert!(covered(filter.clone()), "{filter:?}");
        }
        assert!(covered(milestone("3")) && covered(milestone("*")));
        for filter in [labels(&["team-a", "x"]), assignee("ana"), assignee("none"), milestone("v2"), milestone("none")]
        {
            assert!(!covered(filter.clone()), "{filter:?}");
        }
    }

    #[test]
    fn a_description_keeps_its_fingerprint_from_build_to_build() {
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint("foobar"), 0x8594_4171_f739_67e8);
    }

    fn read_all(path: &str) -> Option<(Vec<Task>, Named, usize)> {
        let body = fixtures::list(path)?;
        let items = items::list::<Issue<'_>>(&body, path).unwrap();
        assert_eq!(items.unreadable, []);
        let (states, filter, mut named) = (States::default(), Filter::default(), Named::default());
        let fields = Fields::usual();
        let reading =
            Reading { repo_id: "1", name: "o/r", web: "https://x", states: &states, filter: &filter, fields: &fields };
        let issues: Vec<_> = items.read.iter().filter(|issue| issue.pull_request.is_none()).collect();
        let tasks: Vec<Task> = issues.iter().map(|issue| task(issue, &reading, &mut named)).collect();
        let skipped = items.read.len() - tasks.len();
        Some((tasks, named, skipped))
    }

    #[test]
    fn ten_thousand_recorded_issues_are_read_without_a_loss() {
        let Some((tasks, named, skipped)) = read_all("github/rust-issues-1-9999-dev.jsonl.gz") else { return };
        assert_eq!((tasks.len(), skipped), (6_078, 3_921));
        assert!(tasks.iter().all(|task| task.links == Some(vec![])));
        let count = |wanted| tasks.iter().filter(|task| task.status.category == wanted).count();
        // As counted in the recording itself.
        assert_eq!(count(StatusCategory::Todo), 6);
        assert_eq!((count(StatusCategory::Done), count(StatusCategory::Cancelled)), (6_070, 2));
        let (accounts, homes) = named.into_parts();
        assert!(accounts.iter().any(|a| a.handle.as_deref() == Some("ghost") && a.kind == AccountKind::Gone));
        assert!(homes.iter().any(|home| home.due.is_some()));
    }

    #[test]
    fn recorded_repositories_are_read_without_a_loss() {
        let Some((tasks, ..)) = read_all("github/devlake-issues.jsonl.gz") else { return };
        assert!(!tasks.is_empty());
        let odd = fixtures::text("adversarial/github-odd.jsonl.gz").unwrap();
        let bodies: Vec<Value> = odd.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let list = Value::from(bodies.iter().map(|odd| odd["issue"].clone()).collect::<Vec<_>>()).to_string();
        let items = items::list::<Issue<'_>>(list.as_bytes(), "odd").unwrap();
        assert_eq!((items.read.len(), items.unreadable.len()), (37, 0));
    }
}
