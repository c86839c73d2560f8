//! What a query means: which issues it finds, and in which order.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::jql::{Expr, Jql, Op, Operand, Test};
use super::model::{Issue, Text};
use super::site::{Site, own};

/// Who asks, and when.
pub(super) struct Asker<'a> {
    /// Lower-case login. `None`: nobody, who sees nothing.
    pub(super) me: Option<&'a str>,
    pub(super) zone: &'a TimeZone,
    pub(super) now: Timestamp,
}

/// One name for each field, whatever it was called. `None`: no such field.
pub(super) fn field(name: &str) -> Option<&'static str> {
    Some(match name {
        "project" => "project",
        "key" | "id" | "issue" | "issuekey" => "key",
        "updated" | "updateddate" => "updated",
        "created" | "createddate" => "created",
        "due" | "duedate" => "due",
        "resolved" | "resolutiondate" => "resolved",
        "statuscategorychangeddate" => "category changed",
        "statuscategory" => "category",
        "status" => "status",
        "issuetype" | "type" => "kind",
        "assignee" => "assignee",
        "reporter" => "reporter",
        "creator" => "creator",
        "labels" => "labels",
        "sprint" => "sprint",
        "parent" => "parent",
        "epic link" => "epic link",
        "text" => "text",
        "summary" => "summary",
        "description" => "description",
        "comment" => "comment",
        "priority" => "priority",
        "resolution" => "resolution",
        "fixversion" => "version",
        "flagged" => "flagged",
        "component" => "component",
        "rank" => "rank",
        _ => return None,
    })
}

pub(super) fn is_field(name: &str) -> bool {
    field(name).is_some()
}

pub(super) const DATES: [&str; 5] = ["updated", "created", "due", "resolved", "category changed"];
pub(super) const TEXTS: [&str; 4] = ["text", "summary", "description", "comment"];

/// A point in time that a query names.
pub(super) enum Point {
    At(Timestamp),
    Day(Date),
}

impl Asker<'_> {
    fn midnight(&self, day: Date) -> Option<Timestamp> {
        self.local(day.to_datetime(Time::midnight()))
    }

    fn local(&self, at: DateTime) -> Option<Timestamp> {
        at.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }

    fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// A date of a query: minutes in quotes, milliseconds without, or a period back from now.
    pub(super) fn point(&self, operand: &Operand) -> Option<Point> {
        match operand {
            Operand::Value(text, quoted) => {
                if !quoted && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
                    return Timestamp::from_millisecond(text.parse().ok()?).ok().map(Point::At);
                }
                if let Some(span) = period(text) {
                    return self.now.checked_add(span).ok().map(Point::At);
                }
                let text = text.replace('/', "-");
                if let Ok(day) = Date::strptime("%Y-%m-%d", &text) {
                    return Some(Point::Day(day));
                }
                let minute = DateTime::strptime("%Y-%m-%d %H:%M", &text).ok()?;
                self.local(minute).map(Point::At)
            }
            Operand::Call(name, arguments) => {
                let shift = match arguments.first() {
                    Some(text) => period(text)?,
                    None => SignedDuration::ZERO,
                };
                let at = match name.as_str() {
                    "now" => self.now,
                    "startofday" => self.midnight(self.today())?,
                    "endofday" => self.midnight(self.today().checked_add(1.day()).ok()?)?,
                    _ => return None,
                };
                at.checked_add(shift).ok().map(Point::At)
            }
            _ => None,
        }
    }
}

/// `-15m`, `2w 3d`; a bare number is no period.
fn period(text: &str) -> Option<SignedDuration> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0_i64;
    for part in text.split_whitespace() {
        let unit = part.chars().last()?;
        let count: i64 = part[..part.len() - unit.len_utf8()].parse().ok()?;
        total += count
            * match unit {
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
    }
    (!text.trim().is_empty()).then(|| SignedDuration::from_secs(sign * total))
}

pub(super) fn values(operand: &Operand) -> Vec<&Operand> {
    match operand {
        Operand::List(all) => all.iter().flat_map(values).collect(),
        one => vec![one],
    }
}

impl Site {
    /// By login, account id, key or e-mail address.
    pub(super) fn user_named(&self, name: &str) -> Option<&super::model::User> {
        let lower = name.to_lowercase();
        self.users.get(&lower).or_else(|| {
            self.users.values().find(|user| user.account_id == name || user.key == name || user.email == lower)
        })
    }

    pub(super) fn matches(&self, filter: Option<&Expr>, issue: &Issue, asker: &Asker<'_>) -> bool {
        match filter {
            None => true,
            Some(Expr::And(all)) => all.iter().all(|one| self.matches(Some(one), issue, asker)),
            Some(Expr::Or(all)) => all.iter().any(|one| self.matches(Some(one), issue, asker)),
            Some(Expr::Not(one)) => !self.matches(Some(one), issue, asker),
            Some(Expr::Test(test)) => self.test(test, issue, asker),
        }
    }

