//! People: once a day asks Slack who is behind each configured person, and in which zone they work. What the configuration
//! says counts more; what Slack says fills its gaps.

use std::sync::Arc;

use connector_kit::{Clock, Destination, Notifier};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use super::guard;
use crate::core::CoreHandle;
use crate::domain::calendar::later;
use crate::store::{PersonPlan, ProfileSeen, StoreError};

/// People move, and are hired, by the day.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// After a service that did not answer.
const AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Somebody of whom Slack may know more than the configuration does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the person's table.
    pub handle: String,
    /// How Slack is asked.
    pub who: Destination,
}

/// Everybody whose Slack id or zone the configuration does not state, and who can be asked for.
pub fn wanted(persons: &[PersonPlan]) -> Vec<Wanted> {
    let ask = |person: &PersonPlan| match (&person.slack, &person.email) {
        (Some(id), _) if !person.zone_stated => Some(Destination::User(id.clone())),
        (None, Some(email)) => Some(Destination::Email(email.clone())),
        _ => None,
    };
    persons.iter().filter_map(|person| Some(Wanted { handle: person.handle.clone(), who: ask(person)? })).collect()
}

/// Asks for everybody; true when all could be asked.
///
/// # Errors
/// Only the store's: somebody whom Slack does not tell of stays as the configuration has them.
pub async fn meet(
    core: &CoreHandle,
    notifier: &dyn Notifier,
    wanted: &[Wanted],
    clock: &dyn Clock,
) -> Result<bool, StoreError> {
    if !notifier.reaches_people() {
        return Ok(true);
    }
    let mut seen = Vec::new();
    let mut complete = true;
    for person in wanted {
        let Some(told) = guard::call(|| notifier.lookup(&person.who)).await else {
            tracing::error!(person = person.handle, because = guard::PANICKED, "person.not_looked_up");
            complete = false;
            continue;
        };
        match told {
            Ok(Some(profile)) => {
                // A name that the zone database does not know is no zone.
                let zone = profile.zone.filter(|zone| TimeZone::get(zone).is_ok());
                seen.push(ProfileSeen { handle: person.handle.clone(), slack: Some(profile.id), zone });
            }
            Ok(None) => {
                let because = match guard::call(|| notifier.absence(&person.who)).await {
                    Some(told) => told.unwrap_or_else(|error| error.to_string()),
                    None => guard::PANICKED.to_owned(),
                };
                tracing::warn!(person = person.handle, because, "person.not_in_slack");
                // Who was found by an address before is not told there any more; a configured id stays.
                if matches!(person.who, Destination::Email(_)) {
                    seen.push(ProfileSeen { handle: person.handle.clone(), slack: None, zone: None });
                }
            }
            Err(error) => {
                tracing::warn!(person = person.handle, %error, "person.not_looked_up");
                complete = false;
                break;
            }
        }
    }
    if !seen.is_empty() {
        core.profiles(seen, clock.now()).await?;
    }
    Ok(complete)
}

/// Asks for as long as the program runs.
pub async fn run(
    core: CoreHandle,
    notifier: Arc<dyn Notifier>,
    wanted: Vec<Wanted>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            asked = meet(&core, &*notifier, &wanted, &*clock) => asked,
        };
        let wait = if asked.unwrap_or(false) { EVERY } else { AGAIN };
        let next = later(clock.now(), wait);
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_until(next) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Calendar;

    fn person(slack: Option<&str>, email: Option<&str>, zone_stated: bool) -> PersonPlan {
        PersonPlan {
            handle: "ana".to_owned(),
            name: "Ana".to_owned(),
            email: email.map(str::to_owned),
            manager: None,
            slack: slack.map(str::to_owned),
            accounts: Vec::new(),
            calendar: Arc::new(Calendar::usual(TimeZone::UTC)),
            zone_stated,
            away: Vec::new(),
            deputy: None,
            team: false,
        }
    }

    #[test]
    fn slack_is_asked_for_what_the_configuration_does_not_say() {
        let asked = |person| wanted(&[person]).pop().map(|wanted| wanted.who);
        let id = || Some(Destination::User("U1".to_owned()));
        let email = || Some(Destination::Email("a@example.org".to_owned()));
        assert_eq!(asked(person(Some("U1"), Some("a@example.org"), false)), id());
        assert_eq!(asked(person(Some("U1"), Some("a@example.org"), true)), None);
        assert_eq!(asked(person(None, Some("a@example.org"), true)), email());
        assert_eq!(asked(person(None, None, false)), None);
    }
}
