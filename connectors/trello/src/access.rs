//! How a call logs in: API key and token, both in the `Authorization` header and never in an address.
//!
//! Both are read anew for each call. After a refusal a call is made once more where one of them has been replaced meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::http::Request;
use connector_kit::secret::Secret;
use secrecy::{ExposeSecret, SecretString};

use crate::TOOL;

/// The credential, and which one was refused last.
pub(crate) struct Access {
    key: Secret,
    token: Secret,
    refused: Mutex<Option<Credential>>,
}

/// Key and token as they were read for one call.
#[derive(Clone)]
pub(crate) struct Credential {
    key: SecretString,
    token: SecretString,
}

impl Credential {
    fn is(&self, other: &Credential) -> bool {
        let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        same(&self.key, &other.key) && same(&self.token, &other.token)
    }

    /// The request, logged in.
    pub(crate) fn sign(&self, request: Request) -> Request {
        let (key, token) = (self.key.expose_secret(), self.token.expose_secret());
        let value = format!("OAuth oauth_consumer_key=\"{key}\", oauth_token=\"{token}\"");
        request.authorization(SecretString::from(value), vec![self.key.clone(), self.token.clone()])
    }
}

impl Access {
    pub(crate) fn new(key: Secret, token: Secret) -> Access {
        Access { key, token, refused: Mutex::default() }
    }

    /// Key and token as they are now. One that cannot be read (its file is being exchanged), or that is none, counts as
    /// refused, so that it is tried again as soon as it is there.
    pub(crate) fn credential(&self) -> Result<Credential, ConnectorError> {
        self.read().map_err(|what| {
            let nothing = SecretString::from("");
            self.refuse(&Credential { key: nothing.clone(), token: nothing });
            ConnectorError::Unauthorized { tool: TOOL, what }
        })
    }

    fn read(&self) -> Result<Credential, String> {
        let read = |secret: &Secret, name: &str| {
            let value = secret.read()?;
            let text = value.expose_secret().trim();
            // A quote would end the value in the header; neither key nor token has anything but letters and digits.
            match !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
                true => Ok(SecretString::from(text.to_owned())),
                false => Err(format!("the {name} holds nothing, or a character that no {name} has")),
            }
        };
        Ok(Credential { key: read(&self.key, "key")?, token: read(&self.token, "token")? })
    }

    /// Notes a refused credential.
    pub(crate) fn refuse(&self, refused: &Credential) {
        *lock(&self.refused) = Some(refused.clone());
    }

    /// What was refused is good again.
    pub(crate) fn note_good(&self) {
        lock(&self.refused).take();
    }

    /// The credential that has been put in place of this one. `None`: it is still the same.
    pub(crate) fn instead_of(&self, refused: &Credential) -> Option<Credential> {
        self.read().ok().filter(|now| !now.is(refused))
    }

    /// Whether another credential stands where a refused one stood.
    pub(crate) fn is_renewed(&self) -> bool {
        let refused = lock(&self.refused).clone();
        refused.is_some_and(|refused| self.instead_of(&refused).is_some())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
