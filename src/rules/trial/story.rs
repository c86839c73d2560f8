//! What becomes of a task: how it was made, and how each event leaves it.

use connector_model::{Due, Field, Mentions};
use jiff::Timestamp;

use super::instants::{self, Mistake};
use super::known::{Drawing, State, Story};
use super::{Event, Fields, Task};
use crate::domain::facts::RawChange;

impl<'c> Drawing<'c> {
    /// A task as it was made.
    pub(super) fn begun(&mut self, task: &'c Task, path: &str) -> Result<Story, Vec<Mistake>> {
        let created = instants::instant(&task.created, &self.setting.zone, &format!("{path}.created"));
        let created = created.map_err(|mistake| vec![mistake])?;
        for name in task.reporter.iter().chain(task.owners.iter().flatten()) {
            self.account(name);
        }
        let project = task.project.clone().unwrap_or_else(|| "tests".to_owned());
        if !self.projects.contains(&project) {
            self.projects.push(project);
        }
        let state = self.changed(&State::blank(), &task.fields(), created, path)?;
        Ok(Story { states: vec![(created, state)], changes: Vec::new() })
    }

    pub(super) fn happens(&mut self, task: usize, at: Timestamp, event: &'c Event, path: &str) -> Vec<Mistake> {
        let named = event.names.iter().chain(&event.asks).chain(&event.by).chain(event.owners.iter().flatten());
        for name in named {
            self.account(name);
        }
        let (made_at, before) = match self.tasks[task].states.as_slice() {
            [(made_at, _), .., (_, last)] | [(made_at, last)] => (*made_at, last.clone()),
            [] => return Vec::new(),
        };
        if at < made_at {
            let words = format!("{} was made later", self.case.tasks[task].key);
            return vec![Mistake::new(format!("{path}.at"), &event.at, words)];
        }
        let after = match self.changed(&before, &event.fields(), at, path) {
            Ok(after) => after,
            Err(mistakes) => return mistakes,
        };
        let changes = self.told(&before, &after, at, event);
        if changes.is_empty() {
            return vec![Mistake::new(path, "", "nothing happens: no comment, and nothing that was not so before")];
        }
        self.tasks[task].changes.extend(changes);
        self.tasks[task].states.push((at, after));
        Vec::new()
    }

