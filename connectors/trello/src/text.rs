//! Our small tree of words as Trello's Markdown.
//!
//! Text in the tree is data. Whatever it holds, it formats nothing, mentions nobody and becomes no preview: Trello looks for
//! mentions and addresses in the text itself, so a backslash does not stop them; a zero-width space does. The one thing
//! that may notify is [`Span::Mention`].

use connector_kit::{Block, Span, Text};
use url::Url;

/// Longest body written, in characters. Trello refuses more than 16,384 with the reference below it; it may count those
/// beyond the basic plane twice.
const LONGEST_BODY: usize = 7_900;

/// The most that escaping makes of one character.
const MOST_GROWTH: usize = 3;

/// Invisible; keeps what stands around it from being read as one.
const BREAK: char = '\u{200B}';

/// The comment's body, without its mark. Never longer than [`LONGEST_BODY`]: what does not fit is left out, and `…` says so.
pub(crate) fn markdown(text: &Text) -> String {
    let summary = [Block::Line(vec![Span::Plain(text.summary.clone())])];
    let blocks: &[Block] = if text.blocks.is_empty() { &summary } else { &text.blocks };
    let (mut out, mut left) = (String::new(), LONGEST_BODY - 2);
    for block in blocks {
        let (Block::Line(spans) | Block::Note(spans)) = block;
        let line = line(spans, left);
        let length = line.chars().count() + 1;
        if length > left {
            out.push_str("\n…");
            break;
        }
        if !out.is_empty() && !line.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
        left -= length;
    }
    // Trello refuses a comment of nothing.
    if out.trim().is_empty() { "…".to_owned() } else { out }
}

/// One line. A piece that makes it longer than `most` characters is shortened.
fn line(spans: &[Span], most: usize) -> String {
    let mut line = Line { out: String::new() };
    for piece in Span::joined(spans) {
        let before = line.out.len();
        line.add(&piece);
        if line.out.chars().count() > most {
            line.out.truncate(before);
            let room = most.saturating_sub(line.out.chars().count()) / MOST_GROWTH;
            line.add(&shortened(&piece, room));
            break;
        }
    }
    line.out
}

/// The first `room` characters of it, as plain words, and `…`.
fn shortened(span: &Span, room: usize) -> Span {
    let (Span::Plain(words) | Span::Strong(words) | Span::Code(words) | Span::Mention(words)) = span else {
        return Span::Plain("…".to_owned());
    };
    let mut words: String = words.chars().take(room).collect();
    words.push('…');
    Span::Plain(words)
}

struct Line {
    out: String,
}

impl Line {
    fn add(&mut self, span: &Span) {
        match span {
            Span::Plain(words) => self.add_plain(words),
            Span::Strong(words) => self.add_strong(words),
            Span::Code(words) => self.add_code(words),
            Span::Link { label, url } => self.add_link(label, url),
            Span::Mention(name) => self.add_mention(name),
        }
    }

    fn add_plain(&mut self, words: &str) {
        let words = escaped(words, self.out.is_empty());
        if self.ends_in_mention() && words.starts_with(extends_a_name) {
            self.out.push(BREAK);
        }
        self.out.push_str(&words);
    }

    /// Between letters or digits two stars always open and close; beside anything else the words stand plain.
    fn add_strong(&mut self, words: &str) {
        let cleaned = clean(words);
        let words = cleaned.trim();
        let (Some(first), Some(last)) = (words.chars().next(), words.chars().next_back()) else { return };
        let stars = first.is_alphanumeric() && last.is_alphanumeric() && !self.out.ends_with('*');
        let words = escaped(words, !stars && self.out.is_empty());
        self.out.push_str(&if stars { format!("**{words}**") } else { words });
    }

    /// Between more backticks than stand in it, in which nothing has a meaning but a mention.
    fn add_code(&mut self, words: &str) {
        let words = clean(words).replace('@', &format!("@{BREAK}"));
        if words.trim().is_empty() {
            return;
        }
        let longest = words.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        let pad = if words.starts_with(['`', ' ']) || words.ends_with(['`', ' ']) { " " } else { "" };
        if self.out.ends_with('`') {
            self.out.push(BREAK);
        }
        self.out.push_str(&format!("{fence}{pad}{words}{pad}{fence}"));
    }

