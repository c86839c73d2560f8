//! The configuration: what can be set, as types. Reading and checking it once is [`load()`]'s work; after that it is
//! passed on, never looked up.
//!
//! There is no `Default` here: defaults stand in `config/default.toml` alone, each with its reason. Thresholds of rules
//! belong to the rules ([`RuleSettings`]). Which connector a table becomes is the registry's business.
//!
//! | file | what for |
//! |---|---|
//! | `files` | which files are read |
//! | `tree` | files to one tree; where each key stands |
//! | `paths` | keys as paths, and which of them hold a secret |
//! | `load` | defaults, files, environment and flags in layers; all mistakes in one run |
//! | `read` | a merged tree as serde sees it, strict, with errors that know their key |
//! | `check` | what no single value can tell: references, repeats, ranges |
//! | `server` | `[server]`, `[heartbeat]` |
//! | `limits` | `[limits]` |
//! | `github` | the same for GitHub's tables: which credential, what is covered twice, what a filter hides |
//! | `asana`, `trello` | `[asana.NAME]`, `[trello.NAME]`: which place an address leads to, what is read twice |
//! | `jira`, `jql` | `[jira.NAME]`, the same for it; what of its query language that needs |
//! | `tables` | what the tables of all trackers have in common |
//! | `values`, `secrets`, `shapes` | small types that refuse a wrong value |
//! | `projects` | what is read of projects and fields |
//! | `limits` | `[limits]`: how much people are told |
//! | `routes` | `[[routes]]`: who hears in which order |
//! | `schedule` | `[schedule]` |
//! | `outgoing` | `[email]`, `[webhooks.NAME]`, who wants to be told by which channel |
//! | `diagnose`, `pages` | how a mistake looks, and what each id means |
//! | `revisions` | which change of the configuration asks for which work |
//! | `sections` | the words of `config/default.toml`, by table and key |
//! | `reference`, `schema` | what can be set, for people and for editors, from the defaults and the types |
//! | `show` | what is in force, and where each value comes from |
//! | `migrate` | an older file in the present form |

mod addresses;
mod asana;
mod calendars;
mod check;
pub mod diagnose;
mod files;
mod github;
mod hints;
mod ics;
mod jira;
mod jql;
mod limits;
mod load;
pub mod migrate;
mod mistakes;
mod origins;
mod outgoing;
mod pages;
mod paths;
mod projects;
mod read;
pub mod reference;
pub mod revisions;
mod routes;
mod rules;
mod schedule;
pub mod schema;
mod secrets;
mod sections;
mod server;
mod shapes;
mod slack;
pub mod show;
mod slots;
mod tables;
#[cfg(test)]
mod tests;
mod tree;
mod trello;
mod trials;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::away::DateRange;
use crate::domain::finding::Stage;
pub use crate::domain::length::Length;
pub use crate::domain::policy::Mode;
pub use crate::rules::overrides::Override;
pub use crate::rules::settings::RuleSettings;
pub use asana::{AsanaConnection, AsanaFields, project_of as asana_project_of, workspace_of as asana_workspace_of};
pub use calendars::{CalendarSettings, Capacity, Days, Stretch, WeekHours};
pub use diagnose::{Diagnostic, Severity};
pub use files::{environment, find_and_read};
pub use jira::{JiraConnection, JiraFields, JiraKind, is_atlassian as is_jira_cloud, site_of as jira_site_of};
pub use limits::LimitSettings;
pub use load::{Flags, Loaded, Sources, load, store_url};
pub use origins::Origin;
pub use outgoing::{ByMail, EmailSettings, HookEvent, HookUrl, MailSender, NotifySettings, SmtpUrl, WebhookSettings};
pub use projects::{GithubFields, Statuses};
pub use revisions::Revisions;
pub use routes::{RouteSettings, StepSettings, ViaSettings};
pub use schedule::ScheduleSettings;
pub use secrets::SecretRef;
pub use server::{Audience, HeartbeatSettings, Listen, ServerSettings};
pub use trello::{TrelloConnection, TrelloFields, board_of as trello_board_of};
pub use trials::{Trials, schema as trials_schema};
pub use values::{AppId, BaseUrl, InstallationId, OneOrMany, ProjectKey, ProjectName, ProxyUrl, Repo, StoreUrl, Zone};

