//! Whom a comment names and whether it asks them something: from its rich text, else from its plain text, where people are
//! the addresses of their profiles. Pure.

use connector_kit::mentions::{Said, mentions};
use connector_model::Mentions;

use crate::call::is_gid;

/// Elements whose words are not the author's, or no words.
const SILENT: [&str; 4] = ["code", "pre", "blockquote", "img"];
/// Elements that end a line.
const LINES: [&str; 8] = ["li", "ul", "ol", "h1", "h2", "hr", "tr", "td"];

/// What a comment says to whom.
pub(crate) fn said(rich: Option<&str>, plain: &str) -> Mentions {
    match rich {
        Some(rich) => {
            let parts: Vec<Part<'_>> = parts(rich);
            mentions(parts.iter().flat_map(Part::said))
        }
        None => mentions(plain.lines().flat_map(|line| profiles(line).into_iter().chain([Said::Break]))),
    }
}

/// A part of a rich text, its entities resolved.
enum Part<'a> {
    Words(String),
    Person(&'a str),
    Break,
}

impl Part<'_> {
    fn said(&self) -> Vec<Said<'_>> {
        match self {
            Part::Words(words) => profiles(words),
            Part::Person(gid) => vec![Said::Person(gid)],
            Part::Break => vec![Said::Break],
        }
    }
}

fn parts(rich: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    // The element whose words are passed over, and how many of the same name are open in it.
    let mut silent: Option<(&str, usize)> = None;
    let mut rest = rich;
    while let Some(begin) = rest.find('<') {
        words(&rest[..begin], silent.is_some(), &mut parts);
        let Some(end) = rest[begin..].find('>') else { return parts };
        let tag = &rest[begin + 1..begin + end];
        rest = &rest[begin + end + 1..];
        let closing = tag.starts_with('/');
        let alone = tag.ends_with('/');
        let inner = tag.trim_matches('/');
        let name = inner.split_whitespace().next().unwrap_or_default();
        if let Some((open, depth)) = silent {
            let depth = match (name == open, closing, alone) {
                (true, true, _) => depth - 1,
                (true, false, false) => depth + 1,
                _ => depth,
            };
            silent = (depth > 0).then_some((open, depth));
            continue;
        }
        if closing {
            if LINES.contains(&name) {
                parts.push(Part::Break);
            }
            continue;
        }
        let gid = attribute(inner, "data-asana-gid").filter(|gid| is_gid(gid));
        let is_user = attribute(inner, "data-asana-type").is_none_or(|kind| kind == "user");
        let is_link = name == "a";
        match gid.filter(|_| is_link) {
            Some(gid) if is_user => parts.push(Part::Person(gid)),
            _ => {}
        }
        // What a mention is shown as, and the name of a task, are no words of the author's.
        if !alone && (SILENT.contains(&name) || (is_link && gid.is_some())) {
            silent = Some((name, 1));
        } else if LINES.contains(&name) {
            parts.push(Part::Break);
        }
    }
    words(rest, silent.is_some(), &mut parts);
    parts
}

fn words(text: &str, silent: bool, parts: &mut Vec<Part<'_>>) {
    if silent || text.is_empty() {
        return;
    }
    for (nth, line) in text.split('\n').enumerate() {
        if nth > 0 {
            parts.push(Part::Break);
        }
        parts.push(Part::Words(unescaped(line)));
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let after = tag.split_once(&format!("{name}=\""))?.1;
    Some(after.split_once('"')?.0)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// The words of a line, the addresses of profiles as people.
fn profiles(line: &str) -> Vec<Said<'_>> {
    let mut parts = Vec::new();
    for word in line.split_inclusive(char::is_whitespace) {
        let address = word.trim().trim_end_matches([',', '.', ':', '?', '!', ')']);
        match profile(address) {
            Some(gid) => {
                parts.push(Said::Person(gid));
                let at = word.find(address).unwrap_or_default() + address.len();
                parts.push(Said::Text(&word[at..]));
            }
            None => parts.push(Said::Text(word)),
        }
    }
    parts
}

/// `https://app.asana.com/0/<gid>/list`, `https://app.asana.com/1/<workspace>/profile/<gid>`
fn profile(address: &str) -> Option<&str> {
    let path = address.strip_prefix("https://app.asana.com/")?.trim_end_matches('/');
    let steps: Vec<&str> = path.split('/').collect();
    let gid = match steps.as_slice() {
        ["0", gid, "list"] | ["0", "profile", gid] | ["1", _, "profile", gid] => *gid,
        _ => return None,
    };
    is_gid(gid).then_some(gid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: &str = r#"<a href="https://app.asana.com/0/1201" data-asana-gid="1201" data-asana-accessible="true" data-asana-type="user" data-asana-dynamic="true">@Ana K?</a>"#;

    fn told(rich: &str) -> String {
        word(&said(Some(&format!("<body>{rich}</body>")), "not read"))
    }

    fn word(mentions: &Mentions) -> String {
        format!("{}{}", mentions.who.join(","), if mentions.asks { "?" } else { "" })
    }

    #[test]
    fn rich_text_names_people_by_their_gid() {
        for (rich, expected) in [
            (format!("{ANA} is it ready?"), "1201?"),
            (format!("{ANA} is it &quot;ready&quot;?\nThanks!"), "1201?"),
            (format!("<strong>Is it ready?</strong> {ANA}"), "1201?"),
            (format!("<ul><li>{ANA} please look</li><li>ready?</li></ul>"), "1201?"),
            (r#"<a data-asana-gid="1201"/> ready?"#.to_owned(), "1201?"),
            (format!("{ANA} it is ready."), "1201"),
            (format!("thanks {ANA}?"), ""),
            (format!("{ANA} <code>ready?</code>"), "1201"),
            (format!("<blockquote>{ANA} ready?</blockquote>It is."), ""),
            (format!("<pre>{ANA}\nready?</pre>"), ""),
            (r#"<a href="https://example.org/?" >https://example.org/?</a> ready?"#.to_owned(), ""),
            (r#"<a data-asana-gid="55" data-asana-type="task">What next?</a> ready?"#.to_owned(), ""),
            ("no tag < at all".to_owned(), ""),
        ] {
            assert_eq!(told(&rich), expected, "{rich}");
        }
    }

    #[test]
    fn plain_text_names_them_by_the_address_of_their_profile() {
        for (plain, expected) in [
            ("https://app.asana.com/0/1201/list is it ready?", "1201?"),
            ("Is it ready, https://app.asana.com/0/1201/list?", "1201?"),
            ("https://app.asana.com/1/77/profile/1201 it is.", "1201"),
            ("see https://app.asana.com/0/1201/1202?", ""),
            ("ready?", ""),
        ] {
            assert_eq!(word(&said(None, plain)), expected, "{plain}");
        }
    }
}
