//! Writing and looking against a working model of both editions.

use std::sync::Arc;

use connector_jira::{Config, Edition, Fields, Jira, Login, States};
use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::survey::{Examine, Finding, Survey, Verdict};
use connector_kit::{Block, Clock, Commenter, Found, MessageRef, Span, Text, WriteError};
use connector_model::Mark;
use connector_simulator::jira::IssueDraft;
use connector_simulator::{Fault, Simulator, Tool};
use jiff::{SignedDuration, Timestamp};

const NOW: &str = "2025-03-11T09:00:00Z";

const EDITIONS: [Edition; 2] = [Edition::Cloud, Edition::DataCenter];

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

async fn simulator() -> Simulator {
    simulator_at(Arc::new(SetClock::leaping(now()))).await
}

/// Both sides live by one clock.
async fn simulator_at(clock: Arc<SetClock>) -> Simulator {
    let simulator = Simulator::start(Arc::new(move || clock.now())).await.unwrap();
    let jira = simulator.jira();
    jira.project("SHOP", "Shop");
    jira.person("ana", "Ana K", "ana@acme.example");
    simulator
}

fn connection(simulator: &Simulator, edition: Edition, change: impl FnOnce(&mut Config)) -> Jira {
    connection_at(Arc::new(SetClock::leaping(now())), simulator, edition, change)
}

fn connection_at(
    clock: Arc<SetClock>,
    simulator: &Simulator,
    edition: Edition,
    change: impl FnOnce(&mut Config),
) -> Jira {
    let (url, user) = match edition {
        Edition::Cloud => (simulator.jira_cloud_url(), Some("gapwatch@acme.example".to_owned())),
        Edition::DataCenter => (simulator.jira_dc_url(), None),
    };
    let mut config = Config {
        url: url.parse().unwrap(),
        gateway_url: None,
        edition: None,
        login: Login { user, token: Secret::fixed("jira_secret") },
        projects: vec!["SHOP".to_owned()],
        select: None,
        states: States::default(),
        fields: Fields::default(),
        blocking: Vec::new(),
        comment_service_projects: false,
        ca_file: None,
        proxy: None,
    };
    change(&mut config);
    Jira::new(config, clock).unwrap()
}

fn mark(digit: &str) -> Mark {
    Mark { wire: digit.repeat(32), mac: "f".repeat(32) }
}

fn text(words: &str) -> Text {
    Text { summary: String::new(), blocks: vec![Block::Line(vec![Span::Plain(words.to_owned())])] }
}

#[tokio::test]
async fn a_comment_lives_from_its_post_to_its_end() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        let world = simulator.jira();
        let key = world.issue("SHOP", IssueDraft::new("x"));
        let task = world.id(&key);
        let jira = connection(&simulator, edition, |_| {});

        let at = jira.post(&task, &text("first"), &mark("1")).await.unwrap();
        let seen = world.comments(&key).remove(0);
        assert_eq!((seen.id.as_str(), seen.properties.len(), seen.internal), (at.0.as_str(), 1, false));

        jira.edit(&task, &at, &text("second"), &mark("1")).await.unwrap();
        let seen = world.comments(&key).remove(0);
        assert!(seen.body.to_string().contains("second") && seen.properties.contains_key("gapwatch.flag"), "{seen:?}");
        assert_eq!(
            seen.notified,
            if edition == Edition::Cloud { 1 } else { 2 },
            "the post; an edit only where it must"
        );

        assert_eq!(jira.find(&task, &mark("1"), now()).await.unwrap(), Found::There(at.clone()));
        assert_eq!(jira.find(&task, &mark("2"), now()).await.unwrap(), Found::Absent);

        jira.delete(&task, &at).await.unwrap();
        jira.delete(&task, &at).await.unwrap();
        assert!(world.comments(&key).is_empty());
        let err = jira.edit(&task, &at, &text("third"), &mark("1")).await.unwrap_err();
        assert!(matches!(err, WriteError::Gone { .. }), "{err:?}");
        assert_eq!(jira.find(&task, &mark("1"), now()).await.unwrap(), Found::Absent);
    }
}

#[tokio::test]
async fn a_post_whose_answer_is_lost_is_found_again_among_many() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        let world = simulator.jira();
        let key = world.issue("SHOP", IssueDraft::new("x"));
        let task = world.id(&key);
        let jira = connection(&simulator, edition, |_| {});
        let early = world.at(now() - SignedDuration::from_hours(2));
        (0..150).for_each(|_| drop(early.comment(&key, "old", "ana")));
        let lost = Fault::AfterCommit(Box::new(Fault::Reset));
        simulator.fail_next(Tool::Jira, "POST /comment", lost, 1);
        let err = jira.post(&task, &text("x"), &mark("1")).await.unwrap_err();
        assert!(matches!(err, WriteError::Unsure { .. }), "{err:?}");
        (0..120).for_each(|_| drop(world.comment(&key, "new", "ana")));
        let made = world.comments(&key).into_iter().find(|one| !one.properties.is_empty()).unwrap();
        assert_eq!(jira.find(&task, &mark("1"), now()).await.unwrap(), Found::There(MessageRef(made.id)));
        assert_eq!(jira.find(&task, &mark("2"), now()).await.unwrap(), Found::Absent);
    }
}

