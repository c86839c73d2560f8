//! The same story at Jira: a repository is a project, a milestone a version with its date, which is also each issue's due
//! date, and work that somebody speaks of is in progress. Pull requests have no place there.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Deed, Person, StoryKey, What, cast};
use crate::jira::{IssueDraft, Jira};

/// Where the story stands at Jira.
#[derive(Debug, Clone, Default)]
pub(super) struct OnJira {
    /// Jira's key of each issue.
    keys: HashMap<StoryKey, String>,
    /// Dates of versions by project and name.
    dates: HashMap<(String, String), Date>,
    /// Issues that others stand below.
    epics: HashSet<StoryKey>,
}

/// `acme/web` is the project `WEB`.
fn project(repo: &str) -> String {
    repo.rsplit('/').next().unwrap_or(repo).to_uppercase()
}

/// The day a milestone means: its midnight is Pacific.
fn day(due: Timestamp) -> Date {
    let pacific = TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
    due.to_zoned(pacific).date()
}

/// `ana-k` at GitHub is `ana` at Jira.
fn login<'a>(people: &'a [Person], who: &'a str) -> &'a str {
    people.iter().find(|person| person.github_login == who).map_or(who, |person| person.handle.as_str())
}

impl OnJira {
    pub(super) fn new(deeds: &[Deed]) -> OnJira {
        let parent = |deed: &Deed| match deed.what {
            What::SubIssue { parent, .. } => Some(parent),
            _ => None,
        };
        OnJira { epics: deeds.iter().filter_map(parent).collect(), ..OnJira::default() }
    }

    pub(super) fn stage(jira: &Jira, people: &[Person]) {
        for person in people {
            jira.person(&person.handle, &person.name, &person.email);
        }
        cast::BOTS.iter().for_each(|bot| jira.app(bot, bot));
        for (at, repo) in cast::REPOS.iter().enumerate() {
            let key = project(repo);
            jira.project(&key, &format!("Acme {}", key.to_lowercase()));
            // The head of delivery is first, then the lead of each team.
            if let Some(lead) = people.get(at + 1) {
                jira.lead(&key, &lead.handle);
            }
        }
    }

    pub(super) fn play(&mut self, jira: &Jira, people: &[Person], deed: &Deed) {
        let who = login(people, &deed.who);
        let jira = jira.at(deed.at).acting(who);
        let key_of = |key: &StoryKey| self.keys.get(key).cloned();
        match &deed.what {
            What::Milestone { repo, title, due } => {
                let (project, due) = (project(repo), day(*due));
                jira.version(&project, title, Some(due));
                self.dates.insert((project, title.clone()), due);
            }
            What::Open { pull: true, .. } => {}
            What::Open { key, repo, title, body, assignee, milestone, .. } => {
                let project = project(repo);
                let due = milestone.as_ref().and_then(|title| self.dates.get(&(project.clone(), title.clone())));
                let kind = if self.epics.contains(key) { "Epic" } else { "Task" };
                let draft = IssueDraft {
                    kind: kind.to_owned(),
                    description: Some(body.clone()),
                    assignee: assignee.as_deref().map(|assignee| login(people, assignee).to_owned()),
                    reporter: Some(who.to_owned()),
                    due: due.copied(),
                    versions: milestone.iter().cloned().collect(),
                    ..IssueDraft::new(title)
                };
                self.keys.insert(*key, jira.issue(&project, draft));
            }
            What::Assign { key, login: assignee } => {
                let Some(key) = key_of(key) else { return };
                jira.assign(&key, Some(login(people, assignee)), who);
            }
            What::Comment { key, text } => {
                let Some(key) = key_of(key) else { return };
                jira.comment(&key, text, who);
                begin(&jira, &key, who);
            }
            What::Tick { key, boxes } => {
                let Some(key) = key_of(key) else { return };
                jira.tick(&key, *boxes, who);
                begin(&jira, &key, who);
            }
            What::Close { key } => {
                let Some(key) = key_of(key) else { return };
                jira.status(&key, "Done", who);
            }
            What::Move { key, milestone } => {
                let Some(key) = key_of(key) else { return };
                let project = key.split('-').next().unwrap_or_default().to_owned();
                jira.fix_versions(&key, &[milestone], who);
                jira.due(&key, self.dates.get(&(project, milestone.clone())).copied(), who);
            }
            What::SubIssue { parent, child } => {
                let (Some(parent), Some(child)) = (key_of(parent), key_of(child)) else { return };
                jira.reparent(&child, Some(&parent), who);
            }
            What::Block { blocked, blocker } => {
                let (Some(blocked), Some(blocker)) = (key_of(blocked), key_of(blocker)) else { return };
                jira.link(&blocker, &blocked);
            }
        }
    }
}

/// Whoever has it and speaks of it has begun.
fn begin(jira: &Jira, key: &str, who: &str) {
    let seen = jira.look(key);
    if seen.is_some_and(|issue| issue.category == "new" && issue.assignee.as_deref() == Some(who)) {
        jira.status(key, "In Progress", who);
    }
}
