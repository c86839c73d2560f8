//! Our small tree of words as a tool's Markdown. Pure.
//!
//! Text in the tree is data: whatever it holds, it formats nothing and mentions nobody. How that is kept differs from tool to
//! tool, and each [`Dialect`] says what its own reads on; what one line, one cut and one emphasis is stands here.

use url::Url;

use crate::{Block, Span, Text};

/// Invisible; keeps what stands around it from being read as one.
pub const BREAK: char = '\u{200B}';

/// What one tool makes of Markdown.
pub trait Dialect {
    /// Longest body written, in characters.
    const LONGEST: usize;
    /// The most that escaping makes of one character.
    const GROWTH: usize;
    /// What is written where there is nothing to write.
    const NOTHING: &'static str = "";
    /// What stands around small print.
    const NOTE: (&'static str, &'static str) = ("", "");
    /// What stands around emphasised words where stars would not surely open and close.
    const STRONG: (&'static str, &'static str) = ("", "");
    /// So many hexadecimal digits in a row may be taken for the name of something.
    const SHORTEST_HASH: usize = usize::MAX;

    /// One character that reads as it is, wherever it stands.
    fn escape(c: char, out: &mut String);

    /// Whether it would make a heading, a list, a rule or a table of the line that begins with what stands before it.
    fn begins_a_block(c: char, before: &[char]) -> bool;

    /// Whether the tool would read on behind it: a mention, a reference, an address, an emoji.
    fn reads_on(c: char, before: &[char], after: &[char]) -> bool;

    /// Words inside code, where nothing is escaped.
    fn code(words: String) -> String;

    /// Whether this is a name that a mention can mean.
    fn is_name(text: &str) -> bool;

    /// What would make another name of one that it follows.
    fn extends_a_name(c: char) -> bool;

    /// An http or https address as it may stand between round brackets. `None`: it cannot.
    fn address(url: Url) -> Option<String>;
}

