//! Credentials that end, are refused, or ask for a person: Jira answers some of them with 200 and nothing, and counts others.

use connector_simulator::jira::IssueDraft;
use connector_simulator::{Fault, Tool};
use gapwatch::store::FailureKind;
use jiff::SignedDuration;
use jiff::civil::date;

use super::faults::{BEHIND, EDITIONS, FOR_EVER, asked, nothing_is_lost, plan, troubled, watch};
use crate::world::{Edition, World, at};

/// What the world logs in with.
const TOKEN: &str = "jira-test-token-0123456789";

async fn kind(world: &World) -> Option<FailureKind> {
    world.connection().await.failure.map(|(kind, _)| kind)
}

#[tokio::test]
async fn a_token_that_ended_is_answered_with_nothing_and_nothing_closes() {
    for edition in EDITIONS {
        let why = format!("{edition:?}");
        let mut world = troubled(edition).await;
        world.jira().expire(TOKEN);
        world.at("2026-03-16T11:10:00Z").poll().await;
        assert_eq!(kind(&world).await, Some(FailureKind::Refused), "{why}");
        let told = world.sent();
        assert!(told.len() == 1 && told[0].starts_with("slack #ops: ■ jira.acme"), "{why}: {told:#?}");
        // Past a count of all open issues as well.
        watch(&mut world, "2026-03-16T13:00:00Z").await;
        world.run_until("2026-03-18T13:00:00Z", 360).await;
        assert_eq!(world.connection().await.tasks, 2, "{why}");
        nothing_is_lost(&mut world, &why).await;
        // Somebody prolongs it: nobody has to tell gapwatch.
        match edition {
            Edition::Cloud => world.jira().unscoped("gapwatch@example.org", TOKEN),
            Edition::DataCenter => world.jira().pat(TOKEN, "gapwatch"),
        }
        assert_eq!(kind(&world).await, Some(FailureKind::Refused), "{why}: the old one is still found first");
    }
}

#[tokio::test]
async fn a_connection_recovers_by_itself_once_its_token_is_good_again() {
    for edition in EDITIONS {
        let why = format!("{edition:?}");
        let mut world = troubled(edition).await;
        let anonymous = vec![("x-seraph-loginreason", "AUTHENTICATED_FAILED".to_owned())];
        let nothing = "{\"issues\":[],\"isLast\":true,\"total\":0,\"startAt\":0,\"maxResults\":100}".to_owned();
        world.sim.fail_next(Tool::Jira, "", Fault::Answer(200, anonymous, nothing), FOR_EVER);
        watch(&mut world, "2026-03-16T11:30:00Z").await;
        assert_eq!(kind(&world).await, Some(FailureKind::Refused), "{why}");
        nothing_is_lost(&mut world, &why).await;
        world.sim.heal();
        watch(&mut world, "2026-03-16T13:30:00Z").await;
        assert_eq!(kind(&world).await, None, "{why}");
        let sent = world.sent();
        assert!(sent.iter().any(|sent| sent.starts_with("slack #ops (thread): ● jira.acme is resolved")), "{sent:#?}");
    }
}

#[tokio::test]
async fn a_search_that_is_answered_as_to_nobody_in_between_closes_nothing() {
    for edition in EDITIONS {
        let why = format!("{edition:?}");
        let mut world = troubled(edition).await;
        let nothing = "{\"issues\":[],\"isLast\":true,\"total\":0,\"startAt\":0,\"maxResults\":100}".to_owned();
        // Without any header that tells whose answer it is.
        world.sim.fail_next(Tool::Jira, "/search", Fault::Status(200, nothing), FOR_EVER);
        world.run_until("2026-03-19T11:30:00Z", 240).await;
        assert_eq!(world.connection().await.tasks, 2, "{why}");
        nothing_is_lost(&mut world, &why).await;
    }
}

/// The Data Center by user name and password.
async fn by_password() -> World {
    let mut world = plan(Edition::DataCenter, "email = \"gapwatch\"\n").begin("2026-03-02T09:00:00Z").await;
    world.jira().password("gapwatch", TOKEN);
    let late = IssueDraft { assignee: Some("ana".to_owned()), due: Some(date(2026, 3, 6)), ..IssueDraft::new("Offer") };
    world.jira().issue("WEB", late);
    world.run().await;
    assert_eq!(kind(&world).await, None);
    world
}

