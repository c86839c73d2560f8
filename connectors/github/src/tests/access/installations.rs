//! Installations of an App: each owner has one of its own, and what is refused to one hides no other.

use super::*;

#[tokio::test]
async fn a_suspended_installation_is_told_in_clear_words_and_hides_no_other_owner() {
    let office = office(Office { suspended: true, ..Office::default() });
    let server = open(&office).await;
    let (github, _) = server.github_with(app(), &["acme/web"]);
    let err = read(&github).await.unwrap_err();
    let is_clear = |what: &str| what.contains("acme: the App's installation is suspended");
    assert!(matches!(&err, ConnectorError::Unauthorized { what, .. } if is_clear(what)), "{err}");
    let (github, _) = server.github_with(app(), &["acme/web", "umbrella/lab"]);
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Forbidden { what, .. } if is_clear(what)), "{err}");

    // It may also be suspended while a token of it is good.
    office.lock().unwrap().suspended = false;
    let (github, _) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    office.lock().unwrap().suspended = true;
    let err = read(&github).await.unwrap_err();
    assert!(matches!(&err, ConnectorError::Unauthorized { what, .. } if is_clear(what)), "{err}");
    office.lock().unwrap().suspended = false;
    read(&github).await.unwrap();
}

#[tokio::test]
async fn each_owner_has_an_installation_and_a_token_of_its_own() {
    let office = office(Office::default());
    let server = open(&office).await;
    let (github, _) = server.github_with(app(), &["acme/web", "Umbrella/lab"]);
    for (at, repo) in [(None, "acme/web"), (Some(r#"{"at":1}"#), "Umbrella/lab")] {
        let cursor = Cursor { at: at.map(str::to_owned), ..Cursor::default() };
        let _ = github.pull(&stream(StreamKind::Containers), &cursor).await;
        let asked = server.asked();
        let last = asked.last().unwrap();
        assert_eq!(last.path(), format!("/repos/{repo}"));
        let expected = if at.is_none() { token_of("1", 1) } else { token_of("2", 2) };
        assert_eq!(last.header("authorization"), Some(format!("Bearer {expected}").as_str()));
    }
}

#[tokio::test]
async fn the_budget_of_one_installation_is_not_anothers() {
    let server = Server::new(|asked| {
        let for_acme = asked.header("authorization").is_some_and(|it| it.contains("ghs_4711_1"));
        match asked.path() {
            "/repos/acme/web" | "/repositories/1000/issues/4/comments" if for_acme => {
                answer(403, json!({"message": "API rate limit exceeded"}))
                    .with("x-ratelimit-remaining: 0")
                    .with("retry-after: 1800")
            }
            "/repos/umbrella/lab" => answer(200, json!({"id": 2, "full_name": "umbrella/lab"})),
            _ => respond(&mut Office::default(), asked),
        }
    })
    .await;
    let (github, _) = server.github_with(app(), &["acme/web", "umbrella/lab"]);
    let at = |at: Option<&str>| Cursor { at: at.map(str::to_owned), ..Cursor::default() };
    let err = github.pull(&stream(StreamKind::Containers), &at(None)).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Limited { .. }), "{err}");
    server.asked();
    let err = github.pull(&stream(StreamKind::Containers), &at(None)).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Limited { .. }) && server.asked().is_empty(), "{err}");
    let page = github.pull(&stream(StreamKind::Containers), &at(Some(r#"{"at":1}"#))).await.unwrap();
    assert_eq!(page.containers[0].name, "umbrella/lab");
}

#[tokio::test]
async fn a_write_under_a_suspended_installation_waits_for_the_operator() {
    let office = office(Office::default());
    let server = open(&office).await;
    let (github, _) = server.github_with(app(), &["acme/web"]);
    read(&github).await.unwrap();
    office.lock().unwrap().suspended = true;
    let text = Text { summary: String::new(), blocks: Vec::new() };
    for _ in 0..2 {
        let err = github.post(TASK, &text, &mark()).await.unwrap_err();
        assert!(matches!(&err, WriteError::Unauthorized { because } if because.contains("suspended")), "{err:?}");
    }
}

#[tokio::test]
async fn where_an_app_is_not_installed_it_says_where_it_is() {
    let server = open(&office(Office::default())).await;
    let (github, _) = server.github_with(app(), &["initech/tps"]);
    let err = github.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap_err();
    assert!(
        matches!(&err, ConnectorError::Unauthorized { what, .. }
        if what.contains("initech: the App is installed for acme, umbrella")),
        "{err}"
    );
    let paths: Vec<String> = server.asked().iter().map(|asked| asked.path().to_owned()).collect();
    assert_eq!(
        paths,
        [
            "/orgs/initech/installation",
            "/users/initech/installation",
            "/repos/initech/tps/installation",
            "/app/installations"
        ]
    );
}

#[tokio::test]
async fn an_app_writes_as_its_bot_and_knows_its_comments() {
    let server = open(&office(Office::default())).await;
    let (github, _) = server.github_with(app(), &["acme/web"]);
    let who = github.whoami().await.unwrap();
    let account = who.account.unwrap();
    assert_eq!((account.ext.as_str(), account.handle.as_deref()), ("9", Some("watch[bot]")));
    assert_eq!((account.kind, account.name.as_deref()), (AccountKind::Bot, Some("Watch")));
    assert_eq!(who.warnings, [""; 0]);
    assert_eq!(github.find(TASK, &mark(), NOW.parse().unwrap()).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn what_an_app_lacks_is_told_by_owner() {
    let server = Server::new(|asked| match asked.path() {
        "/app/installations/1/access_tokens" => {
            let ends = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(1);
            answer(201, json!({"token": "ghs_1", "expires_at": ends, "permissions": {"issues": "read"}}))
        }
        "/meta" => answer(200, json!({"installed_version": "3.18.2"})),
        _ => answer(200, json!({"id": 1, "slug": "watch", "login": "watch[bot]"})),
    })
    .await;
    let (github, _) = server.github_with(app(), &["acme/web"]);
    let warnings = github.whoami().await.unwrap().warnings;
    assert!(warnings[0].starts_with("acme: ") && warnings[0].contains("Issues: read and write"), "{warnings:?}");
    assert!(warnings[1].contains("Projects"), "{warnings:?}");
    assert!(warnings[2].contains("3.18.2 has no sub-issues") && warnings[2].contains("blocked-by"), "{warnings:?}");
}

#[tokio::test]
async fn a_project_of_an_owner_without_an_installation_parks_no_connection() {
    // The project is acme's, the selection umbrella's.
    let server = Server::new(|asked| match asked.path() {
        path if path.contains("acme") => answer(404, json!({"message": "Not Found"})),
        "/app/installations" => answer(200, json!([{"id": 2, "account": {"login": "umbrella"}}])),
        _ => respond(&mut Office::default(), asked),
    })
    .await;
    let (github, _) = server.github_with(app(), &["umbrella/lab"]);
    let page = github.pull(&stream(StreamKind::Boards), &Cursor::default()).await.unwrap();
    assert_eq!(page.unreadable[0].what, "project acme/7");
    assert!(page.partial.as_ref().unwrap().contains("the App is installed for umbrella"), "{:?}", page.partial);
    assert!(!page.more && page.source_read.is_none());
    // What is wrong with the only owner of the selection itself concerns everything.
    let err = github.owner_trouble("Umbrella", "suspended".to_owned());
    assert!(matches!(err, ConnectorError::Unauthorized { .. }), "{err}");
}

#[tokio::test]
async fn a_token_is_refused_for_what_is_said_and_not_always_for_a_suspension() {
    for (said, is_limit) in [("You have exceeded a secondary rate limit", true), ("An IP allow list is on", false)] {
        let server = Server::new(move |asked| match asked.path().ends_with("/access_tokens") {
            true => answer(403, json!({"message": said})),
            false => respond(&mut Office::default(), asked),
        })
        .await;
        let (github, _) = server.github_with(app(), &["acme/web"]);
        let err = read(&github).await.unwrap_err();
        assert!(!err.to_string().contains("suspended"), "{err}");
        assert_eq!(matches!(err, ConnectorError::Limited { .. }), is_limit, "{err}");
        assert_eq!(matches!(err, ConnectorError::Forbidden { .. }), !is_limit, "{err}");
        assert_eq!(github.limits.until("app").is_some(), is_limit);
    }
}

#[tokio::test]
async fn a_refused_write_is_remembered_while_reads_go_on() {
    let writes = Drawer::new("old");
    let server = Server::new(|asked| match asked.header("authorization") {
        Some("Bearer old") => answer(401, json!({"message": "Bad credentials"})),
        _ => answer(200, "[]"),
    })
    .await;
    let credential = Credential::Token { token: Secret::fixed("reads"), comment_token: Some(writes.secret()) };
    let (github, _) = server.github_with(credential, &["acme/web"]);
    let text = Text { summary: String::new(), blocks: Vec::new() };
    let err = github.post(TASK, &text, &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Unauthorized { .. }), "{err:?}");
    read(&github).await.unwrap();
    assert!(!github.renewed());
    writes.put("new");
    assert!(github.renewed());
    assert!(!github.renewed(), "told once, or everything would be read again and again");
}

#[tokio::test]
async fn of_an_installation_only_the_owners_repositories_are_taken() {
    let server = Server::new(|asked| match asked.path() {
        "/installation/repositories" => {
            let repositories = json!([{"id": 1, "full_name": "Acme/web"}, {"id": 2, "full_name": "umbrella/lab"}]);
            answer(200, json!({"total_count": 2, "repositories": repositories}))
        }
        _ => respond(&mut Office::default(), asked),
    })
    .await;
    let app = AppKey { app_id: "4711".to_owned(), private_key: Secret::fixed(KEY), installation_id: Some(2) };
    let (github, _) = server.github_with(Credential::App(app), &["acme/*"]);
    let page = github.pull(&stream(StreamKind::Containers), &Cursor::default()).await.unwrap();
    let names: Vec<&str> = page.containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Acme/web"]);
}