#[tokio::test]
async fn a_service_project_is_left_alone_or_written_to_inside_only() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        let world = simulator.jira();
        world.service_project("HELP", "Help");
        let key = world.issue("HELP", IssueDraft::new("x"));
        let task = world.id(&key);
        let refused = connection(&simulator, edition, |_| {}).post(&task, &text("x"), &mark("1")).await.unwrap_err();
        assert!(matches!(refused, WriteError::Refused { .. }), "{refused:?}");
        assert!(world.writes().is_empty());
        let jira = connection(&simulator, edition, |config| config.comment_service_projects = true);
        let at = jira.post(&task, &text("x"), &mark("1")).await.unwrap();
        jira.edit(&task, &at, &text("y"), &mark("1")).await.unwrap();
        assert!(world.comments(&key)[0].internal, "{edition:?}");
    }
}

#[tokio::test]
async fn what_an_issue_refuses_is_told_and_not_tried_again() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        let world = simulator.jira();
        let key = world.issue("SHOP", IssueDraft::new("x"));
        let task = world.id(&key);
        let jira = connection(&simulator, edition, |_| {});
        let at = jira.post(&task, &text("x"), &mark("1")).await.unwrap();
        world.deny_comments("SHOP", true);
        world.deny_edits("SHOP", true);
        for refused in [
            jira.post(&task, &text("x"), &mark("2")).await.map(|_| ()),
            jira.edit(&task, &at, &text("x"), &mark("1")).await,
            jira.delete(&task, &at).await,
        ] {
            let told = |because: &str| because.contains("the account needs the permission");
            assert!(matches!(&refused, Err(WriteError::Refused { because }) if told(because)), "{refused:?}");
        }
        world.deny_comments("SHOP", false);
        world.fill(&key, true);
        let full = jira.post(&task, &text("x"), &mark("3")).await.unwrap_err();
        assert!(matches!(&full, WriteError::Refused { because } if because.contains("413")), "{full:?}");
        world.delete(&key);
        let gone = jira.post(&task, &text("x"), &mark("4")).await.unwrap_err();
        assert!(matches!(gone, WriteError::Refused { .. }), "{gone:?}");
    }
}

#[tokio::test]
async fn one_issue_is_never_written_to_faster_than_cloud_allows() {
    let clock = Arc::new(SetClock::leaping(now()));
    let simulator = simulator_at(clock.clone()).await;
    let world = simulator.jira();
    world.write_limit(true);
    let key = world.issue("SHOP", IssueDraft::new("x"));
    let task = world.id(&key);
    let jira = connection_at(clock.clone(), &simulator, Edition::Cloud, |_| {});
    for words in 0..150 {
        let at = jira.post(&task, &text("x"), &mark("1")).await.unwrap();
        jira.edit(&task, &at, &text(&words.to_string()), &mark("1")).await.unwrap();
        jira.delete(&task, &at).await.unwrap();
    }
    let took = clock.now().duration_since(now());
    assert!(took < SignedDuration::from_mins(6), "and not much slower: {took}");
}

#[tokio::test]
async fn the_way_to_the_first_configuration_is_there() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        let world = simulator.jira();
        world.project("OPS", "Operations");
        for (title, status, who) in
            [("a", "In Progress", "ana"), ("b", "In Review", "ana"), ("c", "Done", "tom"), ("d", "To Do", "max")]
        {
            let draft = IssueDraft {
                status: Some(status.to_owned()),
                assignee: Some(who.to_owned()),
                ..IssueDraft::new(title)
            };
            world.issue("SHOP", draft);
        }
        let jira = connection(&simulator, edition, |_| {});
        let sight = jira.visible().await.unwrap();
        let mut seen: Vec<(&str, u64)> = sight.containers.iter().map(|one| (one.name.as_str(), one.open)).collect();
        seen.sort_unstable();
        assert_eq!(seen, [("OPS", 0), ("SHOP", 3)]);
        let people = jira.assignees("SHOP").await.unwrap();
        let handle = |login: &str| match edition {
            Edition::Cloud => world.account_id(login),
            Edition::DataCenter => login.to_owned(),
        };
        let handles: Vec<&str> = people.iter().filter_map(|one| one.handle.as_deref()).collect();
        assert_eq!(handles, [handle("ana"), handle("max")]);
        let ana = jira.profile(&handle("ana")).await.unwrap().unwrap();
        assert_eq!((ana.name.as_deref(), ana.email.as_deref()), (Some("Ana K"), Some("ana@acme.example")));
        assert_eq!(jira.profile("nobody-of-this-name").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_sound_connection_has_nothing_to_complain_of() {
    for edition in EDITIONS {
        let simulator = simulator().await;
        simulator.jira().board("SHOP", "Board");
        let findings = connection(&simulator, edition, |_| {}).examine(&["SHOP".to_owned()]).await;
        let is_bad = |one: &&Finding| one.verdict != Verdict::Good && !one.what.contains("without TLS");
        let bad: Vec<_> = findings.iter().filter(is_bad).collect();
        assert!(bad.is_empty() && findings.len() >= 6, "{edition:?} {bad:#?}");
        simulator.jira().deny_comments("SHOP", true);
        simulator.jira().linking(false);
        let findings = connection(&simulator, edition, |_| {}).examine(&["SHOP".to_owned(), "NONE".to_owned()]).await;
        for words in ["SHOP: the account lacks \"Add Comments\"", "NONE is not there", "issue linking is switched off"]
        {
            assert!(
                findings.iter().any(|one| one.verdict != Verdict::Good && one.what.contains(words)),
                "{findings:#?}"
            );
        }
    }
}
