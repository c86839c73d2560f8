//! Which edition answers, who we are there, and whether an answer was given to us.
//!
//! A server that lets anonymous visitors read answers a refused credential with what such a visitor may see: often nothing,
//! with status 200. Most answers name the account they were given to; one that does not is believed only beside an
//! answer of `/myself`, which no anonymous visitor gets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::http::Response;
use connector_model::{Account, AccountKind};
use serde::Deserialize;

use crate::answers::{expect_ok, is_anonymous, named, refusal};
use crate::call::{Call, Query};
use crate::config::Edition;
use crate::{Jira, TOOL, items};

/// What is known of both sides.
pub(crate) struct Identity {
    edition: Mutex<Option<Edition>>,
    me: Mutex<Option<Me>>,
}

/// Who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Me {
    /// Our account.
    pub(crate) account: Account,
    /// How the headers of answers name us. `None`: they do not.
    header: Option<String>,
}

impl Identity {
    pub(crate) fn new(edition: Option<Edition>) -> Identity {
        Identity { edition: Mutex::new(edition), me: Mutex::default() }
    }
}

/// `/serverInfo`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServerInfo {
    /// `Cloud`, `Server`.
    pub(crate) deployment_type: Option<String>,
    /// `10.3.24`.
    pub(crate) version: Option<String>,
}

/// An account, of either edition.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Myself {
    account_id: Option<String>,
    account_type: Option<String>,
    key: Option<String>,
    name: Option<String>,
    display_name: Option<String>,
    email_address: Option<String>,
    active: Option<bool>,
}

impl Myself {
    /// In our words. `None`: it names nobody.
    pub(crate) fn account(self, edition: Edition) -> Option<Account> {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (ext, handle) = match edition {
            Edition::Cloud => (some(self.account_id.clone())?, some(self.account_id)),
            Edition::DataCenter => {
                let name = some(self.name);
                (some(self.key).or_else(|| name.clone())?, name)
            }
        };
        let kind = match (self.active, self.account_type.as_deref()) {
            (Some(false), _) => AccountKind::Gone,
            (_, Some("app")) => AccountKind::Bot,
            _ => AccountKind::Human,
        };
        Some(Account { ext, handle, name: some(self.display_name), email: some(self.email_address), kind })
    }
}

impl Jira {
    /// Which edition answers; asked once and kept.
    pub(crate) async fn edition(&self) -> Result<Edition, ConnectorError> {
        if let Some(edition) = *lock(&self.identity.edition) {
            return Ok(edition);
        }
        let info = self.server_info().await?;
        let edition = match info.deployment_type.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("cloud") => Edition::Cloud,
            _ => Edition::DataCenter,
        };
        *lock(&self.identity.edition) = Some(edition);
        Ok(edition)
    }

    /// What the server says of itself. It needs no login, so that none is spent on it unless it is asked for.
    pub(crate) async fn server_info(&self) -> Result<ServerInfo, ConnectorError> {
        const PATH: &str = "rest/api/2/serverInfo";
        let read = |response: &Response| -> Option<ServerInfo> {
            (response.status == 200).then(|| serde_json::from_slice(&response.body).ok())?
        };
        match self.read_openly(PATH).await {
            Ok(response) => {
                if let Some(info) = read(&response) {
                    return Ok(info);
                }
            }
            Err(ConnectorError::Unauthorized { .. }) => {}
            Err(error) => return Err(error),
        }
        let response = self.read_signed(PATH).await?;
        match read(&response) {
            Some(info) => Ok(info),
            None if response.status == 200 => {
                let what = "the address in `url` answers, but not as Jira does (serverInfo)".to_owned();
                Err(ConnectorError::Misconfigured { tool: TOOL, what })
            }
            None => Err(refusal(&response, "serverInfo; is the address in `url` that of Jira, with its context path?")),
        }
    }

    /// Who we are, asked now.
    pub(crate) async fn ask_myself(&self) -> Result<Me, ConnectorError> {
        let edition = self.edition().await?;
        let response = self.read_logged_in(&Call::get("myself", Query::new())).await?;
        if matches!(response.status, 403 | 404) {
            let what = format!("it is told nothing of itself (HTTP {})", response.status);
            return Err(ConnectorError::Unauthorized { tool: TOOL, what });
        }
        let header = named(&response).map(str::to_owned);
        let response = expect_ok(response, "myself")?;
        let myself: Myself = items::single(&response, "myself")?;
        let Some(account) = myself.account(edition) else {
            let what = "an answer of /myself that names no account".to_owned();
            return Err(ConnectorError::Malformed { tool: TOOL, what, source: None });
        };
        let me = Me { account, header };
        *lock(&self.identity.me) = Some(me.clone());
        Ok(me)
    }

    /// Who we are; asked once, and again with each whoami.
    pub(crate) async fn own_account(&self) -> Result<Account, ConnectorError> {
        let known = lock(&self.identity.me).clone();
        match known {
            Some(me) => Ok(me.account),
            None => Ok(self.ask_myself().await?.account),
        }
    }

    /// Fails unless this answer was given to us.
    pub(crate) async fn believe(&self, response: &Response) -> Result<(), ConnectorError> {
        let known = lock(&self.identity.me).clone();
        let name = named(response);
        if name.is_some() && known.is_some_and(|me| me.header.as_deref() == name) {
            return Ok(());
        }
        // Who is known now was known when the older answer was given.
        let me = self.ask_myself().await?;
        if is_anonymous(response) || (name.is_some() && me.header.as_deref() != name) {
            let what = "an answer came as to somebody else than the account of the credential".to_owned();
            return Err(ConnectorError::Transient { tool: TOOL, what, retry_after: None, source: None });
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
