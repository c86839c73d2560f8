//! GitHub's comments and events as raw changes. Pure. Whether an act counts is decided later, by the fold.

use connector_model::{Change, Field, Mentions, TaskRef};

use crate::address::issue_at;
use crate::mark;
use crate::normalise::{Named, closed_word};
use crate::wire::{Comment, Event, IssueReference, User};

/// The longest command line kept.
const LONGEST_COMMAND: usize = 1_000;

/// What a history item turned out to be.
#[derive(Debug, PartialEq)]
pub(crate) enum Entry {
    /// An entry of an issue's history.
    Of(Box<Change>),
    /// It belongs to a pull request.
    PullRequest,
    /// It lacks what would place it: no issue, no id or no date.
    Nowhere,
}

/// A comment; `repo` is the name its issue's key is made with.
pub(crate) fn comment(comment: &Comment<'_>, repo: &str, named: &mut Named) -> Entry {
    if comment.html_url.as_deref().is_some_and(is_on_pull_request) {
        return Entry::PullRequest;
    }
    let address = comment.issue_url.as_deref().or(comment.html_url.as_deref());
    let Some((_, number)) = address.and_then(issue_at) else { return Entry::Nowhere };
    let first_line = comment.body.as_deref().and_then(|body| body.lines().next()).unwrap_or("");
    Entry::Of(Box::new(Change {
        task: TaskRef::Key(format!("{repo}#{number}")),
        at: comment.created_at,
        vkey: format!("comment:{}", comment.id),
        field: Field::Comment,
        from: None,
        to: command(first_line),
        account: comment.user.as_ref().map(|user| named.account(user)),
        via: comment.performed_via_github_app.as_ref().and_then(|app| app.slug.as_deref()).map(str::to_owned),
        mentions: comment.body.as_deref().map(connector_kit::mentions::in_markdown).unwrap_or_default(),
        mark: mark::read(first_line),
        observed: false,
    }))
}

/// `https://github.com/acme/web/pull/4#issuecomment-407675431`
fn is_on_pull_request(html_url: &str) -> bool {
    let path = html_url.split(['?', '#']).next().unwrap_or(html_url);
    path.rsplit('/').nth(1) == Some("pull")
}

fn command(first_line: &str) -> Option<String> {
    let first_line = first_line.trim_start();
    first_line.starts_with("/gapwatch ").then(|| first_line.chars().take(LONGEST_COMMAND).collect())
}

/// An entry of the repository's event list.
pub(crate) fn event(event: &Event<'_>, named: &mut Named) -> Entry {
    let (Some(id), Some(at), Some(issue)) = (event.id, event.created_at, &event.issue) else { return Entry::Nowhere };
    if issue.pull_request.is_some() {
        return Entry::PullRequest;
    }
    let Moved { field, from, to } = moved(event, named);
    // Of an assignment, the actor may be named as the one who got it; who gave it is the assigner.
    let by = event.assigner.as_ref().or(event.actor.as_ref());
    Entry::Of(Box::new(Change {
        task: TaskRef::Ext(issue.id.to_string()),
        at,
        vkey: format!("event:{id}"),
        field,
        from,
        to,
        account: by.map(|user| named.account(user)),
        via: event.performed_via_github_app.as_ref().and_then(|app| app.slug.as_deref()).map(str::to_owned),
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    }))
}

/// What an event changed.
struct Moved {
    field: Field,
    from: Option<String>,
    to: Option<String>,
}

impl Moved {
    fn to(field: Field, to: Option<String>) -> Moved {
        Moved { field, from: None, to }
    }

    fn from(field: Field, from: Option<String>) -> Moved {
        Moved { field, from, to: None }
    }
}

