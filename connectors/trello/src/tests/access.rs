//! Credentials, limits, and which boards are read.

use std::sync::{Arc, Mutex};

use connector_kit::secret::Secret;
use connector_kit::survey::{Examine, Survey, Verdict};
use connector_kit::{ConnectorError, Cursor, Source, StreamKey, StreamKind};
use connector_model::StatusCategory;
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;

use super::server::{BOARD, Server, World, card, id, stream};

fn containers() -> StreamKey {
    StreamKey { kind: StreamKind::Containers, scope: None }
}

#[tokio::test]
async fn a_refused_token_stops_the_connection_until_it_is_another_one() {
    let mut world = World::small();
    world.instead = Some(Box::new(|asked| {
        let is_good = asked.header("authorization").unwrap().contains("\"fresh\"");
        (!is_good).then(|| (401, "invalid token".into()))
    }));
    let server = Server::new(world).await;
    let held = Arc::new(Mutex::new("stale"));
    let value = held.clone();
    let token = Secret::new(move || Ok(SecretString::from(*value.lock().unwrap())));
    let (trello, _) = server.trello_with(|config| config.token = token);
    let error = trello.whoami().await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Unauthorized { .. }), "{error}");
    assert!(!error.to_string().contains("stale"));
    assert_eq!(server.calls().len(), 1, "it is not tried again with the same one");
    assert!(!trello.renewed());
    *held.lock().unwrap() = "fresh";
    assert!(trello.renewed());
    assert!(trello.whoami().await.is_ok());
    assert!(!trello.renewed());
}

#[tokio::test]
async fn a_board_that_refuses_us_is_held_alone() {
    let mut world = World::small();
    world.instead = Some(Box::new(|asked| {
        asked.path().starts_with("boards/").then(|| (401, "unauthorized permission requested".into()))
    }));
    let server = Server::new(world).await;
    let trello = server.trello();
    let error = trello.pull(&stream(StreamKind::Tasks, BOARD), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Forbidden { .. }), "{error}");
    assert!(!trello.renewed());
    let page = trello.pull(&containers(), &Cursor::default()).await.unwrap();
    assert_eq!(page.containers.len(), 1, "what refuses its lists is a board all the same");
}

#[tokio::test]
async fn a_limit_is_waited_for_and_that_of_members_for_a_quarter_of_an_hour() {
    let mut world = World::small();
    world.instead = Some(Box::new(|asked| {
        asked.path().starts_with("members/").then(|| (429, json!({"error": "RATE_LIMIT_EXCEEDED", "message": "x"})))
    }));
    let server = Server::new(world).await;
    let trello = server.trello();
    let error = trello.whoami().await.unwrap_err();
    let ConnectorError::Limited { retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, SignedDuration::from_mins(15));
    assert_eq!(server.calls().len(), 1);
    assert!(matches!(trello.whoami().await, Err(ConnectorError::Limited { .. })));
    assert_eq!(server.calls().len(), 0, "nothing is asked within the wait");
}

#[tokio::test]
async fn a_limit_of_ten_seconds_is_waited_for_so_long_and_no_longer_and_an_unknown_one_longer() {
    for (limit, seconds) in
        [("API_TOKEN_LIMIT_EXCEEDED", 10), ("API_KEY_LIMIT_EXCEEDED", 10), ("API_TOKEN_DB_LIMIT_EXCEEDED", 60)]
    {
        let mut world = World::small();
        world.instead = Some(Box::new(move |asked| {
            asked.path().starts_with("boards/").then(|| (429, json!({"error": limit, "message": "x"})))
        }));
        let server = Server::new(world).await;
        let (trello, clock) = server.trello_with(|_| {});
        for _ in 0..2 {
            let error = trello.pull(&stream(StreamKind::Tasks, BOARD), &Cursor::default()).await.unwrap_err();
            let ConnectorError::Limited { retry_after, .. } = error else { panic!("{error}") };
            assert_eq!(retry_after, SignedDuration::from_secs(seconds), "{limit}");
            if seconds > 10 {
                break;
            }
            clock.advance(retry_after);
        }
    }
}

