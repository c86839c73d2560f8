//! Streams, looks and the question who we are.

use connector_kit::{ConnectorError, Cursor, Source, StreamKind, TaskLook};
use connector_model::{AccountKind, Field, Link, LinkKind, TaskRef};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server, answer, pass, stream};

fn at(secs: u64) -> String {
    Timestamp::from_second(1_700_000_000 + secs as i64).unwrap().to_string()
}

fn issue(number: u64, updated: u64) -> Value {
    json!({"id": 100_000 + number, "node_id": format!("I_{number}"), "number": number, "title": format!("t{number}"),
        "state": "open", "user": {"id": 1, "login": "ana"}, "created_at": at(0), "updated_at": at(updated),
        "repository_url": "https://api.github.com/repos/acme/web",
        "issue_dependencies_summary": {"blocked_by": 0, "total_blocked_by": 0}})
}

/// Answers a list sorted by `updated` as GitHub does, with an entity tag over the page.
fn listed(asked: &Asked, all: &[Value]) -> Answer {
    let since = asked.query("since").unwrap_or_default();
    let rows: Vec<&Value> = all.iter().filter(|row| row["updated_at"].as_str().unwrap() >= since.as_str()).collect();
    let number: usize = asked.query("page").map_or(1, |page| page.parse().unwrap());
    let page: Vec<_> = rows.iter().skip((number - 1) * 100).take(100).collect();
    let tag = format!("\"{}-{}\"", page.len(), page.last().map_or("", |row| row["updated_at"].as_str().unwrap()));
    if asked.header("if-none-match") == Some(&tag) {
        return answer(304, "").with(&format!("etag: {tag}"));
    }
    let answer = answer(200, json!(page)).with(&format!("etag: {tag}"));
    if rows.len() > number * 100 { answer.next(&format!("page={}&token=stolen", number + 1)) } else { answer }
}

#[tokio::test]
async fn every_request_names_the_version_and_carries_the_token_and_all_parameters() {
    let server = Server::new(|asked| listed(asked, &[])).await;
    let (pages, cursor) = pass(&server.github(), StreamKind::Tasks, &Cursor::default()).await;
    assert_eq!((pages.len(), cursor.at, cursor.backfilled), (1, None, true));
    let asked = server.asked().remove(0);
    assert_eq!(asked.target, "/repos/acme/web/issues?state=all&sort=updated&direction=asc&per_page=100");
    assert_eq!(asked.header("authorization"), Some("Bearer ghp_secret"));
    assert_eq!(asked.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
    assert!(asked.header("user-agent").unwrap().starts_with("gapwatch/"));
}

#[tokio::test]
async fn the_first_pass_brings_all_issues_and_the_next_ones_what_changed_or_nothing() {
    let all: Vec<Value> = (0..250).map(|n| issue(n, n * 600)).collect();
    let server = Server::new(move |asked| listed(asked, &all)).await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Tasks, &Cursor::default()).await;
    let mut keys: Vec<String> = pages.iter().flat_map(|page| &page.tasks).map(|task| task.key.clone()).collect();
    keys.dedup();
    keys.sort();
    keys.dedup();
    assert_eq!((pages.len(), keys.len(), cursor.backfilled), (3, 250, true));
    assert!(pages[..2].iter().all(|page| page.more && !page.next.backfilled));
    server.asked();

    let (pages, cursor) = pass(&github, StreamKind::Tasks, &cursor).await;
    assert_eq!(pages[0].tasks.len(), 2, "eleven minutes of overlap");
    let first = server.asked().remove(0);
    assert_eq!(first.query("since"), Some(at(249 * 600 - 660)));
    assert_eq!(first.header("if-none-match"), None);
    let (pages, again) = pass(&github, StreamKind::Tasks, &cursor).await;
    assert_eq!((pages[0].unchanged, pages[0].tasks.len(), pages.len()), (true, 0, 1));
    assert_eq!(again, cursor);
    assert_eq!(server.asked().remove(0).target, first.target);
}

