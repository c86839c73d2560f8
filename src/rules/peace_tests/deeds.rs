//! Who does what a gap asks for, and each way in which that can be done.

use super::super::laws_tests::KEYS;
use super::page::{Drawn, LINKED, Page, later, replanned};
use crate::domain::finding::{Evidence, Finding, Mismatch, Still, SubjectKey};
use crate::domain::ids::{AccountId, TaskId};

/// One thing that somebody does in a tool.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Say,
    Ask(&'static str),
    Date(String),
    Replan(String),
    Assign(String),
    Start(String),
    Begin,
    Reopen,
    Close,
    Progress(&'static str),
    Estimate(&'static str),
    Lower,
    WaitFor(&'static str),
    Both(&'static str),
    Whole,
    Free,
    Alone,
    Apart,
}

impl Deed {
    pub(super) fn done(&self, page: Page, key: &str, by: &str) -> Page {
        match self {
            Deed::Say => page.deed(format!("comment {key} by {by}")),
            Deed::Ask(whom) => page.deed(format!("comment {key} by {by} asks {whom}")),
            Deed::Date(to) => {
                let from = page.says(key, "due").map(|from| format!("from {from} ")).unwrap_or_default();
                page.with(key, "due", Some(to)).deed(format!("date {key} {from}to {to} by {by}"))
            }
            Deed::Start(to) => page.with(key, "start", Some(to)).deed(format!("start {key} to {to} by {by}")),
            Deed::Replan(to) => replanned(Deed::Date(to.clone()).done(page, key, by), to, by),
            Deed::Assign(to) => {
                let from = page.says(key, "owner").map(|from| format!("from {from} ")).unwrap_or_default();
                page.with(key, "owner", Some(to)).deed(format!("assign {key} {from}to {to} by {by}"))
            }
            Deed::Begin | Deed::Reopen => page.status(key, "active", by),
            // And all that it is part of.
            Deed::Whole => {
                let mut page = page.status(key, "active", by);
                let mut whole = page.says(key, "parent");
                while let Some(key) = whole {
                    if page.task(&key).get(2).is_some_and(|status| status == "todo") {
                        page = page.status(&key, "active", by);
                    }
                    whole = page.says(&key, "parent");
                }
                page
            }
            Deed::Both(other) => {
                let soon = later(&page.now()[..10], 10);
                let page = Deed::WaitFor(other).done(page, key, by);
                replanned(page, &soon, by)
            }
            Deed::Close => {
                let now = page.now();
                page.status(key, "done", by).with(key, "closed", Some(&now))
            }
            Deed::Progress(to) => {
                let page = page.with(key, "checklist", None).with(key, "children", None);
                page.with(key, "progress", Some(to)).deed(format!("tick {key} by {by}"))
            }
            Deed::Estimate(to) => page.with(key, "estimate", Some(to)).deed(format!("comment {key} by {by}")),
            Deed::Lower => page.with(key, "priority", Some("4")).deed(format!("rank {key} by {by}")),
            Deed::WaitFor(other) => page.with(key, "blocked-by", Some(other)).deed(format!("edit {key} by {by}")),
            Deed::Free => page.with(key, "blocked-by", None).deed(format!("unlink {key} by {by}")),
            Deed::Alone => page.with(key, "parent", None).deed(format!("edit {key} by {by}")),
            Deed::Apart => page.with(key, "linked", None).deed(format!("edit {key} by {by}")),
        }
    }
}

/// One way to follow an advice: its name, and the choices that it leaves, each some deeds.
pub(super) type Way = (&'static str, Vec<Vec<(String, Deed)>>);

/// Whoever follows.
pub(super) struct Follower<'a> {
    pub(super) page: &'a Page,
    pub(super) drawn: &'a Drawn,
}

impl Follower<'_> {
    fn key(&self, id: TaskId) -> String {
        let nth = usize::try_from(id.0 - 1).unwrap_or(usize::MAX);
        KEYS.get(nth).copied().unwrap_or(LINKED).to_owned()
    }

    /// A way with one choice for each of these deeds.
    fn any(&self, name: &'static str, key: &str, deeds: impl IntoIterator<Item = Deed>) -> Way {
        (name, deeds.into_iter().map(|deed| vec![(key.to_owned(), deed)]).collect())
    }

    /// Sensible dates: as near as may be, and farther; alone, and with all that hangs on them.
    fn dates(&self) -> Vec<Deed> {
        let today = self.drawn.board.people.default_calendar.date(self.drawn.now);
        let ahead = [2, 6, 10, 16, 30, 60, 120].map(|days| later(&today.to_string(), days));
        ahead.into_iter().flat_map(|day| [Deed::Date(day.clone()), Deed::Replan(day)]).collect()
    }

    /// Another date, agreed on: alone, or with a word about it.
    fn date(&self, key: &str) -> Way {
        let one = |deed: Deed| {
            [vec![(key.to_owned(), deed.clone())], vec![(key.to_owned(), Deed::Say), (key.to_owned(), deed)]]
        };
        ("another date", self.dates().into_iter().flat_map(one).collect())
    }

    fn begin(&self, key: &str) -> Way {
        self.any("begin", key, [Deed::Begin, Deed::Whole])
    }

    /// What is not urgent any more may be due later.
    fn lower(&self, key: &str) -> Way {
        let alone = vec![(key.to_owned(), Deed::Lower)];
        let later = self.dates().into_iter().map(|date| vec![(key.to_owned(), Deed::Lower), (key.to_owned(), date)]);
        ("lower", [alone].into_iter().chain(later).collect())
    }

    fn people(&self) -> [Deed; 4] {
        ["ana", "lee", "mo", "zoe"].map(|name| Deed::Assign(name.to_owned()))
    }

    fn say(&self, key: &str) -> Way {
        self.any("say", key, [Deed::Say])
    }

    /// Closing what is done: nothing that has open parts, or waits for something, is.
    fn close(&self, key: &str) -> Option<Way> {
        let is_open = |other: &&str| self.page.is_open(other);
        let part =
            KEYS.into_iter().filter(is_open).any(|other| self.page.says(other, "parent").as_deref() == Some(key));
        (!part).then(|| self.any("close", key, [Deed::Close]))
    }

    /// Every way that the next step of a gap names.
    pub(super) fn ways(&self, subject: SubjectKey, finding: &Finding) -> Vec<Way> {
        let about = match subject {
            SubjectKey::Task(id) => self.key(id),
            _ => String::new(),
        };
        let key = about.as_str();
        let others = || KEYS.into_iter().filter(|other| *other != key && self.page.is_open(other));
        let fits = |other: &&str| self.page.clone().with(key, "blocked-by", Some(other)).is_straight();
        let links = || others().filter(fits).flat_map(|other| [Deed::WaitFor(other), Deed::Both(other)]);
        match &finding.evidence {
            Evidence::Pace { .. } => {
                let shares = ["50%", "75%", "85%", "100%"].map(Deed::Progress);
                vec![self.any("progress", key, shares), self.date(key)]
            }
            Evidence::NeverStarted { .. } => vec![self.begin(key), self.say(key)],
            Evidence::StartLate { .. } => {
                let today = self.drawn.board.people.default_calendar.date(self.drawn.now).to_string();
                let starts = [1, 4, 10, 40].map(|days| Deed::Start(later(&today, days)));
                vec![self.begin(key), self.any("another start", key, starts)]
            }
            Evidence::NearDone { .. } => [self.close(key), Some(self.say(key))].into_iter().flatten().collect(),
            Evidence::Estimate { .. } => {
                vec![self.any("estimate", key, ["68h", "90h", "400h"].map(Deed::Estimate)), self.say(key)]
            }
            Evidence::Aging { .. } => vec![self.say(key), self.begin(key)],
            Evidence::UrgentSilent { .. } => vec![self.say(key), self.lower(key)],
            Evidence::Overdue { .. } => [self.close(key), Some(self.date(key))].into_iter().flatten().collect(),
            Evidence::NoOwner { .. } | Evidence::BlockerStale { still: Still::NoOwner, .. } => {
                vec![self.any("assign", key, self.people())]
            }
            Evidence::NoDue { .. } => vec![self.date(key)],
            Evidence::ChildAfterParent { parent, .. } => {
                let parent = self.key(*parent);
                vec![self.date(key), self.date(&parent)]
            }
            Evidence::PartsDone { .. } => [self.close(key), Some(self.say(key))].into_iter().flatten().collect(),
            Evidence::ParentDone { parent, .. } => {
                let reopen = self.any("reopen", &self.key(*parent), [Deed::Reopen]);
                let alone = self.any("move", key, [Deed::Alone]);
                [self.close(key), Some(alone), Some(reopen)].into_iter().flatten().collect()
            }
            Evidence::PartBegun { .. } => vec![self.begin(key)],
            Evidence::BlockerDone { .. } => {
                vec![self.begin(key), self.any("link", key, links())]
            }
            Evidence::BlockerUnnamed { .. } => {
                vec![self.any("link", key, links()), self.any("ask", key, [Deed::Ask("mo")])]
            }
            Evidence::Circle { tasks, nested } => {
                let deed = if *nested { Deed::Alone } else { Deed::Free };
                let choices = tasks.iter().map(|id| vec![(self.key(*id), deed.clone())]).collect();
                vec![("out of the circle", choices)]
            }
            Evidence::DateConflict { blocker, .. } => {
                let blocker = self.key(*blocker);
                vec![self.date(key), self.date(&blocker), self.any("unlink", key, [Deed::Free])]
            }
            Evidence::CrossMismatch { how: Mismatch::Done { .. }, .. } => {
                [self.close(key), Some(self.say(key))].into_iter().flatten().collect()
            }
            Evidence::CrossMismatch { other, how } => {
                let other = self.key(*other);
                let one = if other == LINKED { key.to_owned() } else { other };
                let together = match how {
                    Mismatch::Dates { .. } => {
                        let due = self.page.says(LINKED, "due").map(Deed::Date);
                        self.any("together", &one, due.into_iter().chain(self.dates()))
                    }
                    _ => match self.page.says(LINKED, "owner") {
                        Some(owner) => self.any("together", &one, [Deed::Assign(owner)]),
                        None => self.say(key),
                    },
                };
                vec![together, self.any("unlink", KEYS[0], [Deed::Apart])]
            }
            Evidence::Cascade { .. } => [self.close(key), Some(self.say(key))].into_iter().flatten().collect(),
            Evidence::NotAcknowledged { by, .. } => {
                let back = Deed::Assign(self.drawn.board.people.handle(*by));
                vec![self.say(key), self.any("hand back", key, [back])]
            }
            Evidence::Unrealistic { .. } | Evidence::AtRisk { .. } => vec![self.say(key), self.date(key)],
            Evidence::OwnerAbsent { .. } => vec![self.any("assign", key, self.people()), self.date(key)],
            Evidence::OwnerGone { tasks, .. } => {
                let all = |deed: Deed| tasks.iter().map(|id| (self.key(*id), deed.clone())).collect();
                vec![("hand over", self.people().map(all).into())]
            }
            Evidence::WipLimit { .. } | Evidence::Overloaded { .. } => self.lighten(subject, finding),
            Evidence::Stalled { .. }
            | Evidence::BlockerStale { .. }
            | Evidence::Unanswered { .. }
            | Evidence::Reopened { .. }
            | Evidence::Drift { .. } => vec![self.say(key)],
            // What the operators do stands in no task; the crowd is about priorities alone.
            _ => Vec::new(),
        }
    }

    /// Fewer tasks, or later ones.
    fn lighten(&self, subject: SubjectKey, finding: &Finding) -> Vec<Way> {
        let mine = |key: &&str| {
            let owner = self.page.says(key, "owner").unwrap_or_default();
            let account = self.drawn.board.people.accounts.values().find(|rec| rec.handle.as_deref() == Some(&owner));
            account.is_some_and(|rec| SubjectKey::Person(rec.stands_for()) == subject)
        };
        match &finding.evidence {
            Evidence::Overloaded { movable, .. } => {
                let all = |deed: &Deed| movable.iter().map(|id| (self.key(*id), deed.clone())).collect();
                vec![("move", self.dates().iter().chain(&self.people()).map(all).collect())]
            }
            _ => {
                let close = |key: &str| self.close(key).map(|(_, choices)| choices).unwrap_or_default();
                vec![("finish", KEYS.into_iter().filter(mine).flat_map(close).collect())]
            }
        }
    }

    /// Who does it: an owner, whoever is asked, else mo.
    pub(super) fn actor(&self, subject: SubjectKey, finding: &Finding) -> String {
        let people = &self.drawn.board.people;
        let task = match subject {
            SubjectKey::Task(id) => self.drawn.board.task(id),
            _ => None,
        };
        let asked = match finding.evidence {
            Evidence::Unanswered { whom, .. } => Some(whom),
            _ => task.and_then(|task| task.owners().next()),
        };
        let human = |account: &AccountId| people.accounts.get(account).is_some_and(|rec| !rec.bot);
        asked.filter(human).map_or("mo".to_owned(), |account| people.handle(account))
    }
}
