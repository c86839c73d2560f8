//! The file that `init` writes: short, commented, observing, with every secret by reference.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Tracker;
use super::states::Found;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A variable that is set.
    Variable(&'static str),
    /// A file that is there.
    File(PathBuf),
    /// It was typed in: a file that we write; shown as a variable where nothing is written.
    Typed {
        /// The file.
        file: PathBuf,
        /// The variable.
        variable: &'static str,
    },
}

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To log in while the questions are asked: every secret is handed in as a variable.
    LogIn,
    /// To be shown.
    Show,
    /// To be written.
    Write,
}

/// Somebody who works there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// Name of the table.
    pub(super) handle: String,
    /// As shown.
    pub(super) name: Option<String>,
    /// E-mail.
    pub(super) email: Option<String>,
    /// Login on GitHub.
    pub(super) github: Option<String>,
    /// Account id in Jira, or user name.
    pub(super) jira: Option<String>,
    /// Number in Asana.
    pub(super) asana: Option<String>,
    /// User name in Trello.
    pub(super) trello: Option<String>,
    /// Slack id.
    pub(super) slack: Option<String>,
    /// Slack id of somebody of the same name, of whom nobody has said that it is the same person.
    pub(super) namesake: Option<String>,
}

impl Person {
    /// The account in a tracker.
    pub(super) fn account(&mut self, tracker: Tracker) -> &mut Option<String> {
        match tracker {
            Tracker::Github => &mut self.github,
            Tracker::Jira => &mut self.jira,
            Tracker::Asana => &mut self.asana,
            Tracker::Trello => &mut self.trello,
        }
    }

    /// The same, to be looked at.
    pub(super) fn account_in(&self, tracker: Tracker) -> Option<&String> {
        match tracker {
            Tracker::Github => self.github.as_ref(),
            Tracker::Jira => self.jira.as_ref(),
            Tracker::Asana => self.asana.as_ref(),
            Tracker::Trello => self.trello.as_ref(),
        }
    }

    /// Whether this account is theirs.
    pub(super) fn is(&self, tracker: Tracker, login: &str) -> bool {
        self.account_in(tracker).is_some_and(|own| own.eq_ignore_ascii_case(login))
    }

    /// Whether they are called so, in whatever way.
    pub(super) fn answers_to(&self, answer: &str) -> bool {
        let accounts = Tracker::ALL.into_iter().filter_map(|tracker| self.account_in(tracker));
        let known = accounts.chain([&self.email, &self.name].into_iter().flatten());
        known.chain([&self.handle]).any(|known| known.to_lowercase() == answer.to_lowercase())
    }

    /// What people know them by: a login, else a name.
    pub(super) fn shown(&self) -> &str {
        self.github.as_deref().unwrap_or(&self.handle)
    }

    /// `github = "ana-k", slack = "U0ANA"`
    fn accounts(&self, slack: Option<&String>) -> String {
        let trackers = Tracker::ALL.map(|tracker| (tracker.word(), self.account_in(tracker)));
        let all = trackers.into_iter().chain([("slack", slack)]);
        let given = all.filter_map(|(tool, account)| Some(format!("{tool} = {}", quoted(account?))));
        given.collect::<Vec<_>>().join(", ")
    }
}

/// `[slack]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlackDraft {
    /// API base. `None`: Slack's own.
    pub(super) url: Option<String>,
    /// Where the bot token comes from.
    pub(super) token: Reference,
    /// `None`: none.
    pub(super) channel: Option<String>,
}

/// `[github.NAME]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GithubDraft {
    /// `acme` of `[github.acme]`.
    pub(super) name: String,
    /// API base. `None`: github.com's.
    pub(super) url: Option<String>,
    /// A CA of the company's own.
    pub(super) ca_file: Option<String>,
    /// Where the token comes from.
    pub(super) token: Reference,
    /// What is watched.
    pub(super) repos: Vec<String>,
    /// Labels that say a state.
    pub(super) states: Found,
}

