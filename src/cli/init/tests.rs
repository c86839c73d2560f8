//! The questions of `init`, answered from a list, against both tools.
#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use connector_simulator::Simulator;
use jiff::Timestamp;

use super::ask::Console;
use super::*;

mod hosted;
mod jira;

/// Whoever answers from a list, and keeps what was said.
struct Script {
    answers: VecDeque<&'static str>,
    heard: Arc<Mutex<String>>,
}

impl Console for Script {
    fn say(&mut self, words: &str) -> io::Result<()> {
        self.heard.lock().unwrap().push_str(&format!("{words}\n"));
        Ok(())
    }

    fn ask(&mut self, prompt: &str, hidden: bool) -> io::Result<Option<String>> {
        let answer = self.answers.pop_front();
        let shown = if hidden { "***" } else { answer.unwrap_or("(end)") };
        self.heard.lock().unwrap().push_str(&format!("{prompt} {shown}\n"));
        Ok(answer.map(|answer| format!("{answer}\n")))
    }
}

async fn company() -> Simulator {
    let sim = Simulator::start(Arc::new(|| "2026-03-02T10:00:00Z".parse::<Timestamp>().unwrap())).await.unwrap();
    let (github, slack) = (sim.github(), sim.slack());
    github.token("ghp_good", "max-w");
    github.person("max-w", "Max W.", None);
    github.person("ana-k", "Ana K.", Some("ana@example.org"));
    github.person("sue-w", "sue winter", None);
    github.bot("renovate[bot]");
    for (repo, title) in [("acme/web", "one"), ("acme/api", "two")] {
        github.issue(repo, title).assignee("ana-k").assignee("renovate[bot]").labels(&["In Progress", "bug"]).open();
    }
    github.issue("acme/web", "three").assignee("tom-b").assignee("sue-w").labels(&["blocked"]).open();
    github.repo("acme/old");
    github.archive_repo("acme/old", true);
    slack.user("U0ANA", "ana@example.org", "Ana K.", "Etc/UTC");
    slack.user("U0TOM", "tom@example.org", "Tom B.", "Etc/UTC");
    slack.user("U0SUE", "sue@example.org", "Sue Winter", "Etc/UTC");
    slack.channel("#delivery");
    sim
}

