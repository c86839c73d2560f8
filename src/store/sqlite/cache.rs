//! What the writer keeps at hand of small tables, so that a task costs one probe and not one for each of its owners.
//! Read anew after every failed transaction; only the writer's transaction changes it.

use std::collections::{HashMap, HashSet};

use connector_kit::StreamSpec;
use connector_model::{ContainerKind, ContainerRef, Due, Field, SiteKey};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::super::{ConfigPlan, ConnectionPlan, StoreError};
use super::bots::BotNames;
use super::values::{at_in, code_in, json_opt};
use super::{accounts, bulk};
use crate::domain::away::DateRange;
use crate::domain::ids::{AccountId, ConnectionId, ContainerId, PersonId, SiteId};
use crate::domain::people::AccountRec;

/// Small tables, as the present transaction sees them.
pub(super) struct Cache {
    pub(super) sites: HashMap<SiteId, SiteKey>,
    pub(super) connections: HashMap<ConnectionId, ConnectionRow>,
    pub(super) accounts: HashMap<AccountId, AccountRec>,
    pub(super) account_ids: HashMap<SiteId, HashMap<String, AccountId>>,
    /// By login, in lower case.
    logins: HashMap<SiteId, HashMap<String, AccountId>>,
    pub(super) containers: HashMap<ContainerId, ContainerRow>,
    pub(super) container_ids: HashMap<SiteId, HashMap<ContainerRef, ContainerId>>,
    /// Accounts that a credential of ours ever wrote as.
    pub(super) ours: HashMap<SiteId, HashSet<AccountId>>,
    pub(super) who: Who,
    pub(super) bulks: bulk::Known,
}

/// A connection as pages need it.
pub(super) struct ConnectionRow {
    pub(super) name: String,
    pub(super) site: Option<SiteId>,
}

/// A container as the writer knows it.
#[derive(Debug, Clone)]
pub(super) struct ContainerRow {
    pub(super) id: ContainerId,
    pub(super) site: SiteId,
    pub(super) at: ContainerRef,
    pub(super) name: String,
    pub(super) handle: String,
    pub(super) due: Option<Due>,
    pub(super) open: bool,
    pub(super) reader: Option<ConnectionId>,
    pub(super) asked_at: Timestamp,
    pub(super) responsible: Option<AccountId>,
}

/// Working hours of each weekday, as [`crate::domain::calendar::Hours::week`].
pub(super) type Week = [Option<(i32, i32)>; 7];

/// A person's hours, as `persons.calendar` keeps them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum KeptHours {
    /// As they were kept before there was more to say.
    Week(Week),
    /// All of it.
    Whole {
        /// Working hours.
        week: Week,
        /// Which of the lists of holidays in [`Settled`]; there are few, and many people.
        holidays: usize,
        /// Days on which they are away, by the configuration.
        away: Vec<DateRange>,
    },
}

impl KeptHours {
    pub(super) fn parts(self) -> (Week, usize, Vec<DateRange>) {
        match self {
            KeptHours::Week(week) => (week, 0, Vec::new()),
            KeptHours::Whole { week, holidays, away } => (week, holidays, away),
        }
    }
}

/// What the configuration says about people as a whole; kept in `org.people`, so that a reader knows it too.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settled {
    pub(super) bots: Vec<String>,
    pub(super) match_by_email: bool,
    pub(super) default_manager: Option<String>,
    pub(super) operators: Vec<String>,
    pub(super) zone: String,
    pub(super) week: Week,
    /// Every list of days on which nobody works; the first is that of the default calendar.
    pub(super) holidays: Vec<Vec<DateRange>>,
    /// (tool, login) of each person, by handle.
    pub(super) logins: Vec<(String, String, String)>,
}

impl Settled {
    pub(super) fn read(db: &Connection) -> Result<Settled, StoreError> {
        let stored = db.query_row("SELECT people FROM org", [], |row| json_opt(row, 0)).optional()?;
        Ok(stored.flatten().unwrap_or_default())
    }

    /// Names of what is no person.
    pub(super) fn bot_names(&self) -> BotNames {
        BotNames::new(&self.bots)
    }
}

/// Tells who is behind an account.
#[derive(Default)]
pub(super) struct Who {
    logins: HashMap<(String, String), PersonId>,
    emails: HashMap<String, PersonId>,
    handles: HashMap<String, PersonId>,
    pub(super) bots: BotNames,
}

