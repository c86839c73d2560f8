//! What no single value can tell: names, references, repeats, ranges, and whether secrets and certificates can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use connector_kit::secret::Secret;
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use super::diagnose::{Diagnostic, meant};
use super::mistakes::{About, Context};
use super::paths::within;
use super::schedule::GROUPS;
use super::shapes::{
    Shape, asana_shape, data_center_shape, github_shape, heartbeat_shape, hook_secret_shape, jira_shape,
    password_shape, slack_app_shape, slack_hook_shape, slack_shape, slack_signing_shape, trello_key_shape,
    trello_shape, webhook_shape,
};
use super::{
    Mode, ProjectName, SecretRef, Settings, asana, github, jira, limits, migrate, outgoing, routes, slack, trello,
};

/// Every mistake, each with the key it is about.
/// `repaired`: what was left out because it could not be read.
pub(super) fn all(
    settings: &Settings,
    context: &Context,
    repaired: &BTreeSet<String>,
    only_looks: bool,
) -> Vec<(String, Diagnostic)> {
    let mut check = Check { settings, context, repaired, found: Vec::new() };
    check.general();
    check.names();
    check.connections();
    check.people();
    check.references();
    check.channels();
    check.found.extend(slack::all(settings, context));
    check.rules();
    check.lengths();
    check.found.extend(github::all(settings, context));
    check.found.extend(jira::all(settings, context, repaired));
    check.found.extend(asana::all(settings, context, repaired));
    check.found.extend(trello::all(settings, context, repaired));
    check.found.extend(outgoing::all(settings, context));
    check.found.extend(limits::all(settings, context));
    check.found.extend(routes::all(settings, context));
    if !only_looks {
        check.certificates();
        check.secrets();
    }
    check.found
}

/// Every secret with its key.
pub(super) fn secrets_mut(settings: &mut Settings) -> Vec<(String, &mut SecretRef)> {
    let mut all = Vec::new();
    for (name, connection) in &mut settings.github {
        let found = [
            ("token", connection.token.as_mut()),
            ("comment_token", connection.comment_token.as_mut()),
            ("private_key", connection.private_key.as_mut()),
            ("webhook_secret", connection.webhook_secret.as_mut()),
        ];
        all.extend(found.into_iter().filter_map(|(key, secret)| Some((format!("github.{name}.{key}"), secret?))));
    }
    for (name, connection) in &mut settings.jira {
        all.push((format!("jira.{name}.token"), &mut connection.token));
        let secret = connection.webhook_secret.as_mut();
        all.extend(secret.map(|secret| (format!("jira.{name}.webhook_secret"), secret)));
    }
    for (name, connection) in &mut settings.asana {
        all.push((format!("asana.{name}.token"), &mut connection.token));
        let secret = connection.webhook_secret.as_mut();
        all.extend(secret.map(|secret| (format!("asana.{name}.webhook_secret"), secret)));
    }
    for (name, connection) in &mut settings.trello {
        all.push((format!("trello.{name}.key"), &mut connection.key));
        all.push((format!("trello.{name}.token"), &mut connection.token));
        let secret = connection.webhook_secret.as_mut();
        all.extend(secret.map(|secret| (format!("trello.{name}.webhook_secret"), secret)));
    }
    all.extend(settings.heartbeat.as_mut().map(|heartbeat| ("heartbeat.url".to_owned(), &mut heartbeat.url)));
    let password = settings.email.as_mut().and_then(|email| email.password.as_mut());
    all.extend(password.map(|password| ("email.password".to_owned(), password)));
    for (name, webhook) in &mut settings.webhooks {
        all.push((format!("webhooks.{name}.secret"), &mut webhook.secret));
    }
    if let Some(slack) = &mut settings.slack {
        all.extend(slack.bot_token.as_mut().map(|token| ("slack.bot_token".to_owned(), token)));
        all.extend(slack.app_token.as_mut().map(|token| ("slack.app_token".to_owned(), token)));
        all.extend(slack.signing_secret.as_mut().map(|secret| ("slack.signing_secret".to_owned(), secret)));
        all.extend(slack.webhook_url.as_mut().map(|url| ("slack.webhook_url".to_owned(), url)));
    }
    all
}

