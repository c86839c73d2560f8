//! Who is behind an id or an e-mail address, why nobody is, and the conversation in which a person is written to.
//!
//! Slack says of a deactivated person what it says of somebody it never knew; only its list of members tells them apart. It
//! is read page by page, when somebody asks why, and kept for a day.
//!
//! An id in the configuration is the operator's word. Somebody found by e-mail alone is told only as a full member: a guest,
//! or a person of another organisation in a shared channel, does not get to see what tasks are called inside.

use std::collections::HashSet;
use std::sync::Arc;

use connector_kit::{ConnectorError, Destination, Profile, WriteError};

use crate::api::Failure;
use crate::wire::{MembersAnswer, OpenAnswer, OpenCall, User, UserAnswer};
use crate::{Slack, not_written, refused};

/// Members a page. Slack advises 200 and takes up to a thousand; pages are few a minute.
const MEMBERS_PAGE: usize = 500;
/// Pages of members read at most: 50,000 people.
const MEMBERS_PAGES: usize = 100;

/// What a search for a person brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sought {
    /// Somebody who may be told.
    Found(Profile),
    /// Nobody who may be told.
    Nobody(Absence),
}

/// Why nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absence {
    /// Slack does not know the address or id; perhaps not any more.
    Unknown,
    /// Slack has never known the address.
    Stranger,
    /// The account is deactivated.
    Deactivated,
    /// A guest of the workspace.
    Guest,
    /// A person of another organisation.
    Foreign,
    /// A bot.
    Bot,
}

impl Absence {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Absence::Unknown => "nobody in Slack has this e-mail or id, or the account is deactivated",
            Absence::Stranger => "nobody in Slack has this e-mail; name the person's id under `also.slack`",
            Absence::Deactivated => "the account in Slack is deactivated",
            Absence::Guest => {
                "the account in Slack is a guest's; to tell guests of internal tasks, name their id under `also.slack`"
            }
            Absence::Foreign => {
                "the account in Slack is of another organisation; to tell it of internal tasks, name its id under `also.slack`"
            }
            Absence::Bot => "the account in Slack is a bot's",
        }
    }
}

/// Addresses of deactivated members. `None` inside: the list was too long to be read to its end.
pub(crate) type Departed = Option<Arc<HashSet<String>>>;

impl Slack {
    /// Who a destination is. A channel is nobody.
    pub(crate) async fn seek(&self, who: &Destination) -> Result<Sought, ConnectorError> {
        match who {
            Destination::User(id) => {
                let user = self.user("users.info", ("user", id.clone())).await?;
                Ok(user.map_or(Sought::Nobody(Absence::Unknown), User::by_id))
            }
            Destination::Email(email) => self.seek_by_email(email).await,
            Destination::Channel(_) => Ok(Sought::Nobody(Absence::Unknown)),
        }
    }

    async fn seek_by_email(&self, email: &str) -> Result<Sought, ConnectorError> {
        let email = folded(email);
        if let Some(sought) = self.known.sought(&email, self.clock.now()) {
            return Ok(sought);
        }
        let user = self.user("users.lookupByEmail", ("email", email.clone())).await?;
        let sought = user.map_or(Sought::Nobody(Absence::Unknown), User::by_email);
        self.known.remember_sought(email, sought.clone(), self.clock.now());
        Ok(sought)
    }

