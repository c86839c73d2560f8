//! `[jira.NAME]`, and what no single value of it can tell: which site is meant, what two connections both read, and what a
//! selection hides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::diagnose::Diagnostic;
use super::jql::Query;
use super::mistakes::{About, Context};
use super::paths::within;
use super::{BaseUrl, Length, Mode, ProjectKey, ProxyUrl, SecretRef, Settings, States};

/// `[jira.NAME]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JiraConnection {
    /// The site as people open it, its context path included.
    pub url: BaseUrl,
    /// The API's address for scoped tokens. `None`: found where it is needed.
    pub gateway_url: Option<BaseUrl>,
    /// Which of the two products it is. `None`: the server is asked.
    pub kind: Option<JiraKind>,
    /// The account's e-mail address; on Data Center the user name that belongs to a password. `None`: the token stands for
    /// itself.
    pub email: Option<String>,
    /// API token, personal access token or password.
    pub token: SecretRef,
    /// What its webhooks are signed with. `None`: none are taken.
    pub webhook_secret: Option<SecretRef>,
    /// Projects watched, by key, none twice. Empty: all that the account can see.
    pub projects: Vec<ProjectKey>,
    /// JQL that narrows the projects. `None`: all of their issues.
    pub select: Option<String>,
    /// Statuses that tell a state; what is not named follows its own category.
    pub states: States,
    /// What fields are called.
    pub fields: JiraFields,
    /// Link types that mean "blocks", by name or id. Empty: found by their name and wording.
    pub blocking: Vec<String>,
    /// Whether agents of service projects see our comments.
    pub comment_service_projects: bool,
    /// How often the site is asked for changes; 1 second to 1 day, always elapsed time.
    pub poll: Length,
    /// `None`: the mode at the top.
    pub mode: Option<Mode>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

/// Which of the two products answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JiraKind {
    /// Jira Cloud.
    Cloud,
    /// Jira Data Center, or the old Server.
    Dc,
}

impl JiraKind {
    /// As the configuration writes it.
    pub fn word(self) -> &'static str {
        match self {
            JiraKind::Cloud => "cloud",
            JiraKind::Dc => "dc",
        }
    }
}

/// What fields are called, each by its id (`customfield_10015`) or its name. `None`: found by the site's own schema and
/// names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JiraFields {
    /// Planned start.
    pub start: Option<String>,
    /// A deadline that counts where the due date is empty.
    pub due: Option<String>,
    /// Declared progress, 0 to 100.
    pub progress: Option<String>,
    /// Story points.
    pub points: Option<String>,
    /// The sprint.
    pub sprint: Option<String>,
    /// The epic's key, on Data Center.
    pub epic: Option<String>,
    /// The flag that says "blocked".
    pub flagged: Option<String>,
}

impl JiraFields {
    /// Each with what it is called.
    pub fn all(&self) -> [(&'static str, Option<&String>); 7] {
        [
            ("start", self.start.as_ref()),
            ("due", self.due.as_ref()),
            ("progress", self.progress.as_ref()),
            ("points", self.points.as_ref()),
            ("sprint", self.sprint.as_ref()),
            ("epic", self.epic.as_ref()),
            ("flagged", self.flagged.as_ref()),
        ]
    }
}

impl JiraConnection {
    /// The site in the form in which two spellings are equal.
    pub(super) fn site(&self) -> String {
        self.url.url().as_str().trim_end_matches('/').to_owned()
    }

