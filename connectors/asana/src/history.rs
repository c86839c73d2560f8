//! Stories as changes. Pure.
//!
//! A story's text is for people, translated and reworded at will: only its kind and its values are read. What Asana writes
//! by itself in somebody's name (`due_today`) is left out: it would look like an act of the owner.

use connector_model::{Change, Due, Field, Mentions, StatusCategory, TaskRef};

use crate::fields::{self, Role};
use crate::mark;
use crate::normalise::{COMPLETED, INCOMPLETE, Named, Reading};
use crate::said::said;
use crate::wire::{self, DateValue, Dates, Story};

/// The longest command line kept.
const LONGEST_COMMAND: usize = 200;

/// Made by Asana itself, or of no meaning to anybody's work.
const NOISE: [&str; 8] = [
    "due_today",
    "follower_added",
    "follower_removed",
    "liked",
    "comment_liked",
    "story_reaction_added",
    "attachment_liked",
    "completion_liked",
];

/// What goes from story to story: oldest first, each tells what it changed and not always what was there before.
struct Fold<'a> {
    /// Who owned it, as far as the stories told.
    owner: Option<String>,
    /// Where it stood while it was open.
    stood: Option<String>,
    is_done: bool,
    /// Approvals tell more than the tick that goes with them.
    is_approval: bool,
    task: &'a wire::Task,
    place: &'a str,
    reading: &'a Reading<'a>,
}

type Meaning = (Field, Option<String>, Option<String>);

/// All changes of one task, whose stories stand oldest first. `place`: the project it lives in.
pub(crate) fn changes(
    task: &wire::Task,
    place: &str,
    stories: &[Story],
    reading: &Reading<'_>,
    named: &mut Named,
) -> Vec<Change> {
    let is_approval = stories.iter().any(|one| one.resource_subtype.as_deref() == Some("approval_status_changed"));
    let mut fold = Fold { owner: None, stood: None, is_done: false, is_approval, task, place, reading };
    let mut sorted: Vec<(jiff::Timestamp, &Story)> =
        stories.iter().filter_map(|story| Some((story.created_at?, story))).collect();
    sorted.sort_by_key(|(at, _)| *at);
    let mut changes = Vec::with_capacity(sorted.len());
    for (at, story) in sorted {
        if story.resource_subtype.as_deref().is_some_and(|kind| NOISE.contains(&kind)) || story.gid.is_empty() {
            continue;
        }
        let account = story.created_by.as_ref().and_then(|user| named.account(user, reading.people));
        let (field, from, to) = fold.meaning(story, named);
        let text = story.text.as_deref().unwrap_or_default();
        // Whoever copies our words does not speak for us.
        let is_ours = story.is_comment() && account.as_deref() == Some(reading.own);
        changes.push(Change {
            task: TaskRef::Ext(task.gid.clone()),
            at,
            vkey: format!("story:{}", story.gid),
            field,
            from,
            to,
            account: account.or_else(|| Some(named.itself())),
            via: None,
            mentions: if story.is_comment() { said(story.html_text.as_deref(), text) } else { Mentions::default() },
            mark: if is_ours { mark::of_text(text) } else { None },
            observed: false,
        });
    }
    changes
}