    fn add_link(&mut self, label: &str, url: &str) {
        let label = clean(label);
        let shown = escaped(if label.trim().is_empty() { "link" } else { label.trim() }, false);
        match destination(url) {
            Some(url) => {
                if self.out.ends_with('!') {
                    self.out.push(BREAK); // else it were an image
                }
                self.out.push_str(&format!("[{shown}]({url})"));
            }
            None => self.add_plain(&label),
        }
    }

    /// Anything but a user name is only shown, and so are the names that mean everybody.
    fn add_mention(&mut self, name: &str) {
        if !is_user_name(name) {
            return self.add_plain(name);
        }
        if self.out.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            self.out.push(BREAK);
        }
        self.out.push('@');
        self.out.push_str(name);
    }

    fn ends_in_mention(&self) -> bool {
        let before = self.out.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        before.len() < self.out.len() && before.ends_with('@')
    }
}

/// Letters, digits and `_`. `@card` and `@board` are everybody.
fn is_user_name(text: &str) -> bool {
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let everybody = text.eq_ignore_ascii_case("card") || text.eq_ignore_ascii_case("board");
    !text.is_empty() && text.len() <= 100 && is_name(text) && !everybody
}

/// What would make another name of one that it follows.
fn extends_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '\\')
}

/// Text as one line without control, direction and invisible characters.
fn clean(text: &str) -> String {
    text.chars().filter_map(visible).collect()
}

fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        _ if c.is_control() => None,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{FEFF}' => None,
        // Zero-width spaces, direction marks, embeddings and isolates; the joiners U+200C and U+200D belong to scripts.
        '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' => None,
        '\u{2066}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => None,
        // No characters at all.
        '\u{FDD0}'..='\u{FDEF}' => None,
        _ if u32::from(c) & 0xFFFE == 0xFFFE => None,
        _ => Some(c),
    }
}

/// Text that reads as it is. `at_start`: it begins a line, where some characters mean a heading, a list or a quote.
fn escaped(text: &str, at_start: bool) -> String {
    let cleaned = clean(text);
    let chars: Vec<char> = if at_start { cleaned.trim_start().chars().collect() } else { cleaned.chars().collect() };
    let mut out = String::with_capacity(cleaned.len() + cleaned.len() / 4);
    for (i, &c) in chars.iter().enumerate() {
        if has_a_meaning(c) || (at_start && begins_a_block(c, &chars[..i])) {
            out.push('\\');
        }
        out.push(c);
        if reads_on(c, &chars[..i], &chars[i + 1..]) {
            out.push(BREAK);
        }
    }
    out
}

fn has_a_meaning(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '|' | '&')
}

/// Whether it would make a list, a rule or a heading of the line.
fn begins_a_block(c: char, before: &[char]) -> bool {
    match c {
        '-' | '+' | '=' => before.is_empty(),
        '.' => !before.is_empty() && before.iter().all(char::is_ascii_digit),
        _ => false,
    }
}

/// Whether Trello would read on behind it: a mention, an address that becomes a link or a preview, an emoji.
fn reads_on(c: char, before: &[char], after: &[char]) -> bool {
    let next = after.first().copied();
    match c {
        '@' => true,
        // A name and what may be its top level: `acme.org`.
        '.' => before.last().is_some_and(|c| c.is_alphanumeric()) && next.is_some_and(char::is_alphabetic),
        ':' => match next {
            Some('/') => after.get(1) == Some(&'/'),
            Some(next) => names_an_emoji(next, &after[1..]),
            None => false,
        },
        _ => false,
    }
}

/// `tada:` behind a colon becomes a picture.
fn names_an_emoji(first: char, rest: &[char]) -> bool {
    let named = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let name: String = std::iter::once(first).chain(rest.iter().copied()).take_while(named).collect();
    !name.is_empty() && rest.get(name.len() - 1) == Some(&':')
}

