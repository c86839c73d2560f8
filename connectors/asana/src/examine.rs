//! What a connection can say of itself: who it is, what it may and what it does not see.

use std::collections::BTreeSet;

use connector_kit::survey::{Examine, Finding, Verdict};
use connector_kit::{BoxFuture, ConnectorError};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::absences::NOT_TOLD;
use crate::call::Ask;
use crate::config::folded;
use crate::events::News;
use crate::fields::{self, Role, role};
use crate::normalise::lacks_scope;
use crate::places::{NOT_SHOWN, is_open, plan_probe};
use crate::wire::{CustomField, Project, Task};
use crate::{Asana, items};

/// A clock that differs by more is worth a word; Asana tells whole seconds.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// Projects that are asked for one by one.
const MOST_PARTS: usize = 100;

/// Sections that are named.
const MOST_NAMED: usize = 10;

/// What a project's settings tell of its fields.
const SETTING_FIELDS: &str = "custom_field.gid,custom_field.name,custom_field.resource_subtype,custom_field.format,\
                              custom_field.asana_created_field,custom_field.enum_options.name";

/// States of approvals, which are Asana's own.
const APPROVALS: [&str; 2] = ["rejected", "changes_requested"];

#[derive(Deserialize)]
struct Setting {
    custom_field: Option<CustomField>,
}

impl Asana {
    async fn look_at_itself(&self, parts: &[String]) -> Vec<Finding> {
        let me = match self.ask_myself().await {
            Ok(me) => me,
            // Nothing else would answer better.
            Err(error) => return vec![Finding::failed(&error)],
        };
        let account = me.account();
        let name = account.name.or(account.email).unwrap_or_else(|| "an account without a name".to_owned());
        let host = self.config.url.host_str().unwrap_or_default();
        let mut findings = vec![Finding::good(format!("logged in as {name} at {host}; the token does not expire"))];
        findings.extend(self.skew().filter(|skew| skew.abs() > SKEW).map(|skew| {
            let what = format!("this machine's clock differs from Asana's by {} s", skew.as_secs().abs());
            Finding::warning(what, "set this machine's clock by NTP")
        }));
        match self.workspaces().await {
            Ok(workspaces) if workspaces.is_empty() => findings.push(Finding::problem(
                Verdict::Refused,
                "the account is in no workspace",
                "invite it to the workspace you want to watch",
            )),
            Ok(workspaces) => {
                findings.extend(self.plan(&workspaces).await);
                let what = "tasks in no project (somebody's own list) are shown to nobody else, and not watched";
                findings.push(Finding::good(what));
            }
            Err(error) => {
                findings.push(Finding::failed(&error));
                return findings;
            }
        }
        let (mut heard, mut is_whole) = (BTreeSet::new(), !parts.is_empty() && parts.len() <= MOST_PARTS);
        for part in parts.iter().take(MOST_PARTS) {
            match self.examine_project(part, &mut heard).await {
                Ok(found) => findings.extend(found),
                Err(error) => {
                    is_whole = false;
                    findings.push(Finding::failed(&error));
                }
            }
        }
        if is_whole {
            findings.extend(self.states_of_nothing(&heard));
        }
        if parts.len() > MOST_PARTS {
            findings.push(Finding::good(format!("{} more projects were not checked", parts.len() - MOST_PARTS)));
        }
        findings.extend(self.warnings().into_iter().map(|warning| Finding::warning(warning, TODO)));
        findings
    }

