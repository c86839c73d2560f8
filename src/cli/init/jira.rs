//! Jira in `init`: the site, the login, projects, statuses, people.

use std::collections::BTreeSet;
use std::sync::Arc;

use connector_kit::survey::{Survey, Visible};
use url::Url;

use super::super::open::Stopped;
use super::super::table::plain;
use super::Tracker;
use super::choose::{Chosen, MOST_SHOWN, chosen_projects};
use super::draft::{JiraDraft, Reference, handle};
use super::find::{MOST_SEARCHED, Refused, TRIES, Wizard, none_accepted, stopped};
use super::states::propose;
use crate::config::{self, Diagnostic};

/// What a token of Jira Cloud is made from.
const CLOUD: &str = "  An API token is made at https://id.atlassian.com/manage-profile/security/api-tokens, best by an account of\n  \
                     gapwatch's own that may browse the projects and comment in them. A scoped one needs read:jira-work,\n  \
                     read:jira-user and write:jira-work.";
/// What logs in to a server of one's own.
const SERVER: &str = "  Data Center takes a personal access token (profile picture, Profile, Personal access tokens) of an account that\n  \
                      may browse the projects and comment in them.";

/// States that a status's own category does not tell.
const UNTOLD: [&str; 3] = ["review", "waiting", "cancelled"];

impl Wizard {
    /// Jira, from its address to the people there.
    pub(super) async fn jira(&mut self) -> Result<(), Stopped> {
        let url = self.site().await?;
        self.draft.jira = Some(JiraDraft {
            name: called(&url),
            url: url.as_str().trim_end_matches('/').to_owned(),
            ca_file: self.variable("JIRA_CA_FILE"),
            email: None,
            token: Reference::Variable("JIRA_TOKEN"),
            projects: Vec::new(),
            states: Vec::new(),
        });
        let survey = self.log_in_to_jira(config::is_jira_cloud(&url)).await?;
        let Chosen { repos: projects, named } = self.choose_projects(&*survey).await?;
        if let Some(jira) = &mut self.draft.jira {
            jira.projects = projects;
        }
        let searched: Vec<String> = named.into_iter().take(MOST_SEARCHED).collect();
        self.say("Looking for statuses and people …")?;
        let words = self.words(&*survey, &searched).await?;
        let mut found = propose(words.iter().map(String::as_str));
        found.retain(|(state, _)| UNTOLD.contains(state));
        if !found.is_empty() {
            let states = self.agree("Statuses that seem to mean more than their category:", found).await?;
            if let Some(jira) = &mut self.draft.jira {
                jira.states = states;
            }
        }
        self.find_people(&*survey, &searched, Tracker::Jira).await?;
        self.surveys.push(survey);
        Ok(())
    }

    /// The site's address.
    async fn site(&self) -> Result<Url, Stopped> {
        let given = self.variable("JIRA_URL");
        let Some(asker) = &self.asker else {
            let Some(given) = given else {
                let words = "JIRA_URL is not set; nothing was written";
                let problem = Diagnostic::error("missing-key", words.to_owned())
                    .help("set it to the address people open, for example https://NAME.atlassian.net");
                return Err(Stopped::told(super::Exit::Config, &problem));
            };
            return site_of(&given)
                .ok_or_else(|| Stopped::usage(format!("JIRA_URL: {} is not an address", plain(&given))));
        };
        if let Some(url) = given.as_deref().and_then(site_of) {
            asker.say(format!("Using Jira at {url} (from JIRA_URL)."))?;
            return Ok(url);
        }
        loop {
            let answer =
                asker.line("Address of your Jira, for example NAME.atlassian.net or jira.example.org:").await?;
            match site_of(&answer) {
                Some(url) => return Ok(url),
                None => asker.say("  that is not an address; please copy it from the browser")?,
            }
        }
    }

    async fn log_in_to_jira(&mut self, cloud: bool) -> Result<Arc<dyn Survey>, Stopped> {
        let help = if cloud { CLOUD } else { SERVER };
        for attempt in 1..=TRIES {
            let email = self.user(cloud).await?;
            let token = self.secret("Jira token", "JIRA_TOKEN", "JIRA_TOKEN_FILE", "jira_token", help).await?;
            let Some((reference, secret)) = token else {
                let words = match self.asker {
                    Some(_) => "gapwatch can read nothing without a token; nothing was written",
                    None => "neither JIRA_TOKEN nor JIRA_TOKEN_FILE is set; nothing was written",
                };
                let problem = Diagnostic::error("missing-key", format!("{words}\n{help}"));
                return Err(Stopped::told(super::Exit::Config, &problem));
            };
            if let Some(jira) = &mut self.draft.jira {
                (jira.token, jira.email) = (reference, email);
            }
            self.secrets.insert("JIRA_TOKEN", secret);
            match self.try_token("jira.").await {
                Ok(survey) => return Ok(survey),
                Err(Refused::Credential(trouble)) if self.asker.is_some() && attempt < TRIES => {
                    self.say(trouble.words)?;
                    // What is refused is not offered again.
                    for name in ["JIRA_EMAIL", "JIRA_TOKEN", "JIRA_TOKEN_FILE"] {
                        self.env.remove(name);
                    }
                }
                Err(refused) => return Err(refused.into()),
            }
        }
        Err(none_accepted())
    }

