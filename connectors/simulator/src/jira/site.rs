//! The site: everything Jira holds, how things are found in it, and what its search index has noticed so far.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::model::{
    Board, CustomField, Edition, Issue, Kind, Link, LinkType, Named, Originals, Project, Settings, Sprint, Status,
    User, Version, Write,
};
use super::search::Pages;
use crate::text::digest;

/// The id of the site at Atlassian's gateway.
pub(crate) const CLOUD_ID: &str = "07a41b9e-5c2f-4c6b-9d6e-2b1f0e7d3c55";

/// Fields of the site's own that the model fills by itself, by number. They are not the usual numbers on purpose.
pub(crate) mod own {
    pub(crate) const EPIC_LINK: u64 = 10101;
    pub(crate) const SPRINT: u64 = 10104;
    pub(crate) const RANK: u64 = 10105;
    pub(crate) const POINTS: u64 = 10106;
    pub(crate) const START: u64 = 10108;
    pub(crate) const FLAGGED: u64 = 10110;
}

/// What search knows of an issue.
#[derive(Debug, Clone)]
struct Indexed {
    shown: Option<Issue>,
    /// As it was shown before, and when that ended.
    before: Option<(Option<Issue>, Timestamp)>,
}

/// What search has yet to notice.
#[derive(Debug)]
struct Late {
    visible_at: Timestamp,
    id: u64,
    version: Option<Issue>,
}

/// All of Jira.
pub(crate) struct Site {
    /// `http://127.0.0.1:PORT`
    pub(crate) base: String,
    next_id: u64,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) projects: Vec<Project>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) priorities: Vec<Named>,
    pub(crate) resolutions: Vec<Named>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) link_types: Vec<LinkType>,
    pub(crate) fields: Vec<CustomField>,
    pub(crate) issues: BTreeMap<u64, Issue>,
    /// Issues that are, or once were, somebody's parent: most are not, and need not be searched for children.
    pub(crate) parents: HashSet<u64>,
    pub(crate) keys: HashMap<String, u64>,
    pub(crate) links: Vec<Link>,
    pub(crate) versions: Vec<Version>,
    pub(crate) boards: Vec<Board>,
    pub(crate) sprints: Vec<Sprint>,
    pub(crate) settings: Settings,
    pub(crate) writes: Vec<Write>,
    pub(crate) pages: Pages,
    pub(crate) originals: Originals,
    pub(crate) recorded_links: Vec<Link>,
    pub(crate) answered: u64,
    /// Instants of writes by issue, for the limits.
    pub(crate) written: HashMap<u64, VecDeque<Timestamp>>,
    /// Tokens left and when that was counted, by login.
    pub(crate) buckets: HashMap<String, (f64, Timestamp)>,
    index: BTreeMap<u64, Indexed>,
    late: Vec<Late>,
}

fn named(id: u64, name: &str) -> Named {
    Named { id, name: name.to_owned() }
}

impl Site {
    pub(crate) fn new(base: String) -> Site {
        let status =
            |id, name: &str, category: &str| Status { id, name: name.to_owned(), category: category.to_owned() };
        let kind = |id, name: &str, level| Kind { id, name: name.to_owned(), level };
        let link = |id, name: &str, inward: &str, outward: &str| LinkType {
            id,
            name: name.to_owned(),
            inward: inward.to_owned(),
            outward: outward.to_owned(),
        };
        let priorities = ["Highest", "High", "Medium", "Low", "Lowest"];
        Site {
            base,
            next_id: 10_200,
            users: BTreeMap::new(),
            projects: Vec::new(),
            statuses: vec![
                status(10_000, "To Do", "new"),
                status(3, "In Progress", "indeterminate"),
                status(10_001, "In Review", "indeterminate"),
                status(10_002, "Done", "done"),
            ],
            priorities: (1..).zip(priorities).map(|(id, name)| named(id, name)).collect(),
            resolutions: vec![named(10_000, "Done"), named(10_001, "Won't Do"), named(10_002, "Duplicate")],
            kinds: vec![
                kind(10_000, "Epic", 1),
                kind(10_001, "Story", 0),
                kind(10_002, "Task", 0),
                kind(10_003, "Sub-task", -1),
                kind(10_004, "Bug", 0),
            ],
            link_types: vec![
                link(10_000, "Blocks", "is blocked by", "blocks"),
                link(10_001, "Cloners", "is cloned by", "clones"),
                link(10_002, "Duplicate", "is duplicated by", "duplicates"),
                link(10_003, "Relates", "relates to", "relates to"),
            ],
            fields: own_fields(),
            issues: BTreeMap::new(),
            parents: HashSet::new(),
            keys: HashMap::new(),
            links: Vec::new(),
            versions: Vec::new(),
            boards: Vec::new(),
            sprints: Vec::new(),
            settings: Settings::default(),
            writes: Vec::new(),
            pages: Pages::default(),
            originals: Vec::new(),
            recorded_links: Vec::new(),
            answered: 0,
            written: HashMap::new(),
            buckets: HashMap::new(),
            index: BTreeMap::new(),
            late: Vec::new(),
        }
    }

    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Ids given from now on are above this one.
    pub(crate) fn ids_above(&mut self, id: u64) {
        self.next_id = self.next_id.max(id);
    }

