//! Accounts as pages name them: described ones, and bare ones of which only the id is known yet.

use std::collections::HashSet;

use connector_model::{Account, AccountKind};
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::values::code_in;
use super::{Work, absences};
use crate::domain::ids::{AccountId, PersonId, SiteId};
use crate::domain::people::AccountRec;

/// The tool's name of the site on which every person has an account of their own.
pub(super) const OWN_TOOL: &str = "gapwatch";

/// Every account, with its stable id.
pub(super) fn read_all(db: &Connection, bots: &HashSet<String>) -> Result<Vec<(String, AccountRec)>, StoreError> {
    let mut query = db.prepare("SELECT id, site, ext, handle, name, email, kind, person FROM accounts ORDER BY id")?;
    let rows = query.query_map([], |row| account(row, bots))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn account(row: &Row<'_>, bots: &HashSet<String>) -> Result<(String, AccountRec), rusqlite::Error> {
    let mut rec = AccountRec {
        id: AccountId(row.get(0)?),
        site: SiteId(row.get(1)?),
        handle: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        kind: AccountKind::from_code(code_in(row, 6)?),
        bot: false,
        person: row.get::<_, Option<i64>>(7)?.map(PersonId),
    };
    rec.bot = is_bot(&rec, bots);
    Ok((row.get(2)?, rec))
}

/// By the tool's word, or named in the configuration: by login, or by the name that people see where a login is a mere id.
pub(super) fn is_bot(rec: &AccountRec, bots: &HashSet<String>) -> bool {
    let named = rec.handle.iter().chain(&rec.name).any(|name| bots.contains(&name.to_lowercase()));
    rec.kind == AccountKind::Bot || named
}

impl Work<'_> {
    /// The account of this id; a row of its own, bare, if it was never described.
    pub(super) fn account(&mut self, site: SiteId, ext: &str) -> Result<AccountId, StoreError> {
        if let Some(id) = self.cache.account_ids.get(&site).and_then(|ids| ids.get(ext)) {
            return Ok(*id);
        }
        let bare = Account { ext: ext.to_owned(), handle: None, name: None, email: None, kind: AccountKind::Human };
        self.new_account(site, &bare)
    }

    /// Takes up what an answer tells of an account; what it does not tell stays.
    pub(super) fn see_account(&mut self, site: SiteId, seen: &Account) -> Result<AccountId, StoreError> {
        let known = self.cache.account_ids.get(&site).and_then(|ids| ids.get(&seen.ext)).copied();
        let Some(id) = known else { return self.new_account(site, seen) };
        let before = &self.cache.accounts[&id];
        let mut rec = before.clone();
        rec.handle = seen.handle.clone().or(rec.handle);
        rec.name = seen.name.clone().or(rec.name);
        rec.email = seen.email.clone().or(rec.email);
        rec.kind = seen.kind;
        self.settle_account(&seen.ext, &mut rec);
        if rec == *before {
            return Ok(id);
        }
        let is_gone = |rec: &AccountRec| rec.kind == AccountKind::Gone;
        if rec.bot != before.bot || is_gone(&rec) != is_gone(before) {
            self.touched.judged_anew.insert(id);
        }
        self.touched.away |= rec.person != before.person && !absences::known(self.db, id)?.is_empty();
        self.db
            .prepare_cached("UPDATE accounts SET handle = ?, name = ?, email = ?, kind = ?, person = ? WHERE id = ?")?
            .execute(params![rec.handle, rec.name, rec.email, rec.kind.code(), rec.person.map(|id| id.0), id.0])?;
        self.cache.put_account(seen.ext.clone(), rec);
        self.touched.accounts.insert(id);
        Ok(id)
    }

    fn new_account(&mut self, site: SiteId, seen: &Account) -> Result<AccountId, StoreError> {
        let mut rec = AccountRec {
            id: AccountId(0),
            site,
            handle: seen.handle.clone(),
            name: seen.name.clone(),
            email: seen.email.clone(),
            kind: seen.kind,
            bot: false,
            person: None,
        };
        self.settle_account(&seen.ext, &mut rec);
        self.db
            .prepare_cached(
                "INSERT INTO accounts(site, ext, handle, name, email, kind, person) VALUES (?,?,?,?,?,?,?)",
            )?
            .execute(params![
                site.0,
                seen.ext,
                rec.handle,
                rec.name,
                rec.email,
                rec.kind.code(),
                rec.person.map(|id| id.0)
            ])?;
        rec.id = AccountId(self.db.last_insert_rowid());
        let id = rec.id;
        self.cache.put_account(seen.ext.clone(), rec);
        self.touched.accounts.insert(id);
        Ok(id)
    }

    fn settle_account(&self, ext: &str, rec: &mut AccountRec) {
        rec.bot = is_bot(rec, &self.cache.who.bots);
        rec.person = self.cache.who.person(self.cache.tool(rec.site), ext, rec);
    }
}
