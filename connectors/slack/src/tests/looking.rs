//! What is told of the workspace and of the connection itself.

use connector_kit::survey::{Examine, Members, Verdict};
use serde_json::json;

use super::server::{Answer, Server};
use super::slack;

const ALL: &str = "chat:write,chat:write.public,im:write,users:read,users:read.email,im:history,channels:history,\
    groups:history,channels:read,groups:read,channels:join";

fn whoami() -> Answer {
    Answer::ok(json!({"team": "Acme", "user": "gapwatch", "user_id": "UBOT"})).with("x-oauth-scopes", ALL)
}

fn list() -> Answer {
    Answer::ok(
        json!({"channels": [{"id": "C1", "name": "delivery"}, {"id": "C2", "name": "inner"}, {"id": "C3", "name": "old"}]}),
    )
}

#[tokio::test]
async fn it_says_which_workspace_it_is_and_whether_each_channel_can_be_reached() {
    let info = |more: serde_json::Value| Answer::ok(json!({"channel": more}));
    let server = Server::start([
        ("auth.test", vec![whoami()]),
        ("conversations.list", vec![list(), list(), list(), list()]),
        (
            "conversations.info",
            vec![
                info(json!({"id": "C1", "is_member": false, "is_private": false})),
                info(json!({"id": "C2", "is_member": false, "is_private": true})),
                info(json!({"id": "C3", "is_archived": true})),
            ],
        ),
    ])
    .await;
    let channels = ["#delivery", "#inner", "#old", "#nowhere"].map(str::to_owned);
    let findings = slack(&server).examine(&channels).await;
    let found: Vec<(Verdict, &str)> = findings.iter().map(|one| (one.verdict, one.what.as_str())).collect();
    for expected in [
        (Verdict::Good, "logged in as gapwatch in the workspace Acme"),
        (Verdict::Good, "the bot token has every scope it needs"),
        (Verdict::Good, "the channel #delivery can be reached"),
        (Verdict::Refused, "the app is not a member of the private channel #inner"),
        (Verdict::Misconfigured, "the channel #old is archived"),
        (Verdict::Unavailable, "the bot can see no channel #nowhere"),
    ] {
        assert!(found.contains(&expected), "{expected:?}: {found:#?}");
    }
    assert!(findings.iter().all(|one| one.verdict == Verdict::Good || one.todo.is_some()), "each says what to do");
    assert!(server.calls().iter().all(|call| !call.path.contains("chat.")), "it only reads");
}

#[tokio::test]
async fn a_dead_token_is_the_only_thing_said() {
    let server = Server::start([("auth.test", vec![Answer::no("token_revoked")])]).await;
    let findings = slack(&server).examine(&["#delivery".to_owned()]).await;
    assert_eq!(findings.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::Refused]);
}

#[tokio::test]
async fn everybody_is_listed_by_all_their_names_without_bots_and_whoever_is_gone() {
    let user = |id: &str, more: serde_json::Value| {
        let mut user = json!({"id": id, "real_name": "Ana Kovac", "profile": {"display_name": "ana"}});
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        user
    };
    let server = Server::start([(
        "users.list",
        vec![
            Answer::ok(json!({"members": [user("U1", json!({})), user("U2", json!({"deleted": true}))],
            "response_metadata": {"next_cursor": "more"}})),
            Answer::ok(json!({"members": [user("U3", json!({"is_bot": true})), user("USLACKBOT", json!({})),
            user("U4", json!({"profile": {}}))], "response_metadata": {"next_cursor": ""}})),
        ],
    )])
    .await;
    let members = slack(&server).members().await.unwrap();
    let seen: Vec<_> = members.iter().map(|one| (one.id.as_str(), one.names.join("|"))).collect();
    assert_eq!(seen, [("U1", "Ana Kovac|ana".to_owned()), ("U4", "Ana Kovac".to_owned())]);
    assert_eq!(server.calls()[1].query("cursor").as_deref(), Some("more"));
}
