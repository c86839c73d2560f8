//! What a connection to Trello is made of.

use std::collections::HashMap;
use std::path::PathBuf;

use connector_kit::secret::Secret;
use connector_model::StatusCategory;
use url::Url;

/// What a list or a label says of the state of its cards, by name (upper and lower case being the same) or by id. Lists that
/// are not named follow what their name means in the languages we know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(HashMap<String, StatusCategory>);

impl FromIterator<(String, StatusCategory)> for States {
    fn from_iter<I: IntoIterator<Item = (String, StatusCategory)>>(pairs: I) -> States {
        States(pairs.into_iter().map(|(word, category)| (key(&word), category)).collect())
    }
}

impl States {
    /// What the operator says of a list or a label. `None`: nothing.
    pub(crate) fn of(&self, id: &str, name: &str) -> Option<StatusCategory> {
        self.0.get(&key(name)).or_else(|| self.0.get(&key(id))).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every word that the operator names, in lower case.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The form in which two spellings of a word are equal.
pub(crate) fn key(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Names or ids of custom fields, which mean what their board says they mean. `None`: there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// A date: planned start, where the card's own start date is empty.
    pub start: Option<String>,
    /// A number: declared progress, per cent (0 to 100).
    pub progress: Option<String>,
    /// A number: estimated work in hours.
    pub estimate: Option<String>,
}

/// What a connection to Trello is made of. Not to be printed: a proxy's address may hold a password.
#[derive(Clone)]
pub struct Config {
    /// The API's address: `https://api.trello.com/1`.
    pub url: Url,
    /// The API key. Read anew where it is needed, so that a changed file takes effect without a restart.
    pub key: Secret,
    /// The token of the account we read and write as; likewise.
    pub token: Secret,
    /// Boards by id, short link or name. Empty: every open board of the account.
    pub boards: Vec<String>,
    /// What lists and labels mean.
    pub states: States,
    /// What custom fields are called.
    pub fields: Fields,
    /// PEM file with the company's own CA. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}