#[tokio::test]
async fn issues_of_one_second_are_paged_by_what_next_says_on_our_own_address() {
    let all: Vec<Value> = (0..250).map(|n| issue(n, 5_000)).collect();
    let server = Server::new(move |asked| listed(asked, &all)).await;
    let (pages, _) = pass(&server.github(), StreamKind::Tasks, &Cursor::default()).await;
    let mut keys: Vec<&str> = pages.iter().flat_map(|page| &page.tasks).map(|task| task.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 250);
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.query("page").as_deref() == Some("3")));
    assert!(asked.iter().all(|asked| asked.query("token").is_none() && asked.path() == "/repos/acme/web/issues"));
}

#[tokio::test]
async fn a_list_that_names_itself_as_its_next_page_is_refused_and_the_cursor_stays() {
    let server = Server::new(|_| answer(200, json!([issue(1, 0), issue(2, 0)])).next("page=1")).await;
    let github = server.github();
    let mut cursor = Cursor::default();
    for _ in 0..10 {
        match github.pull(&stream(StreamKind::Tasks), &cursor).await {
            Ok(page) => cursor = page.next,
            Err(err) => {
                assert!(matches!(err, ConnectorError::Malformed { .. }), "{err}");
                return;
            }
        }
    }
    panic!("it goes on for ever");
}

#[tokio::test]
async fn pull_requests_and_bad_items_are_left_out_and_counted() {
    let mut pull_request = issue(2, 10);
    pull_request["pull_request"] = json!({"url": "x"});
    let mut bad = issue(3, 20);
    bad["title"] = json!(7);
    let all = vec![issue(1, 0), pull_request, bad];
    let server =
        Server::new(move |asked| listed(asked, &all).with("x-github-sso: partial-results; organizations=1,2")).await;
    let (pages, _) = pass(&server.github(), StreamKind::Tasks, &Cursor::default()).await;
    assert_eq!((pages[0].tasks.len(), pages[0].skipped), (1, 1));
    assert_eq!(pages[0].unreadable[0].what, "#3");
    assert!(pages[0].partial.as_ref().unwrap().contains("organizations=1,2"));
}

#[tokio::test]
async fn blockers_are_asked_for_one_by_one_before_the_next_page() {
    let mut waiting = issue(1, 0);
    waiting["issue_dependencies_summary"]["total_blocked_by"] = json!(2);
    let mut no_more = issue(2, 0);
    no_more["issue_dependencies_summary"]["total_blocked_by"] = json!(1);
    no_more["state"] = json!("closed");
    let mut unknown = issue(3, 0);
    unknown["issue_dependencies_summary"]["total_blocked_by"] = json!(1);
    let all = vec![waiting, no_more, unknown];
    let server = Server::new(move |asked| match asked.path() {
        "/repos/acme/web/issues/1/dependencies/blocked_by" => answer(200, json!([issue(8, 0), issue(9, 0)])),
        "/repos/acme/web/issues/3/dependencies/blocked_by" => answer(404, json!({"message": "Not Found"})),
        "/repos/acme/web/issues" => listed(asked, &all),
        "/meta" => answer(200, "{}"),
        "/graphql" => answer(404, json!({"message": "Not Found"})),
        path => panic!("{path}"),
    })
    .await;
    for (kind, backfilled) in [(StreamKind::Tasks, false), (StreamKind::Links, true)] {
        let from = Cursor { backfilled, ..Cursor::default() };
        let (pages, cursor) = pass(&server.github(), kind, &from).await;
        assert_eq!((pages.len(), cursor.backfilled), (3, true));
        assert!(pages[0].tasks.iter().all(|task| task.links.is_none()));
        let to = |id: &str| Link { kind: LinkKind::BlockedBy, other: TaskRef::Ext(id.to_owned()) };
        assert_eq!(pages[1].links[0].task, TaskRef::Ext("100001".to_owned()));
        assert_eq!(pages[1].links[0].links, [to("100008"), to("100009")]);
        assert_eq!(pages[2].links, []);
        assert!(pages[1].more && pages[1].next.backfilled == backfilled);
    }
    let asked = server.targets();
    assert_eq!(asked.iter().filter(|target| *target == "POST /graphql").count(), 2, "once for each start: {asked:?}");
}

