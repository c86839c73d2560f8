//! Logging in: what is sent, where, and whose answer is believed.

use connector_kit::secret::Secret;
use connector_kit::{ConnectorError, Cursor, Source, StreamKind};
use jiff::SignedDuration;
use serde_json::json;

use super::reading::{LATELY, empty, issue, myself, ok, site};
use super::site::{Answer, Asked, Server, answer, stream};
use crate::{Config, Edition};

fn basic(asked: &Asked) -> bool {
    asked.header("authorization").is_some_and(|value| value.starts_with("Basic "))
}

#[tokio::test]
async fn a_scoped_token_goes_through_the_gateway_and_links_stay_the_sites() {
    let server = Server::new(|asked| match asked.path() {
        "/_edge/tenant_info" if asked.header("authorization").is_none() => answer(200, json!({"cloudId": "11aa-22"})),
        "/gateway/ex/jira/11aa-22/rest/api/3/myself" => myself(),
        "/gateway/ex/jira/11aa-22/rest/api/3/search/jql" => {
            ok(json!({"issues": [issue(1, "10003", LATELY)], "isLast": true}))
        }
        path if path.starts_with("/gateway/") => site(asked, "/gateway/ex/jira/11aa-22"),
        _ => answer(401, json!({"message": "Client must be authenticated to access this resource."})),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let who = jira.whoami().await.unwrap();
    assert_eq!(who.account.unwrap().ext, "me");
    server.asked();
    jira.whoami().await.unwrap();
    assert_eq!(server.targets(), ["GET /gateway/ex/jira/11aa-22/rest/api/3/myself"], "the way is kept");
    let page = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    let site = jira.site_key().origin;
    assert_eq!(page.tasks[0].url, format!("{site}/browse/EE-1"));
}

#[tokio::test]
async fn a_token_that_neither_takes_is_refused_in_words() {
    let server = Server::new(|asked| match asked.path() {
        "/_edge/tenant_info" => answer(200, json!({"cloudId": "11aa-22"})),
        _ => answer(401, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let Err(ConnectorError::Unauthorized { what, .. }) = jira.whoami().await else { panic!() };
    assert!(what.contains("gateway") && !what.contains("s3cret"), "{what}");
    assert!(!jira.renewed());
}

#[tokio::test]
async fn a_token_alone_is_a_bearer_and_one_with_a_user_is_basic() {
    for (user, expected) in [(None, "Bearer s3cret-token"), (Some("ana"), "Basic YW5hOnMzY3JldC10b2tlbg==")] {
        let server = Server::new(|_| myself()).await;
        let mut config = server.config(Edition::DataCenter);
        config.login.user = user.map(str::to_owned);
        let (jira, _) = server.jira(config);
        jira.whoami().await.unwrap();
        let asked = server.asked();
        assert_eq!((asked[0].path(), asked[0].header("authorization")), ("/rest/api/2/myself", Some(expected)));
    }
}

#[tokio::test]
async fn a_refused_password_is_not_shown_to_the_server_again_before_an_hour_or_a_change() {
    let server = Server::new(|_| answer(401, "")).await;
    let password = std::sync::Arc::new(std::sync::Mutex::new("old".to_owned()));
    let read = password.clone();
    let mut config: Config = server.config(Edition::DataCenter);
    config.login.token = Secret::new(move || Ok(read.lock().unwrap().clone().into()));
    let (jira, clock) = server.jira(config);
    for _ in 0..5 {
        let error = jira.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Unauthorized { .. }), "{error}");
    }
    assert_eq!(server.asked().len(), 1);
    clock.advance(SignedDuration::from_hours(1));
    jira.whoami().await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
    assert!(!jira.renewed());
    *password.lock().unwrap() = "new".to_owned();
    assert!(jira.renewed());
    jira.whoami().await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_captcha_stops_everything_and_tells_what_to_do() {
    for status in [403, 200] {
        let server = Server::new(move |_| {
            answer(status, "<html>")
                .with("x-authentication-denied-reason: CAPTCHA_CHALLENGE; login-url=https://x/login.jsp")
        })
        .await;
        let (jira, _) = server.jira(server.config(Edition::DataCenter));
        let Err(ConnectorError::Unauthorized { what, .. }) = jira.whoami().await else { panic!("{status}") };
        assert!(what.contains("CAPTCHA"), "{what}");
        jira.whoami().await.unwrap_err();
        assert_eq!(server.asked().len(), 1, "never retried");
    }
}

/// Answers the search in one way and everything else well.
async fn with_search(edition: Edition, search: impl Fn() -> Answer + Send + Sync + 'static) -> (Server, crate::Jira) {
    let server = Server::new(move |asked| match asked.path() {
        path if path.contains("/search") => search(),
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(edition));
    (server, jira)
}

#[tokio::test]
async fn an_empty_list_given_to_an_anonymous_visitor_is_never_believed() {
    let nothing = || answer(200, json!({"issues": [], "isLast": true, "total": 0}));
    for header in ["x-seraph-loginreason: AUTHENTICATED_FAILED", "x-seraph-loginreason: OUT"] {
        for edition in [Edition::Cloud, Edition::DataCenter] {
            let (_server, jira) = with_search(edition, move || nothing().with(header)).await;
            for kind in [StreamKind::Tasks, StreamKind::Census] {
                let error = jira.pull(&stream(kind), &Cursor::default()).await.unwrap_err();
                assert!(matches!(error, ConnectorError::Unauthorized { .. }), "{header} {error}");
            }
        }
    }
    let (_server, jira) = with_search(Edition::DataCenter, move || nothing().with("x-ausername: anonymous")).await;
    jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
}

#[tokio::test]
async fn an_answer_that_names_nobody_is_believed_beside_one_that_does() {
    let (server, jira) = with_search(Edition::Cloud, || answer(200, json!({"issues": [], "isLast": true}))).await;
    jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    let asked = server.targets();
    assert_eq!(asked.last().map(String::as_str), Some("GET /rest/api/3/myself"), "{asked:?}");
    let (server, jira) = with_search(Edition::Cloud, empty).await;
    jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap();
    assert_eq!(server.targets().last().map(String::as_str), Some("POST /rest/api/3/search/jql"));
}

#[tokio::test]
async fn a_page_for_people_is_no_data() {
    let page = |body: &'static str| {
        move || Answer { status: 200, headers: vec!["content-type: text/html".to_owned()], body: body.to_owned() }
    };
    let (_server, jira) =
        with_search(Edition::DataCenter, page("<!DOCTYPE html><form><input type=\"password\"></form>")).await;
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unauthorized { .. }), "{error}");
    let (_server, jira) = with_search(Edition::DataCenter, page("<html>Jira is being re-indexed</html>")).await;
    let error = jira.pull(&stream(StreamKind::Tasks), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Transient { .. }), "{error}");
}

#[tokio::test]
async fn the_edition_is_asked_for_without_a_login_and_kept() {
    let server = Server::new(|asked| match asked.path() {
        "/rest/api/2/serverInfo" if !basic(asked) => {
            answer(200, json!({"deploymentType": "Server", "version": "9.12.1"}))
        }
        _ => site(asked, ""),
    })
    .await;
    let mut config = server.config(Edition::Cloud);
    config.edition = None;
    let (jira, _) = server.jira(config);
    jira.whoami().await.unwrap();
    jira.whoami().await.unwrap();
    assert_eq!(server.targets(), ["GET /rest/api/2/serverInfo", "GET /rest/api/2/myself", "GET /rest/api/2/myself"]);
}

#[tokio::test]
async fn a_right_that_is_missing_in_one_place_refuses_that_place_alone() {
    let server = Server::new(|asked| match asked.path() {
        path if path.contains("/rest/agile/") => answer(401, json!({"message": "scope does not match"})),
        "/rest/api/3/project/EE/versions" => answer(200, "[]").with("x-aaccountid: me"),
        "/_edge/tenant_info" => answer(404, ""),
        _ => site(asked, ""),
    })
    .await;
    let (jira, _) = server.jira(server.config(Edition::Cloud));
    let page = jira.pull(&stream(StreamKind::Homes), &Cursor::default()).await.unwrap();
    assert_eq!(page.containers, []);
}
