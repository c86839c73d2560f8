//! What is told before anything is watched, and of the connection itself.

use connector_kit::ConnectorError;
use connector_kit::survey::{Examine, Finding, Survey, Verdict};
use serde_json::{Value, json};

use super::server::{Asked, Server, answer};

fn repo(name: &str, open: u64) -> Value {
    json!({"id": 1, "full_name": name, "archived": false, "has_issues": true, "open_issues_count": open,
        "permissions": {"admin": false, "push": true, "pull": true}})
}

fn person(id: u64, login: &str) -> Value {
    json!({"id": id, "login": login, "type": if login.ends_with("[bot]") { "Bot" } else { "User" }})
}

#[tokio::test]
async fn repositories_are_walked_page_by_page_on_our_own_address_and_the_unfit_are_named() {
    let server = Server::new(|asked: &Asked| match asked.query("page").as_deref() {
        Some("1") => answer(200, json!([repo("acme/web", 7)])).next("page=2"),
        _ => {
            let mut old = repo("acme/old", 0);
            old["archived"] = true.into();
            let mut code = repo("acme/code", 0);
            code["has_issues"] = false.into();
            answer(200, json!([old, code, {"full_name": 3}]))
        }
    })
    .await;
    let sight = server.github().visible().await.unwrap();
    let seen: Vec<_> = sight.containers.iter().map(|one| (one.name.as_str(), one.open, one.unfit)).collect();
    let expected =
        [("acme/web", 7, None), ("acme/old", 0, Some("archived")), ("acme/code", 0, Some("issues are switched off"))];
    assert_eq!(seen, expected, "an item that cannot be read costs itself alone");
    assert_eq!(sight.partial, None);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|one| one.path() == "/user/repos" && one.query("sort").as_deref() == Some("pushed")));
}

#[tokio::test]
async fn an_installation_is_no_user_and_is_asked_for_its_own_list() {
    let server = Server::new(|asked: &Asked| match asked.path() {
        "/user/repos" => answer(403, json!({"message": "Resource not accessible by integration"})),
        _ => answer(200, json!({"total_count": 1, "repositories": [repo("acme/web", 1)]})),
    })
    .await;
    let sight = server.github().visible().await.unwrap();
    assert_eq!(sight.containers[0].name, "acme/web");
    assert_eq!(server.asked().last().unwrap().path(), "/installation/repositories");
}

#[tokio::test]
async fn what_single_sign_on_leaves_out_is_told() {
    let server =
        Server::new(|_| answer(200, json!([])).with("x-github-sso: partial-results; organizations=21955855")).await;
    let partial = server.github().visible().await.unwrap().partial.unwrap();
    assert!(partial.contains("21955855"), "{partial}");
}