#[tokio::test]
async fn the_links_stream_walks_open_issues_in_an_order_that_does_not_move() {
    let server = Server::new(|asked| match asked.query("page").as_deref() {
        None => answer(200, json!([issue(1, 0)])).next("page=2&after=abc"),
        Some("2") => answer(200, json!([issue(2, 0)])),
        page => panic!("{page:?}"),
    })
    .await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Links, &Cursor::default()).await;
    assert_eq!((pages.len(), server.targets().len()), (1, 0), "the first read of the issues told it all");
    let (pages, _) = pass(&github, StreamKind::Links, &cursor).await;
    assert_eq!((pages.len(), server.targets().len()), (1, 0), "and that was just now");
    let long_ago = Cursor { at: None, etag: None, backfilled: true };
    let (pages, _) = pass(&github, StreamKind::Links, &long_ago).await;
    assert_eq!(pages.iter().map(|page| page.tasks.len()).sum::<usize>(), 2);
    let open = "GET /repos/acme/web/issues?state=open&sort=created&direction=asc&per_page=100";
    assert_eq!(server.targets(), [open.to_owned(), format!("{open}&page=2&after=abc")]);
}

#[tokio::test]
async fn a_renamed_repository_is_asked_once_more_by_its_id_on_our_own_origin() {
    let server = Server::new(|asked| match asked.path() {
        "/repositories/1000/issues" => listed(asked, &[issue(1, 0)]),
        _ => answer(301, json!({"message": "Moved Permanently"}))
            .with("location: https://evil.example/repositories/1000/issues"),
    })
    .await;
    let (pages, _) = pass(&server.github(), StreamKind::Tasks, &Cursor::default()).await;
    assert_eq!(pages[0].tasks[0].key, "acme/web#1");
    let paths: Vec<String> = server.asked().iter().map(|asked| asked.path().to_owned()).collect();
    assert_eq!(paths, ["/repos/acme/web/issues", "/repositories/1000/issues"]);
}

#[tokio::test]
async fn a_repository_that_is_not_to_be_seen_hides_no_other() {
    let server = Server::new(|asked| match asked.path() {
        "/repos/acme/web" => answer(200, json!({"id": 1000, "full_name": "acme/web", "has_issues": true})),
        "/repos/acme/old" => answer(301, "{}").with("location: https://api.github.com/repositories/7"),
        "/repositories/7" => answer(200, json!({"id": 7, "full_name": "acme/new", "archived": true})),
        _ => answer(404, json!({"message": "Not Found"})),
    })
    .await;
    let github = server.github_of(&["acme/web", "acme/secret", "acme/old"]);
    let (pages, cursor) = pass(&github, StreamKind::Containers, &Cursor::default()).await;
    let found: Vec<_> = pages
        .iter()
        .flat_map(|page| &page.containers)
        .map(|c| (c.at.ext.as_str(), c.handle.as_str(), c.open))
        .collect();
    assert_eq!(found, [("1000", "repos/acme/web", true), ("7", "repos/acme/new", false)]);
    assert_eq!(pages[1].unreadable[0].what, "acme/secret");
    assert_eq!(pages[1].partial.as_deref(), Some("acme/secret: not there, or the token may not see it"));
    assert_eq!(cursor, Cursor { at: None, etag: None, backfilled: true });
}

#[tokio::test]
async fn a_refusal_says_what_the_token_lacks() {
    for (headers, body, expected) in [
        ("x-accepted-github-permissions: issues=read", "Resource not accessible", "the token needs issues=read"),
        (
            "x-github-sso: required; url=https://github.com/orgs/acme/sso?x=1",
            "",
            "https://github.com/orgs/acme/sso?x=1",
        ),
    ] {
        let server = Server::new(move |_| answer(403, json!({"message": body})).with(headers)).await;
        let err = server.github().pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
        assert!(matches!(err, ConnectorError::Forbidden { .. }), "{err:?}");
        assert!(err.to_string().contains(expected) && err.to_string().contains("acme/web"), "{err}");
    }
}

#[tokio::test]
async fn a_limit_told_only_in_words_is_a_limit_and_nothing_is_asked_meanwhile() {
    let server = Server::new(|_| answer(403, json!({"message": "You have exceeded a secondary rate limit."}))).await;
    let github = server.github();
    let err = github.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Limited { .. }), "{err:?}");
}

