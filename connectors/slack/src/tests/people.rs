//! Finding people, and saying why nobody was found.

use super::*;

fn email(address: &str) -> Destination {
    Destination::Email(address.to_owned())
}

fn found(fields: Value) -> Answer {
    Answer::ok(json!({"user": fields}))
}

async fn asked(answers: Vec<Answer>) -> (Slack, Server) {
    let server = Server::start([("users.lookupByEmail", answers)]).await;
    (slack(&server), server)
}

#[tokio::test]
async fn nobody_a_bot_a_guest_and_a_stranger_are_not_told_by_e_mail() {
    let cases = [
        (Answer::no("users_not_found"), "e-mail"),
        (found(json!({"id": "U1", "is_bot": true})), "bot"),
        (found(json!({"id": "USLACKBOT", "is_bot": false})), "bot"),
        (found(json!({"id": "U2", "deleted": true})), "deactivated"),
        (found(json!({"id": "U3", "is_restricted": true})), "guest"),
        (found(json!({"id": "U4", "is_restricted": true, "is_ultra_restricted": true})), "guest"),
        (found(json!({"id": "U5", "is_stranger": true})), "another organisation"),
    ];
    for (answer, words) in cases {
        let (slack, server) = asked(vec![answer]).await;
        assert_eq!(slack.lookup(&email("a@example.org")).await.unwrap(), None, "{words}");
        let error = slack.send(&email("A@example.org "), &body(), &mark(), None).await.unwrap_err();
        assert!(matches!(&error, WriteError::Refused { because } if because.contains(words)), "{words}: {error}");
        assert_eq!(server.calls().len(), 1, "asked once: {words}");
    }
}

#[tokio::test]
async fn an_id_that_the_configuration_names_is_the_operators_word_for_guests_too() {
    let guest = found(json!({"id": "U3", "is_restricted": true, "tz": "Europe/Berlin"}));
    let server = Server::start([("users.info", vec![guest])]).await;
    let profile = slack(&server).lookup(&user("U3")).await.unwrap().unwrap();
    assert_eq!(profile.id, "U3");
}

#[tokio::test]
async fn nobody_is_asked_for_again_after_an_hour_and_somebody_after_a_day() {
    let ana = || found(json!({"id": "U1"}));
    let server = Server::start([("users.lookupByEmail", vec![Answer::no("users_not_found"), ana(), ana()])]).await;
    let clock = Arc::new(Clockwork::new(at("2025-03-11T09:00:00Z")));
    let slack = Slack::new(config(&server, &[]), clock.clone()).unwrap();
    let ana = email("ana@example.org");
    for (time, there, calls) in [
        ("2025-03-11T09:00:00Z", false, 1),
        ("2025-03-11T09:59:00Z", false, 1),
        ("2025-03-11T10:01:00Z", true, 2),
        ("2025-03-12T10:00:00Z", true, 2),
        ("2025-03-12T10:02:00Z", true, 3),
    ] {
        clock.sleep_until(at(time)).await;
        assert_eq!(slack.lookup(&ana).await.unwrap().is_some(), there, "{time}");
        assert_eq!(server.calls().len(), calls, "{time}");
    }
}

fn members(members: Value, next: &str) -> Answer {
    Answer::ok(json!({"members": members, "response_metadata": {"next_cursor": next}}))
}

#[tokio::test]
async fn a_deactivated_person_is_told_apart_from_an_unknown_one_by_the_list_of_members() {
    let first = members(json!([{"id": "U1", "deleted": false, "profile": {"email": "ana@example.org"}}]), "NEXT");
    let second = members(
        json!([{"id": "U2", "deleted": true, "profile": {"email": "Old@example.org"}}, {"id": "U3", "deleted": true}]),
        "",
    );
    let server = Server::start([
        ("users.lookupByEmail", vec![Answer::no("users_not_found"), Answer::no("users_not_found")]),
        ("users.list", vec![first, second]),
    ])
    .await;
    let slack = slack(&server);
    let old = slack.absence(&email("old@example.org")).await.unwrap();
    assert!(old.contains("deactivated") && !old.contains("nobody"), "{old}");
    let new = slack.absence(&email("typo@example.org")).await.unwrap();
    assert!(new.contains("nobody") && new.contains("also.slack"), "{new}");
    let methods = server.methods();
    assert_eq!(methods.iter().filter(|method| *method == "users.list").count(), 2, "read once: {methods:?}");
    assert_eq!(server.calls()[2].query("cursor").as_deref(), Some("NEXT"));
    let error = slack.send(&email("old@example.org"), &body(), &mark(), None).await.unwrap_err();
    assert!(error.to_string().contains("is deactivated"), "{error}");
}

#[tokio::test]
async fn a_list_of_members_that_cannot_be_read_is_an_error_and_not_an_answer() {
    let server = Server::start([
        ("users.lookupByEmail", vec![Answer::no("users_not_found")]),
        ("users.list", vec![Answer::no("missing_scope")]),
    ])
    .await;
    assert!(slack(&server).absence(&email("old@example.org")).await.is_err());
}