/// `[jira.NAME]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JiraDraft {
    /// `acme` of `[jira.acme]`.
    pub(super) name: String,
    /// The site.
    pub(super) url: String,
    /// A CA of the company's own.
    pub(super) ca_file: Option<String>,
    /// Whose token it is. `None`: it stands for itself.
    pub(super) email: Option<String>,
    /// Where the token comes from.
    pub(super) token: Reference,
    /// What is watched. Empty: all that the account sees.
    pub(super) projects: Vec<String>,
    /// Statuses that say a state.
    pub(super) states: Found,
}

/// `[asana.NAME]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AsanaDraft {
    /// `acme` of `[asana.acme]`.
    pub(super) name: String,
    /// API base. `None`: Asana's own.
    pub(super) url: Option<String>,
    /// A CA of the company's own.
    pub(super) ca_file: Option<String>,
    /// Where the token comes from.
    pub(super) token: Reference,
    /// What is watched. Empty: all that the account sees.
    pub(super) projects: Vec<String>,
    /// Sections that say a state.
    pub(super) states: Found,
}

/// `[trello.NAME]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrelloDraft {
    /// `acme` of `[trello.acme]`.
    pub(super) name: String,
    /// API base. `None`: Trello's own.
    pub(super) url: Option<String>,
    /// A CA of the company's own.
    pub(super) ca_file: Option<String>,
    /// Where the key comes from.
    pub(super) key: Reference,
    /// Where the token comes from.
    pub(super) token: Reference,
    /// What is watched. Empty: every open board of the account.
    pub(super) boards: Vec<String>,
    /// Lists that say a state.
    pub(super) states: Found,
}

/// Everything that was found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// `None`: no GitHub.
    pub(super) github: Option<GithubDraft>,
    /// `None`: no Jira.
    pub(super) jira: Option<JiraDraft>,
    /// `None`: no Asana.
    pub(super) asana: Option<AsanaDraft>,
    /// `None`: no Trello.
    pub(super) trello: Option<TrelloDraft>,
    /// `None`: no Slack.
    pub(super) slack: Option<SlackDraft>,
    /// Everybody.
    pub(super) people: Vec<Person>,
    /// Handle of who leads the others.
    pub(super) manager: Option<String>,
}

/// Stands in `repos` until some are chosen; nobody asks for it.
const STAND_IN: &str = "x/x";

impl Draft {
    /// The file.
    pub(super) fn text(&self, purpose: Purpose) -> String {
        let mut out = String::from(
            "# Made by `gapwatch init`. Every other setting, with its unit, default and reason: `gapwatch config reference`.\n\n\
             # \"observe\" shows what would be sent and sends nothing; \"live\" sends it. `gapwatch enable` shows the next step.\n\
             mode = \"observe\"\n",
        );
        if let Some(github) = &self.github {
            github.table(purpose, &mut out);
        }
        if let Some(jira) = &self.jira {
            jira.table(purpose, &mut out);
        }
        if let Some(asana) = &self.asana {
            asana.table(purpose, &mut out);
        }
        if let Some(trello) = &self.trello {
            trello.table(purpose, &mut out);
        }
        if let Some(slack) = &self.slack {
            out.push_str("\n[slack]\n");
            line(&mut out, "url", slack.url.as_deref());
            out.push_str(&format!("bot_token = {}\n", reference(&slack.token, "SLACK_BOT_TOKEN", purpose)));
            out.push_str("# With an app-level token (xapp-…) messages have buttons: see Answering in the README.\n");
            out.push_str("# app_token = { env = \"SLACK_APP_TOKEN\" }\n");
            if slack.channel.is_some() {
                out.push_str("# For messages that are for nobody in particular.\n");
            }
            line(&mut out, "channel", slack.channel.as_deref());
        }
        self.persons(&mut out);
        out
    }

