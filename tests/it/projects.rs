//! Projects, issue fields, links and timelines: what moves no `updated_at`, and what GraphQL alone tells.

use connector_simulator::{Fault, Logged, ProjectValue, Tool};
use gapwatch::domain::alert::AlertState;
use jiff::SignedDuration;

use crate::lab::rows;
use crate::world::{REPO, World, at, checklist, github_day};

const PLAN: &str = "acme/7";
const ONE: (&str, u64) = (REPO, 1);

/// A board is read beside the repository; Ana has one task on it.
async fn boarded() -> World {
    let world = World::plan().github("projects = [\"acme/7\"]").begin("2026-03-02T09:00:00Z").await;
    world.github().project(PLAN);
    world.github().issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").body(&checklist(2, 10)).open();
    world
}

fn day(text: &str) -> ProjectValue {
    ProjectValue::Date(text.parse().unwrap())
}

fn choice(text: &str) -> ProjectValue {
    ProjectValue::Choice(text.to_owned())
}

fn set(world: &World, field: &str, value: ProjectValue) {
    world.github().project_set(PLAN, ONE, field, value, world.now());
}

/// Columns of the one task.
fn task(world: &World, columns: &str) -> String {
    rows(&world.store(), &format!("SELECT {columns} FROM tasks WHERE key = 'acme/web#1'")).join("\n")
}

/// Half an hour later, when boards and links are due again; as the daemon reads.
async fn next_period(world: &mut World) {
    world.later(SignedDuration::from_mins(31)).poll().await;
    world.later(SignedDuration::from_mins(16)).poll().await;
}

fn is_list(request: &Logged) -> bool {
    request.method == "GET" && request.path.ends_with("/issues")
}

#[tokio::test]
async fn a_date_of_a_project_makes_a_task_overdue_and_the_words_say_where_it_stands() {
    let mut world = boarded().await;
    set(&world, "Target date", day("2026-03-06"));
    world.github().comment_as(REPO, 1, "ana-k", "begun", at("2026-03-02T10:00:00Z"));
    world.at("2026-03-03T09:00:00Z").run().await;
    assert_eq!(task(&world, "due, due_source"), "2026-03-06 | 1");
    world.github().comment_as(REPO, 1, "ana-k", "on it", at("2026-03-06T10:00:00Z"));
    world.at("2026-03-06T11:00:00Z").run().await;
    world.sent();
    world.at("2026-03-09T10:00:00Z").run().await;
    let gap = world.gap("overdue").await;
    assert_eq!(gap.alert.state, AlertState::Firing);
    let words = world.last_words("@ana");
    assert!(words.contains("Fri 6 Mar (date field)"), "{words}");

    // Moved on in the project: the issue tells nothing of it.
    let before = world.github().look(REPO, 1).unwrap().updated_at;
    set(&world, "Target date", day("2026-03-27"));
    assert_eq!(world.github().look(REPO, 1).unwrap().updated_at, before);
    next_period(&mut world).await;
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("overdue")), "{:?}", world.open().await);
    let slip = "SELECT old, new, origin FROM changes WHERE field = 2";
    assert_eq!(
        rows(&world.store(), slip),
        ["2026-03-06 | 2026-03-27 | 1"],
        "observed, for GitHub keeps no history of it"
    );
}

#[tokio::test]
async fn a_pace_is_measured_against_the_dates_of_a_project() {
    let mut world = boarded().await;
    set(&world, "Start date", day("2026-03-02"));
    set(&world, "Target date", day("2026-03-27"));
    world.run().await;
    for moment in ["2026-03-04T10:00:00Z", "2026-03-17T10:00:00Z"] {
        world.github().comment_as(REPO, 1, "ana-k", "on it", at(moment));
        world.at(moment).run().await;
    }
    world.at("2026-03-18T09:00:00Z").run().await;
    let words = world.last_words("@ana");
    assert!(words.contains("20 % done (2 of 10 checklist items) after 60 % of the time"), "{words}");
    assert!(words.contains("due Fri 27 Mar (date field)"), "{words}");
}

