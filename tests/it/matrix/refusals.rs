//! Credentials that are refused, in all the ways there are: asked again once an hour at most, told once, nothing dropped.

use connector_simulator::{Fault, Tool};
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use super::{FOR_EVER, figure, requests};
use crate::faults::{troubled, watch};
use crate::world::{REPO, World, at};

#[derive(Debug, Clone, Copy)]
enum Trouble {
    Revoked,
    Expired,
    ScopeRemoved,
    MadePrivate,
    SsoWall,
    IssuesOff,
}

impl Trouble {
    const ALL: [Trouble; 6] = [
        Trouble::Revoked,
        Trouble::Expired,
        Trouble::ScopeRemoved,
        Trouble::MadePrivate,
        Trouble::SsoWall,
        Trouble::IssuesOff,
    ];

    fn begin(self, world: &World) {
        let forbidden = |words: &str| {
            let body = format!("{{\"message\":\"{words}\",\"status\":\"403\"}}");
            world.sim.fail_next(Tool::Github, "", Fault::Status(403, body), FOR_EVER);
        };
        match self {
            Trouble::Revoked => world.github().revoke("test-token"),
            Trouble::Expired => {
                let body = "{\"message\":\"Bad credentials\",\"status\":\"401\"}".to_owned();
                world.sim.fail_next(Tool::Github, "", Fault::Status(401, body), FOR_EVER);
            }
            Trouble::ScopeRemoved => forbidden("Resource not accessible by personal access token"),
            Trouble::MadePrivate => world.github().hide_repo(REPO, true),
            Trouble::SsoWall => forbidden("Resource protected by organization SAML enforcement."),
            Trouble::IssuesOff => world.github().issues_enabled(REPO, false),
        }
    }

    fn end(self, world: &World) {
        world.sim.heal();
        match self {
            Trouble::Revoked => world.github().token("test-token", "gapwatch-bot"),
            Trouble::MadePrivate => world.github().hide_repo(REPO, false),
            Trouble::IssuesOff => world.github().issues_enabled(REPO, true),
            Trouble::Expired | Trouble::ScopeRemoved | Trouble::SsoWall => {}
        }
    }
}

#[tokio::test]
async fn a_refused_credential_is_asked_again_once_an_hour_told_once_and_drops_nothing() {
    let mut dropped = 0;
    let mut most = 0;
    for trouble in Trouble::ALL {
        let mut world = troubled().await;
        trouble.begin(&world);
        // All streams find out, each once.
        world.at("2026-03-16T11:31:00Z").poll().await;
        let kind = world.connection().await.failure.map(|(kind, _)| kind);
        assert!(
            matches!(kind, Some(FailureKind::Refused | FailureKind::NotVisible | FailureKind::Forbidden)),
            "{trouble:?}: {kind:?}"
        );
        world.later(SignedDuration::from_mins(61)).poll().await;
        // Each single call is made once an hour at most.
        for _ in 0..3 {
            world.sim.forget_requests();
            let until = (world.now() + SignedDuration::from_mins(59)).to_string();
            watch(&mut world, &until).await;
            // GraphQL answers for a repository that is hidden as well, without saying anything of it: that is no refusal.
            let mut calls: Vec<String> = requests(&world, Tool::Github)
                .into_iter()
                .filter(|one| !one.path.ends_with("/graphql"))
                .map(|one| format!("{} {}?{}", one.method, one.path, one.query))
                .collect();
            calls.sort();
            let repeated = calls.chunk_by(|a, b| a == b).map(<[String]>::len).max().unwrap_or(0);
            most = most.max(repeated);
            assert!(repeated <= 1, "{trouble:?}: {calls:#?}");
        }
        dropped += 2 - world.connection().await.tasks;
        let told = world.sent();
        let ops = told.iter().filter(|sent| sent.starts_with("slack #ops: ")).count();
        let words = told.iter().filter(|sent| !sent.contains("#ops")).count();
        assert_eq!((ops, words), (1, 0), "{trouble:?}: {told:#?}");
        assert!(
            world.open().await.contains(&"pace.behind acme/web#1 widens firing (source_stale)".to_owned()),
            "{trouble:?}: {:?}",
            world.open().await
        );

        trouble.end(&world);
        let until = (world.now() + SignedDuration::from_mins(140)).to_string();
        watch(&mut world, &until).await;
        assert_eq!(world.connection().await.failure, None, "{trouble:?}");
        assert_eq!(world.connection().await.tasks, 2, "{trouble:?}");
    }
    figure("F17", format!("the same call at most {most} times an hour, {dropped} tasks dropped"));
    assert_eq!(dropped, 0);
}

#[tokio::test]
async fn answers_from_which_an_organisations_part_is_missing_take_nothing_away() {
    let mut world = troubled().await;
    world.github().sso_partial(Some("42"));
    world.github().unlist(REPO, 1, true);
    watch(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(world.connection().await.tasks, 2);
    assert!(world.open().await.iter().any(|gap| gap.starts_with("pace.behind acme/web#1 widens firing")));
    assert_eq!(world.sent().iter().filter(|sent| sent.contains("resolved")).count(), 0);
    world.github().sso_partial(None);
    world.github().unlist(REPO, 1, false);
    world.github().tick(REPO, 1, 8, at("2026-03-16T12:30:00Z"));
    watch(&mut world, "2026-03-16T13:30:00Z").await;
    assert!(world.open().await.iter().all(|gap| !gap.contains("#1 ")), "{:?}", world.open().await);
}
