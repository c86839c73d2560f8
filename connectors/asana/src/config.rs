//! What a connection to Asana is made of.

use std::collections::HashMap;
use std::path::PathBuf;

use connector_kit::secret::Secret;
use connector_model::StatusCategory;
use url::Url;

/// What custom fields are called where Asana's own templates do not tell: a gid or a name. `None`: found by the template they
/// were made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Planned start, where Asana's own start date is empty: a date field.
    pub start: Option<String>,
    /// Declared progress: a number, shown as per cent or from 0 to 100.
    pub progress: Option<String>,
    /// Estimated work: a duration field, or a number of hours.
    pub estimate: Option<String>,
    /// Priority: a field with one choice.
    pub priority: Option<String>,
}

impl Fields {
    /// Every name that the operator gave.
    pub(crate) fn named(&self) -> Vec<&str> {
        let all = [&self.start, &self.progress, &self.estimate, &self.priority];
        all.into_iter().filter_map(|word| word.as_deref()).collect()
    }
}

/// Which section, or which value of a status field, says which state; upper and lower case being the same. What is not
/// named follows its own words where they are common ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(pub(crate) HashMap<String, StatusCategory>);

impl States {
    /// What this word was configured to mean.
    pub(crate) fn of(&self, word: &str) -> Option<StatusCategory> {
        self.0.get(&folded(word)).copied()
    }
}

impl FromIterator<(String, StatusCategory)> for States {
    fn from_iter<I: IntoIterator<Item = (String, StatusCategory)>>(pairs: I) -> States {
        States(pairs.into_iter().map(|(word, category)| (folded(&word), category)).collect())
    }
}

/// A word as it is compared.
pub(crate) fn folded(word: &str) -> String {
    word.trim().to_lowercase()
}

/// What a connection to Asana is made of. Not to be printed: a proxy's address may hold a password.
#[derive(Clone)]
pub struct Config {
    /// The API: `https://app.asana.com/api/1.0`.
    pub url: Url,
    /// A personal access token, or a service account's.
    pub token: Secret,
    /// The workspace, by gid or name. `None`: all that the account is in.
    pub workspace: Option<String>,
    /// Projects by gid or name. Empty: all that the account can see and that are not archived.
    pub projects: Vec<String>,
    /// What sections and statuses mean.
    pub states: States,
    /// What custom fields are called.
    pub fields: Fields,
    /// PEM file with the company's own CA. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}
