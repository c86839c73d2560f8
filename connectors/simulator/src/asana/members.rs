//! What each kind of object has: its compact form, its complete form, and every member that can be asked for.

use serde_json::{Value, json};

use super::model::{Choice, CustomField, FieldValue, Project, Story, Task};
use super::org::Org;
use super::show::{Kind, Node};

const TASK: [&str; 31] = [
    "gid",
    "actual_time_minutes",
    "approval_status",
    "assignee",
    "assignee_status",
    "completed",
    "completed_at",
    "created_at",
    "custom_fields",
    "due_at",
    "due_on",
    "followers",
    "hearted",
    "hearts",
    "liked",
    "likes",
    "memberships",
    "modified_at",
    "name",
    "notes",
    "num_hearts",
    "num_likes",
    "parent",
    "permalink_url",
    "projects",
    "resource_subtype",
    "resource_type",
    "start_at",
    "start_on",
    "tags",
    "workspace",
];

const PROJECT: [&str; 19] = [
    "gid",
    "archived",
    "completed",
    "completed_at",
    "created_at",
    "current_status_update",
    "custom_fields",
    "default_view",
    "due_on",
    "members",
    "modified_at",
    "name",
    "notes",
    "owner",
    "permalink_url",
    "privacy_setting",
    "resource_type",
    "start_on",
    "team",
];

const STORY: [&str; 20] = [
    "gid",
    "created_at",
    "created_by",
    "hearted",
    "hearts",
    "is_editable",
    "is_edited",
    "is_pinned",
    "liked",
    "likes",
    "num_hearts",
    "num_likes",
    "previews",
    "resource_subtype",
    "resource_type",
    "source",
    "target",
    "text",
    "type",
    "sticker_name",
];