    /// The user a method answers with. `None`: Slack knows none.
    async fn user(
        &self,
        method: &'static str,
        argument: (&'static str, String),
    ) -> Result<Option<User>, ConnectorError> {
        match self.api.get::<UserAnswer>(method, vec![argument]).await {
            Ok(answer) => Ok(Some(answer.user)),
            Err(Failure::Refused(no)) if is_nobody(&no.error) => Ok(None),
            Err(failure) => Err(failure.into_error("people")),
        }
    }

    /// Why nobody is told, as exactly as Slack lets one know.
    pub(crate) async fn why_nobody(&self, who: &Destination) -> Result<Absence, ConnectorError> {
        let absence = match self.seek(who).await? {
            Sought::Nobody(absence) => absence,
            Sought::Found(_) => return Ok(Absence::Unknown),
        };
        let (Absence::Unknown, Destination::Email(email)) = (absence, who) else { return Ok(absence) };
        let departed = match self.known.departed(self.clock.now()) {
            Some(departed) => departed,
            None => self.read_departed().await?,
        };
        let email = folded(email);
        let absence = told_apart(&departed, &email);
        self.known.remember_sought(email, Sought::Nobody(absence), self.clock.now());
        Ok(absence)
    }

    async fn read_departed(&self) -> Result<Departed, ConnectorError> {
        let mut gone = HashSet::new();
        let mut cursor: Option<String> = None;
        let mut complete = false;
        for _ in 0..MEMBERS_PAGES {
            let mut query = vec![("limit", MEMBERS_PAGE.to_string())];
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page: MembersAnswer =
                self.api.get("users.list", query).await.map_err(|failure| failure.into_error("the list of members"))?;
            let left = page.members.into_iter().filter(|member| member.deleted);
            gone.extend(left.filter_map(|member| member.profile.email).map(|email| folded(&email)));
            cursor = page.response_metadata.next();
            if cursor.is_none() {
                complete = true;
                break;
            }
        }
        let departed: Departed = complete.then(|| Arc::new(gone));
        self.known.remember_departed(departed.clone(), self.clock.now());
        Ok(departed)
    }

    /// The conversation with the person behind an id or an address. Nothing is written by asking, so every failure is
    /// definite.
    pub(crate) async fn person_address(&self, to: &Destination) -> Result<String, WriteError> {
        let user = match (to, self.sought_for_writing(to).await?) {
            (_, Some(Sought::Found(profile))) => profile.id,
            (_, Some(Sought::Nobody(absence))) => return Err(refused(absence.words())),
            (Destination::User(id), None) => id.clone(),
            (_, None) => return Err(refused(Absence::Unknown.words())),
        };
        self.room(&user).await.map_err(|failure| match failure {
            Failure::Refused(refusal) => match refusal.into_write_error() {
                // It is the opening whose outcome is unknown, not a message's.
                WriteError::Unsure { because } => WriteError::NotSent { retry_after: None, because },
                error => error,
            },
            Failure::Failed(error) => not_written(error),
        })
    }

    /// `None`: an id, which is written to as it is.
    async fn sought_for_writing(&self, to: &Destination) -> Result<Option<Sought>, WriteError> {
        let Destination::Email(email) = to else { return Ok(None) };
        let sought = self.seek_by_email(email).await.map_err(not_written)?;
        // What the list of members says is used where it is at hand; a message does not wait for it.
        let known = self.known.departed(self.clock.now());
        Ok(Some(match (sought, known) {
            (Sought::Nobody(Absence::Unknown), Some(departed)) => Sought::Nobody(told_apart(&departed, &folded(email))),
            (sought, _) => sought,
        }))
    }

    /// The direct-message conversation with a person. Messages are addressed to it, not to the person: only so can they
    /// be edited later.
    pub(crate) async fn room(&self, user: &str) -> Result<String, Failure<ConnectorError>> {
        if let Some(room) = self.known.room(user) {
            return Ok(room);
        }
        let answer = self.api.ask("conversations.open", &OpenCall { users: user }).await?;
        let opened: OpenAnswer = self.api.parsed("conversations.open", &answer)?;
        self.known.remember_room(user, &opened.channel.id);
        Ok(opened.channel.id)
    }
}

impl User {
    /// Somebody whom the configuration names.
    fn by_id(self) -> Sought {
        if self.is_bot || self.id == "USLACKBOT" {
            return Sought::Nobody(Absence::Bot);
        }
        if self.deleted {
            return Sought::Nobody(Absence::Deactivated);
        }
        Sought::Found(Profile { id: self.id, zone: self.tz.filter(|zone| !zone.is_empty()) })
    }

    /// Somebody whose address alone is known.
    fn by_email(self) -> Sought {
        let (guest, foreign) = (self.is_restricted || self.is_ultra_restricted, self.is_stranger);
        match self.by_id() {
            Sought::Found(_) if foreign => Sought::Nobody(Absence::Foreign),
            Sought::Found(_) if guest => Sought::Nobody(Absence::Guest),
            sought => sought,
        }
    }
}

/// Slack knows no such person, or may not tell.
fn is_nobody(error: &str) -> bool {
    matches!(error, "users_not_found" | "user_not_found" | "user_not_visible")
}

fn told_apart(departed: &Departed, email: &str) -> Absence {
    match departed {
        Some(departed) if departed.contains(email) => Absence::Deactivated,
        Some(_) => Absence::Stranger,
        None => Absence::Unknown,
    }
}

/// Slack compares addresses without their capitals.
pub(crate) fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}
