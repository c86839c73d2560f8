//! Whom a comment names, and whether it asks them something. Nothing else of the text is kept. Pure.
//!
//! Each tool writes its comments in another form; a connector hands over what is left of one without code, quotations and
//! links' addresses, person by person, and what that means is found out here once.

use connector_model::Mentions;

/// Names beyond so many are left out: nobody is asked who is one of a crowd.
const MOST_NAMES: usize = 20;

/// Stands for a person in the text.
const PERSON: char = '\u{FFFC}';

/// How thanks begin.
const THANKS: [&str; 10] = ["thanks", "thank", "thx", "ty", "cheers", "kudos", "danke", "merci", "gracias", "bedankt"];
/// So many words more make something else of them, ...
const LONGEST_THANKS: usize = 5;
/// ... and so does any of these.
const QUESTION_WORDS: [&str; 30] = [
    "can", "could", "would", "will", "shall", "should", "may", "do", "does", "did", "is", "are", "was", "were", "have",
    "has", "when", "what", "where", "why", "who", "how", "which", "any", "kannst", "können", "könnten", "wann",
    "pouvez", "puedes",
];
/// Questions to which nobody wants an answer.
const RHETORICAL: [&str; 12] = [
    "why not",
    "who knows",
    "who cares",
    "who needs sleep",
    "what could go wrong",
    "what could possibly go wrong",
    "how hard can it be",
    "what else",
    "what gives",
    "seriously",
    "really",
    "wer weiß",
];

/// A part of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// Words.
    Text(&'a str),
    /// A person, by the tool's id or the login they are mentioned by.
    Person(&'a str),
    /// A line ends.
    Break,
}

/// What a comment in these parts says to whom.
pub fn mentions<'a>(parts: impl IntoIterator<Item = Said<'a>>) -> Mentions {
    let (mut text, mut people) = (String::new(), Vec::new());
    for part in parts {
        match part {
            Said::Text(words) => text.extend(words.chars().filter(|c| *c != PERSON)),
            Said::Person(name) => {
                people.push(name);
                text.push(PERSON);
            }
            Said::Break => text.push('\n'),
        }
    }
    if people.is_empty() {
        return Mentions::default();
    }
    let sentences = sentences(&text);
    let asks = (0..sentences.len()).any(|nth| asks(&sentences, nth));
    let (mut who, mut named) = (Vec::new(), people.iter());
    for sentence in &sentences {
        for name in named.by_ref().take(sentence.people) {
            let meant = (asks || !sentence.thanks) && !who.iter().any(|known| known == name);
            if meant && who.len() < MOST_NAMES {
                who.push((*name).to_owned());
            }
        }
    }
    Mentions { asks: asks && !who.is_empty(), who }
}

/// What a comment in Markdown says to whom: `@login`, outside of code, quotations and comments; a team (`@acme/web`) is
/// nobody.
pub fn in_markdown(text: &str) -> Mentions {
    let mut parts = Vec::new();
    let plain = without_comments(text);
    let (mut fence, mut blank) = (None::<(char, usize)>, true);
    for line in plain.lines() {
        let inner = line.trim_start();
        let mark = inner.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| inner.chars().take_while(|c| *c == mark).count());
        match (fence, mark) {
            (Some((open, least)), Some(mark)) if mark == open && run >= least => fence = None,
            (Some(_), _) => {}
            (None, Some(mark)) if run >= 3 => fence = Some((mark, run)),
            (None, _) => {
                let indented = blank && (line.starts_with("    ") || line.starts_with('\t'));
                if !indented && !inner.starts_with('>') {
                    without_code(line, &mut |words| logins(words, &mut parts));
                }
                // Lines that follow each other are one paragraph, as they are read.
                parts.push(if inner.is_empty() { Said::Break } else { Said::Text(" ") });
            }
        }
        blank = inner.is_empty();
    }
    mentions(parts)
}

/// Without what is between `<!--` and `-->`.
fn without_comments(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(begin) = rest.find("<!--") {
        out.push_str(&rest[..begin]);
        rest = rest[begin..].find("-->").map_or("", |end| &rest[begin + end + 3..]);
    }
    out.push_str(rest);
    out
}

