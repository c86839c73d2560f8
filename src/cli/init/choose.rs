//! Answers to "which repositories", and to "where": what people type, understood.

use std::collections::BTreeSet;

use connector_kit::survey::Visible;

use super::super::open::Stopped;
use super::super::table::plain;
use super::ask::Asker;

/// Repositories or projects shown by number.
pub(super) const MOST_SHOWN: usize = 40;

/// GitHub's own API.
const GITHUB: &str = "https://api.github.com";

/// What is to be watched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// As it stands in the file: names, and `owner/*` where all of an owner were meant, also those to come.
    pub(super) repos: Vec<String>,
    /// Every repository that this is today, to look for people and labels in.
    pub(super) named: Vec<String>,
}

impl Chosen {
    /// These and no others.
    pub(super) fn all(repos: Vec<String>) -> Chosen {
        Chosen { named: repos.clone(), repos }
    }
}

/// Asks until an answer can be understood.
pub(super) async fn ask_which(asker: &Asker, fit: &[Visible], unfit: usize) -> Result<Chosen, Stopped> {
    asker.say(format!("The token can see {} repositories:", fit.len()))?;
    for (at, one) in fit.iter().take(MOST_SHOWN).enumerate() {
        asker.say(format!("  {:>3}  {:<40} {} open", at + 1, plain(&one.name), one.open))?;
    }
    if fit.len() > MOST_SHOWN {
        asker.say(format!("       and {} more, not listed", fit.len() - MOST_SHOWN))?;
    }
    if unfit > 0 {
        asker.say(format!("       ({unfit} are archived or have no issues)"))?;
    }
    loop {
        let answer = asker.line("Which should be watched? Numbers (1,3-5), owner/name, owner/* or all:").await?;
        match chosen(&answer, fit) {
            Ok(chosen) => return Ok(chosen),
            Err(words) => asker.say(format!("  {words}"))?,
        }
    }
}

/// Repositories that are all named in full. `None`: some have to be looked up.
pub(super) fn all_named(text: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = words(text).map(str::to_owned).collect();
    let full = |part: &String| part.split_once('/').is_some_and(|(_, name)| name != "*" && !name.is_empty());
    (!parts.is_empty() && parts.iter().all(full)).then(|| once(parts))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty())
}

/// Each once; upper and lower case are the same.
fn once(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.to_lowercase())).collect()
}

/// What an answer means: numbers of the list, names, all of an owner, or all.
pub(super) fn chosen(answer: &str, listed: &[Visible]) -> Result<Chosen, String> {
    let (mut repos, mut patterns) = (Vec::new(), Vec::new());
    for part in words(answer) {
        if part.eq_ignore_ascii_case("all") {
            repos.extend(listed.iter().map(|one| one.name.clone()));
        } else if let Some((owner, name)) = part.split_once('/') {
            if name != "*" {
                repos.push(part.to_owned());
                continue;
            }
            let of = |one: &&Visible| one.name.split_once('/').is_some_and(|(of, _)| of.eq_ignore_ascii_case(owner));
            let mut of_owner = listed.iter().filter(of).map(|one| one.name.clone()).peekable();
            let Some((owner, _)) = of_owner.peek().and_then(|name| name.split_once('/')) else {
                return Err(format!("the token can see no repository of {owner}"));
            };
            patterns.push(format!("{owner}/*"));
            repos.extend(of_owner);
        } else {
            let Some((first, last)) = numbers(part, listed.len()) else {
                return Err(format!("\"{part}\" is neither a number from the list nor owner/name"));
            };
            repos.extend(listed.iter().take(last).skip(first - 1).map(|one| one.name.clone()));
        }
    }
    if repos.is_empty() {
        return Err("name at least one".to_owned());
    }
    let (named, patterns) = (once(repos), once(patterns));
    let covered = |name: &&String| {
        let owner = name.split_once('/').map_or("", |(owner, _)| owner);
        patterns.iter().any(|pattern| pattern.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(owner)))
    };
    let others: Vec<String> = named.iter().filter(|name| !covered(name)).cloned().collect();
    Ok(Chosen { repos: patterns.iter().cloned().chain(others).collect(), named })
}

