//! How things on GitHub are called by: paths below the API base, our handles, and the ids that survive a rename.
//!
//! A repository is addressed by its name while that works, and by its id when GitHub answers that it has moved. Of an
//! address in an answer only ids and numbers are ever taken; the address itself is never requested.

use connector_kit::Scope;
use url::Url;

/// Where a repository is asked: by name first, by id once the name has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose it is, for the credential: `acme`.
    pub(crate) owner: String,
    /// `repos/acme/web`, or `repositories/1000`
    pub(crate) path: String,
    /// Its numeric id. `None` where it is not known yet.
    pub(crate) id: Option<String>,
    /// As it is called, as far as is known: `repos/acme/web`.
    pub(crate) by_name: String,
}

impl Place {
    /// A repository known by its name alone.
    pub(crate) fn named(name: &str) -> Place {
        Place { owner: owner_of(name), path: format!("repos/{name}"), id: None, by_name: format!("repos/{name}") }
    }

    /// The repository of a stream.
    pub(crate) fn of(scope: &Scope) -> Place {
        Place {
            owner: owner_of(&scope.name),
            path: scope.handle.clone(),
            id: Some(scope.at.ext.clone()),
            by_name: format!("repos/{}", scope.name),
        }
    }

    /// The path of something below it; of itself with an empty `tail`.
    pub(crate) fn below(&self, tail: &str) -> String {
        join(&self.path, tail)
    }

    /// The same by the repository's id.
    pub(crate) fn below_id(id: &str, tail: &str) -> String {
        join(&format!("repositories/{id}"), tail)
    }
}

/// A path must not end in a slash: GitHub answers 404.
fn join(path: &str, tail: &str) -> String {
    if tail.is_empty() { path.to_owned() } else { format!("{path}/{tail}") }
}

/// What an issue is called by: `REPOID/OWNER/NAME/NUMBER/NODEID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskHandle {
    /// The repository's numeric id.
    pub(crate) repo_id: String,
    /// Its name when the handle was made: `acme/web`.
    pub(crate) name: String,
    /// The issue's number in it.
    pub(crate) number: u64,
    /// The issue's global id; empty where the answer had none.
    pub(crate) node_id: String,
}

impl TaskHandle {
    /// The form kept on the task.
    pub(crate) fn to_text(repo_id: &str, name: &str, number: u64, node_id: &str) -> String {
        format!("{repo_id}/{name}/{number}/{node_id}")
    }

    /// The inverse of [`TaskHandle::to_text`]; `None` for any other text.
    pub(crate) fn from_text(text: &str) -> Option<TaskHandle> {
        let mut parts = text.splitn(5, '/');
        let repo_id = parts.next().filter(|id| is_number(id))?.to_owned();
        let name = format!("{}/{}", parts.next()?, parts.next()?);
        let number = parts.next()?.parse().ok()?;
        let node_id = parts.next()?.to_owned();
        is_repo_name(&name).then_some(TaskHandle { repo_id, name, number, node_id })
    }

    /// Its repository, by its id: a name may have become another repository's meanwhile, an id never does.
    pub(crate) fn place(&self) -> Place {
        let path = Place::below_id(&self.repo_id, "");
        Place {
            owner: owner_of(&self.name),
            path,
            id: Some(self.repo_id.clone()),
            by_name: format!("repos/{}", self.name),
        }
    }
}

fn owner_of(name: &str) -> String {
    name.split('/').next().unwrap_or_default().to_owned()
}

/// Repositories of the selection: one, or all of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// User or organisation.
    pub(crate) owner: String,
    /// `None`: all.
    pub(crate) name: Option<String>,
}

impl Wanted {
    /// Reads `acme/web` and `acme/*`; `None` for any other text.
    pub(crate) fn from_text(text: &str) -> Option<Wanted> {
        let (owner, name) = text.split_once('/')?;
        let name = (name != "*").then(|| name.to_owned());
        is_repo_name(&format!("{owner}/{}", name.as_deref().unwrap_or("x")))
            .then_some(Wanted { owner: owner.to_owned(), name })
    }
}

/// As it is written in the configuration.
impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name.as_deref().unwrap_or("*"))
    }
}

/// Whether this is `owner/name` as GitHub allows them, and so safe in a path.
pub(crate) fn is_repo_name(text: &str) -> bool {
    let safe = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
    };
    text.split_once('/').is_some_and(|(owner, name)| safe(owner) && safe(name))
}

