//! `[asana.NAME]`, and what no single value of it can tell: which project an address leads to, and what two connections both
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::addresses::{self, is_foreign};
use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};
use super::paths::within;
use super::{BaseUrl, Length, Mode, ProxyUrl, SecretRef, Settings, States};

/// `[asana.NAME]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsanaConnection {
    /// API base.
    pub url: BaseUrl,
    /// Personal access token, or a service account's.
    pub token: SecretRef,
    /// The word in the address of its webhooks. `None`: none are taken.
    pub webhook_secret: Option<SecretRef>,
    /// The workspace or organisation, by gid, name or address. `None`: every one that the account is in.
    pub workspace: Option<String>,
    /// Projects watched, by gid, name or address, none twice. Empty: all that the account can see.
    pub projects: Vec<String>,
    /// Sections that tell a state.
    pub states: States,
    /// What custom fields are called.
    pub fields: AsanaFields,
    /// How often each project is asked for changes; 1 second to 1 day, always elapsed time.
    pub poll: Length,
    /// `None`: the mode at the top.
    pub mode: Option<Mode>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

/// Custom fields, each by its gid or its name. `None`: found by what Asana itself marks as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsanaFields {
    /// Planned start, where a task's own is empty.
    pub start: Option<String>,
    /// Declared progress.
    pub progress: Option<String>,
    /// Estimated work.
    pub estimate: Option<String>,
    /// Priority.
    pub priority: Option<String>,
}

impl AsanaFields {
    /// Each with what it is called.
    pub fn all(&self) -> [(&'static str, Option<&String>); 4] {
        [
            ("start", self.start.as_ref()),
            ("progress", self.progress.as_ref()),
            ("estimate", self.estimate.as_ref()),
            ("priority", self.priority.as_ref()),
        ]
    }
}

impl AsanaConnection {
    /// The projects as the tool is asked for them: of an address, the gid in it.
    pub fn project_names(&self) -> Vec<String> {
        self.projects.iter().filter_map(|text| project_of(text)).collect()
    }

    /// The workspace likewise.
    pub fn workspace_name(&self) -> Option<String> {
        self.workspace.as_deref().and_then(workspace_of)
    }

    /// The API base in the form in which two spellings are equal.
    pub(super) fn site(&self) -> String {
        self.url.url().as_str().trim_end_matches('/').to_owned()
    }
}

/// Asana's own API base.
const API: &str = "https://app.asana.com/api/1.0";

/// Where its pages are.
const DOMAIN: &str = "asana.com";

/// Parts of the path of one of Asana's pages. `None`: this is no address.
fn page(text: &str) -> Option<Vec<&str>> {
    addresses::page(text, "app.asana.com").map(|page| page.parts)
}

/// Whether it can be the id of anything.
fn is_gid(text: &str) -> bool {
    !text.starts_with('0') && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// The gid or name of a project, out of an address as well. `None`: that leads to no project.
pub fn project_of(text: &str) -> Option<String> {
    let Some(parts) = page(text) else { return Some(text.trim().to_owned()).filter(|text| !text.is_empty()) };
    let gid = match parts.as_slice() {
        ["0", project, ..] | ["1", _, "project", project, ..] | ["api", "1.0", "projects", project, ..] => project,
        _ => return None,
    };
    is_gid(gid).then(|| (*gid).to_owned())
}

/// The gid or name of a workspace, out of an address as well. `None`: that leads to none.
pub fn workspace_of(text: &str) -> Option<String> {
    let Some(parts) = page(text) else { return Some(text.trim().to_owned()).filter(|text| !text.is_empty()) };
    let gid = match parts.as_slice() {
        ["1", workspace, ..] | ["0", "home", workspace, ..] | ["admin", workspace, ..] => workspace,
        _ => return None,
    };
    is_gid(gid).then(|| (*gid).to_owned())
}

/// Every mistake, each with the key it is about. `repaired`: what was left out because it could not be read.
pub(super) fn all(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, connection) in &settings.asana {
        let one = One { base: format!("asana.{name}"), connection, context };
        found.extend(one.address());
        found.extend(one.workspace());
        found.extend(one.projects());
        found.extend(one.fields());
    }
    found.extend(read_twice(settings, context, repaired));
    found
}

struct One<'a> {
    base: String,
    connection: &'a AsanaConnection,
    context: &'a Context,
}

