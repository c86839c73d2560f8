//! What a site calls things: its own fields, statuses and priorities. Asked once and kept; new each day, with the projects.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::http::Response;
use connector_model::{Lack, Need, StatusCategory};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::{expect_ok, refusal};
use crate::call::Query;
use crate::config::{Edition, Fields, States};
use crate::items;
use crate::normalise::category;
use crate::wire::{Priority, Status, Str};
use crate::{Jira, TOOL};

/// So old is what is asked for again.
const KEPT: SignedDuration = SignedDuration::from_hours(20);

/// What a site's own fields are for. Where several do, the first one with a value counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) start: Vec<String>,
    pub(crate) due: Vec<String>,
    pub(crate) progress: Vec<String>,
    pub(crate) points: Vec<String>,
    pub(crate) sprint: Vec<String>,
    pub(crate) epic: Vec<String>,
    pub(crate) flagged: Vec<String>,
}

/// What one of a site's own fields is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Start,
    Due,
    Progress,
    Points,
    Sprint,
    Epic,
    Flagged,
}

impl Roles {
    fn all(&self) -> [(Role, &Vec<String>); 7] {
        [
            (Role::Start, &self.start),
            (Role::Due, &self.due),
            (Role::Progress, &self.progress),
            (Role::Points, &self.points),
            (Role::Sprint, &self.sprint),
            (Role::Epic, &self.epic),
            (Role::Flagged, &self.flagged),
        ]
    }

    /// What the field with this id is for.
    pub(crate) fn of(&self, id: &str) -> Option<Role> {
        self.all().into_iter().find(|(_, ids)| ids.iter().any(|known| known == id)).map(|(role, _)| role)
    }

    /// Ids of the fields whose values are read.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let read = [&self.start, &self.due, &self.progress, &self.sprint, &self.epic, &self.flagged];
        read.into_iter().flatten().map(String::as_str)
    }
}

/// A status as the site lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownStatus {
    pub(crate) name: String,
    /// The category's key.
    pub(crate) category: Option<String>,
}

/// What a site calls things.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) roles: Roles,
    /// Lower-case display names of the fields with a role, for a history that knows no ids.
    names: HashMap<String, Role>,
    pub(crate) statuses: HashMap<String, KnownStatus>,
    /// Rank by id, 1 the highest.
    pub(crate) priorities: HashMap<String, u8>,
    /// What the operator should know.
    pub(crate) warnings: Vec<String>,
    /// What the site does not tell of issues. `None`: that was not told.
    pub(crate) lacks: Option<Vec<Lack>>,
    read_at: Timestamp,
}

/// A field as the site lists it.
#[derive(Debug, Deserialize)]
pub(crate) struct Field<'a> {
    #[serde(borrow)]
    pub(crate) id: Str<'a>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) schema: Option<Schema<'a>>,
}

/// See [`Field`].
#[derive(Debug, Deserialize)]
pub(crate) struct Schema<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) custom: Option<Str<'a>>,
}

impl Field<'_> {
    fn is_called(&self, names: &[&str]) -> bool {
        self.name.as_deref().is_some_and(|own| names.iter().any(|name| own.trim().eq_ignore_ascii_case(name)))
    }

    fn custom(&self) -> &str {
        self.schema.as_ref().and_then(|schema| schema.custom.as_deref()).unwrap_or_default()
    }

    fn is_of(&self, kind: &str) -> bool {
        self.schema.as_ref().and_then(|schema| schema.kind.as_deref()) == Some(kind)
    }
}

/// Finds out what the site's fields are for: what the operator says, else by schema, else by name. Gives the fields that the
/// operator names and the site does not show.
pub(crate) fn roles(fields: &[Field<'_>], wanted: &Fields, edition: Edition) -> (Roles, Vec<String>) {
    let mut missing = Vec::new();
    let mut role = |configured: &Option<String>, found: &dyn Fn(&Field<'_>) -> Option<u8>| -> Vec<String> {
        if let Some(configured) = configured {
            let is_it = |field: &&Field<'_>| &*field.id == configured.as_str() || field.is_called(&[configured]);
            let ids: Vec<String> = fields.iter().filter(is_it).map(|field| field.id.to_string()).collect();
            if ids.is_empty() {
                missing.push(configured.clone());
            }
            return ids;
        }
        let mut ranked: Vec<(u8, String)> =
            fields.iter().filter_map(|field| Some((found(field)?, field.id.to_string()))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, id)| id).filter(|id| id.starts_with("customfield_")).collect()
    };
    let is = |yes: bool, rank: u8| yes.then_some(rank);
    let roles = Roles {
        start: role(&wanted.start, &|field| {
            let is_date = field.is_of("date") || field.is_of("datetime");
            is(is_date && field.is_called(&["start date"]), 0)
                .or(is(field.custom().contains("jpo-custom-field-baseline-start"), 1))
                .or(is(is_date && field.is_called(&["target start"]), 2))
        }),
        due: role(&wanted.due, &|_| None),
        progress: role(&wanted.progress, &|_| None),
        points: role(&wanted.points, &|field| {
            is(field.custom().contains("jsw-story-points"), 0)
                .or(is(field.is_of("number") && field.is_called(&["story points", "story point estimate"]), 1))
        }),
        sprint: role(&wanted.sprint, &|field| is(field.custom().ends_with(":gh-sprint"), 0)),
        epic: match edition {
            // There a parent of any level is `parent`.
            Edition::Cloud => Vec::new(),
            Edition::DataCenter => role(&wanted.epic, &|field| is(field.custom().ends_with(":gh-epic-link"), 0)),
        },
        flagged: role(&wanted.flagged, &|field| {
            is(field.custom().ends_with(":multicheckboxes") && field.is_called(&["flagged"]), 0)
        }),
    };
    (roles, missing)
}

