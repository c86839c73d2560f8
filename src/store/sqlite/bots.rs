//! What is no person, by its name.

use std::collections::HashSet;

/// Names of what is no person, in small letters; `*` stands for anything.
#[derive(Debug, Clone, Default)]
pub(super) struct BotNames {
    plain: HashSet<String>,
    patterns: Vec<String>,
}

impl BotNames {
    pub(super) fn new(names: &[String]) -> BotNames {
        let (patterns, plain): (Vec<String>, Vec<String>) =
            names.iter().map(|name| name.to_lowercase()).partition(|name| name.contains('*'));
        BotNames { plain: plain.into_iter().collect(), patterns }
    }

    /// True for a name that is among them.
    pub(super) fn contains(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.plain.contains(&name) || self.patterns.iter().any(|pattern| fits(pattern, &name))
    }
}

/// Whether a name looks like a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_brackets_for_themselves() {
        let bots =
            BotNames::new(&["*[bot]".to_owned(), "CI-*".to_owned(), "svc-*-deploy*".to_owned(), "mirror".to_owned()]);
        for name in ["renovate[bot]", "ci-user", "CI-", "svc-web-deploy", "svc-web-deploy2", "Mirror"] {
            assert!(bots.contains(name), "{name}");
        }
        for name in ["robot", "renovate[bot]s", "aci-user", "svc-deploy", "mirrors", "b"] {
            assert!(!bots.contains(name), "{name}");
        }
    }
}
