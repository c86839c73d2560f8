//! What a connection can say of itself: who it is, what it may and what it does not see.

use std::collections::HashMap;

use connector_kit::survey::{Examine, Finding, Verdict};
use connector_kit::{BoxFuture, ConnectorError};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, refusal};
use crate::call::{Query, segment};
use crate::config::Edition;
use crate::site::{Field, Roles, roles};
use crate::{Jira, TOOL, items};

/// A clock that differs by more is worth a word; Jira tells whole seconds.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Projects that are asked for one by one.
const MOST_PARTS: usize = 200;

/// What an account needs in a project: the right's key, what old servers call it, what people do, and what fails without it.
const RIGHTS: [(&str, &str, &str, &str); 4] = [
    ("BROWSE_PROJECTS", "BROWSE", "Browse Projects", "nothing there can be read"),
    ("ADD_COMMENTS", "COMMENT_ISSUE", "Add Comments", "nothing there can be commented"),
    ("EDIT_OWN_COMMENTS", "COMMENT_EDIT_OWN", "Edit Own Comments", "a comment cannot be kept up to date"),
    ("DELETE_OWN_COMMENTS", "COMMENT_DELETE_OWN", "Delete Own Comments", "a comment cannot be taken away"),
];

/// `GET /configuration`
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Features {
    time_tracking_enabled: Option<bool>,
    issue_linking_enabled: Option<bool>,
}

/// `GET /mypermissions`
#[derive(Deserialize)]
struct Rights {
    permissions: HashMap<String, Right>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Right {
    have_permission: bool,
}

/// `GET /project/KEY`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    key: String,
    archived: Option<bool>,
    deleted: Option<bool>,
    project_type_key: Option<String>,
}

/// `GET /issueLinkType`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkTypes {
    issue_link_types: Vec<LinkType>,
}

#[derive(Deserialize)]
struct LinkType {
    id: String,
    name: String,
    #[serde(default)]
    outward: String,
}

impl Jira {
    async fn look_at_itself(&self, projects: &[String]) -> Vec<Finding> {
        let mut findings = match self.login().await {
            Ok(findings) => findings,
            // Nothing else would answer better.
            Err(error) => return vec![Finding::failed(&error)],
        };
        findings.extend(self.skew().map(skew));
        findings.push(self.in_sight().await.unwrap_or_else(failed));
        for project in projects.iter().take(MOST_PARTS) {
            match self.project(project).await {
                Ok(found) => findings.extend(found),
                Err(error) => findings.push(failed(error)),
            }
        }
        if projects.len() > MOST_PARTS {
            let more = projects.len() - MOST_PARTS;
            findings.push(Finding::good(format!("{more} more projects were not checked")));
        }
        findings.extend(self.features().await.unwrap_or_else(|error| vec![failed(error)]));
        findings.extend(self.links().await.unwrap_or_else(|error| vec![failed(error)]));
        findings.extend(self.words().await.unwrap_or_else(|error| vec![failed(error)]));
        findings.extend(self.own_fields().await.unwrap_or_else(|error| vec![failed(error)]));
        findings.push(self.sprints_in_sight().await);
        findings
    }

    /// Who we are, where, and by which way.
    async fn login(&self) -> Result<Vec<Finding>, ConnectorError> {
        let who = self.ask_whoami().await?;
        let edition = self.edition().await?;
        let account = who.account;
        let handle = account.as_ref().and_then(|account| account.handle.clone());
        let name = match edition {
            // There a handle is an id that tells people nothing.
            Edition::Cloud => account.and_then(|account| account.name).or(handle),
            Edition::DataCenter => handle,
        };
        let way = match self.access.route().base {
            Some(gateway) => format!(", through {}", gateway.host_str().unwrap_or("the gateway")),
            None => String::new(),
        };
        let name = name.unwrap_or_else(|| "an account without a name".to_owned());
        let mut findings = vec![Finding::good(format!("logged in as {name} at {}{way}", self.site))];
        let todo = "see \"Jira\" in README.md";
        findings.extend(who.warnings.into_iter().map(|warning| Finding::warning(warning, todo)));
        let version = self.server_info().await.ok().and_then(|info| info.version);
        findings.push(Finding::good(match (edition, version) {
            (Edition::Cloud, _) => {
                "it is Jira Cloud, which does not say when a token expires: a year after it was made at the latest"
                    .to_owned()
            }
            (Edition::DataCenter, Some(version)) => format!("it is Jira Data Center or Server {version}"),
            (Edition::DataCenter, None) => "it is Jira Data Center or Server; it does not say which version".to_owned(),
        }));
        Ok(findings)
    }

