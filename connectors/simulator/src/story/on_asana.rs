//! The same story at Asana: a repository is a project, the date of a milestone is each task's due date, the boxes of a
//! checklist are subtasks, and work that somebody speaks of is in `Doing`. Pull requests have no place there.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Deed, Person, StoryKey, What, cast};
use crate::asana::{Asana, TaskDraft};

/// Where the story stands at Asana.
#[derive(Debug, Clone, Default)]
pub(super) struct OnAsana {
    /// Gid and project of each task.
    places: HashMap<StoryKey, (String, String)>,
    /// Dates of milestones by project and name.
    dates: HashMap<(String, String), Date>,
}

/// `acme/web` is the project `Acme web`.
fn project(repo: &str) -> String {
    format!("Acme {}", repo.rsplit('/').next().unwrap_or(repo))
}

/// The day a milestone means: its midnight is Pacific.
fn day(due: Timestamp) -> Date {
    let pacific = TimeZone::get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
    due.to_zoned(pacific).date()
}

/// `ana-k` at GitHub is `ana` at Asana.
fn login<'a>(people: &'a [Person], who: &'a str) -> &'a str {
    people.iter().find(|person| person.github_login == who).map_or(who, |person| person.handle.as_str())
}

impl OnAsana {
    pub(super) fn stage(asana: &Asana, people: &[Person]) {
        for person in people {
            asana.person(&person.handle, &person.name, &person.email);
        }
        for (at, repo) in cast::REPOS.iter().enumerate() {
            asana.project(&project(repo));
            // The head of delivery is first, then the lead of each team.
            if let Some(lead) = people.get(at + 1) {
                asana.owner(&project(repo), &lead.handle);
            }
        }
    }

    pub(super) fn play(&mut self, asana: &Asana, people: &[Person], deed: &Deed) {
        let who = login(people, &deed.who);
        let asana = asana.at(deed.at).acting(who);
        let place = |key: &StoryKey| self.places.get(key).cloned();
        match &deed.what {
            What::Milestone { repo, title, due } => {
                self.dates.insert((project(repo), title.clone()), day(*due));
            }
            What::Open { pull: true, .. } => {}
            What::Open { key, repo, title, body, assignee, milestone, .. } => {
                let project = project(repo);
                let due = milestone.as_ref().and_then(|title| self.dates.get(&(project.clone(), title.clone())));
                let creator = Some(who.to_owned());
                let draft = TaskDraft {
                    notes: Some(body.clone()),
                    assignee: assignee.as_deref().map(|assignee| login(people, assignee).to_owned()),
                    creator: creator.clone(),
                    due: due.copied(),
                    ..TaskDraft::new(title)
                };
                let gid = asana.task(&project, draft);
                for part in body.lines().filter_map(|line| line.trim().strip_prefix("- [ ] ")) {
                    asana.subtask(&gid, TaskDraft { creator: creator.clone(), ..TaskDraft::new(part) });
                }
                self.places.insert(*key, (gid, project));
            }
            What::Assign { key, login: assignee } => {
                let Some((gid, _)) = place(key) else { return };
                asana.assign(&gid, Some(login(people, assignee)), who);
            }
            What::Comment { key, text } => {
                let Some((gid, project)) = place(key) else { return };
                asana.comment(&gid, text, who);
                begin(&asana, &gid, &project, who);
            }
            What::Tick { key, boxes } => {
                let Some((gid, project)) = place(key) else { return };
                asana.tick(&gid, *boxes, who);
                begin(&asana, &gid, &project, who);
            }
            What::Close { key } => {
                let Some((gid, project)) = place(key) else { return };
                asana.section_move(&gid, &project, "Done", who);
                asana.complete(&gid, who);
            }
            What::Move { key, milestone } => {
                let Some((gid, project)) = place(key) else { return };
                asana.due(&gid, self.dates.get(&(project, milestone.clone())).copied(), who);
            }
            What::SubIssue { parent, child } => {
                let (Some((parent, _)), Some((child, _))) = (place(parent), place(child)) else { return };
                asana.reparent(&child, Some(&parent), who);
            }
            What::Block { blocked, blocker } => {
                let (Some((blocked, _)), Some((blocker, _))) = (place(blocked), place(blocker)) else { return };
                asana.block(&blocker, &blocked);
            }
        }
    }
}

/// Whoever has it and speaks of it has begun.
fn begin(asana: &Asana, gid: &str, project: &str, who: &str) {
    let Some(task) = asana.look(gid) else { return };
    let is_new = task.sections.iter().any(|(_, section)| section == "To do");
    if is_new && task.assignee.as_deref() == Some(who) {
        asana.section_move(gid, project, "Doing", who);
    }
}
