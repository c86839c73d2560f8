//! Accounts as pages name them: described ones, and bare ones of which only the id is known yet.

use connector_model::{Account, AccountKind};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::super::StoreError;
use super::bots::BotNames;
use super::values::{at_opt, code_in, us};
use super::{Work, absences};
use crate::domain::calendar::later;
use crate::domain::ids::{AccountId, PersonId, SiteId};
use crate::domain::people::AccountRec;

/// The tool's name of the site on which every person has an account of their own.
pub(super) const OWN_TOOL: &str = "gapwatch";

/// How closely it is kept when an account last acted.
const ACTED_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Every account, with its stable id.
pub(super) fn read_all(db: &Connection, bots: &BotNames) -> Result<Vec<(String, AccountRec)>, StoreError> {
    let mut query =
        db.prepare("SELECT id, site, ext, handle, name, email, kind, person, acted_at FROM accounts ORDER BY id")?;
    let rows = query.query_map([], |row| account(row, bots))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn account(row: &Row<'_>, bots: &BotNames) -> Result<(String, AccountRec), rusqlite::Error> {
    let mut rec = AccountRec {
        id: AccountId(row.get(0)?),
        site: SiteId(row.get(1)?),
        handle: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        kind: AccountKind::from_code(code_in(row, 6)?),
        bot: false,
        person: row.get::<_, Option<i64>>(7)?.map(PersonId),
        acted_at: at_opt(row, 8)?,
    };
    rec.bot = is_bot(&rec, bots);
    Ok((row.get(2)?, rec))
}

/// By the tool's word, or named in the configuration: by login, or by the name that people see where a login is a mere id.
pub(super) fn is_bot(rec: &AccountRec, bots: &BotNames) -> bool {
    let named = rec.handle.iter().chain(&rec.name).any(|name| bots.contains(name));
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
            acted_at: None,
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

    /// Notes that an account acted. Kept to the hour: nothing asks more closely, and a page would write a row for each entry.
    pub(super) fn acted(&mut self, account: AccountId, at: Timestamp) -> Result<(), StoreError> {
        let Some(rec) = self.cache.accounts.get_mut(&account) else { return Ok(()) };
        if rec.acted_at.is_some_and(|known| at < later(known, ACTED_EVERY)) {
            return Ok(());
        }
        rec.acted_at = Some(at);
        let mut put = self.db.prepare_cached("UPDATE accounts SET acted_at = ? WHERE id = ?")?;
        put.execute(params![us(at), account.0])?;
        self.touched.accounts.insert(account);
        Ok(())
    }

    fn settle_account(&self, ext: &str, rec: &mut AccountRec) {
        rec.bot = is_bot(rec, &self.cache.who.bots);
        rec.person = self.cache.who.person(self.cache.tool(rec.site), ext, rec);
    }
}