/// `config/default.toml`, the reference.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");
/// `config/example.toml`, the smallest useful file.
pub const EXAMPLE: &str = include_str!("../../config/example.toml");

/// Everything that can be set, checked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The shape of the file; always 1.
    pub version: u32,
    /// For whatever has no mode of its own.
    pub mode: Mode,
    /// Where everything is kept.
    pub store: StoreSettings,
    /// What the daemon answers over HTTP.
    pub server: ServerSettings,
    /// `None`: nobody is told that it lives.
    pub heartbeat: Option<HeartbeatSettings>,
    /// Connections to GitHub by name: `acme` is written `github.acme` everywhere else.
    pub github: BTreeMap<String, GithubConnection>,
    /// Connections to Jira by name, likewise.
    pub jira: BTreeMap<String, JiraConnection>,
    /// Connections to Asana by name, likewise.
    pub asana: BTreeMap<String, AsanaConnection>,
    /// Connections to Trello by name, likewise.
    pub trello: BTreeMap<String, TrelloConnection>,
    /// `None`: nothing is sent to Slack.
    pub slack: Option<SlackSettings>,
    /// `None`: nothing is sent by mail.
    pub email: Option<EmailSettings>,
    /// Where everything that is told is posted to, by name.
    pub webhooks: BTreeMap<String, WebhookSettings>,
    /// Comments on tasks.
    pub comments: CommentSettings,
    /// People by name.
    pub people: BTreeMap<String, PersonSettings>,
    /// Teams by name.
    pub teams: BTreeMap<String, TeamSettings>,
    /// Working hours by name.
    pub calendars: BTreeMap<String, CalendarSettings>,
    /// How accounts become people.
    pub directory: DirectorySettings,
    /// Who hears of trouble with gapwatch itself.
    pub operators: OperatorSettings,
    /// When and how people are told.
    pub messages: MessageSettings,
    /// When digests are due.
    pub schedule: ScheduleSettings,
    /// How much is said.
    pub limits: LimitSettings,
    /// Thresholds.
    pub rules: RuleSettings,
    /// Other thresholds for some tasks; of several that match, the later ones count.
    pub overrides: Vec<Override>,
    /// Who hears in which order; the first that a gap is on counts. Empty: the usual ladder.
    pub routes: Vec<RouteSettings>,
    /// Where each value comes from.
    #[serde(skip)]
    origins: origins::Known,
}

impl Settings {
    /// Where the value of a key comes from: `origin("rules.pace.behind.from")`. A key nobody has set comes from the
    /// defaults, and so does one that does not exist.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.of(key)
    }

    /// Whether a condition reads what the tools call things: labels, keys, words for states.
    pub fn read_words(&self) -> bool {
        let matched = self.overrides.iter().flat_map(|one| one.r#match.fields());
        let routed = self.routes.iter().filter_map(|one| one.r#match.as_ref()).flat_map(|one| one.fields());
        self.rules.read_words() || matched.chain(routed).any(|field| field.is_word())
    }

    /// Every connection as it is written elsewhere: `github.acme`.
    pub fn connections(&self) -> impl Iterator<Item = String> + '_ {
        self.tables().map(|table| table.connection)
    }

    /// Every connection with the mode of its own.
    pub fn connection_modes(&self) -> impl Iterator<Item = (String, Option<Mode>)> + '_ {
        self.tables().map(|table| (table.connection, table.mode))
    }
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// The database.
    pub url: StoreUrl,
    /// Whether it may lie on a file system of another machine.
    pub allow_network_fs: bool,
}