/// A text as one body. Never longer than [`Dialect::LONGEST`]: what does not fit is left out, and `…` says so.
pub fn markdown<D: Dialect>(text: &Text) -> String {
    let summary = [Block::Line(vec![Span::Plain(text.summary.clone())])];
    let blocks: &[Block] = if text.blocks.is_empty() { &summary } else { &text.blocks };
    let (mut out, mut left) = (String::new(), D::LONGEST - 2);
    for block in blocks.iter().filter(|block| !matches!(block, Block::Controls(_))) {
        let line = block_line::<D>(block, left);
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
    if out.trim().is_empty() { D::NOTHING.to_owned() } else { out }
}

/// Text as one line without control, direction and invisible characters.
pub fn clean(text: &str) -> String {
    text.chars().filter_map(visible).collect()
}

/// The name of an emoji that a colon with this behind it may begin: of `tada:` it is `tada`.
pub fn emoji_behind(after: &[char]) -> Option<String> {
    let named = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    let name: String = after.iter().copied().take_while(named).collect();
    (!name.is_empty() && after.get(name.len()) == Some(&':')).then_some(name)
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

fn block_line<D: Dialect>(block: &Block, most: usize) -> String {
    match block {
        Block::Controls(_) => String::new(),
        Block::Line(spans) => line::<D>(spans, most),
        Block::Note(spans) => {
            let (before, after) = D::NOTE;
            match line::<D>(spans, most.saturating_sub(before.len() + after.len())) {
                words if words.is_empty() => words,
                words => format!("{before}{words}{after}"),
            }
        }
    }
}

/// One line. A piece that makes it longer than `most` characters is shortened.
fn line<D: Dialect>(spans: &[Span], most: usize) -> String {
    let mut line = Line { out: String::new() };
    for piece in Span::joined(spans) {
        let before = line.out.len();
        line.add::<D>(&piece);
        if line.out.chars().count() > most {
            line.out.truncate(before);
            let room = most.saturating_sub(line.out.chars().count()) / D::GROWTH;
            line.add::<D>(&shortened(&piece, room));
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
    fn add<D: Dialect>(&mut self, span: &Span) {
        match span {
            Span::Plain(words) => self.add_plain::<D>(words),
            Span::Strong(words) => self.add_strong::<D>(words),
            Span::Code(words) => self.add_code::<D>(words),
            Span::Link { label, url } => self.add_link::<D>(label, url),
            Span::Mention(name) => self.add_mention::<D>(name),
        }
    }

    fn add_plain<D: Dialect>(&mut self, words: &str) {
        let words = escaped::<D>(words, self.out.is_empty());
        if self.ends_in_mention() && words.starts_with(D::extends_a_name) {
            self.out.push(BREAK);
        }
        self.out.push_str(&words);
    }

    /// Between letters or digits two stars always open and close; beside anything else the dialect says what does.
    fn add_strong<D: Dialect>(&mut self, words: &str) {
        let cleaned = clean(words);
        let words = cleaned.trim();
        let (Some(first), Some(last)) = (words.chars().next(), words.chars().next_back()) else { return };
        let stars = first.is_alphanumeric() && last.is_alphanumeric() && !self.out.ends_with('*');
        let (before, after) = if stars { ("**", "**") } else { D::STRONG };
        let words = escaped::<D>(words, before.is_empty() && self.out.is_empty());
        self.out.push_str(&format!("{before}{words}{after}"));
    }

    /// Between more backticks than stand in it.
    fn add_code<D: Dialect>(&mut self, words: &str) {
        let words = D::code(clean(words));
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

    /// Only http and https lead anywhere.
    fn add_link<D: Dialect>(&mut self, label: &str, url: &str) {
        let label = clean(label);
        let shown = escaped::<D>(if label.trim().is_empty() { "link" } else { label.trim() }, false);
        let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match url.and_then(D::address) {
            Some(url) => {
                if self.out.ends_with('!') {
                    self.out.push(BREAK); // else it were an image
                }
                self.out.push_str(&format!("[{shown}]({url})"));
            }
            None => self.add_plain::<D>(&label),
        }
    }

    /// Anything but a name is only shown.
    fn add_mention<D: Dialect>(&mut self, name: &str) {
        if !D::is_name(name) {
            return self.add_plain::<D>(name);
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

/// Text that reads as it is. `at_start`: it begins a line, where some characters mean a heading, a list or a quote.
fn escaped<D: Dialect>(text: &str, at_start: bool) -> String {
    let cleaned = clean(text);
    let chars: Vec<char> = if at_start { cleaned.trim_start().chars().collect() } else { cleaned.chars().collect() };
    let mut out = String::with_capacity(cleaned.len() + cleaned.len() / 4);
    let mut digits = 0; // hexadecimal digits in a row
    for (i, &c) in chars.iter().enumerate() {
        digits = if c.is_ascii_hexdigit() { digits + 1 } else { 0 };
        if digits == D::SHORTEST_HASH {
            out.push(BREAK);
            digits = 1;
        }
        if at_start && D::begins_a_block(c, &chars[..i]) {
            out.push('\\');
        }
        D::escape(c, &mut out);
        if D::reads_on(c, &chars[..i], &chars[i + 1..]) {
            out.push(BREAK);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_a_name_between_two_colons() {
        let of = |text: &str| emoji_behind(&text.chars().collect::<Vec<char>>());
        assert_eq!((of("tada: x"), of("+1:")), (Some("tada".to_owned()), Some("+1".to_owned())));
        assert_eq!((of("tada"), of(":"), of(" a:"), of("")), (None, None, None, None));
    }

    #[test]
    fn what_cannot_be_seen_is_taken_out_and_a_line_stays_one() {
        assert_eq!(clean("a\r\nb\u{202E}c\u{FFFE}\u{200D}d\0"), "a  bc\u{200D}d");
    }
}
