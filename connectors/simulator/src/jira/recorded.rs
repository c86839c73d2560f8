//! Issues as somebody recorded them, made part of the site, so that both editions show them; and how each of them was at an
//! earlier instant, by undoing its history.
//!
//! A line of a recording is a bare issue of Jira's REST or agile API, or stands in `{"data": …}` or `{"issue": …}`. What a
//! recording without histories cannot tell is taken from its dates: an issue resolved later was open, a sprint that began
//! later was not there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::model::{
    Board, Comment, CustomField, History, Issue, Item, Kind, Link, LinkType, Named, Project, Sprint, Status, Text,
    Version,
};
use super::site::Site;

/// Begins every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A recording of issues.
#[derive(Debug, Clone)]
pub struct JiraRecorded(Vec<Value>);

impl JiraRecorded {
    /// Reads a recording, plain or gzipped, one issue a line.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no issue (the error names the line).
    pub fn load(path: impl AsRef<Path>) -> io::Result<JiraRecorded> {
        let mut file = BufReader::new(File::open(path)?);
        let is_gzip = file.fill_buf()?.starts_with(&GZIP);
        if is_gzip { JiraRecorded::read(MultiGzDecoder::new(file)) } else { JiraRecorded::read(file) }
    }

    /// Reads a recording from text.
    ///
    /// # Errors
    /// When a line is no issue.
    pub fn parse(text: &str) -> io::Result<JiraRecorded> {
        JiraRecorded::read(text.as_bytes())
    }

    fn read(source: impl Read) -> io::Result<JiraRecorded> {
        let mut found = Vec::new();
        for (at, line) in BufReader::new(source).lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let mut value: Value = serde_json::from_str(&line).map_err(|error| trouble(at + 1, &error.to_string()))?;
            for around in ["data", "issue"] {
                if value[around].is_object() {
                    value = value[around].take();
                }
            }
            let is_issue = value["key"].is_string() && value["fields"].is_object();
            if !is_issue {
                return Err(trouble(at + 1, "no issue"));
            }
            found.push(value);
        }
        Ok(JiraRecorded(found))
    }

    /// How many issues there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the first issue was made and the last one changed. `None`: nothing in it.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.0.iter().filter_map(|issue| instant(&issue["fields"]["created"])).min()?;
        let last = self.0.iter().filter_map(|issue| instant(&issue["fields"]["updated"])).max()?;
        Some((first, last))
    }

    pub(super) fn add_to(&self, site: &mut Site) {
        for raw in &self.0 {
            Import { site }.issue(raw);
        }
        let known: BTreeSet<u64> = site.originals.iter().map(|issue| issue.id).collect();
        site.recorded_links.retain(|link| known.contains(&link.from) && known.contains(&link.to));
    }
}

fn trouble(line: usize, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {what}"))
}

