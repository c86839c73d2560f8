//! The bundle: one text file to be sent to whoever helps. It is put together from what may be shown, never by taking
//! things out: no secret, no title, no text of a task, no e-mail address is ever written to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::super::open::{Stopped, View};
use super::super::places;
use super::Document;
use crate::config::Settings;
use crate::rules;
use crate::store::NoticeFilter;

/// Errors that are listed.
const MOST_ERRORS: usize = 50;

/// Writes it for its owner alone; overwrites nothing.
pub(super) fn write(path: &Path, document: &Document, settings: &Settings, view: Option<&View>) -> Result<(), Stopped> {
    let text = text(document, settings, view)?;
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Stopped::usage(format!("{} cannot be written: {error}", path.display())))
}

fn text(document: &Document, settings: &Settings, view: Option<&View>) -> Result<String, Stopped> {
    let mut out = String::from("gapwatch bundle. Read it before you send it: take out what you do not want to show.\n");
    line(&mut out, &format!("version {}, {} {}", document.version, std::env::consts::OS, std::env::consts::ARCH));
    line(&mut out, &format!("at {}", document.at));
    head(&mut out, "findings");
    super::lines(document).iter().for_each(|found| line(&mut out, found));
    configuration(&mut out, settings, view);
    if let Some(view) = view {
        counts(&mut out, view)?;
        errors(&mut out, view)?;
    }
    Ok(out)
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn head(out: &mut String, title: &str) {
    line(out, &format!("\n== {title}"));
}

/// The effective configuration, with where each value comes from; secrets as their source, people only counted.
fn configuration(out: &mut String, settings: &Settings, view: Option<&View>) {
    head(out, "configuration");
    let mut put = |key: &str, value: String| {
        let origin = settings.origin(key);
        line(out, &format!("{key} = {value}   ({origin})"));
    };
    put("mode", settings.mode.word().to_owned());
    put("store.url", settings.store.url.path().display().to_string());
    for (name, table) in &settings.github {
        let key = |key: &str| format!("github.{name}.{key}");
        put(&key("url"), table.url.url().to_string());
        let secrets = [
            ("token", &table.token),
            ("comment_token", &table.comment_token),
            ("private_key", &table.private_key),
            ("webhook_secret", &table.webhook_secret),
        ];
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                put(&key(name), secret.to_string());
            }
        }
        put(&key("repos"), table.repos.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        put(&key("poll"), table.poll.to_string());
        put(&key("mode"), table.mode.map_or("-", crate::config::Mode::word).to_owned());
        put(
            &key("filter"),
            format!(
                "{} labels, assignee {}, milestone {}",
                table.filter.labels.len(),
                set(&table.filter.assignee),
                set(&table.filter.milestone)
            ),
        );
        for (state, labels) in table.states.all().into_iter().filter(|(_, labels)| !labels.is_empty()) {
            put(&key(&format!("states.{state}")), format!("{} labels", labels.len()));
        }
        put(&key("ca_file"), set(&table.ca_file).to_owned());
        put(&key("proxy"), set(&table.proxy).to_owned());
    }
    for (name, table) in &settings.jira {
        let key = |key: &str| format!("jira.{name}.{key}");
        put(&key("url"), table.url.url().to_string());
        put(&key("gateway_url"), table.gateway_url.as_ref().map_or("-", |url| url.url().as_str()).to_owned());
        put(&key("kind"), table.kind.map_or("asked", crate::config::JiraKind::word).to_owned());
        put(&key("email"), set(&table.email).to_owned());
        put(&key("token"), table.token.to_string());
        if let Some(secret) = &table.webhook_secret {
            put(&key("webhook_secret"), secret.to_string());
        }
        put(&key("projects"), table.projects.iter().map(|project| project.text()).collect::<Vec<_>>().join(", "));
        put(&key("select"), set(&table.select).to_owned());
        put(&key("poll"), table.poll.to_string());
        put(&key("mode"), table.mode.map_or("-", crate::config::Mode::word).to_owned());
        for (state, words) in table.states.all().into_iter().filter(|(_, words)| !words.is_empty()) {
            put(&key(&format!("states.{state}")), format!("{} statuses", words.len()));
        }
        for (field, name) in table.fields.all().into_iter().filter(|(_, name)| name.is_some()) {
            put(&key(&format!("fields.{field}")), name.cloned().unwrap_or_default());
        }
        put(&key("blocking"), format!("{} link types", table.blocking.len()));
        put(&key("comment_service_projects"), table.comment_service_projects.to_string());
        put(&key("ca_file"), set(&table.ca_file).to_owned());
        put(&key("proxy"), set(&table.proxy).to_owned());
    }
    for (name, table) in &settings.asana {
        let key = |key: &str| format!("asana.{name}.{key}");
        put(&key("url"), table.url.url().to_string());
        put(&key("token"), table.token.to_string());
        if let Some(secret) = &table.webhook_secret {
            put(&key("webhook_secret"), secret.to_string());
        }
        put(&key("workspace"), set(&table.workspace).to_owned());
        put(&key("projects"), format!("{} projects", table.projects.len()));
        put(&key("poll"), table.poll.to_string());
        put(&key("mode"), table.mode.map_or("-", crate::config::Mode::word).to_owned());
        for (state, words) in table.states.all().into_iter().filter(|(_, words)| !words.is_empty()) {
            put(&key(&format!("states.{state}")), format!("{} sections", words.len()));
        }
        for (field, name) in table.fields.all() {
            put(&key(&format!("fields.{field}")), set(&name).to_owned());
        }
        put(&key("ca_file"), set(&table.ca_file).to_owned());
        put(&key("proxy"), set(&table.proxy).to_owned());
    }
    for (name, table) in &settings.trello {
        let key = |key: &str| format!("trello.{name}.{key}");
        put(&key("url"), table.url.url().to_string());
        put(&key("key"), table.key.to_string());
        put(&key("token"), table.token.to_string());
        if let Some(secret) = &table.webhook_secret {
            put(&key("webhook_secret"), secret.to_string());
        }
        put(&key("webhook_url"), set(&table.webhook_url).to_owned());
        put(&key("boards"), format!("{} boards", table.boards.len()));
        put(&key("poll"), table.poll.to_string());
        put(&key("mode"), table.mode.map_or("-", crate::config::Mode::word).to_owned());
        for (state, words) in table.states.all().into_iter().filter(|(_, words)| !words.is_empty()) {
            put(&key(&format!("states.{state}")), format!("{} lists", words.len()));
        }
        for (field, name) in table.fields.all() {
            put(&key(&format!("fields.{field}")), set(&name).to_owned());
        }
        put(&key("ca_file"), set(&table.ca_file).to_owned());
        put(&key("proxy"), set(&table.proxy).to_owned());
    }
    if let Some(slack) = &settings.slack {
        put("slack.url", slack.url.url().to_string());
        for (key, secret) in [
            ("slack.bot_token", &slack.bot_token),
            ("slack.app_token", &slack.app_token),
            ("slack.signing_secret", &slack.signing_secret),
            ("slack.webhook_url", &slack.webhook_url),
        ] {
            if let Some(secret) = secret {
                put(key, secret.to_string());
            }
        }
        put("slack.channel", set(&slack.channel).to_owned());
    }
    if let Some(email) = &settings.email {
        put("email.from", "set".to_owned());
        put("email.smtp", email.smtp.server().place());
        put("email.password", email.password.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string));
        put("email.ca_file", set(&email.ca_file).to_owned());
    }
    for (name, table) in &settings.webhooks {
        let key = |key: &str| format!("webhooks.{name}.{key}");
        put(&key("url"), table.url.origin());
        put(&key("secret"), table.secret.to_string());
        let events: Vec<&str> = table.events.iter().map(|event| event.word()).collect();
        put(&key("events"), events.join(" "));
        put(&key("allow_private"), table.allow_private.to_string());
        put(&key("ca_file"), set(&table.ca_file).to_owned());
        put(&key("proxy"), set(&table.proxy).to_owned());
    }
    put("people", format!("{} tables", settings.people.len()));
    put("directory.default_manager", set(&settings.directory.default_manager).to_owned());
    put("directory.bots", format!("{} names", settings.directory.bots.len()));
    put("operators.people", format!("{} names", settings.operators.people.len()));
    let messages = &settings.messages;
    put("messages.settle", messages.settle.to_string());
    put("messages.clear_after", messages.clear_after.to_string());
    put("messages.recent_action", messages.recent_action.to_string());
    put("messages.work_hours_only", messages.work_hours_only.to_string());
    put("messages.backlog", format!("{:?}", messages.backlog).to_lowercase());
    for (id, enabled, mode) in settings.rules.switches() {
        put(&format!("rules.{id}.enabled"), enabled.to_string());
        if let Some(mode) = mode {
            put(&format!("rules.{id}.mode"), mode.word().to_owned());
        }
    }
    let Some(view) = view else { return };
    for rule in view.rules.iter() {
        for (key, value) in rule.thresholds() {
            put(&format!("rules.{}.{key}", rule.id()), value.to_string());
        }
    }
}