    fn test(&self, test: &Test, issue: &Issue, asker: &Asker<'_>) -> bool {
        let name = field(&test.field).unwrap_or_default();
        if DATES.contains(&name) {
            return self.date_test(name, test, issue, asker);
        }
        if TEXTS.contains(&name) {
            let Operand::Value(text, _) = &test.operand else { return false };
            let found = contains(issue, name, text);
            return found == (test.op == Op::Like);
        }
        if test.op == Op::Was {
            let Operand::Value(text, _) = &test.operand else { return false };
            let was = |item: &super::model::Item| item.field == test.field && item.from_text.as_ref() == Some(text);
            return issue.histories.iter().flat_map(|history| &history.items).any(was)
                || self.status(issue.status).is_some_and(|status| status.name == *text);
        }
        let held = self.held(name, test, issue);
        if compares(test.op) {
            return self.order_test(name, test, issue);
        }
        let is_one = |value: &Operand| match value {
            Operand::Empty => held.is_empty(),
            Operand::Value(text, _) => {
                let text = if name == "category" { category_key(text).unwrap_or(text) } else { text };
                let text = self.canonical(name, text);
                held.iter().any(|one| one.eq_ignore_ascii_case(&text))
            }
            Operand::Call(function, _) => match function.as_str() {
                "currentuser" => asker.me.is_some_and(|me| held.iter().any(|one| one == me)),
                "opensprints" => self.in_sprint(issue, "active"),
                "closedsprints" => self.in_sprint(issue, "closed"),
                "futuresprints" => self.in_sprint(issue, "future"),
                _ => false,
            },
            Operand::List(_) => false,
        };
        let found = values(&test.operand).into_iter().any(is_one);
        match test.op {
            Op::Eq | Op::In | Op::Is => found,
            // What is empty is not unequal to anything, as in the tool.
            Op::Ne | Op::NotIn => !found && (!held.is_empty() || test.operand == Operand::Empty),
            Op::IsNot => !found,
            _ => false,
        }
    }

    /// A person is held by login, an issue by its present key, a project by its key.
    fn canonical(&self, name: &str, text: &str) -> String {
        let found = match name {
            "assignee" | "reporter" | "creator" => self.user_named(text).map(|user| user.login.clone()),
            "key" | "parent" | "epic link" => self.issue_named(text).map(|issue| issue.key.clone()),
            "project" => self.project_named(text).map(|project| project.key.clone()),
            "status" => self.statuses.iter().find(|one| one.id.to_string() == text).map(|one| one.name.clone()),
            "kind" => self.kinds.iter().find(|one| one.id.to_string() == text).map(|one| one.name.clone()),
            "priority" => self.priorities.iter().find(|one| one.id.to_string() == text).map(|one| one.name.clone()),
            "sprint" => self.sprints.iter().find(|one| one.name == text).map(|one| one.id.to_string()),
            _ => None,
        };
        found.unwrap_or_else(|| text.to_owned())
    }

    /// The values an issue has in a field.
    fn held(&self, name: &str, test: &Test, issue: &Issue) -> Vec<String> {
        let one = |value: Option<&str>| value.map(str::to_owned).into_iter().collect();
        match name {
            "project" => one(self.project(issue.project).map(|project| project.key.as_str())),
            "key" => vec![issue.key.clone()],
            "category" => vec![self.category(issue.status).to_owned()],
            "status" => one(self.status(issue.status).map(|status| status.name.as_str())),
            "kind" => one(self.kind(issue.kind).map(|kind| kind.name.as_str())),
            "assignee" => one(issue.assignee.as_deref()),
            "reporter" => one(issue.reporter.as_deref()),
            "creator" => one(issue.creator.as_deref()),
            "labels" => issue.labels.clone(),
            "sprint" => issue.sprints.iter().map(u64::to_string).collect(),
            "parent" | "epic link" => {
                let parent = issue.parent.and_then(|id| self.issues.get(&id));
                one(parent.map(|parent| parent.key.as_str()))
            }
            "priority" => {
                let found = issue.priority.and_then(|id| self.priorities.iter().find(|one| one.id == id));
                one(found.map(|priority| priority.name.as_str()))
            }
            "resolution" => {
                let found = issue.resolution.and_then(|id| self.resolutions.iter().find(|one| one.id == id));
                one(found.map(|resolution| resolution.name.as_str()))
            }
            "version" => {
                let held = self.versions.iter().filter(|version| issue.versions.contains(&version.id));
                held.map(|version| version.name.clone()).collect()
            }
            "component" => issue.components.iter().map(|component| component.name.clone()).collect(),
            "flagged" => issue.flagged.then(|| "Impediment".to_owned()).into_iter().collect(),
            _ => self
                .custom_field(&test.field)
                .and_then(|number| issue.custom.get(&number))
                .map_or_else(Vec::new, |value| vec![value.as_str().map_or_else(|| value.to_string(), str::to_owned)]),
        }
    }

    fn in_sprint(&self, issue: &Issue, state: &str) -> bool {
        self.sprints.iter().any(|sprint| sprint.state == state && issue.sprints.contains(&sprint.id))
    }