fn instant(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().or_else(|| text.parse().ok())
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn words(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A recorded issue on its way into the site.
struct Import<'a> {
    site: &'a mut Site,
}

impl Import<'_> {
    fn issue(&mut self, raw: &Value) {
        let fields = &raw["fields"];
        let (Some(key), Some(created_at)) = (words(&raw["key"]), instant(&fields["created"])) else { return };
        let id = number(&raw["id"]).unwrap_or_else(|| self.site.fresh_id());
        self.site.ids_above(id);
        let project = self.project(&fields["project"], &key);
        let names = field_names(raw);
        let histories = self.histories(&raw["changelog"]["histories"]);
        let updated_at = instant(&fields["updated"]).unwrap_or(created_at);
        let resolution = &fields["resolution"];
        let priority = &fields["priority"];
        let issue = Issue {
            id,
            key: key.clone(),
            project,
            kind: self.kind(&fields["issuetype"]),
            title: words(&fields["summary"]).unwrap_or_default(),
            description: words(&fields["description"]),
            status: self.status(&fields["status"]),
            category_since: instant(&fields["statuscategorychangedate"]).unwrap_or(created_at),
            resolution: number(&resolution["id"])
                .map(|id| self.named(id, &resolution["name"], |site| &mut site.resolutions)),
            resolved_at: instant(&fields["resolutiondate"]),
            created_at,
            updated_at,
            due: fields["duedate"].as_str().and_then(|day| day.parse().ok()),
            priority: number(&priority["id"]).map(|id| self.named(id, &priority["name"], |site| &mut site.priorities)),
            labels: fields["labels"].as_array().into_iter().flatten().filter_map(words).collect(),
            components: fields["components"].as_array().into_iter().flatten().filter_map(component).collect(),
            assignee: self.person(&fields["assignee"]),
            reporter: self.person(&fields["reporter"]),
            creator: self.person(&fields["creator"]),
            parent: number(&fields["parent"]["id"]).or_else(|| number(&fields["epic"]["id"])),
            sprints: self.sprints(fields),
            versions: self.versions(project, &fields["fixVersions"]),
            estimate: number(&fields["timeoriginalestimate"]),
            remaining: number(&fields["timeestimate"]),
            spent: number(&fields["timespent"]),
            flagged: fields["flagged"] == true,
            secured: false,
            custom: self.custom(fields, &names),
            histories,
            comments: self.comments(&fields["comment"]["comments"]),
            worklogs: Vec::new(),
            watchers: BTreeSet::new(),
            full: false,
        };
        self.links(id, &fields["issuelinks"]);
        self.site.keys.insert(key, id);
        for item in issue.histories.iter().flat_map(|history| &history.items).filter(|item| item.field == "Key") {
            if let Some(old) = &item.from_text {
                self.site.keys.entry(old.to_uppercase()).or_insert(id);
            }
        }
        self.site.originals.push(issue);
    }

    fn project(&mut self, raw: &Value, key: &str) -> u64 {
        let key = words(&raw["key"]).unwrap_or_else(|| key.split('-').next().unwrap_or(key).to_owned());
        let name = words(&raw["name"]).unwrap_or_else(|| key.clone());
        ensure_project(self.site, &key, &name, number(&raw["id"]))
    }

    /// The lower-case login of a recorded person.
    fn person(&mut self, raw: &Value) -> Option<String> {
        let login = words(&raw["name"]).or_else(|| words(&raw["accountId"])).filter(|login| !login.is_empty())?;
        let key = login.to_lowercase();
        let is_new = !self.site.users.contains_key(&key);
        let key = self.site.ensure_user(&key);
        if let Some(user) = self.site.users.get_mut(&key).filter(|_| is_new) {
            user.name = words(&raw["displayName"]).unwrap_or(login);
            user.active = raw["active"] != false;
            match words(&raw["emailAddress"]).filter(|email| !email.is_empty()) {
                Some(email) => user.email = email.to_lowercase(),
                None => user.email_hidden = true,
            }
            user.key = words(&raw["key"]).unwrap_or_else(|| key.clone());
            if let Some(account) = words(&raw["accountId"]) {
                user.account_id = account;
            }
            user.zone = words(&raw["timeZone"]).unwrap_or_else(|| "Etc/UTC".to_owned());
        }
        Some(key)
    }

    fn status(&mut self, raw: &Value) -> u64 {
        let name = words(&raw["name"]).unwrap_or_default();
        let category = words(&raw["statusCategory"]["key"]);
        ensure_status(self.site, number(&raw["id"]), &name, category.as_deref())
    }

    fn kind(&mut self, raw: &Value) -> u64 {
        let name = words(&raw["name"]).unwrap_or_else(|| "Task".to_owned());
        let level = if raw["subtask"] == true { -1 } else { i8::from(name == "Epic") };
        let wished = number(&raw["id"]);
        let kinds = &self.site.kinds;
        if let Some(kind) = kinds.iter().find(|kind| kind.name == name && (kind.level < 0) == (level < 0)) {
            return kind.id;
        }
        let free = wished.filter(|id| kinds.iter().all(|kind| kind.id != *id));
        let id = free.unwrap_or_else(|| self.site.fresh_id());
        self.site.kinds.push(Kind { id, name, level });
        id
    }

    fn named(&mut self, wished: u64, name: &Value, list: impl Fn(&mut Site) -> &mut Vec<Named>) -> u64 {
        let name = words(name).unwrap_or_default();
        if let Some(one) = list(self.site).iter().find(|one| one.name == name) {
            return one.id;
        }
        let is_free = list(self.site).iter().all(|one| one.id != wished);
        let id = if is_free { wished } else { self.site.fresh_id() };
        list(self.site).push(Named { id, name });
        id
    }

    fn versions(&mut self, project: u64, raw: &Value) -> Vec<u64> {
        let mut found = Vec::new();
        for version in raw.as_array().into_iter().flatten() {
            let Some(id) = number(&version["id"]) else { continue };
            found.push(id);
            if self.site.versions.iter().any(|one| one.id == id) {
                continue;
            }
            self.site.versions.push(Version {
                id,
                project,
                name: words(&version["name"]).unwrap_or_default(),
                release_date: version["releaseDate"].as_str().and_then(|day| day.parse().ok()),
                released: version["released"] == true,
                archived: version["archived"] == true,
            });
        }
        found
    }

    fn sprints(&mut self, fields: &Value) -> Vec<u64> {
        let lists =
            ["closedSprints", "customfield_10020"].map(|name| fields[name].as_array().cloned().unwrap_or_default());
        let all = lists.into_iter().flatten().chain(std::iter::once(fields["sprint"].clone()));
        let mut found = BTreeSet::new();
        for raw in all {
            let Some(id) = number(&raw["id"]) else { continue };
            found.insert(id);
            if self.site.sprints.iter().any(|sprint| sprint.id == id) {
                continue;
            }
            let board = number(&raw["originBoardId"]).or_else(|| number(&raw["boardId"])).unwrap_or(1);
            if self.site.boards.iter().all(|one| one.id != board) {
                let project = self.site.projects.last().map_or(0, |project| project.id);
                let name = format!("Board {board}");
                self.site.boards.push(Board { id: board, name, scrum: true, project });
            }
            self.site.sprints.push(Sprint {
                id,
                board,
                name: words(&raw["name"]).unwrap_or_default(),
                state: match raw["state"].as_str() {
                    Some("closed") => "closed",
                    Some("active") => "active",
                    _ => "future",
                },
                start: instant(&raw["startDate"]),
                end: instant(&raw["endDate"]),
                completed: instant(&raw["completeDate"]),
            });
        }
        found.into_iter().collect()
    }

    fn histories(&mut self, raw: &Value) -> Vec<History> {
        let mut found = Vec::new();
        for history in raw.as_array().into_iter().flatten() {
            let Some(at) = instant(&history["created"]) else { continue };
            let author = self.person(&history["author"]);
            let items = history["items"].as_array().into_iter().flatten().map(|item| self.item(item)).collect();
            let id = number(&history["id"]).unwrap_or_else(|| self.site.fresh_id());
            found.push(History { id, author, at, items });
        }
        found.sort_by_key(|history| (history.at, history.id));
        found
    }

    fn item(&mut self, raw: &Value) -> Item {
        let mut item = Item {
            field: words(&raw["field"]).unwrap_or_default(),
            custom: raw["fieldtype"] == "custom",
            from: words(&raw["from"]),
            from_text: words(&raw["fromString"]),
            to: words(&raw["to"]),
            to_text: words(&raw["toString"]),
        };
        match item.field.as_str() {
            "status" => {
                for (id, name) in [(&mut item.from, &item.from_text), (&mut item.to, &item.to_text)] {
                    if let (Some(known), Some(name)) = (id.as_ref(), name) {
                        *id = Some(ensure_status(self.site, known.parse().ok(), name, None).to_string());
                    }
                }
            }
            "assignee" | "reporter" => {
                for (id, name) in [(&mut item.from, &item.from_text), (&mut item.to, &item.to_text)] {
                    if let Some(login) = id.as_ref() {
                        let raw = serde_json::json!({ "name": login, "displayName": name });
                        *id = self.person(&raw);
                    }
                }
            }
            _ => {}
        }
        item
    }

    fn comments(&mut self, raw: &Value) -> Vec<Comment> {
        let mut found = Vec::new();
        for comment in raw.as_array().into_iter().flatten() {
            let Some(created_at) = instant(&comment["created"]) else { continue };
            let body = match &comment["body"] {
                Value::String(text) => Text::Wiki(text.clone()),
                document => Text::Adf(document.clone()),
            };
            let author = self.person(&comment["author"]);
            found.push(Comment {
                id: number(&comment["id"]).unwrap_or_else(|| self.site.fresh_id()),
                editor: self.person(&comment["updateAuthor"]).or_else(|| author.clone()),
                author,
                body,
                created_at,
                updated_at: instant(&comment["updated"]).unwrap_or(created_at),
                properties: BTreeMap::new(),
                visibility: None,
                edits: 0,
                notified: 1,
            });
        }
        found.sort_by_key(|comment| (comment.created_at, comment.id));
        found
    }

    /// Numbers and texts of custom fields, under their recorded numbers.
    fn custom(&mut self, fields: &Value, names: &HashMap<String, String>) -> BTreeMap<u64, Value> {
        let mut found = BTreeMap::new();
        for (id, value) in fields.as_object().into_iter().flatten() {
            let number = id.strip_prefix("customfield_").and_then(|number| number.parse().ok());
            let (Some(number), true) = (number, value.is_string() || value.is_number()) else { continue };
            if self.site.fields.iter().all(|field| field.number != number) {
                let (custom, kind) = if value.is_number() {
                    ("com.atlassian.jira.plugin.system.customfieldtypes:float", "number")
                } else {
                    ("com.atlassian.jira.plugin.system.customfieldtypes:textfield", "string")
                };
                let name = names.get(id).cloned().unwrap_or_else(|| format!("Field {number}"));
                self.site.fields.push(CustomField { number, name, custom, kind, items: None, scope: None });
            }
            found.insert(number, value.clone());
        }
        found
    }

    fn links(&mut self, mine: u64, raw: &Value) {
        for link in raw.as_array().into_iter().flatten() {
            let out = number(&link["outwardIssue"]["id"]).map(|other| (mine, other));
            let pair = out.or_else(|| number(&link["inwardIssue"]["id"]).map(|other| (other, mine)));
            let (Some((from, to)), Some(id)) = (pair, number(&link["id"])) else { continue };
            let kind = self.link_type(&link["type"]);
            if self.site.recorded_links.iter().all(|known| known.id != id) {
                self.site.recorded_links.push(Link { id, kind, from, to });
            }
        }
    }

    fn link_type(&mut self, raw: &Value) -> u64 {
        let name = words(&raw["name"]).unwrap_or_default();
        if let Some(kind) = self.site.link_types.iter().find(|kind| kind.name == name) {
            return kind.id;
        }
        let wished = number(&raw["id"]).filter(|id| self.site.link_types.iter().all(|kind| kind.id != *id));
        let id = wished.unwrap_or_else(|| self.site.fresh_id());
        let (inward, outward) = (words(&raw["inward"]), words(&raw["outward"]));
        let (inward, outward) = (inward.unwrap_or_default(), outward.unwrap_or_default());
        self.site.link_types.push(LinkType { id, name, inward, outward });
        id
    }
}

