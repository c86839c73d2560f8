//! Words as wiki text, for Data Center.
//!
//! Jira's renderer takes a backslash off before `- # * _ + ? ^ ~ | % { } [ ] ( ) ! @` alone, and not where another
//! backslash stands before it; the rest (addresses, smileys, headings, entities, a backslash itself) is kept from being
//! read as what it is not by an invisible space.

use connector_kit::{Block, Span, Text};

use super::{clean, destination, fitted, label_of, spans};

/// Invisible; keeps what stands around it from being read as one.
const BREAK: char = '\u{200B}';

/// The longest smiley in brackets: `(flagoff)`.
const LONGEST_SMILEY: usize = 7;

/// The comment's body.
pub(crate) fn wiki(text: &Text) -> String {
    let blocks = fitted(text, |block| block_line(block).chars().count() + 1);
    let lines: Vec<String> = blocks.iter().map(block_line).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "…".to_owned() } else { lines.join("\n") }
}

fn block_line(block: &Block) -> String {
    let small = matches!(block, Block::Note(_));
    let mut line = Line { out: String::new(), closed: false };
    for span in spans(block) {
        line.add(span);
    }
    let out = line.out.trim();
    if small && can_be_marked(out) { format!("_{out}_") } else { out.to_owned() }
}

struct Line {
    out: String,
    /// What stands last is markup that a letter or digit behind it would undo.
    closed: bool,
}

impl Line {
    fn add(&mut self, span: &Span) {
        match span {
            Span::Plain(words) => self.add_words(words),
            Span::Strong(words) => self.add_marked("*", words.trim(), "*"),
            Span::Code(words) => self.add_marked("{{", words.trim(), "}}"),
            Span::Link { label, url } => self.add_link(label, url),
            Span::Mention(name) if is_user_name(name) => {
                self.out.push_str(&format!("[~{name}]"));
                self.closed = false;
            }
            Span::Mention(name) => self.add_words(name),
        }
    }

    fn add_words(&mut self, words: &str) {
        let words = escaped(words, self.out.trim().is_empty());
        if self.closed && words.starts_with(char::is_alphanumeric) {
            self.out.push(BREAK);
        }
        self.closed = self.closed && words.is_empty();
        self.out.push_str(&words);
    }

    /// Markup opens and closes only where no letter or digit stands beside it.
    fn add_marked(&mut self, open: &str, words: &str, close: &str) {
        let words = escaped(words, false);
        let words = words.trim();
        if words.trim_matches(BREAK).is_empty() {
            return;
        }
        if !can_be_marked(words) {
            if self.closed && words.starts_with(char::is_alphanumeric) {
                self.out.push(BREAK);
            }
            self.closed = false;
            return self.out.push_str(words);
        }
        if !self.out.is_empty() && !self.out.ends_with(char::is_whitespace) {
            self.out.push(BREAK);
        }
        // A brace of the words is not one of the markup's.
        let apart = |beside: bool| if beside { BREAK.to_string() } else { String::new() };
        let (before, after) = (apart(words.starts_with('\\')), apart(words.ends_with(['}', '\\'])));
        self.out.push_str(&format!("{open}{before}{words}{after}{close}"));
        self.closed = true;
    }

    fn add_link(&mut self, label: &str, url: &str) {
        match destination(url).and_then(|url| address(url.as_str())) {
            Some(url) => {
                // Brackets and bars divide a link even behind a backslash.
                let label = label_of(label).replace('[', "(").replace(']', ")").replace('|', "/");
                self.out.push_str(&format!("[{}|{url}]", escaped(&label, false)));
                self.closed = false;
            }
            None => self.add_words(&label_of(label)),
        }
    }
}

/// Whether the renderer sees markup around it: what is neither letter, decimal digit, mark, sign nor space is at most at
/// either end. Where it does not, the words alone are better than words with stars around them.
fn can_be_marked(words: &str) -> bool {
    let words = words.strip_prefix(BREAK).unwrap_or(words);
    let words = words.strip_suffix(BREAK).unwrap_or(words);
    let unseen = |c: char| match c {
        BREAK | '\u{200C}' | '\u{200D}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'.. => true,
        // Digits of other scripts, fractions and Roman numbers: not worth telling apart.
        c => c.is_numeric() && !c.is_ascii_digit(),
    };
    !words.is_empty() && !words.contains(unseen)
}

/// What a person's user name may hold, as far as nothing of it means anything in a link.
fn is_user_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | '\'' | ' ');
    let trimmed = text.trim() == text;
    !text.is_empty() && trimmed && text.chars().count() <= 255 && text.chars().all(fits) && clean(text) == text
}