#[tokio::test]
async fn people_are_those_with_open_issues_most_first_without_bots_and_pull_requests() {
    let server = Server::new(|_: &Asked| {
        let issue = |number: u64, who: Vec<Value>, more: Value| {
            let mut issue = json!({"id": number, "number": number, "title": "t", "state": "open", "assignees": who,
                "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"});
            issue.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            issue
        };
        let (ana, max, bot) = (person(1, "ana-k"), person(2, "max-w"), person(3, "renovate[bot]"));
        let nothing = json!({});
        answer(
            200,
            json!([
                issue(1, vec![ana, bot], nothing.clone()),
                issue(2, vec![max.clone()], nothing.clone()),
                issue(3, vec![max, Value::Null], nothing),
                issue(4, vec![person(4, "author")], json!({"pull_request": {}})),
            ]),
        )
    })
    .await;
    let people = server.github().assignees("acme/web").await.unwrap();
    assert_eq!(people.iter().map(|one| one.handle.as_deref().unwrap()).collect::<Vec<_>>(), ["max-w", "ana-k"]);
    assert_eq!(server.asked()[0].query("assignee").as_deref(), Some("*"));
    let wrong = server.github().assignees("../secrets").await.unwrap_err();
    assert!(matches!(wrong, ConnectorError::Misconfigured { .. }), "{wrong}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn labels_are_read_to_the_end_and_a_profile_that_is_not_shown_is_none() {
    let server = Server::new(|asked: &Asked| match (asked.path(), asked.query("page").as_deref()) {
        ("/repos/acme/web/labels", Some("1")) => answer(200, json!([{"name": "bug"}])).next("page=2"),
        ("/repos/acme/web/labels", _) => answer(200, json!([{"name": "в работе"}])),
        ("/users/ana-k", _) => {
            let mut ana = person(1, "ana-k");
            ana["email"] = "ana@example.org".into();
            answer(200, ana)
        }
        _ => answer(404, json!({"message": "Not Found"})),
    })
    .await;
    let github = server.github();
    assert_eq!(github.labels("acme/web").await.unwrap(), ["bug", "в работе"]);
    assert_eq!(github.profile("ana-k").await.unwrap().unwrap().email.as_deref(), Some("ana@example.org"));
    assert_eq!(github.profile("managed_user").await.unwrap(), None);
    server.asked();
    assert_eq!(github.profile("../user").await.unwrap(), None);
    assert!(server.asked().is_empty(), "what is no login is not asked for");
}

fn words(findings: &[Finding]) -> Vec<(Verdict, &str)> {
    findings.iter().map(|one| (one.verdict, one.what.as_str())).collect()
}

#[tokio::test]
async fn a_connection_says_whose_token_it_is_what_is_left_and_what_it_may() {
    let server = Server::new(|asked: &Asked| {
        let reply = match asked.path() {
            "/user" => answer(200, person(1, "gapwatch-bot")),
            "/rate_limit" => answer(
                200,
                json!({"resources": {
                "core": {"limit": 5000, "remaining": 40, "reset": 1_741_684_200, "used": 4960},
                "graphql": {"limit": 5000, "remaining": 0, "reset": 1_741_684_200, "used": 5000},
                "search": {"limit": 30, "remaining": 30, "reset": 1_741_684_200, "used": 0}}}),
            ),
            "/repos/acme/web" => answer(200, repo("acme/web", 3)),
            "/repos/acme/old" => answer(200, repo("acme/new", 3)),
            _ => answer(404, json!({"message": "Not Found"})),
        };
        reply
            .with("x-oauth-scopes: repo, read:org")
            .with("github-authentication-token-expiration: 2025-09-01 00:00:00 UTC")
    })
    .await;
    let parts = ["acme/web", "acme/old", "acme/hidden", "no repo"].map(str::to_owned);
    let findings = server.github().examine(&parts).await;
    let found = words(&findings);
    let has = |verdict: Verdict, words: &str| found.iter().any(|one| one.0 == verdict && one.1.contains(words));
    for (verdict, words) in [
        (Verdict::Good, "logged in as gapwatch-bot"),
        (Verdict::Good, "a classic token with the scopes repo, read:org; it expires at 2025-09-01"),
        (Verdict::Warning, "40 of 5000 calls left of the budget \"core\", renewed in 10 min"),
        (Verdict::Limited, "0 of 5000 calls left of the budget \"graphql\""),
        (Verdict::Good, "acme/web can be read and commented on (the account's role is push)"),
        (Verdict::Warning, "acme/old is now called acme/new"),
        (Verdict::Unavailable, "github does not show acme/hidden"),
        (Verdict::Misconfigured, "no repo is no repository's name"),
    ] {
        assert!(has(verdict, words), "{verdict:?} {words}: {found:#?}");
    }
    assert!(findings.iter().all(|one| one.verdict == Verdict::Good || one.todo.is_some()), "each says what to do");
    assert!(server.asked().iter().all(|one| one.method == "GET"), "it only reads");
}

#[tokio::test]
async fn a_refused_token_is_the_only_thing_said() {
    let server = Server::new(|_: &Asked| answer(401, json!({"message": "Bad credentials"}))).await;
    let findings = server.github().examine(&["acme/web".to_owned()]).await;
    assert_eq!(findings.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::Refused]);
    assert!(!findings[0].what.contains("ghp_secret"));
}