fn component(raw: &Value) -> Option<Named> {
    Some(Named { id: number(&raw["id"])?, name: words(&raw["name"])? })
}

/// What the histories of an issue call its custom fields.
fn field_names(raw: &Value) -> HashMap<String, String> {
    let histories = raw["changelog"]["histories"].as_array().into_iter().flatten();
    let items = histories.flat_map(|history| history["items"].as_array().into_iter().flatten());
    items.filter_map(|item| Some((words(&item["fieldId"])?, words(&item["field"])?))).collect()
}

pub(super) fn ensure_project(site: &mut Site, key: &str, name: &str, wished: Option<u64>) -> u64 {
    if let Some(project) = site.projects.iter().find(|project| project.key == key) {
        return project.id;
    }
    let id = site.ensure_project(key, name, false);
    let free = wished.filter(|wished| site.projects.iter().all(|project| project.id != *wished));
    let Some(wished) = free else { return id };
    site.projects.iter_mut().filter(|project: &&mut Project| project.id == id).for_each(|project| project.id = wished);
    wished
}

/// A status by id and name. One that only a history names is put where its name has it in Jira's own workflows.
fn ensure_status(site: &mut Site, wished: Option<u64>, name: &str, category: Option<&str>) -> u64 {
    if let Some(status) = site.statuses.iter_mut().find(|status| status.name == name) {
        if let Some(category) = category {
            status.category = category.to_owned();
        }
        return status.id;
    }
    let usual = match name.to_lowercase().as_str() {
        "open" | "reopened" | "to do" | "backlog" | "new" | "received" => "new",
        "closed" | "resolved" | "done" => "done",
        _ => "indeterminate",
    };
    let free = wished.filter(|wished| site.statuses.iter().all(|status| status.id != *wished));
    let id = free.unwrap_or_else(|| site.fresh_id());
    let category = category.unwrap_or(usual).to_owned();
    site.statuses.push(Status { id, name: name.to_owned(), category });
    id
}

/// The day of an instant, as far as versions are concerned.
pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