/// An address that ends where the link does. `None`: no such address can be written (an IPv6 host).
fn address(url: &str) -> Option<String> {
    let host_end = url.find("://").map(|at| at + 3)?;
    let path = url[host_end..].find(['/', '?', '#']).map_or(url.len(), |at| host_end + at);
    if url[..path].contains(['[', ']']) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '[' | ']' | '{' | '}' | '|' | '\\' | '^' | '`' | '"' | '<' | '>' | '!' | '*' | '(' | ')' | '\'' | ' ' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    Some(out)
}

/// Text that reads as it is. `at_start`: it begins a line, where some words mean a heading or a quote.
fn escaped(text: &str, at_start: bool) -> String {
    // What the renderer keeps its own places by.
    let cleaned = clean(text).replace('\u{FFFC}', "");
    let cleaned = if at_start { cleaned.trim_start() } else { &cleaned };
    let chars: Vec<char> = cleaned.chars().collect();
    let mut out = String::with_capacity(cleaned.len() + cleaned.len() / 4);
    if at_start && begins_a_block(&chars) {
        out.push(chars[0]);
        out.push(BREAK);
        escape_all(&chars, 1, &mut out);
    } else {
        escape_all(&chars, 0, &mut out);
    }
    out
}

/// `h1.` is a heading, `bq.` a quote.
fn begins_a_block(chars: &[char]) -> bool {
    match chars {
        ['h' | 'H', digit, '.', ..] => digit.is_ascii_digit(),
        ['b' | 'B', 'q' | 'Q', '.', ..] => true,
        _ => false,
    }
}

fn escape_all(chars: &[char], from: usize, out: &mut String) {
    for (i, &c) in chars.iter().enumerate().skip(from) {
        let (before, after) = (&chars[..i], &chars[i + 1..]);
        // Two braces that a backslash was taken off are code again.
        if matches!(c, '{' | '}') && before.last() == Some(&c) {
            out.push(BREAK);
        }
        if c == '.' && ends_with_www(before) {
            out.push(BREAK);
        }
        if means_something(c, before, after) {
            out.push('\\');
        }
        out.push(c);
        if reads_on(c, before, after) {
            out.push(BREAK);
        }
    }
}

/// Whether a backslash is to stand before it.
fn means_something(c: char, before: &[char], after: &[char]) -> bool {
    let (last, next) = (before.last(), after.first());
    match c {
        '*' | '_' | '^' | '~' | '[' | ']' | '{' | '}' | '|' | '!' | '#' => true,
        '?' => last == Some(&'?') || next == Some(&'?'),
        // Between letters it only joins them, but where it makes an issue's key.
        '-' | '+' => {
            let joins = [last, next].iter().all(|c| c.is_some_and(|c| c.is_ascii_alphanumeric()));
            !joins || (next.is_some_and(char::is_ascii_digit) && ends_with_name(before))
        }
        // Behind anything else than a word it may end a smiley: what a backslash was taken off ends in a semicolon.
        '(' => is_smiley(after) || last.is_some_and(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace()),
        ')' => last.is_some_and(|c| !c.is_ascii_alphanumeric() || *c == '8'),
        _ => false,
    }
}

/// Letters in front, as a project's key has: `2025-03` is no issue.
fn ends_with_name(before: &[char]) -> bool {
    let mut word = before.iter().rev().take_while(|c| c.is_ascii_alphanumeric() || **c == '_');
    word.any(char::is_ascii_alphabetic)
}

/// `y)`, `*r)`, `flagoff)`: anything short in brackets is taken for one.
fn is_smiley(after: &[char]) -> bool {
    let end = after.iter().position(|c| *c == ')' || c.is_whitespace());
    end.is_some_and(|end| (1..=LONGEST_SMILEY).contains(&end) && after[end] == ')')
}

/// Whether the renderer would read on behind it: an address, a smiley, an entity, an escape.
fn reads_on(c: char, before: &[char], after: &[char]) -> bool {
    let next = after.first().copied();
    let follows = next.is_some_and(|next| !next.is_whitespace());
    match c {
        '\\' => true,
        '@' => follows,
        '&' => next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '#'),
        '<' => matches!(next, Some('3' | '/')),
        ':' => {
            let time =
                before.last().is_some_and(char::is_ascii_digit) && next.is_some_and(|next| next.is_ascii_digit());
            follows && !time
        }
        _ => false,
    }
}

