//! The way of `init`: log in, choose repositories, look for people and states, Slack, who leads. Each question has an
//! answer from the terminal or from the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::survey::{Finding, Survey, Visible};
use connector_kit::{Clock, ConnectorError};
use secrecy::{ExposeSecret, SecretString};

use super::super::doctor::exit_of;
use super::super::open::{Stopped, colored};
use super::super::places;
use super::super::table::plain;
use super::super::trouble::of_service;
use super::ask::Asker;
use super::choose::{Chosen, all_named, api_of, ask_which, chosen};
use super::draft::{Draft, GithubDraft, Purpose, Reference, handle};
use super::states::{Found, propose};
use super::{Made, Tracker};
use crate::config::{self, Diagnostic, Flags, Settings, Sources};
use crate::registry::{self, Built};

/// Repositories that are looked through for people and labels.
pub(super) const MOST_SEARCHED: usize = 30;
/// People who are asked for one by one.
pub(super) const MOST_PEOPLE: usize = 100;
/// How often a credential may be mistyped.
pub(super) const TRIES: usize = 3;

/// Asks its way through.
pub(super) struct Wizard {
    pub(super) asker: Option<Asker>,
    pub(super) env: BTreeMap<String, String>,
    /// The folder for secrets that are typed in.
    folder: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) draft: Draft,
    pub(super) secrets: BTreeMap<&'static str, SecretString>,
    /// Repositories and projects that were named and are not shown to the token.
    pub(super) unseen: Vec<String>,
    /// Those that were logged in to.
    pub(super) surveys: Vec<Arc<dyn Survey>>,
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
        let (draft, surveys) = (Draft::default(), Vec::new());
        Wizard { asker, env, folder, clock, draft, secrets: BTreeMap::new(), unseen: Vec::new(), surveys }
    }

    /// Goes the whole way. `wanted`: the trackers; none of them: whoever is there says.
    pub(super) async fn make(mut self, wanted: &[Tracker]) -> Result<Made, Stopped> {
        let trackers = self.trackers(wanted).await?;
        for tracker in &trackers {
            match tracker {
                Tracker::Github => self.github().await?,
                Tracker::Jira => self.jira().await?,
                Tracker::Asana => self.asana().await?,
                Tracker::Trello => self.trello().await?,
            }
        }
        self.join_namesakes().await?;
        // Before Slack, where whoever leads is looked for as well.
        self.ask_for_manager(&trackers).await?;
        self.ask_for_slack().await?;
        let mut typed = Vec::new();
        let references = [
            (self.draft.github.as_ref().map(|github| &github.token), "GITHUB_TOKEN"),
            (self.draft.jira.as_ref().map(|jira| &jira.token), "JIRA_TOKEN"),
            (self.draft.asana.as_ref().map(|asana| &asana.token), "ASANA_TOKEN"),
            (self.draft.trello.as_ref().map(|trello| &trello.key), "TRELLO_KEY"),
            (self.draft.trello.as_ref().map(|trello| &trello.token), "TRELLO_TOKEN"),
            (self.draft.slack.as_ref().map(|slack| &slack.token), "SLACK_BOT_TOKEN"),
        ];
        for (reference, name) in references {
            if let (Some(Reference::Typed { file, .. }), Some(secret)) = (reference, self.secrets.get(name)) {
                typed.push((file.clone(), secret.clone()));
            }
        }
        Ok(Made { draft: self.draft, typed, unseen: self.unseen })
    }

    /// What work is tracked in: as asked for, as the environment tells where nobody can be asked, or as answered.
    async fn trackers(&self, wanted: &[Tracker]) -> Result<Vec<Tracker>, Stopped> {
        if !wanted.is_empty() {
            let one = |tracker: &Tracker| wanted.contains(tracker);
            return Ok(Tracker::ALL.into_iter().filter(one).collect());
        }
        let Some(asker) = &self.asker else {
            let set = |names: &[&str]| names.iter().any(|name| self.variable(name).is_some());
            let told = |tracker: &Tracker| match tracker {
                Tracker::Github => set(&["GITHUB_TOKEN", "GITHUB_TOKEN_FILE"]),
                Tracker::Jira => set(&["JIRA_URL"]),
                Tracker::Asana => set(&["ASANA_TOKEN", "ASANA_TOKEN_FILE"]),
                Tracker::Trello => set(&["TRELLO_KEY", "TRELLO_KEY_FILE", "TRELLO_TOKEN", "TRELLO_TOKEN_FILE"]),
            };
            let told: Vec<Tracker> = Tracker::ALL.into_iter().filter(told).collect();
            return Ok(if told.is_empty() { vec![Tracker::Github] } else { told });
        };
        loop {
            let question = "Which tracker do you use? github, jira, asana, trello, or several (Enter for github):";
            match trackers_of(&asker.line(question).await?) {
                Some(trackers) => return Ok(trackers),
                None => asker.say("  please answer github, jira, asana or trello, or several with commas")?,
            }
        }
    }

    /// GitHub, from its address to the people there.
    async fn github(&mut self) -> Result<(), Stopped> {
        let url = self.address().await?;
        self.draft.github = Some(GithubDraft {
            name: "github".to_owned(),
            url,
            ca_file: self.variable("GITHUB_CA_FILE"),
            token: Reference::Variable("GITHUB_TOKEN"),
            repos: Vec::new(),
            states: Vec::new(),
        });
        let survey = self.log_in().await?;
        let Chosen { repos, named } = self.choose(&*survey).await?;
        let owner = repos.first().and_then(|repo| repo.split_once('/')).map_or("github", |(owner, _)| owner);
        let name = handle(owner, &BTreeSet::new());
        if let Some(github) = &mut self.draft.github {
            (github.name, github.repos) = (name, repos);
        }
        let searched: Vec<String> = named.into_iter().take(MOST_SEARCHED).collect();
        self.say("Looking for labels and people …")?;
        let labels = self.words(&*survey, &searched).await?;
        let found = propose(labels.iter().map(String::as_str));
        let states = if found.is_empty() {
            self.say("No label stands for a state, so an issue counts as started once somebody works on it.")?;
            found
        } else {
            self.agree("Labels that seem to stand for a state:", found).await?
        };
        if let Some(github) = &mut self.draft.github {
            github.states = states;
        }
        self.find_people(&*survey, &searched, Tracker::Github).await?;
        self.surveys.push(survey);
        Ok(())
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn say(&self, words: impl AsRef<str>) -> Result<(), Stopped> {
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
        let answer = asker.line("Address of your GitHub server (Enter for github.com):").await?;
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
                    Some(_) => "gapwatch can read nothing without a token; nothing was written",
                    None => "neither GITHUB_TOKEN nor GITHUB_TOKEN_FILE is set; nothing was written",
                };
                let problem = Diagnostic::error("missing-key", format!("{words}\n{help}"));
                return Err(Stopped::told(super::Exit::Config, &problem));
            };
            if let Some(github) = &mut self.draft.github {
                github.token = reference;
            }
            self.secrets.insert("GITHUB_TOKEN", secret);
            match self.try_token("github.").await {
                Ok(survey) => return Ok(survey),
                Err(Refused::Credential(trouble)) if self.asker.is_some() && attempt < TRIES => {
                    self.say(trouble.words)?;
                    // A variable that is refused is not offered again.
                    self.env.remove("GITHUB_TOKEN");
                    self.env.remove("GITHUB_TOKEN_FILE");
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(none_accepted())
    }

    /// Logs in to the connection of the draft whose name begins like this, and says as whom.
    pub(super) async fn try_token(&self, kind: &str) -> Result<Arc<dyn Survey>, Refused> {
        let settings = self.settings()?;
        let all = registry::connections(&settings, &self.clock).map_err(|error| Refused::Else(stopped(&error)))?;
        let built: Option<Built> = all.into_iter().find(|built| built.name.starts_with(kind));
        let built = built.ok_or_else(|| Stopped::failed("nothing to log in to"))?;
        match built.source.whoami().await {
            Ok(who) => {
                let name = who.account.and_then(|account| places::called(kind, account));
                self.say(format!("Logged in as {}.", plain(name.as_deref().unwrap_or("an app"))))?;
                for warning in who.warnings {
                    self.say(format!("  note: {warning}"))?;
                }
                Ok(built.survey)
            }
            Err(error @ ConnectorError::Unauthorized { .. }) => {
                Err(Refused::Credential(Trouble { words: error.to_string(), stopped: stopped(&error) }))
            }
            Err(error) => Err(Refused::Else(stopped(&error))),
        }
    }

    /// The draft as settings, by the very code that `run` uses; secrets are handed in.
    pub(super) fn settings(&self) -> Result<Settings, Stopped> {
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
    pub(super) async fn secret(
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
                        .agrees(
                            &format!("The variable {variable} is set. Use it, as {{ env = \"{variable}\" }}?"),
                            true,
                        )
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
            asker.say("  this contains a space; please copy only the token")?;
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
        self.say("Listing what the token can see …")?;
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
                    let words = "the token can see no repository with open issues";
                    let problem = Diagnostic::error("refused", words.to_owned())
                        .help("give it access to repositories, or name them: GITHUB_REPOS=owner/name");
                    return Err(Stopped::told(super::Exit::Refused, &problem));
                }
                Ok(Chosen::all(open))
            }
        }
    }

    /// The words that may say a state in these places.
    pub(super) async fn words(&mut self, survey: &dyn Survey, places: &[String]) -> Result<Vec<String>, Stopped> {
        let mut words = Vec::new();
        for place in places {
            match survey.labels(place).await {
                Ok(found) => words.extend(found),
                // Said at the end, where it is not overlooked.
                Err(ConnectorError::NotVisible { .. }) => self.unseen.push(place.clone()),
                Err(error) => self.say(format!("  note: {error}"))?,
            }
        }
        Ok(words)
    }

    /// Shows what was found, and keeps it if that is right.
    pub(super) async fn agree(&self, title: &str, found: Found) -> Result<Found, Stopped> {
        self.say(title)?;
        for (state, words) in &found {
            self.say(format!("  {state:<10} {}", plain(&words.join(", "))))?;
        }
        let keep = match &self.asker {
            Some(asker) => asker.agrees("Use them?", true).await?,
            None => true,
        };
        Ok(if keep { found } else { Vec::new() })
    }
}

