//! GitHub as a client sees it.
#![allow(clippy::unwrap_used)]

use reqwest::Method;
use serde_json::{Value, json};

use crate::testing::{Bench, etag, link, numbers, ts};
use crate::{Fault, Recorded, Tool, WriteKind};

const WEB: &str = "acme/web";
const LIST: &str = "/repos/acme/web/issues?state=all&sort=updated&direction=asc";

/// Issues 1 to `count`, a minute apart.
async fn with_issues(count: i64) -> Bench {
    let bench = Bench::new().await;
    for minute in 0..count {
        let at = ts("2026-03-01T00:00:00Z") + jiff::SignedDuration::from_mins(minute);
        bench.sim.github().issue(WEB, &format!("Issue {}", minute + 1)).created(at).open();
    }
    bench
}

async fn comment(bench: &Bench, number: u64, body: &str) -> reqwest::Result<reqwest::Response> {
    let path = format!("/repos/{WEB}/issues/{number}/comments");
    bench.request(Method::POST, &path).json(&json!({ "body": body })).send().await
}

#[tokio::test]
async fn following_next_reads_every_issue_once_and_the_links_name_the_repository_by_id() {
    let bench = with_issues(7).await;
    let mut url = format!("{LIST}&per_page=3");
    let mut seen = Vec::new();
    loop {
        let response = bench.get(&url).await;
        let next = link(&response, "next");
        seen.extend(numbers(&response.json().await.unwrap()));
        let Some(next) = next else { break };
        assert!(next.contains(&format!("/github/repositories/{}/issues?", bench.sim.github().repo_id(WEB))));
        assert!(next.contains("after="));
        url = next;
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let first = bench.get(&format!("{LIST}&per_page=3")).await;
    assert!(link(&first, "last").unwrap().ends_with("page=3"));
    assert!(link(&first, "prev").is_none());
}

#[tokio::test]
async fn by_page_number_a_moved_issue_makes_one_slip_through_and_by_cursor_not() {
    let bench = with_issues(6).await;
    let first = bench.get(&format!("{LIST}&per_page=3")).await;
    let next = link(&first, "next").unwrap();
    // One of the first page changes and goes to the end.
    bench.sim.github().edit_title(WEB, 1, "max", "Moved", ts("2026-03-02T08:00:00Z"));
    assert_eq!(numbers(&bench.json(&format!("{LIST}&per_page=3&page=2")).await), [5, 6, 1]);
    assert_eq!(numbers(&bench.json(&next).await), [4, 5, 6]);
}

#[tokio::test]
async fn since_is_inclusive_and_the_defaults_are_open_ones_newest_first() {
    let bench = with_issues(4).await;
    bench.sim.github().close(WEB, 2, "max", ts("2026-03-02T08:00:00Z"), "completed");
    assert_eq!(numbers(&bench.json(&format!("{LIST}&since=2026-03-01T00:02:00Z")).await), [3, 4, 2]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues").await), [4, 3, 1]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues?state=closed").await), [2]);
}