/// The repository id that a redirect names, and what stands behind it: `…/repositories/1000/issues/7` is
/// `("1000", "issues/7")`.
pub(crate) fn moved_to(location: &str) -> Option<(&str, &str)> {
    let (_, rest) = location.split_once("/repositories/")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (id, tail) = rest.split_once('/').unwrap_or((rest, ""));
    is_number(id).then_some((id, tail))
}

/// `owner/name` and number out of an issue's address: `…/acme/web/issues/5` is `("acme/web", 5)`.
pub(crate) fn issue_at(url: &str) -> Option<(String, u64)> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let mut parts = url.rsplit('/');
    let number = parts.next()?.parse().ok()?;
    if !matches!(parts.next()?, "issues" | "pull") {
        return None;
    }
    let name = parts.next()?;
    let name = format!("{}/{name}", parts.next()?);
    is_repo_name(&name).then_some((name, number))
}

/// `acme/web` out of `…/repos/acme/web`.
pub(crate) fn repo_at(url: &str) -> Option<&str> {
    let (_, name) = url.split_once("/repos/")?;
    is_repo_name(name).then_some(name)
}

/// Where people see the issues of this API: `https://github.com`, the host of an Enterprise Server, or the company's own
/// part of `ghe.com`.
pub(crate) fn web_of(api: &Url) -> String {
    let origin = api.origin().ascii_serialization();
    match api.host_str() {
        Some("api.github.com") => "https://github.com".to_owned(),
        Some(host) if host.ends_with(".ghe.com") => origin.replacen("://api.", "://", 1),
        _ => origin,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_handle_reads_back_as_it_was_written_whatever_its_node_id_holds() {
        let text = TaskHandle::to_text("1000", "acme/web", 12, "MDU6/SXNz+dWU=");
        let handle = TaskHandle::from_text(&text).unwrap();
        assert_eq!((handle.repo_id.as_str(), handle.name.as_str(), handle.number), ("1000", "acme/web", 12));
        assert_eq!(handle.node_id, "MDU6/SXNz+dWU=");
        for bad in ["", "acme/web/12/I", "x/acme/web/12/I", "1/acme/web/twelve/I", "1/../web/12/I", "1/a b/web/1/I"] {
            assert_eq!(TaskHandle::from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_names_that_are_safe_in_a_path_are_taken() {
        assert!(is_repo_name("acme/web.js_2-x"));
        for bad in ["acme", "acme/", "/web", "acme/web/x", "acme/*", "acme/..", "acme/we%2Fb", "ac me/web", "acme/wéb"]
        {
            assert!(!is_repo_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_selection_is_one_repository_or_all_of_an_owner() {
        for text in ["acme/web", "acme/*"] {
            assert_eq!(Wanted::from_text(text).unwrap().to_string(), text);
        }
        for bad in ["acme", "acme/", "*/*", "*/web", "acme/web*", "acme/**", "acme/*/x", "../*"] {
            assert_eq!(Wanted::from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn of_a_redirect_only_the_ids_are_taken() {
        assert_eq!(moved_to("https://api.github.com/repositories/1000"), Some(("1000", "")));
        assert_eq!(moved_to("https://evil.example/x/repositories/7/issues/3?page=2"), Some(("7", "issues/3")));
        assert_eq!(moved_to("https://api.github.com/repositories/../user"), None);
        assert_eq!(moved_to("https://api.github.com/repos/acme/web"), None);
    }

    #[test]
    fn people_see_issues_beside_the_api() {
        let web = |api: &str| web_of(&api.parse().unwrap());
        assert_eq!(web("https://api.github.com"), "https://github.com");
        assert_eq!(web("https://ghe.example:8443/api/v3"), "https://ghe.example:8443");
        assert_eq!(web("https://api.acme.ghe.com"), "https://acme.ghe.com");
        assert_eq!(web("http://127.0.0.1:9/api"), "http://127.0.0.1:9");
    }

    #[test]
    fn addresses_tell_repository_and_number() {
        assert_eq!(issue_at("https://api.github.com/repos/o/r/issues/5"), Some(("o/r".to_owned(), 5)));
        assert_eq!(issue_at("https://github.com/o/r/pull/5#issuecomment-1"), Some(("o/r".to_owned(), 5)));
        assert_eq!(issue_at("https://github.com/o/r/discussions/5"), None);
        assert_eq!(repo_at("https://ghe.example/api/v3/repos/o/r"), Some("o/r"));
        assert_eq!(repo_at("https://ghe.example/api/v3/repos/o/r/issues"), None);
    }
}