/// The trackers that an answer names, each once, in their order. `None`: it names something else.
fn trackers_of(answer: &str) -> Option<Vec<Tracker>> {
    let answer = answer.to_lowercase();
    let words: Vec<&str> = answer.split([',', ' ', '+', '&']).filter(|word| !["", "and"].contains(word)).collect();
    let known = |word: &&str| Tracker::ALL.iter().any(|tracker| tracker.word() == *word);
    match words.is_empty() {
        true => Some(vec![Tracker::Github]),
        false if words.iter().all(known) => {
            Some(Tracker::ALL.into_iter().filter(|tracker| words.contains(&tracker.word())).collect())
        }
        false => None,
    }
}

/// What came of a login that failed.
pub(super) enum Refused {
    /// The credential itself: another one may do.
    Credential(Trouble),
    /// Anything else.
    Else(Stopped),
}

/// A refusal, in a line and as the end of the command.
pub(super) struct Trouble {
    pub(super) words: String,
    stopped: Stopped,
}

impl From<Stopped> for Refused {
    fn from(stopped: Stopped) -> Refused {
        Refused::Else(stopped)
    }
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Stopped {
        match refused {
            Refused::Credential(Trouble { stopped, .. }) | Refused::Else(stopped) => stopped,
        }
    }
}

/// The last try was one too many.
pub(super) fn none_accepted() -> Stopped {
    let problem = Diagnostic::error("refused", "no token was accepted; nothing was written".to_owned());
    Stopped::told(super::Exit::Refused, &problem)
}

pub(super) fn stopped(error: &ConnectorError) -> Stopped {
    let Finding { verdict, todo, .. } = Finding::failed(error);
    // There is no connection yet that could be named.
    let problem = of_service("", error, None).1.titled(error.to_string());
    Stopped::told(exit_of(verdict), &todo.into_iter().fold(problem, Diagnostic::help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_trackers_are_named_in_one_answer_and_taken_in_their_own_order() {
        assert_eq!(trackers_of(""), Some(vec![Tracker::Github]));
        assert_eq!(trackers_of("Trello"), Some(vec![Tracker::Trello]));
        assert_eq!(trackers_of("asana, github and jira"), Some(vec![Tracker::Github, Tracker::Jira, Tracker::Asana]));
        assert_eq!(trackers_of("jira+jira"), Some(vec![Tracker::Jira]));
        for wrong in ["gitlab", "github, gitlab", "both"] {
            assert_eq!(trackers_of(wrong), None, "{wrong}");
        }
    }
}
