//! What no single value of GitHub's tables can tell: which credential is meant, what two connections both cover, and what a
//! filter hides.

use std::collections::BTreeMap;

use super::diagnose::Diagnostic;
use super::mistakes::{About, Context};
use super::{GithubConnection, Settings};

/// How a credential is written.
const WAYS_IN: &str = "token = { file = \"/run/secrets/github_token\" }, or { env = \"NAME\" }, { credential = \"name\" }; for a GitHub App app_id and private_key instead";

/// Labels that by their name go when work is finished. Upper and lower case, blanks and dashes are the same.
const PASSING: [&str; 10] = [
    "todo",
    "to do",
    "in progress",
    "doing",
    "wip",
    "work in progress",
    "in review",
    "needs review",
    "blocked",
    "backlog",
];

/// Every mistake, each with the key it is about.
pub(super) fn all(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, connection) in &settings.github {
        let base = format!("github.{name}");
        found.extend(credential(&base, connection, context));
        found.extend(filter(&base, connection, context));
    }
    found.extend(covered_twice(settings, context));
    found
}

/// A token, or an App with its key: one of the two, and whole.
fn credential(base: &str, connection: &GithubConnection, context: &Context) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    let key = |key: &str| format!("{base}.{key}");
    let mut misplaced = |path: String, title: &str, help: &str| {
        let problem = context.error("two-credentials", About::Key, &path, title, "one too many");
        found.push((path, problem.help(help)));
    };
    let app = [
        ("app_id", connection.app_id.is_some()),
        ("private_key", connection.private_key.is_some()),
        ("installation_id", connection.installation_id.is_some()),
    ];
    if connection.token.is_some() {
        for (part, _) in app.into_iter().filter(|(_, given)| *given) {
            let title = format!("`{part}` stands beside `token`: a token and a GitHub App both log in");
            misplaced(key(part), &title, "keep `token`, or app_id with private_key, and take the other out");
        }
        return found;
    }
    if connection.comment_token.is_some() {
        let title = "`comment_token` stands without `token`";
        misplaced(key("comment_token"), title, "an App comments as itself; name the token that reads beside it");
    }
    let lacking = match (connection.app_id.is_some(), connection.private_key.is_some()) {
        (true, true) => None,
        (true, false) => Some(("private_key", "private_key = { file = \"/run/secrets/github_app.pem\" }")),
        (false, true) => Some(("app_id", "app_id = 123456, as the App's settings show it")),
        (false, false) => Some(("token", WAYS_IN)),
    };
    if let Some((lacking, example)) = lacking {
        found.push((key(lacking), context.missing(base, lacking, example)));
    }
    let mut owners: Vec<String> = connection.repos.iter().map(|repo| repo.owner.to_ascii_lowercase()).collect();
    owners.sort();
    owners.dedup();
    if connection.installation_id.is_some() && owners.len() > 1 {
        let path = key("installation_id");
        let title = format!("one installation cannot read {} owners: {}", owners.len(), owners.join(", "));
        let problem = context.error("bad-value", About::Value, &path, &title, "belongs to one of them");
        found.push((path, problem.help("leave it out: each owner's installation is found by itself")));
    }
    found
}

/// What a key in PEM form lacks, without any of it. `None`: it looks like a private RSA key.
pub(super) fn key_trouble(pem: &str) -> Option<&'static str> {
    let begins = |what: &str| pem.contains(&format!("-----BEGIN {what}-----"));
    let ends = |what: &str| pem.contains(&format!("-----END {what}-----"));
    if ["RSA PRIVATE KEY", "PRIVATE KEY"].into_iter().any(|what| begins(what) && ends(what)) {
        return pem.contains("ENCRYPTED").then_some("this private key is encrypted; gapwatch has no passphrase for it");
    }
    Some(match () {
        () if begins("ENCRYPTED PRIVATE KEY") => "this private key is encrypted; gapwatch has no passphrase for it",
        () if begins("PUBLIC KEY") || begins("RSA PUBLIC KEY") => "this is a public key; the App needs its private one",
        () if begins("CERTIFICATE") => "this is a certificate; the App needs its private key",
        () if begins("EC PRIVATE KEY") || begins("OPENSSH PRIVATE KEY") => {
            "this is a key of another kind; an App's key is RSA, in PEM form"
        }
        () => "this is no private key in PEM form, as the App's settings give it (-----BEGIN RSA PRIVATE KEY-----)",
    })
}