    /// The state after what is said of it.
    fn changed(&self, before: &State, said: &Fields<'_>, at: Timestamp, path: &str) -> Result<State, Vec<Mistake>> {
        let (zone, mut mistakes) = (&self.setting.zone, Vec::new());
        let mut state = before.clone();
        let mut take = |result: Result<(), Mistake>| mistakes.extend(result.err());
        if let Some(text) = said.state {
            take(instants::state(text, &format!("{path}.state")).map(|category| {
                state.status = said.status.unwrap_or(category.word()).to_owned();
                state.closed_at = (!category.is_open()).then_some(before.closed_at.unwrap_or(at));
                state.category = category;
            }));
        } else if let Some(status) = said.status {
            state.status = status.to_owned();
        }
        if let Some(text) = said.due {
            take(instants::due(text, zone, &format!("{path}.due")).map(|due| state.due = due));
        }
        if let Some(text) = said.start {
            take(instants::due(text, zone, &format!("{path}.start")).map(|start| state.start = start));
        }
        if let Some(text) = said.progress {
            take(instants::progress(text, &format!("{path}.progress")).map(|progress| state.progress = Some(progress)));
        }
        for (word, known) in [("blocked_by", said.blocked_by), ("linked", said.linked)] {
            for (nth, name) in known.into_iter().flatten().enumerate() {
                take(self.is_task(name, &format!("{path}.{word}[{nth}]")));
            }
        }
        if let Some(parent) = said.parent.filter(|parent| !parent.is_empty()) {
            take(self.is_task(parent, &format!("{path}.parent")));
        }
        for (nth, home) in said.homes.into_iter().flatten().enumerate() {
            if !self.homes.iter().any(|(known, ..)| known == home) {
                let known = self.homes.iter().map(|(known, ..)| known.clone());
                let words = format!("the case has no sprint or milestone {home}");
                take(Err(Mistake::new(format!("{path}.in[{nth}]"), home, words).of(known)));
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let list = |said: Option<&[String]>, before: &mut Vec<String>| {
            if let Some(said) = said {
                *before = said.to_vec();
            }
        };
        list(said.owners, &mut state.owners);
        list(said.labels, &mut state.labels);
        list(said.blocked_by, &mut state.blocked_by);
        list(said.linked, &mut state.linked);
        list(said.homes, &mut state.homes);
        state.parent = match said.parent {
            Some(parent) => Some(parent.to_owned()).filter(|parent| !parent.is_empty()),
            None => state.parent,
        };
        state.priority = said.priority.or(state.priority);
        state.estimate = said.estimate_hours.or(state.estimate);
        state.spent = said.spent_hours.or(state.spent);
        state.remaining = said.remaining_hours.or(state.remaining);
        state.backlog = said.backlog.unwrap_or(state.backlog);
        Ok(state)
    }

    /// What a tool would tell of it.
    fn told(&self, before: &State, after: &State, at: Timestamp, event: &Event) -> Vec<RawChange> {
        let mut told: Vec<(Field, Option<String>, Option<String>)> = Vec::new();
        let mut one = |field, from: Option<String>, to: Option<String>| {
            if from != to {
                told.push((field, from, to));
            }
        };
        let entry = |state: &State| Some(format!("{}/{}", state.category.word(), state.status));
        one(Field::Status, entry(before), entry(after));
        let text = |due: Option<Due>| due.map(|due| due.to_text());
        one(Field::Due, text(before.due), text(after.due));
        one(Field::Start, text(before.start), text(after.start));
        let share = |state: &State| state.progress.map(|progress| progress.share.get().to_string());
        one(Field::Progress, share(before), share(after));
        let number = |value: Option<f64>| value.map(|value| value.to_string());
        one(Field::Estimate, number(before.estimate), number(after.estimate));
        one(Field::Other, number(before.spent), number(after.spent));
        one(Field::Other, number(before.remaining), number(after.remaining));
        one(Field::Priority, before.priority.map(|one| one.to_string()), after.priority.map(|one| one.to_string()));
        one(Field::Parent, before.parent.clone(), after.parent.clone());
        let account = |name: &String| self.account_called(name).map_or_else(String::new, |id| id.0.to_string());
        for (field, before, after) in [
            (Field::Label, &before.labels, &after.labels),
            (Field::Link, &before.blocked_by, &after.blocked_by),
            (Field::Other, &before.linked, &after.linked),
            (Field::Home, &before.homes, &after.homes),
            (Field::Owner, &before.owners, &after.owners),
        ] {
            let called = |name: &String| if field == Field::Owner { account(name) } else { name.clone() };
            before.iter().filter(|name| !after.contains(name)).for_each(|name| one(field, Some(called(name)), None));
            after.iter().filter(|name| !before.contains(name)).for_each(|name| one(field, None, Some(called(name))));
        }
        let says = event.comment.is_some() || !event.names.is_empty() || !event.asks.is_empty();
        if says {
            told.push((Field::Comment, None, None));
        }
        if event.edit || before.backlog != after.backlog {
            told.push((Field::Description, None, None));
        }
        if event.commit {
            told.push((Field::Reference, None, None));
        }
        let by = event.by.as_deref().and_then(|name| self.account_called(name));
        let who = if event.asks.is_empty() { &event.names } else { &event.asks };
        let change = |(nth, (field, from, to)): (usize, (Field, Option<String>, Option<String>))| RawChange {
            at,
            vkey: format!("event:{}:{nth}", at.as_nanosecond()),
            field,
            from,
            to,
            account: by,
            via: None,
            mentions: match field {
                Field::Comment => Mentions { who: who.clone(), asks: !event.asks.is_empty() },
                _ => Mentions::default(),
            },
            mark: None,
            observed: false,
        };
        told.into_iter().enumerate().map(change).collect()
    }
}