impl Fold<'_> {
    fn meaning(&mut self, story: &Story, named: &mut Named) -> Meaning {
        if story.is_comment() {
            return (Field::Comment, None, command(story.text.as_deref().unwrap_or_default()));
        }
        let nothing = |field| (field, None, None);
        match story.resource_subtype.as_deref().unwrap_or_default() {
            "assigned" => {
                let on = story.assignee.as_ref().and_then(|user| named.account(user, self.reading.people));
                let off = std::mem::replace(&mut self.owner, on.clone()).filter(|off| Some(off) != on.as_ref());
                (Field::Owner, off, on)
            }
            "unassigned" => {
                let told = story.assignee.as_ref().and_then(|user| named.account(user, self.reading.people));
                (Field::Owner, told.or(self.owner.take()), None)
            }
            "due_date_changed" | "start_date_changed" => self.dates(story),
            "marked_complete" | "marked_incomplete" if self.is_approval => nothing(Field::Other),
            "marked_complete" => {
                let before = self.standing();
                self.is_done = true;
                (Field::Status, Some(before), Some(StatusCategory::Done.entry(COMPLETED)))
            }
            "marked_incomplete" => {
                self.is_done = false;
                (Field::Status, Some(StatusCategory::Done.entry(COMPLETED)), Some(self.standing()))
            }
            "section_changed" => self.section(story),
            "approval_status_changed" => {
                let of = |word: &Option<String>| word.as_deref().map(|word| self.approval(word));
                let (from, to) = (of(&story.old_approval_status), of(&story.new_approval_status));
                self.is_done = story.new_approval_status.as_deref() == Some("approved");
                (Field::Status, from, to)
            }
            "name_changed" => nothing(Field::Title),
            "notes_changed" | "description_changed" => nothing(Field::Description),
            "attachment_added" => nothing(Field::Reference),
            "dependency_added" | "dependent_added" => (Field::Link, None, Some("dependency".to_owned())),
            "dependency_removed" => (Field::Link, Some("dependency".to_owned()), None),
            // The other one waited for this one.
            "dependent_removed" => nothing(Field::Link),
            "added_to_tag" => (Field::Label, None, story.tag.as_ref().and_then(|tag| tag.name.clone())),
            "removed_from_tag" => (Field::Label, story.tag.as_ref().and_then(|tag| tag.name.clone()), None),
            kind if kind.ends_with("_custom_field_changed") => self.field(story),
            _ => nothing(Field::Other),
        }
    }

    /// A change of dates; both are noted in one story, and the deadline counts more. Of an old story that does not tell them,
    /// the last one that is known stands for the new one.
    fn dates(&self, story: &Story) -> Meaning {
        let (Some(new), old) = (&story.new_dates, story.old_dates.clone().unwrap_or_default()) else {
            let due = self.task.due_at.map(Due::At).or(self.task.due_on.map(Due::On));
            return match story.resource_subtype.as_deref() {
                Some("start_date_changed") => (Field::Start, None, None),
                _ => (Field::Due, None, due.map(Due::to_text)),
            };
        };
        match due(&old) == due(new) {
            true => (Field::Start, start(&old), start(new)),
            false => (Field::Due, due(&old), due(new)),
        }
    }

    fn section(&mut self, story: &Story) -> Meaning {
        let elsewhere = story.project.as_ref().and_then(|project| project.gid.as_deref());
        if self.is_done || elsewhere.is_some_and(|project| project != self.place) || self.is_of_another_project(story) {
            return (Field::Other, None, None);
        }
        let entry = |section: &Option<wire::Named>| {
            let name = section.as_ref()?.name.as_deref().filter(|name| !name.is_empty())?;
            Some(self.entry(name))
        };
        let (from, to) = (entry(&story.old_section), entry(&story.new_section));
        self.stood = to.clone();
        (Field::Status, from, to)
    }

    /// A section that the task is in now, in another project than the one it lives in.
    fn is_of_another_project(&self, story: &Story) -> bool {
        let Some(moved_to) = story.new_section.as_ref().and_then(|section| section.gid.as_deref()) else {
            return false;
        };
        self.task.memberships.iter().flatten().any(|one| {
            let gid = |named: &Option<wire::Named>| named.as_ref().and_then(|named| named.gid.clone());
            gid(&one.section).as_deref() == Some(moved_to) && gid(&one.project).as_deref() != Some(self.place)
        })
    }

    fn field(&self, story: &Story) -> Meaning {
        let Some(told) = &story.custom_field else { return (Field::Other, None, None) };
        // The task tells more of its fields than a story does, as long as it has them.
        let mut own = self.task.custom_fields.iter().flatten();
        let field = own.find(|field| field.gid.is_some() && field.gid == told.gid).unwrap_or(told);
        let name = |value: &Option<wire::Named>| value.as_ref().and_then(|value| value.name.clone());
        let (old, new) = (name(&story.old_enum_value), name(&story.new_enum_value));
        let numbers = (story.old_number_value, story.new_number_value);
        match fields::role(field, self.reading.fields, self.task.custom_fields.as_deref().unwrap_or_default()) {
            Some(Role::Status) if self.is_done => (Field::Other, None, None),
            Some(Role::Status) => (Field::Status, old.map(|word| self.entry(&word)), new.map(|word| self.entry(&word))),
            Some(Role::Priority) => (Field::Priority, old, new),
            Some(Role::Progress) => {
                let share = |value: Option<f64>| value.map(|value| fields::share(field, value).get().to_string());
                (Field::Progress, share(numbers.0), share(numbers.1))
            }
            Some(Role::Estimate) => {
                let seconds = |value: Option<f64>| value.map(|value| fields::seconds(field, value).to_string());
                (Field::Estimate, seconds(numbers.0), seconds(numbers.1))
            }
            Some(Role::Start) => {
                let date = |value: &Option<DateValue>| value.as_ref().and_then(fields::date).map(Due::to_text);
                (Field::Start, date(&story.old_date_value), date(&story.new_date_value))
            }
            None => (Field::Other, None, None),
        }
    }

    /// Where it stands while it is open.
    fn standing(&self) -> String {
        self.stood.clone().unwrap_or_else(|| StatusCategory::Todo.entry(INCOMPLETE))
    }

    fn entry(&self, word: &str) -> String {
        fields::meaning(word, self.reading.states).unwrap_or(StatusCategory::Todo).entry(word)
    }

    fn approval(&self, word: &str) -> String {
        match word {
            "approved" => StatusCategory::Done.entry(word),
            "rejected" | "changes_requested" => {
                self.reading.states.of(word).unwrap_or(StatusCategory::Active).entry(word)
            }
            _ => StatusCategory::Todo.entry(word),
        }
    }
}

fn due(dates: &Dates) -> Option<String> {
    dates.due_at.map(Due::At).or(dates.due_on.map(Due::On)).map(Due::to_text)
}

fn start(dates: &Dates) -> Option<String> {
    dates.start_at.map(Due::At).or(dates.start_on.map(Due::On)).map(Due::to_text)
}

fn command(text: &str) -> Option<String> {
    let first = text.lines().next().unwrap_or_default().trim();
    first.starts_with("/gapwatch ").then(|| first.chars().take(LONGEST_COMMAND).collect())
}

#[cfg(test)]
mod tests;