    fn persons(&self, out: &mut String) {
        if let Some(manager) = &self.manager {
            out.push_str(&format!(
                "\n[directory]\n# Hears when a gap stays, of everybody without a `manager` of their own.\n\
                 default_manager = {}\n",
                quoted(manager)
            ));
        }
        if !self.people.is_empty() {
            out.push_str("\n# People with open issues. `manager = \"…\"` names another of these tables.\n");
        }
        for person in &self.people {
            out.push_str(&format!("[people.{}]\n", person.handle));
            line(out, "name", person.name.as_deref());
            line(out, "email", person.email.as_deref());
            out.push_str(&format!("also = {{ {} }}\n", person.accounts(person.slack.as_ref())));
            if person.slack.is_none() && person.namesake.is_some() {
                let both = format!("{{ {} }}", person.accounts(person.namesake.as_ref()));
                out.push_str(&format!(
                    "# Slack has somebody with this name; if it is the same person: also = {both}\n"
                ));
            }
            out.push('\n');
        }
    }
}

impl GithubDraft {
    fn table(&self, purpose: Purpose, out: &mut String) {
        out.push_str(&format!("\n[github.{}]\n", self.name));
        line(out, "url", self.url.as_deref());
        line(out, "ca_file", self.ca_file.as_deref());
        out.push_str(&format!("token = {}\n", reference(&self.token, "GITHUB_TOKEN", purpose)));
        let stand_in = [STAND_IN.to_owned()];
        list(out, "repos", if self.repos.is_empty() { &stand_in } else { &self.repos });
        let title = "Labels that seem to stand for a state. Remove those that do not.";
        states(out, title, &format!("github.{}", self.name), &self.states);
    }
}

impl JiraDraft {
    fn table(&self, purpose: Purpose, out: &mut String) {
        out.push_str(&format!("\n[jira.{}]\n", self.name));
        line(out, "url", Some(&self.url));
        line(out, "ca_file", self.ca_file.as_deref());
        line(out, "email", self.email.as_deref());
        out.push_str(&format!("token = {}\n", reference(&self.token, "JIRA_TOKEN", purpose)));
        if self.projects.is_empty() {
            out.push_str("# Every project the account can see; `projects = [\"OPS\"]` watches only these.\n");
        } else {
            list(out, "projects", &self.projects);
        }
        let title = "Statuses that seem to mean more than their category. Remove those that do not.";
        states(out, title, &format!("jira.{}", self.name), &self.states);
    }
}

impl AsanaDraft {
    fn table(&self, purpose: Purpose, out: &mut String) {
        out.push_str(&format!("\n[asana.{}]\n", self.name));
        line(out, "url", self.url.as_deref());
        line(out, "ca_file", self.ca_file.as_deref());
        out.push_str(&format!("token = {}\n", reference(&self.token, "ASANA_TOKEN", purpose)));
        if self.projects.is_empty() {
            out.push_str(
                "# Every project the account can see; `projects = [\"1200000000000101\"]` watches only these.\n",
            );
        } else {
            list(out, "projects", &self.projects);
        }
        let title = "Sections that seem to stand for a state. Remove those that do not.";
        states(out, title, &format!("asana.{}", self.name), &self.states);
    }
}

impl TrelloDraft {
    fn table(&self, purpose: Purpose, out: &mut String) {
        out.push_str(&format!("\n[trello.{}]\n", self.name));
        line(out, "url", self.url.as_deref());
        line(out, "ca_file", self.ca_file.as_deref());
        out.push_str(&format!("key = {}\n", reference(&self.key, "TRELLO_KEY", purpose)));
        out.push_str(&format!("token = {}\n", reference(&self.token, "TRELLO_TOKEN", purpose)));
        if self.boards.is_empty() {
            out.push_str("# Every open board of the account; `boards = [\"Client work\"]` watches only these.\n");
        } else {
            list(out, "boards", &self.boards);
        }
        let title = "Lists that seem to stand for a state. Remove those that do not.";
        states(out, title, &format!("trello.{}", self.name), &self.states);
    }
}

