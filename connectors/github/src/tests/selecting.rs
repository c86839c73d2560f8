//! Which repositories are covered.

use connector_kit::{ConnectorError, Cursor, Page, StreamKind};
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server, answer, pass, stream};
use connector_kit::Source;

fn repo(id: u64, name: &str) -> Value {
    json!({"id": id, "full_name": name, "archived": false, "disabled": false, "has_issues": true})
}

fn names(pages: &[Page]) -> Vec<(String, bool)> {
    pages.iter().flat_map(|page| &page.containers).map(|one| (one.name.clone(), one.open)).collect()
}

fn shown(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(name, open)| ((*name).to_owned(), *open)).collect()
}

fn partial(pages: &[Page]) -> Vec<&str> {
    pages.iter().filter_map(|page| page.partial.as_deref()).collect()
}

/// Of page 1 names page 2, and so on.
fn paged(asked: &Asked, pages: &[Vec<Value>]) -> Answer {
    let at: usize = asked.query("page").map_or(1, |page| page.parse().unwrap());
    let answer = answer(200, json!(pages[at - 1]));
    if at < pages.len() { answer.next(&format!("page={}", at + 1)) } else { answer }
}

#[tokio::test]
async fn all_repositories_of_an_organisation_are_listed_page_by_page_beside_those_that_are_named() {
    let server = Server::new(|asked| match asked.path() {
        "/orgs/acme/repos" => {
            let mut archived = repo(2, "acme/old");
            archived["archived"] = json!(true);
            let mut silent = repo(3, "acme/docs");
            silent["has_issues"] = json!(false);
            paged(asked, &[vec![repo(1, "acme/web"), archived], vec![silent, repo(4, "acme/api")]])
        }
        "/repos/other/tool" => answer(200, repo(9, "other/tool")),
        path => panic!("{path}"),
    })
    .await;
    let github = server.github_of(&["acme/*", "other/tool"]);
    let (pages, cursor) = pass(&github, StreamKind::Containers, &Cursor::default()).await;
    let all = [("acme/web", true), ("acme/old", false), ("acme/docs", false), ("acme/api", true), ("other/tool", true)];
    assert_eq!((names(&pages), partial(&pages)), (shown(&all), vec![]));
    assert_eq!(cursor, Cursor { at: None, etag: None, backfilled: true });
    assert_eq!(server.targets()[0], "GET /orgs/acme/repos?type=all&per_page=100");
}

#[tokio::test]
async fn a_persons_repositories_are_those_everybody_sees_and_those_the_account_was_let_into() {
    let server = Server::new(|asked| match asked.path() {
        "/users/ana/repos" => answer(200, json!([repo(1, "ana/open")])),
        "/user/repos" => answer(200, json!([repo(2, "Ana/secret"), repo(3, "someone/else")])),
        _ => answer(404, json!({"message": "Not Found"})),
    })
    .await;
    let (pages, _) = pass(&server.github_of(&["ana/*"]), StreamKind::Containers, &Cursor::default()).await;
    assert_eq!(names(&pages), shown(&[("ana/open", true), ("Ana/secret", true)]));
    assert_eq!(partial(&pages), [""; 0]);
}

#[tokio::test]
async fn an_owner_of_whom_nothing_is_shown_is_a_suspicion_and_no_fact() {
    let server = Server::new(|asked| match asked.path() {
        "/user/repos" | "/orgs/acme/repos" | "/users/acme/repos" => answer(200, "[]"),
        "/repos/other/tool" => answer(200, repo(9, "other/tool")),
        _ => answer(404, "{}"),
    })
    .await;
    for owner in ["acme/*", "nobody/*"] {
        let github = server.github_of(&[owner, "other/tool"]);
        let (pages, _) = pass(&github, StreamKind::Containers, &Cursor::default()).await;
        assert_eq!(names(&pages), shown(&[("other/tool", true)]));
        assert_eq!(partial(&pages).len(), 1, "{owner}");
        assert_eq!(pages.iter().flat_map(|page| &page.unreadable).next().unwrap().what, owner);
    }
}

#[tokio::test]
async fn an_organisation_behind_single_sign_on_hides_no_other_and_alone_is_an_error() {
    let server = Server::new(|asked| match asked.path() {
        "/orgs/acme/repos" => answer(403, json!({"message": "Resource protected by organization SAML enforcement."}))
            .with("x-github-sso: required; url=https://github.com/orgs/acme/sso?x=1"),
        "/orgs/half/repos" => {
            answer(200, json!([repo(5, "half/web")])).with("x-github-sso: partial-results; organizations=77")
        }
        "/repos/other/tool" => answer(200, repo(9, "other/tool")),
        path => panic!("{path}"),
    })
    .await;
    let github = server.github_of(&["acme/*", "half/*", "other/tool"]);
    let (pages, _) = pass(&github, StreamKind::Containers, &Cursor::default()).await;
    assert_eq!(names(&pages), shown(&[("half/web", true), ("other/tool", true)]));
    let told = partial(&pages);
    assert!(
        told[0].contains("https://github.com/orgs/acme/sso?x=1") && told[1].contains("organizations=77"),
        "{told:?}"
    );
    let github = server.github_of(&["acme/*"]);
    let err = github.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Forbidden { what, .. } if what.contains("/sso?x=1")), "{err}");
}

#[tokio::test]
async fn a_list_of_repositories_that_goes_in_circles_is_refused() {
    let server = Server::new(|asked| match asked.path() {
        "/orgs/acme/repos" => answer(200, json!([repo(1, "acme/web")])).next("page=1"),
        path => panic!("{path}"),
    })
    .await;
    let github = server.github_of(&["acme/*"]);
    let err = github.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Malformed { .. }), "{err}");
}

#[tokio::test]
async fn a_server_too_old_for_blockers_is_not_asked_for_them() {
    let server = Server::new(|asked| match asked.path() {
        "/meta" => answer(200, json!({"installed_version": "3.18.4"})),
        "/repos/acme/web/issues" => answer(
            200,
            json!([{"id": 1, "number": 1, "title": "t", "state": "open", "created_at": "2025-03-01T00:00:00Z",
                "updated_at": "2025-03-01T00:00:00Z", "issue_dependencies_summary": {"total_blocked_by": 2}}]),
        ),
        path => panic!("{path}"),
    })
    .await;
    let github = server.github();
    let (pages, cursor) = pass(&github, StreamKind::Tasks, &Cursor::default()).await;
    assert_eq!((pages.len(), pages[0].tasks.len(), cursor.backfilled), (2, 1, true));
    pass(&github, StreamKind::Links, &Cursor::default()).await;
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| asked.path() == "/meta").count(), 1, "once a day");
}
