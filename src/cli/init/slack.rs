//! Slack in `init`: logs in, and finds there whoever has work.

use std::collections::BTreeSet;

use connector_kit::survey::{Member, Members};
use connector_kit::{Destination, Notifier};

use super::super::open::Stopped;
use super::super::table::plain;
use super::draft::{Person, SlackDraft};
use super::find::{TRIES, Wizard, stopped};
use crate::registry::{self, BuiltNotifier};

impl Wizard {
    pub(super) async fn ask_for_slack(&mut self) -> Result<(), Stopped> {
        let help = "  With Slack people are told in private; without it by a mention in one comment on their issue.\n  \
                    The app is made from deploy/slack-manifest.yaml; its bot token begins with xoxb-.";
        for attempt in 1..=TRIES {
            let given = self
                .secret("Slack bot token", "SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_FILE", "slack_bot_token", help)
                .await?;
            let Some((token, secret)) = given else { return Ok(()) };
            self.secrets.insert("SLACK_BOT_TOKEN", secret);
            let url = self.variable("GAPWATCH_SLACK_URL");
            self.draft.slack = Some(SlackDraft { url, token, channel: self.variable("SLACK_CHANNEL") });
            match self.log_in_to_slack().await {
                Ok(built) => {
                    self.match_addresses(&*built.notifier).await?;
                    if let Some(members) = &built.members {
                        self.match_names(&**members).await?;
                    }
                    self.ask_for_addresses(&*built.notifier).await?;
                    return self.ask_for_channel().await;
                }
                Err(stopped) if self.asker.is_some() && attempt < TRIES => {
                    self.say(&stopped.words)?;
                    self.env.remove("SLACK_BOT_TOKEN");
                    self.env.remove("SLACK_BOT_TOKEN_FILE");
                    self.secrets.remove("SLACK_BOT_TOKEN");
                    self.draft.slack = None;
                }
                Err(stopped) => return Err(stopped),
            }
        }
        Ok(())
    }

    async fn log_in_to_slack(&self) -> Result<BuiltNotifier, Stopped> {
        let settings = self.settings()?;
        let built = registry::notifier(&settings, &self.clock).map_err(|error| stopped(&error))?;
        let Some(built) = built else { return Err(Stopped::failed("nothing to log in to")) };
        let warnings = built.notifier.whoami().await.map_err(|error| stopped(&error))?;
        self.say("Logged in to Slack.")?;
        for warning in warnings {
            self.say(format!("  note: {warning}"))?;
        }
        Ok(built)
    }

    /// Finds people in Slack by the addresses that the trackers show.
    async fn match_addresses(&mut self, notifier: &dyn Notifier) -> Result<(), Stopped> {
        for at in 0..self.draft.people.len() {
            let person = &self.draft.people[at];
            let Some(email) = person.email.clone().filter(|_| person.slack.is_none()) else { continue };
            match notifier.lookup(&Destination::Email(email)).await {
                Ok(profile) => self.draft.people[at].slack = profile.map(|profile| profile.id),
                Err(error) => return self.say(format!("  note: {error}")),
            }
        }
        Ok(())
    }

    /// Proposes whoever has the same name in Slack; a name alone decides nothing, for a message is private.
    async fn match_names(&mut self, members: &dyn Members) -> Result<(), Stopped> {
        let unknown = |person: &&Person| person.slack.is_none() && person.name.is_some();
        if !self.draft.people.iter().any(|person| unknown(&person)) {
            return Ok(());
        }
        let members = match members.members().await {
            Ok(members) => members,
            Err(error) => return self.say(format!("  note: {error}")),
        };
        let taken: BTreeSet<&str> = self.draft.people.iter().filter_map(|person| person.slack.as_deref()).collect();
        let same: Vec<(usize, String)> = self
            .draft
            .people
            .iter()
            .enumerate()
            .filter(|(_, person)| unknown(person))
            .filter_map(|(at, person)| Some((at, namesake(person.name.as_deref()?, &members)?.to_owned())))
            .filter(|(_, id)| !taken.contains(id.as_str()))
            .collect();
        if same.is_empty() {
            return Ok(());
        }
        self.say("Slack has people with the same name:")?;
        for (at, id) in &same {
            let person = &self.draft.people[*at];
            self.say(format!(
                "  {:<20} {} is {id} there",
                plain(person.shown()),
                plain(person.name.as_deref().unwrap_or_default())
            ))?;
        }
        let same_people = match &self.asker {
            Some(asker) => asker.agrees("Are they the same people?", false).await?,
            None => {
                self.say("  note: they are not linked; the file suggests each link as a comment")?;
                false
            }
        };
        for (at, id) in same {
            let person = &mut self.draft.people[at];
            if same_people {
                person.slack = Some(id);
            } else {
                person.namesake = Some(id);
            }
        }
        Ok(())
    }

    /// Asks for the addresses of whoever is still not found, and says how many are.
    async fn ask_for_addresses(&mut self, notifier: &dyn Notifier) -> Result<(), Stopped> {
        if let Some(asker) = self.asker.clone()
            && self.draft.people.iter().any(|person| person.slack.is_none())
        {
            asker.say("The others are found in Slack by e-mail address. Enter skips one, a dot skips the rest.")?;
            for at in 0..self.draft.people.len() {
                let person = &self.draft.people[at];
                if person.slack.is_some() {
                    continue;
                }
                let shown = person.name.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
                match asker.line(&format!("  e-mail address of {}{shown}:", plain(person.shown()))).await?.as_str() {
                    "." => break,
                    "" => {}
                    email => self.draft.people[at].email = Some(email.to_owned()),
                }
            }
            self.match_addresses(notifier).await?;
        }
        let found = self.draft.people.iter().filter(|person| person.slack.is_some()).count();
        self.say(format!("{found} of {} people were found in Slack.", self.draft.people.len()))
    }

    async fn ask_for_channel(&mut self) -> Result<(), Stopped> {
        let Some(asker) = self.asker.clone() else { return Ok(()) };
        if let Some(slack) = self.draft.slack.as_mut().filter(|slack| slack.channel.is_none()) {
            let answer = asker
                .line("Channel for messages that are for nobody in particular, for example #delivery (Enter for none):")
                .await?;
            slack.channel = (!answer.is_empty()).then_some(answer);
        }
        Ok(())
    }
}

/// The one member of this name. `None`: nobody, or several; a single word is too little to tell anybody by.
fn namesake<'m>(name: &str, members: &'m [Member]) -> Option<&'m str> {
    let same = |other: &str| {
        other.split_whitespace().map(str::to_lowercase).eq(name.split_whitespace().map(str::to_lowercase))
    };
    if name.split_whitespace().count() < 2 {
        return None;
    }
    let mut found = members.iter().filter(|member| member.names.iter().any(|other| same(other)));
    let first = found.next()?;
    found.next().is_none().then_some(first.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namesake_is_one_person_of_the_whole_name() {
        let member = |id: &str, name: &str| Member { id: id.to_owned(), names: vec![name.to_owned()] };
        let members =
            [member("U1", "Ana  kovac"), member("U2", "Max Winter"), member("U3", "max winter"), member("U4", "Tom")];
        assert_eq!(namesake("Ana Kovac", &members), Some("U1"));
        assert_eq!(namesake("Max Winter", &members), None, "there are two");
        assert_eq!(namesake("Tom", &members), None, "a first name is nobody's alone");
        assert_eq!(namesake("Ana", &members), None);
    }
}