fn set<T>(value: &Option<T>) -> &'static str {
    if value.is_some() { "set" } else { "-" }
}

fn counts(out: &mut String, view: &View) -> Result<(), Stopped> {
    head(out, "counts");
    for (container, count) in view.reader.counts()?.into_iter().enumerate() {
        line(out, &format!("container {}: {} open, {} closed tasks", container + 1, count.open, count.closed));
    }
    let mut alerts: BTreeMap<String, usize> = BTreeMap::new();
    for alert in view.board.alerts() {
        let held = alert.withheld.as_ref().map_or("-", crate::domain::alert::Withheld::word);
        *alerts
            .entry(format!("{} {} {}, held: {held}", alert.rule, alert.stage.word(), alert.state.word()))
            .or_default() += 1;
    }
    alerts.iter().for_each(|(kind, count)| line(out, &format!("{count} gaps: {kind}")));
    let mut notices: BTreeMap<String, usize> = BTreeMap::new();
    for row in view.reader.notices(&NoticeFilter::All, jiff::Timestamp::MIN)? {
        let state = format!("{:?}", row.state).to_lowercase();
        *notices.entry(format!("{} by {}: {state}", row.reason, row.address.channel())).or_default() += 1;
    }
    notices.iter().for_each(|(kind, count)| line(out, &format!("{count} notices: {kind}")));
    line(out, &format!("{} rules known, {} switched on", rules::ids().count(), view.rules.iter().count()));
    Ok(())
}

fn errors(out: &mut String, view: &View) -> Result<(), Stopped> {
    head(out, "last errors");
    let mut errors = Vec::new();
    for stream in view.reader.streams()? {
        if let Some((since, kind, because)) = stream.failure {
            errors.push(format!(
                "{} {} since {since}: {} {because}",
                stream.connection,
                places::read_by(&stream.connection, stream.kind),
                kind.word()
            ));
        }
    }
    for message in view.board.messages() {
        if let Some(error) = &message.error {
            errors.push(format!("{} message, attempt {}: {error}", message.address.channel(), message.attempts));
        }
    }
    errors.iter().take(MOST_ERRORS).for_each(|error| line(out, error));
    if errors.is_empty() {
        line(out, "none");
    }
    Ok(())
}