/// What an answer means in Jira: numbers of the list, keys, or all of them, those to come included.
pub(super) fn chosen_projects(answer: &str, listed: &[Visible]) -> Result<Chosen, String> {
    let mut keys = Vec::new();
    for part in words(answer) {
        if part.eq_ignore_ascii_case("all") {
            return Ok(Chosen { repos: Vec::new(), named: listed.iter().map(|one| one.name.clone()).collect() });
        }
        let is_key = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && part.len() > 1;
        if is_key && part.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let known = listed.iter().find(|one| one.name.eq_ignore_ascii_case(part));
            keys.push(known.map_or_else(|| part.to_ascii_uppercase(), |known| known.name.clone()));
            continue;
        }
        let numbers = numbers(part, listed.len());
        let (first, last) =
            numbers.ok_or(format!("\"{part}\" is neither a number from the list nor the key of a project"))?;
        keys.extend(listed.iter().take(last).skip(first - 1).map(|one| one.name.clone()));
    }
    if keys.is_empty() { Err("name at least one, or all".to_owned()) } else { Ok(Chosen::all(once(keys))) }
}

/// The same where places have names: numbers of the list, names as listed, addresses and ids, or all of them, those to come
/// included. Names may hold spaces, so commas alone stand between answers.
pub(super) fn chosen_by_name(
    answer: &str,
    listed: &[Visible],
    of_address: fn(&str) -> Option<String>,
) -> Result<Chosen, String> {
    let mut names = Vec::new();
    let is_listed = |text: &str| listed.iter().find(|one| one.name.to_lowercase() == text.to_lowercase());
    // A name that holds a comma is known as a whole.
    let whole = is_listed(answer.trim());
    let parts: Vec<&str> = match whole {
        Some(_) => vec![answer.trim()],
        None => answer.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
    };
    for part in parts {
        if part.eq_ignore_ascii_case("all") {
            return Ok(Chosen { repos: Vec::new(), named: listed.iter().map(|one| one.name.clone()).collect() });
        }
        if let Some(known) = is_listed(part) {
            names.push(known.name.clone());
        } else if let Some((first, last)) = numbers(part, listed.len()) {
            names.extend(listed.iter().take(last).skip(first - 1).map(|one| one.name.clone()));
        } else {
            let id = of_address(part).filter(|id| id != part || is_id(part));
            names.push(id.ok_or(format!("\"{part}\" is not a number or a name from the list, nor a URL"))?);
        }
    }
    if names.is_empty() { Err("name at least one, or all".to_owned()) } else { Ok(Chosen::all(once_exactly(names))) }
}

/// What a tool gives its own things as ids: many digits, hexadecimal ones, or a short link.
fn is_id(text: &str) -> bool {
    let (digit, plain) = (|c: char| c.is_ascii_digit(), text.chars().all(|c| c.is_ascii_alphanumeric()));
    let long = text.len() >= 12 && text.chars().all(|c| c.is_ascii_hexdigit());
    plain && (long || (text.len() == 8 && text.contains(digit)))
}

/// Each once, to the letter: in short links capitals count.
fn once_exactly(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

/// `3`, or `1-3`: the first and the last, as far as there are so many.
fn numbers(part: &str, most: usize) -> Option<(usize, usize)> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=most).contains(number));
    Some((number(first)?, number(last)?))
}