#[tokio::test]
async fn boards_are_found_by_id_short_link_or_name() {
    let mut world = World::small();
    world.boards = vec![
        json!({"id": id(1), "name": "Studio", "closed": false, "shortLink": "aaaaaaa1"}),
        json!({"id": id(2), "name": "Shop", "closed": false, "shortLink": "aaaaaaa2"}),
        json!({"id": id(3), "name": "Old", "closed": true, "shortLink": "aaaaaaa3"}),
        json!({"id": id(4), "name": "Unlisted", "closed": true, "shortLink": "aaaaaaa4", "hidden": true}),
    ];
    let server = Server::new(world).await;
    let (all, _) = server.trello_with(|_| {});
    let page = all.pull(&containers(), &Cursor::default()).await.unwrap();
    let names: Vec<&str> = page.containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Studio", "Shop"], "a closed one is not listed, whatever the filter lets through");
    assert_eq!(page.accounts.len(), 6);
    let wanted = ["studio", &id(2), "aaaaaaa4", "Nowhere"].map(str::to_owned);
    let (some, _) = server.trello_with(|config| config.boards = wanted.to_vec());
    let page = some.pull(&containers(), &Cursor::default()).await.unwrap();
    let found: Vec<(&str, bool)> = page.containers.iter().map(|one| (one.at.ext.as_str(), one.open)).collect();
    assert_eq!(found, [(id(1).as_str(), true), (id(2).as_str(), true), (id(4).as_str(), false)]);
    assert!(page.partial.unwrap().contains("Nowhere"));
    let (none, _) = server.trello_with(|config| config.boards = vec!["Nowhere".to_owned()]);
    let error = none.pull(&containers(), &Cursor::default()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::NotVisible { .. }), "{error}");
}

#[tokio::test]
async fn a_board_that_is_watched_by_its_name_is_closed_though_no_list_shows_it_any_more() {
    let mut world = World::small();
    world.boards.push(json!({"id": id(2), "name": "Shop", "closed": false, "shortLink": "aaaaaaa2"}));
    let server = Server::new(world).await;
    let wanted = vec!["studio".to_owned(), "Shop".to_owned()];
    let (trello, _) = server.trello_with(|config| config.boards = wanted.clone());
    let first = trello.pull(&containers(), &Cursor::default()).await.unwrap();
    for (name, closed) in [("closed", true), ("hidden", true)] {
        server.world.lock().unwrap().boards[1][name] = closed.into();
    }
    // Another process knows only what its cursor tells.
    let (trello, _) = server.trello_with(|config| config.boards = wanted);
    let page = trello.pull(&containers(), &first.next).await.unwrap();
    let found: Vec<(&str, bool)> = page.containers.iter().map(|one| (one.name.as_str(), one.open)).collect();
    assert_eq!((found, page.partial), (vec![("Studio", true), ("Shop", false)], None));
    server.world.lock().unwrap().boards.remove(1);
    let gone = trello.pull(&containers(), &page.next).await.unwrap();
    assert!(gone.partial.unwrap().contains("Shop"), "deleted or out of reach: nothing is concluded");
    let again = trello.pull(&containers(), &gone.next).await.unwrap();
    assert!(again.partial.is_some() && again.next == gone.next);
}

#[tokio::test]
async fn a_token_that_ends_soon_is_warned_about() {
    let token = |name: &str, end: Option<&str>| json!({"identifier": name, "dateExpires": end, "permissions": [{"modelType": "Board", "read": true, "write": true}]});
    let mut world = World::small();
    world.tokens = vec![token("gapwatch", Some("2026-03-20T09:00:00.000Z"))];
    let server = Server::new(world).await;
    let trello = server.trello();
    let who = trello.whoami().await.unwrap();
    assert_eq!((who.account.unwrap().ext, who.site.tool), ("bot".to_owned(), "trello".to_owned()));
    assert_eq!(who.warnings, ["the token ends on 2026-03-20, in 9 days: make one with expiration=never"]);
    server.world.lock().unwrap().tokens =
        vec![token("gapwatch", None), token("other", Some("2026-03-12T09:00:00.000Z"))];
    let who = trello.whoami().await.unwrap();
    assert!(who.warnings[0].starts_with("the token \"other\", one of 2 of this account,"), "{:?}", who.warnings);
    let mut read_only = token("gapwatch", None);
    read_only["permissions"][0]["write"] = false.into();
    server.world.lock().unwrap().tokens = vec![read_only];
    assert!(trello.whoami().await.unwrap().warnings[0].contains("may not write"));
}