    /// The lower-case login of an account, made if it is new.
    pub(crate) fn ensure_user(&mut self, login: &str) -> String {
        let key = login.to_lowercase();
        if !self.users.contains_key(&key) {
            let print = format!("{:016x}{:016x}", digest(&key), digest((&key, 1)));
            let account_id = format!(
                "712020:{}-{}-{}-{}-{}",
                &print[..8],
                &print[8..12],
                &print[12..16],
                &print[16..20],
                &print[20..32]
            );
            let user = User {
                login: key.clone(),
                name: login.to_owned(),
                email: format!("{key}@example.com"),
                account_id,
                key: format!("JIRAUSER{}", 10_100 + self.users.len()),
                active: true,
                email_hidden: false,
                zone: "Etc/UTC".to_owned(),
                kind: "atlassian",
            };
            self.users.insert(key.clone(), user);
        }
        key
    }

    pub(crate) fn project(&self, id: u64) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    /// By key or id, as a path or a query names it.
    pub(crate) fn project_named(&self, name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| {
            project.key.eq_ignore_ascii_case(name)
                || project.id.to_string() == name
                || project.name.eq_ignore_ascii_case(name)
        })
    }

    pub(crate) fn project_mut(&mut self, key: &str) -> &mut Project {
        let found = self.projects.iter_mut().find(|project| project.key == key);
        found.unwrap_or_else(|| panic!("the simulator has no project {key}"))
    }

    pub(crate) fn status(&self, id: u64) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == id)
    }

    pub(crate) fn category(&self, status: u64) -> &str {
        self.status(status).map_or("undefined", |status| status.category.as_str())
    }

    pub(crate) fn kind(&self, id: u64) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.id == id)
    }

    pub(crate) fn level(&self, issue: &Issue) -> i8 {
        self.kind(issue.kind).map_or(0, |kind| kind.level)
    }

    /// The issue of a key, old ones included, or of an id.
    pub(crate) fn issue_named(&self, name: &str) -> Option<&Issue> {
        let id = self.keys.get(&name.to_uppercase()).copied().or_else(|| name.parse().ok())?;
        self.issues.get(&id)
    }

    /// Whether the account sees an issue: its project, and its security.
    pub(crate) fn sees(&self, issue: &Issue, me: Option<&str>) -> bool {
        me.is_some() && !issue.secured && self.project(issue.project).is_some_and(|project| !project.hidden)
    }

    pub(crate) fn field_id(number: u64, edition: Edition) -> String {
        // Another site numbers its fields in another way.
        let offset = if edition == Edition::Server { 1_300 } else { 0 };
        format!("customfield_{}", number + offset)
    }

    /// The sub-tasks of an issue.
    pub(crate) fn sub_tasks(&self, of: u64) -> impl Iterator<Item = &Issue> {
        let is_parent = self.parents.contains(&of);
        let all = is_parent.then(|| self.issues.values()).into_iter().flatten();
        all.filter(move |one| one.parent == Some(of) && self.level(one) < 0)
    }

    /// Notes that an issue changed or went away; search learns of it in its own time.
    pub(crate) fn noticed(&mut self, id: u64, at: Timestamp) {
        let version = self.issues.get(&id).cloned();
        if let Some(project) = version.as_ref().map(|issue| issue.project) {
            let found = self.projects.iter_mut().find(|one| one.id == project);
            if let Some(project) = found {
                project.last_update = Some(project.last_update.map_or(at, |last| last.max(at)));
            }
        }
        let lag = self.settings.lag;
        if lag == 0 {
            self.late.retain(|late| late.id != id);
            self.show(id, version, at);
            return;
        }
        let delay = match self.settings.dice {
            Some(dice) => digest((dice, id, at.as_millisecond())) % (lag + 1),
            None => lag,
        };
        let visible_at = at.saturating_add(SignedDuration::from_secs(delay.cast_signed())).unwrap_or(at);
        self.late.push(Late { visible_at, id, version });
    }

    fn show(&mut self, id: u64, version: Option<Issue>, at: Timestamp) {
        let before = self.index.remove(&id).map(|old| (old.shown, at)).or(Some((None, at)));
        self.index.insert(id, Indexed { shown: version, before });
    }

    /// Brings the index up to what it has noticed by now.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        let (mut ready, later): (Vec<Late>, Vec<Late>) =
            std::mem::take(&mut self.late).into_iter().partition(|late| late.visible_at <= now);
        self.late = later;
        ready.sort_by_key(|late| late.visible_at);
        for late in ready {
            // A later change, or its deletion, may have been noticed first.
            let is_newer = match (self.index.get(&late.id).map(|entry| &entry.shown), &late.version) {
                (Some(Some(shown)), Some(version)) => version.updated_at >= shown.updated_at,
                (Some(None), Some(_)) => false,
                _ => true,
            };
            if is_newer {
                self.show(late.id, late.version, late.visible_at);
            }
        }
    }

    /// The index is made anew from what is there.
    pub(crate) fn reindex(&mut self) {
        self.late.clear();
        self.index =
            self.issues.iter().map(|(id, issue)| (*id, Indexed { shown: Some(issue.clone()), before: None })).collect();
    }

    /// What search shows of each issue at this moment. With dice, a change seen once may be gone again for a while.
    pub(crate) fn indexed(&self, now: Timestamp) -> impl Iterator<Item = &Issue> {
        let dice = self.settings.dice.filter(|_| self.settings.lag > 0);
        let unsure = SignedDuration::from_secs(self.settings.lag.cast_signed());
        self.index.iter().filter_map(move |(id, entry)| match (&entry.before, dice) {
            (Some((before, until)), Some(dice))
                if now.duration_since(*until) < unsure && digest((dice, id, self.answered)).is_multiple_of(3) =>
            {
                before.as_ref()
            }
            _ => entry.shown.as_ref(),
        })
    }

    /// What search shows of one issue.
    pub(crate) fn indexed_one(&self, id: u64) -> Option<&Issue> {
        self.index.get(&id)?.shown.as_ref()
    }

    pub(crate) fn stats(&self) -> serde_json::Value {
        serde_json::json!({
            "answered": self.answered, "issues": self.issues.len(), "projects": self.projects.len(),
            "writes": self.writes.len(),
        })
    }
}