/// A list: one value in its line, several each in one of their own.
fn list(out: &mut String, key: &str, values: &[String]) {
    match values {
        [one] => out.push_str(&format!("{key} = [{}]\n", quoted(one))),
        several => {
            out.push_str(&format!("{key} = [\n"));
            several.iter().for_each(|value| out.push_str(&format!("    {},\n", quoted(value))));
            out.push_str("]\n");
        }
    }
}

fn states(out: &mut String, title: &str, connection: &str, found: &Found) {
    if found.is_empty() {
        return;
    }
    out.push_str(&format!("\n# {title}\n[{connection}.states]\n"));
    for (state, words) in found {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        out.push_str(&format!("{state} = [{}]\n", words.join(", ")));
    }
}

fn line(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.push_str(&format!("{key} = {}\n", quoted(value)));
    }
}

/// As TOML writes it, whatever is in it.
fn quoted(text: &str) -> String {
    // On one line: names of tools may hold anything.
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    toml::Value::String(flat).to_string()
}

fn reference(reference: &Reference, variable: &'static str, purpose: Purpose) -> String {
    let by_variable = |name: &str| format!("{{ env = {} }}", quoted(name));
    let by_file = |file: &std::path::Path| format!("{{ file = {} }}", quoted(&file.display().to_string()));
    match (reference, purpose) {
        (_, Purpose::LogIn) => by_variable(variable),
        (Reference::Variable(name), _) => by_variable(name),
        (Reference::File(file), _) | (Reference::Typed { file, .. }, Purpose::Write) => by_file(file),
        (Reference::Typed { variable, .. }, Purpose::Show) => by_variable(variable),
    }
}

