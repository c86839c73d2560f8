//! Asana and Trello in `init`: run by their makers alone, so that there is no address to be asked for; the login, what is
//! watched, what its columns say, people.

use std::sync::Arc;

use connector_kit::survey::{Survey, Visible};

use super::super::open::Stopped;
use super::super::table::plain;
use super::Tracker;
use super::choose::{Chosen, MOST_SHOWN, chosen_by_name};
use super::draft::{AsanaDraft, Reference, TrelloDraft};
use super::find::{MOST_SEARCHED, Refused, TRIES, Wizard, none_accepted, stopped};
use super::states::{Found, propose};
use crate::config::{self, Diagnostic};

/// One secret of a login.
struct Credential {
    /// What it is called.
    what: &'static str,
    /// The variable it stands in, and the one that names its file.
    variable: &'static str,
    file_variable: &'static str,
    /// The file it is kept in.
    file: &'static str,
    /// Where it comes from.
    help: &'static str,
}

/// What differs between the two.
struct Tool {
    tracker: Tracker,
    /// How the names of its connections begin.
    kind: &'static str,
    credentials: &'static [Credential],
    /// A place that work lives in, and several.
    places: (&'static str, &'static str),
    /// The variable that names them.
    named: &'static str,
    /// What an address leads to. `None`: to no such place.
    of_address: fn(&str) -> Option<String>,
    /// What to do where nothing is shown.
    unshown: &'static str,
    columns: &'static str,
}

const ASANA: Tool = Tool {
    tracker: Tracker::Asana,
    kind: "asana.",
    credentials: &[Credential {
        what: "Asana token",
        variable: "ASANA_TOKEN",
        file_variable: "ASANA_TOKEN_FILE",
        file: "asana_token",
        help: "  A personal access token is made at https://app.asana.com/0/my-apps, best by an account of gapwatch's own that is\n  \
               a member of the projects; it comments in its own name.",
    }],
    places: ("project", "projects"),
    named: "ASANA_PROJECTS",
    of_address: config::asana_project_of,
    unshown: "add the account to projects, or name them: ASANA_PROJECTS=1200000000000101",
    columns: "Sections that seem to stand for a state:",
};

const TRELLO: Tool = Tool {
    tracker: Tracker::Trello,
    kind: "trello.",
    credentials: &[
        Credential {
            what: "Trello key",
            variable: "TRELLO_KEY",
            file_variable: "TRELLO_KEY_FILE",
            file: "trello_key",
            help: "  Trello takes a key and a token. The key (32 characters) is made at https://trello.com/power-ups/admin: a new\n  \
                   Power-Up, then its API key. The secret beside it is not needed.",
        },
        Credential {
            what: "Trello token",
            variable: "TRELLO_TOKEN",
            file_variable: "TRELLO_TOKEN_FILE",
            file: "trello_token",
            help: "  The token is what a member gives to that key, best a member of gapwatch's own who is on the boards. Logged in as\n  \
                   that member, with the key in the place of KEY, open\n  \
                   https://trello.com/1/authorize?expiration=never&scope=read,write&response_type=token&name=gapwatch&key=KEY",
        },
    ],
    places: ("board", "boards"),
    named: "TRELLO_BOARDS",
    of_address: config::trello_board_of,
    unshown: "invite the account to boards, or name them: TRELLO_BOARDS=https://trello.com/b/SHORTLINK",
    columns: "Lists that seem to stand for a state:",
};

impl Wizard {
    /// Asana, from its token to the people there.
    pub(super) async fn asana(&mut self) -> Result<(), Stopped> {
        self.draft.asana = Some(AsanaDraft {
            name: "asana".to_owned(),
            url: self.variable("GAPWATCH_ASANA_URL"),
            ca_file: self.variable("ASANA_CA_FILE"),
            token: Reference::Variable("ASANA_TOKEN"),
            projects: Vec::new(),
            states: Vec::new(),
        });
        let (projects, states) = self.hosted(&ASANA).await?;
        if let Some(asana) = &mut self.draft.asana {
            (asana.projects, asana.states) = (projects, states);
        }
        Ok(())
    }

    /// Trello, from its key to the people there.
    pub(super) async fn trello(&mut self) -> Result<(), Stopped> {
        self.draft.trello = Some(TrelloDraft {
            name: "trello".to_owned(),
            url: self.variable("GAPWATCH_TRELLO_URL"),
            ca_file: self.variable("TRELLO_CA_FILE"),
            key: Reference::Variable("TRELLO_KEY"),
            token: Reference::Variable("TRELLO_TOKEN"),
            boards: Vec::new(),
            states: Vec::new(),
        });
        let (boards, states) = self.hosted(&TRELLO).await?;
        if let Some(trello) = &mut self.draft.trello {
            (trello.boards, trello.states) = (boards, states);
        }
        Ok(())
    }