#[tokio::test]
async fn an_iteration_ends_with_its_last_day_and_gives_way_to_a_date() {
    let mut world = boarded().await;
    set(&world, "Iteration", ProjectValue::Iteration("2026-03-02".parse().unwrap(), 14));
    world.run().await;
    assert_eq!(task(&world, "due, due_source"), "2026-03-15 | 2");
    set(&world, "Target date", day("2026-03-11"));
    next_period(&mut world).await;
    assert_eq!(task(&world, "due, due_source"), "2026-03-11 | 1");
}

#[tokio::test]
async fn a_column_says_the_state_until_the_issue_is_closed() {
    let mut world = boarded().await;
    let state = "status_raw, category, declared, ineligible";
    set(&world, "Status", choice("In Progress"));
    world.run().await;
    assert_eq!(task(&world, state), "open [In Progress] | 1 | 1 | 0");
    for (column, expected) in [
        ("Blocked", "open [Blocked] | 3 | 1 | 0"),
        ("Backlog", "open [Backlog] | 0 | 1 | 1"),
        ("Odd", "open [Odd] | 0 | 0 | 0"),
        ("Done", "open [Done] | 4 | 1 | 0"),
        ("In review", "open [In review] | 2 | 1 | 0"),
    ] {
        set(&world, "Status", choice(column));
        next_period(&mut world).await;
        assert_eq!(task(&world, state), expected);
    }
    world.github().close(REPO, 1, "ana-k", world.now(), "completed");
    next_period(&mut world).await;
    assert_eq!(task(&world, state), "closed:completed | 4 | 1 | 0");
    world.github().reopen(REPO, 1, "max-w", world.now());
    next_period(&mut world).await;
    assert_eq!(task(&world, state), "open [In review] | 2 | 1 | 0");
}

#[tokio::test]
async fn what_a_project_says_outlives_changes_of_the_issue_and_a_restart_and_goes_with_its_item() {
    let mut world = boarded().await;
    set(&world, "Target date", day("2026-03-20"));
    set(&world, "Priority", choice("High"));
    world.run().await;
    let columns = "title, due, due_source, priority";
    world.github().edit_title(REPO, 1, "max-w", "Redesign it all", world.now());
    world.later(SignedDuration::from_mins(2)).poll().await;
    assert_eq!(task(&world, columns), "Redesign it all | 2026-03-20 | 1 | 2");
    world.restart().await;
    next_period(&mut world).await;
    assert_eq!(task(&world, columns), "Redesign it all | 2026-03-20 | 1 | 2");
    world.github().project_archive(PLAN, ONE, world.now());
    next_period(&mut world).await;
    assert_eq!(task(&world, columns), "Redesign it all | - | - | -");
    assert_eq!(rows(&world.store(), "SELECT count(*) FROM task_base"), ["0"]);
}

#[tokio::test]
async fn a_project_that_is_taken_out_of_the_configuration_says_nothing_any_more() {
    let mut world = boarded().await;
    set(&world, "Target date", day("2026-03-20"));
    world.run().await;
    world.reconfigured(|plan| plan.github("")).await;
    assert_eq!(task(&world, "due"), "-");
    world.reconfigured(|plan| plan.github("projects = [\"acme/7\"]")).await;
    world.poll().await;
    assert_eq!(task(&world, "due"), "2026-03-20");
    world.reconfigured(|plan| plan.github("projects = [\"acme/7\"]\nfields.due = \"Deadline\"")).await;
    world.poll().await;
    assert_eq!(task(&world, "due"), "-", "at once, not half an hour later");
}

