//! `preview`: what would be sent, word for word, before anything is. Reads the store alone; only `--send-to` sends, one
//! direct message to the person who is named, and says that it is a preview.

use connector_kit::{Block, Choice, Control, Destination, Span, Text};
use connector_model::Mark;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::open::{From, Stopped, View, load, no_csv, print_json};
use super::rehearsal::{self, Live, Said};
use super::table::{plain, when};
use super::{Exit, Output};
use crate::config::Flags;
use crate::domain::notice::{Address, MessageOp, Reason};
use crate::domain::people::AccountRec;
use crate::registry;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// What a person or a channel gets in Slack.
    Message,
    /// The comment on a task.
    Comment,
    /// Digests and reports.
    Digest,
    /// What a person gets by e-mail.
    Mail,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::Comment => "comment",
            Kind::Digest => "digest",
            Kind::Mail => "mail",
        }
    }
}

/// Whom or what it is about.
#[derive(Debug, Default, clap::Args)]
pub(super) struct About {
    /// For a digest, whose: a person, `manager NAME`, `weekly`, or `baseline CONNECTION`; if left out, everybody's.
    #[arg(value_name = "WHOSE", num_args = 0..=2)]
    pub(super) whose: Vec<String>,
    /// Only what this person gets: name of their table, or a login.
    #[arg(long = "for", value_name = "PERSON")]
    pub(super) person: Option<String>,
    /// Only messages about this gap.
    #[arg(long, value_name = "ID")]
    pub(super) gap: Option<String>,
    /// Send the first of them to this person in Slack, marked as a preview.
    #[arg(long, value_name = "ME")]
    pub(super) send_to: Option<String>,
}

/// `gapwatch.preview/1`
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) schema: &'static str,
    pub(super) at: Timestamp,
    pub(super) messages: Vec<Shown>,
}

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// When it would leave.
    pub(super) at: Timestamp,
    /// `slack`, `email` or `comment`
    pub(super) channel: &'static str,
    /// `post`, `edit` or `reply`
    pub(super) does: &'static str,
    /// Handles; empty: nobody in person.
    pub(super) to: Vec<String>,
    /// A channel's name, or the task's key.
    pub(super) place: Option<String>,
    pub(super) gaps: Vec<String>,
    pub(super) reasons: Vec<&'static str>,
    /// Why it would not leave at all, of a digest that was asked for by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idle: Option<&'static str>,
    /// As a person reads it.
    pub(super) text: String,
    /// As it is written: Slack's text and blocks, GitHub's Markdown, Jira's document or wiki text.
    pub(super) rendered: Value,
    #[serde(skip)]
    pub(super) body: Text,
}

/// Prints what would be sent until the end of the working day.
pub(super) async fn preview(from: &From, kind: Kind, about: &About) -> Result<Exit, Stopped> {
    no_csv(from)?;
    if let Some(whose) = about.whose.first() {
        return Err(Stopped::usage(format!(
            "`{whose}` goes only with `preview digest`; for messages use `--for {whose}`"
        )));
    }
    let mut view = View::open(from, None)?;
    known(&view, about)?;
    let (until, day) = rehearsal::horizon(&view);
    let said = rehearsal::rehearse(&mut view, Live::All, true, until)?;
    let fits = |one: &&Said| !one.digest && is_of(kind, &one.message.address) && is_about(&view, about, one);
    let messages: Vec<Shown> = said.iter().filter(fits).map(|one| shown(&view, one)).collect::<Result<_, _>>()?;
    let sent = match (&about.send_to, messages.first()) {
        (Some(me), Some(first)) => {
            send(from, &view, me, first).await?;
            Some(me)
        }
        _ => None,
    };
    let about_it = || said.iter().filter(|one| !one.digest && is_about(&view, about, one));
    let count = |kind| about_it().filter(|one| is_of(kind, &one.message.address)).count();
    let other = [Kind::Message, Kind::Comment].map(|other| (other, count(other)));
    let other = other.into_iter().find(|(other, count)| *other != kind && *count > 0);
    match from.output {
        Output::Json => print_json(&Document { schema: "gapwatch.preview/1", at: view.now, messages })?,
        Output::Table | Output::Csv => match other {
            Some((other, count)) if messages.is_empty() => {
                let (this, other) = (kind.word(), other.word());
                let s = if count == 1 { "" } else { "s" };
                anstream::println!(
                    "No {this} would be sent {day}, but {count} {other}{s} would: see `gapwatch preview {other}`."
                );
            }
            _ => print(&messages, &day, sent),
        },
    }
    Ok(Exit::Done)
}

