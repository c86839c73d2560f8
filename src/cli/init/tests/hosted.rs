//! The same for Asana and Trello, alone and beside GitHub.

use connector_simulator::asana::TaskDraft;
use connector_simulator::trello::CardDraft;

use super::*;

/// The company with both: Sue has the same name everywhere, Ana her address in Asana.
async fn company_with_both() -> Simulator {
    let sim = company().await;
    let (asana, trello) = (sim.asana(), sim.trello());
    asana.person("gapwatch", "Gapwatch", "gapwatch@example.org");
    asana.token("canary-asana", "gapwatch");
    asana.person("ana", "Ana Kovac", "ana@example.org");
    asana.person("sue", "Sue Winter", "sue@example.org");
    asana.project("Operations");
    asana.project("Web, shop");
    asana.section("Operations", "On hold");
    for who in ["ana", "sue"] {
        asana.task("Operations", TaskDraft { assignee: Some(who.to_owned()), ..TaskDraft::new("one") });
    }
    trello.person("gapwatch", "Gapwatch");
    trello.token("canary-key", "canary-trello", "gapwatch");
    trello.person("suew", "Sue Winter");
    for board in ["Client work", "Studio"] {
        trello.board(board);
        trello.list(board, "Doing");
    }
    trello.card("Client work", "Doing", CardDraft { members: vec!["suew".to_owned()], ..CardDraft::new("two") });
    sim
}

/// The file, without what differs from run to run.
fn shown(sim: &Simulator, made: &Made) -> String {
    let mut text = made.draft.text(Purpose::Write);
    let asana = sim.asana();
    for (name, value) in [
        ("GITHUB", sim.github_url()),
        ("ASANA", sim.asana_url()),
        ("TRELLO", sim.trello_url()),
        ("ANA-ID", asana.user_gid("ana")),
        ("SUE-ID", asana.user_gid("sue")),
    ] {
        text = text.replace(&value, name);
    }
    text
}

async fn walked(sim: &Simulator, answers: &[&'static str]) -> (Result<Made, Stopped>, String) {
    let (asana, trello) = (sim.asana_url(), sim.trello_url());
    let env = [("GAPWATCH_ASANA_URL", asana.as_str()), ("GAPWATCH_TRELLO_URL", trello.as_str())];
    walk_by(&[], sim, &env, answers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn asana_is_asked_for_its_token_its_projects_and_its_people() {
    let sim = company_with_both().await;
    let answers = ["asana", "canary-wrong", "canary-asana", "x", "web, shop", "y", "ana@example.org", ""];
    let (made, heard) = walked(&sim, &answers).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    let text = shown(&sim, &made);
    for line in [
        "[asana.asana]\nurl = \"ASANA\"\ntoken = { file = \"/x/secrets/asana_token\" }\n",
        "projects = [\"Web, shop\"]\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!heard.contains("canary") && !text.contains("canary"), "{heard}\n{text}");
    for words in ["app.asana.com/0/my-apps", "asana refuses the credential", "The account can see 2 projects:"] {
        assert!(heard.contains(words), "{words}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_three_trackers_are_one_by_their_address_and_by_their_name_if_that_is_said() {
    let sim = company_with_both().await;
    let answers = [
        "github, asana, trello",
        "ghp_good",
        "1,2",
        "n",
        "canary-asana",
        "all",
        "y",
        "canary-key",
        "canary-trello",
        "client work, 2",
        "y",
        "max-w",
        "",
    ];
    let (made, heard) = walked(&sim, &answers).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    insta::assert_snapshot!(shown(&sim, &made), @r#"
    # Made by `gapwatch init`. Every other setting, with its unit, default and reason: `gapwatch config reference`.

    # "observe" shows what would be said and sends nothing; "live" sends. `gapwatch enable` names the next step.
    mode = "observe"

    [github.acme]
    url = "GITHUB"
    token = { file = "/x/secrets/github_token" }
    repos = [
        "acme/web",
        "acme/api",
    ]

    [asana.asana]
    url = "ASANA"
    token = { file = "/x/secrets/asana_token" }
    # Every project the account can see; `projects = ["1200000000000101"]` watches only these.

    # Sections that seem to stand for a state. Remove those that do not.
    [asana.asana.states]
    todo = ["To do"]
    active = ["Doing"]
    waiting = ["On hold"]
    done = ["Done"]

    [trello.trello]
    url = "TRELLO"
    key = { file = "/x/secrets/trello_key" }
    token = { file = "/x/secrets/trello_token" }
    boards = [
        "Client work",
        "Studio",
    ]

    [directory]
    # Hears when a gap stays, of everybody without a `manager` of their own.
    default_manager = "max_w"

    # Who has open issues. `manager = "…"` names another of these tables.
    [people.ana_k]
    name = "Ana K."
    email = "ana@example.org"
    also = { github = "ana-k", asana = "ANA-ID" }

    [people.sue_w]
    name = "sue winter"
    email = "sue@example.org"
    also = { github = "sue-w", asana = "SUE-ID", trello = "suew" }

    [people.tom_b]
    also = { github = "tom-b" }

    [people.max_w]
    name = "Max W."
    also = { github = "max-w" }
    "#);
    assert!(heard.contains("GitHub and Asana and Trello have people with the same name:"), "{heard}");
    let typed: Vec<_> = made.typed.iter().map(|(file, _)| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(typed, ["github_token", "asana_token", "trello_key", "trello_token"]);
    assert!(!heard.contains("canary"), "{heard}");
}