fn moved(event: &Event<'_>, named: &mut Named) -> Moved {
    let mut assignee = || event.assignee.as_ref().map(|user: &User<'_>| named.account(user));
    let label = || Some(event.label.as_ref()?.0.as_deref()?.to_owned());
    let milestone = || Some(event.milestone.as_ref()?.title.as_deref()?.to_owned());
    match event.event.as_deref().unwrap_or("") {
        "assigned" => Moved::to(Field::Owner, assignee()),
        "unassigned" => Moved::from(Field::Owner, assignee()),
        "closed" => Moved::to(Field::Status, Some(closed_word(event.state_reason.as_deref()))),
        "reopened" => Moved::to(Field::Status, Some("open".to_owned())),
        "renamed" => {
            let rename = event.rename.as_ref();
            let from = rename.and_then(|rename| rename.from.as_deref()).map(str::to_owned);
            let to = rename.and_then(|rename| rename.to.as_deref()).map(str::to_owned);
            Moved { field: Field::Title, from, to }
        }
        "labeled" => Moved::to(Field::Label, label()),
        "unlabeled" => Moved::from(Field::Label, label()),
        "milestoned" => Moved::to(Field::Home, milestone()),
        "demilestoned" => Moved::from(Field::Home, milestone()),
        "referenced" | "connected" | "cross-referenced" | "merged" => {
            Moved::to(Field::Reference, event.commit_id.as_deref().map(str::to_owned))
        }
        "sub_issue_added" => Moved::to(Field::Parent, key(&event.sub_issue)),
        "sub_issue_removed" => Moved::from(Field::Parent, key(&event.sub_issue)),
        "parent_issue_added" => Moved::to(Field::Parent, key(&event.parent_issue)),
        "parent_issue_removed" => Moved::from(Field::Parent, key(&event.parent_issue)),
        "blocked_by_added" => Moved::to(Field::Link, key(&event.blocked_by)),
        "blocked_by_removed" => {
            // Which one it was is not always told.
            let other = key(&event.blocked_by).unwrap_or_else(|| "issue".to_owned());
            Moved::from(Field::Link, Some(other))
        }
        "blocking_added" => Moved::to(Field::Link, key(&event.blocking)),
        // The other one waited for this one: nothing is said of what this one waits for.
        "blocking_removed" => Moved::from(Field::Link, None),
        other => Moved::to(Field::Other, Some(other.to_owned())),
    }
}

/// `acme/web#5`
fn key(reference: &Option<IssueReference<'_>>) -> Option<String> {
    let reference = reference.as_ref()?;
    let name = reference.repository.as_ref()?.full_name.as_deref()?;
    Some(format!("{name}#{}", reference.number?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_model::{AccountKind, Mark};

    use super::*;

    fn read_comment(json: &str) -> Entry {
        comment(&serde_json::from_str(json).unwrap(), "acme/web", &mut Named::default())
    }

    fn changed_by(json: &str) -> Change {
        match event(&serde_json::from_str(json).unwrap(), &mut Named::default()) {
            Entry::Of(change) => *change,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_comment_is_placed_by_the_number_of_its_issue() {
        let Entry::Of(change) = read_comment(
            r#"{"id":711645,"html_url":"https://github.com/acme/old/issues/12#issuecomment-711645",
            "issue_url":"https://api.github.com/repos/acme/old/issues/12","user":{"id":5,"login":"ana","type":"User"},
            "created_at":"2025-03-11T09:00:00Z","updated_at":"2025-03-12T09:00:00Z","body":"done",
            "performed_via_github_app":{"id":1,"slug":"triage"}}"#,
        ) else {
            panic!("not read")
        };
        assert_eq!(change.task, TaskRef::Key("acme/web#12".to_owned()));
        assert_eq!(change.at, "2025-03-11T09:00:00Z".parse().unwrap());
        assert_eq!((change.vkey.as_str(), change.field), ("comment:711645", Field::Comment));
        assert_eq!((change.account.as_deref(), change.via.as_deref()), (Some("5"), Some("triage")));
        assert_eq!((change.to, change.mark), (None, None));
    }

    #[test]
    fn a_comment_on_a_pull_request_is_left_out_and_a_repository_called_pull_is_not() {
        let on = |path: &str| {
            read_comment(&format!(
                r#"{{"id":1,"html_url":"https://github.com/{path}#issuecomment-1","created_at":"2025-03-11T09:00:00Z"}}"#
            ))
        };
        assert_eq!(on("acme/web/pull/4"), Entry::PullRequest);
        assert!(matches!(on("acme/pull/issues/4"), Entry::Of(_)));
        assert_eq!(on("acme/web"), Entry::Nowhere);
    }

    #[test]
    fn only_a_first_line_is_a_command_or_a_mark() {
        let of = |body: &str| {
            let body = serde_json::to_string(body).unwrap();
            let json = format!(
                r#"{{"id":1,"issue_url":"https://x/repos/a/b/issues/4","user":null,"body":{body},
                "created_at":"2025-03-11T09:00:00Z"}}"#
            );
            match read_comment(&json) {
                Entry::Of(change) => (change.to, change.mark),
                other => panic!("{other:?}"),
            }
        };
        let (wire, mac) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        let mark = Mark { wire: wire.to_owned(), mac: mac.to_owned() };
        assert_eq!(of("/gapwatch snooze 3d\r\nbecause"), (Some("/gapwatch snooze 3d".to_owned()), None));
        assert_eq!(of(" /gapwatch done").0.as_deref(), Some("/gapwatch done"), "a blank before it is none of it");
        assert_eq!(of("hello\n/gapwatch done"), (None, None));
        assert_eq!(of("/gapwatcher done"), (None, None));
        assert_eq!(of(&format!("<!-- gapwatch:1 {wire}.{mac} -->\r\ntext")), (None, Some(mark)));
        assert_eq!(of(&format!("> <!-- gapwatch:1 {wire}.{mac} -->")), (None, None));
        assert_eq!(of(&format!("x\n<!-- gapwatch:1 {wire}.{mac} -->")), (None, None));
        assert_eq!(of(""), (None, None));
    }

    fn event_json(fields: &str) -> String {
        format!(
            r#"{{"id":9,"created_at":"2025-03-11T09:00:00Z","actor":{{"id":1,"login":"mo"}},"issue":{{"id":77}},{fields}}}"#
        )
    }

    #[test]
    fn an_assignment_counts_for_who_gave_it_and_to_who_got_it() {
        let change = changed_by(&event_json(
            r#""event":"assigned","assignee":{"id":1,"login":"mo"},"assigner":{"id":2,"login":"ana"}"#,
        ));
        assert_eq!((change.field, change.from, change.to), (Field::Owner, None, Some("1".to_owned())));
        assert_eq!(change.account.as_deref(), Some("2"));
        assert_eq!(change.task, TaskRef::Ext("77".to_owned()));
        let change = changed_by(&event_json(r#""event":"unassigned","assignee":{"id":3,"login":"x"}"#));
        assert_eq!((change.from.as_deref(), change.to, change.account.as_deref()), (Some("3"), None, Some("1")));
    }

    #[test]
    fn each_kind_of_event_touches_its_field() {
        let of = |fields: &str| {
            let change = changed_by(&event_json(fields));
            (change.field, change.from.unwrap_or_default(), change.to.unwrap_or_default())
        };
        let is = |field, from: &str, to: &str| (field, from.to_owned(), to.to_owned());
        assert_eq!(of(r#""event":"closed","state_reason":"not_planned""#), is(Field::Status, "", "closed:not_planned"));
        assert_eq!(of(r#""event":"closed","state_reason":null"#), is(Field::Status, "", "closed"));
        assert_eq!(of(r#""event":"reopened""#), is(Field::Status, "", "open"));
        assert_eq!(of(r#""event":"renamed","rename":{"from":"a","to":"b"}"#), is(Field::Title, "a", "b"));
        assert_eq!(of(r#""event":"labeled","label":{"name":"P1"}"#), is(Field::Label, "", "P1"));
        assert_eq!(of(r#""event":"unlabeled","label":{"name":"P1"}"#), is(Field::Label, "P1", ""));
        assert_eq!(of(r#""event":"milestoned","milestone":{"title":"v1"}"#), is(Field::Home, "", "v1"));
        assert_eq!(of(r#""event":"demilestoned","milestone":{"title":"v1"}"#), is(Field::Home, "v1", ""));
        assert_eq!(of(r#""event":"referenced","commit_id":"abc""#), is(Field::Reference, "", "abc"));
        let other = r#"{"number":5,"repository":{"full_name":"o/r"}}"#;
        let named = |kind: &str, field: &str| of(&format!(r#""event":"{kind}","{field}":{other}"#));
        assert_eq!(named("sub_issue_added", "sub_issue"), is(Field::Parent, "", "o/r#5"));
        assert_eq!(named("parent_issue_removed", "parent_issue"), is(Field::Parent, "o/r#5", ""));
        assert_eq!(named("blocked_by_added", "blocked_by"), is(Field::Link, "", "o/r#5"));
        assert_eq!(named("blocked_by_removed", "blocked_by"), is(Field::Link, "o/r#5", ""));
        assert_eq!(of(r#""event":"blocked_by_removed""#), is(Field::Link, "issue", ""), "it waited for something");
        assert_eq!(named("blocking_removed", "blocking"), is(Field::Link, "", ""));
        assert_eq!(of(r#""event":"pinned""#), is(Field::Other, "", "pinned"));
        assert_eq!(of(r#""event":"some_day_new""#), is(Field::Other, "", "some_day_new"));
    }

    #[test]
    fn an_event_without_actor_id_date_or_issue_is_no_error() {
        let change = changed_by(
            r#"{"id":9,"event":"closed","actor":null,"created_at":"2025-03-11T09:00:00Z","issue":{"id":7}}"#,
        );
        assert_eq!(change.account, None);
        for json in [
            r#"{"event":"committed"}"#,
            r#"{"id":9,"event":"closed","created_at":"2025-03-11T09:00:00Z","issue":null}"#,
            r#"{"id":9,"event":"closed","created_at":null,"issue":{"id":7}}"#,
        ] {
            assert_eq!(event(&serde_json::from_str(json).unwrap(), &mut Named::default()), Entry::Nowhere);
        }
    }

    #[test]
    fn robots_and_the_ghost_are_told_apart_from_people() {
        let kind = |json: &str| crate::normalise::account(&serde_json::from_str(json).unwrap()).kind;
        assert_eq!(kind(r#"{"id":1,"login":"ana","type":"User"}"#), AccountKind::Human);
        assert_eq!(kind(r#"{"id":1,"login":"ana"}"#), AccountKind::Human);
        assert_eq!(kind(r#"{"id":1,"login":"copilot","type":"Bot"}"#), AccountKind::Bot);
        assert_eq!(kind(r#"{"id":1,"login":"stale[bot]","type":"User"}"#), AccountKind::Bot);
        assert_eq!(kind(r#"{"id":10137,"login":"ghost","type":"User"}"#), AccountKind::Gone);
        assert_eq!(kind(r#"{"id":1,"login":"import-7","type":"Mannequin"}"#), AccountKind::Gone);
    }

    #[test]
    fn recorded_comments_and_events_are_read_without_a_loss() {
        let Some(body) = crate::fixtures::list("github/devlake-comments.jsonl.gz") else { return };
        let items = crate::items::list::<Comment<'_>>(&body, "comments").unwrap();
        assert_eq!((items.read.len(), items.unreadable.len()), (95, 0));
        let entries = |wanted: fn(&Entry) -> bool, all: &[Entry]| all.iter().filter(|entry| wanted(entry)).count();
        let mut named = Named::default();
        let read: Vec<Entry> = items.read.iter().map(|one| comment(one, "panjf2000/ants", &mut named)).collect();
        assert_eq!(entries(|entry| *entry == Entry::Nowhere, &read), 0);
        assert!(entries(|entry| *entry == Entry::PullRequest, &read) > 0);

        let body = crate::fixtures::list("github/devlake-events.jsonl.gz").unwrap();
        let items = crate::items::list::<Event<'_>>(&body, "events").unwrap();
        assert_eq!((items.read.len(), items.unreadable.len()), (50, 0));
        let read: Vec<Entry> = items.read.iter().map(|one| event(one, &mut named)).collect();
        assert_eq!(entries(|entry| matches!(entry, Entry::Of(_)), &read), 40);
        assert_eq!(entries(|entry| *entry == Entry::PullRequest, &read), 10);
    }
}