    /// A search leaves out in silence what may not be seen, so that the number is worth a look.
    async fn in_sight(&self) -> Result<Finding, ConnectorError> {
        let (projects, more) = self.listed_projects().await?;
        let count = projects.len();
        Ok(match count {
            0 => Finding::problem(
                Verdict::Refused,
                "the account can see no project at all",
                "give it the permission \"Browse Projects\" in every project to watch",
            ),
            _ if more.is_some() => Finding::good(format!("the account can see {count} projects and more")),
            1 => Finding::good("the account can see 1 project; what it cannot see is not watched"),
            _ => Finding::good(format!("the account can see {count} projects; what it cannot see is not watched")),
        })
    }

    async fn project(&self, key: &str) -> Result<Vec<Finding>, ConnectorError> {
        let response = self.get(format!("project/{}", segment(key)), Query::new()).await?;
        if response.status == 404 {
            let what = format!("project {key} is not there, or not to be seen by this account");
            let todo = "look for a wrong key, and give the account \"Browse Projects\" there";
            return Ok(vec![Finding::problem(Verdict::Unavailable, what, todo)]);
        }
        let what = format!("project {key}");
        let project: Project = expect_ok(response, &what)?.json(TOOL, &what)?;
        let mut findings = Vec::new();
        if !project.key.eq_ignore_ascii_case(key) {
            let what = format!("{key} is now called {}", project.key);
            findings.push(Finding::warning(what, "put the new key into `projects`"));
        }
        if project.archived == Some(true) || project.deleted == Some(true) {
            let what = format!("{key} is archived or deleted: there is nothing to watch");
            findings.push(Finding::warning(what, "remove it from `projects`"));
            return Ok(findings);
        }
        let is_service = matches!(project.project_type_key.as_deref(), Some("service_desk" | "customer_service"));
        let comments = !is_service || self.config.comment_service_projects;
        let rights = self.rights(key).await?;
        let lacking = |(right, old, ..): &&(&str, &str, &str, &str)| {
            let known = rights.permissions.get(*right).or_else(|| rights.permissions.get(*old));
            known.is_some_and(|right| !right.have_permission)
        };
        let lacking: Vec<_> =
            RIGHTS.iter().filter(lacking).filter(|(right, ..)| comments || *right == RIGHTS[0].0).collect();
        for (right, _, called, without) in &lacking {
            let what = format!("{key}: the account lacks \"{called}\", so that {without}");
            let todo = format!("give the account \"{called}\" in the permission scheme of {key}");
            findings.push(match *right == RIGHTS[0].0 {
                true => Finding::problem(Verdict::Refused, what, todo),
                false => Finding::warning(what, todo),
            });
        }
        if lacking.is_empty() {
            findings.push(Finding::good(match (is_service, comments) {
                (true, false) => format!("{key} is a service project: it is read, but not commented on"),
                (true, true) => {
                    format!("{key} is a service project: it is read, and comments are visible only to agents")
                }
                (false, _) => format!("{key} can be read and commented on"),
            }));
        }
        Ok(findings)
    }

    async fn rights(&self, key: &str) -> Result<Rights, ConnectorError> {
        let mut query = vec![("projectKey", key.to_owned())];
        if self.edition().await? == Edition::Cloud {
            let wanted: Vec<&str> = RIGHTS.iter().map(|(right, ..)| *right).collect();
            query.push(("permissions", wanted.join(",")));
        }
        let what = format!("the account's permissions in {key}");
        expect_ok(self.get("mypermissions", query).await?, &what)?.json(TOOL, &what)
    }