    /// Whose token it is. `None`: it stands for itself.
    async fn user(&self, cloud: bool) -> Result<Option<String>, Stopped> {
        let known = self.variable("JIRA_EMAIL");
        let Some(asker) = self.asker.as_ref().filter(|_| known.is_none()) else { return Ok(known) };
        let question = if cloud {
            "E-mail address of the account the token belongs to:"
        } else {
            "User name, if you use a password (Enter for a personal access token):"
        };
        loop {
            let answer = asker.line(question).await?;
            match (cloud, answer.contains('@')) {
                (true, false) if !answer.is_empty() => asker.say("  that is not an e-mail address")?,
                _ => return Ok((!answer.is_empty()).then_some(answer)),
            }
        }
    }

    async fn choose_projects(&self, survey: &dyn Survey) -> Result<Chosen, Stopped> {
        let named = self.variable("JIRA_PROJECTS");
        self.say("Listing what the account can see …")?;
        let sight = survey.visible().await.map_err(|error| stopped(&error))?;
        if let Some(partial) = &sight.partial {
            self.say(format!("  note: {partial}"))?;
        }
        let (fit, unfit): (Vec<Visible>, Vec<Visible>) =
            sight.containers.into_iter().partition(|one| one.unfit.is_none());
        let Some(asker) = &self.asker else {
            if fit.is_empty() && named.is_none() {
                let problem = Diagnostic::error("refused", "the account can see no project".to_owned())
                    .help("give it the permission Browse projects, or name projects: JIRA_PROJECTS=OPS,WEB");
                return Err(Stopped::told(super::Exit::Refused, &problem));
            }
            return chosen_projects(named.as_deref().unwrap_or("all"), &fit).map_err(Stopped::usage);
        };
        asker.say(format!(
            "The account can see {}:",
            if fit.len() == 1 { "1 project".to_owned() } else { format!("{} projects", fit.len()) }
        ))?;
        for (at, one) in fit.iter().take(MOST_SHOWN).enumerate() {
            asker.say(format!("  {:>3}  {:<40} {} open", at + 1, plain(&one.name), one.open))?;
        }
        if fit.len() > MOST_SHOWN {
            asker.say(format!("       and {} more, not listed", fit.len() - MOST_SHOWN))?;
        }
        if !unfit.is_empty() {
            asker.say(format!("       ({} cannot be watched)", unfit.len()))?;
        }
        loop {
            let answer =
                asker.line("Which should be watched? Numbers (1,3-5), keys, or all (new ones included):").await?;
            match chosen_projects(&answer, &fit) {
                Ok(chosen) => return Ok(chosen),
                Err(words) => asker.say(format!("  {words}"))?,
            }
        }
    }
}

/// The site that an answer names: an address, one of its pages, a host, or the NAME of NAME.atlassian.net.
fn site_of(answer: &str) -> Option<Url> {
    let text = answer.trim();
    let is_name =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && text != "localhost";
    let text = match text {
        _ if is_name => format!("https://{text}.atlassian.net"),
        _ if text.contains("://") => text.to_owned(),
        _ => format!("https://{text}"),
    };
    let mut url = Url::parse(&text)
        .ok()
        .filter(|url| url.host_str().is_some_and(|host| host.contains(['.', ':']) || host == "localhost"))?;
    url.set_query(None);
    url.set_fragment(None);
    Some(config::jira_site_of(&url).and_then(|site| Url::parse(&site).ok()).unwrap_or(url))
}

/// A name for the connection: what the company is called in the address.
fn called(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let usual = |part: &&str| !["jira", "www", "issues", "atlassian", "tracker"].contains(part);
    let name = host.split('.').find(usual).unwrap_or("jira");
    let is_name = url.domain().is_some() && name.starts_with(|c: char| c.is_ascii_alphabetic());
    handle(if is_name { name } else { "jira" }, &BTreeSet::new())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_site_is_found_by_whatever_people_paste() {
        let site = |text: &str| site_of(text).map(|url| url.as_str().trim_end_matches('/').to_owned());
        for (text, expected) in [
            ("acme", "https://acme.atlassian.net"),
            ("acme.atlassian.net", "https://acme.atlassian.net"),
            ("https://acme.atlassian.net/jira/software/projects/OPS/boards/3?x=1#y", "https://acme.atlassian.net"),
            ("jira.example.org", "https://jira.example.org"),
            ("https://example.org/jira/secure/Dashboard.jspa", "https://example.org/jira"),
            ("http://127.0.0.1:8080/jira", "http://127.0.0.1:8080/jira"),
        ] {
            assert_eq!(site(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "not an address", "https://"] {
            assert_eq!(site(text), None, "{text}");
        }
    }

    #[test]
    fn a_connection_is_called_like_the_company() {
        let called = |text: &str| called(&Url::parse(text).unwrap());
        assert_eq!(called("https://acme-corp.atlassian.net"), "acme_corp");
        assert_eq!(called("https://jira.example.org"), "example");
        assert_eq!(called("https://issues.apache.org/jira"), "apache");
        assert_eq!(called("http://127.0.0.1:9"), "jira");
        assert_eq!(called("http://localhost:9"), "localhost");
    }
}
