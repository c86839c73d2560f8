//! What somebody answered to a gap, in words.

use connector_kit::Span;
use jiff::Timestamp;
use jiff::civil::Date;

use super::scene::Scene;
use super::when::{clean, day, day_of, moment};
use crate::domain::alert::Alert;
use crate::domain::command;
use crate::domain::ids::AccountId;
use crate::domain::notice::{Address, Notice};
use crate::domain::people::People;
use crate::domain::said::Claim;

/// The last answer to a gap, as it is told to one reader.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// Who gave it.
    by: String,
    /// True where its reader did, in private.
    is_readers: bool,
    /// True where whoever is asked when its time is over reads it.
    is_asked: bool,
    what: Claim,
    /// Why, for what, or whose.
    words: Option<String>,
    at: Timestamp,
    /// Until when it keeps silent. `None`: for good, or it does not.
    until: Option<Timestamp>,
    /// True where it counts no more.
    lapsed: bool,
}

impl Answered {
    /// `None`: nobody has answered, or it no longer counts.
    pub(super) fn of(alert: &Alert, reader: &Notice, owners: &[AccountId], people: &People) -> Option<Answered> {
        let said = alert.said.as_ref()?;
        let is_operators = said.by == AccountId::NOBODY;
        let by = if is_operators { "the operator".to_owned() } else { people.name(said.by) };
        let words = said.words.as_deref().map(clean).filter(|words| !words.is_empty());
        let in_private = reader.address.is_private() || matches!(reader.address, Address::Digest(_));
        let is_theirs = !is_operators && people.same(said.by, reader.account);
        let owns = |account| owners.iter().any(|owner| people.same(*owner, account));
        let is_asked = match (in_private, is_operators) {
            (true, false) => is_theirs,
            (true, true) => owns(reader.account),
            (false, false) => owns(said.by),
            (false, true) => true,
        };
        let (what, at, until) = (said.what, said.at, alert.asks_again_at());
        let (is_readers, lapsed) = (is_theirs && in_private, said.lapsed);
        Some(Answered { by: clean(&by), is_readers, is_asked, what, words, at, until, lapsed })
    }

    /// True while nothing else is to be said about it.
    pub(super) fn is_quiet(&self, scene: Scene<'_>) -> bool {
        let lasts = self.until.is_some_and(|until| until > scene.now);
        lasts || matches!(self.what, Claim::Wrong | Claim::Answered)
    }

    /// False for what whoever did it knows without being told.
    pub(super) fn is_shown(&self) -> bool {
        self.what != Claim::TakenBack || !self.is_readers
    }

    /// One sentence without its full stop. Whoever reads in private what they said themselves is spoken to.
    pub(super) fn words(&self, scene: Scene<'_>) -> String {
        let by = if self.is_readers { "you" } else { self.by.as_str() };
        let verb = |own: &'static str, others: &'static str| if self.is_readers { own } else { others };
        let until = self.until.filter(|until| *until > scene.now).map(|until| moment(until, scene));
        let because = self.words.as_ref().map_or(String::new(), |words| format!(": “{words}”"));
        let day = day_of(self.at, scene);
        let is_over = self.lapsed || (until.is_none() && self.until.is_some());
        let claim = match self.what {
            Claim::Later if self.lapsed => return format!("snoozed on {day} by {by}{because}"),
            Claim::Later => {
                let until = until.unwrap_or_else(|| "now".to_owned());
                return format!("snoozed until {until} by {by}{because}");
            }
            Claim::TakenBack => return format!("{by} answered, and took it back on {day}"),
            Claim::OnIt if is_over => {
                return format!("{by} {} on it on {day}, and the gap is still there", verb("were", "was"));
            }
            Claim::OnIt => {
                let until = until.map_or(String::new(), |until| format!("; quiet until {until}"));
                return format!("{by} {} on it{until}", verb("are", "is"));
            }
            Claim::Done => "it is done".to_owned(),
            Claim::NewDate(date) => format!("it gets {}", date_of(date, scene)),
            Claim::Blocked => match &self.words {
                Some(by) => format!("it waits for “{by}”"),
                None => "it waits for something".to_owned(),
            },
            Claim::NotMine => {
                let whose = verb("yours", "theirs");
                match &self.words {
                    Some(other) => format!("it is not {whose} but “{other}”’s"),
                    None => format!("it is not {whose}"),
                }
            }
            Claim::Wrong => format!("there is no problem{because}"),
            Claim::Answered => "it was answered elsewhere".to_owned(),
        };
        match until {
            Some(until) => format!("{by} {} {claim}; quiet until {until}", verb("say", "says")),
            None if is_over => format!("{by} said on {day} that {claim}, and the gap is still there"),
            None => format!("{by} {} {claim}", verb("say", "says")),
        }
    }

    /// What is asked of whoever answered, once the time is over that they wanted, or once it is not theirs to settle. `None`:
    /// it is not over, somebody else is asked, or nothing is.
    pub(super) fn question(&self, scene: Scene<'_>) -> Option<&'static str> {
        if self.what == Claim::NotMine && self.is_readers {
            return Some("Next: nothing; whoever leads you settles whose it is.");
        }
        self.until.filter(|until| *until <= scene.now && self.is_asked)?;
        Some(match self.what {
            Claim::Later => "Is it time now?",
            Claim::OnIt => "Still on it?",
            Claim::Done => "If it is done, close it in the tracker.",
            Claim::NewDate(_) => "Put the new date into the tracker.",
            Claim::Blocked => "Does it still wait? A link in the tracker tells everybody for what.",
            Claim::NotMine | Claim::Wrong | Claim::Answered | Claim::TakenBack => return None,
        })
    }
}

fn date_of(date: Option<Date>, scene: Scene<'_>) -> String {
    date.map_or("another date".to_owned(), |date| format!("another date, {}", day(date, scene)))
}

/// The answers that are wanted most often, as a comment's first line.
pub(super) fn how_to_answer() -> Vec<Span> {
    let code = |words: &str| Span::Code(format!("{}{words}", command::PREFIX));
    let plain = |words: &str| Span::Plain(words.to_owned());
    vec![
        plain("Answer with a comment: "),
        code("on it"),
        plain(", "),
        code("snooze 3d why"),
        plain(", "),
        code("not mine"),
        plain(" or "),
        code("done"),
        plain("."),
    ]
}