#[tokio::test]
async fn of_several_projects_the_first_that_says_something_counts() {
    let both = "projects = [\"acme/8\", \"acme/7\"]";
    let mut world = World::plan().github(both).begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    github.user_project("acme/8");
    github.project(PLAN);
    github.issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").open();
    github.project_set("acme/8", ONE, "Target date", day("2026-03-20"), world.now());
    github.project_set(PLAN, ONE, "Target date", day("2026-03-10"), world.now());
    github.project_set(PLAN, ONE, "Priority", choice("Low"), world.now());
    world.run().await;
    assert_eq!(task(&world, "due, priority"), "2026-03-20 | 4");
    github.project_remove("acme/8", ONE);
    next_period(&mut world).await;
    assert_eq!(task(&world, "due, priority"), "2026-03-10 | 4");
}

#[tokio::test]
async fn the_organisation_s_own_fields_count_before_a_project_s() {
    let mut world = boarded().await;
    let github = world.github();
    github.set_field(ONE, "Target date", Some(day("2026-03-12")));
    github.set_field(ONE, "Start date", Some(day("2026-03-03")));
    github.set_field(ONE, "Priority", Some(choice("Urgent")));
    set(&world, "Target date", day("2026-03-20"));
    set(&world, "Start date", day("2026-03-09"));
    world.later(SignedDuration::from_mins(20));
    github.issue(REPO, "What was changed last").by("max-w").open();
    world.run().await;
    assert_eq!(task(&world, "start, due, due_source, priority"), "2026-03-03 | 2026-03-12 | 0 | 1");
    // Nothing of the issue moves; once a day it is read all the same.
    github.set_field(ONE, "Target date", None);
    next_period(&mut world).await;
    assert_eq!(task(&world, "due"), "2026-03-12");
    world.later(SignedDuration::from_hours(24)).poll().await;
    assert_eq!(task(&world, "due, due_source"), "2026-03-20 | 1");
}

#[tokio::test]
async fn a_move_between_columns_is_an_act_of_whoever_made_it() {
    let mut world = boarded().await;
    world.github().project_move(PLAN, ONE, "ana-k", "In Progress", at("2026-03-03T10:00:00Z"), false);
    world.github().project_move(PLAN, ONE, "max-w", "Done", at("2026-03-03T11:00:00Z"), true);
    world.at("2026-03-03T12:00:00Z").run().await;
    let moves = "SELECT x.field, x.old, x.new, a.handle FROM changes x LEFT JOIN accounts a ON a.id = x.account
        WHERE x.vkey LIKE 'timeline:%'";
    let expected =
        ["0 | - | active/open [In Progress] | ana-k", "15 | active/open [In Progress] | open [Done] | max-w"];
    assert_eq!(rows(&world.store(), moves), expected);
    let started = "SELECT json_extract(facts_json(facts), '$.started_at') FROM tasks";
    assert_eq!(rows(&world.store(), started), ["2026-03-03T10:00:00Z"]);
}

#[tokio::test]
async fn a_pull_request_that_will_close_a_task_says_that_it_is_worked_on() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = github.issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k");
    issue.milestone("Spring", github_day("2026-03-13")).open();
    github.issue(REPO, "The redesign").by("tom-b").pull_request().open();
    world.run().await;
    github.refer(ONE, (REPO, 2), "tom-b", at("2026-03-04T10:00:00Z"), true);
    next_period(&mut world).await;
    let started = "SELECT json_extract(facts_json(facts), '$.started_at') FROM tasks";
    assert_eq!(rows(&world.store(), started), ["2026-03-04T10:00:00Z"]);
    world.at("2026-03-11T10:00:00Z").run().await;
    assert!(world.open().await.iter().all(|gap| !gap.starts_with("start.never")), "{:?}", world.open().await);
}