struct Check<'a> {
    settings: &'a Settings,
    context: &'a Context,
    repaired: &'a BTreeSet<String>,
    found: Vec<(String, Diagnostic)>,
}

impl Check<'_> {
    fn add(&mut self, path: &str, diagnostic: Diagnostic) {
        self.found.push((path.to_owned(), diagnostic));
    }

    fn not(&mut self, path: &str, found: &str, what: &str, label: &str, help: &str) {
        self.add(path, self.context.is_not("bad-value", path, found, what, label).help(help));
    }

    fn general(&mut self) {
        let version = self.settings.version;
        if version != migrate::VERSION {
            let title = migrate::title(&version.to_string(), migrate::VERSION);
            let problem = self.context.error("bad-version", About::Value, "version", &title, "not this version");
            self.add("version", problem.help(migrate::help(&version.to_string(), migrate::VERSION)));
        }
        if self.settings.connections().next().is_none() {
            let problem = Diagnostic::error(
                "missing-key",
                "no connection is configured: nothing would be watched".to_owned(),
            )
            .help("add a table [github.NAME] with `token` and `repos`, [jira.NAME] with `url`, `email` and `token`, [asana.NAME] with `token`, or [trello.NAME] with `key` and `token`");
            self.add("github", problem);
        }
        let nowhere = self.settings.slack.is_none() && self.settings.email.is_none();
        let silent = nowhere && self.settings.comments.on.as_ref().is_some_and(Vec::is_empty);
        if self.settings.mode == Mode::Live && silent {
            let title = "the mode is live, but there is neither [slack], nor [email], nor a connection to comment on: nobody is told anything";
            let problem = self.context.warning("no-channel", About::Value, "mode", title, "live");
            self.add("mode", problem.help("add [slack] or [email], or take `on = []` out of [comments]"));
        }
    }

    fn names(&mut self) {
        let names = |kind: &str, names: Vec<&String>| -> Vec<(String, String)> {
            names.into_iter().map(|name| (format!("{kind}.{name}"), name.clone())).collect()
        };
        let mut all = names("github", self.settings.github.keys().collect());
        all.extend(names("jira", self.settings.jira.keys().collect()));
        all.extend(names("asana", self.settings.asana.keys().collect()));
        all.extend(names("trello", self.settings.trello.keys().collect()));
        all.extend(names("webhooks", self.settings.webhooks.keys().collect()));
        all.extend(names("people", self.settings.people.keys().collect()));
        all.extend(names("teams", self.settings.teams.keys().collect()));
        all.extend(names("calendars", self.settings.calendars.keys().collect()));
        for (path, name) in all {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
                let title = format!("`{name}` cannot be a name");
                let problem = self.context.error("bad-name", About::Key, &path, &title, "expected a-z, 0-9 and _");
                let help = "names begin with a small letter and have only small letters, digits and `_`, so that variables can name them; how it is shown is `name`, and accounts stand under `also`";
                self.add(&path, problem.help(help));
            }
        }
    }

    fn connections(&mut self) {
        let settings = self.settings;
        let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
        for (name, connection) in &settings.github {
            let base = format!("github.{name}");
            if connection.repos.is_empty() {
                self.not(
                    &format!("{base}.repos"),
                    "[]",
                    "a selection",
                    "expected at least one \"owner/name\" or \"owner/*\"",
                    "nothing would be watched",
                );
            }
            // Where one is left out, those behind it stand elsewhere than their number says.
            let list = format!("{base}.repos");
            let whole = !self.repaired.iter().any(|path| within(path, &list));
            for (index, repo) in connection.repos.iter().enumerate().filter(|_| whole) {
                let path = format!("{list}[{index}]");
                let site = connection.url.url().as_str().trim_end_matches('/').to_owned();
                if let Some(first) = seen.insert((site, repo.folded()), path.clone()) {
                    let title = format!("repository {repo} is read twice");
                    let problem = self.context.error("duplicate-repo", About::Value, &path, &title, "again here");
                    let help = "each repository is read by one connection: its gaps would be counted twice";
                    self.add(&path, self.context.also(problem, &first, "first here").help(help));
                }
            }
            let backlog = ("backlog", connection.statuses.backlog.as_slice());
            let statuses: Vec<_> = connection.statuses.all().into_iter().chain([backlog]).collect();
            self.states(&format!("{base}.statuses"), &statuses);
            self.projects(&base, &connection.projects);
        }
        for table in settings.tables() {
            self.states(&format!("{}.states", table.connection), &table.states.all());
        }
    }

    fn projects(&mut self, base: &str, projects: &[ProjectName]) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (index, project) in projects.iter().enumerate() {
            let path = format!("{base}.projects[{index}]");
            if let Some(first) = seen.insert(project.to_string().to_lowercase(), path.clone()) {
                let title = format!("project {project} stands twice in the list");
                let problem = self.context.error("bad-value", About::Value, &path, &title, "again here");
                self.add(
                    &path,
                    self.context.also(problem, &first, "first here").help("the first counts before the next"),
                );
            }
        }
    }

    fn states(&mut self, base: &str, states: &[(&'static str, &[String])]) {
        let mut seen: BTreeMap<String, (String, &str)> = BTreeMap::new();
        for (state, words) in states.iter().copied() {
            for (index, word) in words.iter().enumerate() {
                let path = format!("{base}.{state}[{index}]");
                if let Some((first, other)) = seen.insert(word.to_lowercase(), (path.clone(), state)) {
                    let title = format!("`{word}` cannot mean both {other} and {state}");
                    let title = if other == state { format!("`{word}` stands twice under {state}") } else { title };
                    let problem = self.context.error("bad-value", About::Value, &path, &title, "again here");
                    self.add(
                        &path,
                        self.context.also(problem, &first, "first here").help("upper and lower case are the same"),
                    );
                }
            }
        }
    }

    /// One account or address cannot be two people.
    fn people(&mut self) {
        let settings = self.settings;
        let mut seen: BTreeMap<(&str, String), (String, &str)> = BTreeMap::new();
        let people = settings.people.iter().map(|(name, person)| ("people", name, &person.also, person.email.as_ref()));
        let teams = settings.teams.iter().map(|(name, team)| ("teams", name, &team.also, None));
        for (table, name, also, email) in people.chain(teams) {
            let mut claims = Vec::new();
            for (tool, accounts) in also.by_tool() {
                for (index, account) in accounts.iter().enumerate() {
                    let item = format!("{table}.{name}.also.{tool}[{index}]");
                    let one = format!("{table}.{name}.also.{tool}");
                    let path = if self.context.places.contains_key(&item) { item } else { one };
                    claims.push((tool, account, path));
                }
            }
            claims.extend(email.map(|email| ("e-mail", email, format!("people.{name}.email"))));
            for (tool, account, path) in claims {
                if let Some((first, other)) = seen.insert((tool, account.to_lowercase()), (path.clone(), name)) {
                    let title = format!("{tool} {account} is claimed by {other} and {name}");
                    let title =
                        if other == name { format!("{tool} {account} stands twice under {name}") } else { title };
                    let problem = self.context.error("bad-value", About::Value, &path, &title, "again here");
                    self.add(
                        &path,
                        self.context.also(problem, &first, "first here").help("an account belongs to one person"),
                    );
                }
            }
        }
    }

    fn references(&mut self) {
        let settings = self.settings;
        for (name, person) in &settings.people {
            self.person_exists(&format!("people.{name}.manager"), person.manager.as_deref());
            self.person_exists(&format!("people.{name}.deputy"), person.deputy.as_deref());
            self.calendar_exists(&format!("people.{name}.calendar"), person.calendar.as_deref());
            if person.deputy.as_ref() == Some(name) {
                let path = format!("people.{name}.deputy");
                let title = format!("{name} cannot stand in for themselves");
                let problem = self.context.error("bad-value", About::Value, &path, &title, "somebody else");
                self.add(&path, problem.help("leave `deputy` out: then the manager hears"));
            }
        }
        for (name, team) in &settings.teams {
            self.person_exists(&format!("teams.{name}.manager"), Some(&team.manager));
        }
        self.calendar_exists("directory.default_calendar", settings.directory.default_calendar.as_deref());
        self.person_exists("directory.default_manager", settings.directory.default_manager.as_deref());
        for (index, name) in settings.operators.people.iter().enumerate() {
            self.person_exists(&format!("operators.people[{index}]"), Some(name));
        }
        for (index, name) in settings.schedule.all_clear_to.iter().enumerate() {
            let person = Some(name.as_str()).filter(|name| !GROUPS.contains(name));
            self.person_exists(&format!("schedule.all_clear_to[{index}]"), person);
        }
        let connections: Vec<String> = settings.connections().collect();
        for (index, wanted) in settings.comments.on.iter().flatten().enumerate() {
            let path = format!("comments.on[{index}]");
            let kind = "Connections are written as their table: [github.acme] is \"github.acme\"";
            self.exists(&path, wanted, "connection", &connections, kind);
        }
        self.cycles();
    }

    fn person_exists(&mut self, path: &str, name: Option<&str>) {
        if let Some(name) = name.filter(|name| !self.settings.people.contains_key(*name)) {
            let people: Vec<String> = self.settings.people.keys().cloned().collect();
            self.exists(path, name, "person", &people, "People are the tables under [people]");
        }
    }

    fn calendar_exists(&mut self, path: &str, name: Option<&str>) {
        let Some(name) = name else { return };
        let calendars: Vec<String> = self.settings.calendars.keys().cloned().collect();
        self.exists(path, name, "calendar", &calendars, "Calendars are the tables under [calendars]");
    }

    fn exists(&mut self, path: &str, wanted: &str, what: &str, known: &[String], kind: &str) {
        if known.iter().any(|name| name == wanted) {
            return;
        }
        let title = format!("no {what} named `{wanted}`");
        let problem = self.context.error("unknown-reference", About::Value, path, &title, "not defined");
        let help = match meant(wanted, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`? {kind}"),
            None => kind.to_owned(),
        };
        self.add(path, problem.help(help));
    }

    fn channels(&mut self) {
        let settings = self.settings;
        let operators = settings.operators.channel.as_deref();
        let all = [
            ("slack.channel", settings.slack.as_ref().and_then(|slack| slack.channel.as_deref())),
            ("operators.channel", operators),
        ];
        for (path, channel) in all {
            if let Some(channel) = channel.filter(|channel| channel.is_empty() || channel.contains(char::is_whitespace))
            {
                self.not(
                    path,
                    &format!("{channel:?}"),
                    "a channel",
                    "expected e.g. \"#delivery\"",
                    "a channel's name or id",
                );
            }
        }
        if let (Some(channel), None) = (operators, &settings.slack) {
            let title = format!("there is no [slack] to reach {channel} by");
            let problem =
                self.context.error("unknown-reference", About::Value, "operators.channel", &title, "not reachable");
            self.add("operators.channel", problem.help("add [slack], or leave `channel` out"));
        }
    }

    /// Who leads whom may not lead back to where it began. Each circle is told once, at the first of its names.
    fn cycles(&mut self) {
        let people = &self.settings.people;
        let manager = |name: &str| people.get(name).and_then(|person| person.manager.as_deref());
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for start in people.keys() {
            let mut chain = vec![start.as_str()];
            while let Some(next) = manager(chain[chain.len() - 1]) {
                if next == start && told.insert(start.clone()) {
                    told.extend(chain.iter().map(|name| (*name).to_owned()));
                    circles.push((start.clone(), format!("{} -> {start}", chain.join(" -> "))));
                }
                if chain.contains(&next) || told.contains(next) {
                    break;
                }
                chain.push(next);
            }
        }
        for (start, circle) in circles {
            let path = format!("people.{start}.manager");
            let title = format!("these people are each other's managers: {circle}");
            let problem = self.context.error("manager-cycle", About::Value, &path, &title, "leads back here");
            self.add(&path, problem.help("leave `manager` out for the person at the top"));
        }
    }

    fn rules(&mut self) {
        for wrong in self.settings.rules.out_of_range() {
            let path = format!("rules.{}", wrong.key);
            let problem = self.context.is_not("bad-value", &path, &wrong.found, wrong.expected, "out of range");
            let share = super::hints::share(&wrong.found).filter(|_| wrong.expected.starts_with("a share"));
            self.add(
                &path,
                match share {
                    Some(share) => problem.help(format!("{} % is {share}", wrong.found)),
                    None => problem,
                },
            );
        }
    }

    fn lengths(&mut self) {
        let messages = &self.settings.messages;
        let day = SignedDuration::from_hours(24);
        let mut all = vec![
            ("messages.settle".to_owned(), messages.settle, SignedDuration::ZERO),
            ("messages.clear_after".to_owned(), messages.clear_after, SignedDuration::ZERO),
        ];
        for table in self.settings.tables() {
            all.push((format!("{}.poll", table.connection), table.poll, SignedDuration::from_secs(1)));
        }
        if let Some(heartbeat) = &self.settings.heartbeat {
            all.push(("heartbeat.every".to_owned(), heartbeat.every, SignedDuration::from_secs(1)));
        }
        for (path, length, least) in all {
            let fits = length.elapsed().is_some_and(|length| length >= least && length <= day);
            if !fits {
                let what =
                    if least.is_zero() { "a time of at most one day" } else { "a time from one second to one day" };
                let help = "this one counts on the wall clock: s m h d";
                self.not(&path, &format!("\"{length}\""), what, "out of range", help);
            }
        }
    }

    fn certificates(&mut self) {
        let settings = self.settings;
        let tables = settings.tables();
        let mut all: Vec<_> = tables.map(|table| (format!("{}.ca_file", table.connection), table.ca_file)).collect();
        all.push(("email.ca_file".to_owned(), settings.email.as_ref().and_then(|email| email.ca_file.as_deref())));
        let webhooks = settings.webhooks.iter();
        all.extend(webhooks.map(|(name, table)| (format!("webhooks.{name}.ca_file"), table.ca_file.as_deref())));
        all.push(("slack.ca_file".to_owned(), settings.slack.as_ref().and_then(|slack| slack.ca_file.as_deref())));
        for (path, file) in all {
            if let Some((file, error)) = file.and_then(|file| Some((file, unreadable(file)?))) {
                let title = format!("{} cannot be read: {error}", file.display());
                let problem = self.context.error("bad-value", About::Value, &path, &title, "expected a PEM file");
                self.add(&path, problem);
            }
        }
    }

    fn secrets(&mut self) {
        let settings = self.settings;
        for (name, connection) in &settings.github {
            for (key, token) in [("token", &connection.token), ("comment_token", &connection.comment_token)] {
                if let Some(token) = token {
                    self.secret(&format!("github.{name}.{key}"), token, token.secret(), github_shape);
                }
            }
            if let Some(key) = &connection.private_key {
                let shape = |pem: &str| github::key_trouble(pem).map_or(Shape::Fits, Shape::Wrong);
                self.secret(&format!("github.{name}.private_key"), key, key.pem(), shape);
            }
            if let Some(secret) = &connection.webhook_secret {
                self.secret(&format!("github.{name}.webhook_secret"), secret, secret.secret(), webhook_shape);
            }
        }
        for (name, connection) in &settings.jira {
            let shape = if connection.is_cloud() == Some(false) { data_center_shape } else { jira_shape };
            self.secret(&format!("jira.{name}.token"), &connection.token, connection.token.secret(), shape);
            if let Some(secret) = &connection.webhook_secret {
                self.secret(&format!("jira.{name}.webhook_secret"), secret, secret.secret(), webhook_shape);
            }
        }
        for (name, connection) in &settings.asana {
            self.secret(&format!("asana.{name}.token"), &connection.token, connection.token.secret(), asana_shape);
            if let Some(secret) = &connection.webhook_secret {
                self.secret(&format!("asana.{name}.webhook_secret"), secret, secret.secret(), webhook_shape);
            }
        }
        for (name, connection) in &settings.trello {
            let (key, token) = (&connection.key, &connection.token);
            self.secret(&format!("trello.{name}.key"), key, key.secret(), trello_key_shape);
            self.secret(&format!("trello.{name}.token"), token, token.secret(), trello_shape);
            if let Some(secret) = &connection.webhook_secret {
                self.secret(&format!("trello.{name}.webhook_secret"), secret, secret.secret(), webhook_shape);
            }
            self.found.extend(trello::same_secret(name, connection, self.context));
        }
        if let Some(heartbeat) = &settings.heartbeat {
            self.secret("heartbeat.url", &heartbeat.url, heartbeat.url.secret(), heartbeat_shape);
        }
        if let Some(password) = settings.email.as_ref().and_then(|email| email.password.as_ref()) {
            self.secret("email.password", password, password.password(), password_shape);
        }
        for (name, webhook) in &settings.webhooks {
            let path = format!("webhooks.{name}.secret");
            self.secret(&path, &webhook.secret, webhook.secret.secret(), hook_secret_shape);
        }
        if let Some(token) = settings.slack.as_ref().and_then(|slack| slack.bot_token.as_ref()) {
            self.secret("slack.bot_token", token, token.secret(), slack_shape);
        }
        if let Some(token) = settings.slack.as_ref().and_then(|slack| slack.app_token.as_ref()) {
            self.secret("slack.app_token", token, token.secret(), slack_app_shape);
        }
        if let Some(secret) = settings.slack.as_ref().and_then(|slack| slack.signing_secret.as_ref()) {
            self.secret("slack.signing_secret", secret, secret.secret(), slack_signing_shape);
        }
        if let Some(url) = settings.slack.as_ref().and_then(|slack| slack.webhook_url.as_ref()) {
            self.secret("slack.webhook_url", url, url.secret(), slack_hook_shape);
        }
    }

    fn secret(&mut self, path: &str, secret: &SecretRef, value: Secret, shape: fn(&str) -> Shape) {
        match value.read() {
            Ok(value) => match shape(value.expose_secret()) {
                Shape::Fits => {}
                Shape::Odd(why) => {
                    self.add(path, self.context.warning("odd-secret", About::Value, path, why, "looks odd"));
                }
                Shape::Wrong(why) => {
                    self.add(path, self.context.error("bad-secret", About::Value, path, why, "no usable secret"));
                }
                Shape::Foreign { of, not_of } => {
                    let why = format!("this is a token of {of}, not of {not_of}");
                    self.add(path, self.context.error("bad-secret", About::Value, path, &why, "no usable secret"));
                }
            },
            Err(why) => {
                let problem = self.context.error("bad-secret", About::Value, path, &why, "no usable secret");
                let help = if why.starts_with("the variable") && why.ends_with("is not set") {
                    "set it in the environment gapwatch starts in, or keep the secret in a file: { file = \"/path\" }"
                } else {
                    "a secret is one line without spaces; its file must be readable by the user gapwatch runs as"
                };
                self.add(path, problem.help(help));
            }
        }
        if secret.is_literal() {
            let title = "a secret stands in the configuration itself";
            let problem = self.context.warning(
                "literal-secret",
                About::Value,
                path,
                title,
                "readable by whoever reads this file",
            );
            self.add(
                path,
                problem.help("refer to it: { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }"),
            );
        }
        if let Some(file) = secret.file().filter(|file| everybody_reads(file)) {
            let title = format!("{} can be read by every user of this machine", file.display());
            let problem = self.context.warning("readable-secret", About::Value, path, &title, "readable by everybody");
            self.add(path, problem.help("chmod o-r; in a container it does not matter, where nobody else can log in"));
        }
    }
}

fn unreadable(file: &Path) -> Option<std::io::Error> {
    std::fs::File::open(file)
        .and_then(|file| file.metadata())
        .map_or_else(Some, |about| about.is_dir().then(|| std::io::Error::from(std::io::ErrorKind::IsADirectory)))
}

#[cfg(unix)]
fn everybody_reads(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn everybody_reads(_file: &Path) -> bool {
    false
}
