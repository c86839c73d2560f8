//! Which change of the configuration asks for which work.
//!
//! Three hashes over what matters for each: compared with those of the last run they tell what must be done anew. No
//! secret, no variable and no place in a file goes into them, and neither does what a connection is called: renaming it or
//! changing its token changes nothing. The order of lists does not matter.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    AsanaConnection, GithubConnection, GithubFilter, JiraConnection, PersonSettings, Settings, States, TeamSettings,
    TrelloConnection,
};
use crate::domain::away::joined;

/// Each is 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revisions {
    /// Thresholds and the times that open, close or settle a gap. Another one: every subject is due, and what a changed
    /// rule creates is backlog.
    pub rules: String,
    /// Bots, words for states, people: what raw history is read with. Another one: fold again.
    pub reading: String,
    /// Sites, repositories, filters. Another one: pull those containers; they are cold until that is done.
    pub selection: String,
}

impl Revisions {
    /// Those of these settings.
    pub fn of(settings: &Settings) -> Revisions {
        Revisions {
            rules: hash(&("rules 2", &settings.rules, &settings.overrides, messages(settings))),
            reading: hash(&("reading 1", reading(settings))),
            selection: hash(&("selection 1", selection(settings))),
        }
    }
}

impl Revisions {
    /// Which of them are others than before.
    pub fn changed_since(&self, before: &Revisions) -> Vec<&'static str> {
        let all = [
            ("rules", self.rules == before.rules),
            ("reading", self.reading == before.reading),
            ("selection", self.selection == before.selection),
        ];
        all.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// What becomes of the backlog is a question for the moment it is asked in, not part of a rule.
fn messages(settings: &Settings) -> impl Serialize {
    let messages = &settings.messages;
    (messages.settle, messages.clear_after, messages.recent_action, messages.work_hours_only)
}

fn reading(settings: &Settings) -> impl Serialize {
    let states = |connection: &GithubConnection| {
        let projects = (&connection.projects, &connection.fields, &connection.statuses);
        let projects = serde_json::to_string(&projects).unwrap_or_default();
        (site(connection), sorted_states(&connection.states), projects)
    };
    let of_jira = |connection: &JiraConnection| {
        let blocking = folded(&connection.blocking);
        let fields = serde_json::to_string(&(&connection.fields, blocking)).unwrap_or_default();
        (format!("jira {}", connection.site()), sorted_states(&connection.states), fields)
    };
    let mut states: Vec<_> = settings.github.values().map(states).collect();
    states.extend(settings.jira.values().map(of_jira));
    let of_asana = |connection: &AsanaConnection| {
        let fields = serde_json::to_string(&connection.fields).unwrap_or_default();
        (format!("asana {}", connection.site()), sorted_states(&connection.states), fields)
    };
    states.extend(settings.asana.values().map(of_asana));
    let of_trello = |connection: &TrelloConnection| {
        let fields = serde_json::to_string(&connection.fields).unwrap_or_default();
        (format!("trello {}", connection.site()), sorted_states(&connection.states), fields)
    };
    states.extend(settings.trello.values().map(of_trello));
    states.sort();
    states.dedup();
    let people: Vec<_> = settings
        .people
        .iter()
        .map(|(name, person)| {
            let all = person.also.by_tool().into_iter();
            // A tool that nobody has an account in is not there: what is hashed stays the same when one is added.
            let all = all.filter(|(tool, accounts)| ["github", "slack"].contains(tool) || !accounts.is_empty());
            let accounts: Vec<_> = all.map(|(tool, accounts)| (tool, folded(accounts))).collect();
            (name, &person.email, &person.manager, &person.tz, accounts)
        })
        .collect();
    let directory = &settings.directory;
    let directory = (folded(&directory.bots), directory.match_by_email, directory.default_manager.clone());
    let mut all = vec![plain(&states), plain(&people), plain(&directory)];
    // What nobody has set is not there: what is hashed stays the same when it can be set.
    let calendar = |(name, person): (&String, &PersonSettings)| Some((name.clone(), person.calendar.clone()?));
    let of_people: Vec<_> = settings.people.iter().filter_map(calendar).collect();
    let default = &settings.directory.default_calendar;
    if !settings.calendars.is_empty() {
        let calendars = settings.calendars.iter().map(|(name, calendar)| {
            let week = calendar.week().week;
            (name, calendar.tz.as_ref(), week, joined(calendar.days_off()))
        });
        all.push(plain(&(calendars.collect::<Vec<_>>(), of_people, default)));
    }
    if !settings.teams.is_empty() {
        let accounts = |team: &TeamSettings| team.also.by_tool().map(|(tool, accounts)| (tool, folded(accounts)));
        all.push(plain(&settings.teams.values().map(accounts).collect::<Vec<_>>()));
    }
    all
}

fn selection(settings: &Settings) -> impl Serialize {
    let mut sites: Vec<_> = settings
        .github
        .values()
        .flat_map(|connection| {
            let GithubFilter { labels, assignee, milestone } = &connection.filter;
            let filter = (folded(labels), assignee.clone(), milestone.clone());
            connection.repos.iter().map(move |repo| (site(connection), repo.folded(), filter.clone()))
        })
        .collect();
    sites.sort();
    let mut all: Vec<_> = sites.into_iter().map(|site| plain(&site)).collect();
    let mut of_jira: Vec<_> = settings
        .jira
        .values()
        .map(|connection| {
            let mut projects: Vec<_> = connection.projects.iter().map(|project| project.text().to_owned()).collect();
            projects.sort();
            (format!("jira {}", connection.site()), projects, connection.condition())
        })
        .collect();
    of_jira.sort();
    all.extend(of_jira.iter().map(plain));
    let mut of_asana: Vec<_> = settings
        .asana
        .values()
        .map(|connection| {
            let projects = folded(&connection.project_names());
            (format!("asana {}", connection.site()), connection.workspace_name(), projects)
        })
        .collect();
    of_asana.sort();
    all.extend(of_asana.iter().map(plain));
    let mut of_trello: Vec<_> = settings
        .trello
        .values()
        .map(|connection| {
            let mut boards = connection.board_names();
            boards.sort();
            (format!("trello {}", connection.site()), boards)
        })
        .collect();
    of_trello.sort();
    all.extend(of_trello.iter().map(plain));
    all
}

fn plain(what: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(what).expect("plain values always become JSON")
}

fn site(connection: &GithubConnection) -> String {
    format!("github {}", connection.url.url().as_str().trim_end_matches('/'))
}

fn sorted_states(states: &States) -> Vec<(&'static str, Vec<String>)> {
    states.all().into_iter().map(|(state, words)| (state, folded(words))).collect()
}

fn folded(words: &[String]) -> Vec<String> {
    let mut words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
    words.sort();
    words.dedup();
    words
}

fn hash(what: &impl Serialize) -> String {
    let text = serde_json::to_vec(what).expect("plain values always become JSON");
    let digest = Sha256::digest(&text);
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::super::{Sources, load};
    use super::*;

    const BASE: &str = r#"
        [github.acme]
        token = "t1"
        repos = ["acme/web", "acme/api"]
        states.waiting = ["Blocked", "On hold"]
        [people.ana]
        also = { github = "ana-k" }
        [directory]
        bots = ["ci"]
    "#;

    fn revisions(text: &str) -> Revisions {
        let files = vec![("gapwatch.toml".into(), text.to_owned())];
        Revisions::of(&load(&Sources { files, env: BTreeMap::new(), ..Sources::default() }).unwrap().settings)
    }

    /// Which of the three are another one after replacing `old` by `new`.
    fn changed(old: &str, new: &str) -> Vec<&'static str> {
        assert!(BASE.contains(old));
        revisions(&BASE.replacen(old, new, 1)).changed_since(&revisions(BASE))
    }