    /// Parts of Jira that may be switched off.
    async fn features(&self) -> Result<Vec<Finding>, ConnectorError> {
        let response = self.get("configuration", Query::new()).await?;
        if matches!(response.status, 403 | 404) {
            return Ok(Vec::new());
        }
        let what = "the site's settings";
        let features: Features = expect_ok(response, what)?.json(TOOL, what)?;
        let off = |what: &str, effect: &str| {
            Finding::warning(
                format!("{what} is switched off on this site: {effect}"),
                "nothing, if this is intended; a Jira administrator can switch it on",
            )
        };
        let mut findings = Vec::new();
        if features.time_tracking_enabled == Some(false) {
            findings.push(off("time tracking", "estimates and time spent are not known"));
        }
        if features.issue_linking_enabled == Some(false) {
            findings.push(off("issue linking", "what blocks what is not known"));
        }
        Ok(findings)
    }

    /// Which link types say that something blocks.
    async fn links(&self) -> Result<Vec<Finding>, ConnectorError> {
        let response = self.get("issueLinkType", Query::new()).await?;
        match response.status {
            200 => {}
            // Linking is switched off, which the settings have told.
            404 => return Ok(Vec::new()),
            _ => return Err(refusal(&response, "the link types")),
        }
        let types: LinkTypes = response.json(TOOL, "the link types")?;
        Ok(blocking(&types.issue_link_types, &self.config.blocking))
    }

    /// What the configuration names, and the site does not have.
    async fn names_of_nothing(&self) -> Result<Vec<Finding>, ConnectorError> {
        let mut findings = Vec::new();
        let config = &self.config;
        if !config.states.0.is_empty() {
            findings.extend(self.words().await?);
        }
        if config.fields != crate::Fields::default() {
            findings.extend(self.own_fields().await?);
        }
        if !config.blocking.is_empty() {
            findings.extend(self.links().await?);
        }
        findings.retain(|finding| finding.verdict == Verdict::Warning);
        Ok(findings)
    }

    /// Words of the configuration that the site does not know.
    async fn words(&self) -> Result<Vec<Finding>, ConnectorError> {
        let what = "the list of statuses";
        let statuses: Vec<Value> = expect_ok(self.get("status", Query::new()).await?, what)?.json(TOOL, what)?;
        let told = |status: &Value, name: &str| status.get(name).and_then(Value::as_str).map(str::to_lowercase);
        let known: Vec<String> =
            statuses.iter().flat_map(|status| [told(status, "id"), told(status, "name")]).flatten().collect();
        let mut unknown: Vec<&String> = self.config.states.0.keys().filter(|word| !known.contains(word)).collect();
        unknown.sort();
        let finding = |word: &String| {
            let what = format!("`states` names the status \"{word}\", which is not among those of this site");
            Finding::warning(what, "spell it as the site does, or use its id")
        };
        Ok(unknown.into_iter().map(finding).collect())
    }

    /// Which of the site's own fields are read, and for what.
    async fn own_fields(&self) -> Result<Vec<Finding>, ConnectorError> {
        let what = "the list of fields";
        let response = expect_ok(self.get("field", Query::new()).await?, what)?;
        let listed: Vec<&RawValue> = items::single(&response, what)?;
        let fields: Vec<Field<'_>> = items::each(listed, &mut Vec::new());
        let (found, missing) = roles(&fields, &self.config.fields, self.edition().await?);
        Ok(chosen(&fields, &found, &missing))
    }

    /// Sprints have an interface, and for some tokens a right, of their own.
    async fn sprints_in_sight(&self) -> Finding {
        match self.boards().await {
            Ok(Some(response)) if response.status == 200 => Finding::good("boards and their sprints can be read"),
            Ok(None) => Finding::good("this site has no boards, and so no sprints"),
            Ok(Some(response)) => no_sprints(&refusal(&response, "the list of boards")),
            Err(error) => no_sprints(&error),
        }
    }
}