/// A name for a table, made of a login or an owner; none that is `taken`.
pub(super) fn handle(of: &str, taken: &BTreeSet<String>) -> String {
    let plain = of.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    let plain = plain.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let base = if plain.starts_with(|c: char| c.is_ascii_lowercase()) { plain } else { format!("p_{plain}") };
    let free = |name: &String| !taken.contains(name);
    std::iter::once(base.clone()).chain((2..).map(|count| format!("{base}_{count}"))).find(free).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Flags, Sources, load};

    fn draft() -> Draft {
        let github = GithubDraft {
            name: "acme".to_owned(),
            url: None,
            ca_file: None,
            token: Reference::Typed { file: "/x/secrets/github_token".into(), variable: "GITHUB_TOKEN" },
            repos: vec!["acme/web".to_owned(), "acme/api".to_owned()],
            states: vec![("waiting", vec!["\"on\" hold\\ \u{1F6A7}".to_owned()])],
        };
        let jira = JiraDraft {
            name: "acme".to_owned(),
            url: "https://acme.atlassian.net".to_owned(),
            ca_file: None,
            email: Some("gapwatch@example.org".to_owned()),
            token: Reference::Variable("JIRA_TOKEN"),
            projects: vec!["OPS".to_owned()],
            states: vec![("review", vec!["In \"QA\"".to_owned()])],
        };
        let asana = AsanaDraft {
            name: "asana".to_owned(),
            url: None,
            ca_file: None,
            token: Reference::Variable("ASANA_TOKEN"),
            projects: vec!["1200000000000101".to_owned()],
            states: vec![("waiting", vec!["Stuck".to_owned()])],
        };
        let trello = TrelloDraft {
            name: "trello".to_owned(),
            url: None,
            ca_file: None,
            key: Reference::Variable("TRELLO_KEY"),
            token: Reference::Variable("TRELLO_TOKEN"),
            boards: vec!["Client \"work\", 2026".to_owned()],
            states: Vec::new(),
        };
        Draft {
            github: Some(github),
            jira: Some(jira),
            asana: Some(asana),
            trello: Some(trello),
            slack: Some(SlackDraft {
                url: None,
                token: Reference::Variable("SLACK_BOT_TOKEN"),
                channel: Some("#delivery".to_owned()),
            }),
            people: vec![
                Person {
                    handle: "ana_k".to_owned(),
                    name: Some("Ana \"K\"\n[people.evil]".to_owned()),
                    email: Some("ana@example.org".to_owned()),
                    github: Some("ana-k".to_owned()),
                    jira: Some("5b10:ana".to_owned()),
                    asana: Some("1200000000000011".to_owned()),
                    trello: Some("anak".to_owned()),
                    slack: Some("U0ANA".to_owned()),
                    namesake: None,
                },
                Person {
                    handle: "max".to_owned(),
                    github: Some("max".to_owned()),
                    namesake: Some("U0MAX".to_owned()),
                    ..Person::default()
                },
            ],
            manager: Some("max".to_owned()),
        }
    }

    #[test]
    fn the_file_is_taken_as_it_is_whatever_names_hold() {
        let env = [("GITHUB_TOKEN", "t"), ("JIRA_TOKEN", "t"), ("SLACK_BOT_TOKEN", "xoxb-t")].into_iter();
        let env = env.chain([("ASANA_TOKEN", "t"), ("TRELLO_KEY", "k"), ("TRELLO_TOKEN", "t")]);
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let files = vec![("gapwatch.toml".into(), draft().text(Purpose::LogIn))];
        let loaded = load(&Sources { files, env, flags: Flags::default() });
        let loaded = loaded.unwrap_or_else(|found| panic!("{}", found[0].render(false)));
        assert!(loaded.warnings.is_empty());
        let settings = loaded.settings;
        assert_eq!(settings.mode.word(), "observe");
        assert_eq!(settings.github["acme"].states.waiting, ["\"on\" hold\\ \u{1F6A7}"]);
        assert_eq!(settings.people["ana_k"].name.as_deref(), Some("Ana \"K\" [people.evil]"));
        assert_eq!(settings.people.len(), 2);
        assert_eq!(settings.people["ana_k"].also.jira.0, ["5b10:ana"]);
        let jira = &settings.jira["acme"];
        assert_eq!((jira.projects.len(), jira.email.as_deref()), (1, Some("gapwatch@example.org")));
        assert_eq!(jira.states.review, ["In \"QA\""]);
        assert_eq!(settings.people["ana_k"].also.trello.0, ["anak"]);
        let (asana, trello) = (&settings.asana["asana"], &settings.trello["trello"]);
        assert_eq!((asana.project_names(), asana.states.waiting.len()), (vec!["1200000000000101".to_owned()], 1));
        assert_eq!(trello.board_names(), ["Client \"work\", 2026"]);
        assert!(settings.people["max"].also.slack.0.is_empty(), "a name alone makes nobody the same person");
        let proposal = "if it is the same person: also = { github = \"max\", slack = \"U0MAX\" }\n";
        assert!(draft().text(Purpose::Write).contains(proposal));
        assert_eq!(settings.directory.default_manager.as_deref(), Some("max"));
    }

    #[test]
    fn a_typed_secret_is_a_file_where_it_is_written_and_a_variable_where_it_is_shown() {
        let (written, shown) = (draft().text(Purpose::Write), draft().text(Purpose::Show));
        assert!(written.contains("token = { file = \"/x/secrets/github_token\" }\n"), "{written}");
        assert!(shown.contains("token = { env = \"GITHUB_TOKEN\" }\n"), "{shown}");
        for text in [written, shown] {
            assert!(text.contains("bot_token = { env = \"SLACK_BOT_TOKEN\" }\n"), "{text}");
        }
    }

    #[test]
    fn handles_are_names_that_variables_can_have_and_each_is_given_once() {
        let mut taken = BTreeSet::new();
        let mut next = |login: &str| {
            let name = handle(login, &taken);
            taken.insert(name.clone());
            name
        };
        assert_eq!(next("Ana-K"), "ana_k");
        assert_eq!(next("ana_k"), "ana_k_2");
        assert_eq!(next("2fast"), "p_2fast");
        assert_eq!(next("Dev <b>Star</b> & Co."), "dev_b_star_b_co");
        assert_eq!(next("-"), "p_");
    }
}