#[tokio::test]
async fn an_unchanged_list_answers_304_to_its_tag_and_only_to_the_same_token() {
    let bench = with_issues(3).await;
    let tag = etag(&bench.get(LIST).await);
    assert!(tag.starts_with("W/\""));
    let again = || bench.request(Method::GET, LIST).header("if-none-match", &tag);
    let same = again().send().await.unwrap();
    assert_eq!(same.status(), 304);
    assert_eq!(same.text().await.unwrap(), "");
    let url = format!("{}{LIST}", bench.sim.github_url());
    let other = bench.http.get(url).bearer_auth("other").header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(other.status(), 200);
    bench.sim.github().comment_as(WEB, 1, "ana-k", "hello", ts("2026-03-02T08:00:00Z"));
    assert_eq!(again().send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn page_numbers_end_where_cursors_go_on() {
    let bench = with_issues(5).await;
    bench.sim.github().page_cap(4);
    let too_far = bench.get(&format!("{LIST}&per_page=2&page=3")).await;
    assert_eq!(too_far.status(), 422);
    assert!(too_far.text().await.unwrap().contains("cursor based pagination"));
    let second = link(&bench.get(&format!("{LIST}&per_page=2")).await, "next").unwrap();
    let third = link(&bench.get(&second).await, "next").unwrap();
    assert_eq!(numbers(&bench.json(&third).await), [5]);
}

#[tokio::test]
async fn a_comment_is_made_edited_found_by_its_marker_and_deleted() {
    let bench = with_issues(1).await;
    let now = bench.at("2026-03-02T10:00:00Z");
    let made = comment(&bench, 1, "<!-- gapwatch:1 a.b -->\nhello").await.unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["user"]["login"], "gapwatch");
    assert_eq!(bench.sim.github().look(WEB, 1).unwrap().updated_at, now);

    bench.at("2026-03-02T11:00:00Z");
    let path = format!("/repos/{WEB}/issues/comments/{}", made["id"]);
    let edited = bench.request(Method::PATCH, &path).json(&json!({ "body": "changed" })).send().await.unwrap();
    assert_eq!(edited.status(), 200);
    let seen = &bench.sim.github().comments(WEB, 1)[0];
    assert_eq!((seen.body.as_str(), seen.edits, seen.created_at), ("changed", 1, now));
    // Editing does not touch the issue.
    assert_eq!(bench.sim.github().look(WEB, 1).unwrap().updated_at, now);

    let list = bench.json(&format!("/repos/{WEB}/issues/1/comments?since=2026-03-02T10:30:00Z")).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(bench.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(bench.request(Method::PATCH, &path).json(&json!({ "body": "x" })).send().await.unwrap().status(), 404);
    let kinds: Vec<WriteKind> = bench.sim.github().writes().iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [WriteKind::Created, WriteKind::Edited, WriteKind::Deleted]);
    assert_eq!(bench.sim.github().markers()["gapwatch:1 a.b"], 1);
}

#[tokio::test]
async fn a_comment_is_refused_when_locked_too_long_archived_or_without_permission() {
    let bench = with_issues(2).await;
    let github = bench.sim.github();
    github.lock(WEB, 1, "max", ts("2026-03-01T08:00:00Z"));
    assert_eq!(comment(&bench, 1, "x").await.unwrap().status(), 403);
    assert_eq!(comment(&bench, 2, &"x".repeat(65_537)).await.unwrap().status(), 422);
    assert_eq!(comment(&bench, 2, &"ü".repeat(65_536)).await.unwrap().status(), 201);
    github.read_only(true);
    let refused = comment(&bench, 2, "x").await.unwrap();
    assert_eq!(refused.headers()["x-accepted-github-permissions"], "issues=write");
    github.read_only(false);
    github.archive_repo(WEB, true);
    assert_eq!(comment(&bench, 2, "x").await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_renamed_repository_answers_301_to_reads_and_307_to_writes() {
    let bench = with_issues(1).await;
    let id = bench.sim.github().repo_id(WEB);
    bench.sim.github().rename_repo(WEB, "acme/shop");
    let read = bench.get("/repos/acme/web/issues?state=all").await;
    assert_eq!(read.status(), 301);
    let to = read.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(to, format!("{}/repositories/{id}/issues?state=all", bench.sim.github_url()));
    assert_eq!(numbers(&bench.json(&to).await), [1]);
    assert_eq!(comment(&bench, 1, "x").await.unwrap().status(), 307);
    assert_eq!(bench.json(&format!("/repositories/{id}")).await["full_name"], "acme/shop");
}

#[tokio::test]
async fn deleted_is_410_transferred_is_301_hidden_is_404() {
    let bench = with_issues(3).await;
    let github = bench.sim.github();
    github.delete_issue(WEB, 1);
    let number = github.transfer_issue(WEB, 2, "acme/api", ts("2026-03-02T08:00:00Z"));
    assert_eq!(bench.get("/repos/acme/web/issues/1").await.status(), 410);
    let moved = bench.get("/repos/acme/web/issues/2").await;
    assert_eq!(moved.status(), 301);
    let to = moved.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(bench.json(&to).await["number"], number);
    assert_eq!(numbers(&bench.json(LIST).await), [3]);
    github.hide_repo(WEB, true);
    assert_eq!(bench.get("/repos/acme/web/issues/3").await.status(), 404);
    assert_eq!(bench.get("/repos/acme/web/issues/").await.status(), 404);
}

#[tokio::test]
async fn relations_show_in_the_summaries_without_moving_updated_at() {
    let bench = with_issues(3).await;
    let github = bench.sim.github();
    let at = ts("2026-03-02T08:00:00Z");
    github.add_sub_issue((WEB, 1), (WEB, 2), "max", at);
    github.block((WEB, 1), (WEB, 3), "max", at);
    let parent = bench.json("/repos/acme/web/issues/1").await;
    assert_eq!(parent["sub_issues_summary"]["total"], 1);
    assert_eq!(parent["issue_dependencies_summary"]["blocked_by"], 1);
    assert_eq!(parent["updated_at"], "2026-03-01T00:00:00Z");
    github.close(WEB, 2, "max", at, "not_planned");
    github.close(WEB, 3, "max", at, "completed");
    let parent = bench.json("/repos/acme/web/issues/1").await;
    assert_eq!(parent["sub_issues_summary"]["percent_completed"], 100);
    assert_eq!(parent["issue_dependencies_summary"]["blocked_by"], 0);
    assert_eq!(parent["issue_dependencies_summary"]["total_blocked_by"], 1);
    assert_eq!(parent["updated_at"], "2026-03-01T00:00:00Z");
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues/1/sub_issues").await), [2]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues/1/dependencies/blocked_by").await), [3]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues/3/dependencies/blocking").await), [1]);
    assert_eq!(bench.json("/repos/acme/web/issues/2/parent").await["number"], 1);
    assert_eq!(bench.get("/repos/acme/web/issues/1/parent").await.status(), 404);
}

#[tokio::test]
async fn events_come_newest_first_with_their_whole_issue() {
    let bench = Bench::new().await;
    let github = bench.sim.github();
    let due = ts("2026-03-13T08:00:00Z");
    let at = ts("2026-03-01T09:00:00Z");
    let number = github.issue(WEB, "One").by("max").assignee("ana-k").milestone("Spring", due).created(at).open();
    github.close(WEB, number, "ana-k", ts("2026-03-02T08:00:00Z"), "completed");
    let events = bench.json("/repos/acme/web/issues/events?per_page=100").await;
    let kinds: Vec<&str> = events.as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["closed", "milestoned", "assigned"]);
    assert_eq!(events[0]["actor"]["login"], "ana-k");
    assert_eq!(events[0]["issue"]["milestone"]["due_on"], "2026-03-13T08:00:00Z");
    assert_eq!(events[2]["assignee"]["login"], "ana-k");
    github.comment_as(WEB, number, "max", "thanks", ts("2026-03-02T08:30:00Z"));
    let timeline = bench.json("/repos/acme/web/issues/1/timeline").await;
    assert_eq!(timeline.as_array().unwrap().last().unwrap()["event"], "commented");
    assert_eq!(bench.json("/repos/acme/web/milestones?state=all").await[0]["closed_issues"], 1);
}

