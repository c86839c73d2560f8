//! The work that goes well: opened, begun, ticked off, closed in time.

use super::cast::Person;
use super::script::{FIRST_DAY, LAST_DAY, Script, Sheet, checklist};

const VERBS: [&str; 8] = ["Improve", "Rework", "Add", "Simplify", "Document", "Speed up", "Fix", "Test"];

const THINGS: [[&str; 10]; 3] = [
    [
        "search page",
        "price table",
        "login form",
        "invoice view",
        "dark theme",
        "address book",
        "cookie banner",
        "order history",
        "help centre",
        "settings page",
    ],
    [
        "rate limits",
        "export job",
        "webhook retries",
        "tax rules",
        "audit log",
        "search index",
        "token refresh",
        "bulk import",
        "refund flow",
        "currency rounding",
    ],
    [
        "nightly backup",
        "staging cluster",
        "alert routing",
        "image builds",
        "certificate renewal",
        "log shipping",
        "cost report",
        "queue autoscaling",
        "disk alarms",
        "deploy script",
    ],
];

const STEPS: [&str; 8] = [
    "agree on the scope",
    "write it down",
    "first version",
    "review",
    "tests",
    "roll out to staging",
    "measure",
    "tell support",
];

const WORDS: [&str; 8] = [
    "Started on this.",
    "First version is up for a look.",
    "Half way, no surprises.",
    "Review comments are in.",
    "Works on staging.",
    "Tests are green.",
    "Took longer than I thought, but it is done.",
    "Next step finished.",
];

/// Each member does one thing after another, at their own hour; some wishes wait in the backlog.
pub(super) fn write(script: &mut Script, people: &[Person]) {
    for (at, person) in people.iter().enumerate().skip(4) {
        let lead = &people[1 + person.team];
        let mut day = FIRST_DAY + i32::try_from(at % 5).unwrap_or(0);
        // Everybody has an hour at which they like to write.
        let hour = script.dice.between(20, 400);
        while day < LAST_DAY {
            let days = script.dice.between(4, 9);
            task(script, person, lead, day, hour, days);
            day += days + script.dice.between(0, 3);
        }
    }
    backlog(script, people);
    pulls(script, people);
}

/// One task that takes so many working days and is due at least three days after.
fn task(script: &mut Script, person: &Person, lead: &Person, day: i32, hour: i32, days: i32) {
    let title = title(script, person.team);
    let boxes = script.dice.between(4, 8);
    let count = usize::try_from(boxes).unwrap_or(4);
    let body = checklist("What is needed:", &STEPS[..count]);
    let milestone = Script::milestone_after(day + days + 3);
    let me = person.github_login.as_str();
    let sheet = Sheet { team: person.team, title: &title, body, assignee: Some(me), milestone: Some(milestone) };
    let key = script.open(day, hour, &lead.github_login, sheet);
    for step in 0..boxes {
        // The first box falls early and the rest evenly: declared progress keeps up with the time.
        let minute = hour + 30 + (days * 480 * (2 * step + 1)) / (2 * boxes);
        script.tick(day, minute, me, key, 1);
        let words = *script.dice.pick(&WORDS);
        script.comment(day, minute + 2, me, key, words);
    }
    script.close(day, hour + 60 + days * 480, me, key);
}

fn title(script: &mut Script, team: usize) -> String {
    let verb = *script.dice.pick(&VERBS);
    let thing = *script.dice.pick(&THINGS[team]);
    format!("{verb} the {thing}")
}

/// Wishes that nobody has taken and that are due never: healthy, for nobody promised anything.
fn backlog(script: &mut Script, people: &[Person]) {
    for team in 0..3 {
        for _ in 0..3 {
            let title = title(script, team);
            let day = script.dice.between(FIRST_DAY, -1);
            let body = "Would be nice to have some day.".to_owned();
            let who = people[1 + team].github_login.clone();
            script.open(day, 200, &who, Sheet { team, title: &title, body, assignee: None, milestone: None });
        }
    }
}

/// Pull requests, which the tool lists among the issues.
fn pulls(script: &mut Script, people: &[Person]) {
    for turn in 0..8 {
        let person = &people[4 + (turn * 3) % 20];
        let title = format!("Bump dependencies ({})", turn + 1);
        let day = script.dice.between(FIRST_DAY, -2);
        let body = "Routine.".to_owned();
        let sheet = Sheet { team: person.team, title: &title, body, assignee: None, milestone: None };
        let key = script.open_pull(day, 100, &person.github_login, sheet);
        script.bot_comment(day + 1, "renovate[bot]", key, "All checks have passed.");
        if turn % 2 == 0 {
            script.close(day + 1, 300, &person.github_login, key);
        }
    }
}