/// What came of these answers, and everything that was shown.
async fn walk(sim: &Simulator, env: &[(&str, &str)], answers: &[&'static str]) -> (Result<Made, Stopped>, String) {
    walk_by(&[Tracker::Github], sim, env, answers).await
}

/// The same by these trackers; none: by those that are answered.
async fn walk_by(
    trackers: &[Tracker],
    sim: &Simulator,
    env: &[(&str, &str)],
    answers: &[&'static str],
) -> (Result<Made, Stopped>, String) {
    let heard = Arc::new(Mutex::new(String::new()));
    let script = Script { answers: answers.iter().copied().collect(), heard: heard.clone() };
    let urls = [("GAPWATCH_GITHUB_URL", sim.github_url()), ("GAPWATCH_SLACK_URL", sim.slack_url())];
    let env = urls.into_iter().chain(env.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let env = env.map(|(name, value)| (name.to_owned(), value)).collect();
    let clock = Arc::new(connector_kit::clock::SetClock::leaping("2026-03-02T10:00:00Z".parse().unwrap()));
    let wizard = Wizard::new(Some(Asker::new(script)), env, PathBuf::from("/x/secrets"), clock);
    let made = wizard.make(trackers).await;
    let heard = heard.lock().unwrap().clone();
    (made, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_questions_lead_to_a_file_and_nothing_typed_as_a_secret_is_ever_shown() {
    let sim = company().await;
    let answers = [
        "ghp_go od",
        "ghp_wrong",
        "ghp_good",
        "nonsense",
        "acme/*",
        "perhaps",
        "y",
        "nobody-else",
        "@max-w",
        "xoxb-canary",
        "y",
        "tom@example.org",
        "",
        "#delivery",
    ];
    let (made, heard) = walk(&sim, &[], &answers).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    let text = made.draft.text(Purpose::Write);
    let shown = text.replace(&sim.github_url(), "GITHUB").replace(&sim.slack_url(), "SLACK");
    insta::assert_snapshot!(shown, @r##"
    # Made by `gapwatch init`. Every other setting, with its unit, default and reason: `gapwatch config reference`.

    # "observe" shows what would be sent and sends nothing; "live" sends it. `gapwatch enable` shows the next step.
    mode = "observe"

    [github.acme]
    url = "GITHUB"
    token = { file = "/x/secrets/github_token" }
    repos = ["acme/*"]

    # Labels that seem to stand for a state. Remove those that do not.
    [github.acme.states]
    active = ["In Progress"]
    waiting = ["blocked"]

    [slack]
    url = "SLACK"
    bot_token = { file = "/x/secrets/slack_bot_token" }
    # With an app-level token (xapp-…) messages have buttons: see Answering in the README.
    # app_token = { env = "SLACK_APP_TOKEN" }
    # For messages that are for nobody in particular.
    channel = "#delivery"

    [directory]
    # Hears when a gap stays, of everybody without a `manager` of their own.
    default_manager = "max_w"

    # People with open issues. `manager = "…"` names another of these tables.
    [people.ana_k]
    name = "Ana K."
    email = "ana@example.org"
    also = { github = "ana-k", slack = "U0ANA" }

    [people.sue_w]
    name = "sue winter"
    also = { github = "sue-w", slack = "U0SUE" }

    [people.tom_b]
    email = "tom@example.org"
    also = { github = "tom-b", slack = "U0TOM" }

    [people.max_w]
    name = "Max W."
    also = { github = "max-w" }
    "##);
    for secret in ["ghp_wrong", "ghp_good", "canary"] {
        assert!(!heard.contains(secret) && !text.contains(secret), "{secret}: {heard}\n{text}");
    }
    let typed: Vec<_> =
        made.typed.iter().map(|(file, secret)| (file.to_str().unwrap(), secret.expose_secret())).collect();
    assert_eq!(typed, [("/x/secrets/github_token", "ghp_good"), ("/x/secrets/slack_bot_token", "xoxb-canary")]);
    for words in [
        "github refuses the credential",
        "copy only the token",
        "please answer y or n",
        "Logged in as max-w.",
        "\"nonsense\" is neither a number from the list nor owner/name",
        "(1 are archived or have no issues)",
        "sue-w                sue winter is U0SUE there",
        "3 of 4 people were found in Slack.",
        "GitHub shows no account called nobody-else",
    ] {
        assert!(heard.contains(words), "{words}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_environment_holds_is_offered_and_referred_to_by_its_name() {
    let sim = company().await;
    let env = [("GITHUB_TOKEN", "ghp_good"), ("SLACK_BOT_TOKEN", "xoxb-good")];
    let (made, heard) = walk(&sim, &env, &["", "1", "n", "", "", "n", ".", ""]).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    assert!(made.typed.is_empty());
    assert!(made.draft.github.as_ref().unwrap().states.is_empty(), "they were declined");
    let text = made.draft.text(Purpose::Write);
    for line in ["token = { env = \"GITHUB_TOKEN\" }", "bot_token = { env = \"SLACK_BOT_TOKEN\" }"] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_the_answers_and_a_token_refused_for_good_end_it_without_a_file() {
    let sim = company().await;
    let (made, _) = walk(&sim, &[], &["ghp_good", "all"]).await;
    let Err(stopped) = made else { panic!("nobody answered") };
    assert_eq!(stopped.exit, Exit::Usage);
    assert!(stopped.words.contains("nothing was written"), "{}", stopped.words);
    let (made, _) = walk(&sim, &[], &[""]).await;
    let Err(stopped) = made else { panic!("there was no token") };
    assert_eq!(stopped.exit, Exit::Config);
    assert!(
        stopped.words.contains("gapwatch can read nothing without a token; nothing was written"),
        "{}",
        stopped.words
    );
    let (made, heard) = walk(&sim, &[], &["ghp_a", "ghp_b", "ghp_c"]).await;
    let Err(stopped) = made else { panic!("no token was good: {heard}") };
    assert_eq!(stopped.exit, Exit::Refused);
}

#[test]
fn a_file_is_written_whole_for_its_owner_alone_and_replaces_what_was_there() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gapwatch.toml");
    for text in ["first", "second"] {
        put(&path, text.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
    assert!(put(&folder.path().join("no/such/folder"), b"x").is_err());
}
