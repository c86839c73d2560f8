//! The token: read anew for each call, so that a changed file takes effect without a restart.

use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_kit::ConnectorError;
use connector_kit::secret::Secret;
use secrecy::{ExposeSecret, SecretString};

use crate::TOOL;

/// The credential, and whether it was refused.
pub(crate) struct Access {
    token: Secret,
    refused: Mutex<Option<SecretString>>,
}

impl Access {
    pub(crate) fn new(token: Secret) -> Access {
        Access { token, refused: Mutex::default() }
    }

    /// The token as it is now. One that cannot be read (its file is being exchanged) counts as refused, so that it is tried
    /// again as soon as it is there.
    pub(crate) fn token(&self) -> Result<SecretString, ConnectorError> {
        self.token.read().map_err(|what| {
            self.refuse(SecretString::from(""));
            ConnectorError::Unauthorized { tool: TOOL, what }
        })
    }

    /// Another token than this one, if there is one now.
    pub(crate) fn another(&self, than: &SecretString) -> Option<SecretString> {
        self.token.read().ok().filter(|now| now.expose_secret() != than.expose_secret())
    }

    pub(crate) fn refuse(&self, token: SecretString) {
        *self.refused() = Some(token);
    }

    /// What was refused is good again.
    pub(crate) fn note_good(&self) {
        self.refused().take();
    }

    /// Whether another token stands where a refused one stood.
    pub(crate) fn is_renewed(&self) -> bool {
        let refused = self.refused().clone();
        refused.is_some_and(|refused| self.another(&refused).is_some())
    }

    fn refused(&self) -> MutexGuard<'_, Option<SecretString>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