#[tokio::test]
async fn what_is_not_visible_or_no_list_is_told_apart() {
    for status in [404, 410, 451] {
        let server = Server::new(move |_| answer(status, json!({"message": "no"}))).await;
        for kind in [StreamKind::Tasks, StreamKind::Comments, StreamKind::Events, StreamKind::Homes, StreamKind::Links]
        {
            let from = Cursor { backfilled: kind == StreamKind::Links, ..Cursor::default() };
            let err = server.github().pull(&stream(kind), &from).await.unwrap_err();
            assert!(matches!(err, ConnectorError::NotVisible { .. }), "{err:?}");
        }
    }
    for body in ["{}", "<html>", "\"x\""] {
        let server = Server::new(move |_| answer(200, body)).await;
        let err = server.github().pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
        assert!(matches!(err, ConnectorError::Malformed { .. }), "{err:?}");
    }
    let server = Server::new(|_| answer(304, "")).await;
    let err = server.github().pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Malformed { .. }), "a 304 nobody asked for: {err:?}");
}

#[tokio::test]
async fn milestones_are_read_whole_and_then_only_when_they_change() {
    let server = Server::new(|asked| match asked.header("if-none-match") {
        Some("W/\"m\"") => answer(304, ""),
        _ => answer(
            200,
            json!([{"id": 5, "number": 1, "title": "v1", "state": "open", "due_on": "2026-10-01T07:00:00Z"}]),
        )
        .with("etag: W/\"m\""),
    })
    .await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Homes, &Cursor::default()).await;
    assert_eq!(pages[0].containers[0].name, "v1");
    let (pages, _) = pass(&github, StreamKind::Homes, &cursor).await;
    assert!(pages[0].unchanged);
    assert_eq!(server.targets()[0], "GET /repos/acme/web/milestones?state=all&per_page=100");
}

fn comment(id: u64, place: &str, updated: u64) -> Value {
    json!({"id": id, "html_url": format!("https://github.com/acme/web/{place}#issuecomment-{id}"),
        "issue_url": format!("https://api.github.com/repos/acme/web/issues/{}", place.rsplit('/').next().unwrap()),
        "user": {"id": 2, "login": "mo"}, "created_at": at(updated), "updated_at": at(updated), "body": "hello"})
}

#[tokio::test]
async fn comments_are_history_since_ever_once_the_first_pass_is_over() {
    let mut all: Vec<Value> = (0..150).map(|n| comment(n, "issues/4", n * 60)).collect();
    all.push(comment(999, "pull/5", 150 * 60));
    let server = Server::new(move |asked| listed(asked, &all)).await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Comments, &Cursor::default()).await;
    assert_eq!((pages[0].history_since, pages[1].history_since), (None, Some(Timestamp::UNIX_EPOCH)));
    assert_eq!(pages[1].skipped, 1);
    assert_eq!(pages[0].changes[0].task, TaskRef::Key("acme/web#4".to_owned()));
    let (pages, _) = pass(&github, StreamKind::Comments, &cursor).await;
    assert_eq!(pages[0].history_since, None);
    assert!(
        server.targets()[0].starts_with("GET /repos/acme/web/issues/comments?sort=updated&direction=asc&per_page=100")
    );
}

fn event(id: u64) -> Value {
    json!({"id": id, "event": "labeled", "label": {"name": "x"}, "created_at": at(id), "actor": {"id": 2, "login": "mo"},
        "issue": {"id": 77, "number": 4}})
}

#[tokio::test]
async fn events_are_read_to_the_end_first_and_then_down_to_the_last_known_one() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEWEST: AtomicU64 = AtomicU64::new(250);
    let server = Server::new(|asked| {
        let newest = NEWEST.load(Ordering::Relaxed);
        let tag = format!("\"{newest}\"");
        if asked.header("if-none-match") == Some(&tag) {
            return answer(304, "");
        }
        let page: u64 = asked.query("page").map_or(1, |page| page.parse().unwrap());
        let top = newest.saturating_sub((page - 1) * 100);
        let rows: Vec<Value> = (top.saturating_sub(99).max(1)..=top).rev().map(event).collect();
        let answer = answer(200, json!(rows)).with(&format!("etag: {tag}"));
        if top > 100 { answer.next(&format!("page={}", page + 1)) } else { answer }
    })
    .await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Events, &Cursor::default()).await;
    assert_eq!((pages.len(), pages[2].history_since), (3, Some(Timestamp::UNIX_EPOCH)));
    assert_eq!(pages[0].changes[0].field, Field::Label);
    let (pages, cursor) = pass(&github, StreamKind::Events, &cursor).await;
    assert!(pages[0].unchanged);
    NEWEST.store(252, Ordering::Relaxed);
    let (pages, cursor) = pass(&github, StreamKind::Events, &cursor).await;
    assert_eq!((pages.len(), pages[0].history_since), (1, None));
    let (pages, _) = pass(&github, StreamKind::Events, &cursor).await;
    assert!(pages[0].unchanged);
}

