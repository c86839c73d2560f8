//! What somebody answered to a gap, in words.

use jiff::Timestamp;
use jiff::civil::Date;

use super::scene::Scene;
use super::when::{clean, day, day_of, moment};
use crate::domain::alert::Alert;
use crate::domain::ids::AccountId;
use crate::domain::people::People;
use crate::domain::said::Claim;

/// The last answer to a gap, as it is told to others.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// Who gave it.
    by: String,
    what: Claim,
    /// Why, for what, or whose.
    words: Option<String>,
    at: Timestamp,
    /// Until when it keeps silent. `None`: for good, or it does not.
    until: Option<Timestamp>,
}

impl Answered {
    /// `None`: nobody has answered, or it no longer counts.
    pub(super) fn of(alert: &Alert, people: &People) -> Option<Answered> {
        let said = alert.said.as_ref()?;
        let by = if said.by == AccountId::NOBODY { "the operator".to_owned() } else { people.name(said.by) };
        let words = said.words.as_deref().map(clean).filter(|words| !words.is_empty());
        Some(Answered { by: clean(&by), what: said.what, words, at: said.at, until: alert.asks_again_at() })
    }

    /// True while nothing else is to be said about it.
    pub(super) fn is_quiet(&self, scene: Scene<'_>) -> bool {
        let lasts = self.until.is_some_and(|until| until > scene.now);
        lasts || matches!(self.what, Claim::Wrong | Claim::Answered)
    }

    /// One sentence without its full stop.
    pub(super) fn words(&self, scene: Scene<'_>) -> String {
        let Answered { by, what, .. } = self;
        let until = self.until.filter(|until| *until > scene.now).map(|until| moment(until, scene));
        let because = self.words.as_ref().map_or(String::new(), |words| format!(": “{words}”"));
        let said = match (what, &until) {
            (Claim::Later, Some(until)) => return format!("snoozed until {until} by {by}{because}"),
            (Claim::Later, None) => return format!("snoozed until now by {by}{because}"),
            (Claim::OnIt, _) => "is on it".to_owned(),
            (Claim::Done, _) => "says it is done".to_owned(),
            (Claim::NewDate(date), _) => format!("says it gets {}", date_of(*date, scene)),
            (Claim::Blocked, _) => match &self.words {
                Some(by) => format!("says it waits for “{by}”"),
                None => "says it waits for something".to_owned(),
            },
            (Claim::NotMine, _) => match &self.words {
                Some(whose) => format!("says it is not theirs but “{whose}”’s"),
                None => "says it is not theirs".to_owned(),
            },
            (Claim::Wrong, _) => format!("says there is no problem{because}"),
            (Claim::Answered, _) => "says it was answered elsewhere".to_owned(),
        };
        match until {
            Some(until) => format!("{by} {said}; quiet until {until}"),
            None if self.is_quiet(scene) || *what == Claim::NotMine => format!("{by} {said}"),
            None => format!("on {} {by} {}, and it is still so", day_of(self.at, scene), past(&said)),
        }
    }

    /// What is asked once the time is over that somebody wanted. `None`: it is not over, or nothing is.
    pub(super) fn question(&self, scene: Scene<'_>) -> Option<&'static str> {
        self.until.filter(|until| *until <= scene.now)?;
        Some(match self.what {
            Claim::Later => "Is it time now?",
            Claim::OnIt => "Still on it?",
            Claim::Done => "If it is done, close it in the tracker.",
            Claim::NewDate(_) => "Put the new date into the tracker.",
            Claim::Blocked => "Does it still wait? A link in the tracker tells everybody for what.",
            Claim::NotMine | Claim::Wrong | Claim::Answered => return None,
        })
    }
}

fn date_of(date: Option<Date>, scene: Scene<'_>) -> String {
    date.map_or("another date".to_owned(), |date| format!("another date, {}", day(date, scene)))
}

/// What was said some days ago.
fn past(said: &str) -> String {
    match said.strip_prefix("says ").or_else(|| said.strip_prefix("is ")) {
        Some(rest) if said.starts_with("says ") => format!("said {rest}"),
        Some(rest) => format!("was {rest}"),
        None => said.to_owned(),
    }
}
