//! What only Trello fails with: refusals in plain words, one status for a dead token and for one board, limits that nothing
//! announces, writes that are only taken note of.

use connector_simulator::Fault;
use connector_simulator::trello::CardDraft;
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use crate::contract::trackers::Tracker::Trello;
use crate::trackers::faults::{FOR_EVER, LATE, SECOND, asked, is_survived, late, nothing_is_lost, troubled, watch};
use crate::world::{WEB_SHOP, World};

/// As Trello refuses: a line of text, which is no JSON.
fn plain(status: u16, words: &str) -> Fault {
    Fault::Answer(status, vec![("content-type", "text/plain; charset=utf-8".to_owned())], words.to_owned())
}

fn limit(code: &str, message: &str) -> Fault {
    Fault::Answer(429, Vec::new(), format!("{{\"error\":\"{code}\",\"message\":\"{message}\"}}"))
}

#[tokio::test]
async fn a_credential_that_is_no_good_any_more_is_survived_in_each_of_its_words() {
    for words in ["invalid token", "expired token", "invalid key"] {
        is_survived(Trello, plain(401, words), FailureKind::Refused).await;
    }
}

#[tokio::test]
async fn permission_for_nothing_is_survived() {
    is_survived(Trello, plain(401, "unauthorized permission requested"), FailureKind::Forbidden).await;
}

#[tokio::test]
async fn a_block_by_an_administrator_is_survived() {
    is_survived(Trello, plain(403, "forbidden"), FailureKind::Forbidden).await;
}

#[tokio::test]
async fn troubles_in_plain_words_are_survived() {
    for (status, words) in [(500, "Internal Server Error"), (503, "Service Unavailable"), (504, "upstream timeout")] {
        is_survived(Trello, plain(status, words), FailureKind::Unavailable).await;
    }
}

#[tokio::test]
async fn a_login_page_is_survived() {
    is_survived(Trello, Fault::Html200, FailureKind::Unavailable).await;
}

#[tokio::test]
async fn limits_that_say_no_time_are_waited_for_and_never_asked_into_a_lock() {
    let page = Fault::Answer(429, vec![("content-type", "text/html".to_owned())], "<html>Too many</html>".to_owned());
    for (fault, most) in [
        (limit("API_KEY_LIMIT_EXCEEDED", "Rate limit exceeded"), 120),
        (limit("API_TOKEN_LIMIT_EXCEEDED", "Rate limit exceeded"), 120),
        (limit("API_TOKEN_DB_LIMIT_EXCEEDED", "Rate limit exceeded"), 120),
        (limit("RATE_LIMIT_EXCEEDED", "Exceeded rate limit to /1/members"), 120),
        (page, 120),
    ] {
        let why = format!("{fault:?}");
        let (mut world, keys) = troubled(Trello).await;
        world.sim.fail_next(Trello.tool(), "", fault, FOR_EVER);
        Trello.finish(&world, &keys[0], "ana");
        world.sim.forget_requests();
        watch(&mut world, "2026-03-16T13:00:00Z").await;
        let an_hour = asked(&world, Trello).len() / 2;
        assert!(an_hour <= most, "{why}: {an_hour} requests an hour");
        nothing_is_lost(&mut world, &why).await;
        world.sim.heal();
        watch(&mut world, "2026-03-16T15:00:00Z").await;
        assert_eq!(world.connection().await.failure, None, "{why}");
        assert_eq!(late(&world).await, [SECOND], "{why}");
        println!("figure T-F4: {why}: {an_hour} requests an hour");
    }
}

#[tokio::test]
async fn what_is_too_much_at_once_is_read_in_smaller_pages() {
    let (mut world, _) = troubled(Trello).await;
    for nth in 0..120 {
        Trello.task(&world, &format!("task {nth:03}"), None);
    }
    world.sim.trello().page_limit(Some(60));
    for _ in 0..3 {
        world.later(SignedDuration::from_mins(5)).poll().await;
        assert_eq!(world.connection().await.failure, None);
    }
    assert_eq!(world.store_titles().len(), 122);
    world.sim.forget_requests();
    world.later(SignedDuration::from_mins(5)).poll().await;
    let asked = asked(&world, Trello);
    assert!(asked.iter().all(|request| request.status == Some(200)), "too much is not asked for again: {asked:?}");
}

#[tokio::test]
async fn an_answer_that_shows_something_deleted_with_a_good_status_takes_nothing_away() {
    let (mut world, _) = troubled(Trello).await;
    for body in ["{\"_value\":null}", "{\"_value\": null }"] {
        world.sim.fail_next(Trello.tool(), "", Fault::Status(200, body.to_owned()), FOR_EVER);
        for _ in 0..4 {
            world.later(SignedDuration::from_mins(70)).poll().await;
        }
        nothing_is_lost(&mut world, body).await;
        world.sim.heal();
    }
}

/// What is done to a board, and undone.
type Deed = fn(&World, bool);