/// A person or a gap that is not there is a slip of the fingers, not an empty answer.
fn known(view: &View, about: &About) -> Result<(), Stopped> {
    if let Some(name) = &about.person {
        let people = &view.board.people;
        let is_known = people.persons.values().any(|person| person.handle == *name)
            || people
                .accounts
                .values()
                .any(|one| one.handle.as_deref().is_some_and(|login| login.eq_ignore_ascii_case(name)))
            || people.accounts.keys().any(|account| people.called(*account) == *name);
        if !is_known {
            return Err(Stopped::usage(format!("nobody is called {name}; `gapwatch people list` lists everybody")));
        }
    }
    if let Some(id) = &about.gap
        && !view.board.alerts().any(|alert| alert.gap.0 == *id)
    {
        return Err(Stopped::usage(format!("there is no open gap {id}; `gapwatch gaps list` lists them")));
    }
    Ok(())
}

fn is_of(kind: Kind, address: &Address) -> bool {
    match address {
        Address::Slack(_) => kind == Kind::Message,
        Address::Email(_) => matches!(kind, Kind::Message | Kind::Mail),
        Address::Comment { .. } => kind == Kind::Comment,
        Address::Digest(_) | Address::Log => false,
    }
}

fn is_about(view: &View, about: &About, said: &Said) -> bool {
    let people = &view.board.people;
    let meant = |name: &String| {
        said.accounts().into_iter().any(|account| {
            let login = people.accounts.get(&account).and_then(|one| one.handle.as_deref());
            people.called(account) == *name || login.is_some_and(|login| login.eq_ignore_ascii_case(name))
        })
    };
    about.person.as_ref().is_none_or(meant) && about.gap.as_ref().is_none_or(|id| said.gaps.contains(id))
}

fn shown(view: &View, said: &Said) -> Result<Shown, Stopped> {
    let message = &said.message;
    let place = match &message.address {
        Address::Slack(Destination::Channel(name)) => Some(name.clone()),
        Address::Comment { task, .. } => view.reader.names(&[*task])?.remove(task).map(|name| name.key),
        Address::Slack(_) | Address::Email(_) | Address::Digest(_) | Address::Log => None,
    };
    let mut reasons: Vec<&'static str> = said.notices.iter().map(|notice| Reason::word(notice.reason)).collect();
    reasons.sort_unstable();
    reasons.dedup();
    Ok(Shown {
        at: said.at,
        channel: message.address.channel(),
        does: match message.op {
            MessageOp::Post => "post",
            MessageOp::Edit => "edit",
            MessageOp::Reply => "reply",
        },
        to: match said.is_personal() {
            true => said.accounts().into_iter().map(|account| view.board.people.called(account)).collect(),
            false => Vec::new(),
        },
        place,
        gaps: said.gaps.clone(),
        reasons,
        idle: None,
        text: read(&message.body, &|login| called(view, login)),
        rendered: registry::rendered(&view.settings, &message.address, &message.body),
        body: message.body.clone(),
    })
}

/// Whom a mention shows: the login, or the name where the login is a mere id.
pub(super) fn called(view: &View, login: &str) -> String {
    let people = &view.board.people;
    let by_id = |id| ["jira|", "asana|"].iter().any(|tool| view.board.site(id).starts_with(tool));
    let of_login = |one: &&AccountRec| by_id(one.site) && one.handle.as_deref() == Some(login);
    let name = people.accounts.values().find(of_login).and_then(|one| one.name.as_deref());
    name.unwrap_or(login).to_owned()
}