fn no_sprints(error: &ConnectorError) -> Finding {
    Finding::warning(
        format!("boards cannot be read, so the end of a sprint does not count as a deadline: {error}"),
        "give the token the scopes for boards and sprints (read:board-scope:jira-software, read:sprint:jira-software), \
         and the account access to Jira Software",
    )
}

fn failed(error: ConnectorError) -> Finding {
    Finding::failed(&error)
}

/// What each thing is read from. Where several fields could be it, the order in which they are asked.
fn chosen(fields: &[Field<'_>], found: &Roles, missing: &[String]) -> Vec<Finding> {
    let named = |id: &String| {
        let name = fields.iter().find(|field| *field.id == **id).and_then(|field| field.name.as_deref());
        format!("\"{}\" ({id})", name.unwrap_or("?"))
    };
    let of_role = |(what, ids): (&str, &Vec<String>)| match &ids[..] {
        [] => None,
        [one] => Some(format!("{what} from {}", named(one))),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().map(named).collect();
            Some(format!("{what} from {}, and where that is empty from {}", named(first), others.join(", then ")))
        }
    };
    let known = [
        ("the start date", &found.start),
        ("the due date, where the usual one is empty,", &found.due),
        ("progress", &found.progress),
        ("the sprint", &found.sprint),
        ("the epic", &found.epic),
        ("the flag", &found.flagged),
    ];
    let lacking = |name: &String| {
        let what = format!("`fields` names \"{name}\", a field that is not shown to this account");
        Finding::warning(what, "spell it as the site does, or use its id (customfield_10015)")
    };
    let read: Vec<String> = known.into_iter().filter_map(of_role).collect();
    let read = match read.is_empty() {
        true => "no custom fields of this site are read".to_owned(),
        false => format!("custom fields of this site that are read: {}", read.join("; ")),
    };
    missing.iter().map(lacking).chain([Finding::good(read)]).collect()
}

/// The types of links that count as blocking, and those that were configured and are not there.
fn blocking(types: &[LinkType], configured: &[String]) -> Vec<Finding> {
    let is = |one: &LinkType, word: &str| one.id == word || one.name.eq_ignore_ascii_case(word);
    let blocks = |one: &&LinkType| match configured {
        [] => one.name.eq_ignore_ascii_case("blocks") || one.outward.eq_ignore_ascii_case("blocks"),
        words => words.iter().any(|word| is(one, word)),
    };
    let names: Vec<String> = types.iter().filter(blocks).map(|one| format!("\"{}\"", one.name)).collect();
    let mut findings: Vec<Finding> = configured
        .iter()
        .filter(|word| !types.iter().any(|one| is(one, word)))
        .map(|word| {
            let what = format!("`blocking` names the link type \"{word}\", which this site does not have");
            Finding::warning(what, "spell it as the site does, or use its id")
        })
        .collect();
    findings.push(match names.is_empty() {
        true => Finding::warning(
            "no link type counts as blocking, so gapwatch does not know what blocks what",
            "list the link types that mean it in `blocking`",
        ),
        false => Finding::good(format!("links of these types count as blocking: {}", names.join(", "))),
    });
    findings
}

fn skew(skew: SignedDuration) -> Finding {
    let what = format!("its clock differs from ours by {} s", skew.as_secs());
    if skew.abs() > SKEW {
        return Finding::warning(what, "set this machine's clock by NTP; beyond 5 min nothing is judged or sent");
    }
    Finding::good(what)
}

impl Examine for Jira {
    fn examine<'a>(&'a self, parts: &'a [String]) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(self.look_at_itself(parts))
    }

    fn misnamed<'a>(&'a self, _parts: &'a [String]) -> BoxFuture<'a, Result<Vec<Finding>, ConnectorError>> {
        Box::pin(self.names_of_nothing())
    }
}