#[tokio::test]
async fn a_riddle_for_people_is_asked_for_once_an_hour_and_is_over_once_somebody_solved_it() {
    let mut world = by_password().await;
    world.jira().captcha("gapwatch", true);
    world.sim.forget_requests();
    watch(&mut world, "2026-03-02T09:58:00Z").await;
    assert_eq!(asked(&world).len(), 1, "one request: {:#?}", asked(&world));
    assert_eq!(kind(&world).await, Some(FailureKind::Refused));
    let told = world.connection().await.failure.unwrap().1;
    assert!(format!("{told:?}").contains("CAPTCHA"), "{told:?}");
    assert!(world.sent().iter().any(|sent| sent.starts_with("slack #ops: ■ jira.acme")), "the operators hear of it");
    watch(&mut world, "2026-03-02T11:58:00Z").await;
    assert!(asked(&world).len() <= 3, "{}", asked(&world).len());
    assert_eq!(world.connection().await.tasks, 1);
    world.jira().captcha("gapwatch", false);
    watch(&mut world, "2026-03-02T13:10:00Z").await;
    assert_eq!(kind(&world).await, None);
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_until_the_account_is_locked() {
    let mut world = by_password().await;
    world.jira().expire(TOKEN);
    world.sim.forget_requests();
    watch(&mut world, "2026-03-02T11:00:00Z").await;
    assert_eq!(kind(&world).await, Some(FailureKind::Refused));
    // Three wrong logins, and a person has to solve a riddle.
    assert!(asked(&world).len() <= 2, "{:#?}", asked(&world));
}

#[tokio::test]
async fn a_login_page_instead_of_data_closes_nothing_and_is_told() {
    let mut world = troubled(Edition::DataCenter).await;
    world.jira().html_login_page(true);
    watch(&mut world, "2026-03-16T13:00:00Z").await;
    assert_eq!(kind(&world).await, Some(FailureKind::Refused));
    nothing_is_lost(&mut world, "a login page").await;
    world.jira().html_login_page(false);
    watch(&mut world, "2026-03-16T15:00:00Z").await;
    assert_eq!(kind(&world).await, None);
}

/// A search for issues, not for projects.
fn is_search(path: &str) -> bool {
    path.contains("/search") && !path.contains("/project")
}

#[tokio::test]
async fn a_burst_of_searches_holds_the_searches_alone() {
    for edition in EDITIONS {
        let mut world = troubled(edition).await;
        let headers = vec![("retry-after", "900".to_owned()), ("ratelimit-reason", "jira-burst-based".to_owned())];
        world.sim.fail_next(Tool::Jira, "/search", Fault::Answer(429, headers, "{}".to_owned()), 1);
        world.at("2026-03-16T11:10:00Z").poll().await;
        assert_eq!(kind(&world).await, Some(FailureKind::Limited), "{edition:?}");
        world.sim.forget_requests();
        let before = world.at("2026-03-16T11:20:00Z").now();
        world.engine().pull(true).await.unwrap();
        assert_eq!(world.now(), before, "{edition:?}: nobody slept through it");
        let (searches, others): (Vec<_>, Vec<_>) =
            asked(&world).into_iter().partition(|request| is_search(&request.path));
        assert!(searches.is_empty(), "{edition:?}: {searches:#?}");
        assert!(others.iter().any(|request| request.path.contains("/project")), "{edition:?}: {others:#?}");
        watch(&mut world, "2026-03-16T11:40:00Z").await;
        assert_eq!(kind(&world).await, None, "{edition:?}");
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_holds_everything() {
    for edition in EDITIONS {
        for reason in ["jira-quota-global-based", "jira-quota-tenant-based", ""] {
            let why = format!("{edition:?} {reason}");
            let mut world = troubled(edition).await;
            let headers = vec![("retry-after", "900".to_owned()), ("ratelimit-reason", reason.to_owned())];
            world.sim.fail_next(Tool::Jira, "/search", Fault::Answer(429, headers, "{}".to_owned()), 1);
            world.at("2026-03-16T11:10:00Z").poll().await;
            assert_eq!(kind(&world).await, Some(FailureKind::Limited), "{why}");
            world.sim.forget_requests();
            let before = world.at("2026-03-16T11:20:00Z").now();
            world.engine().pull(true).await.unwrap();
            assert_eq!(world.now(), before, "{why}: nobody slept through it");
            assert_eq!(asked(&world).len(), 0, "{why}: {:#?}", asked(&world));
            watch(&mut world, "2026-03-16T11:40:00Z").await;
            assert_eq!(kind(&world).await, None, "{why}");
        }
    }
}

#[tokio::test]
async fn limits_told_in_every_form_are_waited_for() {
    let told_at = at("2026-03-16T11:10:00Z");
    let date =
        |secs: i64| (told_at + SignedDuration::from_secs(secs)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let iso = |secs: i64| (told_at + SignedDuration::from_secs(secs)).strftime("%Y-%m-%dT%H:%MZ").to_string();
    let epoch = |secs: i64| (told_at.as_second() + secs).to_string();
    let spent = |reset: String| vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
    // Without a word, or with nonsense: a minute.
    let forms = [
        (vec![("retry-after", "300".to_owned())], 300),
        (vec![("retry-after", date(300))], 299),
        (spent(iso(300)), 300),
        (spent(epoch(300)), 300),
        (vec![("retry-after", "soon".to_owned())], 10),
        (vec![], 10),
    ];
    for edition in EDITIONS {
        for (headers, least) in &forms {
            let why = format!("{edition:?} {headers:?}");
            let mut world = troubled(edition).await;
            world.at("2026-03-16T11:10:00Z");
            world.sim.forget_requests();
            world.sim.fail_next(Tool::Jira, "", Fault::Answer(429, headers.clone(), "{}".to_owned()), 1);
            world.poll().await;
            let first = asked(&world)[0].at;
            for _ in 0..60 {
                world.later(SignedDuration::from_secs(20)).poll().await;
            }
            let inside =
                asked(&world)[1..].iter().filter(|one| one.at.duration_since(first).as_secs() < *least).count();
            assert_eq!(inside, 0, "{why}: {:#?}", asked(&world));
            assert_eq!(kind(&world).await, None, "{why}");
        }
        println!("figure J-F9: {edition:?}: {} forms of a limit, 0 requests inside a wait", forms.len());
    }
}

#[tokio::test]
async fn an_issue_that_is_written_to_too_often_holds_no_reading_and_loses_no_words() {
    for edition in EDITIONS {
        let why = format!("{edition:?}");
        let mut world = troubled(edition).await;
        let headers =
            vec![("retry-after", "30".to_owned()), ("ratelimit-reason", "jira-per-issue-on-write".to_owned())];
        world.sim.fail_next(Tool::Jira, "POST /comment", Fault::Answer(429, headers, "{}".to_owned()), 2);
        watch(&mut world, "2026-03-16T14:00:00Z").await;
        assert_eq!(kind(&world).await, None, "{why}: reading goes on");
        let sent = world.sent();
        assert_eq!(sent.iter().filter(|sent| sent.starts_with("comment WEB-2")).count(), 1, "{why}: {sent:#?}");
    }
}

#[tokio::test]
async fn the_limit_of_a_person_on_data_center_is_kept_to() {
    let mut world = troubled(Edition::DataCenter).await;
    world.jira().user_limit(Some((1, 3)));
    for nth in 0..40 {
        world.jira().issue("WEB", IssueDraft::new(&format!("more {nth}")));
    }
    watch(&mut world, "2026-03-16T13:00:00Z").await;
    assert_eq!(kind(&world).await, None);
    assert_eq!(world.connection().await.tasks, 42);
    let refused = asked(&world).iter().filter(|request| request.status == Some(429)).count();
    println!("figure J-F9: {refused} of {} requests above a person's limit", asked(&world).len());
    assert!(world.open().await.contains(&BEHIND.to_owned()));
}