#[tokio::test]
async fn links_that_move_no_updated_at_are_seen_within_one_period() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for title in ["Whole", "Part 1", "Part 2", "Contract"] {
        github.issue(REPO, title).by("max-w").assignee("ana-k").created(at("2026-02-20T09:00:00Z")).open();
    }
    // The list shows only what was changed last.
    github.issue(REPO, "Another").by("max-w").open();
    world.run().await;
    let seen = |world: &World| {
        let parents = "SELECT t.key, p.key, t.progress FROM tasks t LEFT JOIN tasks p ON p.id = t.parent
            WHERE t.title <> 'Another'";
        let links =
            "SELECT t.key, l.kind, o.key FROM links l JOIN tasks t ON t.id = l.task JOIN tasks o ON o.id = l.other";
        [rows(&world.store(), parents), rows(&world.store(), links)].concat()
    };
    let plain = ["acme/web#1 | - | -", "acme/web#2 | - | -", "acme/web#3 | - | -", "acme/web#4 | - | -"];
    assert_eq!(seen(&world), plain);
    for _ in 0..2 {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
    let now = world.now();
    github.add_sub_issue(ONE, (REPO, 2), "max-w", now);
    github.add_sub_issue(ONE, (REPO, 3), "max-w", now);
    github.block((REPO, 2), (REPO, 4), "max-w", now);
    world.sim.forget_requests();
    next_period(&mut world).await;
    let joined = [
        "acme/web#1 | - | 0",
        "acme/web#2 | acme/web#1 | -",
        "acme/web#3 | acme/web#1 | -",
        "acme/web#4 | - | -",
        "acme/web#2 | 0 | acme/web#4",
    ];
    assert_eq!(seen(&world), joined);
    let lists = world.sim.requests().into_iter().filter(is_list);
    assert!(lists.into_iter().all(|request| request.status == Some(304)), "the list told nothing of it");

    // A part that is done is seen at once in its parent, whose own `updated_at` stays.
    github.close(REPO, 3, "ana-k", world.now(), "completed");
    world.later(SignedDuration::from_mins(2)).poll().await;
    assert_eq!(seen(&world)[0], "acme/web#1 | - | 0.5");

    github.unblock((REPO, 2), (REPO, 4), "max-w", world.now());
    github.remove_sub_issue(ONE, (REPO, 2), "max-w", world.now());
    github.remove_sub_issue(ONE, (REPO, 3), "max-w", world.now());
    next_period(&mut world).await;
    let open: Vec<String> = seen(&world).into_iter().filter(|line| !line.starts_with("acme/web#3")).collect();
    assert_eq!(open, ["acme/web#1 | - | -", "acme/web#2 | - | -", "acme/web#4 | - | -"]);
}

#[tokio::test]
async fn links_of_many_issues_cost_a_call_for_each_hundred_and_a_quiet_poll_one_conditional_request() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for number in 0..250 {
        let made = at("2026-03-01T09:00:00Z") + SignedDuration::from_mins(number);
        github.issue(REPO, &format!("Task {number}")).by("max-w").created(made).open();
    }
    world.run().await;
    assert_eq!(github.graphql_calls(), 3);
    for _ in 0..2 {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
    for _ in 0..5 {
        world.sim.forget_requests();
        world.later(SignedDuration::from_mins(2)).poll().await;
        let asked = world.sim.requests();
        let shown: Vec<_> = asked.iter().map(|request| (request.path.as_str(), request.status)).collect();
        assert_eq!(shown, [("/github/repos/acme/web/issues", Some(304))]);
    }
    let before = github.graphql_calls();
    world.later(SignedDuration::from_mins(30)).poll().await;
    assert_eq!(github.graphql_calls() - before, 3);
    // Six of them wait for others: one call, not six.
    for number in 1..=6 {
        github.block((REPO, number), (REPO, 100), "max-w", world.now());
        github.edit_title(REPO, number, "max-w", &format!("Now {number}"), world.now());
    }
    let before = github.graphql_calls();
    world.later(SignedDuration::from_mins(2)).poll().await;
    assert_eq!(github.graphql_calls() - before, 1);
    assert_eq!(rows(&world.store(), "SELECT count(*) FROM links"), ["6"]);
}

