//! Our small tree of words as GitHub's Markdown.
//!
//! Text in the tree is data. Whatever it holds, it formats nothing, mentions nobody and refers to nothing: GitHub looks for
//! mentions, issue numbers and commits in the *rendered* text, so a backslash does not stop them; a zero-width space does.
//! The one thing that may notify is [`connector_kit::Span::Mention`].

use connector_kit::Text;
use connector_kit::markdown::{BREAK, Dialect, emoji_behind};
use url::Url;

/// The comment's body, without its mark.
pub(crate) fn markdown(text: &Text) -> String {
    connector_kit::markdown::markdown::<Flavour>(text)
}

/// Markdown as GitHub reads it.
struct Flavour;

impl Dialect for Flavour {
    /// GitHub refuses more than 65,536.
    const LONGEST: usize = 60_000;
    const GROWTH: usize = 8;
    const NOTE: (&'static str, &'static str) = ("<sub>", "</sub>");
    const STRONG: (&'static str, &'static str) = ("<strong>", "</strong>");
    /// A commit.
    const SHORTEST_HASH: usize = 7;

    fn escape(c: char, out: &mut String) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '|' | '$' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }

    fn begins_a_block(c: char, before: &[char]) -> bool {
        match c {
            '-' | '+' | '=' | ':' | '#' => before.is_empty(),
            '.' | ')' => !before.is_empty() && before.iter().all(char::is_ascii_digit),
            _ => false,
        }
    }

    /// A mention, a number, an address that becomes a link, an emoji. The break stands inside `www` and before `//`: behind
    /// them an invisible character would be taken for the beginning of a host's name.
    fn reads_on(c: char, before: &[char], after: &[char]) -> bool {
        let next = after.first().copied();
        let digit = next.is_some_and(|next| next.is_ascii_digit());
        match c {
            '@' | '#' => next.is_some_and(|next| !next.is_whitespace()),
            '-' => {
                let advisory = ends_with(before, "ghsa") && next.is_some_and(char::is_alphanumeric);
                advisory || (digit && (ends_with(before, "gh") || ends_with(before, "cve")))
            }
            'w' | 'W' => ends_with(before, "ww") && next == Some('.'),
            ':' if next == Some('/') => after.get(1) == Some(&'/'),
            ':' => emoji_behind(after).is_some_and(|name| is_emoji(&name)),
            _ => false,
        }
    }

    /// Whoever looks for a mark does not ask where it stands.
    fn code(words: String) -> String {
        words.replace("<!--", &format!("<{BREAK}!--"))
    }

    /// Letters, digits, `-`; `_` in the logins of managed users.
    fn is_name(text: &str) -> bool {
        let is_login = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        !text.is_empty() && text.len() <= 64 && is_login(text)
    }

    /// A team's name as well.
    fn extends_a_name(c: char) -> bool {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '\\')
    }

    /// One that GitHub does not take for a reference.
    fn address(mut url: Url) -> Option<String> {
        let is_github = url.host_str().is_some_and(|host| host == "github.com" || host == "www.github.com");
        let refers = ["/issues/", "/pull/", "/commit/", "/discussions/"].iter().any(|part| url.path().contains(part));
        if is_github && refers {
            // The host GitHub keeps for links that leave no trace on the issue they lead to.
            url.set_host(Some("redirect.github.com")).ok()?;
        }
        let mut out = String::with_capacity(url.as_str().len());
        for c in url.as_str().chars() {
            match c {
                '(' | ')' | '<' | '>' | '\\' | '`' | '|' | '"' | ' ' => out.push_str(&format!("%{:02X}", u32::from(c))),
                '&' => out.push_str("&amp;"),
                _ => out.push(c),
            }
        }
        Some(out)
    }
}

/// A number is one only where there is such an emoji.
fn is_emoji(name: &str) -> bool {
    name.contains(|c: char| c.is_ascii_alphabetic()) || ["100", "1234", "+1", "-1"].contains(&name)
}

