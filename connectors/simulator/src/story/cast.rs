//! Who works at the demo company, and where.

/// The repositories.
pub(super) const REPOS: [&str; 3] = ["acme/web", "acme/api", "acme/ops"];

/// Accounts that are nobody.
pub(super) const BOTS: [&str; 2] = ["renovate[bot]", "stale[bot]"];

/// One of the demo company's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Short name, as a configuration calls them.
    pub handle: String,
    /// Display name.
    pub name: String,
    /// E-mail at Slack.
    pub email: String,
    /// Login at GitHub.
    pub github_login: String,
    /// Id at Slack.
    pub slack_id: String,
    /// Handle of their manager. `None`: the head of delivery.
    pub manager: Option<String>,
    /// Index of the repository they mostly work in, 0 to 2.
    pub(super) team: usize,
}

const HEAD: (&str, &str) = ("nora", "Nora Lindqvist");
const LEADS: [(&str, &str); 3] = [("max", "Max Oyelaran"), ("ines", "Ines Carvalho"), ("tom", "Tom Baker")];
const MEMBERS: [(&str, &str); 20] = [
    ("ana", "Ana Kovac"),
    ("ben", "Ben Adeyemi"),
    ("chloe", "Chloe Martin"),
    ("dev", "Dev Patel"),
    ("elif", "Elif Demir"),
    ("femi", "Femi Balogun"),
    ("gia", "Gia Romano"),
    ("hugo", "Hugo Fischer"),
    ("iris", "Iris Nakamura"),
    ("jon", "Jon Bergstrom"),
    ("kim", "Kim Park"),
    ("lena", "Lena Wolf"),
    ("mira", "Mira Shah"),
    ("noah", "Noah Cohen"),
    ("olga", "Olga Petrova"),
    ("paul", "Paul Meyer"),
    ("quinn", "Quinn Murphy"),
    ("rosa", "Rosa Jimenez"),
    ("sami", "Sami Haddad"),
    ("tara", "Tara Singh"),
];

/// Everybody: the head of delivery, three managers, twenty members in three teams.
pub(super) fn people() -> Vec<Person> {
    let mut all = vec![person(0, HEAD, None, 0)];
    for (team, lead) in LEADS.into_iter().enumerate() {
        all.push(person(1 + team, lead, Some(HEAD.0), team));
    }
    for (at, member) in MEMBERS.into_iter().enumerate() {
        let team = at % LEADS.len();
        all.push(person(4 + at, member, Some(LEADS[team].0), team));
    }
    all
}

fn person(at: usize, (handle, name): (&str, &str), manager: Option<&str>, team: usize) -> Person {
    let family = name.rsplit(' ').next().unwrap_or_default().to_lowercase();
    let initial: String = family.chars().take(1).collect();
    Person {
        handle: handle.to_owned(),
        name: name.to_owned(),
        email: format!("{handle}@example.org"),
        github_login: format!("{handle}-{initial}"),
        slack_id: format!("U0DEMO{at:03}"),
        manager: manager.map(str::to_owned),
        team,
    }
}
