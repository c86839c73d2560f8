//! Answers that lead elsewhere: no request of ours reaches anybody but the configured tool, whatever an answer names.

use connector_simulator::{Fault, Tool};
use jiff::SignedDuration;

use super::{FOR_EVER, figure};
use crate::faults::{troubled, watch};
use crate::world::{REPO, World, at, checklist, github_day};
use crate::writes::before_widening;

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Where an answer may lead to: another port, another name, a user that looks like a host, no scheme, another tool's API.
fn elsewhere(world: &World, base: &str) -> Vec<String> {
    let foreign = world.sim.foreign_url();
    let port = foreign.rsplit(':').next().unwrap();
    let own = base.trim_start_matches("http://").split('/').next().unwrap();
    let own_port = own.rsplit(':').next().unwrap();
    vec![
        format!("{foreign}/stolen"),
        format!("{foreign}/repositories/1/issues"),
        format!("{foreign}/github/repos/acme/web/issues?page=2"),
        format!("http://localhost:{port}/stolen"),
        format!("http://localhost:{own_port}/stolen"),
        format!("http://{own}@127.0.0.1:{port}/stolen"),
        format!("http://user:pass@127.0.0.1:{port}/stolen"),
        format!("//127.0.0.1:{port}/stolen"),
        format!("http:\\\\127.0.0.1:{port}\\stolen"),
        format!("http://api.github.com.127.0.0.1:{port}/stolen"),
        format!("https://127.0.0.1:{port}/stolen"),
        "javascript:alert(1)".to_owned(),
        String::new(),
    ]
}

/// Nobody else was asked anything, and the tools were asked for nothing that stands in a lure.
fn nobody_else_heard(world: &World, place: &str) {
    assert_eq!(world.sim.foreign_hits(), [], "{place}");
    let lured = world.sim.requests().into_iter().find(|request| request.path.contains("stolen"));
    assert_eq!(lured, None, "{place}");
}

#[tokio::test]
async fn no_redirect_of_github_takes_a_credential_anywhere() {
    let mut asked = 0;
    let mut world = troubled().await;
    for status in REDIRECTS {
        for lure in elsewhere(&world, &world.sim.github_url()) {
            let place = format!("{status} {lure}");
            world.sim.fail_next(Tool::Github, "", Fault::Redirect(lure, status), FOR_EVER);
            world.later(SignedDuration::from_mins(1));
            world.engine().pull(true).await.unwrap();
            asked += world.sim.requests().len();
            nobody_else_heard(&world, &place);
            world.sim.forget_requests();
            world.sim.heal();
        }
    }
    figure("T1", format!("{asked} redirects of GitHub's reads, {} secrets elsewhere", world.sim.foreign_hits().len()));
}

#[tokio::test]
async fn no_redirected_write_takes_a_credential_anywhere_and_it_is_said_once_in_the_end() {
    for status in REDIRECTS {
        let mut world = before_widening().await;
        let foreign = format!("{}/stolen", world.sim.foreign_url());
        world.sim.fail_next(Tool::Github, "POST /comments", Fault::Redirect(foreign.clone(), status), 2);
        world.sim.fail_next(Tool::Slack, "", Fault::Redirect(foreign, status), 6);
        world.at("2026-03-16T10:37:00Z").run().await;
        world.run_until("2026-03-16T13:00:00Z", 14).await;
        nobody_else_heard(&world, &status.to_string());
        assert!(world.slack().markers().values().all(|times| *times == 1), "{status}");
        assert!(world.github().markers().values().all(|times| *times == 1), "{status}");
    }
    figure("T1", "redirected comments and messages with 5 codes, 0 secrets elsewhere");
}

