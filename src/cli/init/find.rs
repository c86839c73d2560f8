//! The way of `init`: log in, choose repositories, look for people and states, Slack, who leads. Each question has an
//! answer from the terminal or from the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::survey::{Finding, Member, Members, Survey, Visible};
use connector_kit::{Clock, ConnectorError, Destination, Notifier};
use connector_model::Account;
use secrecy::{ExposeSecret, SecretString};

use super::super::doctor::exit_of;
use super::super::open::{Stopped, colored};
use super::super::table::plain;
use super::super::trouble::of_service;
use super::Made;
use super::ask::Asker;
use super::choose::{Chosen, all_named, api_of, ask_which, chosen};
use super::draft::{Draft, Person, Purpose, Reference, SlackDraft, handle};
use super::states::propose;
use crate::config::{self, Diagnostic, Flags, Settings, Sources};
use crate::registry::{self, BuiltNotifier};

/// Repositories that are looked through for people and labels.
const MOST_SEARCHED: usize = 30;
/// People who are asked for one by one.
const MOST_PEOPLE: usize = 100;
/// How often a credential may be mistyped.
const TRIES: usize = 3;

/// Asks its way through.
pub(super) struct Wizard {
    asker: Option<Asker>,
    env: BTreeMap<String, String>,
    /// The folder for secrets that are typed in.
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    draft: Draft,
    secrets: BTreeMap<&'static str, SecretString>,
    /// Repositories that were named and are not shown to the token.
    unseen: Vec<String>,
}

/// A secret with where it comes from.
type Given = (Reference, SecretString);