impl One<'_> {
    fn not(&self, key: &str, found: &str, what: &str, label: &str, help: &str) -> (String, Diagnostic) {
        let path = format!("{}.{key}", self.base);
        let problem = self.context.is_not("bad-value", &path, &format!("{found:?}"), what, label).help(help);
        (path, problem)
    }

    /// An address that leads elsewhere, whatever stands behind its host.
    fn is_foreign(&self, text: &str) -> bool {
        is_foreign(text, DOMAIN, self.connection.url.url())
    }

    /// The API's own address, not that of a page.
    fn address(&self) -> Option<(String, Diagnostic)> {
        let url = self.connection.url.url();
        addresses::is_no_api(url, DOMAIN, API).then(|| {
            let path = format!("{}.url", self.base);
            let title = format!("{url} is a page of Asana, not its API");
            let problem = self.context.error("bad-url", About::Value, &path, &title, "expected the API's address");
            (path, problem.help(format!("leave `url` out, or write url = \"{API}\"; the project stands in `projects`")))
        })
    }

    fn workspace(&self) -> Option<(String, Diagnostic)> {
        let text = self.connection.workspace.as_ref()?;
        (workspace_of(text).is_none() || self.is_foreign(text)).then(|| {
            let help = "it is the number behind /1/ in the addresses of your tasks, or the name; left out, every workspace of the account is looked through";
            self.not("workspace", text, "a workspace", "expected e.g. \"1200000000000001\"", help)
        })
    }

    fn projects(&self) -> Vec<(String, Diagnostic)> {
        let wrong = self.connection.projects.iter().enumerate();
        let wrong = wrong.filter(|(_, text)| project_of(text).is_none() || self.is_foreign(text));
        wrong
            .map(|(index, text)| {
                let help = "open the project and copy its address, as https://app.asana.com/1/…/project/NUMBER/list, or write the number or the name";
                let key = format!("projects[{index}]");
                self.not(&key, text, "a project", "expected e.g. \"1200000000000101\"", help)
            })
            .collect()
    }

    fn fields(&self) -> Vec<(String, Diagnostic)> {
        let all = self.connection.fields.all().into_iter();
        let empty = all.filter_map(|(key, name)| Some((key, name?))).filter(|(_, name)| name.trim().is_empty());
        empty
            .map(|(key, name)| {
                let help = "left out it is found by itself, where there is one";
                self.not(&format!("fields.{key}"), name, "a custom field", "expected its name or gid", help)
            })
            .collect()
    }
}

/// Each project is read by one connection.
fn read_twice(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let whole = |path: &str| !repaired.iter().any(|path_out| within(path_out, path));
    let known = |name: &str| whole(&format!("asana.{name}.url")) && whole(&format!("asana.{name}.projects"));
    let connections: Vec<_> = settings.asana.iter().filter(|(name, _)| known(name)).collect();
    let mut found = Vec::new();
    let mut seen: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for (name, connection) in &connections {
        for (index, text) in connection.projects.iter().enumerate() {
            let Some(project) = project_of(text) else { continue };
            let path = format!("asana.{name}.projects[{index}]");
            // A number is the same wherever it is said; a name means something in its workspace alone.
            let workspace = if is_gid(&project) { None } else { connection.workspace_name() };
            let place = (connection.site(), workspace.unwrap_or_default().to_lowercase(), project.to_lowercase());
            if let Some(first) = seen.insert(place, path.clone()) {
                let title = format!("project {project} is read twice");
                let problem = context.error("duplicate-project", About::Value, &path, &title, "again here");
                let help = "each project is read by one connection: its gaps would be counted twice";
                found.push((path, context.also(problem, &first, "first here").help(help)));
            }
        }
    }
    found.extend(connections.iter().enumerate().filter_map(|(at, (name, connection))| {
        let other = connections.iter().enumerate().find(|(before, (_, other))| {
            let covers = other.projects.is_empty() && (*before < at || !connection.projects.is_empty());
            *before != at && covers && other.site() == connection.site() && same_workspace(other, connection)
        });
        let (_, (other, _)) = other?;
        let path = format!("asana.{name}");
        let title = format!("[asana.{other}] reads every project that its account sees, beside [asana.{name}]");
        let problem = context.warning("duplicate-project", About::Key, &path, &title, "here");
        let help =
            "only one of the two reads a project that both see, whichever lists it first; name the `projects` of each";
        Some((path, context.also(problem, &format!("asana.{other}"), "and here").help(help)))
    }));
    found
}

/// Whether two connections may look into the same workspace.
fn same_workspace(one: &AsanaConnection, other: &AsanaConnection) -> bool {
    match (one.workspace_name(), other.workspace_name()) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_project_leads_to_its_number_and_a_name_stays_one() {
        for (text, of) in [
            ("1200000000000101", "1200000000000101"),
            (" Spring launch ", "Spring launch"),
            ("https://app.asana.com/0/1200000000000101/list", "1200000000000101"),
            ("https://app.asana.com/0/1200000000000101/1200000000000999/f", "1200000000000101"),
            ("https://app.asana.com/1/1200000000000001/project/1200000000000101/board?x=1", "1200000000000101"),
            ("app.asana.com/1/1200000000000001/project/1200000000000101/task/12#c", "1200000000000101"),
            ("https://app.asana.com/api/1.0/projects/1200000000000101", "1200000000000101"),
        ] {
            assert_eq!(project_of(text).as_deref(), Some(of), "{text}");
        }
        for text in [
            "",
            "  ",
            "https://app.asana.com",
            "https://app.asana.com/0/home/1200000000000001",
            "https://app.asana.com/0/0/1200000000000999/f",
            "https://app.asana.com/1/1200000000000001/task/1200000000000999",
            "https://app.asana.com/1/1200000000000001/portfolio/5/list",
        ] {
            assert_eq!(project_of(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_of_a_workspace_leads_to_its_number() {
        for (text, of) in [
            ("Acme", "Acme"),
            ("https://app.asana.com/1/1200000000000001/home", "1200000000000001"),
            ("https://app.asana.com/0/home/1200000000000001", "1200000000000001"),
        ] {
            assert_eq!(workspace_of(text).as_deref(), Some(of), "{text}");
        }
        assert_eq!(workspace_of("https://app.asana.com/0/1200000000000101/list"), None);
    }
}