#[tokio::test]
async fn no_redirect_of_slack_takes_a_credential_anywhere() {
    let mut asked = 0;
    let mut world = before_widening().await;
    for (nth, lure) in elsewhere(&world, &world.sim.slack_url()).into_iter().enumerate() {
        let status = REDIRECTS[nth % REDIRECTS.len()];
        world.sim.fail_next(Tool::Slack, "", Fault::Redirect(lure.clone(), status), FOR_EVER);
        let notifier = world.engine().channels.notifier.clone().unwrap();
        // Whatever it is asked fails, and that is all.
        assert!(notifier.whoami().await.is_err(), "{lure}");
        let ana = connector_kit::Destination::User("U0ANA".to_owned());
        assert!(notifier.lookup(&ana).await.is_err(), "{lure}");
        asked += 2;
        nobody_else_heard(&world, &lure);
        world.sim.heal();
        world.later(SignedDuration::from_mins(1));
    }
    figure("T1", format!("{asked} redirects of Slack, {} secrets elsewhere", world.sim.foreign_hits().len()));
}

#[tokio::test]
async fn no_address_in_an_answer_is_ever_asked() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for number in 0..130 {
        let issue = github.issue(REPO, &format!("Task {number}")).by("max-w").assignee("ana-k");
        issue.created(at("2026-03-02T08:00:00Z")).open();
    }
    let late = github.issue(REPO, "Late").by("max-w").assignee("ana-k").body(&checklist(1, 10));
    let late = late.milestone("Spring", github_day("2026-03-20")).open();
    let foreign = world.sim.foreign_url();
    // Every `url`, `html_url`, `avatar_url`, `Link` … of every answer of both tools.
    for (tool, own) in [(Tool::Github, world.sim.github_url()), (Tool::Slack, world.sim.slack_url())] {
        world.sim.fail_next(tool, "", Fault::Replace(own, foreign.clone()), FOR_EVER);
    }
    world.run().await;
    world.sim.heal();
    let shown = "https://github.example".to_owned();
    world.sim.fail_next(Tool::Github, "", Fault::Replace(shown, foreign.clone()), FOR_EVER);
    world.sim.fail_next(
        Tool::Slack,
        "",
        Fault::Replace("https://acme.slack.example".to_owned(), foreign.clone()),
        FOR_EVER,
    );
    github.edit_body(REPO, late, &checklist(1, 10), at("2026-03-02T09:05:00Z"));
    watch(&mut world, "2026-03-02T09:10:00Z").await;
    github.comment_as(REPO, late, "ana-k", "begun", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T11:00:00Z").run().await;
    world.at("2026-03-16T11:30:00Z").run().await;
    assert_eq!(world.connection().await.tasks, 131, "every page was read by its position alone");
    nobody_else_heard(&world, "addresses in answers");
    // Where people see an issue is the tool's own word; ours is never told there.
    let said: Vec<String> = world.slack().messages().iter().map(|message| format!("{message:?}")).collect();
    assert!(!said.is_empty(), "{:?}", world.open().await);
    assert!(said.iter().all(|said| !said.contains("test-token") && !said.contains("xoxb-test")));
    figure("T2", format!("every address of every answer led elsewhere: {} asked", world.sim.foreign_hits().len()));
}

#[tokio::test]
async fn hostile_positions_in_a_next_link_stay_on_the_configured_tool() {
    for lure in
        ["page=2%26token%3Dx", "after=..%2F..%2Fstolen", "after=%0d%0aHost:%20evil", "page=99999999999999999999"]
    {
        let mut world = World::live("2026-03-02T09:00:00Z").await;
        for number in 0..120 {
            world.github().issue(REPO, &format!("Task {number}")).created(at("2026-03-02T08:00:00Z")).open();
        }
        world.github().hostile_next_link(true);
        world.sim.fail_next(Tool::Github, "GET /issues?", Fault::Replace("page=2".to_owned(), lure.to_owned()), 3);
        world.run().await;
        nobody_else_heard(&world, lure);
        assert!(world.sim.requests().len() < 60, "{lure}: {}", world.sim.requests().len());
        world.sim.heal();
        world.later(SignedDuration::from_hours(2)).run().await;
        assert_eq!(world.connection().await.tasks, 120, "{lure}");
    }
}