impl Wizard {
    /// With nobody to ask, everything comes from the environment.
    pub(super) fn new(
        asker: Option<Asker>,
        env: BTreeMap<String, String>,
        folder: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Wizard {
        let draft = Draft {
            name: "github".to_owned(),
            url: None,
            ca_file: None,
            token: Reference::Variable("GITHUB_TOKEN"),
            repos: Vec::new(),
            states: Vec::new(),
            slack: None,
            people: Vec::new(),
            manager: None,
        };
        Wizard { asker, env, folder, clock, draft, secrets: BTreeMap::new(), unseen: Vec::new() }
    }

    /// Goes the whole way.
    pub(super) async fn make(mut self) -> Result<Made, Stopped> {
        self.draft.ca_file = self.variable("GITHUB_CA_FILE");
        self.draft.url = self.address().await?;
        let survey = self.log_in().await?;
        let Chosen { repos, named } = self.choose(&*survey).await?;
        self.draft.repos = repos;
        let owner = self.draft.repos.first().and_then(|repo| repo.split_once('/')).map_or("github", |(owner, _)| owner);
        self.draft.name = handle(owner, &BTreeSet::new());
        let searched: Vec<String> = named.into_iter().take(MOST_SEARCHED).collect();
        self.find_states(&*survey, &searched).await?;
        self.find_people(&*survey, &searched).await?;
        // Before Slack, where whoever leads is looked for as well.
        self.ask_for_manager(&*survey).await?;
        self.ask_for_slack().await?;
        let mut typed = Vec::new();
        let slack = self.draft.slack.as_ref().map(|slack| &slack.token);
        for (reference, name) in [(Some(&self.draft.token), "GITHUB_TOKEN"), (slack, "SLACK_BOT_TOKEN")] {
            if let (Some(Reference::Typed { file, .. }), Some(secret)) = (reference, self.secrets.get(name)) {
                typed.push((file.clone(), secret.clone()));
            }
        }
        Ok(Made { draft: self.draft, typed, unseen: self.unseen })
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn say(&self, words: impl AsRef<str>) -> Result<(), Stopped> {
        match &self.asker {
            Some(asker) => asker.say(words),
            None => {
                anstream::eprintln!("{}", words.as_ref());
                Ok(())
            }
        }
    }

    async fn address(&self) -> Result<Option<String>, Stopped> {
        let known = self.variable("GAPWATCH_GITHUB_URL");
        let Some(asker) = self.asker.as_ref().filter(|_| known.is_none()) else { return Ok(known) };
        let answer = asker.line("Where is your GitHub? Its address, or Enter for github.com:").await?;
        Ok(api_of(&answer))
    }

    /// Logs in, and says as whom.
    async fn log_in(&mut self) -> Result<Arc<dyn Survey>, Stopped> {
        let help = "  A fine-grained token needs Issues: read and write (read is enough without comments) and Metadata: read;\n  \
                    a classic one needs `repo`. Made at github.com/settings/personal-access-tokens.";
        for attempt in 1..=TRIES {
            let Some((reference, secret)) =
                self.secret("GitHub token", "GITHUB_TOKEN", "GITHUB_TOKEN_FILE", "github_token", help).await?
            else {
                let words = match self.asker {
                    Some(_) => "without a token nothing can be read; nothing was written",
                    None => {
                        "there is no GITHUB_TOKEN in the environment, and no GITHUB_TOKEN_FILE; nothing was written"
                    }
                };
                let problem = Diagnostic::error("missing-key", format!("{words}\n{help}"));
                return Err(Stopped::told(super::Exit::Config, &problem));
            };
            self.draft.token = reference;
            self.secrets.insert("GITHUB_TOKEN", secret);
            let settings = self.settings()?;
            let built = registry::connections(&settings, &self.clock).map_err(|error| stopped(&error))?;
            let Some(built) = built.into_iter().next() else { return Err(Stopped::failed("nothing to log in to")) };
            match built.source.whoami().await {
                Ok(who) => {
                    let name = who.account.and_then(|account| account.handle);
                    self.say(format!("Logged in as {}.", name.as_deref().unwrap_or("an app")))?;
                    for warning in who.warnings {
                        self.say(format!("  note: {warning}"))?;
                    }
                    return Ok(built.survey);
                }
                Err(error @ ConnectorError::Unauthorized { .. }) if self.asker.is_some() && attempt < TRIES => {
                    self.say(format!("{error}"))?;
                    // A variable that is refused is not offered again.
                    self.env.remove("GITHUB_TOKEN");
                    self.env.remove("GITHUB_TOKEN_FILE");
                }
                Err(error) => return Err(stopped(&error)),
            }
        }
        let problem = Diagnostic::error("refused", "no token was accepted; nothing was written".to_owned());
        Err(Stopped::told(super::Exit::Refused, &problem))
    }

    /// The draft as settings, by the very code that `run` uses; secrets are handed in.
    fn settings(&self) -> Result<Settings, Stopped> {
        let env = self.secrets.iter().map(|(name, secret)| ((*name).to_owned(), secret.expose_secret().to_owned()));
        let files = vec![(PathBuf::from("gapwatch.toml"), self.draft.text(Purpose::LogIn))];
        let loaded = config::load(&Sources { files, env: env.collect(), flags: Flags::default() });
        loaded.map(|loaded| loaded.settings).map_err(|found| {
            Stopped::new(
                super::Exit::Config,
                config::diagnose::report(&found, 1, false, colored()).trim_end().to_owned(),
            )
        })
    }

    /// A secret out of a variable, a file that a variable names, or typed in. `None`: there is none.
    async fn secret(
        &self,
        what: &str,
        variable: &'static str,
        file_variable: &str,
        file: &str,
        help: &str,
    ) -> Result<Option<Given>, Stopped> {
        if let Some(path) = self.variable(file_variable) {
            let path = std::path::absolute(&path).map_err(Stopped::failed)?;
            let read = std::fs::read_to_string(&path);
            let text = read.map_err(|error| {
                let words = format!("{file_variable}: {} cannot be read: {error}", path.display());
                Stopped::told(super::Exit::Config, &Diagnostic::error("bad-secret", words))
            })?;
            return Ok(Some((Reference::File(path), SecretString::from(text.trim_end_matches(['\r', '\n'])))));
        }
        if let Some(value) = self.variable(variable) {
            let use_it = match &self.asker {
                Some(asker) => {
                    asker
                        .agrees(&format!("{variable} is set here. Use it, as {{ env = \"{variable}\" }}?"), true)
                        .await?
                }
                None => true,
            };
            if use_it {
                return Ok(Some((Reference::Variable(variable), SecretString::from(value))));
            }
        }
        let Some(asker) = &self.asker else { return Ok(None) };
        asker.say(help)?;
        let mut typed = asker.secret(&format!("{what} (not shown; Enter for none):")).await?;
        // One that cannot be one is no try: more than the token was copied.
        while typed.chars().any(|c| c.is_whitespace() || c.is_control()) {
            asker.say("  that holds a space, so it is more than the token; copy the token alone")?;
            typed = asker.secret(&format!("{what} (not shown; Enter for none):")).await?;
        }
        let file = self.folder.join(file);
        Ok((!typed.is_empty()).then(|| (Reference::Typed { file, variable }, SecretString::from(typed))))
    }

    async fn choose(&self, survey: &dyn Survey) -> Result<Chosen, Stopped> {
        let named = self.variable("GITHUB_REPOS");
        if let (None, Some(named)) = (&self.asker, &named)
            && let Some(repos) = all_named(named)
        {
            // Everything is named: what else the token sees is of no interest.
            return Ok(Chosen::all(repos));
        }
        self.say("Listing what the token sees …")?;
        let sight = survey.visible().await.map_err(|error| stopped(&error))?;
        let (fit, unfit): (Vec<Visible>, Vec<Visible>) =
            sight.containers.into_iter().partition(|one| one.unfit.is_none());
        if let Some(partial) = &sight.partial {
            self.say(format!("  note: {partial}"))?;
        }
        match (&self.asker, named) {
            (Some(asker), _) => ask_which(asker, &fit, unfit.len()).await,
            (None, Some(named)) => chosen(&named, &fit).map_err(Stopped::usage),
            (None, None) => {
                let open: Vec<String> = fit.iter().filter(|one| one.open > 0).map(|one| one.name.clone()).collect();
                if open.is_empty() {
                    let words = "the token sees no repository with something open";
                    let problem = Diagnostic::error("refused", words.to_owned())
                        .help("grant it repositories, or name them: GITHUB_REPOS=owner/name");
                    return Err(Stopped::told(super::Exit::Refused, &problem));
                }
                Ok(Chosen::all(open))
            }
        }
    }

    async fn find_states(&mut self, survey: &dyn Survey, repos: &[String]) -> Result<(), Stopped> {
        self.say("Looking for labels and people …")?;
        let mut labels = Vec::new();
        for repo in repos {
            match survey.labels(repo).await {
                Ok(found) => labels.extend(found),
                // Said at the end, where it is not overlooked.
                Err(ConnectorError::NotVisible { .. }) => self.unseen.push(repo.clone()),
                Err(error) => self.say(format!("  note: {error}"))?,
            }
        }
        let found = propose(labels.iter().map(String::as_str));
        if found.is_empty() {
            return self.say("No label says a state: an issue counts as begun once somebody works on it.");
        }
        self.say("Labels that seem to say a state:")?;
        for (state, labels) in &found {
            self.say(format!("  {state:<10} {}", plain(&labels.join(", "))))?;
        }
        let keep = match &self.asker {
            Some(asker) => asker.agrees("Use them?", true).await?,
            None => true,
        };
        if keep {
            self.draft.states = found;
        }
        Ok(())
    }

    async fn find_people(&mut self, survey: &dyn Survey, repos: &[String]) -> Result<(), Stopped> {
        let mut found: Vec<Account> = Vec::new();
        let seen: Vec<&String> = repos.iter().filter(|repo| !self.unseen.contains(repo)).collect();
        for repo in seen {
            match survey.assignees(repo).await {
                Ok(people) => {
                    found.extend(
                        people
                            .into_iter()
                            .filter(|one| !found.iter().any(|known| known.ext == one.ext))
                            .collect::<Vec<_>>(),
                    );
                }
                Err(error) => self.say(format!("  note: {error}"))?,
            }
        }
        let more = found.len().saturating_sub(MOST_PEOPLE);
        for account in found.into_iter().take(MOST_PEOPLE) {
            self.add_person(survey, &account).await?;
        }
        let count = self.draft.people.len();
        self.say(format!("{count} {} open issues assigned.", if count == 1 { "person has" } else { "people have" }))?;
        if more > 0 {
            self.say(format!("  note: {more} more are left out; `gapwatch people unmatched` names them later"))?;
        }
        Ok(())
    }

    /// Adds a table for an account; says its name.
    async fn add_person(&mut self, survey: &dyn Survey, account: &Account) -> Result<Option<String>, Stopped> {
        let Some(login) = account.handle.clone() else { return Ok(None) };
        let known = self.draft.people.iter().find(|person| person.login.eq_ignore_ascii_case(&login));
        if let Some(known) = known {
            return Ok(Some(known.handle.clone()));
        }
        // What a profile does not tell is left out: the login alone is enough.
        let full = survey.profile(&login).await.ok().flatten();
        let full = full.as_ref().unwrap_or(account);
        let email = full.email.clone().filter(|email| {
            !self
                .draft
                .people
                .iter()
                .any(|person| person.email.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(email)))
        });
        let taken = self.draft.people.iter().map(|person| person.handle.clone()).collect();
        let name = handle(&login, &taken);
        self.draft.people.push(Person {
            handle: name.clone(),
            name: full.name.clone(),
            email,
            login,
            ..Person::default()
        });
        Ok(Some(name))
    }

    async fn ask_for_slack(&mut self) -> Result<(), Stopped> {
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

    /// Finds people in Slack by the addresses that GitHub shows.
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
        self.say("Slack has people of the same name:")?;
        for (at, id) in &same {
            let person = &self.draft.people[*at];
            self.say(format!(
                "  {:<20} {} is {id} there",
                person.login,
                plain(person.name.as_deref().unwrap_or_default())
            ))?;
        }
        let same_people = match &self.asker {
            Some(asker) => asker.agrees("Are they the same people?", false).await?,
            None => {
                self.say("  note: they are not taken for the same; the file proposes each as a comment")?;
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
            asker.say("The others are found in Slack by e-mail. Enter leaves one out, a dot all that follow.")?;
            for at in 0..self.draft.people.len() {
                let person = &self.draft.people[at];
                if person.slack.is_some() {
                    continue;
                }
                let shown = person.name.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
                match asker.line(&format!("  e-mail of {}{shown}:", person.login)).await?.as_str() {
                    "." => break,
                    "" => {}
                    email => self.draft.people[at].email = Some(email.to_owned()),
                }
            }
            self.match_addresses(notifier).await?;
        }
        let found = self.draft.people.iter().filter(|person| person.slack.is_some()).count();
        self.say(format!("{found} of {} people are found in Slack.", self.draft.people.len()))
    }

    async fn ask_for_channel(&mut self) -> Result<(), Stopped> {
        let Some(asker) = self.asker.clone() else { return Ok(()) };
        if let Some(slack) = self.draft.slack.as_mut().filter(|slack| slack.channel.is_none()) {
            let answer = asker.line("Channel for what has no person, as #delivery (Enter for none):").await?;
            slack.channel = (!answer.is_empty()).then_some(answer);
        }
        Ok(())
    }

    async fn ask_for_manager(&mut self, survey: &dyn Survey) -> Result<(), Stopped> {
        for _ in 0..TRIES {
            let login = match &self.asker {
                Some(asker) => asker.line("Who hears when a gap stays? A GitHub login (Enter for nobody):").await?,
                None => self.variable("GITHUB_MANAGER").unwrap_or_default(),
            };
            let login = login.trim_start_matches('@').to_owned();
            if login.is_empty() {
                return Ok(());
            }
            let known = self.draft.people.iter().find(|person| person.login.eq_ignore_ascii_case(&login));
            self.draft.manager = match known {
                Some(person) => Some(person.handle.clone()),
                None => match survey.profile(&login).await.map_err(|error| stopped(&error))? {
                    Some(account) => self.add_person(survey, &account).await?,
                    None => None,
                },
            };
            if self.draft.manager.is_some() {
                return Ok(());
            }
            self.say(format!("  note: GitHub shows no account {}", plain(&login)))?;
            if self.asker.is_none() {
                break;
            }
        }
        self.say("  note: nobody leads until you set `default_manager` in [directory]")
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

fn stopped(error: &ConnectorError) -> Stopped {
    let Finding { verdict, todo, .. } = Finding::failed(error);
    // There is no connection yet that could be named.
    let problem = of_service("", error, None).1.titled(error.to_string());
    Stopped::told(exit_of(verdict), &todo.into_iter().fold(problem, Diagnostic::help))
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