    async fn plan(&self, workspaces: &[String]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for workspace in workspaces {
            let path = format!("workspaces/{workspace}/tasks/search");
            let name = self.workspace_called(workspace).await.unwrap_or_else(|_| workspace.clone());
            findings.push(match self.ask(&plan_probe(&path)).await {
                Ok(answer) if answer.status == 402 => {
                    let what = format!(
                        "the workspace {name} is on a free plan: dependencies and custom fields are not told \
                         (`blocker.cascade` and `pace.behind` by fields have nothing new to go by), 150 requests a minute"
                    );
                    Finding::warning(what, "nothing, if this is intended")
                }
                Ok(answer) if answer.is_ok() => {
                    Finding::good(format!("the workspace {name} is on a paid plan: 1,500 requests a minute"))
                }
                Ok(answer) => {
                    Finding::good(format!("Asana does not say which plan the workspace {name} has (HTTP {})", answer.status))
                }
                Err(error) => Finding::failed(&error),
            });
        }
        // Each of these is the same for all workspaces, and said once.
        if let Some(workspace) = workspaces.first() {
            let path = format!("workspaces/{workspace}/workspace_memberships");
            if let Ok(answer) = self.ask(&Ask::list(path, "is_active").rows(1)).await
                && matches!(answer.status, 402 | 403)
            {
                self.warn(NOT_SHOWN);
            }
        }
        if let Some(workspace) = workspaces.first()
            && self.tells_absences(workspace).await == Some(false)
        {
            self.warn(NOT_TOLD);
        }
        findings
    }

    /// What the configuration names, and none of these projects has.
    async fn names_of_nothing(&self, parts: &[String]) -> Result<Vec<Finding>, ConnectorError> {
        let named = self.config.fields.named();
        if parts.is_empty() || parts.len() > MOST_PARTS || (self.config.states.0.is_empty() && named.is_empty()) {
            return Ok(Vec::new());
        }
        let (mut heard, mut has_fields, mut there) = (BTreeSet::new(), false, Vec::new());
        for part in parts {
            let project = self.project_called(part).await?;
            heard.extend(self.sections_of(&project.gid).await?.iter().map(|section| folded(section)));
            // A free plan has none, and the plan is said elsewhere.
            let Some(fields) = self.fields_there(&project).await? else { continue };
            has_fields = true;
            heard.extend(choices(&fields));
            there.extend(fields);
        }
        let unfound = named.into_iter().filter(|word| has_fields && !there.iter().any(|field| is_called(field, word)));
        let unfound = unfound.map(|word| {
            let what = format!("`fields` names \"{word}\", which no project has");
            Finding::warning(what, "write it as Asana does, or by its gid")
        });
        Ok(self.states_of_nothing(&heard).into_iter().chain(unfound).collect())
    }

    /// What `states` names and nothing is called.
    fn states_of_nothing(&self, heard: &BTreeSet<String>) -> Vec<Finding> {
        let is_unheard = |word: &&String| !heard.contains(*word) && !APPROVALS.contains(&word.as_str());
        let mut words: Vec<&String> = self.config.states.0.keys().filter(is_unheard).collect();
        words.sort();
        let unheard = |word: &String| {
            let what = format!("`states` names \"{word}\": no section and no choice of a field is called so");
            Finding::warning(what, "spell it as Asana does; nothing, if it is a status of a custom task type")
        };
        words.into_iter().map(unheard).collect()
    }

    /// `heard`: the words for states that it has.
    async fn examine_project(&self, part: &str, heard: &mut BTreeSet<String>) -> Result<Vec<Finding>, ConnectorError> {
        let project = self.project_called(part).await?;
        let name = project.name.clone().unwrap_or_else(|| project.gid.clone());
        if !is_open(&project) {
            let what = format!("{name} is archived or finished: there is nothing to watch");
            let todo = match self.config.projects.is_empty() {
                true => "nothing: it is not read",
                false => "remove it from `projects`",
            };
            return Ok(vec![Finding::warning(what, todo)]);
        }
        let mut findings = Vec::new();
        let what = format!("tasks of {name}");
        let query = vec![("project", project.gid.clone()), ("completed_since", "now".to_owned())];
        let fields = "assignee.name,memberships.project.gid,memberships.section.name";
        let answer = self.ask_ok(&Ask::list("tasks", fields).query(query), &what).await?;
        let tasks: Vec<Task> = items::each(&items::list(&answer, &what)?.data, &mut Vec::new());
        if tasks.iter().any(lacks_scope) {
            let what = format!("{name}: tasks come without their sections, so that no state is known");
            let todo = "give the token the scopes projects:read and project_sections:read, or take one without scopes";
            findings.push(Finding::problem(Verdict::Refused, what, todo));
        }
        findings.push(match self.events_since(&project.gid, None).await? {
            News::Deaf => Finding::warning(
                format!("{name}: this token cannot read events, so each poll reads lists instead"),
                "use a personal access token or one of a service account",
            ),
            News::Begin(_) | News::Heard { .. } => {
                Finding::good(format!("{name} can be read, and reports changes by events"))
            }
        });
        let own = self.sections_of(&project.gid).await?;
        heard.extend(own.iter().map(|section| folded(section)));
        findings.extend(self.states_of(&name, &own));
        findings.extend(self.fields_of(&project, &name, heard).await?);
        Ok(findings)
    }