#[tokio::test]
async fn where_github_shows_no_older_events_history_begins_with_the_oldest_shown() {
    let server = Server::new(|asked| match asked.query("page") {
        None => answer(200, json!([event(12), event(11)])).next("page=2"),
        Some(_) => answer(422, json!({"message": "pagination is limited for this resource"})),
    })
    .await;
    let (pages, cursor) = pass(&server.github(), StreamKind::Events, &Cursor::default()).await;
    assert_eq!((pages.len(), cursor.backfilled), (2, true));
    assert_eq!(pages[1].history_since, Some(at(11).parse().unwrap()));
}

/// A look at an issue that answers so, in a repository that answers so.
async fn look_in(repo: (u16, Value), status: u16, body: Value) -> Result<TaskLook, ConnectorError> {
    let server = Server::new(move |asked| match asked.path() {
        "/repos/acme/web" | "/repositories/1000" => answer(repo.0, &repo.1),
        _ => answer(status, &body),
    })
    .await;
    server.github().task("1000/acme/web/4/I_4").await
}

async fn look(status: u16, body: Value) -> TaskLook {
    look_in((200, json!({"id": 1000, "full_name": "acme/web", "has_issues": true})), status, body).await.unwrap()
}

#[tokio::test]
async fn an_issue_is_not_called_deleted_while_its_repository_cannot_be_seen_or_has_no_issues() {
    let off = json!({"id": 1000, "full_name": "acme/web", "has_issues": false});
    let hidden = json!({"message": "Not Found"});
    for (repo, status) in
        [((200, off.clone()), 410), ((404, hidden.clone()), 404), ((404, hidden), 410), ((200, off), 404)]
    {
        let err = look_in(repo, status, json!({})).await.unwrap_err();
        assert!(matches!(err, ConnectorError::NotVisible { .. }), "{err}");
    }
    let down = look_in((500, json!({})), 410, json!({})).await;
    assert!(matches!(down, Err(ConnectorError::Transient { .. })), "{down:?}");
}

/// Two pages of open issues, the second with a pull request and something that cannot be read.
#[tokio::test]
async fn a_census_names_every_open_issue_page_by_page() {
    let server = Server::new(|asked| {
        assert_eq!((asked.query("state").as_deref(), asked.query("sort").as_deref()), (Some("open"), Some("created")));
        match asked.query("page").as_deref() {
            None => answer(200, json!((1..=100).map(|n| issue(n, 0)).collect::<Vec<_>>())).next("page=2"),
            _ => {
                let mut pull = issue(102, 0);
                pull["pull_request"] = json!({});
                answer(200, json!([issue(101, 0), pull, {"id": "odd"}]))
            }
        }
    })
    .await;
    let (pages, cursor) = pass(&server.github(), StreamKind::Census, &Cursor::default()).await;
    assert_eq!(pages.iter().map(|page| page.present.len()).collect::<Vec<_>>(), [100, 1]);
    assert_eq!((pages[1].skipped, pages[1].unreadable.len()), (1, 1));
    assert_eq!(pages[0].present[0], TaskRef::Ext(pages[0].tasks[0].ext.clone()));
    assert_eq!((cursor.at, cursor.etag, cursor.backfilled), (None, None, true));
}

