//! What happens to tasks: each deed leaves its story, moves `modified_at` where Asana does and only there, and is told in the
//! feeds.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::model::{FieldValue, Story, Task, TaskDraft};
use super::org::Org;
use super::show::{Kind, Node};

/// The dates of a task: start, due day, due moment.
pub(super) type Dates = (Option<Date>, Option<Date>, Option<Timestamp>);

fn dates_node((start, due, at): &Dates) -> Node {
    let day = |day: &Option<Date>| Node::Plain(day.map_or(Value::Null, |day| Value::from(day.to_string())));
    Node::record(vec![("start_on", day(start)), ("due_at", Node::instant(*at)), ("due_on", day(due))])
}

impl Org {
    /// Search goes on showing a task as it is now, for as long as it lags.
    pub(super) fn changing(&mut self, task: u64) {
        let lag = self.settings.search_lag;
        if lag > 0 {
            let until = SignedDuration::from_secs(i64::try_from(lag).unwrap_or(i64::MAX));
            let until = self.wall.saturating_add(until).unwrap_or(self.wall);
            let before = self.tasks.get(&task).cloned();
            self.stale.entry(task).or_insert((until, before));
        }
    }

    fn touch(&mut self, task: u64, at: Timestamp) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.modified_at = task.modified_at.max(at);
        }
    }

    /// Leaves a story on a task, which moves it.
    pub(super) fn tell(
        &mut self,
        task: u64,
        by: Option<u64>,
        subtype: &str,
        text: &str,
        more: Vec<(&'static str, Node)>,
        at: Timestamp,
    ) -> u64 {
        let gid = self.quiet_story(task, by, subtype, text, more, at);
        self.touch(task, at);
        gid
    }

    fn quiet_story(
        &mut self,
        task: u64,
        by: Option<u64>,
        subtype: &str,
        text: &str,
        more: Vec<(&'static str, Node)>,
        at: Timestamp,
    ) -> u64 {
        let gid = self.fresh_gid();
        let comment = subtype == "comment_added";
        let said = if comment { text.to_owned() } else { format!("{} {text}", self.user_name(by)) };
        let story = Story {
            gid,
            at,
            by,
            subtype: subtype.to_owned(),
            text: said,
            html: None,
            source: "web",
            edits: 0,
            pinned: false,
            notified: u32::from(comment),
            more,
        };
        let Some(found) = self.tasks.get_mut(&task) else { return gid };
        // A story may be told out of order.
        let place = found.stories.partition_point(|one| one.at <= at);
        found.stories.insert(place, story);
        self.story_of.insert(gid, task);
        let parent = self.mentioned(Kind::Task, task);
        self.happened(task, by, at, "added", (Kind::Story, gid), (Some(parent), None));
        gid
    }

    pub(super) fn with_story(&mut self, gid: u64, deed: impl FnOnce(&mut Story)) {
        let task = self.story_of.get(&gid).and_then(|task| self.tasks.get_mut(task));
        if let Some(story) = task.and_then(|task| task.stories.iter_mut().find(|story| story.gid == gid)) {
            deed(story);
        }
    }

    pub(super) fn comment(&mut self, task: u64, by: Option<u64>, text: &str, at: Timestamp) -> u64 {
        self.changing(task);
        self.tell(task, by, "comment_added", text, Vec::new(), at)
    }

    pub(super) fn trash_story(&mut self, gid: u64, by: Option<u64>, at: Timestamp) {
        let Some(task) = self.story_of.get(&gid).copied() else { return };
        self.happened(task, by, at, "deleted", (Kind::Story, gid), (None, None));
        if let Some(found) = self.tasks.get_mut(&task) {
            found.stories.retain(|story| story.gid != gid);
        }
        self.story_of.remove(&gid);
        self.touch(task, at);
    }

    /// Makes a task, in a project or as a part of another task.
    pub(super) fn open(&mut self, project: Option<u64>, parent: Option<u64>, draft: TaskDraft, now: Timestamp) -> u64 {
        let at = draft.created.unwrap_or(now);
        let creator = self.ensure_user(draft.creator.as_deref().unwrap_or("max"));
        let workspace = match (project, parent) {
            (Some(project), _) => self.projects[&project].workspace,
            (None, Some(parent)) => self.tasks[&parent].workspace,
            (None, None) => self.workspaces[0].gid,
        };
        let gid = self.fresh_gid();
        let due = draft.due.or_else(|| draft.due_at.map(|at| at.to_zoned(TimeZone::UTC).date()));
        let task = Task {
            gid,
            workspace,
            name: draft.name,
            notes: draft.notes.unwrap_or_default(),
            kind: if draft.kind.is_empty() { "default_task" } else { draft.kind },
            approval: (draft.kind == "approval").then(|| "pending".to_owned()),
            completed: false,
            completed_at: None,
            completed_by: None,
            created_at: at,
            created_by: Some(creator),
            modified_at: at,
            assignee: None,
            assigned_by: None,
            due_on: None,
            due_at: None,
            start_on: None,
            parent,
            memberships: Vec::new(),
            dependencies: Vec::new(),
            tags: draft.tags.iter().map(|tag| self.ensure_tag(tag)).collect(),
            followers: [creator].into(),
            values: std::collections::BTreeMap::new(),
            stories: Vec::new(),
            entries: Vec::new(),
            separator: draft.separator,
            deleted: false,
            private: false,
        };
        self.changing(gid);
        self.tasks.insert(gid, task);
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(gid);
            let above = self.mentioned(Kind::Task, parent);
            self.happened(gid, Some(creator), at, "added", (Kind::Task, gid), (Some(above), None));
        }
        if let Some(project) = project {
            self.enter(gid, project, draft.section.as_deref(), Some(creator), at);
        }
        if let Some(login) = draft.assignee {
            let assignee = self.ensure_user(&login);
            self.set_assignee(gid, Some(assignee), Some(creator), at);
        }
        // Asana keeps no start without an end.
        let start = draft.start.filter(|_| due.is_some() && draft.kind != "milestone");
        self.set_dates(gid, (start, due, draft.due_at), Some(creator), at);
        gid
    }

    /// Puts a task into a project, in this section or the first.
    pub(super) fn enter(&mut self, task: u64, project: u64, section: Option<&str>, by: Option<u64>, at: Timestamp) {
        let section = match section {
            Some(name) => self.ensure_section(project, name),
            None => self.first_section(project),
        };
        let Some(found) = self.tasks.get_mut(&task) else { return };
        if found.memberships.iter().any(|(known, _)| *known == project) {
            return;
        }
        found.memberships.push((project, section));
        self.in_project.entry(project).or_default().insert(task);
        for (kind, gid) in [(Kind::Project, project), (Kind::Section, section)] {
            let parent = self.mentioned(kind, gid);
            self.happened(task, by, at, "added", (Kind::Task, task), (Some(parent), None));
        }
        let text = format!("added this task to {}", self.projects[&project].name);
        let more = vec![("project", Node::Ref(Kind::Project, project))];
        self.moved(task, by, "added_to_project", &text, more, at);
    }

    /// What moves a task between containers tells a story, and moves `modified_at` only where it is not quiet.
    fn moved(
        &mut self,
        task: u64,
        by: Option<u64>,
        subtype: &str,
        text: &str,
        more: Vec<(&'static str, Node)>,
        at: Timestamp,
    ) {
        if self.settings.quiet_moves {
            self.quiet_story(task, by, subtype, text, more, at);
        } else {
            self.tell(task, by, subtype, text, more, at);
        }
    }

    pub(super) fn leave(&mut self, task: u64, project: u64, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let parent = self.mentioned(Kind::Project, project);
        self.happened(task, by, at, "removed", (Kind::Task, task), (Some(parent), None));
        let text = format!("removed this task from {}", self.projects[&project].name);
        let more = vec![("project", Node::Ref(Kind::Project, project))];
        self.moved(task, by, "removed_from_project", &text, more, at);
        if let Some(found) = self.tasks.get_mut(&task) {
            found.memberships.retain(|(known, _)| *known != project);
        }
        self.in_project.entry(project).or_default().remove(&task);
    }

    /// Moves a task to another section of a project it is in.
    pub(super) fn section_move(&mut self, task: u64, project: u64, name: &str, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let section = self.ensure_section(project, name);
        let place = self.tasks.get_mut(&task).and_then(|task| {
            task.memberships.iter_mut().find(|(known, _)| *known == project).map(|(_, section)| section)
        });
        let place = place.unwrap_or_else(|| panic!("task {task} is not in project {project}"));
        let old = std::mem::replace(place, section);
        if old == section {
            return;
        }
        for (action, gid) in [("removed", old), ("added", section)] {
            let parent = self.mentioned(Kind::Section, gid);
            self.happened(task, by, at, action, (Kind::Task, task), (Some(parent), None));
        }
        let was = self.sections.get(&old).map_or_else(String::new, |section| section.name.clone());
        let text = format!("moved this task from \"{was}\" to \"{name}\"");
        let more = vec![
            ("old_section", Node::Ref(Kind::Section, old)),
            ("new_section", Node::Ref(Kind::Section, section)),
            ("project", Node::Ref(Kind::Project, project)),
        ];
        self.moved(task, by, "section_changed", &text, more, at);
    }

    pub(super) fn set_assignee(&mut self, task: u64, to: Option<u64>, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        let was = std::mem::replace(&mut found.assignee, to);
        if was == to {
            return;
        }
        found.assigned_by = to.and(by);
        found.followers.extend(to);
        self.changed(task, by, at, "assignee", to.map(|gid| (Kind::User, gid)));
        let (subtype, text, whom) = match to {
            Some(gid) => ("assigned", format!("assigned to {}", self.user_name(Some(gid))), gid),
            None => ("unassigned", format!("unassigned from {}", self.user_name(was)), was.unwrap_or_default()),
        };
        self.tell(task, by, subtype, &text, vec![("assignee", Node::Ref(Kind::User, whom))], at);
    }

    pub(super) fn set_dates(&mut self, task: u64, dates: Dates, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        let was = (found.start_on, found.due_on, found.due_at);
        if was == dates {
            return;
        }
        (found.start_on, found.due_on, found.due_at) = dates;
        let (field, subtype) = match (was.1 == dates.1, was.2 == dates.2) {
            (true, true) => ("start_on", "start_date_changed"),
            (true, false) => ("due_at", "due_date_changed"),
            (false, _) => ("due_on", "due_date_changed"),
        };
        self.changed(task, by, at, field, None);
        let text = match dates.1 {
            Some(day) => format!("changed the due date to {}", day.strftime("%b %-d, %Y")),
            None => "removed the due date".to_owned(),
        };
        self.tell(
            task,
            by,
            subtype,
            &text,
            vec![("old_dates", dates_node(&was)), ("new_dates", dates_node(&dates))],
            at,
        );
    }

    pub(super) fn set_completed(&mut self, task: u64, done: bool, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        if found.completed == done {
            return;
        }
        found.completed = done;
        found.completed_at = done.then_some(at);
        found.completed_by = by.filter(|_| done);
        // An approval that is ticked off is approved.
        if let Some(approval) = &mut found.approval {
            *approval = if done { "approved" } else { "pending" }.to_owned();
        }
        self.changed(task, by, at, "completed", None);
        let (subtype, text) =
            if done { ("marked_complete", "completed this task") } else { ("marked_incomplete", "marked incomplete") };
        self.tell(task, by, subtype, text, Vec::new(), at);
    }

    /// Everything but `pending` is completed, a refusal as well.
    pub(super) fn set_approval(&mut self, task: u64, status: &str, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        let was = found.approval.replace(status.to_owned()).unwrap_or_else(|| "pending".to_owned());
        found.kind = "approval";
        found.completed = status != "pending";
        found.completed_at = found.completed.then_some(at);
        found.completed_by = by.filter(|_| found.completed);
        self.changed(task, by, at, "approval_status", None);
        let more = vec![("old_approval_status", Node::text(&was)), ("new_approval_status", Node::text(status))];
        self.tell(task, by, "approval_status_changed", &format!("changed the approval to {status}"), more, at);
    }

    pub(super) fn block(&mut self, blocker: u64, blocked: u64, by: Option<u64>, at: Timestamp) {
        let Some(found) = self.tasks.get_mut(&blocked) else { return };
        if found.dependencies.contains(&blocker) {
            return;
        }
        found.dependencies.push(blocker);
        self.dependents.entry(blocker).or_default().push(blocked);
        self.depend(blocker, blocked, ["dependency_added", "dependent_added"], by, at);
    }

    pub(super) fn unblock(&mut self, blocker: u64, blocked: u64, by: Option<u64>, at: Timestamp) {
        let Some(found) = self.tasks.get_mut(&blocked) else { return };
        found.dependencies.retain(|gid| *gid != blocker);
        self.dependents.entry(blocker).or_default().retain(|gid| *gid != blocked);
        self.depend(blocker, blocked, ["dependency_removed", "dependent_removed"], by, at);
    }

    fn depend(&mut self, blocker: u64, blocked: u64, subtypes: [&str; 2], by: Option<u64>, at: Timestamp) {
        let sides = [(blocked, blocker, "dependencies"), (blocker, blocked, "dependents")];
        for ((task, other, field), subtype) in sides.into_iter().zip(subtypes) {
            self.changed(task, by, at, field, None);
            let name = self.tasks.get(&other).map_or_else(String::new, |task| task.name.clone());
            let more = vec![("dependency", Node::Ref(Kind::Task, other))];
            self.tell(task, by, subtype, &format!("changed dependencies: {name}"), more, at);
        }
    }

    pub(super) fn set_tag(&mut self, task: u64, name: &str, on: bool, by: Option<u64>, at: Timestamp) {
        let tag = self.ensure_tag(name);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        if found.tags.contains(&tag) == on {
            return;
        }
        if on {
            found.tags.push(tag)
        } else {
            found.tags.retain(|gid| *gid != tag)
        }
        self.changed(task, by, at, "tags", Some((Kind::Tag, tag)));
        let subtype = if on { "added_to_tag" } else { "removed_from_tag" };
        self.tell(task, by, subtype, &format!("changed the tag {name}"), vec![("tag", Node::Ref(Kind::Tag, tag))], at);
    }

    /// The text of a task, or its name.
    pub(super) fn set_words(&mut self, task: u64, name: bool, words: &str, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        let place = if name { &mut found.name } else { &mut found.notes };
        let old = std::mem::replace(place, words.to_owned());
        if old == words {
            return;
        }
        self.changed(task, by, at, if name { "name" } else { "notes" }, None);
        let (subtype, more) = if name {
            ("name_changed", vec![("old_name", Node::text(&old)), ("new_name", Node::text(words))])
        } else {
            ("notes_changed", Vec::new())
        };
        self.tell(task, by, subtype, "changed the text", more, at);
    }

    pub(super) fn set_parent(&mut self, task: u64, parent: Option<u64>, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let was = self.tasks.get(&task).and_then(|task| task.parent);
        if let Some(was) = was {
            self.children.entry(was).or_default().retain(|gid| *gid != task);
        }
        self.changed(task, by, at, "parent", parent.map(|gid| (Kind::Task, gid)));
        if let Some(found) = self.tasks.get_mut(&task) {
            found.parent = parent;
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(task);
            self.changed(task, by, at, "parent", Some((Kind::Task, parent)));
        }
        self.touch(task, at);
    }

    pub(super) fn set_deleted(&mut self, task: u64, deleted: bool, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let action = if deleted { "deleted" } else { "undeleted" };
        self.happened(task, by, at, action, (Kind::Task, task), (None, None));
        // With it goes what it consists of.
        for part in self.children.get(&task).cloned().unwrap_or_default() {
            self.set_deleted(part, deleted, by, at);
        }
        if let Some(found) = self.tasks.get_mut(&task) {
            found.deleted = deleted;
        }
        self.touch(task, at);
    }

    pub(super) fn set_value(&mut self, task: u64, field: u64, value: &Value, by: Option<u64>, at: Timestamp) {
        self.changing(task);
        let new = self.field_value(field, value);
        let Some(found) = self.tasks.get_mut(&task) else { return };
        let old = match new.clone() {
            Some(new) => found.values.insert(field, new),
            None => found.values.remove(&field),
        };
        if old == new {
            return;
        }
        let Some(known) = self.fields.iter().find(|one| one.gid == field) else { return };
        let (kind, name) = (known.draft.kind, known.draft.name.clone());
        let members = vec![
            ("gid", Node::gid(field)),
            ("resource_type", Node::text("custom_field")),
            ("name", Node::text(&name)),
            ("resource_subtype", Node::text(kind)),
        ];
        let mut more = vec![("custom_field", Node::record(members))];
        let names = match kind {
            "number" => ["old_number_value", "new_number_value"],
            "enum" => ["old_enum_value", "new_enum_value"],
            "multi_enum" => ["old_multi_enum_values", "new_multi_enum_values"],
            "date" => ["old_date_value", "new_date_value"],
            "people" => ["old_people_value", "new_people_value"],
            _ => ["old_text_value", "new_text_value"],
        };
        for (name, value) in names.into_iter().zip([&old, &new]) {
            more.push((name, self.told_value(field, kind, value.as_ref())));
        }
        self.changed(task, by, at, "custom_fields", None);
        self.tell(task, by, &format!("{kind}_custom_field_changed"), &format!("changed {name}"), more, at);
    }

    /// A value as a story tells it.
    fn told_value(&self, field: u64, kind: &str, value: Option<&FieldValue>) -> Node {
        if let Some(FieldValue::Day(day)) = value {
            return dates_node(&(None, Some(*day), None));
        }
        let known = self.fields.iter().find(|one| one.gid == field);
        let option = |gid: &u64| {
            known
                .and_then(|known| known.choices.iter().find(|one| one.gid == *gid))
                .map_or_else(Node::null, super::members::choice)
        };
        match value {
            Some(FieldValue::Text(text)) => Node::text(text),
            Some(FieldValue::Number(number)) => Node::of(*number),
            Some(FieldValue::Choice(gid)) => option(gid),
            Some(FieldValue::Choices(gids)) => Node::List(gids.iter().map(option).collect()),
            Some(FieldValue::People(gids)) => Node::refs(Kind::User, gids.iter().copied()),
            Some(FieldValue::Day(_)) | None if matches!(kind, "multi_enum" | "people") => Node::List(Vec::new()),
            Some(FieldValue::Day(_)) | None => Node::null(),
        }
    }

    /// A value as a test writes it: choices by name, people by login, a date as text; `null` empties.
    fn field_value(&mut self, field: u64, value: &Value) -> Option<FieldValue> {
        if value.is_null() {
            return None;
        }
        let kind = self.fields.iter().find(|one| one.gid == field)?.draft.kind;
        let wrong = format!("{value} is no value of a field of kind {kind}");
        let all: Vec<String> = match value {
            Value::Array(values) => values.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
            other => other.as_str().map(str::to_owned).into_iter().collect(),
        };
        Some(match kind {
            "number" => FieldValue::Number(value.as_f64().unwrap_or_else(|| panic!("{wrong}"))),
            "date" => {
                FieldValue::Day(value.as_str().and_then(|day| day.parse().ok()).unwrap_or_else(|| panic!("{wrong}")))
            }
            "people" => FieldValue::People(all.iter().map(|login| self.ensure_user(login)).collect()),
            "enum" => FieldValue::Choice(self.ensure_choice(field, all.first().unwrap_or_else(|| panic!("{wrong}")))),
            "multi_enum" => FieldValue::Choices(all.iter().map(|name| self.ensure_choice(field, name)).collect()),
            _ => FieldValue::Text(value.as_str().unwrap_or_else(|| panic!("{wrong}")).to_owned()),
        })
    }

    pub(super) fn ensure_choice(&mut self, field: u64, name: &str) -> u64 {
        let gid = self.fresh_gid();
        let Some(known) = self.fields.iter_mut().find(|one| one.gid == field) else { return gid };
        if let Some(found) = known.choices.iter().find(|one| one.name == name) {
            return found.gid;
        }
        known.choices.push(super::model::Choice { gid, name: name.to_owned(), enabled: true });
        gid
    }
}
