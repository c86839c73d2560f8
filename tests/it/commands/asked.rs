//! What is asked about gaps: the list, one of them, why it is there, why it was told or not.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_gaps_keeps_its_contract() {
    let shop = Shop::open().await;
    assert_eq!(shop.run(&["run", "--once"]).code, 0);
    let keys = |value: &Value| value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    for verb in
        [&["gaps", "list", "-o", "json"][..], &["check", "-o", "json"], &["gaps", "list", "--all", "-o", "json"]]
    {
        let document = shop.run(verb).json();
        let gap = &document["gaps"][0];
        assert_eq!(keys(&document), "at connections gaps mode schema", "{verb:?}");
        assert_eq!(document["schema"], "gapwatch.gaps/1");
        assert_eq!(keys(&document["connections"][0]), "because id last_success_at state");
        assert_eq!(document["connections"][0]["state"], "ok");
        assert_eq!(
            keys(gap),
            "acknowledged_until backlog episode evidence held_because id inhibited_by next_check_at next_step_at opened_at \
             owners resolved_at rule scope snoozed_until stage stage_at state subject summary told"
        );
        assert_eq!(keys(&gap["subject"]), "connection key kind title url");
        assert_eq!(keys(&gap["told"][0]), "at channel person");
        assert_eq!(
            (&gap["rule"], &gap["stage"], &gap["state"]),
            (&"overdue".into(), &"failure".into(), &"firing".into())
        );
        assert_eq!(gap["owners"], serde_json::json!(["ana"]));
        assert_eq!(gap["told"].as_array().unwrap().len(), 2);
        assert_eq!(gap["id"].as_str().unwrap().len(), 10);
        assert!(gap["evidence"]["late_days"].is_number());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_can_be_filtered_and_one_be_shown() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    let count = |args: &[&str]| {
        let args = [&["gaps", "list", "-o", "json"], args].concat();
        shop.run(&args).json()["gaps"].as_array().unwrap().len()
    };
    let all = count(&[]);
    assert!(all >= 1);
    assert_eq!((count(&["--rule", "overdue"]), count(&["--stage", "failure"])), (1, 1));
    assert_eq!((count(&["--owner", "ana"]), count(&["--owner", "max-w"])), (all, 0));
    let gap = shop.gap();
    let shown = shop.run(&["gaps", "show", &gap]);
    assert_eq!(shown.code, 0);
    assert!(shown.out.starts_with(&format!("{gap} ⬣ failure acme/web#1 \"Move billing\"\n")), "{}", shown.out);
    assert!(shown.out.contains("told ana by slack on "), "{}", shown.out);
    assert_eq!(shop.run(&["gaps", "show", "nothing"]).code, 2);
    shop.sim.github().close(REPO, 1, "ana-k", now(), "completed");
    shop.configure("mode = \"live\"\n", "");
    shop.run(&["run", "--once"]);
    let listed = shop.run(&["gaps", "show", &gap, "-o", "json"]).json();
    assert_eq!(listed["gaps"].as_array().unwrap().len(), 1, "found while it clears as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn checking_changes_nothing_and_its_exit_code_can_be_asked_for() {
    let shop = Shop::open().await;
    assert_eq!(shop.run(&["sync"]).code, 0);
    let checked = shop.run(&["check", "-o", "json"]);
    assert_eq!(checked.code, 0, "found, but not asked about");
    assert_eq!(checked.json()["gaps"][0]["rule"], "overdue");
    for (stage, code) in [("opens", 10), ("widens", 10), ("failure", 10)] {
        assert_eq!(shop.run(&["check", "--fail-on", stage]).code, code, "{stage}");
    }
    assert_eq!(shop.run(&["check", "--fail-on", "failure", "--project", "Acme/Web"]).code, 10);
    assert_eq!(shop.run(&["check", "--fail-on", "dire"]).code, 2);
    let listed = shop.run(&["gaps", "list", "-o", "json"]).json();
    assert_eq!(listed["gaps"], Value::Array(Vec::new()), "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_cannot_see_says_so() {
    let shop = Shop::open().await;
    assert_eq!(shop.run(&["sync"]).code, 0);
    for (fault, code) in [(refusal(503), 69), (refusal(401), 77)] {
        shop.sim.fail_next(Tool::Github, "", fault, 1000);
        shop.run(&["sync"]);
        let checked = shop.run(&["check", "-o", "json"]);
        assert_eq!(checked.code, code);
        assert_eq!(checked.json()["connections"][0]["state"], "blind");
        assert!(checked.json()["connections"][0]["because"].is_string());
        shop.sim.heal();
    }
    assert_eq!(shop.run(&["sync"]).code, 0);
    assert_eq!(shop.run(&["check"]).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_moment_can_be_asked_about_and_an_earlier_one_not_yet() {
    let shop = Shop::open().await;
    let due = (now() + SignedDuration::from_hours(24 * 20)).to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    shop.sim.github().milestone_due(REPO, "Spring", Some(github_day(&due)));
    shop.run(&["sync"]);
    assert_eq!(shop.run(&["check", "--fail-on", "failure"]).code, 0);
    let later = (now() + SignedDuration::from_hours(24 * 30)).to_string();
    let checked = shop.run(&["check", "--fail-on", "failure", "--at", &later, "-o", "json"]);
    assert_eq!((checked.code, &checked.json()["gaps"][0]["rule"]), (10, &"overdue".into()));
    for (at, code) in [("2020-01-01", 2), ("yesterday", 2)] {
        let ended = shop.run(&["check", "--at", at]);
        assert_eq!(ended.code, code);
        assert!(
            ended.err.contains(if at == "yesterday" { "is not a time" } else { "cannot look back" }),
            "{}",
            ended.err
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_found_by_whatever_it_is_called() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    let gap = shop.gap();
    let url =
        shop.run(&["gaps", "list", "-o", "json"]).json()["gaps"][0]["subject"]["url"].as_str().unwrap().to_owned();
    for name in [&*url, &*gap, "github.acme:acme/web#1", "acme/web#1", "ACME/web#1"] {
        let explained = shop.run(&["explain", name, "-o", "json"]);
        assert_eq!(explained.code, 0, "{name} {}", explained.err);
        let document = explained.json();
        assert_eq!(
            (&document["schema"], &document["task"]["key"]),
            (&"gapwatch.explain/1".into(), &"acme/web#1".into())
        );
        let rules = document["rules"].as_array().unwrap();
        let about_others = [
            "load.overloaded",
            "wip.limit",
            "owner.gone",
            "sys.mirror_stale",
            "sys.unmapped",
            "sys.mass_change",
            "sys.volume",
            "sys.delivery_failed",
            "sys.rule_useless",
        ];
        let about_tasks = gapwatch::rules::ids().filter(|id| !about_others.contains(&id.0)).count();
        assert_eq!(rules.len(), about_tasks, "every rule about tasks");
        let overdue = rules.iter().find(|rule| rule["rule"] == "overdue").unwrap();
        assert_eq!((&overdue["verdict"], &overdue["gap"]), (&"gap".into(), &gap.clone().into()));
        let pace = rules.iter().find(|rule| rule["rule"] == "pace.behind").unwrap();
        assert_eq!(pace["thresholds"]["from"], serde_json::json!({ "value": 0.3, "origin": "default" }));
    }
    for name in ["acme/web#99", "github.other:acme/web#1", ""] {
        assert_eq!(shop.run(&["explain", name]).code, 2, "{name}");
    }
    assert!(shop.run(&["explain", "acme/web#1"]).out.contains("overdue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_threshold_is_explained_with_the_line_it_stands_in() {
    let shop = Shop::open().await;
    shop.configure("mode = \"live\"\n", "[rules.pace.behind]\nfrom = 0.4\n");
    shop.run(&["sync"]);
    let document = shop.run(&["explain", "acme/web#1", "-o", "json"]).json();
    let pace = document["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "pace.behind").unwrap().clone();
    let origin = pace["thresholds"]["from"]["origin"].as_str().unwrap();
    let text = std::fs::read_to_string(shop.path("gapwatch.toml")).unwrap();
    let line = text.lines().position(|line| line == "from = 0.4").unwrap() + 1;
    assert!(origin.ends_with(&format!("gapwatch.toml:{line}")), "{origin}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_two_tasks_have_is_not_guessed_at() {
    let shop = Shop::open().await;
    let other = Simulator::start(std::sync::Arc::new(Timestamp::now)).await.unwrap();
    other.github().issue(REPO, "Another").open();
    let table = format!("[github.other]\nurl = \"{}\"\ntoken = \"t\"\nrepos = [\"{REPO}\"]\n", other.github_url());
    shop.configure("mode = \"observe\"\n", &table);
    assert_eq!(shop.run(&["sync"]).code, 0);
    let ended = shop.run(&["explain", "acme/web#1"]);
    assert_eq!(ended.code, 2);
    for candidate in ["github.acme:acme/web#1", "github.other:acme/web#1"] {
        assert!(ended.err.contains(candidate), "{}", ended.err);
    }
    assert_eq!(shop.run(&["explain", "github.other:acme/web#1", "-o", "json"]).json()["task"]["title"], "Another");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_something_was_said_or_not_is_told_of_tasks_and_people() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    for about in ["acme/web#1", "ana", "ana-k"] {
        let rows = shop.run(&["why", about, "-o", "json"]).json();
        let rows = rows.as_array().unwrap();
        let told = rows.iter().find(|row| row["channel"] == "slack").unwrap_or_else(|| panic!("{about} {rows:#?}"));
        let keys = told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(keys, "at because channel decision due_at gap reason recipient told_at");
        assert_eq!(
            (&told["decision"], &told["reason"], &told["recipient"]),
            (&"sent".into(), &"opened".into(), &"ana".into())
        );
    }
    let ended = shop.run(&["why", "ana", "-o", "json"]).json();
    let quiet = ended.as_array().unwrap().iter().filter(|row| row["decision"] == "held");
    assert!(quiet.clone().all(|row| row["because"].is_string()), "{ended:#?}");
    assert_eq!(shop.run(&["why", "nobody-at-all"]).code, 2);
    assert_eq!(shop.run(&["why", "ana", "--since", "soon"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_about_people_places_and_the_program_itself_is_explained_as_well() {
    let shop = Shop::open().await;
    shop.run(&["run", "--once"]);
    for (name, kind, rule) in [
        ("ana", "person", "load.overloaded"),
        ("Ana-K", "person", "owner.gone"),
        ("acme/web", "container", "sys.unmapped"),
        ("github.acme", "container", "sys.mirror_stale"),
        ("gapwatch", "system", "sys.volume"),
    ] {
        let document = shop.run(&["explain", name, "-o", "json"]).json();
        assert_eq!(
            (&document["task"], &document["subject"]["kind"]),
            (&serde_json::Value::Null, &kind.into()),
            "{name}"
        );
        let rules = document["rules"].as_array().unwrap();
        assert!(rules.iter().any(|one| one["rule"] == rule), "{name} {rules:#?}");
        assert!(
            rules.iter().all(|one| one["because"].as_str().is_some_and(|because| !because.is_empty())),
            "{rules:#?}"
        );
        assert!(shop.run(&["explain", name]).out.contains(rule), "{name}");
    }
    let gaps = shop.run(&["gaps", "list", "-o", "json"]).json();
    for gap in gaps["gaps"].as_array().unwrap() {
        let id = gap["id"].as_str().unwrap();
        let explained = shop.run(&["explain", id, "-o", "json"]).json();
        let rules = explained["rules"].as_array().unwrap();
        assert!(rules.iter().any(|rule| rule["gap"] == gap["id"]), "{gap:#?} {explained:#?}");
        let why = shop.run(&["why", id, "-o", "json"]).json();
        assert!(why.as_array().unwrap().iter().all(|row| row["gap"] == gap["id"]), "{why:#?}");
        assert_eq!(shop.run(&["why", id]).code, 0);
    }
    let listed = shop.run(&["rules", "list", "-o", "json"]).json();
    let overdue = listed["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "overdue").unwrap().clone();
    assert_eq!((&overdue["heeded"]["told"], &overdue["heeded"]["action_ratio"]), (&0.into(), &serde_json::Value::Null));
    let held = shop.run(&["outbox", "list", "-o", "json"]).json();
    assert_eq!(held["held"], serde_json::json!([]));
    assert_eq!(shop.run(&["outbox", "release"]).code, 2, "nothing is held back");
}