/// The site's own fields: two of a name where real sites have them.
fn own_fields() -> Vec<CustomField> {
    let field = |number, name: &str, custom, kind, items| CustomField {
        number,
        name: name.to_owned(),
        custom,
        kind,
        items,
        scope: None,
    };
    vec![
        field(10_031, "Story Points", "com.atlassian.jira.plugin.system.customfieldtypes:float", "number", None),
        field(10_042, "Start date", "com.atlassian.jira.plugin.system.customfieldtypes:datepicker", "date", None),
        field(own::EPIC_LINK, "Epic Link", "com.pyxis.greenhopper.jira:gh-epic-link", "any", None),
        field(own::SPRINT, "Sprint", "com.pyxis.greenhopper.jira:gh-sprint", "array", Some("json")),
        field(own::RANK, "Rank", "com.pyxis.greenhopper.jira:gh-lexo-rank", "any", None),
        field(own::POINTS, "Story Points", "com.atlassian.jira.plugin.system.customfieldtypes:float", "number", None),
        field(own::START, "Start date", "com.atlassian.jira.plugin.system.customfieldtypes:datepicker", "date", None),
        field(
            own::FLAGGED,
            "Flagged",
            "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes",
            "array",
            Some("option"),
        ),
        field(10_112, "Target start", "com.atlassian.jpo:jpo-custom-field-baseline-start", "date", None),
        field(10_113, "Target end", "com.atlassian.jpo:jpo-custom-field-baseline-end", "date", None),
    ]
}
