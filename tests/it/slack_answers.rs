//! Answers by the buttons of Slack's messages: every one of them, over a websocket and by signed HTTP, and what is refused.

mod forged;
mod lines;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use connector_simulator::{Posted, SlackMessage};
use gapwatch::jobs::presses;
use gapwatch::jobs::reload::Reloads;
use gapwatch::web::{self, Live, Shared};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::pipeline::{lives, plant};
use crate::service::ask;
use crate::world::{Plan, REPO, World, at};

pub(super) const APP_TOKEN: &str = "xapp-1-A0GAPWATCH-canary-of-the-app";
pub(super) const SIGNING_SECRET: &str = "8f742231b10e8888abcd99aaaccc85a5";
const NOT_YOURS: &str = "Only the task's owner, their manager and the operators can do this";

/// How a press comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Http,
}

/// A world whose presses are heard.
pub(super) struct Office {
    pub(super) world: World,
    pub(super) at: SocketAddr,
    stop: CancellationToken,
}

fn lines(way: Way) -> String {
    match way {
        Way::Socket => format!("app_token = \"{APP_TOKEN}\"\n"),
        Way::Http => format!("signing_secret = \"{SIGNING_SECRET}\"\n"),
    }
}

impl Office {
    /// Monday morning: Ana's task was due on Friday, and she was told.
    pub(super) async fn open(way: Way) -> Office {
        let mut office = Office::of(World::plan().slack(&lines(way)), "Redesign homepage").await;
        office.listen(way).await;
        office
    }

    /// The same with both ways, and this title.
    pub(super) async fn of(plan: Plan, title: &str) -> Office {
        let mut world = plan.begin("2026-03-02T09:00:00Z").await;
        plant(&mut world, 9, "2026-03-13").await;
        world.github().edit_title(REPO, 1, "max-w", title, at("2026-03-12T10:00:00Z"));
        lives(&world, "2026-03-13T11:00:00Z");
        world.at("2026-03-16T08:50:00Z").run().await;
        world.at("2026-03-16T09:10:00Z").run().await;
        let mut office = Office { world, at: ([127, 0, 0, 1], 0).into(), stop: CancellationToken::new() };
        office.serve().await;
        office
    }