/// The words as they are read, without any markup.
pub(super) fn read(text: &Text, called: &dyn Fn(&str) -> String) -> String {
    let line = |block: &Block| {
        if let Block::Controls(controls) = block {
            return controls.iter().map(drawn).collect::<Vec<_>>().join(" ");
        }
        block
            .spans()
            .iter()
            .map(|span| match span {
                Span::Plain(words) | Span::Strong(words) | Span::Code(words) => plain(words),
                Span::Link { label, .. } => plain(label),
                Span::Mention(login) => format!("@{}", plain(&called(login))),
            })
            .collect::<String>()
    };
    text.blocks.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A control as it is drawn.
fn drawn(control: &Control) -> String {
    match control {
        Control::Open { label, .. } | Control::Say(Choice { label, .. }) => format!("[ {label} ]"),
        Control::Menu { label, .. } => format!("[ {label} ▾ ]"),
        Control::More(_) => "[ ⋯ ]".to_owned(),
    }
}

/// Sends one message to one configured person.
pub(super) async fn send(from: &From, view: &View, me: &str, first: &Shown) -> Result<(), Stopped> {
    let person = view.board.people.persons.values().find(|person| person.handle == me);
    let Some(person) = person else {
        return Err(Stopped::usage(format!("{me} is not in [people]; a preview can be sent only to somebody who is")));
    };
    let email = person.email.clone().map(Destination::Email);
    let Some(to) = person.slack.clone().map(Destination::User).or_else(|| email.clone()) else {
        return Err(Stopped::usage(format!(
            "{me} has neither a Slack id nor an e-mail: add `also = {{ slack = \"U…\" }}`"
        )));
    };
    // Only now a credential is needed.
    let settings = load(from, Flags::default(), false)?.settings;
    let clock = crate::clock::system();
    let slack = registry::notifier(&settings, &clock).map_err(Stopped::failed)?.map(|built| built.notifier);
    let mail = registry::mailer(&settings, &clock).map_err(Stopped::failed)?;
    let (notifier, to) = match (slack, mail, email) {
        (Some(slack), ..) => (slack, to),
        (None, Some(mail), Some(email)) => (mail, email),
        _ => return Err(Stopped::usage("to send a preview, add [slack] or [email] to the configuration")),
    };
    let whom = if first.to.is_empty() { first.place.clone().unwrap_or_default() } else { first.to.join(", ") };
    let mut body = first.body.clone();
    body.summary = format!("Preview: {}", body.summary);
    let note = format!("Preview for {me}, sent by hand. As it would go to {whom}:");
    // What is pressed below a preview would be meant.
    body.blocks.retain(|block| !matches!(block, Block::Controls(_)));
    body.blocks.insert(0, Block::Note(vec![Span::Plain(note)]));
    let mark = Mark { wire: uuid::Uuid::new_v4().simple().to_string(), mac: "0".repeat(32) };
    match notifier.send(&to, &body, &mark, None).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Stopped::unsent(super::doctor::exit_of_write(&error), format!("the preview is {error}"))),
    }
}

pub(super) fn print(messages: &[Shown], day: &str, sent: Option<&String>) {
    if messages.is_empty() {
        anstream::println!(
            "Nothing of this kind would be sent {day}. `gapwatch gaps list` shows what each gap waits for."
        );
        return;
    }
    for shown in messages {
        let whom = match (shown.to.is_empty(), &shown.place) {
            (false, Some(place)) => format!("{} on {}", shown.to.join(", "), plain(place)),
            (false, None) => shown.to.join(", "),
            (true, place) => plain(place.as_deref().unwrap_or("-")),
        };
        let does = match shown.does {
            "edit" => ", replacing what is there",
            "reply" => ", as a reply in its thread",
            _ => "",
        };
        anstream::println!("── {} to {whom}, {}{does}", shown.channel, when(shown.at));
        if let Some(why) = shown.idle {
            anstream::println!("   ({why})");
        }
        for line in shown.text.lines() {
            anstream::println!("   {line}");
        }
        anstream::println!();
    }
    match sent {
        Some(me) => anstream::println!("The first was sent to {me}, as a preview."),
        None => anstream::println!("Nothing was sent."),
    }
}
