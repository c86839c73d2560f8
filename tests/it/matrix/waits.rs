//! Limits told in every form there is: nothing is asked inside a wait, whatever it is written like.

use connector_simulator::{Fault, Tool};
use jiff::{SignedDuration, Timestamp};

use super::{figure, requests};
use crate::faults::troubled;
use crate::world::{World, at};
use crate::writes::before_widening;

const TOLD: &str = "2026-03-16T11:10:00Z";
const SECONDARY: &str =
    "{\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.\"}";
const RATELIMITED: &str = "{\"ok\":false,\"error\":\"ratelimited\"}";
const DAY: i64 = 24 * 3600;

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What is told, and how many seconds nothing may be asked at least. Nonsense counts as nothing told: a minute.
fn forms(now: Timestamp) -> Vec<(Vec<(&'static str, String)>, i64)> {
    let retry = |value: &str| vec![("retry-after", value.to_owned())];
    let reset = |secs: i64| {
        let at = (now.as_second() + secs).to_string();
        vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", at)]
    };
    vec![
        (retry("300"), 300),
        (retry("2.5"), 2),
        (vec![("retry-after", http_date(now + SignedDuration::from_mins(7)))], 419),
        (vec![("retry-after", http_date(now - SignedDuration::from_mins(7)))], 1),
        (retry("0"), 1),
        (retry("-30"), 60),
        (retry("soon"), 60),
        (retry(""), 60),
        (vec![], 60),
        (retry("99999999999999999999"), DAY),
        (reset(600), 600),
        (reset(-600), 1),
    ]
}

/// Asks every so often until the tool is asked again, and says after how many seconds that was.
async fn asked_again(world: &mut World, tool: Tool, told_at: Timestamp, least: i64) -> i64 {
    let step = SignedDuration::from_secs((least / 6).clamp(2, 1800));
    loop {
        world.later(step).poll().await;
        if let Some(first) = requests(world, tool).first() {
            return first.at.duration_since(told_at).as_secs();
        }
        assert!(world.now() < told_at + SignedDuration::from_hours(30), "it is never asked again");
    }
}

#[tokio::test]
async fn github_is_not_asked_inside_a_wait_however_it_is_told() {
    let mut inside = 0;
    let mut told = 0;
    for status in [403, 429] {
        for (headers, least) in forms(at(TOLD)) {
            // Without a header, and without its words, a 403 is a missing permission.
            let fault = Fault::Answer(status, headers.clone(), SECONDARY.to_owned());
            let mut world = troubled().await;
            world.at(TOLD);
            world.sim.forget_requests();
            world.sim.fail_next(Tool::Github, "", fault, 1);
            world.poll().await;
            let seen = requests(&world, Tool::Github);
            let told_at = seen[0].at;
            let early = |at: Timestamp| at.duration_since(told_at).as_secs() < least;
            let at_once = seen[1..].iter().filter(|request| early(request.at)).count();
            world.sim.forget_requests();
            let after =
                if seen.len() > 1 { least } else { asked_again(&mut world, Tool::Github, told_at, least).await };
            inside += at_once + usize::from(after < least);
            told += 1;
            assert!(at_once == 0 && after >= least, "{status} {headers:?}: asked {at_once} times, and after {after} s");
            assert!(after < 2 * DAY, "{status} {headers:?}: {after} s");
        }
    }
    figure("F9", format!("{told} forms of a limit of GitHub, {inside} requests inside a wait"));
}

#[tokio::test]
async fn slack_is_not_told_anything_inside_a_wait_however_it_is_told() {
    let mut inside = 0;
    let mut told = 0;
    for (headers, least) in forms(at("2026-03-16T10:37:00Z")) {
        let mut world = before_widening().await;
        world.sim.forget_requests();
        let fault = Fault::Answer(429, headers.clone(), RATELIMITED.to_owned());
        world.sim.fail_next(Tool::Slack, "chat.postMessage", fault, 1);
        world.at("2026-03-16T10:37:00Z").poll().await;
        let posts = |world: &World| -> Vec<Timestamp> {
            let posts = requests(world, Tool::Slack).into_iter();
            posts.filter(|request| request.path.ends_with("chat.postMessage")).map(|request| request.at).collect()
        };
        let told_at = posts(&world)[0];
        let step = SignedDuration::from_secs((least / 6).clamp(2, 1800));
        while posts(&world).len() < 2 && world.now() < told_at + SignedDuration::from_hours(3) {
            world.later(step).poll().await;
        }
        let early = posts(&world)[1..].iter().filter(|at| at.duration_since(told_at).as_secs() < least).count();
        inside += early;
        told += 1;
        assert_eq!(early, 0, "{headers:?}: {:?}", posts(&world));
        // After a wait that is too long for the message, another way was taken; else it came once.
        let came = world.slack().messages().iter().filter(|message| message.ours).count();
        assert!(came == 1 || least > 3600, "{headers:?}: {came}");
    }
    figure("F9", format!("{told} forms of a limit of Slack, {inside} messages inside a wait"));
}