    #[test]
    fn each_revision_follows_what_it_stands_for_and_nothing_else() {
        assert_eq!(changed("[directory]", "[rules.pace.behind]\nfrom = 0.4\n[directory]"), ["rules"]);
        assert_eq!(changed("[directory]", "[messages]\nsettle = '5m'\n[directory]"), ["rules"]);
        assert_eq!(changed("\"ci\"", "\"ci\", \"renovate[bot]\""), ["reading"]);
        assert_eq!(changed("\"Blocked\"", "\"Stuck\""), ["reading"]);
        assert_eq!(changed("\"ana-k\"", "\"ana\""), ["reading"]);
        assert_eq!(changed("[people.ana]", "[people.ana]\ntz = 'Europe/Berlin'"), ["reading"]);
        assert_eq!(changed("\"acme/api\"", "\"acme/app\""), ["selection"]);
        assert_eq!(changed("states.waiting", "filter.labels = ['tracked']\nstates.waiting"), ["selection"]);
    }

    #[test]
    fn names_tokens_order_and_case_are_no_change() {
        assert_eq!(changed("\"t1\"", "\"t2\""), [""; 0]);
        assert_eq!(changed("github.acme", "github.other"), [""; 0]);
        assert_eq!(changed("\"acme/web\", \"acme/api\"", "\"acme/api\", \"Acme/Web\""), [""; 0]);
        assert_eq!(changed("\"Blocked\", \"On hold\"", "\"on hold\", \"blocked\""), [""; 0]);
        assert_eq!(changed("[directory]", "[messages]\nbacklog = 'tell'\n[directory]"), [""; 0]);
        assert_eq!(changed("[people.ana]", "[people.ana]\nname = 'Ana'"), [""; 0]);
    }

    #[test]
    fn revisions_are_the_same_in_every_run_and_version() {
        let of = revisions(BASE);
        insta::assert_snapshot!(format!("{} {} {}", of.rules, of.reading, of.selection), @"904019326019d018 778781cb0f01edf8 bcbe0fe05f98325b");
    }
}
