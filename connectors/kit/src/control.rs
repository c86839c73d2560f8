//! What the reader of a message can do with it, where its channel has buttons, and what comes back from there.
//!
//! A control says words, the same that anybody could type: nothing else is in it, and whoever may say them is decided
//! where they are heard. What comes back is believed only as far as the channel vouches for it: who pressed, and when.

use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::webhook::HookRefused;
use crate::{BoxFuture, ConnectorError, WriteError};

/// Stands at the end of words that are not complete: the rest is asked for first.
pub const ASKS: char = '…';

/// Something to press below a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// A button that leads to an address.
    Open {
        /// What is shown.
        label: String,
        /// Where it leads; http or https.
        url: String,
    },
    /// A button.
    Say(Choice),
    /// A menu under a word.
    Menu {
        /// What is shown.
        label: String,
        /// What can be chosen.
        choices: Vec<Choice>,
    },
    /// A menu under three dots; at most five.
    More(Vec<Choice>),
}

/// One thing to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is shown.
    pub label: String,
    /// What is said; with [`ASKS`] at its end, once that is filled in.
    pub words: String,
}

/// What somebody did in a channel.
#[derive(Debug, Clone)]
pub enum Pressed {
    /// They said something.
    Said(Press),
    /// They want to say something of which a part is still to be filled in.
    Asks(Question),
    /// Nothing that is meant for us: a button that only opens a page.
    Nothing,
}

/// Words that somebody said by a control.
#[derive(Debug, Clone)]
pub struct Press {
    /// The same for the same press, however often it is delivered.
    pub key: String,
    /// Who, by the channel's own id.
    pub user: String,
    /// What, complete.
    pub words: String,
    /// Where a word goes that only they see. `None`: nowhere.
    pub reply_to: Option<ReplyTo>,
}

/// A form that somebody wants to fill in.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who, by the channel's own id.
    pub user: String,
    /// The words, with [`ASKS`] at their end.
    pub words: String,
    /// What lets the form be opened; for a few seconds, once.
    pub trigger: SecretString,
    /// Where a word goes that only they see. `None`: nowhere.
    pub reply_to: Option<ReplyTo>,
}

/// Where a word goes that only one person sees: an address that is a credential, kept in memory for minutes.
#[derive(Debug, Clone)]
pub struct ReplyTo(pub SecretString);

/// What a connection on which presses come in has brought.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// It is open. How many such connections there are, ours among them; another one takes presses away from us.
    Open {
        /// `None`: not told.
        connections: Option<u32>,
    },
    /// Something to be acknowledged by this id, once it is kept.
    Pressed {
        /// For [`Line::acknowledge`].
        id: String,
        /// What. `Err`: it is not understood, and delivering it again would not help.
        pressed: Result<Pressed, HookRefused>,
    },
    /// It will be closed soon: another one is to be opened first.
    EndsSoon,
    /// The other side does not want such connections any more, with this word.
    Refused(String),
    /// It lives.
    Alive,
}

/// A connection on which presses come in.
pub trait Line: Send {
    /// The next thing that comes in. `None`: it is over. May be given up and asked for again without losing anything.
    fn next(&mut self) -> BoxFuture<'_, Option<Incoming>>;

    /// Says that something is kept.
    fn acknowledge<'a>(&'a mut self, id: &'a str) -> BoxFuture<'a, Result<(), ConnectorError>>;

    /// Asks for a sign of life.
    fn ping(&mut self) -> BoxFuture<'_, Result<(), ConnectorError>>;
}

/// Hears what is done with the controls of a channel's messages.
pub trait Presses: Send + Sync {
    /// Whether there is a connection to be opened by [`Presses::dial`].
    fn dials(&self) -> bool;

    /// Whether presses may come by HTTP, to be understood by [`Presses::receive`].
    fn is_posted_to(&self) -> bool;

    /// Opens a connection on which presses come in.
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Line>, ConnectorError>>;

    /// Verifies what came by HTTP, by its headers and its raw body. Reads the secret's file.
    ///
    /// # Errors
    /// It is not the channel's, or too old, or cannot be understood.
    fn receive(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Pressed, HookRefused>;

    /// Opens the form that a question needs. `about`: what it is about, in a word of people's.
    fn ask<'a>(&'a self, question: &'a Question, about: Option<&'a str>) -> BoxFuture<'a, Result<(), WriteError>>;

    /// Says something that only one person sees.
    fn reply<'a>(&'a self, to: &'a ReplyTo, words: &'a str) -> BoxFuture<'a, Result<(), WriteError>>;
}
