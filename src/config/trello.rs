//! `[trello.NAME]`, and what no single value of it can tell: which board an address leads to, whether key and token are what
//! they are called, and what two connections both read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::addresses::{self, is_foreign};
use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};
use super::paths::within;
use super::{BaseUrl, Length, Mode, ProxyUrl, SecretRef, Settings, States};

/// `[trello.NAME]`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrelloConnection {
    /// API base.
    pub url: BaseUrl,
    /// The API key.
    pub key: SecretRef,
    /// The token that a member gave to the key.
    pub token: SecretRef,
    /// The secret beside the key, which webhooks are signed with. `None`: none are taken.
    pub webhook_secret: Option<SecretRef>,
    /// The address that webhooks are sent to, letter for letter as it was registered. `None`: none are taken.
    pub webhook_url: Option<String>,
    /// Boards watched, by id, short link, name or address; none twice. Empty: every open
    /// board of the account.
    pub boards: Vec<String>,
    /// Lists that tell a state.
    pub states: States,
    /// What custom fields are called.
    pub fields: TrelloFields,
    /// How often each board is asked for changes; 1 second to 1 day, always elapsed time.
    pub poll: Length,
    /// `None`: the mode at the top.
    pub mode: Option<Mode>,
    /// PEM file with a CA trusted beside the system's. `None`: the system's alone.
    pub ca_file: Option<PathBuf>,
    /// `None`: the environment's.
    pub proxy: Option<ProxyUrl>,
}

/// Custom fields of the boards, each by its name or id. `None`: not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrelloFields {
    /// Planned start, where a card's own is empty.
    pub start: Option<String>,
    /// Declared progress, 0 to 100.
    pub progress: Option<String>,
    /// Estimated work.
    pub estimate: Option<String>,
}

impl TrelloFields {
    /// Each with what it is called.
    pub fn all(&self) -> [(&'static str, Option<&String>); 3] {
        [("start", self.start.as_ref()), ("progress", self.progress.as_ref()), ("estimate", self.estimate.as_ref())]
    }
}

impl TrelloConnection {
    /// The boards as the tool is asked for them: of an address, the short link in it.
    pub fn board_names(&self) -> Vec<String> {
        self.boards.iter().filter_map(|text| board_of(text)).collect()
    }

    /// The API base in the form in which two spellings are equal.
    pub(super) fn site(&self) -> String {
        self.url.url().as_str().trim_end_matches('/').to_owned()
    }
}

/// Trello's own API base.
const API: &str = "https://api.trello.com/1";

/// Where its pages are.
const DOMAIN: &str = "trello.com";

/// Parts of the path of one of Trello's pages. `None`: this is no address.
fn page(text: &str) -> Option<Vec<&str>> {
    addresses::page(text, "trello.com").map(|page| page.parts)
}

/// The id, short link or name of a board, out of an address as well. `None`: that leads to no board.
pub fn board_of(text: &str) -> Option<String> {
    let Some(parts) = page(text) else { return Some(text.trim().to_owned()).filter(|text| !text.is_empty()) };
    let board = match parts.as_slice() {
        ["b", short, ..] | ["1", "boards", short, ..] => short.trim_end_matches(".json"),
        _ => return None,
    };
    let plain = !board.is_empty() && board.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| board.to_owned())
}

fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// The form in which two spellings of a board are equal. In short links capitals count.
fn folded(board: &str) -> String {
    let is_short = board.len() == 8 && board.chars().all(|c| c.is_ascii_alphanumeric());
    if is_short { board.to_owned() } else { board.to_lowercase() }
}

/// Every mistake, each with the key it is about. `repaired`: what was left out because it could not be read.
pub(super) fn all(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, connection) in &settings.trello {
        let one = One { base: format!("trello.{name}"), connection, context };
        found.extend(one.address());
        found.extend(one.webhook());
        found.extend(one.boards());
        found.extend(one.fields());
    }
    found.extend(read_twice(settings, context, repaired));
    found
}

/// What only reading both secrets tells: one of them was pasted twice.
pub(super) fn same_secret(
    name: &str,
    connection: &TrelloConnection,
    context: &Context,
) -> Option<(String, Diagnostic)> {
    let (key, token) = (connection.key.secret().read().ok()?, connection.token.secret().read().ok()?);
    (key.expose_secret() == token.expose_secret()).then(|| {
        let path = format!("trello.{name}.token");
        let title = "`key` and `token` are the same secret";
        let problem = context.error("bad-secret", About::Value, &path, title, "not the token");
        let help = "the key belongs to the Power-Up, the token is what a member gives to that key: `gapwatch help error bad-secret`";
        (path, problem.help(help))
    })
}

struct One<'a> {
    base: String,
    connection: &'a TrelloConnection,
    context: &'a Context,
}

