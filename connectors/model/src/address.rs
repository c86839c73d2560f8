//! Addresses of tasks in text: one tracker's task that names another's.

use crate::TaskRef;

/// Most addresses taken from one text.
const MOST: usize = 20;
/// So much of a text is looked through, in bytes.
const READ: usize = 64 * 1024;

/// A task by its browser address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The same for every way to write it: without what only leads to a place on the page.
    pub text: String,
    /// What the task is called on its site.
    pub name: TaskRef,
}

impl Address {
    /// Of a GitHub issue, a Jira issue, an Asana task or a Trello card. `None`: it has the shape of none of these.
    pub fn of(url: &str) -> Option<Address> {
        let rest = without_scheme(url)?;
        let (place, query) = rest.split('#').next()?.split_once('?').unwrap_or((rest.split('#').next()?, ""));
        let mut parts = place.split('/').filter(|part| !part.is_empty());
        let host = parts.next()?.to_ascii_lowercase();
        let path: Vec<&str> = parts.collect();
        match (host.trim_start_matches("www."), path.as_slice()) {
            ("trello.com", ["c", link, ..]) => {
                Some(Address { text: format!("https://trello.com/c/{link}"), name: TaskRef::Key((*link).to_owned()) })
            }
            ("trello.com", _) => None,
            ("app.asana.com", path) => {
                let gid = asana(path).filter(|gid| is_number(gid))?;
                Some(Address { text: format!("https://app.asana.com/task/{gid}"), name: TaskRef::Ext(gid.to_owned()) })
            }
            (_, [owner, repo, "issues", number, ..]) if is_number(number) => {
                let name = format!("{owner}/{repo}#{number}");
                let text = format!("https://{host}/{owner}/{repo}/issues/{number}").to_ascii_lowercase();
                Some(Address { text, name: TaskRef::Key(name) })
            }
            (_, path) => jira(&host, path, query),
        }
    }

    fn host(&self) -> &str {
        self.text.trim_start_matches("https://").split('/').next().unwrap_or_default()
    }
}

/// The tasks of other trackers that a text names, each once, in their order. `own` is the address of the task it belongs to:
/// what is on the same host is linked by the tool itself. Only addresses are kept, nothing of the text.
pub fn tasks_named(text: &str, own: &str) -> Vec<TaskRef> {
    let own = Address::of(own);
    let own = own.as_ref().map_or("", Address::host);
    let mut found: Vec<TaskRef> = Vec::new();
    for url in urls(text) {
        let Some(address) = Address::of(url).filter(|address| address.host() != own) else { continue };
        let task = TaskRef::Url(address.text);
        if !found.contains(&task) {
            found.push(task);
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Whatever begins like an address, up to where none goes on.
fn urls(text: &str) -> impl Iterator<Item = &str> {
    let end = (0..=READ.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let text = &text[..end];
    let starts = text.match_indices("://").filter_map(|(at, _)| {
        let scheme = text[..at].rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |before| before + 1);
        text.is_char_boundary(scheme).then(|| &text[scheme..])
    });
    starts.map(|rest| {
        let stops = |c: char| c.is_whitespace() || c.is_control() || "<>\"'()[]{}|\\^`".contains(c);
        rest[..rest.find(stops).unwrap_or(rest.len())].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_'])
    })
}

fn without_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(rest)
}

/// `0/PROJECT/TASK`, `1/WORKSPACE/project/PROJECT/task/TASK`, `1/WORKSPACE/inbox/USER/item/TASK/story/STORY`
fn asana<'a>(path: &[&'a str]) -> Option<&'a str> {
    match path {
        ["0", _, task, ..] => Some(task),
        ["1", rest @ ..] => {
            let at = rest.iter().position(|part| matches!(*part, "task" | "item"))?;
            rest.get(at + 1).copied()
        }
        _ => None,
    }
}

/// `browse/ENG-41`, perhaps below a path of the server, or a board with the issue selected.
fn jira(host: &str, path: &[&str], query: &str) -> Option<Address> {
    let at = path.iter().position(|part| *part == "browse");
    let browsed = at.and_then(|at| Some((path[..at].join("/"), *path.get(at + 1)?)));
    let selected = query.split('&').find_map(|pair| pair.strip_prefix("selectedIssue="));
    let (below, key) = browsed.or_else(|| Some((String::new(), selected?)))?;
    let (project, number) = key.rsplit_once('-')?;
    let is_project = project.starts_with(|c: char| c.is_ascii_alphabetic())
        && project.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_project || !is_number(number) {
        return None;
    }
    let key = key.to_ascii_uppercase();
    let below = if below.is_empty() { below } else { format!("/{below}") };
    Some(Address { text: format!("https://{host}{below}/browse/{key}"), name: TaskRef::Key(key) })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_address_means_the_same_task() {
        for (ways, text) in [
            (
                &[
                    "https://github.com/Acme/web/issues/12",
                    "http://www.github.com/acme/web/issues/12/?a=b#issuecomment-1",
                ][..],
                "https://github.com/acme/web/issues/12",
            ),
            (
                &[
                    "https://acme.atlassian.net/browse/ENG-41?focusedCommentId=1",
                    "https://ACME.atlassian.net/jira/software/projects/ENG/boards/1?selectedIssue=ENG-41",
                ],
                "https://acme.atlassian.net/browse/ENG-41",
            ),
            (&["https://work.acme.com/jira/browse/eng-41"], "https://work.acme.com/jira/browse/ENG-41"),
            (
                &[
                    "https://app.asana.com/0/11/1200/f",
                    "https://app.asana.com/1/9/project/11/task/1200?focus=true",
                    "https://app.asana.com/1/9/inbox/3/item/1200/story/4",
                ],
                "https://app.asana.com/task/1200",
            ),
            (
                &["https://trello.com/c/aI4od6Yd/12-a-card", "https://www.trello.com/c/aI4od6Yd"],
                "https://trello.com/c/aI4od6Yd",
            ),
        ] {
            for way in ways {
                let found = Address::of(way).map(|address| address.text.replace("www.", ""));
                assert_eq!(found.as_deref(), Some(text), "{way}");
            }
        }
    }

    #[test]
    fn what_is_no_task_has_no_address() {
        for other in [
            "https://github.com/acme/web/pull/12",
            "https://github.com/acme/web/issues",
            "https://trello.com/b/abc/board",
            "https://app.asana.com/0/11/list",
            "https://acme.atlassian.net/browse/ENG",
            "ftp://github.com/acme/web/issues/12",
            "https://",
            "",
        ] {
            assert_eq!(Address::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_names_tasks_of_other_hosts_each_once() {
        let own = "https://github.com/acme/web/issues/3";
        let text = "See [the plan](https://acme.atlassian.net/browse/ENG-41), https://github.com/acme/web/issues/2,\n\
                    {\"url\":\"https://trello.com/c/aI4od6Yd\"} and https://acme.atlassian.net/browse/ENG-41?x=1.";
        let url = |text: &str| TaskRef::Url(text.to_owned());
        let expected = [url("https://acme.atlassian.net/browse/ENG-41"), url("https://trello.com/c/aI4od6Yd")];
        assert_eq!(tasks_named(text, own), expected);
        assert!(tasks_named("äöü ://x é://", own).is_empty());
        let many: String = (0..100).map(|nth| format!("https://a.example/browse/X-{nth} ")).collect();
        assert_eq!(tasks_named(&many, own).len(), MOST);
    }
}