impl Org {
    pub(super) fn compact(&self, kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Task => &["gid", "name", "resource_type", "resource_subtype"],
            Kind::Story => &["gid", "created_at", "created_by", "resource_type", "text", "type", "resource_subtype"],
            _ => &["gid", "name", "resource_type"],
        }
    }

    /// What is told of one that is asked for alone.
    pub(super) fn complete(&self, kind: Kind, gid: u64) -> Vec<&'static str> {
        match kind {
            Kind::Task => TASK.to_vec(),
            Kind::Project => [PROJECT.as_slice(), &["workspace"]].concat(),
            Kind::Story => {
                let more = self.story(gid).map(|(_, story)| story.more.iter().map(|(name, _)| *name));
                STORY.into_iter().chain(more.into_iter().flatten()).collect()
            }
            Kind::User => vec!["gid", "email", "name", "photo", "resource_type", "workspaces"],
            Kind::Section => vec!["gid", "created_at", "name", "project", "resource_type"],
            Kind::Workspace => vec!["gid", "email_domains", "is_organization", "name", "resource_type"],
            Kind::Team | Kind::Tag => self.compact(kind).to_vec(),
        }
    }

    /// One member. `None`: there is none of this name.
    pub(super) fn member(&self, me: u64, kind: Kind, gid: u64, name: &str) -> Option<Node> {
        match name {
            "gid" => return Some(Node::gid(gid)),
            "resource_type" => return Some(Node::text(kind.word())),
            _ => {}
        }
        let named = |list: &[super::model::Named]| {
            let found = list.iter().find(|one| one.gid == gid)?;
            (name == "name").then(|| Node::text(&found.name))
        };
        match kind {
            Kind::Task => {
                let task = self.tasks.get(&gid).filter(|task| !task.private)?;
                self.of_task(task, name)
            }
            Kind::Story => self.of_story(me, gid, name),
            Kind::User => self.of_user(gid, name),
            Kind::Project => self.of_project(self.projects.get(&gid)?, name),
            Kind::Section => {
                let section = self.sections.get(&gid)?;
                match name {
                    "name" => Some(Node::text(&section.name)),
                    "created_at" => Some(Node::instant(Some(section.created_at))),
                    "project" => Some(Node::Ref(Kind::Project, section.project)),
                    "projects" => Some(Node::refs(Kind::Project, [section.project])),
                    _ => None,
                }
            }
            Kind::Workspace => match name {
                "is_organization" => Some(Node::of(true)),
                "email_domains" => Some(Node::of(json!(["example.com"]))),
                _ => named(&self.workspaces),
            },
            Kind::Team => named(&self.teams),
            Kind::Tag => named(&self.tags),
        }
    }

    fn of_task(&self, task: &Task, name: &str) -> Option<Node> {
        let paid = !self.settings.free;
        let seen = || task.memberships.iter().filter(|(project, _)| self.sees_project(*project));
        // A dependency is told by its gid alone, whether it is seen or not.
        let bare = |gids: &[u64]| {
            let one = |gid: &u64| Node::record(vec![("gid", Node::gid(*gid)), ("resource_type", Node::text("task"))]);
            Node::List(gids.iter().filter(|gid| !self.is_deleted(**gid)).map(one).collect())
        };
        Some(match name {
            "name" => Node::text(&task.name),
            "notes" => Node::text(&task.notes),
            "html_notes" => Node::of(format!("<body>{}</body>", super::rich::escaped(&task.notes))),
            "resource_subtype" => Node::text(task.kind),
            "approval_status" => Node::text(task.approval.as_deref()?),
            "assignee" => Node::maybe(Kind::User, task.assignee),
            "assignee_status" => Node::text("upcoming"),
            "assigned_by" => Node::maybe(Kind::User, task.assigned_by),
            "completed" => Node::of(task.completed),
            "completed_at" => Node::instant(task.completed_at),
            "completed_by" => Node::maybe(Kind::User, task.completed_by),
            "created_at" => Node::instant(Some(task.created_at)),
            "created_by" => Node::maybe(Kind::User, task.created_by),
            "modified_at" => Node::instant(Some(task.modified_at)),
            "due_on" => day(task.due_on),
            "due_at" => Node::instant(task.due_at),
            "start_on" => day(task.start_on),
            "start_at" | "custom_type" | "custom_type_status_option" => Node::null(),
            "parent" => Node::maybe(Kind::Task, task.parent),
            "num_subtasks" => {
                let all = self.children.get(&task.gid).map_or(&[] as &[u64], Vec::as_slice);
                Node::of(all.iter().filter(|gid| !self.is_deleted(**gid)).count())
            }
            "projects" => Node::refs(Kind::Project, seen().map(|(project, _)| *project)),
            "memberships" => Node::List(
                seen()
                    .map(|(project, section)| {
                        Node::record(vec![
                            ("project", Node::Ref(Kind::Project, *project)),
                            ("section", Node::Ref(Kind::Section, *section)),
                        ])
                    })
                    .collect(),
            ),
            "dependencies" => bare(if paid { &task.dependencies } else { &[] }),
            "dependents" => bare(self.dependents.get(&task.gid).filter(|_| paid).map_or(&[] as &[u64], Vec::as_slice)),
            "followers" => Node::refs(Kind::User, task.followers.iter().copied()),
            "tags" => Node::refs(Kind::Tag, task.tags.iter().copied()),
            "actual_time_minutes" => {
                let spent: u64 = task.entries.iter().map(|entry| entry.minutes).sum();
                if task.entries.is_empty() || !paid { Node::null() } else { Node::of(spent) }
            }
            "permalink_url" => {
                let project = task.memberships.first().map_or_else(String::new, |(gid, _)| format!("/project/{gid}"));
                Node::of(format!("https://app.asana.com/1/{}{project}/task/{}", task.workspace, task.gid))
            }
            "is_rendered_as_separator" => Node::of(task.separator),
            "custom_fields" => Node::List(if paid { self.values(task) } else { Vec::new() }),
            "workspace" => Node::Ref(Kind::Workspace, task.workspace),
            "hearted" | "liked" => Node::of(false),
            "hearts" | "likes" => Node::List(Vec::new()),
            "num_hearts" | "num_likes" => Node::of(0),
            _ => return None,
        })
    }

    pub(super) fn is_deleted(&self, task: u64) -> bool {
        self.tasks.get(&task).is_none_or(|task| task.deleted)
    }

    fn of_story(&self, me: u64, gid: u64, name: &str) -> Option<Node> {
        let (task, story) = self.story(gid)?;
        let comment = story.is_comment();
        Some(match name {
            "created_at" => Node::instant(Some(story.at)),
            "created_by" => Node::maybe(Kind::User, story.by),
            "resource_subtype" => Node::text(&story.subtype),
            "type" => Node::text(if comment { "comment" } else { "system" }),
            "text" => Node::text(&story.text),
            "html_text" => Node::of(self.html(story)),
            "source" => Node::text(story.source),
            "is_editable" => Node::of(comment && story.by == Some(me)),
            "is_edited" if comment => Node::of(story.edits > 0),
            "is_pinned" if comment => Node::of(story.pinned),
            "target" => Node::Ref(Kind::Task, task.gid),
            "hearted" | "liked" => Node::of(false),
            "hearts" | "likes" | "previews" => Node::List(Vec::new()),
            "num_hearts" | "num_likes" => Node::of(0),
            _ => return story.more.iter().find(|(known, _)| *known == name).map(|(_, node)| node.clone()),
        })
    }

    /// A comment has a body; what the system says has none.
    pub(super) fn html(&self, story: &Story) -> String {
        match (&story.html, story.is_comment()) {
            (Some(html), _) => html.clone(),
            (None, true) => format!("<body>{}</body>", super::rich::escaped(&story.text)),
            (None, false) => {
                let name = self.user_name(story.by);
                let link = format!(
                    "<b><a href=\"https://app.asana.com/0/profile/{}\">{}</a></b>",
                    story.by.unwrap_or(0),
                    super::rich::escaped(&name)
                );
                let rest = story.text.strip_prefix(&name).unwrap_or(&story.text);
                format!("{link}{}", super::rich::escaped(rest))
            }
        }
    }

    fn of_user(&self, gid: u64, name: &str) -> Option<Node> {
        let user = self.users.get(&gid)?;
        Some(match name {
            "name" => Node::text(&user.name),
            "email" if user.email_hidden => return None,
            "email" => Node::text(&user.email),
            "photo" => Node::null(),
            "workspaces" => Node::refs(Kind::Workspace, self.workspaces.iter().map(|one| one.gid)),
            _ => return None,
        })
    }

    fn of_project(&self, project: &Project, name: &str) -> Option<Node> {
        Some(match name {
            "name" => Node::text(&project.name),
            "archived" => Node::of(project.archived),
            "completed" => Node::of(project.completed),
            "completed_at" => Node::null(),
            "created_at" => Node::instant(Some(project.created_at)),
            "modified_at" => Node::instant(Some(project.modified_at)),
            "owner" => Node::maybe(Kind::User, project.owner),
            "team" => Node::maybe(Kind::Team, project.team),
            "workspace" => Node::Ref(Kind::Workspace, project.workspace),
            "due_on" | "due_date" => day(project.due_on),
            "start_on" => day(project.start_on),
            "notes" => Node::text(""),
            "default_view" => Node::text("board"),
            "privacy_setting" => Node::text("private_to_team"),
            "members" | "followers" => Node::refs(Kind::User, project.owner),
            "custom_fields" | "custom_field_settings" => Node::List(Vec::new()),
            "current_status_update" => project.updates.last().map_or_else(Node::null, |one| self.update(project, one)),
            "permalink_url" => {
                Node::of(format!("https://app.asana.com/1/{}/project/{}", project.workspace, project.gid))
            }
            _ => return None,
        })
    }

    pub(super) fn update(&self, project: &Project, update: &super::model::StatusUpdate) -> Node {
        Node::Record(
            4,
            vec![
                ("gid", Node::gid(update.gid)),
                ("resource_type", Node::text("status_update")),
                ("resource_subtype", Node::text("project_status_update")),
                ("title", Node::text(&update.title)),
                ("status_type", Node::text(&update.status)),
                ("text", Node::text(&update.title)),
                ("author", Node::Ref(Kind::User, update.author)),
                ("created_by", Node::Ref(Kind::User, update.author)),
                ("created_at", Node::instant(Some(update.at))),
                ("modified_at", Node::instant(Some(update.at))),
                ("parent", Node::Ref(Kind::Project, project.gid)),
            ],
        )
    }

    /// The fields of a task: those of its projects, and those it has a value in.
    fn values(&self, task: &Task) -> Vec<Node> {
        let applies = |field: &&CustomField| {
            let has = |(project, _): &(u64, u64)| field.projects.is_empty() || field.projects.contains(project);
            task.memberships.iter().any(has) || task.values.contains_key(&field.gid)
        };
        self.fields.iter().filter(applies).map(|field| self.field(field, Some(task))).collect()
    }

    /// A field, with the value it has in a task.
    pub(super) fn field(&self, field: &CustomField, task: Option<&Task>) -> Node {
        let draft = &field.draft;
        let mut members = vec![
            ("gid", Node::gid(field.gid)),
            ("resource_type", Node::text("custom_field")),
            ("name", Node::text(&draft.name)),
            ("type", Node::text(draft.kind)),
            ("resource_subtype", Node::text(draft.kind)),
            ("representation_type", Node::text(if draft.formula { "formula" } else { draft.kind })),
            ("is_formula_field", Node::of(draft.formula)),
            ("enabled", Node::of(!draft.disabled)),
        ];
        if draft.kind.ends_with("enum") {
            members.push(("enum_options", Node::List(field.choices.iter().map(choice).collect())));
        }
        if let Some(task) = task {
            let value = task.values.get(&field.gid);
            members.push(("display_value", value.map_or_else(Node::null, |value| self.displayed(field, value))));
            members.push(self.raw(field, value));
        }
        let compact = members.len();
        if draft.kind == "number" {
            members.push(("format", Node::text(if draft.format.is_empty() { "none" } else { draft.format })));
            members.push(("precision", Node::of(draft.precision)));
        }
        members.push(("asana_created_field", Node::of(json!(draft.created_from))));
        members.push(("is_global_to_workspace", Node::of(field.projects.is_empty())));
        members.push(("is_value_read_only", Node::of(draft.formula)));
        Node::Record(compact, members)
    }

    fn raw(&self, field: &CustomField, value: Option<&FieldValue>) -> (&'static str, Node) {
        let option = |gid: &u64| field.choices.iter().find(|one| one.gid == *gid).map_or_else(Node::null, choice);
        let node = match value {
            Some(FieldValue::Text(text)) => Node::text(text),
            Some(FieldValue::Number(number)) => Node::of(*number),
            Some(FieldValue::Choice(gid)) => option(gid),
            Some(FieldValue::Choices(gids)) => Node::List(gids.iter().map(option).collect()),
            Some(FieldValue::Day(day)) => Node::of(json!({ "date": day.to_string(), "date_time": null })),
            Some(FieldValue::People(gids)) => Node::refs(Kind::User, gids.iter().copied()),
            None if matches!(field.draft.kind, "multi_enum" | "people") => Node::List(Vec::new()),
            None => Node::null(),
        };
        let name = match field.draft.kind {
            "number" => "number_value",
            "enum" => "enum_value",
            "multi_enum" => "multi_enum_values",
            "date" => "date_value",
            "people" => "people_value",
            _ => "text_value",
        };
        (name, node)
    }

    fn displayed(&self, field: &CustomField, value: &FieldValue) -> Node {
        let name = |gid: &u64| field.choices.iter().find(|one| one.gid == *gid).map(|one| one.name.clone());
        Node::of(match value {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Number(number) => {
                let digits = usize::from(field.draft.precision);
                match field.draft.format {
                    "percentage" => format!("{:.digits$}%", number * 100.0),
                    "duration" => format!("{}h {}m", (number / 60.0).floor(), number % 60.0),
                    _ => format!("{number:.digits$}"),
                }
            }
            FieldValue::Choice(gid) => name(gid).unwrap_or_default(),
            FieldValue::Choices(gids) => gids.iter().filter_map(name).collect::<Vec<_>>().join(", "),
            FieldValue::Day(day) => format!("{day}T00:00:00.000Z"),
            FieldValue::People(gids) => {
                gids.iter().map(|gid| self.user_name(Some(*gid))).collect::<Vec<_>>().join(", ")
            }
        })
    }
}

pub(super) fn choice(choice: &Choice) -> Node {
    Node::record(vec![
        ("gid", Node::gid(choice.gid)),
        ("resource_type", Node::text("enum_option")),
        ("name", Node::text(&choice.name)),
        ("enabled", Node::of(choice.enabled)),
        ("color", Node::text("none")),
    ])
}

fn day(day: Option<jiff::civil::Date>) -> Node {
    Node::Plain(day.map_or(Value::Null, |day| Value::from(day.to_string())))
}
