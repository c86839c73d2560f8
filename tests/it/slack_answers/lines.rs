//! Websockets that end, are silent, carry rubbish or cannot be opened: no press is lost.

use serde_json::json;

use super::{APP_TOKEN, Office, Way, buttons, until};

#[tokio::test]
async fn a_websocket_that_ends_soon_is_replaced_before_it_closes_and_both_are_heard() {
    for reason in ["warning", "refresh_requested"] {
        let mut office = Office::open(Way::Socket).await;
        let slack = office.world.slack();
        slack.announce_end(reason);
        until("the next one is open", || slack.sockets() == 2).await;
        // What still comes in on the first.
        let payload = slack.press("U0ANA", &office.message("U0ANA"), "3 days");
        let id = slack.over_oldest_socket(&payload).unwrap();
        until("it is acknowledged", || slack.acknowledged().contains(&id)).await;
        office.world.decide_and_deliver().await;
        assert_eq!(buttons(&office.message("U0ANA")), ["Undo"], "{reason}");
        slack.close_oldest_socket();
        until("the first is closed", || slack.sockets() == 1).await;
        office.press(Way::Socket, "U0ANA", "Undo").await;
        assert_ne!(buttons(&office.message("U0ANA")), ["Undo"], "{reason}");
        assert_eq!(slack.sockets_so_far(), 2, "{reason}: no third one was needed");
    }
}

#[tokio::test]
async fn a_press_that_was_cut_off_comes_again_on_the_next_websocket() {
    let mut office = Office::open(Way::Socket).await;
    let slack = office.world.slack();
    slack.close_oldest_socket();
    until("it is closed", || slack.sockets() == 0 || slack.sockets_so_far() == 2).await;
    until("the next one is open", || slack.sockets() == 1 && slack.sockets_so_far() == 2).await;
    // Sent into one that closes at the same moment: acknowledged here or there.
    let payload = slack.press("U0ANA", &office.message("U0ANA"), "3 days");
    slack.close_oldest_socket();
    let id = slack.over_socket(&payload).unwrap();
    until("it is acknowledged", || slack.acknowledged().contains(&id)).await;
    office.world.decide_and_deliver().await;
    assert!(office.world.last_words("@ana").contains("snoozed until"));
    assert_eq!(office.kept(), "1");
}

#[tokio::test]
async fn rubbish_on_a_websocket_is_passed_over() {
    let mut office = Office::open(Way::Socket).await;
    let slack = office.world.slack();
    for text in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        json!({ "type": "interactive" }).to_string(),
        json!({ "type": "disconnect" , "reason": 7 }).to_string(),
        json!({ "type": "interactive", "envelope_id": "r1", "payload": "x" }).to_string(),
        json!({ "type": "interactive", "envelope_id": "r2", "payload": { "type": "block_actions", "actions": 7 } })
            .to_string(),
        json!({ "type": "events_api", "envelope_id": "r3", "payload": { "event": { "type": "message" } } }).to_string(),
        json!({ "type": "slash_commands", "envelope_id": "r4", "payload": {} }).to_string(),
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
    ] {
        slack.say_on_sockets(&text);
    }
    let taken = || ["r1", "r2", "r3", "r4"].iter().all(|id| slack.acknowledged().iter().any(|one| one == id));
    until("what cannot be understood is not sent again and again", taken).await;
    office.press(Way::Socket, "U0ANA", "3 days").await;
    assert_eq!(buttons(&office.message("U0ANA")), ["Undo"]);
    assert_eq!((slack.sockets_so_far(), office.kept().as_str()), (1, "1"));
    // Too much for one message: that websocket is given up, and another one opened.
    slack.say_on_sockets(&"x".repeat(3 << 20));
    until("another one is open", || slack.sockets() == 1 && slack.sockets_so_far() == 2).await;
    office.press(Way::Socket, "U0ANA", "Undo").await;
    assert_ne!(buttons(&office.message("U0ANA")), ["Undo"]);
}

#[tokio::test]
async fn presses_are_heard_again_once_slack_lets_us() {
    let mut office = Office::open(Way::Socket).await;
    let slack = office.world.slack();
    slack.socket_mode(false);
    slack.close_oldest_socket();
    until("it is closed", || slack.sockets() == 0).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_700)).await;
    assert_eq!(slack.sockets(), 0);
    let core = office.world.engine().core.clone();
    let troubles = core.troubles().await;
    assert!(troubles.iter().any(|words| words.starts_with("buttons in Slack are not heard: ")), "{troubles:?}");
    slack.socket_mode(true);
    until("another one is open", || slack.sockets() == 1).await;
    office.press(Way::Socket, "U0ANA", "3 days").await;
    assert_eq!(buttons(&office.message("U0ANA")), ["Undo"]);
    assert_eq!(core.troubles().await, [""; 0]);
}

#[tokio::test]
async fn where_slack_wants_no_websocket_any_more_the_operator_is_told_and_nobody_knocks() {
    let office = Office::open(Way::Socket).await;
    let slack = office.world.slack();
    slack.announce_end("link_disabled");
    until("it is closed", || slack.sockets() == 0).await;
    let core = office.world.engine().core.clone();
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let words = "buttons in Slack are not heard: Socket Mode is switched off in the app's settings";
    assert_eq!(core.troubles().await, [words]);
    assert_eq!(slack.sockets_so_far(), 1);
}

#[tokio::test]
async fn the_app_s_token_goes_to_one_call_alone_and_the_websocket_to_nobody_else() {
    let office = Office::open(Way::Socket).await;
    assert_eq!(office.world.sim.foreign_hits().len(), 0);
    let opened = office.world.sim.requests();
    let opened = opened.iter().filter(|one| one.path.ends_with("apps.connections.open")).count();
    assert_eq!(opened, 1);
    // The model refuses this token everywhere else, and every other token there.
    let url = format!("{}/chat.postMessage", office.world.sim.slack_url());
    let body = json!({ "channel": "#delivery", "text": "x" });
    let answer = reqwest::Client::new().post(url).bearer_auth(APP_TOKEN).json(&body).send().await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["error"], "not_allowed_token_type");
}

#[tokio::test]
async fn a_press_that_cannot_be_kept_is_not_taken_and_counts_once_when_it_comes_again() {
    let mut office = Office::open(Way::Http).await;
    let payload = office.world.slack().press("U0ANA", &office.message("U0ANA"), "3 days");
    let other = rusqlite::Connection::open(office.world.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(office.send(Way::Http, &payload).await, 503);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(office.send(Way::Http, &payload).await, 200);
    office.world.decide_and_deliver().await;
    assert!(office.world.last_words("@ana").contains("snoozed until"), "{}", office.world.last_words("@ana"));
    assert_eq!(office.kept(), "1");
}
