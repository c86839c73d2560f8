//! What people call the places that work lives in: a repository on GitHub, a project in Jira and Asana, a board in Trello.
//! And what they call each other there.

use connector_kit::StreamKind;
use connector_model::Account;

/// One of them, and several.
pub(super) type Words = (&'static str, &'static str);

/// The tool of a connection: `jira` of `jira.acme`.
fn tool(connection: &str) -> &str {
    connection.split('.').next().unwrap_or_default()
}

/// Where the work of a connection lives.
pub(super) fn of(connection: &str) -> Words {
    match tool(connection) {
        "jira" | "asana" => ("project", "projects"),
        "trello" => ("board", "boards"),
        _ => ("repository", "repositories"),
    }
}

/// The same with what work is planned for there.
pub(super) fn and_plans(connection: &str) -> Words {
    match tool(connection) {
        "jira" => ("project, version or sprint", "projects, versions and sprints"),
        "asana" | "trello" => of(connection),
        _ => ("repository or milestone", "repositories and milestones"),
    }
}

/// What somebody is called there: the login, or the name where the login is a mere id.
pub(super) fn called(connection: &str, account: Account) -> Option<String> {
    match tool(connection) {
        "jira" | "asana" => account.name.or(account.handle),
        _ => account.handle.or(account.name),
    }
}

/// The key of the task that an address of Asana or Trello leads to: their tasks have several addresses, and parts of a card
/// have the card's. `None`: of no such task.
pub(super) fn key_of(address: &str) -> Option<&str> {
    let path = address.trim().strip_prefix("https://")?.split(['?', '#']).next()?;
    let (host, path) = path.split_once('/')?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (host, parts.as_slice()) {
        ("trello.com", ["c", card, ..]) => Some(card),
        (
            "app.asana.com",
            ["0", _, task, ..] | ["1", _, "task", task, ..] | ["1", _, "project", _, "task", task, ..],
        ) => Some(task),
        _ => None,
    }
}

/// What a stream reads, in a word.
pub(super) fn read_by(connection: &str, kind: StreamKind) -> &'static str {
    match kind {
        StreamKind::Containers => of(connection).1,
        StreamKind::Tasks => "tasks",
        StreamKind::Comments => "comments",
        StreamKind::Events => "events",
        StreamKind::Homes if tool(connection) == "jira" => "versions and sprints",
        StreamKind::Homes => "milestones",
        StreamKind::Links => "links",
        StreamKind::Census => "census",
        StreamKind::Boards => "projects",
    }
}

/// The same for a stream as reports name it: `containers`, `milestones of acme/web`.
pub(super) fn named(connection: &str, stream: &str) -> String {
    let kinds = [("containers", StreamKind::Containers), ("milestones", StreamKind::Homes)];
    let found = kinds.into_iter().find_map(|(name, kind)| Some((kind, stream.strip_prefix(name)?)));
    found.map_or_else(|| stream.to_owned(), |(kind, rest)| format!("{}{rest}", read_by(connection, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_a_task_leads_to_its_key() {
        for (address, key) in [
            ("https://trello.com/c/aB3dE6gH/12-move-billing", Some("aB3dE6gH")),
            ("https://trello.com/c/aB3dE6gH", Some("aB3dE6gH")),
            ("https://app.asana.com/0/1200000000000101/1200000000000999/f", Some("1200000000000999")),
            ("https://app.asana.com/1/12/project/34/task/1200000000000999?focus=true", Some("1200000000000999")),
            ("https://app.asana.com/1/12/task/1200000000000999", Some("1200000000000999")),
            ("https://trello.com/b/nC8QJJoZ/roadmap", None),
            ("https://github.com/acme/web/issues/12", None),
            ("acme/web#12", None),
        ] {
            assert_eq!(key_of(address), key, "{address}");
        }
    }

    #[test]
    fn each_tool_has_its_own_words_for_what_is_read() {
        assert_eq!(read_by("github.acme", StreamKind::Containers), "repositories");
        assert_eq!(read_by("jira.acme", StreamKind::Containers), "projects");
        assert_eq!(named("github.acme", "milestones of acme/web"), "milestones of acme/web");
        assert_eq!(named("jira.acme", "milestones of OPS"), "versions and sprints of OPS");
        assert_eq!(named("jira.acme", "containers"), "projects");
        assert_eq!(named("jira.acme", "tasks of OPS"), "tasks of OPS");
        assert_eq!([named("asana.hq", "containers"), named("trello.x", "containers")], ["projects", "boards"]);
    }
}