impl Who {
    pub(super) fn read(db: &Connection) -> Result<Who, StoreError> {
        let settled = Settled::read(db)?;
        let mut who = Who { bots: settled.bot_names(), ..Who::default() };
        let mut query = db.prepare("SELECT id, handle, email FROM persons WHERE gone = 0")?;
        let persons = query.query_map([], |row| Ok((PersonId(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        for person in persons {
            let (id, handle, email): (PersonId, String, Option<String>) = person?;
            if let Some(email) = email.filter(|_| settled.match_by_email) {
                who.emails.insert(email.to_lowercase(), id);
            }
            who.handles.insert(handle, id);
        }
        for (handle, tool, login) in settled.logins {
            if let Some(id) = who.handles.get(&handle) {
                who.logins.insert((tool, login.to_lowercase()), *id);
            }
        }
        Ok(who)
    }

    /// The handle of the person who has this login, or this stable id, in a tool.
    fn called(&self, tool: &str, name: &str) -> Option<&str> {
        let id = self.logins.get(&(tool.to_owned(), name.to_lowercase()))?;
        self.handles.iter().find(|(_, known)| *known == id).map(|(handle, _)| handle.as_str())
    }

    /// The person behind an account: by login or stable id of that tool, else by e-mail where that is wished.
    pub(super) fn person(&self, tool: &str, ext: &str, rec: &AccountRec) -> Option<PersonId> {
        if tool == accounts::OWN_TOOL {
            return self.handles.get(ext).copied();
        }
        let login = |name: &str| self.logins.get(&(tool.to_owned(), name.to_lowercase())).copied();
        let by_login = rec.handle.as_deref().and_then(login).or_else(|| login(ext));
        by_login.or_else(|| self.emails.get(&rec.email.as_ref()?.to_lowercase()).copied())
    }
}

impl Cache {
    pub(super) fn read(db: &Connection) -> Result<Cache, StoreError> {
        let who = Who::read(db)?;
        let mut cache = Cache {
            sites: sites(db)?,
            connections: connections(db)?,
            accounts: HashMap::new(),
            account_ids: HashMap::new(),
            logins: HashMap::new(),
            containers: HashMap::new(),
            container_ids: HashMap::new(),
            ours: ours(db)?,
            who,
            bulks: bulk::read(db)?,
        };
        for (ext, rec) in accounts::read_all(db, &cache.who.bots)? {
            cache.put_account(ext, rec);
        }
        for row in container_rows(db)? {
            cache.put_container(row);
        }
        Ok(cache)
    }

    pub(super) fn put_account(&mut self, ext: String, rec: AccountRec) {
        self.account_ids.entry(rec.site).or_default().insert(ext, rec.id);
        if let Some(login) = &rec.handle {
            self.logins.entry(rec.site).or_default().insert(login.to_lowercase(), rec.id);
        }
        self.accounts.insert(rec.id, rec);
    }

    /// The account of a site that has this id, or this login; of somebody of the configuration who was never seen there, the
    /// one that stands for them. `None`: nobody who is known.
    pub(super) fn account_called(&self, site: SiteId, name: &str) -> Option<AccountId> {
        let by_id = self.account_ids.get(&site).and_then(|ids| ids.get(name));
        let known = by_id.or_else(|| self.logins.get(&site)?.get(&name.to_lowercase())).copied();
        known.or_else(|| self.own_account(self.who.called(self.tool(site), name)?))
    }

    /// The account that stands for a person of the configuration.
    fn own_account(&self, person: &str) -> Option<AccountId> {
        let (site, _) = self.sites.iter().find(|(_, key)| key.tool == accounts::OWN_TOOL)?;
        self.account_ids.get(site)?.get(person).copied()
    }

    pub(super) fn put_container(&mut self, row: ContainerRow) {
        self.container_ids.entry(row.site).or_default().insert(row.at.clone(), row.id);
        self.containers.insert(row.id, row);
    }

    pub(super) fn tool(&self, site: SiteId) -> &str {
        self.sites.get(&site).map_or("", |key| &key.tool)
    }

    /// The connection that reads a container. `None`: nobody does.
    pub(super) fn reader(&self, container: ContainerId) -> Option<ConnectionId> {
        self.containers.get(&container)?.reader
    }

    /// The repository that a milestone is of. `None`: it is no milestone, or of none that is known.
    pub(super) fn repository_of(&self, milestone: ContainerId) -> Option<ContainerId> {
        let milestone = self.containers.get(&milestone).filter(|one| one.at.kind == ContainerKind::Milestone)?;
        let (handle, _) = milestone.handle.split_once("/milestones/")?;
        let is_meant = |one: &&ContainerRow| {
            one.at.kind == ContainerKind::Repository && one.handle == handle && one.site == milestone.site
        };
        self.containers.values().find(is_meant).map(|one| one.id)
    }

    /// The date of a milestone of a repository, by its name. `None`: it has none, or is not known.
    pub(super) fn milestone_due(&self, repository: ContainerId, name: &str) -> Option<Due> {
        let place = self.containers.get(&repository).filter(|place| place.at.kind == ContainerKind::Repository)?;
        let inside = format!("{}/milestones/", place.handle);
        let is_meant =
            |one: &&ContainerRow| one.at.kind == ContainerKind::Milestone && one.name == name && one.site == place.site;
        self.containers.values().filter(is_meant).find(|one| one.handle.starts_with(&inside))?.due
    }
}

/// What the configuration says about one connection.
pub(super) fn planned<'a>(plan: Option<&'a ConfigPlan>, name: &str) -> Option<&'a ConnectionPlan> {
    plan?.connections.iter().find(|connection| connection.name == name)
}

/// Streams of one connection.
pub(super) fn specs<'a>(plan: Option<&'a ConfigPlan>, name: &str) -> &'a [StreamSpec] {
    planned(plan, name).map_or(&[], |connection| &connection.streams)
}