/// Hands over what stands outside of `code`, however many backticks fence that.
fn without_code<'a>(line: &'a str, take: &mut impl FnMut(&'a str)) {
    let mut rest = line;
    while let Some(begin) = rest.find('`') {
        let ticks = rest[begin..].len() - rest[begin..].trim_start_matches('`').len();
        let fence = &rest[begin..begin + ticks];
        let after = &rest[begin + ticks..];
        let Some(end) = closing(after, fence) else { break };
        take(&rest[..begin]);
        rest = &after[end + ticks..];
    }
    take(rest);
}

/// Where a run of exactly as many backticks begins.
fn closing(text: &str, fence: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].find('`') {
        let begin = from + found;
        let run = text[begin..].len() - text[begin..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(begin);
        }
        from = begin + run;
    }
    None
}

/// Splits words at the logins they mention.
fn logins<'a>(words: &'a str, parts: &mut Vec<Said<'a>>) {
    let mut begin = 0;
    for (at, _) in words.match_indices('@') {
        if at < begin {
            continue;
        }
        let before = words[..at].chars().next_back();
        let within = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '-' | '+'));
        let tail = &words[at + 1..];
        let long = tail.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(tail.len());
        let login = tail[..long].trim_end_matches('-');
        let mut after = tail[login.len()..].chars();
        // A team, a package, or the rest of an address.
        let reads_on = match after.next() {
            Some('/' | '@') => true,
            Some('.') => after.next().is_some_and(char::is_alphanumeric),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        if within || login.is_empty() || reads_on {
            continue;
        }
        parts.push(Said::Text(&words[begin..at]));
        parts.push(Said::Person(login));
        begin = at + 1 + login.len();
    }
    parts.push(Said::Text(&words[begin..]));
}

/// A sentence, as far as it matters.
struct Sentence {
    /// How many people it names.
    people: usize,
    /// It ends in a question mark, and wants an answer.
    asks: bool,
    /// It thanks, and says nothing else.
    thanks: bool,
    /// It names people, and says nothing else.
    bare: bool,
}

/// A question is put to whom its own sentence names or one before it, or to whom alone the next one names.
fn asks(sentences: &[Sentence], nth: usize) -> bool {
    let named = |some: &[Sentence]| some.iter().any(|sentence| sentence.people > 0 && !sentence.thanks);
    let next = sentences.get(nth + 1).is_some_and(|next| next.people > 0 && (next.bare || next.thanks));
    sentences[nth].asks && (named(&sentences[..=nth]) || next)
}

fn sentences(text: &str) -> Vec<Sentence> {
    text.lines().flat_map(split).map(sentence).collect()
}

/// The sentences of a line: each ends with its marks, where these stand before a space or the end.
fn split(line: &str) -> Vec<&str> {
    let ends = |c: char| matches!(c, '?' | '!' | '.' | '…' | '？' | '؟' | '。');
    let closes = |c: char| matches!(c, ')' | ']' | '"' | '\'' | '”' | '’' | '*' | '_');
    let (mut out, mut begin, mut ended) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        match c {
            c if ends(c) => ended = true,
            c if ended && closes(c) => {}
            c if ended && (c.is_whitespace() || c == PERSON || is_wide(&line[..at])) => {
                out.push(&line[begin..at]);
                (begin, ended) = (at, false);
            }
            _ => ended = false,
        }
    }
    out.push(&line[begin..]);
    out.retain(|sentence| !sentence.trim().is_empty());
    out
}

/// Marks after which no space is written.
fn is_wide(before: &str) -> bool {
    before.ends_with(['？', '。'])
}