/// The API of what people call their GitHub. `None`: github.com's own.
pub(super) fn api_of(answer: &str) -> Option<String> {
    let text = answer.trim().trim_end_matches('/');
    if text.is_empty() {
        return None;
    }
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let Ok(url) = url::Url::parse(&text) else { return Some(text) };
    let host = url.host_str().unwrap_or_default();
    let bare = url.path().trim_end_matches('/').is_empty();
    match host {
        "github.com" | "www.github.com" => None,
        "api.github.com" if bare => None,
        // A company's own part of ghe.com has its API beside it.
        _ if bare && host.ends_with(".ghe.com") && !host.starts_with("api.") => Some(format!("https://api.{host}")),
        _ if bare && !host.starts_with("api.") => Some(format!("{text}/api/v3")),
        _ => Some(text).filter(|text| text != GITHUB),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn listed() -> Vec<Visible> {
        ["acme/web", "acme/api", "other/site"]
            .map(|name| Visible { name: name.to_owned(), open: 1, unfit: None })
            .to_vec()
    }

    #[test]
    fn an_answer_may_mix_numbers_ranges_names_and_owners_and_names_each_once() {
        let chosen = |answer: &str| chosen(answer, &listed());
        assert_eq!(chosen("1, 3").unwrap().repos, ["acme/web", "other/site"]);
        assert_eq!(chosen("1-2,ACME/api").unwrap().repos, ["acme/web", "acme/api"]);
        assert_eq!(chosen("all").unwrap().repos.len(), 3);
        assert_eq!(chosen("public/else").unwrap(), Chosen::all(vec!["public/else".to_owned()]));
        for wrong in ["", "0", "4", "2-9", "web", "nobody/*"] {
            assert!(chosen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn projects_are_chosen_by_number_or_key_and_all_stays_open() {
        let listed = ["OPS", "WEB", "A_B"].map(|name| Visible { name: name.to_owned(), open: 1, unfit: None });
        let chosen = |answer: &str| chosen_projects(answer, &listed);
        assert_eq!(chosen("1, web").unwrap().repos, ["OPS", "WEB"]);
        assert_eq!(chosen("2-3,a_b,other").unwrap().named, ["WEB", "A_B", "OTHER"]);
        let all = chosen("all").unwrap();
        assert!(all.repos.is_empty(), "those to come are included");
        assert_eq!(all.named, ["OPS", "WEB", "A_B"]);
        for wrong in ["", "0", "4", "2-9", "-", "x", "web!", "ops-1"] {
            assert!(chosen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn boards_are_chosen_by_number_name_id_or_address() {
        let listed =
            ["Client work", "Q1, Q2", "Next"].map(|name| Visible { name: name.to_owned(), open: 1, unfit: None });
        let chosen = |answer: &str| chosen_by_name(answer, &listed, crate::config::trello_board_of);
        assert_eq!(chosen("1, next").unwrap().repos, ["Client work", "Next"]);
        assert_eq!(chosen("q1, q2").unwrap().repos, ["Q1, Q2"]);
        assert_eq!(chosen("2-3,https://trello.com/b/nC8QJJoZ/x").unwrap().repos, ["Q1, Q2", "Next", "nC8QJJoZ"]);
        assert_eq!(chosen("4eea4ffc91e31d1746000046").unwrap().named, ["4eea4ffc91e31d1746000046"]);
        let all = chosen("ALL").unwrap();
        assert!(all.repos.is_empty() && all.named.len() == 3, "those to come are included");
        for wrong in ["", "0", "4", "2-9", "Clientwork", "https://trello.com/c/abcdEFGH"] {
            assert!(chosen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_of_an_owner_stays_a_pattern_and_is_expanded_for_the_search_alone() {
        let found = chosen("acme/web, Acme/*, 3", &listed()).unwrap();
        assert_eq!(found.repos, ["acme/*", "other/site"]);
        assert_eq!(found.named, ["acme/web", "acme/api", "other/site"]);
    }

    #[test]
    fn the_api_follows_from_what_people_call_their_github() {
        for own in ["", "github.com", "https://github.com/", "https://api.github.com"] {
            assert_eq!(api_of(own), None, "{own}");
        }
        assert_eq!(api_of("git.example.org").as_deref(), Some("https://git.example.org/api/v3"));
        assert_eq!(api_of("https://git.example.org/api/v3/").as_deref(), Some("https://git.example.org/api/v3"));
        assert_eq!(api_of("https://octo.ghe.com").as_deref(), Some("https://api.octo.ghe.com"));
        assert_eq!(api_of("http://127.0.0.1:9/github").as_deref(), Some("http://127.0.0.1:9/github"));
    }

    #[test]
    fn what_is_named_in_full_needs_no_list() {
        assert_eq!(all_named("acme/web, acme/api ACME/web").unwrap(), ["acme/web", "acme/api"]);
        assert_eq!(all_named("acme/*"), None);
        assert_eq!(all_named("1,2"), None);
    }
}