    /// `select` without an order of its own, which has no meaning here. `None`: all issues.
    pub fn condition(&self) -> Option<String> {
        let text = self.select.as_deref()?;
        let end = Query::parse(text).ok().and_then(|query| query.order_at).unwrap_or(text.len());
        Some(text[..end].trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// True where it can be nothing but Jira Cloud, or nothing but a server of one's own; `None`: the server is asked.
    pub(super) fn is_cloud(&self) -> Option<bool> {
        self.kind.map(|kind| kind == JiraKind::Cloud).or_else(|| is_atlassian(self.url.url()).then_some(true))
    }
}

/// Hosts that are Jira Cloud and nothing else.
pub fn is_atlassian(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    [".atlassian.net", ".jira.com"].iter().any(|end| host.ends_with(end))
}

/// The host of the API for scoped tokens.
const GATEWAY: &str = "api.atlassian.com";

/// Every mistake, each with the key it is about. `repaired`: what was left out because it could not be read.
pub(super) fn all(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, connection) in &settings.jira {
        let one = One { base: format!("jira.{name}"), connection, context };
        found.extend(one.address());
        found.extend(one.gateway());
        found.extend(one.login());
        found.extend(one.projects());
        found.extend(one.select());
        found.extend(one.fields());
    }
    found.extend(read_twice(settings, context, repaired));
    found
}

struct One<'a> {
    base: String,
    connection: &'a JiraConnection,
    context: &'a Context,
}

impl One<'_> {
    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.base)
    }

    fn wrong(&self, id: &'static str, key: &str, title: &str, label: &str, help: String) -> (String, Diagnostic) {
        let path = self.key(key);
        let problem = self.context.error(id, About::Value, &path, title, label).help(help);
        (path, problem)
    }

    fn odd(&self, id: &'static str, key: &str, title: &str, label: &str, help: &str) -> (String, Diagnostic) {
        let path = self.key(key);
        let problem = self.context.warning(id, About::Value, &path, title, label).help(help);
        (path, problem)
    }

    /// The site's own address, and nothing below it.
    fn address(&self) -> Option<(String, Diagnostic)> {
        let url = self.connection.url.url();
        if url.host_str() == Some(GATEWAY) {
            let title = format!("{url} is where the API of Jira Cloud answers scoped tokens, not a site");
            let help = "write the site as people open it, as in https://NAME.atlassian.net; this one is `gateway_url`, and found by itself where it is needed";
            return Some(self.wrong("bad-url", "url", &title, "expected the site's address", help.to_owned()));
        }
        let site = site_of(url)?;
        let title = format!("{url} is a page of the site, not the site");
        let help = format!("write url = \"{site}\"; the rest is added by gapwatch");
        Some(self.wrong("bad-url", "url", &title, "expected the site's address", help))
    }

    fn gateway(&self) -> Option<(String, Diagnostic)> {
        let url = self.connection.gateway_url.as_ref()?.url();
        if self.connection.kind == Some(JiraKind::Dc) {
            let title = "`gateway_url` is for Jira Cloud, and `kind` says Data Center";
            return Some(self.wrong(
                "bad-value",
                "gateway_url",
                title,
                "has no meaning here",
                "take one of the two out".to_owned(),
            ));
        }
        let parts: Vec<&str> = url.path_segments().map(|parts| parts.filter(|part| !part.is_empty()).collect())?;
        // On another host it is a proxy or a test server, whose paths are its own affair.
        let fits = url.host_str() != Some(GATEWAY) || matches!(parts.as_slice(), ["ex", "jira", _]);
        (!fits).then(|| {
            let title = format!("{url} is no address of one site at the gateway");
            let help = "it is https://api.atlassian.com/ex/jira/CLOUD_ID; https://NAME.atlassian.net/_edge/tenant_info shows the CLOUD_ID, and left out it is found";
            self.wrong("bad-url", "gateway_url", &title, "expected https://api.atlassian.com/ex/jira/CLOUD_ID", help.to_owned())
        })
    }

    /// Who logs in, and where.
    fn login(&self) -> Vec<(String, Diagnostic)> {
        let JiraConnection { url, kind, email, gateway_url, .. } = self.connection;
        let mut found = Vec::new();
        let host = url.url().host_str().unwrap_or_default();
        if *kind == Some(JiraKind::Dc) && is_atlassian(url.url()) {
            let title = format!("`kind` says Data Center, and {host} is Jira Cloud");
            let help = "write kind = \"cloud\", or leave it out: the server is asked".to_owned();
            found.push(self.wrong("bad-value", "kind", &title, "contradicts `url`", help));
            return found;
        }
        match (self.connection.is_cloud(), email.as_deref()) {
            (Some(true), Some(email)) if !email.contains('@') => {
                let path = self.key("email");
                let problem = self.context.is_not(
                    "bad-value",
                    &path,
                    &format!("{email:?}"),
                    "an e-mail address",
                    "expected e.g. \"gapwatch@example.org\"",
                );
                found.push((path, problem.help("on Jira Cloud it is the address of the account that made the token")));
            }
            (_, Some("")) => {
                let help = "leave it out where the token stands for itself".to_owned();
                found.push(self.wrong("bad-value", "email", "`email` is empty", "nobody", help));
            }
            (Some(true), None) if gateway_url.is_none() => {
                let path = self.key("email");
                let title = format!("{host} is asked with a token and no e-mail address");
                let problem = self.context.warning("no-email", About::Key, &path, &title, "`email` is missing here");
                let help = "write email = \"…\", the address of the account that made the token; only a service account's token works without, and by the gateway alone";
                found.push((path, problem.help(help)));
            }
            _ => {}
        }
        found
    }

    fn projects(&self) -> Vec<(String, Diagnostic)> {
        let mut found = Vec::new();
        for (index, project) in self.connection.projects.iter().enumerate().filter(|(_, project)| !project.fits()) {
            let path = self.key(&format!("projects[{index}]"));
            let text = format!("{:?}", project.text());
            let problem = self.context.is_not("bad-value", &path, &text, "a project's key", "expected e.g. \"OPS\"");
            let meant = match project.meant() {
                Some(key) => format!("did you mean \"{key}\"? "),
                None => String::new(),
            };
            let help = format!(
                "{meant}A project's key is what stands before the number of its issues, in capitals: OPS in OPS-12"
            );
            found.push((path, problem.help(help)));
        }
        found
    }

    fn select(&self) -> Vec<(String, Diagnostic)> {
        let Some(text) = &self.connection.select else { return Vec::new() };
        let query = match Query::parse(text) {
            Ok(query) => query,
            Err(why) => {
                let help = "the same text must find issues in the advanced search of Jira".to_owned();
                return vec![self.wrong(
                    "bad-value",
                    "select",
                    &format!("this is no JQL: {why}"),
                    "expected JQL",
                    help,
                )];
            }
        };
        let mut found = Vec::new();
        let (done, cancelled) = (&self.connection.states.done, &self.connection.states.cancelled);
        let mapped = |word: &str| done.iter().chain(cancelled).any(|known| known.to_lowercase() == word);
        if let Some(place) = query.hides_finished(&|word| mapped(word) || FINISHED.contains(&word)) {
            let title =
                format!("`{}` leaves out finished work: what is finished would leave the selection", &text[place]);
            let help = "what leaves it is no longer watched: its gaps are not resolved, and nothing is learnt from it. Select by what stays, as a kind of issue or a component; finished work costs nothing";
            found.push(self.odd("filter-hides-done", "select", &title, "goes when work is finished", help));
        }
        if query.order_at.is_some() {
            let title = "`ORDER BY` in `select` has no effect: gapwatch reads in an order of its own";
            found.push(self.odd("unused-key", "select", title, "its order has no effect", "take it out"));
        }
        found
    }

    /// Fields as queries write them are easily taken for their ids.
    fn fields(&self) -> Vec<(String, Diagnostic)> {
        let mut found = Vec::new();
        for (key, name) in self.connection.fields.all() {
            let Some(name) = name else { continue };
            let bare = name.strip_prefix("cf[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
            let number = !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit());
            if name.trim().is_empty() || number {
                let path = self.key(&format!("fields.{key}"));
                let label = "expected an id, as \"customfield_10015\", or a name";
                let problem = self.context.is_not("bad-value", &path, &format!("{name:?}"), "a field", label);
                let help = if number {
                    format!("did you mean \"customfield_{bare}\"?")
                } else {
                    "left out it is found by itself".to_owned()
                };
                found.push((path, problem.help(help)));
            }
        }
        found
    }
}