/// An address that ends where it should. `None`: not http or https.
fn destination(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let mut out = String::with_capacity(url.as_str().len());
    for c in url.as_str().chars() {
        match c {
            '(' | ')' | '<' | '>' | '\\' | '`' | '|' | '"' | ' ' | '*' | '[' | ']' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn plain(words: &str) -> Span {
        Span::Plain(words.to_owned())
    }

    fn body(spans: &[Span]) -> String {
        markdown(&Text { summary: String::new(), blocks: vec![Block::Line(spans.to_vec())] })
    }

    /// `·` stands for the zero-width space.
    fn check(spans: &[Span], expected: &str) {
        assert_eq!(body(spans).replace(BREAK, "·"), expected, "{spans:?}");
    }

    #[test]
    fn lines_follow_each_other() {
        let blocks = vec![
            Block::Line(vec![plain("gapwatch · "), Span::Strong("behind its pace".to_owned())]),
            Block::Line(vec![]),
            Block::Note(vec![plain("Reply "), Span::Code("/gapwatch snooze 3d".to_owned()), plain(".")]),
        ];
        let text = Text { summary: String::new(), blocks };
        assert_eq!(markdown(&text), "gapwatch · **behind its pace**\nReply `/gapwatch snooze 3d`.");
        let text = Text { summary: "only *this*".to_owned(), blocks: vec![] };
        assert_eq!(markdown(&text), "only \\*this\\*");
        assert_eq!(markdown(&Text::default()), "…");
    }

    #[test]
    fn text_mentions_nobody_and_becomes_no_preview() {
        check(&[plain("ask @ana, @board, @card or a@b.example")], "ask @·ana, @·board, @·card or a@·b.·example");
        check(&[plain("see https://trello.com/c/aI4od6Yd")], "see https:·//trello.·com/c/aI4od6Yd");
        check(&[plain("v1.2 costs 3.5 :tada: 10:30")], "v1.2 costs 3.5 :·tada: 10:30");
        check(&[plain("abc@"), plain("ana")], "abc@·ana");
        check(&[Span::Code("@board".to_owned())], "`@·board`");
    }

    #[test]
    fn text_formats_nothing() {
        check(&[plain("*a* _b_ `c` ~~d~~ [e](f)")], "\\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~ \\[e\\]\\(f\\)");
        for (words, expected) in [
            ("# a", "\\# a"),
            ("- a", "\\- a"),
            ("12. a", "12\\. a"),
            ("> a", "\\> a"),
            ("a - b", "a - b"),
            ("  x", "x"),
        ] {
            check(&[plain(words)], expected);
        }
        check(&[plain("a\n# b\r\n- c\u{202E}d")], "a \\# b  - cd");
    }

    #[test]
    fn only_a_mention_mentions() {
        let mention = |name: &str| Span::Mention(name.to_owned());
        check(&[mention("ana_k"), plain(", look")], "@ana_k, look");
        check(&[mention("ana"), plain("lyse")], "@ana·lyse");
        check(&[mention("board")], "board");
        check(&[mention("Ana K")], "Ana K");
    }

    #[test]
    fn a_link_leads_where_it_says_or_nowhere() {
        let link = |label: &str, url: &str| Span::Link { label: label.to_owned(), url: url.to_owned() };
        check(&[link("details", "https://x.example/a(b)")], "[details](https://x.example/a%28b%29)");
        check(&[link("a]b", "https://x.example/")], "[a\\]b](https://x.example/)");
        check(&[link("x", "javascript:alert(1)")], "x");
    }

    #[test]
    fn no_naughty_string_mentions_or_begins_a_line() {
        for words in crate::fixtures::naughty_strings() {
            let body = body(&[plain(&words)]);
            assert!(!body.contains('\n') && mentions(&body) == 0, "{words}");
        }
    }

    fn mentions(body: &str) -> usize {
        let chars: Vec<char> = body.chars().collect();
        chars.windows(2).filter(|pair| pair[0] == '@' && pair[1] != BREAK && pair[1] != ' ').count()
    }

    proptest! {
        #[test]
        fn a_body_never_grows_too_long_and_never_mentions(words in ".{0,60}", many in 0usize..4000) {
            let body = body(&[plain(&words.repeat(many / 10)), Span::Strong(words.clone()), Span::Code(words)]);
            prop_assert!(body.chars().count() <= LONGEST_BODY);
            prop_assert_eq!(mentions(&body), 0);
        }
    }
}