impl One<'_> {
    fn not(&self, key: &str, found: &str, what: &str, label: &str, help: &str) -> (String, Diagnostic) {
        let path = format!("{}.{key}", self.base);
        let problem = self.context.is_not("bad-value", &path, found, what, label).help(help);
        (path, problem)
    }

    /// An address that leads elsewhere, whatever stands behind its host.
    fn is_foreign(&self, text: &str) -> bool {
        is_foreign(text, DOMAIN, self.connection.url.url())
    }

    /// The API's own address, not that of a page.
    fn address(&self) -> Option<(String, Diagnostic)> {
        let url = self.connection.url.url();
        addresses::is_no_api(url, DOMAIN, API).then(|| {
            let path = format!("{}.url", self.base);
            let title = format!("{url} is a page of Trello, not its API");
            let problem = self.context.error("bad-url", About::Value, &path, &title, "expected the API's address");
            (path, problem.help(format!("leave `url` out, or write url = \"{API}\"; the board stands in `boards`")))
        })
    }

    /// The signature is over the address as well, so that both or neither are needed.
    fn webhook(&self) -> Option<(String, Diagnostic)> {
        let (here, missing, why) = match (&self.connection.webhook_secret, &self.connection.webhook_url) {
            (Some(_), None) => ("webhook_secret", "webhook_url", "the address is part of what is signed"),
            (None, Some(_)) => ("webhook_url", "webhook_secret", "nothing unsigned is taken"),
            (Some(_), Some(url)) if !is_address(url) => {
                let help = "write it as it was registered, as https://gapwatch.example.org/hooks/trello/NAME";
                return Some(self.not("webhook_url", &format!("{url:?}"), "an address", "expected https://…", help));
            }
            _ => return None,
        };
        let path = format!("{}.{here}", self.base);
        let title = format!("`{here}` is here, and `{missing}` is not");
        let problem = self.context.error("missing-key", About::Key, &path, &title, "needs the other one");
        Some((path, problem.help(format!("set `{missing}` as well: {why}; or take both out"))))
    }

    fn boards(&self) -> Vec<(String, Diagnostic)> {
        let wrong = self.connection.boards.iter().enumerate();
        let wrong = wrong.filter(|(_, text)| board_of(text).is_none() || self.is_foreign(text));
        wrong
            .map(|(index, text)| {
                let what = match page(text).as_deref() {
                    _ if self.is_foreign(text) => "a board, but a page of somebody else's",
                    Some(["c", ..]) => "a board, but a card",
                    Some(["w", ..]) => "a board, but a workspace",
                    _ => "a board",
                };
                let help = "open the board and copy its address, as https://trello.com/b/SHORTLINK/name, or write the short link, the id or the name";
                let key = format!("boards[{index}]");
                self.not(&key, &format!("{text:?}"), what, "expected e.g. \"https://trello.com/b/nC8QJJoZ\"", help)
            })
            .collect()
    }

    fn fields(&self) -> Vec<(String, Diagnostic)> {
        let all = self.connection.fields.all().into_iter();
        let empty = all.filter_map(|(key, name)| Some((key, name?))).filter(|(_, name)| name.trim().is_empty());
        empty
            .map(|(key, name)| {
                let found = format!("{name:?}");
                self.not(&format!("fields.{key}"), &found, "a custom field", "expected its name or id", "leave it out")
            })
            .collect()
    }
}

/// Each board is read by one connection.
fn read_twice(settings: &Settings, context: &Context, repaired: &BTreeSet<String>) -> Vec<(String, Diagnostic)> {
    let whole = |path: &str| !repaired.iter().any(|path_out| within(path_out, path));
    let known = |name: &str| whole(&format!("trello.{name}.url")) && whole(&format!("trello.{name}.boards"));
    let connections: Vec<_> = settings.trello.iter().filter(|(name, _)| known(name)).collect();
    let mut found = Vec::new();
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    for (name, connection) in &connections {
        for (index, text) in connection.boards.iter().enumerate() {
            let Some(board) = board_of(text) else { continue };
            let path = format!("trello.{name}.boards[{index}]");
            if let Some(first) = seen.insert((connection.site(), folded(&board)), path.clone()) {
                let title = format!("board {board} is read twice");
                let problem = context.error("duplicate-board", About::Value, &path, &title, "again here");
                let help = "each board is read by one connection: its gaps would be counted twice";
                found.push((path, context.also(problem, &first, "first here").help(help)));
            }
        }
    }
    found.extend(connections.iter().enumerate().filter_map(|(at, (name, connection))| {
        let other = connections.iter().enumerate().find(|(before, (_, other))| {
            let covers = other.boards.is_empty() && (*before < at || !connection.boards.is_empty());
            *before != at && covers && other.site() == connection.site()
        });
        let (_, (other, _)) = other?;
        let path = format!("trello.{name}");
        let title = format!("[trello.{other}] reads every board of its account, beside [trello.{name}]");
        let problem = context.warning("duplicate-board", About::Key, &path, &title, "here");
        let help =
            "only one of the two reads a board that both see, whichever lists it first; name the `boards` of each";
        Some((path, context.also(problem, &format!("trello.{other}"), "and here").help(help)))
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_board_leads_to_its_short_link_and_a_name_stays_one() {
        for (text, of) in [
            ("Client work", "Client work"),
            ("4eea4ffc91e31d1746000046", "4eea4ffc91e31d1746000046"),
            ("https://trello.com/b/nC8QJJoZ", "nC8QJJoZ"),
            ("https://trello.com/b/nC8QJJoZ/trello-development-roadmap?menu=filter", "nC8QJJoZ"),
            ("trello.com/b/nC8QJJoZ.json", "nC8QJJoZ"),
            ("https://api.trello.com/1/boards/4eea4ffc91e31d1746000046", "4eea4ffc91e31d1746000046"),
        ] {
            assert_eq!(board_of(text).as_deref(), Some(of), "{text}");
        }
        for text in ["", "https://trello.com", "https://trello.com/c/abcdEFGH/1-x", "https://trello.com/w/acme/home"] {
            assert_eq!(board_of(text), None, "{text}");
        }
    }
}