#[tokio::test]
async fn a_board_that_is_hidden_refused_or_closed_takes_nothing_away_and_comes_back() {
    let deeds: [(&str, Deed); 3] = [
        ("404", |world, on| world.sim.trello().conceal(WEB_SHOP, on)),
        ("401", |world, on| world.sim.trello().hide(WEB_SHOP, on)),
        ("closed", |world, on| world.sim.trello().close_board(WEB_SHOP, on)),
    ];
    for (what, deed) in deeds {
        let (mut world, keys) = troubled(Trello).await;
        deed(&world, true);
        watch(&mut world, "2026-03-16T15:00:00Z").await;
        let gone = crate::lab::rows(&world.store(), "SELECT key FROM tasks WHERE gone_at IS NOT NULL");
        assert_eq!(gone, [""; 0], "{what}");
        let sent = world.sent();
        assert!(sent.iter().all(|sent| !sent.contains("esolved") && !sent.contains("deleted")), "{what}: {sent:#?}");
        deed(&world, false);
        world.later(SignedDuration::from_mins(70));
        Trello.finish(&world, &keys[0], "ana");
        for _ in 0..2 {
            world.later(SignedDuration::from_mins(30)).run().await;
        }
        let open = late(&world).await;
        assert!(open.len() == 1 && open[0].starts_with(SECOND), "{what}: {open:?}");
        assert_eq!(world.connection().await.failure, None, "{what}");
    }
}

/// Two boards, each with a late card of Ana's: `Redesign homepage` and `Second`.
async fn two_boards() -> (World, [String; 2]) {
    let plan = World::plan().on_trello("boards = [\"Web shop\", \"Operations\"]");
    let mut world = plan.more("[operators]\nchannel = \"#ops\"\n").begin("2026-03-02T09:00:00Z").await;
    let trello = world.sim.trello();
    trello.board("Operations");
    for login in ["ana", "max", "gapwatch"] {
        trello.join("Operations", login);
    }
    let card = |board: &str, title: &str| {
        let draft = CardDraft { members: vec!["ana".to_owned()], ..CardDraft::new(title) };
        trello.card(board, "Doing", draft)
    };
    let keys = [card(WEB_SHOP, "Redesign homepage"), card("Operations", "Second")];
    for key in &keys {
        Trello.due(&world, key, "2026-03-13");
    }
    world.run().await;
    world.at("2026-03-16T10:00:00Z").run().await;
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(late(&world).await, [LATE, SECOND]);
    world.sent();
    (world, keys)
}

#[tokio::test]
async fn a_board_that_this_account_may_not_see_stops_no_other() {
    let (mut world, keys) = two_boards().await;
    world.sim.trello().hide(WEB_SHOP, true);
    Trello.finish(&world, &keys[1], "ana");
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    let open = late(&world).await;
    assert!(open.iter().all(|gap| !gap.starts_with(SECOND)), "the other board is read: {open:?}");
    assert!(open.iter().any(|gap| gap.starts_with(LATE)), "what is not seen is not over: {open:?}");
    assert!(world.connection().await.failure.is_none_or(|(kind, _)| kind != FailureKind::Refused), "the token is good");
}

#[tokio::test]
async fn a_steady_poll_is_at_most_two_calls_a_board() {
    let (mut world, _) = two_boards().await;
    watch(&mut world, "2026-03-16T11:20:00Z").await;
    for _ in 0..5 {
        world.sim.forget_requests();
        world.later(SignedDuration::from_mins(2)).poll().await;
        let paths: Vec<String> = asked(&world, Trello).into_iter().map(|request| request.path).collect();
        assert_eq!(paths.len(), 4, "{paths:?}");
        assert_eq!(paths.iter().filter(|path| path.ends_with("/cards")).count(), 2, "{paths:?}");
        assert_eq!(paths.iter().filter(|path| path.ends_with("/actions")).count(), 2, "{paths:?}");
    }
}

#[tokio::test]
async fn a_comment_that_is_only_taken_note_of_is_found_edited_and_never_repeated() {
    let (mut world, keys) = two_boards().await;
    world.sim.trello().accepted_only(true);
    let draft = CardDraft { members: vec!["ana".to_owned()], ..CardDraft::new("Third") };
    let third = world.sim.trello().at(crate::world::at("2026-03-02T09:00:00Z")).card(WEB_SHOP, "Doing", draft);
    Trello.due_at(&world, &third, "2026-03-16T12:00:00Z");
    watch(&mut world, "2026-03-17T13:30:00Z").await;
    let ours = Trello.our_comments(&world, &third);
    assert_eq!(ours.len(), 1, "{ours:?}");
    for key in [&third, &keys[0]] {
        Trello.finish(&world, key, "ana");
    }
    watch(&mut world, "2026-03-17T14:30:00Z").await;
    for key in [&third, &keys[0]] {
        let ours = Trello.our_comments(&world, key);
        assert!(ours.len() == 1 && ours[0].contains("resolved"), "{ours:?}");
    }
    assert_eq!(late(&world).await, [SECOND]);
}