#[tokio::test]
async fn what_a_first_configuration_needs_is_told() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l1"), card(&id(2), "l4")];
    world.cards[1]["idMembers"] = json!(["m1", "m2"]);
    let server = Server::new(world).await;
    let trello = server.trello();
    let sight = trello.visible().await.unwrap();
    assert_eq!((sight.containers[0].name.as_str(), sight.containers[0].open), ("Studio", 2));
    let people = trello.assignees("Studio").await.unwrap();
    let handles: Vec<&str> = people.iter().filter_map(|one| one.handle.as_deref()).collect();
    assert_eq!(handles, ["ana", "ben"]);
    assert_eq!(trello.labels("Studio").await.unwrap(), ["Misc"], "lists whose names say nothing");
}

#[tokio::test]
async fn a_connection_tells_what_its_boards_do_not() {
    let server = Server::new(World::small()).await;
    let fields = crate::Fields { estimate: Some("Size".to_owned()), ..crate::Fields::default() };
    let (trello, _) = server.trello_with(|config| config.fields = fields);
    let findings = trello.examine(&["Studio".to_owned(), "Nowhere".to_owned()]).await;
    let says = |verdict: Verdict, words: &str| {
        findings.iter().any(|finding| finding.verdict == verdict && finding.what.contains(words))
    };
    assert!(says(Verdict::Good, "logged in as gapwatch"), "{findings:?}");
    assert!(says(Verdict::Warning, "1 list has a name whose state is unknown: Misc"), "{findings:?}");
    assert!(says(Verdict::Warning, "no custom field is called Size"), "{findings:?}");
    assert!(says(Verdict::Unavailable, "board Nowhere"), "{findings:?}");
    assert!(server.asked().iter().all(|one| one.method == "GET"), "it only reads");
}

#[tokio::test]
async fn what_the_configuration_names_and_no_board_has_is_told() {
    let mut world = World::small();
    world.lists = vec![json!({"id": "l1", "name": "Misc", "closed": false})];
    world.members.truncate(1);
    world.labels =
        vec![json!({"id": "x1", "name": "On hold", "color": "red"}), json!({"id": "x2", "name": "", "color": "sky"})];
    world.fields = vec![
        json!({"id": "f1", "name": "Priority", "type": "list"}),
        json!({"id": "f2", "name": "Size", "type": "number"}),
    ];
    let server = Server::new(world).await;
    let named = |text: &str| Some(text.to_owned());
    let fields = crate::Fields { progress: named("Priority"), estimate: named("size"), ..crate::Fields::default() };
    let (trello, _) = server.trello_with(|config| {
        config.fields = fields;
        let waiting = ["on hold", "sky", "Misc", "Nowhere"].map(|word| (word.to_owned(), StatusCategory::Waiting));
        config.states = waiting.into_iter().collect();
    });
    let findings = trello.examine(&["Studio".to_owned()]).await;
    let warnings: Vec<&str> =
        findings.iter().filter(|one| one.verdict == Verdict::Warning).map(|one| one.what.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "Studio: the custom field Priority holds a list, and a number is needed",
            "`states` names \"nowhere\": no list and no label is called so",
        ]
    );
    assert!(findings.iter().any(|one| one.what == "Studio: 1 list, 1 member"), "{findings:?}");
    let misnamed: Vec<String> =
        trello.misnamed(&[BOARD.to_owned()]).await.unwrap().into_iter().map(|one| one.what).collect();
    assert_eq!(misnamed, ["`states` names \"nowhere\": no list and no label is called so"]);
    let size = crate::Fields { estimate: named("Hours"), ..crate::Fields::default() };
    let (trello, _) = server.trello_with(|config| config.fields = size);
    let misnamed = trello.misnamed(&[BOARD.to_owned()]).await.unwrap();
    assert_eq!(misnamed[0].what, "`fields` names \"Hours\": no custom field is called so");
    server.asked();
    assert_eq!(server.trello().misnamed(&[BOARD.to_owned()]).await.unwrap(), []);
    assert!(server.asked().is_empty(), "nothing is asked where nothing is named");
}
