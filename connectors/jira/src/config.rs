//! What a connection to Jira is made of.

use std::collections::HashMap;
use std::path::PathBuf;

use connector_kit::secret::Secret;
use connector_model::StatusCategory;
use url::Url;

/// Which of the two products answers; they are two different APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// `*.atlassian.net`.
    Cloud,
    /// Data Center, and the old Server line.
    DataCenter,
}

/// How we log in. Read anew where it is needed, so that a changed file takes effect without a restart.
#[derive(Clone)]
pub struct Login {
    /// The account's e-mail address (Cloud), or its user name (a password on Data Center). `None`: the token stands for
    /// itself, as a personal access token or a service account's does.
    pub user: Option<String>,
    /// API token, personal access token or password.
    pub token: Secret,
}

/// What fields are called where the site's own schema does not tell: an id (`customfield_10015`) or a name. `None`: found by
/// schema and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// Planned start.
    pub start: Option<String>,
    /// A date field that is the deadline where `duedate` is empty.
    pub due: Option<String>,
    /// Declared progress, per cent (0 to 100) as a number. Nothing stands in for it.
    pub progress: Option<String>,
    /// Story points.
    pub points: Option<String>,
    /// The sprint.
    pub sprint: Option<String>,
    /// The epic's key, on Data Center.
    pub epic: Option<String>,
    /// The flag that says "blocked".
    pub flagged: Option<String>,
}

/// Which status says which state, by name (upper and lower case being the same) or by id. What is not named follows the
/// status's own category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(pub(crate) HashMap<String, StatusCategory>);

impl FromIterator<(String, StatusCategory)> for States {
    fn from_iter<I: IntoIterator<Item = (String, StatusCategory)>>(pairs: I) -> States {
        States(pairs.into_iter().map(|(word, category)| (word.to_lowercase(), category)).collect())
    }
}

/// What a connection to Jira is made of. Not to be printed: a proxy's address may hold a password.
#[derive(Clone)]
pub struct Config {
    /// The site as people open it, with its context path: `https://acme.atlassian.net`, `https://jira.example.org/jira`.
    pub url: Url,
    /// The API's address for scoped tokens: `https://api.atlassian.com/ex/jira/CLOUD_ID`. `None`: the site's own, and where
    /// that refuses a token the gateway is found.
    pub gateway_url: Option<Url>,
    /// `None`: the server is asked.
    pub edition: Option<Edition>,
    /// How we log in.
    pub login: Login,
    /// Keys of projects. Empty: every project the account can see.
    pub projects: Vec<String>,
    /// JQL that narrows the projects. `None`: all of their issues.
    pub select: Option<String>,
    /// What statuses mean.
    pub states: States,
    /// What fields are called.
    pub fields: Fields,
    /// Link types that mean "blocks", by name or id. Empty: found by name and wording.
    pub blocking: Vec<String>,
    /// Whether service projects may be commented on, for their agents alone. Customers never see a comment of ours.
    pub comment_service_projects: bool,
    /// PEM file with the company's own CA. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// Proxy. `None`: the system's.
    pub proxy: Option<Url>,
}