/// `[github.NAME]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubConnection {
    /// API base.
    pub url: BaseUrl,
    /// GraphQL endpoint. `None`: follows from `url`, see [`GithubConnection::graphql`].
    pub graphql_url: Option<BaseUrl>,
    /// The token. `None`: a GitHub App logs in.
    pub token: Option<SecretRef>,
    /// The token that comments are written with. `None`: `token`.
    pub comment_token: Option<SecretRef>,
    /// The GitHub App. `None`: a token logs in.
    pub app_id: Option<AppId>,
    /// The App's private key, PEM. `None`: a token logs in.
    pub private_key: Option<SecretRef>,
    /// The App's installation. `None`: found by the owners of `repos`.
    pub installation_id: Option<InstallationId>,
    /// What its webhooks are signed with. `None`: none are taken.
    pub webhook_secret: Option<SecretRef>,
    /// Repositories watched, single ones or all of an owner; at least one, none twice.
    pub repos: Vec<Repo>,
    /// Which of their issues.
    pub filter: GithubFilter,
    /// Labels that tell a state.
    pub states: States,
    /// Projects that are read, the first counting before the next; none twice.
    pub projects: Vec<ProjectName>,
    /// What fields are called.
    pub fields: GithubFields,
    /// What the columns of projects mean.
    pub statuses: Statuses,
    /// How often each repository is asked for changes; 1 second to 1 day, always elapsed time.
    pub poll: Length,
    /// `None`: the mode at the top.
    pub mode: Option<Mode>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

impl GithubConnection {
    /// The GraphQL endpoint: the configured one, or what belongs to the API base (`https://HOST/api/graphql` beside
    /// `https://HOST/api/v3`, else `graphql` below the base).
    pub fn graphql(&self) -> url::Url {
        let Some(configured) = &self.graphql_url else {
            let mut url = self.url.url().clone();
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{}/graphql", path.strip_suffix("/v3").unwrap_or(&path)));
            return url;
        };
        configured.url().clone()
    }
}

/// Which issues are watched; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubFilter {
    /// All of these labels; empty: whatever they are.
    pub labels: Vec<String>,
    /// A login. `None`: whoever, and nobody.
    pub assignee: Option<String>,
    /// A milestone's title. `None`: whichever, and none.
    pub milestone: Option<String>,
}

/// The tool's own words for each state; no word stands under two of them, upper and lower case being the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct States {
    /// Not begun.
    pub todo: Vec<String>,
    /// Being worked on.
    pub active: Vec<String>,
    /// Waiting for a reviewer.
    pub review: Vec<String>,
    /// Waiting for somebody or something else.
    pub waiting: Vec<String>,
    /// Finished.
    pub done: Vec<String>,
    /// Given up.
    pub cancelled: Vec<String>,
}

impl States {
    /// Each state with its words, in the order of work.
    pub fn all(&self) -> [(&'static str, &[String]); 6] {
        [
            ("todo", &self.todo),
            ("active", &self.active),
            ("review", &self.review),
            ("waiting", &self.waiting),
            ("done", &self.done),
            ("cancelled", &self.cancelled),
        ]
    }
}

/// `[slack]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// API base.
    pub url: BaseUrl,
    /// The bot's token. `None`: there is a webhook instead.
    pub bot_token: Option<SecretRef>,
    /// The app's own token: presses of buttons come in over a websocket. `None`: they do not.
    pub app_token: Option<SecretRef>,
    /// What Slack signs presses with that come by HTTP. `None`: none do.
    pub signing_secret: Option<SecretRef>,
    /// The address of an incoming webhook, instead of a token. `None`: there is a token.
    pub webhook_url: Option<SecretRef>,
    /// Name or id of the channel for digests and for what has no person. `None`: such things wait in the log of words.
    pub channel: Option<String>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

impl SlackSettings {
    /// True where people can be told in private; a webhook reaches its channel alone.
    pub fn reaches_people(&self) -> bool {
        self.webhook_url.is_none()
    }

    /// True where messages have buttons: somebody would hear when one is pressed.
    pub fn hears_presses(&self) -> bool {
        self.reaches_people() && (self.app_token.is_some() || self.signing_secret.is_some())
    }

    /// The channel for what has no person: the configured one, or whichever the webhook posts into.
    pub fn open_channel(&self) -> Option<String> {
        if self.reaches_people() { self.channel.clone() } else { Some(WEBHOOKS_CHANNEL.to_owned()) }
    }
}

/// What the channel of a webhook is called; nobody but Slack knows its name.
const WEBHOOKS_CHANNEL: &str = "the webhook's channel";

/// `[comments]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentSettings {
    /// Connections (`github.acme`) on which tasks are commented. `None`: every one; empty: none.
    pub on: Option<Vec<String>>,
    /// The stage from which a comment is written.
    pub from_stage: FromStage,
}

/// A stage, as the configuration writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FromStage {
    /// Stage 1.
    Opens,
    /// Stage 2.
    Widens,
    /// Stage 3.
    Failure,
}