/// Statuses that by their name say that work is over, in small letters, in the languages that Jira comes in.
const FINISHED: [&str; 39] = [
    "done",
    "closed",
    "resolved",
    "complete",
    "completed",
    "finished",
    "released",
    "shipped",
    "deployed",
    "cancelled",
    "canceled",
    "rejected",
    "declined",
    "won't do",
    "wont do",
    "won't fix",
    "duplicate",
    "erledigt",
    "fertig",
    "geschlossen",
    "abgeschlossen",
    "terminé",
    "terminée",
    "fermé",
    "fermée",
    "résolu",
    "hecho",
    "cerrado",
    "finalizado",
    "concluído",
    "fechado",
    "completato",
    "chiuso",
    "gereed",
    "gesloten",
    "готово",
    "完成",
    "已完成",
    "完了",
];

/// Where the site itself lies, when an address leads to one of its pages. `None`: it is the site.
pub fn site_of(url: &Url) -> Option<String> {
    let parts: Vec<&str> = url.path_segments().map(|parts| parts.filter(|part| !part.is_empty()).collect())?;
    let kept = if is_atlassian(url) {
        0
    } else {
        parts.iter().enumerate().position(|(at, part)| is_page(part, at + 1 < parts.len())).unwrap_or(parts.len())
    };
    if kept == parts.len() {
        return None;
    }
    let mut site = url.clone();
    site.set_path(&parts[..kept].join("/"));
    Some(site.as_str().trim_end_matches('/').to_owned())
}

