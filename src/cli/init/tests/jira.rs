//! The same for Jira, alone and beside GitHub.

use connector_simulator::jira::IssueDraft;

use super::*;

const EMAIL: &str = "gapwatch@example.org";

/// The company with a Jira: Ana shows her address there, Sue does not.
async fn company_with_jira() -> Simulator {
    let sim = company().await;
    let jira = sim.jira();
    jira.person("gapwatch", "Gapwatch", EMAIL);
    jira.unscoped(EMAIL, "canary-token");
    jira.pat("canary-pat", "gapwatch");
    jira.person("ana", "Ana Kovac", "ANA@example.org");
    jira.person("sue", "Sue Winter", "sue@example.org");
    jira.hide_email("sue");
    jira.project("OPS", "Operations");
    jira.project("WEB", "Web shop");
    jira.add_status("QA", "indeterminate");
    jira.add_status("On hold", "indeterminate");
    let issue = |project: &str, who: &str, status: &str| {
        let draft =
            IssueDraft { assignee: Some(who.to_owned()), status: Some(status.to_owned()), ..IssueDraft::new("one") };
        jira.issue(project, draft)
    };
    issue("OPS", "ana", "QA");
    issue("OPS", "ana", "On hold");
    issue("WEB", "sue", "To Do");
    sim
}

/// The file, without what differs from run to run.
fn shown(sim: &Simulator, made: &Made) -> String {
    let mut text = made.draft.text(Purpose::Write);
    let jira = sim.jira();
    for (name, value) in [
        ("GITHUB", sim.github_url()),
        ("SLACK", sim.slack_url()),
        ("CLOUD", sim.jira_cloud_url()),
        ("SERVER", sim.jira_dc_url()),
        ("ANA-ID", jira.account_id("ana")),
        ("SUE-ID", jira.account_id("sue")),
    ] {
        text = text.replace(value.trim_end_matches('/'), name);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn jira_is_asked_for_its_account_its_projects_and_its_people() {
    let sim = company_with_jira().await;
    let url = sim.jira_cloud_url();
    let answers = [
        "gitlab",
        "jira",
        EMAIL,
        "canary-wrong",
        EMAIL,
        "canary-token",
        "x-1",
        "all",
        "y",
        "nobody",
        "ana@example.org",
        "",
    ];
    let (made, heard) = walk_by(&[], &sim, &[("JIRA_URL", &url)], &answers).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    insta::assert_snapshot!(shown(&sim, &made), @r#"
    # Made by `gapwatch init`. Every other setting, with its unit, default and reason: `gapwatch config reference`.

    # "observe" shows what would be said and sends nothing; "live" sends. `gapwatch enable` names the next step.
    mode = "observe"

    [jira.jira]
    url = "CLOUD"
    email = "gapwatch@example.org"
    token = { file = "/x/secrets/jira_token" }
    # Every project the account can see; `projects = ["OPS"]` watches only these.

    # Statuses that seem to mean more than their category. Remove those that do not.
    [jira.jira.states]
    review = ["In Review", "QA"]
    waiting = ["On hold"]

    [directory]
    # Hears when a gap stays, of everybody without a `manager` of their own.
    default_manager = "ana_kovac"

    # Who has open issues. `manager = "…"` names another of these tables.
    [people.ana_kovac]
    name = "Ana Kovac"
    email = "ana@example.org"
    also = { jira = "ANA-ID" }

    [people.sue_winter]
    name = "Sue Winter"
    also = { jira = "SUE-ID" }
    "#);
    let typed: Vec<_> = made.typed.iter().map(|(file, _)| file.to_str().unwrap()).collect();
    assert_eq!(typed, ["/x/secrets/jira_token"]);
    assert!(!heard.contains("canary"), "{heard}");
    for words in [
        "please answer github, jira, asana or trello",
        "jira refuses the credential",
        "Logged in as Gapwatch.",
        "The account can see 2 projects:",
        "is neither a number from the list nor the key of a project",
        "the trackers show no account called nobody",
        "2 people have open work assigned.",
    ] {
        assert!(heard.contains(words), "{words}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_takes_a_personal_access_token_and_no_name() {
    let sim = company_with_jira().await;
    let url = format!("{}/secure/Dashboard.jspa", sim.jira_dc_url().trim_end_matches('/'));
    let (made, heard) =
        walk_by(&[Tracker::Jira], &sim, &[("JIRA_URL", &url)], &["", "canary-pat", "ops", "n", "", ""]).await;
    let made = made.unwrap_or_else(|stopped| panic!("{}\n{heard}", stopped.words));
    insta::assert_snapshot!(shown(&sim, &made), @r#"
    # Made by `gapwatch init`. Every other setting, with its unit, default and reason: `gapwatch config reference`.

    # "observe" shows what would be said and sends nothing; "live" sends. `gapwatch enable` names the next step.
    mode = "observe"

    [jira.jira]
    url = "SERVER"
    token = { file = "/x/secrets/jira_token" }
    projects = ["OPS"]

    # Who has open issues. `manager = "…"` names another of these tables.
    [people.ana]
    name = "Ana Kovac"
    email = "ana@example.org"
    also = { jira = "ana" }
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_both_trackers_are_one_by_their_address_and_by_their_name_if_that_is_said() {
    let sim = company_with_jira().await;
    let url = sim.jira_cloud_url();
    let env = [("JIRA_URL", url.as_str()), ("JIRA_EMAIL", EMAIL), ("JIRA_TOKEN", "canary-token")];
    let answers = ["github, jira", "ghp_good", "1,2", "n", "y", "all", "n", "y", "max-w", ""];
    let (made, heard) = walk_by(&[], &sim, &env, &answers).await;
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

    [jira.jira]
    url = "CLOUD"
    email = "gapwatch@example.org"
    token = { env = "JIRA_TOKEN" }
    # Every project the account can see; `projects = ["OPS"]` watches only these.

    [directory]
    # Hears when a gap stays, of everybody without a `manager` of their own.
    default_manager = "max_w"

    # Who has open issues. `manager = "…"` names another of these tables.
    [people.ana_k]
    name = "Ana K."
    email = "ana@example.org"
    also = { github = "ana-k", jira = "ANA-ID" }

    [people.sue_w]
    name = "sue winter"
    also = { github = "sue-w", jira = "SUE-ID" }

    [people.tom_b]
    also = { github = "tom-b" }

    [people.max_w]
    name = "Max W."
    also = { github = "max-w" }
    "#);
    assert!(
        heard.contains("GitHub and Jira have people with the same name:\n  sue-w                sue winter\n"),
        "{heard}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_or_no_token_at_all_end_it_without_a_file() {
    let sim = company_with_jira().await;
    let url = sim.jira_cloud_url();
    let (made, heard) =
        walk_by(&[Tracker::Jira], &sim, &[("JIRA_URL", &url)], &[EMAIL, "a", EMAIL, "b", EMAIL, "c"]).await;
    let Err(stopped) = made else { panic!("no token was good: {heard}") };
    assert_eq!(stopped.exit, Exit::Refused);
    let (made, heard) = walk_by(&[Tracker::Jira], &sim, &[("JIRA_URL", &url)], &[EMAIL, ""]).await;
    let Err(stopped) = made else { panic!("there was none: {heard}") };
    assert_eq!(stopped.exit, Exit::Config);
    assert!(
        stopped.words.contains("id.atlassian.com") || stopped.words.contains("personal access token"),
        "{}",
        stopped.words
    );
}