#[tokio::test]
async fn comments_of_a_repository_sort_by_their_last_edit() {
    let bench = with_issues(2).await;
    let github = bench.sim.github();
    for (number, at) in [(1, "2026-03-02T01:00:00Z"), (2, "2026-03-02T02:00:00Z"), (1, "2026-03-02T03:00:00Z")] {
        github.comment_as(WEB, number, "ana-k", at, ts(at));
    }
    let path = "/repos/acme/web/issues/comments?sort=updated&direction=asc&per_page=2&since=2026-03-02T02:00:00Z";
    let page = bench.json(path).await;
    let texts: Vec<&str> = page.as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap()).collect();
    assert_eq!(texts, ["2026-03-02T02:00:00Z", "2026-03-02T03:00:00Z"]);
    let first = bench.get("/repos/acme/web/issues/comments?per_page=2").await;
    let next = link(&first, "next").unwrap();
    assert_eq!(bench.json(&next).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a client that names no agent, which the product's cannot")]
async fn credentials_limits_and_the_user_agent_are_checked() {
    let bench = with_issues(1).await;
    let github = bench.sim.github();
    let anonymous = bench.http.get(format!("{}/user", bench.sim.github_url())).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    github.token("good", "ana-k");
    assert_eq!(bench.get("/user").await.status(), 401);
    let as_ana = || bench.http.get(format!("{}/user", bench.sim.github_url())).bearer_auth("good");
    let me: Value = as_ana().send().await.unwrap().json().await.unwrap();
    assert_eq!(me["login"], "ana-k");
    github.hourly_limit(Some(2));
    assert_eq!(as_ana().send().await.unwrap().headers()["x-ratelimit-remaining"], "1");
    as_ana().send().await.unwrap();
    let spent = as_ana().send().await.unwrap();
    assert_eq!((spent.status().as_u16(), spent.headers()["x-ratelimit-remaining"].to_str().unwrap()), (403, "0"));
    bench.at("2026-03-02T10:30:00Z");
    assert_eq!(as_ana().send().await.unwrap().status(), 200);
    github.revoke("good");
    assert_eq!(as_ana().send().await.unwrap().status(), 401);
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let no_agent = bare.get(format!("{}/user", bench.sim.github_url())).bearer_auth("good").send().await.unwrap();
    assert_eq!(no_agent.status(), 403);
}

#[tokio::test]
async fn faults_hit_as_planned_and_only_after_commit_takes_effect() {
    let bench = with_issues(3).await;
    let fail = |fault: Fault| bench.sim.fail_next(Tool::Github, "", fault, 1);
    fail(Fault::Status(502, "{}".to_owned()));
    assert_eq!(bench.get(LIST).await.status(), 502);
    fail(Fault::RateLimited(7));
    assert_eq!(bench.get(LIST).await.headers()["retry-after"], "7");
    fail(Fault::SecondaryLimit403);
    assert_eq!(bench.get(LIST).await.status(), 403);
    fail(Fault::Html200);
    assert!(bench.get(LIST).await.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    fail(Fault::Redirect(format!("{}/stolen", bench.sim.foreign_url()), 302));
    assert_eq!(bench.get(LIST).await.status(), 302);
    fail(Fault::CutBody);
    let cut = bench.get(LIST).await;
    assert_eq!(cut.status(), 200);
    assert!(cut.content_length().unwrap() > 1000);
    assert!(cut.bytes().await.is_err());
    fail(Fault::Reset);
    assert!(comment(&bench, 1, "lost before").await.is_err());
    assert_eq!(bench.sim.github().writes().len(), 0);
    fail(Fault::AfterCommit(Box::new(Fault::Reset)));
    assert!(comment(&bench, 1, "lost after").await.is_err());
    assert_eq!(bench.sim.github().comments(WEB, 1)[0].body, "lost after");
    assert_eq!(bench.get(LIST).await.status(), 200);
    let log = bench.sim.requests();
    assert_eq!((log[0].status, log[0].authorization_present), (Some(502), true));
    assert_eq!(log.iter().filter(|request| request.status.is_none()).count(), 2);
    bench.sim.stop();
    assert!(bench.request(Method::GET, LIST).send().await.is_err());
}

#[tokio::test]
async fn a_hostile_next_link_leads_to_the_foreign_host_which_notices_a_credential() {
    let bench = with_issues(2).await;
    bench.sim.github().hostile_next_link(true);
    let next = link(&bench.get(&format!("{LIST}&per_page=1")).await, "next").unwrap();
    assert!(next.starts_with(&bench.sim.foreign_url()), "{next}");
    assert!(bench.sim.foreign_hits().is_empty());
    bench.get(&next).await;
    assert!(bench.sim.foreign_hits()[0].authorization_present);
}

#[tokio::test]
async fn a_recording_is_served_byte_for_byte_and_poll_by_poll() {
    let bench = Bench::new().await;
    let issue = |number: u64, updated: &str, odd: &str| {
        format!(
            "{{ \"number\":{number},\"id\":{number},  \"odd\": {odd}, \"state\":\"open\",\"user\":null,\
             \"created_at\":\"2020-01-01T00:00:00Z\",\"updated_at\":\"{updated}\",\"labels\":[\"a\",{{\"name\":\"b\"}}]}}"
        )
    };
    let line = |poll: u8, issue: &str| format!("{{\"polled_at\":\"{poll}\",\"issue\":{issue},\"n_events\":3}}\n");
    let first = issue(1, "2020-01-02T00:00:00Z", "1e400");
    let second = issue(2, "2020-01-03T00:00:00Z", "[ ]");
    let later = issue(1, "2020-01-04T00:00:00Z", "null");
    let text = [line(1, &first), line(1, &second), line(2, &later)].concat();
    let recorded = Recorded::parse(&text, true).unwrap();
    assert_eq!((recorded.len(), recorded.polls_left()), (3, 2));
    bench.sim.github().serve_recorded("old/issues", recorded);
    let list = "/repos/old/issues/issues?state=all&sort=updated&direction=asc";
    assert_eq!(bench.get(list).await.text().await.unwrap(), format!("[{first},{second}]"));
    assert_eq!(bench.sim.github().next_poll(), 1);
    let since = format!("{list}&since=2020-01-03T00:00:00Z");
    assert_eq!(bench.get(&since).await.text().await.unwrap(), format!("[{second},{later}]"));
    assert_eq!(bench.sim.github().next_poll(), 0);
    assert_eq!(bench.get("/repos/old/issues/issues/1").await.text().await.unwrap(), later);
    assert_eq!(bench.json("/repos/old/issues/issues/events").await, json!([]));
    // A bare issue is a line too.
    assert_eq!(Recorded::parse(&first, false).unwrap().len(), 1);
    assert!(Recorded::parse("{\"number\":1}", false).unwrap_err().to_string().contains("line 1"));
}

#[tokio::test]
async fn a_transferred_issue_in_a_recording_does_not_take_the_place_of_a_true_one() {
    let line = |repo: &str, number: u64, id: u64| {
        format!(
            "{{\"number\":{number},\"id\":{id},\"state\":\"open\",\"repository_url\":\"https://api.github.com/repos/{repo}\",\
             \"created_at\":\"2020-01-01T00:00:00Z\",\"updated_at\":\"2020-01-01T00:00:00Z\"}}\n"
        )
    };
    let text = [line("o/other", 2, 9), line("o/home", 1, 1), line("o/home", 2, 2)].concat();
    let recorded = Recorded::parse(&text, false).unwrap();
    assert_eq!((recorded.len(), recorded.elsewhere()), (3, 1));
    let bench = Bench::new().await;
    bench.sim.github().serve_recorded("o/home", recorded);
    assert_eq!(bench.json("/repos/o/home/issues/2").await["id"], 2);
    assert_eq!(bench.json("/repos/o/home/issues?state=all").await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_unlisted_issue_is_in_no_list_and_counted_nowhere_but_still_there() {
    let bench = with_issues(3).await;
    bench.sim.github().unlist(WEB, 2, true);
    let first = bench.get(&format!("{LIST}&per_page=1")).await;
    assert!(link(&first, "last").unwrap().ends_with("page=2"));
    assert_eq!(numbers(&bench.json(LIST).await), [1, 3]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues?state=open&per_page=1&page=2").await), [1]);
    assert_eq!(numbers(&bench.json("/repos/acme/web/issues?sort=comments").await), [3, 1]);
    assert_eq!(bench.json("/repos/acme/web/issues/2").await["number"], 2);
}

#[tokio::test]
async fn a_page_of_ten_thousand_issues_is_quick() {
    let bench = with_issues(10_000).await;
    let mut url = format!("{LIST}&per_page=100");
    let (mut pages, mut seen) = (0, 0);
    loop {
        let response = bench.get(&url).await;
        let next = link(&response, "next");
        seen += numbers(&response.json().await.unwrap()).len();
        pages += 1;
        let Some(next) = next else { break };
        url = next;
    }
    assert_eq!((pages, seen), (100, 10_000));
}

#[tokio::test]
async fn the_control_paths_plan_faults_and_count() {
    let bench = with_issues(1).await;
    let origin = bench.sim.github_url().replace("/github", "");
    let order = json!({ "tool": "github", "path": "/issues", "fault": { "status": 503 }, "times": 1 });
    let told = bench.http.post(format!("{origin}/__sim/fault")).json(&order).send().await.unwrap();
    assert_eq!(told.status(), 200);
    assert_eq!(bench.get(LIST).await.status(), 503);
    let stats = bench.json(&format!("{origin}/__sim/stats")).await;
    assert_eq!(stats["by_status"]["503"], 1);
    assert_eq!(bench.json(&format!("{origin}/__sim/requests")).await.as_array().unwrap().len(), 1);
}

mod apps {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};

    use super::*;

    const KEY: &str = include_str!("../../../../tests/keys/app.pem");
    const OTHER: &str = include_str!("../../../../tests/keys/other.pem");
    const PUBLIC: &str = include_str!("../../../../tests/keys/app_public.pem");

    fn signed(key: &str, issuer: u64, iat: i64, exp: i64) -> String {
        let now = ts("2026-03-02T09:00:00Z").as_second();
        let claims = json!({ "iss": issuer, "iat": now + iat, "exp": now + exp });
        let key = EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    }

    async fn asked(bench: &Bench, method: Method, path: &str, token: &str) -> (u16, Value) {
        let url = format!("{}{path}", bench.sim.github_url());
        let response = bench.http.request(method, url).bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    #[tokio::test]
    async fn only_what_its_own_key_has_signed_for_now_is_an_app() {
        let bench = Bench::new().await;
        bench.sim.github().app("watch", 4711, PUBLIC);
        for (text, expected) in [
            (signed(KEY, 4711, -60, 540), 200),
            (signed(OTHER, 4711, -60, 540), 401),
            (signed(KEY, 4712, -60, 540), 401),
            (signed(KEY, 4711, 60, 540), 401),
            (signed(KEY, 4711, -60, 0), 401),
            (signed(KEY, 4711, -60, 601), 401),
        ] {
            assert_eq!(asked(&bench, Method::GET, "/app", &text).await.0, expected);
        }
        let app = signed(KEY, 4711, -60, 540);
        assert_eq!(asked(&bench, Method::GET, "/repos/acme/web", &app).await.0, 404, "it is shown no work");
    }

    #[tokio::test]
    async fn a_token_of_an_installation_sees_its_owner_for_an_hour_and_no_account() {
        let bench = with_issues(1).await;
        let github = bench.sim.github();
        github.repo("other/secret");
        github.app("watch", 4711, PUBLIC);
        github.install("watch", "acme");
        let app = signed(KEY, 4711, -60, 540);
        let (_, installation) = asked(&bench, Method::GET, "/repos/acme/web/installation", &app).await;
        let path = format!("/app/installations/{}/access_tokens", installation["id"]);
        let (status, given) = asked(&bench, Method::POST, &path, &app).await;
        let token = given["token"].as_str().unwrap();
        assert_eq!((status, given["permissions"]["issues"].as_str()), (201, Some("write")));
        assert!(token.len() > 400);
        let (_, list) = asked(&bench, Method::GET, "/installation/repositories", token).await;
        assert_eq!((list["total_count"].as_u64(), list["repositories"][0]["full_name"].as_str()), (Some(1), Some(WEB)));
        assert_eq!(asked(&bench, Method::GET, "/repos/acme/web/issues", token).await.0, 200);
        assert_eq!(asked(&bench, Method::GET, "/repos/other/secret", token).await.0, 404);
        assert_eq!(asked(&bench, Method::GET, "/user", token).await.0, 403);
        let (_, bot) = asked(&bench, Method::GET, "/users/watch%5Bbot%5D", token).await;
        assert_eq!((bot["login"].as_str(), bot["type"].as_str()), (Some("watch[bot]"), Some("Bot")));
        github.suspend("watch", "acme", true);
        assert_eq!(asked(&bench, Method::GET, "/repos/acme/web/issues", token).await.0, 403);
        github.suspend("watch", "acme", false);
        bench.at("2026-03-02T10:00:00Z");
        assert_eq!(asked(&bench, Method::GET, "/repos/acme/web/issues", token).await.0, 401);
    }

    #[tokio::test]
    async fn a_person_is_no_organisation_and_shows_to_everybody_what_is_public_alone() {
        let bench = with_issues(1).await;
        let github = bench.sim.github();
        github.person_owner("ana");
        for (repo, public) in [("ana/open", true), ("ana/closed", false)] {
            github.repo(repo);
            github.public_repo(repo, public);
        }
        assert_eq!(bench.get("/orgs/ana/repos").await.status(), 404);
        assert_eq!(bench.json("/users/ana/repos").await.as_array().unwrap().len(), 1);
        assert_eq!(bench.json("/user/repos").await.as_array().unwrap().len(), 3);
        github.sso_required("acme", Some("https://sso.example"));
        let refused = bench.get("/repos/acme/web/issues").await;
        assert_eq!(refused.status(), 403);
        assert_eq!(refused.headers()["x-github-sso"], "required; url=https://sso.example");
        github.server_version(Some("3.18.1"));
        assert_eq!(bench.json("/meta").await["installed_version"], "3.18.1");
    }
}