#[tokio::test]
async fn a_census_of_one_page_is_unchanged_by_its_entity_tag() {
    let server = Server::new(|asked| match asked.header("if-none-match") {
        Some("\"e1\"") => answer(304, ""),
        None => answer(200, json!([issue(1, 0)])).with("etag: \"e1\""),
        Some(other) => panic!("{other}"),
    })
    .await;
    let (_, cursor) = pass(&server.github(), StreamKind::Census, &Cursor::default()).await;
    assert_eq!(cursor.etag.as_deref(), Some("\"e1\""));
    let (pages, after) = pass(&server.github(), StreamKind::Census, &cursor).await;
    assert!(pages[0].unchanged && pages[0].present.is_empty());
    assert_eq!(after, cursor);
}

#[tokio::test]
async fn a_look_tells_there_gone_and_hidden_apart() {
    let TaskLook::There(page) = look(200, issue(4, 0)).await else { panic!() };
    assert_eq!((page.tasks[0].key.as_str(), page.tasks[0].container.ext.as_str()), ("acme/web#4", "1000"));
    assert_eq!(look(410, json!({})).await, TaskLook::Gone);
    assert_eq!(look(404, json!({})).await, TaskLook::Hidden);
    assert_eq!(look(451, json!({})).await, TaskLook::Hidden);
}

#[tokio::test]
async fn a_transferred_issue_is_followed_and_a_renamed_repository_is_not_taken_for_a_transfer() {
    let moved = |to: &'static str| {
        Server::new(move |asked| match asked.path() {
            "/repos/acme/web" => answer(200, json!({"id": 1000, "full_name": "acme/web", "has_issues": true})),
            "/repos/acme/web/issues/4" if to.is_empty() => {
                answer(301, "{}").with("location: https://api.github.com/repositories/1000/issues/4")
            }
            "/repositories/1000/issues/4" if to.is_empty() => answer(200, issue(4, 0)),
            "/repos/acme/web/issues/4" | "/repositories/1000/issues/4" => {
                answer(301, "{}").with(&format!("location: https://api.github.com/repositories/{to}"))
            }
            "/repositories/7/issues/9" => answer(200, issue(9, 0)),
            _ => answer(404, "{}"),
        })
    };
    let task = |server: Server| async move { server.github().task("1000/acme/web/4/I_4").await.unwrap() };
    assert!(matches!(task(moved("").await).await, TaskLook::There(_)), "by its id, whatever it is called now");
    assert_eq!(task(moved("7/issues/9").await).await, TaskLook::Moved(TaskRef::Ext("100009".to_owned())));
    assert_eq!(task(moved("8/issues/9").await).await, TaskLook::Hidden);
    assert_eq!(task(moved("1000/issues/4").await).await, TaskLook::Hidden, "in circles");
}

#[tokio::test]
async fn who_we_are_comes_with_what_the_operator_should_know() {
    let server = Server::new(|_| {
        answer(200, json!({"id": 5, "login": "bob", "name": "Bob", "type": "User"}))
            .with("github-authentication-token-expiration: 2025-03-14 09:00:00 UTC")
            .with("x-oauth-scopes: read:org")
    })
    .await;
    let whoami = server.github().whoami().await.unwrap();
    let account = whoami.account.unwrap();
    assert_eq!((account.ext.as_str(), account.name.as_deref(), account.kind), ("5", Some("Bob"), AccountKind::Human));
    assert_eq!((whoami.site.tool.as_str(), whoami.site.tenant.as_str()), ("github", ""));
    assert!(whoami.site.origin.starts_with("http://127.0.0.1:"));
    assert!(
        whoami.warnings[0].contains("in 3 days") && whoami.warnings[1].contains("only read:org"),
        "{:?}",
        whoami.warnings
    );
}

#[tokio::test]
async fn a_token_without_a_user_is_alive_where_anything_answers() {
    let server = Server::new(|asked| match asked.path() {
        "/user" => answer(403, json!({"message": "Resource not accessible by integration"})),
        "/rate_limit" | "/meta" => answer(200, "{}"),
        path => panic!("{path}"),
    })
    .await;
    assert_eq!(server.github().whoami().await.unwrap().account, None);
    let server = Server::new(|_| answer(401, json!({"message": "Bad credentials"}))).await;
    let err = server.github().whoami().await.unwrap_err();
    assert!(matches!(err, ConnectorError::Unauthorized { .. }) && !err.to_string().contains("ghp_"), "{err}");
}