fn ends_with(before: &[char], end: &str) -> bool {
    let mut back = before.iter().rev();
    end.chars().rev().all(|wanted| back.next().is_some_and(|c| c.eq_ignore_ascii_case(&wanted)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use connector_kit::markdown::clean;
    use connector_kit::{Block, Span};

    use super::*;

    const LONGEST_BODY: usize = Flavour::LONGEST;

    fn plain(words: &str) -> Span {
        Span::Plain(words.to_owned())
    }

    fn strong(words: &str) -> Span {
        Span::Strong(words.to_owned())
    }

    fn code(words: &str) -> Span {
        Span::Code(words.to_owned())
    }

    fn mention(login: &str) -> Span {
        Span::Mention(login.to_owned())
    }

    fn link(label: &str, url: &str) -> Span {
        Span::Link { label: label.to_owned(), url: url.to_owned() }
    }

    fn body(blocks: Vec<Block>) -> String {
        markdown(&Text { summary: String::new(), blocks })
    }

    /// `·` stands for the zero-width space.
    fn check(spans: &[Span], expected: &str) {
        assert_eq!(body(vec![Block::Line(spans.to_vec())]).replace(BREAK, "·"), expected, "{spans:?}");
    }

    #[test]
    fn lines_follow_each_other_and_notes_are_small() {
        let blocks = vec![
            Block::Line(vec![plain("gapwatch · "), strong("behind its pace")]),
            Block::Line(vec![]),
            Block::Note(vec![plain("Reply "), code("/gapwatch snooze 3d"), plain(".")]),
        ];
        assert_eq!(body(blocks), "gapwatch · **behind its pace**\n<sub>Reply `/gapwatch snooze 3d`.</sub>");
        let text = Text { summary: "only *this*".to_owned(), blocks: vec![] };
        assert_eq!(markdown(&text), "only \\*this\\*");
    }

    #[test]
    fn text_mentions_nobody_and_refers_to_nothing() {
        check(&[plain("ask @ana, @acme/web or a@b.example")], "ask @·ana, @·acme/web or a@·b.example");
        check(&[plain("fixes #12, acme/web#3, GH-4, gh-5")], "fixes #·12, acme/web#·3, GH-·4, gh-·5");
        check(&[plain("closes https://github.com/a/b/issues/1")], "closes https:·//github.com/a/b/issues/1");
        check(&[plain("see www.example.org, a high-level view")], "see www·.example.org, a high-level view");
        check(
            &[plain("CVE-2024-1 GHSA-x1 :tada: :+1: :100: 10:30:00 a::b")],
            "CVE-·2024-1 GHSA-·x1 :·tada: :·+1: :·100: 10:30:00 a::b",
        );
        check(&[plain("deadbeef 123456 20250311")], "deadbe·ef 123456 202503·11");
        check(&[plain("abc"), plain("def0 @"), plain("ana #"), plain("1")], "abcdef·0 @·ana #·1");
    }

    #[test]
    fn text_formats_nothing() {
        check(
            &[plain("*a* _b_ `c` ~~d~~ [e](f) ![g](h)")],
            "\\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~ \\[e\\](f) !\\[g\\](h)",
        );
        check(&[plain("<b>&amp; a | b \\ $x$")], "&lt;b&gt;&amp;amp; a \\| b \\\\ \\$x\\$");
        for (words, expected) in [
            ("# a", "\\# a"),
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("> a", "&gt; a"),
            ("===", "\\==="),
            ("    code", "code"),
            ("1234567. a", "123456·7\\. a"),
            ("3.5 days", "3\\.5 days"),
            ("a - b", "a - b"),
        ] {
            check(&[plain(words)], expected);
        }
        check(&[plain("a\n# b\r\n- c")], "a # b  - c");
    }

    #[test]
    fn invisible_and_direction_characters_are_taken_out_and_no_comment_can_begin() {
        check(&[plain("a\u{202E}b\u{2066}c\0\u{1b}[2Jd\u{200B}@\u{200B}ana")], "abc\\[2Jd@·ana");
        check(&[plain("<!-- gapwatch:1 x.y -->")], "&lt;!-- gapwatch:1 x.y --&gt;");
        check(&[code("<!-- gapwatch:1 x.y -->")], "`<·!-- gapwatch:1 x.y -->`");
    }

    #[test]
    fn emphasis_holds_beside_any_neighbour() {
        check(&[plain("a"), strong("b"), plain("c")], "a**b**c");
        check(&[plain("a"), strong("(b)"), plain("c")], "a<strong>(b)</strong>c");
        check(&[strong("a"), strong("b")], "**a**<strong>b</strong>");
        check(&[strong(" * ")], "<strong>\\*</strong>");
        check(&[strong(" "), plain("x")], "x");
    }

    #[test]
    fn code_is_fenced_by_more_backticks_than_it_holds() {
        check(&[code("a")], "`a`");
        check(&[code("a``b`c")], "```a``b`c```");
        check(&[code("`a`")], "`` `a` ``");
        check(&[code("a"), code("b")], "`a`·`b`");
        check(&[code("@ana\n#1")], "`@ana #1`");
        check(&[code("")], "");
    }

    #[test]
    fn only_http_links_are_links_and_their_addresses_cannot_break_out() {
        check(
            &[link("a]b", "https://x.example/a b)c?q=(1)&r=`")],
            "[a\\]b](https://x.example/a%20b%29c?q=%281%29&amp;r=%60)",
        );
        check(&[link("a", "javascript:alert(1)")], "a");
        check(&[link("a", "nonsense")], "a");
        check(&[link("@ana #1", "https://x.example")], "[@·ana #·1](https://x.example/)");
        check(&[link("", "https://x.example")], "[link](https://x.example/)");
        check(&[plain("wow!"), link("a", "https://x.example")], "wow!·[a](https://x.example/)");
    }

    #[test]
    fn a_link_to_an_issue_leaves_no_trace_on_it() {
        check(&[link("x", "https://github.com/a/b/issues/1")], "[x](https://redirect.github.com/a/b/issues/1)");
        check(&[link("x", "https://github.com/a/b")], "[x](https://github.com/a/b)");
        check(&[link("x", "https://ghe.example/a/b/issues/1")], "[x](https://ghe.example/a/b/issues/1)");
    }

    #[test]
    fn the_one_mention_meant_reaches_exactly_that_login() {
        check(&[mention("ana-1"), plain(": please")], "@ana-1: please");
        check(&[mention("ana"), plain("-x")], "@ana·-x");
        check(&[mention("ana"), plain("/team")], "@ana·/team");
        check(&[mention("ana"), plain("_x")], "@ana·\\_x");
        check(&[plain("mail"), mention("ana")], "mail·@ana");
        check(&[mention("acme/web")], "acme/web");
        check(&[mention("a b @c")], "a b @·c");
        check(&[mention("")], "");
    }

    #[test]
    fn a_body_is_never_too_long() {
        let long = body(vec![Block::Line(vec![plain(&"&".repeat(70_000))])]);
        assert!(long.chars().count() <= LONGEST_BODY && long.ends_with('…'));
        let lines = vec![Block::Line(vec![plain(&"word ".repeat(100))]); 300];
        let many = body(lines);
        assert!(many.chars().count() <= LONGEST_BODY && many.ends_with('…'), "{}", many.chars().count());
        assert!(many.chars().count() > LONGEST_BODY - 1_000);
        let link = body(vec![Block::Line(vec![link("x", &format!("https://x.example/{}", "a".repeat(70_000)))])]);
        assert_eq!(link, "…");
    }

    /// What people read: the escapes taken off again.
    fn read(markdown: &str) -> String {
        let (mut out, mut chars) = (String::new(), markdown.chars().filter(|c| *c != BREAK));
        while let Some(c) = chars.next() {
            out.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    #[test]
    fn no_naughty_string_gets_through_or_is_lost() {
        for naughty in crate::fixtures::naughty_strings() {
            let out = body(vec![Block::Line(vec![plain(&naughty)])]);
            assert_eq!(read(&out), clean(&naughty).trim_start(), "{naughty:?}");
            assert_harmless(&out);
            let name = format!("x{}", strong_words(&naughty));
            assert_harmless(&name);
        }
    }

    fn strong_words(words: &str) -> String {
        body(vec![Block::Line(vec![strong(words)])]).replace("<strong>", "").replace("</strong>", "")
    }

    fn assert_harmless(out: &str) {
        let chars: Vec<char> = out.chars().collect();
        for pair in chars.windows(2) {
            let quiet = pair[1] == BREAK || pair[1].is_whitespace();
            assert!(!matches!(pair[0], '@' | '#') || quiet, "{out:?}");
        }
        assert!(!out.contains(['<', '\n', '\0', '\u{202E}']), "{out:?}");
        assert!(!out.contains("://") && !out.contains("www."), "{out:?}");
        let longest = out.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or(0);
        assert!(longest < Flavour::SHORTEST_HASH, "{out:?}");
    }
}
