//! A case as the board that it would be at an instant.

use std::collections::HashMap;
use std::sync::Arc;

use connector_model::{AccountKind, ContainerKind, Due, DueSource, DueStated, Ineligible};
use jiff::{SignedDuration, Timestamp};

use super::instants::{self, Mistake};
use super::known::{Drawing, Setting};
use super::{Case, Event};
use crate::domain::board::Board;
use crate::domain::facts::{FoldContext, RawChange, fold};
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, PersonId, SiteId, TaskId};
use crate::domain::people::{AccountRec, People, Person};
use crate::domain::record::{
    BoardImage, ConnectionRec, ContainerRec, HistoryReach, NextIds, TaskImage, TaskRec, TaskWords,
};

/// Where the sprints and milestones of a case begin among its containers.
const HOMES: i64 = 1_000;

impl<'c> Drawing<'c> {
    /// Reads a case; `path` is where it stands.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(case: &'c Case, setting: &'c Setting, path: &str) -> Result<Drawing<'c>, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let connection = match &case.connection {
            None => Ok(0),
            Some(name) => setting.connections.iter().position(|known| known == name).ok_or_else(|| {
                let words = format!("there is no connection {name} in the configuration");
                Mistake::new(format!("{path}.connection"), name, words).of(setting.connections.clone())
            }),
        };
        let names = setting.people.iter().enumerate().map(|(nth, one)| (one.handle.clone(), Some(nth))).collect();
        let mut drawing =
            Drawing { case, setting, connection: 0, names, projects: Vec::new(), homes: Vec::new(), tasks: Vec::new() };
        match connection {
            Ok(nth) => drawing.connection = nth,
            Err(mistake) => mistakes.push(mistake),
        }
        drawing.read_homes(path, &mut mistakes);
        for (nth, task) in case.tasks.iter().enumerate() {
            let path = format!("{path}.task[{nth}]");
            if case.tasks[..nth].iter().any(|other| other.key == task.key) {
                let words = format!("another task is called {} as well", task.key);
                mistakes.push(Mistake::new(format!("{path}.key"), &task.key, words));
            }
            match drawing.begun(task, &path) {
                Ok(story) => drawing.tasks.push(story),
                Err(found) => mistakes.extend(found),
            }
        }
        if case.tasks.is_empty() {
            mistakes.push(Mistake::new(format!("{path}.name"), &case.name, "the case has no [[case.task]]"));
        }
        if mistakes.is_empty() {
            mistakes.extend(drawing.read_events(path));
        }
        if mistakes.is_empty() { Ok(drawing) } else { Err(mistakes) }
    }

    fn read_homes(&mut self, path: &str, mistakes: &mut Vec<Mistake>) {
        let tables = [
            ("sprints", ContainerKind::Sprint, &self.case.sprints),
            ("milestones", ContainerKind::Milestone, &self.case.milestones),
        ];
        for (table, kind, homes) in tables {
            for (name, day) in homes {
                let path = format!("{path}.{table}.{name}");
                match instants::due(day, &self.setting.zone, &path) {
                    Ok(Some(due)) => self.homes.push((name.clone(), kind, due)),
                    Ok(None) => mistakes.push(Mistake::new(path, day, "a day is missing")),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
    }

    /// What happens, one after the other.
    fn read_events(&mut self, path: &str) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut events: Vec<(Timestamp, usize, &'c Event)> = Vec::new();
        for (nth, event) in self.case.events.iter().enumerate() {
            match instants::instant(&event.at, &self.setting.zone, &format!("{path}.event[{nth}].at")) {
                Ok(at) => events.push((at, nth, event)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        events.sort_by_key(|(at, nth, _)| (*at, *nth));
        for (at, nth, event) in events {
            let path = format!("{path}.event[{nth}]");
            match self.task_called(event.task.as_deref(), &path) {
                Ok(task) => mistakes.extend(self.happens(task, at, event, &path)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        mistakes
    }

    /// The board as it is at an instant, and the tasks that are there by then.
    pub fn board(&self, now: Timestamp) -> (Board, Vec<(&'c str, TaskId)>) {
        let people = self.people(now);
        let there = |nth: &usize| self.tasks[*nth].states.first().is_some_and(|(made_at, _)| *made_at <= now);
        let tasks: Vec<usize> = (0..self.tasks.len()).filter(there).collect();
        let keys = tasks.iter().map(|nth| (self.case.tasks[*nth].key.as_str(), task_id(*nth))).collect();
        let name = self.setting.connections.get(self.connection).map_or("tests", String::as_str);
        let image = BoardImage {
            tasks: tasks.iter().map(|nth| self.image(*nth, now, &people).into()).collect(),
            gone: Vec::new(),
            containers: self.containers(),
            connections: vec![connection(name)],
            sites: HashMap::from([(SiteId(1), name.to_owned())]),
            people,
            alerts: Vec::new(),
            notices: Vec::new(),
            posts: Vec::new(),
            messages: Vec::new(),
            answers: Vec::new(),
            norms: Default::default(),
            turns: Vec::new(),
            traffic: Default::default(),
            ids: NextIds { alert: 1, notice: 1, post: 1, message: 1 },
        };
        (Board::new(image), keys)
    }

    fn image(&self, nth: usize, now: Timestamp, people: &People) -> TaskImage {
        let (task, story) = (&self.case.tasks[nth], &self.tasks[nth]);
        let past = || story.states.iter().take_while(|(at, _)| *at <= now);
        let state = &past().last().unwrap_or(&story.states[0]).1;
        let created_at = story.states[0].0;
        let account = |name: &String| self.account_called(name);
        let owners: Box<[AccountId]> = state.owners.iter().filter_map(account).collect();
        let reporter = task.reporter.as_ref().and_then(account);
        let changes: Vec<RawChange> = story.changes.iter().filter(|change| change.at <= now).cloned().collect();
        let is_bot = |account: AccountId| people.accounts.get(&account).is_some_and(|rec| rec.bot);
        let facts = fold(
            &changes,
            &FoldContext {
                is_bot: &is_bot,
                is_bot_name: &|_| false,
                is_ours: &|_, _| false,
                state_of_label: &|_| None,
                is_bulk: &|_, _| false,
                is_planning: &|_, _| false,
                account_of: &|name| self.account_called(name),
                date_of_home: &|name| self.milestone_due(name),
                owners: &owners,
                reporter,
                created_at,
            },
        );
        let ids = |keys: &[String]| keys.iter().filter_map(|key| self.id_of(key)).collect::<Vec<TaskId>>();
        let secs = |hours: Option<f64>| hours.map(|hours| (hours * 3600.0).round());
        let project = task.project.as_deref().unwrap_or("tests");
        let rec = TaskRec {
            id: task_id(nth),
            ext: task.key.as_str().into(),
            container: self.project(project),
            kind: task.kind.as_deref().map(Arc::from),
            homes: state.homes.iter().filter_map(|home| self.home(home)).collect(),
            category: state.category,
            declared: true,
            unmapped: None,
            start: state.start,
            due: state.due.map(|due| DueStated { due, source: DueSource::Item }),
            created_at,
            closed_at: state.closed_at,
            priority: state.priority,
            progress: state.progress,
            estimate_secs: secs(state.estimate).map(|secs| secs as i64),
            spent_secs: secs(state.spent).map(|secs| secs as u32),
            remaining_secs: secs(state.remaining).map(|secs| secs as u32),
            parent: state.parent.as_ref().and_then(|parent| self.id_of(parent)),
            owners,
            reporter,
            ineligible: state.backlog.then_some(Ineligible::Backlog),
            restricted: false,
            unseen: false,
            changed_at: past().last().map_or(created_at, |(at, _)| *at),
            facts,
            words: Some(Box::new(TaskWords {
                key: task.key.clone(),
                status: state.status.clone(),
                labels: state.labels.clone(),
            })),
        };
        let (blocked_by, linked) = (ids(&state.blocked_by), ids(&state.linked));
        TaskImage { rec: Box::new(rec), blocked_by, blocks: Default::default(), linked }
    }

    fn id_of(&self, key: &str) -> Option<TaskId> {
        self.case.tasks.iter().position(|task| task.key == key).map(task_id)
    }

    fn project(&self, name: &str) -> ContainerId {
        let nth = self.projects.iter().position(|known| known == name).unwrap_or_default();
        ContainerId(i64::try_from(nth).unwrap_or_default() + 1)
    }

    fn milestone_due(&self, name: &str) -> Option<Due> {
        let called = |home: &&(String, ContainerKind, Due)| home.0 == name && home.1 == ContainerKind::Milestone;
        self.homes.iter().find(called).map(|(.., due)| *due)
    }

    fn home(&self, name: &str) -> Option<ContainerId> {
        let nth = self.homes.iter().position(|(known, ..)| known == name)?;
        Some(ContainerId(HOMES + i64::try_from(nth).ok()?))
    }

    fn containers(&self) -> Vec<ContainerRec> {
        let blank = |id, name: &str, kind, due| ContainerRec {
            id,
            site: SiteId(1),
            ext: name.into(),
            kind,
            name: name.into(),
            reader: Some(ConnectionId(1)),
            archived: false,
            over: false,
            lacks: Box::default(),
            responsible: None,
            due,
            warm_at: Some(Timestamp::UNIX_EPOCH),
            baseline_at: Some(Timestamp::UNIX_EPOCH),
            hold: None,
            bulks: Default::default(),
            failing_since: None,
            fresh_at: None,
            history: HistoryReach::Known { from: Timestamp::UNIX_EPOCH, read_at: Timestamp::MAX },
        };
        let projects = self.projects.iter().map(|name| blank(self.project(name), name, ContainerKind::Project, None));
        let homes =
            self.homes.iter().filter_map(|(name, kind, due)| Some(blank(self.home(name)?, name, *kind, Some(*due))));
        projects.chain(homes).collect()
    }

    fn people(&self, now: Timestamp) -> People {
        let mut people = People::empty(self.setting.calendar.clone());
        let id = |nth: usize| i64::try_from(nth).unwrap_or_default() + 1;
        let person = |handle: &String| {
            self.setting.people.iter().position(|one| one.handle == *handle).map(|nth| PersonId(id(nth)))
        };
        people.default_manager = self.setting.default_manager.as_ref().and_then(person);
        for (nth, (name, known)) in self.names.iter().enumerate() {
            let account = AccountId(id(nth));
            let one = known.and_then(|known| self.setting.people.get(known));
            let acts = self.tasks.iter().flat_map(|story| &story.changes);
            let acted = acts.filter(|change| change.account == Some(account) && change.at <= now);
            let bot = self.setting.bots.iter().any(|bot| bot == name) || name.ends_with("[bot]");
            people.accounts.insert(
                account,
                AccountRec {
                    id: account,
                    site: SiteId(1),
                    handle: Some(name.clone()),
                    name: one.map(|one| one.name.clone()),
                    email: None,
                    kind: if bot { AccountKind::Bot } else { AccountKind::Human },
                    bot,
                    person: one.map(|_| PersonId(id(nth))),
                    acted_at: acted.map(|change| change.at).max(),
                },
            );
            let Some(one) = one else { continue };
            people.persons.insert(
                PersonId(id(nth)),
                Person {
                    id: PersonId(id(nth)),
                    handle: one.handle.clone(),
                    name: one.name.clone(),
                    email: None,
                    manager: one.manager.as_ref().and_then(person),
                    slack: None,
                    own_account: account,
                    calendar: one.calendar.clone(),
                    deputy: one.deputy.as_ref().and_then(person),
                    team: one.team,
                },
            );
        }
        let away = self.setting.people.iter().enumerate();
        let away = away.flat_map(|(nth, one)| one.away.iter().map(move |range| (AccountId(id(nth)), *range)));
        people.add_away(away.collect::<Vec<_>>());
        people
    }
}

fn task_id(nth: usize) -> TaskId {
    TaskId(i64::try_from(nth).unwrap_or_default() + 1)
}

fn connection(name: &str) -> ConnectionRec {
    ConnectionRec {
        id: ConnectionId(1),
        name: name.into(),
        site: Some(SiteId(1)),
        poll: SignedDuration::from_mins(2),
        failing_since: None,
        failure: None,
        refused: false,
        fresh_at: None,
        unseen: 0,
        unseen_since: None,
    }
}
