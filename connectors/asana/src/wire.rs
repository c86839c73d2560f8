//! Asana's JSON, as far as it is read. Every member may be missing where a scope or a plan lacks it; what no task can do
//! without is asked for where it is read.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

/// What is asked of each task. Links are asked for apart, where the plan has them.
pub(crate) const TASK_FIELDS: &str = "name,resource_subtype,approval_status,completed,completed_at,created_at,\
    created_by.name,created_by.resource_type,modified_at,assignee.name,assignee.email,assignee.resource_type,due_on,due_at,\
    start_on,start_at,parent.gid,num_subtasks,projects.gid,memberships.project.gid,memberships.section.gid,\
    memberships.section.name,tags.name,actual_time_minutes,permalink_url,is_rendered_as_separator,notes,custom_fields.gid,\
    custom_fields.name,custom_fields.resource_subtype,custom_fields.format,custom_fields.enabled,\
    custom_fields.asana_created_field,custom_fields.number_value,custom_fields.enum_value.gid,\
    custom_fields.enum_value.name,custom_fields.date_value,custom_type_status_option.gid,\
    custom_type_status_option.name";

/// What some plans refuse.
pub(crate) const LINK_FIELDS: &str = "dependencies.gid,dependents.gid";

/// What is asked of each story.
pub(crate) const STORY_FIELDS: &str = "created_at,created_by.name,created_by.resource_type,resource_subtype,type,text,html_text,\
    old_dates,new_dates,old_section.gid,old_section.name,new_section.gid,new_section.name,project.gid,assignee.gid,\
    assignee.name,custom_field.gid,custom_field.name,custom_field.asana_created_field,custom_field.format,\
    custom_field.resource_subtype,old_enum_value.name,new_enum_value.name,old_number_value,new_number_value,\
    old_date_value,new_date_value,old_approval_status,new_approval_status,tag.name";

/// A thing by its id, perhaps with its name. Without the scope for it, it is an empty object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    pub(crate) gid: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
}

/// Whoever did or owns something.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    #[serde(default)]
    pub(crate) gid: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) email: Option<String>,
    /// `user`; something else acts by itself.
    #[serde(default)]
    pub(crate) resource_type: Option<String>,
}

/// Tells what was absent from what is null.
fn told<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// A task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Task {
    pub(crate) gid: String,
    pub(crate) name: Option<String>,
    pub(crate) resource_subtype: Option<String>,
    pub(crate) approval_status: Option<String>,
    pub(crate) completed: Option<bool>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) created_by: Option<User>,
    pub(crate) modified_at: Option<Timestamp>,
    /// Outer `None`: not told, so that nothing may be concluded.
    #[serde(deserialize_with = "told")]
    pub(crate) assignee: Option<Option<User>>,
    pub(crate) due_on: Option<Date>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) start_on: Option<Date>,
    pub(crate) start_at: Option<Timestamp>,
    pub(crate) parent: Option<Named>,
    pub(crate) num_subtasks: Option<u32>,
    pub(crate) projects: Option<Vec<Named>>,
    pub(crate) memberships: Option<Vec<Membership>>,
    pub(crate) dependencies: Option<Vec<Named>>,
    pub(crate) dependents: Option<Vec<Named>>,
    pub(crate) tags: Option<Vec<Named>>,
    pub(crate) actual_time_minutes: Option<f64>,
    pub(crate) permalink_url: Option<String>,
    pub(crate) is_rendered_as_separator: Option<bool>,
    pub(crate) notes: Option<String>,
    pub(crate) custom_fields: Option<Vec<CustomField>>,
    pub(crate) custom_type_status_option: Option<Named>,
}

/// A project that a task is in, and where.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Membership {
    #[serde(default)]
    pub(crate) project: Option<Named>,
    #[serde(default)]
    pub(crate) section: Option<Named>,
}

/// A custom field, with its value where it stands on a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CustomField {
    pub(crate) gid: Option<String>,
    pub(crate) name: Option<String>,
    /// `number`, `enum`, `date` …
    pub(crate) resource_subtype: Option<String>,
    /// `percentage`, `duration`, `currency` …
    pub(crate) format: Option<String>,
    /// `false`: it does not apply here.
    pub(crate) enabled: Option<bool>,
    /// The template it was made from, whatever it is called.
    pub(crate) asana_created_field: Option<String>,
    pub(crate) number_value: Option<f64>,
    pub(crate) enum_value: Option<Named>,
    /// All it may be; told of a project's fields alone.
    pub(crate) enum_options: Option<Vec<Named>>,
    pub(crate) date_value: Option<DateValue>,
}

/// A date field's value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DateValue {
    pub(crate) date: Option<Date>,
    pub(crate) date_time: Option<Timestamp>,
}

/// Dates before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Dates {
    pub(crate) start_on: Option<Date>,
    pub(crate) start_at: Option<Timestamp>,
    pub(crate) due_on: Option<Date>,
    pub(crate) due_at: Option<Timestamp>,
}

/// One entry of a task's history.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Story {
    pub(crate) gid: String,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) created_by: Option<User>,
    pub(crate) resource_subtype: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) html_text: Option<String>,
    pub(crate) old_dates: Option<Dates>,
    pub(crate) new_dates: Option<Dates>,
    pub(crate) old_section: Option<Named>,
    pub(crate) new_section: Option<Named>,
    pub(crate) project: Option<Named>,
    pub(crate) assignee: Option<User>,
    pub(crate) custom_field: Option<CustomField>,
    pub(crate) old_enum_value: Option<Named>,
    pub(crate) new_enum_value: Option<Named>,
    pub(crate) old_number_value: Option<f64>,
    pub(crate) new_number_value: Option<f64>,
    pub(crate) old_date_value: Option<DateValue>,
    pub(crate) new_date_value: Option<DateValue>,
    pub(crate) old_approval_status: Option<String>,
    pub(crate) new_approval_status: Option<String>,
    pub(crate) tag: Option<Named>,
}

impl Story {
    /// A comment, as opposed to what Asana notes by itself.
    pub(crate) fn is_comment(&self) -> bool {
        self.resource_subtype.as_deref() == Some("comment_added") || self.kind.as_deref() == Some("comment")
    }
}

/// A project.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Project {
    pub(crate) gid: String,
    pub(crate) name: Option<String>,
    pub(crate) archived: Option<bool>,
    pub(crate) completed: Option<bool>,
    pub(crate) owner: Option<User>,
    pub(crate) workspace: Option<Named>,
}

/// One event of a project.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    pub(crate) action: Option<String>,
    pub(crate) resource: Option<Typed>,
    pub(crate) parent: Option<Typed>,
}

/// A thing of any kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub(crate) gid: Option<String>,
    pub(crate) resource_type: Option<String>,
    pub(crate) resource_subtype: Option<String>,
}