    /// What is to be watched, and what its columns say.
    async fn hosted(&mut self, tool: &Tool) -> Result<(Vec<String>, Found), Stopped> {
        let survey = self.log_in_with(tool).await?;
        let Chosen { repos: places, named } = self.choose_places(tool, &*survey).await?;
        let searched: Vec<String> = named.into_iter().take(MOST_SEARCHED).collect();
        self.say("Looking for columns and people …")?;
        let words = self.words(&*survey, &searched).await?;
        let mut states = propose(words.iter().map(String::as_str));
        if !states.is_empty() {
            states = self.agree(tool.columns, states).await?;
        }
        self.find_people(&*survey, &searched, tool.tracker).await?;
        self.surveys.push(survey);
        Ok((places, states))
    }

    async fn log_in_with(&mut self, tool: &Tool) -> Result<Arc<dyn Survey>, Stopped> {
        for attempt in 1..=TRIES {
            for one in tool.credentials {
                let given = self.secret(one.what, one.variable, one.file_variable, one.file, one.help).await?;
                let Some((reference, secret)) = given else {
                    let (variable, file) = (one.variable, one.file_variable);
                    let words = match self.asker {
                        Some(_) => format!("gapwatch can read nothing without a {}; nothing was written", one.what),
                        None => {
                            format!("neither {variable} nor {file} is set; nothing was written")
                        }
                    };
                    let problem = Diagnostic::error("missing-key", format!("{words}\n{}", one.help));
                    return Err(Stopped::told(super::Exit::Config, &problem));
                };
                self.keep(one.variable, reference);
                self.secrets.insert(one.variable, secret);
            }
            match self.try_token(tool.kind).await {
                Ok(survey) => return Ok(survey),
                Err(Refused::Credential(trouble)) if self.asker.is_some() && attempt < TRIES => {
                    self.say(trouble.words)?;
                    // What is refused is not offered again.
                    for one in tool.credentials {
                        self.env.remove(one.variable);
                        self.env.remove(one.file_variable);
                    }
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(none_accepted())
    }

    /// Where a secret comes from goes into the draft.
    fn keep(&mut self, variable: &str, reference: Reference) {
        let (asana, trello) = (self.draft.asana.as_mut(), self.draft.trello.as_mut());
        let place = match variable {
            "ASANA_TOKEN" => asana.map(|asana| &mut asana.token),
            "TRELLO_KEY" => trello.map(|trello| &mut trello.key),
            _ => trello.map(|trello| &mut trello.token),
        };
        if let Some(place) = place {
            *place = reference;
        }
    }

    async fn choose_places(&self, tool: &Tool, survey: &dyn Survey) -> Result<Chosen, Stopped> {
        let (one, several) = tool.places;
        let named = self.variable(tool.named);
        self.say("Listing what the account can see …")?;
        let sight = survey.visible().await.map_err(|error| stopped(&error))?;
        if let Some(partial) = &sight.partial {
            self.say(format!("  note: {partial}"))?;
        }
        let (fit, unfit): (Vec<Visible>, Vec<Visible>) =
            sight.containers.into_iter().partition(|one| one.unfit.is_none());
        let Some(asker) = &self.asker else {
            if fit.is_empty() && named.is_none() {
                let problem =
                    Diagnostic::error("refused", format!("the account can see no {one}")).help(tool.unshown.to_owned());
                return Err(Stopped::told(super::Exit::Refused, &problem));
            }
            return chosen_by_name(named.as_deref().unwrap_or("all"), &fit, tool.of_address).map_err(Stopped::usage);
        };
        asker.say(format!("The account can see {} {}:", fit.len(), if fit.len() == 1 { one } else { several }))?;
        for (at, one) in fit.iter().take(MOST_SHOWN).enumerate() {
            asker.say(format!("  {:>3}  {:<40} {} open", at + 1, plain(&one.name), one.open))?;
        }
        if fit.len() > MOST_SHOWN {
            asker.say(format!("       and {} more, not listed", fit.len() - MOST_SHOWN))?;
        }
        if !unfit.is_empty() {
            asker.say(format!("       ({} cannot be watched)", unfit.len()))?;
        }
        let question = format!(
            "Which should be watched? Numbers (1,3-5), names or URLs of {several}, or all (new ones included):"
        );
        loop {
            match chosen_by_name(&asker.line(&question).await?, &fit, tool.of_address) {
                Ok(chosen) => return Ok(chosen),
                Err(words) => asker.say(format!("  {words}"))?,
            }
        }
    }
}