impl Site {
    /// A site of which nothing is known but this.
    pub(crate) fn new(roles: Roles, fields: &[Field<'_>], read_at: Timestamp) -> Site {
        let named =
            fields.iter().filter_map(|field| Some((field.name.as_deref()?.to_lowercase(), roles.of(&field.id)?)));
        let names = named.collect();
        Site {
            roles,
            names,
            statuses: HashMap::new(),
            priorities: HashMap::new(),
            warnings: Vec::new(),
            lacks: None,
            read_at,
        }
    }

    /// Whether the site is known not to tell this.
    pub(crate) fn is_lacking(&self, need: Need) -> bool {
        self.lacks.iter().flatten().any(|lack| lack.need == need)
    }

    /// What a field is for that a history names, by its id where it has one.
    pub(crate) fn role(&self, id: Option<&str>, name: &str) -> Option<Role> {
        match id {
            Some(id) => self.roles.of(id),
            None => self.names.get(&name.to_lowercase()).copied(),
        }
    }

    /// What the status with this id, or this name, counts as. `None`: it is not known.
    pub(crate) fn state(&self, states: &States, id: &str, name: Option<&str>) -> Option<StatusCategory> {
        let known = self.statuses.get(id);
        let name = name.or(known.map(|known| known.name.as_str()));
        states.of(Some(id), name).or_else(|| category(known?.category.as_deref()?))
    }

    /// Ids of the statuses that the site counts as finished and the configuration does not.
    pub(crate) fn open_though_done(&self, states: &States) -> Vec<&str> {
        let is_meant = |(id, known): &(&String, &KnownStatus)| {
            known.category.as_deref() == Some("done")
                && states.of(Some(id), Some(&known.name)).is_some_and(StatusCategory::is_open)
        };
        let mut ids: Vec<&str> = self.statuses.iter().filter(is_meant).map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }
}

impl States {
    /// What is configured for a status, by its id or its name.
    pub(crate) fn of(&self, id: Option<&str>, name: Option<&str>) -> Option<StatusCategory> {
        let by = |word: Option<&str>| self.0.get(&word?.to_lowercase()).copied();
        by(id).or_else(|| by(name))
    }
}

impl Jira {
    /// What the site calls things; asked once.
    pub(crate) async fn site(&self) -> Result<Arc<Site>, ConnectorError> {
        match self.known_site() {
            Some(site) => Ok(site),
            None => self.ask_site().await,
        }
    }

    /// The same, as far as it was asked.
    pub(crate) fn known_site(&self) -> Option<Arc<Site>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, asked anew where it is old.
    pub(crate) async fn recent_site(&self) -> Result<Arc<Site>, ConnectorError> {
        let site = self.site().await?;
        let is_old = self.clock.now().duration_since(site.read_at) > KEPT;
        if is_old { self.ask_site().await } else { Ok(site) }
    }

    async fn ask_site(&self) -> Result<Arc<Site>, ConnectorError> {
        let edition = self.edition().await?;
        let response = expect_ok(self.get("field", Query::new()).await?, "the list of fields")?;
        let listed: Vec<&RawValue> = items::single(&response, "the list of fields")?;
        let fields: Vec<Field<'_>> = items::each(listed, &mut Vec::new());
        let (found, missing) = roles(&fields, &self.config.fields, edition);
        let mut site = Site::new(found, &fields, self.clock.now());
        site.warnings.extend(missing.into_iter().map(|name| format!("no field \"{name}\" is shown to this account")));
        let response = self.get("status", Query::new()).await?;
        for status in list::<Status<'_>>(&response, "the list of statuses")? {
            let (Some(id), Some(name)) = (&status.id, &status.name) else { continue };
            let known = KnownStatus { name: name.to_string(), category: status.category().map(str::to_owned) };
            site.statuses.insert(id.to_string(), known);
        }
        let response = self.get("priority", Query::new()).await?;
        let priorities = list::<Priority<'_>>(&response, "the list of priorities")?;
        for (rank, id) in (1..).zip(priorities.into_iter().filter_map(|priority| priority.id)) {
            site.priorities.insert(id.to_string(), rank);
            if rank == u8::MAX {
                break;
            }
        }
        site.lacks = self.ask_what_is_off().await?.or_else(|| self.known_site()?.lacks.clone());
        let site = Arc::new(site);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Some(site.clone());
        Ok(site)
    }
}