/// Whether a part of a path begins what stands below a site; a few of them only with something behind.
fn is_page(part: &str, more: bool) -> bool {
    let always = ["rest", "browse", "secure", "login.jsp", "servicedesk"];
    always.contains(&part) || (more && ["projects", "issues", "plugins"].contains(&part))
}

/// Each project is read by one connection.
fn read_twice(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let whole = |path: &str| !repaired.iter().any(|path_out| within(path_out, path));
    let known = |name: &str| whole(&format!("jira.{name}.url")) && whole(&format!("jira.{name}.projects"));
    let connections: Vec<_> = settings.jira.iter().filter(|(name, _)| known(name)).collect();
    let mut found = Vec::new();
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut of_all: BTreeMap<String, &str> = BTreeMap::new();
    for (name, connection) in &connections {
        if connection.projects.is_empty() {
            of_all.entry(connection.site()).or_insert(name);
        }
        for (index, project) in connection.projects.iter().enumerate() {
            let path = format!("jira.{name}.projects[{index}]");
            let place = (connection.site(), project.text().to_uppercase());
            if let Some(first) = seen.insert(place, path.clone()) {
                let title = format!("project {} is read twice", project.text());
                let problem = context.error("duplicate-project", About::Value, &path, &title, "again here");
                let help = "each project is read by one connection: its gaps would be counted twice";
                found.push((path, context.also(problem, &first, "first here").help(help)));
            }
        }
    }
    for (name, connection) in &connections {
        let Some(other) = of_all.get(&connection.site()).filter(|other| **other != name.as_str()) else { continue };
        let path = format!("jira.{name}");
        let title =
            format!("[jira.{name}] and [jira.{other}] read the same site, and the second of them every project there");
        let problem = context.warning("duplicate-project", About::Key, &path, &title, "here");
        let help =
            "only one of the two reads a project that both see, whichever lists it first; name the `projects` of each";
        found.push((path, context.also(problem, &format!("jira.{other}"), "and here").help(help)));
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn site(text: &str) -> Option<String> {
        site_of(&Url::parse(text).unwrap())
    }

    #[test]
    fn a_page_of_a_site_leads_to_the_site() {
        for (page, of) in [
            ("https://acme.atlassian.net/browse/OPS-1", "https://acme.atlassian.net"),
            ("https://acme.atlassian.net/jira/software/projects/OPS/boards/1", "https://acme.atlassian.net"),
            ("https://jira.example.org/rest/api/2/", "https://jira.example.org"),
            ("https://example.org/jira/secure/Dashboard.jspa", "https://example.org/jira"),
            ("https://issues.example.org/projects/OPS", "https://issues.example.org"),
            ("http://127.0.0.1:8080/jira/rest/api/2", "http://127.0.0.1:8080/jira"),
        ] {
            assert_eq!(site(page).as_deref(), Some(of), "{page}");
        }
        for text in [
            "https://acme.atlassian.net/",
            "https://example.org/jira",
            "https://example.org/a/b/",
            "https://x.org/projects",
        ] {
            assert_eq!(site(text), None, "{text}");
        }
    }
}