/// What goes wrong with GraphQL alone.
fn troubles(world: &World, which: usize) {
    let (github, sim) = (world.github(), &world.sim);
    match which {
        0 => github.graphql(false),
        1 => github.graphql_limited(true),
        2 => github.graphql_without(Some("blockedBy")),
        3 => {
            github.graphql_withhold(REPO, 1);
            github.hide_project(PLAN, true);
        }
        4 => sim.fail_next(Tool::Github, "POST /graphql", Fault::Status(502, "{}".to_owned()), 1000),
        5 => sim.fail_next(Tool::Github, "POST /graphql", Fault::Html200, 1000),
        6 => sim.fail_next(Tool::Github, "POST /graphql", Fault::CutBody, 1000),
        7 => {
            let body =
                "{\"data\":null,\"errors\":[{\"message\":\"Something went wrong while executing your query.\"}]}";
            sim.fail_next(Tool::Github, "POST /graphql", Fault::Status(200, body.to_owned()), 1000);
        }
        _ => sim.fail_next(Tool::Github, "POST /graphql", Fault::Reset, 1000),
    }
}

#[tokio::test]
async fn without_graphql_nothing_opens_and_nothing_is_resolved() {
    for which in 0..9 {
        let mut world = boarded().await;
        let github = world.github();
        github.issue(REPO, "Contract").by("max-w").assignee("tom-b").open();
        github.block(ONE, (REPO, 2), "max-w", world.now());
        set(&world, "Target date", day("2026-03-06"));
        set(&world, "Status", choice("In Progress"));
        github.comment_as(REPO, 1, "ana-k", "begun", at("2026-03-02T10:00:00Z"));
        world.at("2026-03-06T11:00:00Z").run().await;
        world.at("2026-03-09T10:00:00Z").run().await;
        let (open, links) = (world.open().await, "SELECT task, kind, ref FROM links");
        assert!(open.iter().any(|gap| gap.starts_with("overdue acme/web#1")), "{open:?}");
        let (row, linked) = (task(&world, "status_raw, due, due_source, parent"), rows(&world.store(), links));
        assert_eq!(linked.len(), 1);
        world.sent();
        troubles(&world, which);
        for _ in 0..4 {
            world.later(SignedDuration::from_mins(17)).poll().await;
        }
        // That a project cannot be read is said about the connection, as it should be.
        let told = |gaps: &[String]| -> Vec<String> {
            let gaps = gaps.iter().filter(|gap| !gap.starts_with("sys.mirror_stale"));
            gaps.map(|gap| gap.split(" (").next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(told(&world.open().await), told(&open), "trouble {which}");
        assert_eq!(world.sent(), [""; 0], "trouble {which}");
        assert_eq!(task(&world, "status_raw, due, due_source, parent"), row, "trouble {which}");
        assert_eq!(rows(&world.store(), links), linked, "trouble {which}");
    }
}

#[tokio::test]
async fn without_graphql_links_are_still_seen_within_one_period() {
    for which in [0, 1, 2, 5, 7] {
        let mut world = World::live("2026-03-02T09:00:00Z").await;
        let github = world.github();
        for title in ["Whole", "Part 1", "Part 2"] {
            github.issue(REPO, title).by("max-w").assignee("ana-k").open();
        }
        github.project(PLAN);
        troubles(&world, which);
        world.run().await;
        github.block(ONE, (REPO, 2), "max-w", world.now());
        github.add_sub_issue(ONE, (REPO, 3), "max-w", world.now());
        next_period(&mut world).await;
        let links = rows(&world.store(), "SELECT task, kind, other FROM links");
        let parents = rows(&world.store(), "SELECT key, parent FROM tasks WHERE parent IS NOT NULL");
        assert_eq!((links, parents), (vec!["1 | 0 | 2".to_owned()], vec!["acme/web#3 | 1".to_owned()]), "{which}");
    }
}

#[tokio::test]
async fn other_words_for_a_state_are_read_into_what_is_known_already() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    world.github().issue(REPO, "Redesign homepage").by("max-w").assignee("ana-k").labels(&["doing"]).open();
    world.run().await;
    assert_eq!(task(&world, "status_raw"), "open");
    world.reconfigured(|plan| plan.github("states.active = [\"doing\"]")).await;
    world.poll().await;
    assert_eq!(task(&world, "status_raw, category"), "open [doing] | 1");
}