/// `acme/*` of one connection and `acme/web` of another on the same server.
fn covered_twice(settings: &Settings, context: &Context) -> Vec<(String, Diagnostic)> {
    let site = |connection: &GithubConnection| connection.url.url().as_str().trim_end_matches('/').to_owned();
    let mut whole: BTreeMap<(String, String), (&str, String)> = BTreeMap::new();
    for (name, connection) in &settings.github {
        for (index, repo) in connection.repos.iter().enumerate().filter(|(_, repo)| repo.is_all()) {
            let path = format!("github.{name}.repos[{index}]");
            whole.entry((site(connection), repo.owner.to_ascii_lowercase())).or_insert((name, path));
        }
    }
    let mut found = Vec::new();
    for (name, connection) in &settings.github {
        for (index, repo) in connection.repos.iter().enumerate().filter(|(_, repo)| !repo.is_all()) {
            let all = whole.get(&(site(connection), repo.owner.to_ascii_lowercase()));
            let Some((other, all)) = all.filter(|(other, _)| other != name) else { continue };
            let path = format!("github.{name}.repos[{index}]");
            let title = format!("repository {repo} is also covered by {}/* of [github.{other}]", repo.owner);
            let problem = context.warning("duplicate-repo", About::Value, &path, &title, "here");
            let help =
                "only one of the two reads it, whichever lists it first; its filter and states are the ones that hold";
            found.push((path, context.also(problem, all, "and here").help(help)));
        }
    }
    found
}

/// A filter by what is taken off when work is finished makes finishing look like leaving.
fn filter(base: &str, connection: &GithubConnection, context: &Context) -> Vec<(String, Diagnostic)> {
    let states = &connection.states;
    let mut found = Vec::new();
    for (index, label) in connection.filter.labels.iter().enumerate() {
        let is = |words: &[String]| words.iter().any(|word| word.to_lowercase() == label.to_lowercase());
        let passing =
            [&states.todo, &states.active, &states.review, &states.waiting].into_iter().any(|words| is(words));
        let is_passing = passing || PASSING.contains(&plain(label).as_str());
        if !is_passing {
            continue;
        }
        let path = format!("{base}.filter.labels[{index}]");
        let title = format!("`{label}` says in which state work is: what is finished would leave the filter");
        let problem = context.warning("filter-hides-done", About::Value, &path, &title, "goes when work goes on");
        let help = "what leaves the filter is no longer watched: its gaps are not resolved, and nothing is learnt from it. Filter by what stays, as a team or a kind of work";
        found.push((path, problem.help(help)));
    }
    found
}

/// `In-Progress` is `in progress`.
fn plain(label: &str) -> String {
    let words: Vec<String> =
        label.split([' ', '-', '_']).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_first_line() {
        let pem = |what: &str| format!("-----BEGIN {what}-----\nMII\n-----END {what}-----\n");
        assert_eq!(key_trouble(&pem("RSA PRIVATE KEY")), None);
        assert_eq!(key_trouble(&pem("PRIVATE KEY")), None);
        for (what, word) in [
            ("ENCRYPTED PRIVATE KEY", "encrypted"),
            ("PUBLIC KEY", "public"),
            ("CERTIFICATE", "certificate"),
            ("EC PRIVATE KEY", "RSA"),
            ("OPENSSH PRIVATE KEY", "RSA"),
        ] {
            assert!(key_trouble(&pem(what)).is_some_and(|why| why.contains(word)), "{what}");
        }
        for text in ["", "ghp_x", "-----BEGIN RSA PRIVATE KEY-----\nMII"] {
            assert!(key_trouble(text).is_some_and(|why| why.contains("PEM")), "{text}");
        }
    }
}