/// Fields of which one connection's tool keeps no history.
pub(super) fn observed(plan: Option<&ConfigPlan>, name: &str) -> &'static [Field] {
    planned(plan, name).map_or(&[], |connection| connection.observed)
}

fn sites(db: &Connection) -> Result<HashMap<SiteId, SiteKey>, StoreError> {
    let mut query = db.prepare("SELECT id, tool, origin, tenant FROM sites")?;
    let rows = query.query_map([], |row| {
        Ok((SiteId(row.get(0)?), SiteKey { tool: row.get(1)?, origin: row.get(2)?, tenant: row.get(3)? }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn connections(db: &Connection) -> Result<HashMap<ConnectionId, ConnectionRow>, StoreError> {
    let mut query = db.prepare("SELECT id, name, site FROM connections")?;
    let rows = query.query_map([], |row| {
        let site = row.get::<_, Option<i64>>(2)?.map(SiteId);
        Ok((ConnectionId(row.get(0)?), ConnectionRow { name: row.get(1)?, site }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn ours(db: &Connection) -> Result<HashMap<SiteId, HashSet<AccountId>>, StoreError> {
    let mut ours: HashMap<SiteId, HashSet<AccountId>> = HashMap::new();
    let mut query = db.prepare("SELECT site, account FROM self_accounts")?;
    for row in query.query_map([], |row| Ok((SiteId(row.get(0)?), AccountId(row.get(1)?))))? {
        let (site, account) = row?;
        ours.entry(site).or_default().insert(account);
    }
    Ok(ours)
}

fn container_rows(db: &Connection) -> Result<Vec<ContainerRow>, StoreError> {
    let mut query = db.prepare(
        "SELECT id, site, kind, ext, name, handle, due, open, reader, asked_at, responsible FROM containers",
    )?;
    let rows = query.query_map([], |row| {
        Ok(ContainerRow {
            id: ContainerId(row.get(0)?),
            site: SiteId(row.get(1)?),
            at: ContainerRef { kind: ContainerKind::from_code(code_in(row, 2)?), ext: row.get(3)? },
            name: row.get(4)?,
            handle: row.get(5)?,
            due: row.get_ref(6)?.as_str_or_null()?.and_then(Due::from_text),
            open: row.get(7)?,
            reader: row.get::<_, Option<i64>>(8)?.map(ConnectionId),
            asked_at: at_in(row, 9)?,
            responsible: row.get::<_, Option<i64>>(10)?.map(AccountId),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