/// `GET /configuration`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Switches {
    time_tracking_enabled: Option<bool>,
    issue_linking_enabled: Option<bool>,
}

impl Jira {
    /// What is switched off on the site, so that no issue tells it. `None`: that is not shown now.
    async fn ask_what_is_off(&self) -> Result<Option<Vec<Lack>>, ConnectorError> {
        let response = match self.get("configuration", Query::new()).await {
            Ok(response) if response.status == 200 => response,
            // It is worth knowing, and not worth an end of reading.
            Ok(_) | Err(ConnectorError::Forbidden { .. } | ConnectorError::Transient { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Ok(switches) = response.json::<Switches>(TOOL, "the site's settings") else { return Ok(None) };
        let off = |switch: Option<bool>, need, because: &str| {
            (switch == Some(false)).then(|| Lack::whole(need, format!("{because} is switched off on this site")))
        };
        let linking = off(switches.issue_linking_enabled, Need::Blocking, "issue linking");
        let time = off(switches.time_tracking_enabled, Need::Estimate, "time tracking");
        Ok(Some(linking.into_iter().chain(time).collect()))
    }
}

/// A list that may be kept from us, or not be there: then it is empty.
fn list<'a, T: Deserialize<'a>>(response: &'a Response, what: &str) -> Result<Vec<T>, ConnectorError> {
    match response.status {
        200 => {
            let listed: Vec<&RawValue> = items::single(response, what)?;
            Ok(items::each(listed, &mut Vec::new()))
        }
        403 | 404 | 410 => Ok(Vec::new()),
        _ => Err(refusal(response, what)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FIELDS: &str = r#"[
        {"id":"summary","name":"Summary","custom":false,"schema":{"type":"string","system":"summary"}},
        {"id":"customfield_10015","name":"Start date","schema":{"type":"date","custom":"com.atlassian.jira.plugin.system.customfieldtypes:datepicker"}},
        {"id":"customfield_10090","name":"Start Date","schema":{"type":"date","custom":"com.atlassian.jira.plugin.system.customfieldtypes:datepicker"}},
        {"id":"customfield_10091","name":"Start date","schema":{"type":"string","custom":"x:textfield"}},
        {"id":"customfield_10020","name":"迭代","schema":{"type":"array","items":"json","custom":"com.pyxis.greenhopper.jira:gh-sprint"}},
        {"id":"customfield_10014","name":"Epic Link","schema":{"type":"any","custom":"com.pyxis.greenhopper.jira:gh-epic-link"}},
        {"id":"customfield_10021","name":"Flagged","schema":{"type":"array","items":"option","custom":"com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"}},
        {"id":"customfield_10030","name":"Done %","schema":{"type":"number","custom":"com.atlassian.jira.plugin.system.customfieldtypes:float"}}
    ]"#;

    #[test]
    fn fields_are_found_by_schema_and_by_name_and_the_operator_counts_first() {
        let fields: Vec<Field<'_>> = serde_json::from_str(FIELDS).unwrap();
        let (found, missing) = roles(&fields, &Fields::default(), Edition::DataCenter);
        assert_eq!(found.start, ["customfield_10015", "customfield_10090"]);
        assert_eq!(
            (found.sprint.as_slice(), found.epic.as_slice()),
            (&["customfield_10020".to_owned()][..], &["customfield_10014".to_owned()][..])
        );
        assert_eq!((found.flagged.len(), found.progress.len(), missing.len()), (1, 0, 0));
        assert_eq!(roles(&fields, &Fields::default(), Edition::Cloud).0.epic, [""; 0]);
        let wanted = Fields {
            start: Some("customfield_10090".to_owned()),
            progress: Some("done %".to_owned()),
            due: Some("Nowhere".to_owned()),
            ..Fields::default()
        };
        let (found, missing) = roles(&fields, &wanted, Edition::Cloud);
        assert_eq!(
            (found.start, found.progress),
            (vec!["customfield_10090".to_owned()], vec!["customfield_10030".to_owned()])
        );
        assert_eq!(missing, ["Nowhere"]);
    }

    #[test]
    fn a_history_without_ids_names_a_field_as_people_do() {
        let fields: Vec<Field<'_>> = serde_json::from_str(FIELDS).unwrap();
        let site = Site::new(roles(&fields, &Fields::default(), Edition::DataCenter).0, &fields, Timestamp::UNIX_EPOCH);
        assert_eq!(site.role(None, "迭代"), Some(Role::Sprint));
        assert_eq!(site.role(Some("customfield_10020"), "whatever"), Some(Role::Sprint));
        assert_eq!(site.role(Some("status"), "迭代"), None);
        assert_eq!(site.role(None, "Summary"), None);
    }
}
