//! Our small tree of words as Trello's Markdown.
//!
//! Text in the tree is data. Whatever it holds, it formats nothing, mentions nobody and becomes no preview: Trello looks for
//! mentions and addresses in the text itself, so a backslash does not stop them; a zero-width space does. The one thing
//! that may notify is [`connector_kit::Span::Mention`].

use connector_kit::Text;
use connector_kit::markdown::{BREAK, Dialect, emoji_behind};
use url::Url;

/// The comment's body, without its mark.
pub(crate) fn markdown(text: &Text) -> String {
    connector_kit::markdown::markdown::<Flavour>(text)
}

/// Markdown as Trello reads it.
struct Flavour;

impl Dialect for Flavour {
    /// Trello refuses more than 16,384 with the reference below it; it may count those beyond the basic plane twice.
    const LONGEST: usize = 7_900;
    const GROWTH: usize = 3;
    /// Trello refuses a comment of nothing.
    const NOTHING: &'static str = "…";

    fn escape(c: char, out: &mut String) {
        if matches!(c, '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '|' | '&') {
            out.push('\\');
        }
        out.push(c);
    }

    fn begins_a_block(c: char, before: &[char]) -> bool {
        match c {
            '-' | '+' | '=' => before.is_empty(),
            '.' => !before.is_empty() && before.iter().all(char::is_ascii_digit),
            _ => false,
        }
    }

    /// A mention, an address that becomes a link or a preview, an emoji.
    fn reads_on(c: char, before: &[char], after: &[char]) -> bool {
        let next = after.first().copied();
        match c {
            '@' => true,
            // A name and what may be its top level: `acme.org`.
            '.' => before.last().is_some_and(|c| c.is_alphanumeric()) && next.is_some_and(char::is_alphabetic),
            ':' if next == Some('/') => after.get(1) == Some(&'/'),
            ':' => emoji_behind(after).is_some(),
            _ => false,
        }
    }

    /// A mention means somebody even there.
    fn code(words: String) -> String {
        words.replace('@', &format!("@{BREAK}"))
    }

    /// Letters, digits and `_`. `@card` and `@board` are everybody.
    fn is_name(text: &str) -> bool {
        let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let everybody = text.eq_ignore_ascii_case("card") || text.eq_ignore_ascii_case("board");
        !text.is_empty() && text.len() <= 100 && is_name(text) && !everybody
    }

    fn extends_a_name(c: char) -> bool {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '\\')
    }

    fn address(url: Url) -> Option<String> {
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
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_kit::{Block, Span};
    use proptest::prelude::*;

    use super::*;

    const LONGEST_BODY: usize = Flavour::LONGEST;

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