fn sentence(text: &str) -> Sentence {
    let people = text.chars().filter(|c| *c == PERSON).count();
    let end: String = text.chars().rev().take_while(|c| !c.is_alphanumeric() && *c != PERSON).collect();
    let words: Vec<String> = text.split_whitespace().filter(|word| !is_address(word)).filter_map(word).collect();
    let rhetorical = RHETORICAL.contains(&words.join(" ").as_str());
    let begins = words.iter().any(|word| THANKS.contains(&word.as_str()));
    let more = words.iter().any(|word| QUESTION_WORDS.contains(&word.as_str()));
    let thanks = begins && !more && words.len() <= LONGEST_THANKS + 1;
    let asked = !is_address(text.split_whitespace().next_back().unwrap_or_default());
    let asks = asked && end.contains(['?', '？', '؟']) && !thanks && !rhetorical;
    let please = |word: &String| matches!(word.as_str(), "please" | "pls" | "bitte" | "ping" | "hi" | "hey" | "hello");
    Sentence { people, asks, thanks, bare: people > 0 && words.iter().all(please) }
}

/// A word without its marks, in lower case. `None`: nothing is left.
fn word(text: &str) -> Option<String> {
    let word = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    (!word.is_empty()).then_some(word)
}

fn is_address(word: &str) -> bool {
    word.contains("://") || word.starts_with("www.") || word.contains("](")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let mentions = in_markdown(text);
        format!("{}{}", mentions.who.join(","), if mentions.asks { "?" } else { "" })
    }

    #[test]
    fn a_question_is_put_to_whom_it_names() {
        for text in [
            "@tom-b is it ready?",
            "Is it ready @tom-b?",
            "Is it ready? @tom-b",
            "@tom-b I looked at it.\nCan you confirm?",
            "@tom-b\n\nwhat about the tests?",
            "**@tom-b** (see above) is it ready?",
            "@tom-b: ready??",
            "Thanks @tom-b, can you check it once more?",
            "Could you check? Thanks @tom-b",
            "Is \"it\" ready, @tom-b?)",
            "@tom-b 準備はいい？",
        ] {
            assert_eq!(said(text), "tom-b?", "{text}");
        }
    }

    #[test]
    fn a_name_without_a_question_is_a_name() {
        for text in [
            "@tom-b I have merged it.",
            "see https://example.org/?q=1 @tom-b",
            "@tom-b see https://example.org/what?",
            "@tom-b `is it ready?`",
            "Who needs sleep? Anyway, @tom-b has merged it.",
            "@tom-b has merged it. Why not?",
            "> is it ready?\n\n@tom-b it is.",
            "```\nready?\n```\n@tom-b it is.",
            "Is this the end? I think so.\n\nMerged by @tom-b yesterday.",
            "@tom-b what?ever",
        ] {
            assert_eq!(said(text), "tom-b", "{text}");
        }
    }

    #[test]
    fn thanks_ask_nobody() {
        for text in ["thanks @tom-b?", "Thanks @tom-b!", "thank you so much @tom-b ?", "@tom-b thx"] {
            assert_eq!(said(text), "", "{text}");
        }
        assert_eq!(said("Thanks @tom-b! @lee will merge it."), "lee");
    }

    #[test]
    fn whatever_is_no_name_is_nobody() {
        for text in [
            "mail a@example.org?",
            "@acme/web is it ready?",
            "`@tom` ready?",
            "npm i @types/node?",
            "@ ready?",
            "no name?",
            "    @tom ready?",
            "<!-- @tom --> ready?",
            "> @tom ready?",
            "~~~\n@tom ready?\n~~~",
            "a@tom.b?",
            "``@tom `x` ready?``",
            "",
        ] {
            assert_eq!(said(text), "", "{text}");
        }
    }

    #[test]
    fn each_is_named_once_and_a_crowd_is_cut() {
        assert_eq!(said("@a-b @c and @a-b: ready?"), "a-b,c?");
        let crowd: String = (0..50).map(|nth| format!("@p{nth} ")).collect();
        assert_eq!(in_markdown(&crowd).who.len(), MOST_NAMES);
    }

    #[test]
    fn no_text_is_too_odd() {
        let odd =
            ["`", "``` ", "<!--", "@", "@@@", "?", "\u{FFFC}?", "`@a``", "@a-", "@-a", "?!?!", "？@a", "[x](", "é@é?"];
        for one in odd {
            for other in odd {
                let _ = in_markdown(&format!("{one}{other}"));
                let _ = in_markdown(&format!("{one} {other}\n{one}"));
            }
        }
    }
}