fn ends_with_www(before: &[char]) -> bool {
    before.len() >= 3 && before[before.len() - 3..].iter().all(|c| matches!(c, 'w' | 'W'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::super::samples::*;
    use super::*;

    /// `·` stands for the zero-width space.
    fn check(spans: &[Span], expected: &str) {
        assert_eq!(wiki(&line(spans)).replace(BREAK, "·"), expected, "{spans:?}");
    }

    #[test]
    fn lines_follow_each_other_and_notes_are_slanted() {
        let blocks = vec![
            Block::Line(vec![mention("ana.k"), plain(" "), strong("gapwatch"), plain(" · behind its pace")]),
            Block::Line(vec![]),
            Block::Note(vec![plain("Reply "), code("/gapwatch snooze 3d"), plain(".")]),
        ];
        let expected = "[~ana.k] *gapwatch* · behind its pace\n_Reply {{/gapwatch snooze 3d}}._";
        assert_eq!(wiki(&text(blocks)), expected);
        assert_eq!(wiki(&Text { summary: "only *this*".to_owned(), blocks: vec![] }), "only \\*this\\*");
        assert_eq!(wiki(&text(vec![])), "…");
    }

    #[test]
    fn text_formats_nothing() {
        check(&[plain("*a* _b_ ^c^ ~d~ ??e?? {{f}}")], "\\*a\\* \\_b\\_ \\^c\\^ \\~d\\~ \\?\\?e\\?\\? \\{·\\{f\\}·\\}");
        check(&[plain("{code}x{code} {color:red}")], "\\{code\\}x\\{code\\} \\{color:·red\\}");
        check(&[plain("-a- +b+ high-level 2025-03-14")], "\\-a\\- \\+b\\+ high-level 2025-03-14");
        check(&[plain("a -- b --- c")], "a \\-\\- b \\-\\-\\- c");
        check(&[plain("done? !a.png! ||x||")], "done? \\!a.png\\! \\|\\|x\\|\\|");
        check(&[plain("snake_case")], "snake\\_case");
    }

    #[test]
    fn nothing_begins_a_block() {
        for (words, expected) in [
            ("h1. a", "h·1. a"),
            ("bq. a", "b·q. a"),
            ("# a", "\\# a"),
            ("* a", "\\* a"),
            ("- a", "\\- a"),
            ("----", "\\-\\-\\-\\-"),
            ("|a|", "\\|a\\|"),
            ("  h2. a", "h·2. a"),
            ("a\nh1. b", "a h1. b"),
        ] {
            check(&[plain(words)], expected);
        }
    }

    #[test]
    fn text_mentions_nobody_and_links_nowhere() {
        check(&[plain("[~ana] [a|https://x.example] @ana")], "\\[\\~ana\\] \\[a\\|https:·//x.example\\] @·ana");
        check(&[plain("ABC-12, SHOP_2-7 see www.x.example")], "ABC\\-12, SHOP\\_2\\-7 see www·.x.example");
        check(&[plain("mailto:1@x file:///a at 10:30")], "mailto:·1@·x file:·///a at 10:30");
    }

    #[test]
    fn smileys_and_entities_stay_what_was_typed() {
        check(&[plain(":) ;) :D 8-) *) (may be)")], ":·\\) ;\\) :·D 8\\-\\) \\*\\) (may be)");
        check(&[plain("(y) (/) (flagoff) !;-)")], "\\(y) \\(/\\) \\(flagoff) \\!;\\-\\)");
        check(&[plain("&lt;b&gt; &#91; a & b <3 <b>")], "&·lt;b&·gt; &·\\#91; a & b <·3 <b>");
    }

    #[test]
    fn a_backslash_escapes_nothing_of_ours_and_breaks_no_line() {
        check(&[plain("C:\\new \\\\host \\*a")], "C:·\\·new \\·\\·host \\·\\*a");
        check(&[plain("end\\"), strong("b")], "end\\··*b*");
        check(&[plain("end\\"), mention("ana")], "end\\·[~ana]");
    }

    #[test]
    fn emphasis_and_code_hold_beside_any_neighbour() {
        check(&[plain("a"), strong("b"), plain("c")], "a·*b*·c");
        check(&[strong("a"), strong("b")], "*a*·*b*");
        check(&[strong(" "), plain("x")], "x");
        check(&[code("{a}"), plain(" x")], "{{·\\{a\\}·}} x");
        check(&[code("a*b")], "{{a\\*b}}");
        check(&[strong("b\\")], "*b\\·*");
        check(&[strong("https://x"), plain(" "), code("½")], "https:·//x ½");
    }

    #[test]
    fn only_http_links_are_links_and_their_addresses_cannot_break_out() {
        check(&[link("a]b|c", "https://x.example/a|b]c?q={1}")], "[a)b/c|https://x.example/a%7Cb%5Dc?q=%7B1%7D]");
        check(&[link("~ana", "https://x.example")], "[\\~ana|https://x.example/]");
        check(&[link("", "https://x.example")], "[link|https://x.example/]");
        check(&[link("a", "javascript:alert(1)")], "a");
        check(&[link("a", "http://[::1]/x")], "a");
    }

    #[test]
    fn the_one_mention_meant_is_of_a_name_and_nothing_else() {
        check(&[mention("ana.k@x.example"), plain("b")], "[~ana.k@x.example]b");
        check(&[mention("Ünal Ö")], "[~Ünal Ö]");
        for wrong in ["a]b", "a|b", "a\\", " a", "{a}", "a\nb"] {
            let out = wiki(&line(&[mention(wrong), plain("x")]));
            assert!(!out.contains("[~"), "{out}");
        }
    }

    #[test]
    fn a_body_is_never_too_long_and_keeps_its_last_block() {
        for text in too_long() {
            let out = wiki(&text);
            assert!(out.chars().count() < 8_000 && out.contains('…'), "{}", out.chars().count());
            let last = text.blocks.last().and_then(|block| spans(block).last());
            if last == Some(&plain("This comment is kept up to date.")) {
                assert!(out.ends_with("_This comment is kept up to date._"), "{out}");
            }
        }
    }

    /// What people read: the escapes taken off again, as the renderer does.
    fn read(wiki: &str) -> String {
        let (mut out, mut chars) = (String::new(), wiki.chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                BREAK => {}
                '\\' if chars.peek().is_some_and(|next| "-#*_+?^~|%{}[]()!@".contains(*next)) => {
                    out.extend(chars.next())
                }
                c => out.push(c),
            }
        }
        out
    }

    /// Text alone must hold no markup at all: every sign that could be some stands behind one backslash, or is broken.
    fn assert_harmless(out: &str) {
        let chars: Vec<char> = out.chars().collect();
        for (i, &c) in chars.iter().enumerate() {
            let before = |back: usize| i.checked_sub(back).map(|at| chars[at]);
            let next = chars.get(i + 1).copied();
            let escaped = before(1) == Some('\\') && before(2) != Some('\\');
            assert!(!"*_^~[]{}|!#".contains(c) || escaped, "{c} in {out:?}");
            assert!(
                c != '\\' || next == Some(BREAK) || next.is_some_and(|next| "-#*_+?^~|{}[]()!".contains(next)),
                "{out:?}"
            );
            let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            let joins = word(before(1)) && word(next);
            assert!(
                c != ')' || escaped || word(before(1)) || before(1).is_some_and(char::is_whitespace) || i == 0,
                "{out:?}"
            );
            assert!(!"-+".contains(c) || escaped || joins, "{c} in {out:?}");
            assert!(!(c == '?' && next == Some('?')), "{out:?}");
            assert!(!(c == '@' && next.is_some_and(|next| next != BREAK && !next.is_whitespace())), "{out:?}");
            assert!(!(c == '&' && next.is_some_and(|next| next == '#' || next.is_ascii_alphabetic())), "{out:?}");
        }
        for sign in ["://", "mailto:1", "{{", "}}", "\\\\", "www.", ":)", ":D", "(y)", "<3"] {
            assert!(!out.replace("\\(", "").contains(sign), "{sign} in {out:?}");
        }
        assert!(!["h1.", "h2.", "bq."].iter().any(|block| out.starts_with(block)), "{out:?}");
        assert!(!out.contains(['\n', '\0', '\u{202E}', '\u{FFFC}']), "{out:?}");
    }

    fn shown(words: &str) -> String {
        clean(words).replace('\u{FFFC}', "").trim().to_owned()
    }

    #[test]
    fn no_naughty_string_gets_through_or_is_lost() {
        for naughty in crate::fixtures::naughty_strings() {
            let out = wiki(&line(&[plain(&naughty)]));
            let expected = if clean(&naughty).trim().is_empty() { "…".to_owned() } else { shown(&naughty) };
            assert_eq!(read(&out), expected, "{naughty:?}");
            assert_harmless(&out);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_markup_and_none_is_lost(words in proptest::collection::vec(hostile(), 0..4)) {
            let words = words.concat();
            let out = wiki(&line(&[plain(&words)]));
            let expected = if shown(&words).is_empty() { "…".to_owned() } else { shown(&words) };
            prop_assert_eq!(read(&out), expected);
            assert_harmless(&out);
        }

        #[test]
        fn every_markup_is_ours(text in any_text()) {
            let out = wiki(&text);
            let meant = text.blocks.iter().flat_map(spans);
            let meant = meant.filter(|span| matches!(span, Span::Mention(name) if is_user_name(name))).count();
            prop_assert_eq!(out.matches("[~").count(), meant, "{}", out);
            prop_assert!(out.lines().count() <= text.blocks.len().max(1));
            prop_assert!(!out.trim().is_empty());
        }
    }
}