    /// Which sections say nothing of a state.
    fn states_of(&self, name: &str, sections: &[String]) -> Option<Finding> {
        let silent = |section: &&String| {
            fields::meaning(section, &self.config.states).is_none() && !fields::is_untitled(section)
        };
        let unknown: Vec<&str> = sections.iter().filter(silent).map(String::as_str).collect();
        (!unknown.is_empty()).then(|| {
            let count = unknown.len();
            let named: Vec<String> = unknown.iter().take(MOST_NAMED).map(|name| format!("\"{name}\"")).collect();
            let more = if count > MOST_NAMED { ", …" } else { "" };
            let named = format!("{}{more}", named.join(", "));
            Finding::warning(
                format!(
                    "{name}: {count} of its {} sections have names whose state is unknown: {named}",
                    sections.len()
                ),
                "list them in `states` if they mean in progress, in review or waiting",
            )
        })
    }

    /// Which custom fields are read, and for what.
    async fn fields_of(
        &self,
        project: &Project,
        name: &str,
        heard: &mut BTreeSet<String>,
    ) -> Result<Vec<Finding>, ConnectorError> {
        let Some(all) = self.fields_there(project).await? else { return Ok(Vec::new()) };
        heard.extend(choices(&all));
        let config = &self.config.fields;
        let told = |role: Role| match role {
            Role::Start => "the start date",
            Role::Progress => "progress",
            Role::Estimate => "the estimate",
            Role::Priority => "priority",
            Role::Status => "the state",
        };
        let read: Vec<String> = all
            .iter()
            .filter_map(|field| {
                Some(format!("{} from \"{}\"", told(role(field, config, &all)?), field.name.as_deref()?))
            })
            .collect();
        let mut findings = Vec::new();
        if !read.is_empty() {
            findings.push(Finding::good(format!("{name}: read from custom fields: {}", read.join(", "))));
        }
        for word in config.named() {
            if !all.iter().any(|field| is_called(field, word)) {
                let what = format!("`fields` names \"{word}\", which {name} does not have");
                findings.push(Finding::warning(what, "spell it as Asana does, or use its gid"));
            }
        }
        Ok(findings)
    }

    /// The custom fields of a project. `None`: they are not shown, as on a free plan.
    async fn fields_there(&self, project: &Project) -> Result<Option<Vec<CustomField>>, ConnectorError> {
        let ask = Ask::list(format!("projects/{}/custom_field_settings", project.gid), SETTING_FIELDS);
        let answer = self.ask(&ask).await?;
        if matches!(answer.status, 402..=404) {
            return Ok(None);
        }
        let what = format!("custom fields of {}", project.name.as_deref().unwrap_or(&project.gid));
        let answer = crate::answers::expect_ok(answer, &what)?;
        let settings: Vec<Setting> = items::each(&items::list(&answer, &what)?.data, &mut Vec::new());
        Ok(Some(settings.into_iter().filter_map(|setting| setting.custom_field).collect()))
    }
}

/// What may be chosen in these fields, as it is compared.
fn choices(fields: &[CustomField]) -> Vec<String> {
    let choices = fields.iter().flat_map(|field| field.enum_options.iter().flatten());
    choices.filter_map(|choice| choice.name.as_deref()).map(folded).collect()
}

/// Whether the operator means this field.
fn is_called(field: &CustomField, word: &str) -> bool {
    field.gid.as_deref() == Some(word.trim()) || field.name.as_deref().is_some_and(|name| folded(name) == folded(word))
}

/// What to do about a warning that was met while reading.
const TODO: &str = "see \"Asana\" in README.md";

impl Examine for Asana {
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(self.look_at_itself(parts))
    }

    fn misnamed<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Result<Vec<Finding>, ConnectorError>> {
        Box::pin(self.names_of_nothing(parts))
    }
}