    fn order_test(&self, name: &str, test: &Test, issue: &Issue) -> bool {
        let Operand::Value(text, _) = &test.operand else { return false };
        let order = match name {
            "key" => self.issue_named(text).map(|other| key_order(&issue.key).cmp(&key_order(&other.key))),
            // The first priority is the greatest.
            _ => {
                let place = |name: &str| self.priorities.iter().position(|one| one.name.eq_ignore_ascii_case(name));
                let mine = issue.priority.and_then(|id| self.priorities.iter().position(|one| one.id == id));
                mine.zip(place(text)).map(|(mine, other)| other.cmp(&mine))
            }
        };
        order.is_some_and(|order| holds(test.op, order))
    }

    fn date_test(&self, name: &str, test: &Test, issue: &Issue, asker: &Asker<'_>) -> bool {
        let empty = match name {
            "due" => issue.due.is_none(),
            "resolved" => issue.resolved_at.is_none(),
            _ => false,
        };
        if test.operand == Operand::Empty {
            return empty == matches!(test.op, Op::Is | Op::Eq);
        }
        let (Some(point), false) = (asker.point(&test.operand), empty) else { return false };
        let order = match (name, issue.due) {
            ("due", Some(due)) => {
                let day = match point {
                    Point::Day(day) => day,
                    Point::At(at) => at.to_zoned(asker.zone.clone()).date(),
                };
                due.cmp(&day)
            }
            _ => {
                let at = match point {
                    Point::Day(day) => asker.midnight(day),
                    Point::At(at) => Some(at),
                };
                let Some(at) = at else { return false };
                let mine = match name {
                    "created" => issue.created_at,
                    "resolved" => issue.resolved_at.unwrap_or(issue.updated_at),
                    "category changed" => issue.category_since,
                    _ => issue.updated_at,
                };
                mine.cmp(&at)
            }
        };
        holds(test.op, order)
    }

    /// Sorts as the query says; without a word about it, the newest first.
    pub(super) fn sort(&self, jql: &Jql, found: &mut [&Issue]) {
        found.sort_by(|a, b| {
            for (name, descends) in &jql.order {
                let order = self.compare(field(name).unwrap_or_default(), a, b);
                if order != Ordering::Equal {
                    return if *descends { order.reverse() } else { order };
                }
            }
            b.id.cmp(&a.id)
        });
    }

    fn compare(&self, name: &str, a: &Issue, b: &Issue) -> Ordering {
        let place = |issue: &Issue| issue.priority.and_then(|id| self.priorities.iter().position(|one| one.id == id));
        match name {
            "key" => key_order(&a.key).cmp(&key_order(&b.key)),
            "updated" => a.updated_at.cmp(&b.updated_at),
            "created" => a.created_at.cmp(&b.created_at),
            "due" => (a.due.is_none(), a.due).cmp(&(b.due.is_none(), b.due)),
            "resolved" => a.resolved_at.cmp(&b.resolved_at),
            "priority" => place(b).cmp(&place(a)),
            "summary" => a.title.cmp(&b.title),
            "status" => a.status.cmp(&b.status),
            "assignee" => a.assignee.cmp(&b.assignee),
            "project" => key_order(&a.key).0.cmp(key_order(&b.key).0),
            "rank" => a
                .custom
                .get(&own::RANK)
                .map(ToString::to_string)
                .cmp(&b.custom.get(&own::RANK).map(ToString::to_string)),
            _ => Ordering::Equal,
        }
    }
}

fn key_order(key: &str) -> (&str, u64) {
    let (project, number) = key.rsplit_once('-').unwrap_or((key, ""));
    (project, number.parse().unwrap_or(0))
}

fn compares(op: Op) -> bool {
    matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge)
}

fn holds(op: Op, order: Ordering) -> bool {
    match op {
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        _ => false,
    }
}

fn contains(issue: &Issue, name: &str, text: &str) -> bool {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut held = String::new();
    let mut add = |text: &str| {
        held.push_str(&text.to_lowercase());
        held.push(' ');
    };
    if matches!(name, "text" | "summary") {
        add(&issue.title);
    }
    if matches!(name, "text" | "description") {
        add(issue.description.as_deref().unwrap_or_default());
    }
    if matches!(name, "text" | "comment") {
        for comment in &issue.comments {
            match &comment.body {
                Text::Wiki(text) => add(text),
                Text::Adf(document) => add(&super::adf::plain(document)),
            }
        }
    }
    !words.is_empty() && words.iter().all(|word| held.contains(word.as_str()))
}

/// The key of a category, by any of its names.
pub(super) fn category_key(text: &str) -> Option<&'static str> {
    Some(match text.to_lowercase().as_str() {
        "new" | "to do" | "2" => "new",
        "indeterminate" | "in progress" | "4" => "indeterminate",
        "done" | "complete" | "3" => "done",
        "undefined" | "no category" | "1" => "undefined",
        _ => return None,
    })
}