impl FromStage {
    /// The same, as the rules say it.
    pub fn stage(self) -> Stage {
        match self {
            FromStage::Opens => Stage::Opens,
            FromStage::Widens => Stage::Widens,
            FromStage::Failure => Stage::Failure,
        }
    }
}

/// `[people.NAME]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSettings {
    /// As shown. `None`: the table's name.
    pub name: Option<String>,
    /// `None`: not joined by address.
    pub email: Option<String>,
    /// The name of another table. `None`: the directory's default manager.
    pub manager: Option<String>,
    /// The name of another table: who hears in this person's place while they are away. `None`: the manager does.
    pub deputy: Option<String>,
    /// The name of a table of `[calendars]`. `None`: the directory's default calendar.
    pub calendar: Option<String>,
    /// `None`: the calendar's zone.
    pub tz: Option<Zone>,
    /// How much they work in a week. `None`: all hours of the calendar.
    pub capacity: Option<Capacity>,
    /// Days on which they are away.
    pub away: Vec<Days>,
    /// A file of such days. `None`: none.
    pub away_ics: Option<PathBuf>,
    /// What that file says.
    #[serde(skip)]
    #[schemars(skip)]
    from_ics: Vec<DateRange>,
    /// By which channels they want to be told.
    pub notify: NotifySettings,
    /// Accounts, by tool.
    pub also: Accounts,
}

impl PersonSettings {
    /// Days on which they are away: those of the configuration and those of the file.
    pub fn days_away(&self) -> Vec<DateRange> {
        self.away.iter().map(|days| days.0).chain(self.from_ics.iter().copied()).collect()
    }
}

/// `[teams.NAME]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamSettings {
    /// As shown. `None`: the table's name.
    pub name: Option<String>,
    /// The name of a table of `[people]`: who hears of what is assigned to the team.
    pub manager: String,
    /// Accounts, by tool.
    pub also: Accounts,
}

/// A person's accounts in each tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Logins.
    pub github: OneOrMany,
    /// Account ids; on Data Center user names.
    pub jira: OneOrMany,
    /// Gids.
    pub asana: OneOrMany,
    /// User names.
    pub trello: OneOrMany,
    /// User ids, `U…`.
    pub slack: OneOrMany,
}

impl Accounts {
    /// Each tool with the accounts in it.
    pub fn by_tool(&self) -> [(&'static str, &[String]); 5] {
        [
            ("github", &self.github.0),
            ("jira", &self.jira.0),
            ("asana", &self.asana.0),
            ("trello", &self.trello.0),
            ("slack", &self.slack.0),
        ]
    }

    /// Each tracker's accounts, with the tracker: (`github`, `ana-k`).
    pub fn in_trackers(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let trackers = self.by_tool().into_iter().filter(|(tool, _)| *tool != "slack");
        trackers.flat_map(|(tool, accounts)| accounts.iter().map(move |account| (tool, account)))
    }
}

/// `[directory]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectorySettings {
    /// Logins that are no persons, besides those the tool marks itself; `*` stands for anything.
    pub bots: Vec<String>,
    /// Whether the same address in two tools is one person.
    pub match_by_email: bool,
    /// Who leads people without a manager. `None`: such gaps stay in the channel digest.
    pub default_manager: Option<String>,
    /// The name of a table of `[calendars]`, for people without one. `None`: Monday to Friday, 9 to 17, in the server's zone.
    pub default_calendar: Option<String>,
}

/// `[operators]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorSettings {
    /// Names of `[people]` tables.
    pub people: Vec<String>,
    /// A Slack channel. `None`: none.
    pub channel: Option<String>,
}

/// `[messages]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageSettings {
    /// Time since the last change of a task before anything is said; always elapsed time.
    pub settle: Length,
    /// Clear in fresh data for so long is resolved; always elapsed time.
    pub clear_after: Length,
    /// Nothing to somebody who worked on the task within this time.
    pub recent_action: Length,
    /// Whether messages wait for working hours.
    pub work_hours_only: bool,
    /// What becomes of gaps that were there before.
    pub backlog: Backlog,
}

/// What becomes of gaps that are there when a container becomes warm, the mode turns live or a rule changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backlog {
    /// Shown, and one line in the manager's summary.
    Hold,
    /// Told like new ones.
    Tell,
}
