//! What a rule may see of a task's parts, of those who work in a container, and of what is usual there and with them.

use connector_model::{Progress, ProgressSource, Share, StatusCategory};

use super::ids::{AccountId, ContainerId};
use super::look::{Look, Reads};
use super::norms::{Habits, Percentiles};
use super::record::ContainerRec;
use super::row::TaskRow;

impl<'a> Look<'a> {
    /// Declared progress: the tool's own, else its finished children where all of them are mirrored or the tool counts them.
    pub fn progress(&self, task: &TaskRow) -> Option<Progress> {
        match task.progress() {
            Some(booked) if booked.source == ProgressSource::Time => self.child_progress(task, None).or(Some(booked)),
            Some(progress) if progress.source != ProgressSource::Children => Some(progress),
            counted => self.child_progress(task, counted),
        }
    }

    /// The tool counts given up children as done and lags behind; where all are mirrored we count ourselves.
    fn child_progress(&self, task: &TaskRow, counted: Option<Progress>) -> Option<Progress> {
        let children: Vec<&TaskRow> = self.children(task).collect();
        // The tool may count headings.
        let here = self.board().children(task.id).count();
        let all_here = counted.is_none_or(|counted| here >= counted.items as usize);
        if !all_here || children.is_empty() {
            return counted;
        }
        let meant: Vec<&&TaskRow> =
            children.iter().filter(|child| child.category() != StatusCategory::Cancelled).collect();
        if meant.len() < 2 {
            return None;
        }
        let weight = |child: &TaskRow| child.estimate_secs().filter(|secs| *secs > 0);
        let weighed = meant.iter().all(|child| weight(child).is_some());
        let of = |child: &TaskRow| if weighed { weight(child).unwrap_or(1) as f64 } else { 1.0 };
        let whole: f64 = meant.iter().map(|child| of(child)).sum();
        let done: f64 =
            meant.iter().filter(|child| child.category() == StatusCategory::Done).map(|child| of(child)).sum();
        let items = u32::try_from(meant.len()).unwrap_or(u32::MAX);
        Some(Progress { share: Share::new(done / whole), source: ProgressSource::Children, items })
    }

    /// The tool's words for states of a container's open tasks that mean nothing to us, in a fixed order.
    pub fn unmapped_states(&self, container: &ContainerRec) -> impl Iterator<Item = &'a str> + use<'a> {
        self.note(Reads::MEMBERS);
        self.board().unmapped_states(container.id)
    }

    /// Human accounts that own open tasks of a container and belong to nobody who is configured, by what they are called, in
    /// a fixed order. None while nobody is configured at all.
    pub fn strangers(&self, container: &ContainerRec) -> Vec<String> {
        self.note(Reads::MEMBERS.and(Reads::OWNERS));
        let people = &self.board().people;
        if people.persons.is_empty() {
            return Vec::new();
        }
        let owners = self.board().owners_in(container.id);
        let strangers = owners.filter(|owner| people.is_there(*owner) && people.person(*owner).is_none());
        let mut names: Vec<String> = strangers.map(|owner| people.called(owner)).collect();
        names.sort_unstable();
        names
    }

    /// Share of a container's open tasks in the top two priorities, as of the start of the day. `None`: too few to say.
    pub fn top_priority(&self, container: ContainerId) -> Option<&'a Percentiles> {
        self.board().norms().top_priority(container)
    }

    /// Share of a container's finished tasks that were ever being worked on, as of the start of the day. `None`: too few to
    /// say.
    pub fn begun(&self, container: ContainerId) -> Option<&'a Percentiles> {
        self.board().norms().begun(container)
    }

    /// What whoever is behind an account usually has at hand.
    pub fn habits(&self, account: AccountId) -> Habits {
        self.board().norms().habits(account)
    }

    /// What people of the organisation usually have at hand.
    pub fn team_habits(&self) -> Habits {
        self.board().norms().team_habits()
    }

    /// True for a team of the configuration, which is nobody.
    pub fn is_team(&self, account: AccountId) -> bool {
        self.note(Reads::OWNERS);
        self.board().people.person(account).is_some_and(|person| person.team)
    }

    /// True when one account belongs to one of its human owners.
    pub fn is_owner(&self, task: &'a TaskRow, account: AccountId) -> bool {
        let people = &self.board().people;
        self.owners(task).any(|owner| people.same(owner, account))
    }

    /// True when two accounts are known to belong to one person; false when they are known not to. `None`: of one of them
    /// nobody knows whose it is.
    pub fn is_same_person(&self, one: AccountId, other: AccountId) -> Option<bool> {
        self.note(Reads::OWNERS);
        let people = &self.board().people;
        people.person(one)?;
        people.person(other)?;
        Some(people.same(one, other))
    }
}