    /// Hears presses, by both ways as far as they are configured.
    pub(super) async fn serve(&mut self) {
        self.stop = CancellationToken::new();
        let engine = self.world.engine();
        let (reloads, _) = Reloads::channel();
        let shared = Arc::new(Shared::new(engine.core.clone(), reloads, engine.clock.clone()));
        shared.put(Live { ear: engine.ear(), ..Live::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.at = listener.local_addr().unwrap();
        tokio::spawn(web::serve(listener, shared, self.stop.clone()));
        if let Some(ear) = engine.ear() {
            tokio::spawn(presses::run(ear, self.stop.clone()));
        }
    }

    /// Waits until the websocket is open.
    pub(super) async fn listen(&mut self, way: Way) {
        if way == Way::Socket {
            let slack = self.world.slack();
            until("a websocket", || slack.sockets() == 1).await;
        }
    }

    /// As a crash would: nothing that was not kept is left.
    pub(super) async fn crash(&mut self) {
        self.stop.cancel();
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.world.restart().await;
        self.serve().await;
    }

    /// The last message to somebody, answers in threads apart.
    pub(super) fn message(&self, user: &str) -> SlackMessage {
        let messages = self.world.slack().messages();
        let found = messages.into_iter().rfind(|one| one.user.as_deref() == Some(user) && one.thread_ts.is_none());
        found.unwrap_or_else(|| panic!("nothing was sent to {user}"))
    }

    /// Brings a press in, and waits until it is taken; the status, by HTTP.
    pub(super) async fn send(&self, way: Way, payload: &Value) -> u16 {
        let slack = self.world.slack();
        match way {
            Way::Http => self.post(slack.signed(payload, SIGNING_SECRET, self.world.now())).await,
            Way::Socket => {
                let id = slack.over_socket(payload).expect("a websocket is open");
                until("it is acknowledged", || slack.acknowledged().contains(&id)).await;
                200
            }
        }
    }

    pub(super) async fn post(&self, posted: Posted) -> u16 {
        let (at, Posted { headers, body }) = (self.at, posted);
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let call = move || {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            ask(at, "POST /slack/interactions", &lines, body.as_bytes())
        };
        let (status, body) = tokio::task::spawn_blocking(call).await.unwrap();
        assert_eq!(body, "", "nobody is told more than that");
        status
    }

    /// Presses a button below somebody's last message, and lets what follows happen.
    pub(super) async fn press(&mut self, way: Way, user: &str, label: &str) {
        let payload = self.world.slack().press(user, &self.message(user), label);
        assert_eq!(self.send(way, &payload).await, 200);
        self.world.decide_and_deliver().await;
    }

    /// Fills in the form that was opened last.
    pub(super) async fn fill(&mut self, way: Way, forms: usize, values: &[(&str, &str)]) {
        let slack = self.world.slack();
        until("a form is opened", || slack.forms().len() == forms).await;
        let form = slack.forms().pop().unwrap();
        assert_eq!(self.send(way, &slack.fill(&form, values)).await, 200);
        self.world.decide_and_deliver().await;
    }

    /// How many answers were taken in so far.
    pub(super) fn kept(&self) -> String {
        crate::lab::rows(&self.world.store(), "SELECT count(*) FROM inbox WHERE source = 'slack'").remove(0)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Waits for what others do by themselves.
pub(super) async fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
}

/// What can be pressed below a message, a line for each row: `Open task · Snooze (…) · ⋯ (…)`.
pub(super) fn buttons(message: &SlackMessage) -> Vec<String> {
    let text = |value: &Value| value["text"].as_str().unwrap_or("⋯").to_owned();
    let element = |element: &Value| {
        let label = match element["type"].as_str() {
            Some("static_select") => text(&element["placeholder"]),
            Some("overflow") => "⋯".to_owned(),
            _ => text(&element["text"]),
        };
        match element["options"].as_array() {
            Some(options) => {
                let options: Vec<String> = options.iter().map(|option| text(&option["text"])).collect();
                format!("{label} ({})", options.join(", "))
            }
            None => label,
        }
    };
    let rows = message.blocks.iter().flat_map(|blocks| blocks.as_array().cloned().unwrap_or_default());
    let rows = rows.filter(|block| block["type"] == "actions");
    rows.map(|row| {
        let elements = row["elements"].as_array().cloned().unwrap_or_default();
        elements.iter().map(element).collect::<Vec<_>>().join(" · ")
    })
    .collect()
}

#[tokio::test]
async fn every_button_of_an_owner_does_what_it_says_by_either_way_and_undo_takes_it_back() {
    for way in [Way::Socket, Way::Http] {
        let mut office = Office::open(way).await;
        let first = buttons(&office.message("U0ANA"));
        assert_eq!(
            first,
            ["Open task · Snooze (until tomorrow, 3 days, until next Monday, with a reason…) · \
                 ⋯ (I'm on it, It's done, Not mine, New date…, Wrong flag…)"]
        );
        let mut forms = 0;
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 8] = [
            ("until tomorrow", &[], "snoozed until Tue 17 Mar 09:00 by you"),
            ("3 days", &[], "snoozed until Fri 20 Mar 09:00 by you"),
            ("until next Monday", &[], "snoozed until Mon 23 Mar 09:00 by you"),
            (
                "with a reason…",
                &[("Until", "a week from now"), ("Why?", "waiting for\nthe vendor")],
                "snoozed until Tue 24 Mar 09:00 by you: “waiting for the vendor”",
            ),
            ("I'm on it", &[], "you are on it; quiet until"),
            ("It's done", &[], "you say it is done; quiet until Tue 17 Mar"),
            ("New date…", &[("The new date", "2026-03-20")], "you say it gets another date, Fri 20 Mar"),
            ("Wrong flag…", &[("Why is it no problem?", "a template")], "you say there is no problem: “a template”"),
        ];
        for (label, values, words) in cases {
            office.press(way, "U0ANA", label).await;
            if !values.is_empty() {
                forms += 1;
                office.fill(way, forms, values).await;
            }
            let message = office.message("U0ANA");
            let said = office.world.last_words("@ana");
            assert!(said.contains(words), "{way:?} {label}: {said}");
            assert_eq!(buttons(&message), ["Undo"], "{way:?} {label}");
            office.press(way, "U0ANA", "Undo").await;
            assert_eq!(buttons(&office.message("U0ANA")), first, "{way:?} {label}");
        }
        assert_eq!(office.world.slack().whispers(), [], "{way:?}");
        let messages = office.world.slack().messages();
        let to_ana = messages.iter().filter(|one| one.user.as_deref() == Some("U0ANA"));
        assert_eq!(to_ana.count(), 1, "{way:?}: it is always the same message");
    }
}

#[tokio::test]
async fn whoever_says_that_it_is_not_theirs_has_their_manager_told_who_may_take_it() {
    for way in [Way::Socket, Way::Http] {
        let mut office = Office::open(way).await;
        office.press(way, "U0ANA", "Not mine").await;
        office.world.run().await;
        let said = office.world.last_words("@max");
        assert!(said.contains("Ana K. says it is not theirs"), "{way:?}: {said}");
        let of_max = [
            "Open task · I'll handle it · ⋯ (Snooze until tomorrow, Snooze for 3 days, Snooze with a reason…, New date…, \
             Wrong flag…)",
        ];
        assert_eq!(buttons(&office.message("U0MAX")), of_max, "{way:?}");
        office.press(way, "U0MAX", "I'll handle it").await;
        for (who, words) in [("@max", "you are on it; quiet until"), ("@ana", "Max W. is on it; quiet until")] {
            let said = office.world.last_words(who);
            assert!(said.contains(words), "{way:?} {who}: {said}");
        }
        assert_eq!(buttons(&office.message("U0MAX")), ["Undo"]);
    }
}

#[tokio::test]
async fn a_button_that_opens_the_task_says_nothing() {
    for way in [Way::Socket, Way::Http] {
        let mut office = Office::open(way).await;
        let before = office.message("U0ANA");
        office.press(way, "U0ANA", "Open task").await;
        assert_eq!((office.message("U0ANA"), office.kept()), (before, "0".to_owned()), "{way:?}");
    }
}

#[tokio::test]
async fn a_press_that_comes_again_is_obeyed_once() {
    for way in [Way::Socket, Way::Http] {
        let mut office = Office::open(way).await;
        let payload = office.world.slack().press("U0ANA", &office.message("U0ANA"), "3 days");
        for _ in 0..3 {
            assert_eq!(office.send(way, &payload).await, 200, "{way:?}");
        }
        office.world.decide_and_deliver().await;
        office.press(way, "U0ANA", "Undo").await;
        // Late, after it was taken back.
        assert_eq!(office.send(way, &payload).await, 200, "{way:?}");
        office.world.decide_and_deliver().await;
        assert!(!office.world.last_words("@ana").contains("snoozed"), "{way:?}");
        assert_eq!(office.kept(), "2", "{way:?}");
    }
}

#[tokio::test]
async fn a_press_that_comes_by_both_ways_is_one() {
    let plan = World::plan().slack(&format!("{}{}", lines(Way::Http), lines(Way::Socket)));
    let mut office = Office::of(plan, "Redesign homepage").await;
    office.listen(Way::Socket).await;
    let payload = office.world.slack().press("U0ANA", &office.message("U0ANA"), "It's done");
    for way in [Way::Socket, Way::Http] {
        assert_eq!(office.send(way, &payload).await, 200, "{way:?}");
    }
    office.world.decide_and_deliver().await;
    assert_eq!(office.kept(), "1");
    assert!(office.world.last_words("@ana").contains("you say it is done"));
}

#[tokio::test]
async fn what_was_pressed_before_a_crash_is_obeyed_after_it() {
    for way in [Way::Socket, Way::Http] {
        let mut office = Office::open(way).await;
        let payload = office.world.slack().press("U0ANA", &office.message("U0ANA"), "3 days");
        assert_eq!(office.send(way, &payload).await, 200);
        office.crash().await;
        // Delivered again to whoever runs now.
        office.listen(way).await;
        assert_eq!(office.send(way, &payload).await, 200);
        office.world.run().await;
        let said = office.world.last_words("@ana");
        assert!(said.contains("snoozed until Fri 20 Mar"), "{way:?}: {said}");
        assert_eq!(office.kept(), "1", "{way:?}");
    }
}

#[tokio::test]
async fn strangers_are_refused_and_told_so_alone() {
    for way in [Way::Socket, Way::Http] {
        let office = &mut Office::open(way).await;
        let slack = office.world.slack();
        slack.user("U0EVE", "eve@example.org", "Eve", "Etc/UTC");
        let before = office.message("U0ANA");
        for user in ["U0EVE", "U0UNKNOWN"] {
            for label in ["3 days", "Not mine", "Wrong flag…"] {
                let payload = slack.press(user, &before, label);
                assert_eq!(office.send(way, &payload).await, 200);
                office.world.decide_and_deliver().await;
            }
        }
        until("they are told", || slack.whispers().len() == 6).await;
        let told = slack.whispers();
        assert!(told.iter().all(|(user, words)| user != "U0ANA" && words.starts_with(NOT_YOURS)), "{way:?}: {told:?}");
        assert_eq!(slack.forms(), [], "{way:?}: no form for strangers");
        let accounts = crate::lab::rows(&office.world.store(), "SELECT DISTINCT account FROM inbox");
        assert_eq!(accounts, ["0"], "{way:?}: nobody, who is not the operator");
        assert_eq!(office.message("U0ANA"), before, "{way:?}");
    }
}

#[tokio::test]
async fn a_gap_that_is_over_is_answered_with_a_word() {
    let mut office = Office::open(Way::Socket).await;
    let slack = office.world.slack();
    let payload = slack.press("U0ANA", &office.message("U0ANA"), "3 days");
    office.world.github().close(REPO, 1, "ana-k", at("2026-03-16T10:00:00Z"), "completed");
    office.world.at("2026-03-16T10:01:00Z").run().await;
    office.world.at("2026-03-16T10:30:00Z").run().await;
    assert_eq!(buttons(&office.message("U0ANA")), [""; 0], "what is over has no buttons");
    office.send(Way::Socket, &payload).await;
    office.world.decide_and_deliver().await;
    until("they are told", || slack.whispers().len() == 1).await;
    assert!(slack.whispers()[0].1.contains("is open here"), "{:?}", slack.whispers());
}

#[tokio::test]
async fn a_message_about_several_gaps_has_a_menu_for_each() {
    let mut world = World::plan().slack(&lines(Way::Http)).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    let github = world.github();
    let issue = github.issue(REPO, "Move billing").by("max-w").assignee("ana-k");
    issue.milestone("Spring", crate::world::github_day("2026-03-27")).body(&crate::world::checklist(2, 10)).open();
    github.comment_as(REPO, 2, "ana-k", "begun", at("2026-03-04T10:00:00Z"));
    world.run().await;
    lives(&world, "2026-03-17T10:00:00Z");
    github.comment_as(REPO, 2, "ana-k", "still on it", at("2026-03-17T10:00:00Z"));
    world.at("2026-03-18T09:00:00Z").run().await;
    let mut office = Office { world, at: ([127, 0, 0, 1], 0).into(), stop: CancellationToken::new() };
    office.serve().await;
    let message = office.message("U0ANA");
    let rows = buttons(&message);
    assert_eq!(rows.len(), 2, "{rows:?}\n{}", message.text);
    assert!(rows.iter().all(|row| row.starts_with("Answer (Snooze: until tomorrow, ")), "{rows:?}");
    let payload = office.world.slack().press_below("U0ANA", &message, 1, "Snooze: 3 days");
    assert_eq!(office.send(Way::Http, &payload).await, 200);
    office.world.decide_and_deliver().await;
    let message = office.message("U0ANA");
    let rows = buttons(&message);
    assert_eq!((rows.len(), &*rows[1]), (2, "Undo"), "{rows:?}");
    assert_eq!(message.text.matches("snoozed until").count(), 1, "{}", message.text);
}

#[tokio::test]
async fn without_anybody_who_hears_there_is_nothing_to_press() {
    let office = Office::of(World::plan(), "Redesign homepage").await;
    assert_eq!(buttons(&office.message("U0ANA")), [""; 0]);
    let posted = office.world.slack().signed(&serde_json::json!({}), SIGNING_SECRET, office.world.now());
    assert_eq!(office.post(posted).await, 404, "no secret, no address");
    assert_eq!(office.world.slack().sockets_so_far(), 0);
}
