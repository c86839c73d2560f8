use proptest::prelude::*;

use super::*;

fn plain(words: &str) -> Span {
    Span::Plain(words.to_owned())
}

fn line(spans: &[Span]) -> Text {
    Text { summary: "x".to_owned(), blocks: vec![Block::Line(spans.to_vec())] }
}

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) }
}

/// What Asana takes: one body, known tags, attributes on `a` alone, everything closed, no stray `<`, `>` or `&`. Gives the
/// words, and the number of mentions.
fn check(text: &str) -> Result<(String, usize), String> {
    let inner = text.strip_prefix("<body>").and_then(|rest| rest.strip_suffix("</body>")).ok_or("no body")?;
    let (mut words, mut open, mut mentions, mut rest) = (String::new(), Vec::new(), 0, inner);
    while let Some(at) = rest.find(['<', '&', '>']) {
        words.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(tail) = rest.strip_prefix('<') {
            let (tag, tail) = tail.split_once('>').ok_or("an open tag")?;
            rest = tail;
            let is_mention = tag
                .strip_prefix("a data-asana-gid=\"")
                .and_then(|tag| tag.strip_suffix("\"/"))
                .is_some_and(|gid| !gid.is_empty() && gid.bytes().all(|b| b.is_ascii_digit()));
            match tag {
                "strong" | "em" | "code" => open.push(tag.to_owned()),
                _ if is_mention => mentions += 1,
                _ if tag.starts_with("a href=\"http") && tag.ends_with('"') && tag.matches('"').count() == 2 => {
                    open.push("a".to_owned());
                }
                _ => match tag.strip_prefix('/') {
                    Some(name) if open.last().is_some_and(|last| last == name) => drop(open.pop()),
                    _ => return Err(format!("tag {tag}")),
                },
            }
            continue;
        }
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')];
        let (entity, c) = known.into_iter().find(|(entity, _)| rest.starts_with(entity)).ok_or("a stray character")?;
        words.push(c);
        rest = &rest[entity.len()..];
    }
    words.push_str(rest);
    if words.chars().any(|c| c.is_control() && c != '\n') {
        return Err("a control character".to_owned());
    }
    if open.is_empty() { Ok((words, mentions)) } else { Err(format!("left open: {open:?}")) }
}

#[test]
fn a_text_becomes_lines_with_the_reference_as_the_last() {
    let text = Text {
        summary: "x".to_owned(),
        blocks: vec![
            Block::Line(vec![Span::Mention("7".to_owned()), plain(" R&D <soon> is "), Span::Strong("late".to_owned())]),
            Block::Line(vec![]),
            Block::Note(vec![
                plain("Answer "),
                Span::Code("/gapwatch snooze 3d".to_owned()),
                Span::Link { label: "why".to_owned(), url: "https://x.example/a?b=c&d=e".to_owned() },
            ]),
        ],
    };
    assert_eq!(
        rich(&text, None),
        "<body><a data-asana-gid=\"7\"/> R&amp;D &lt;soon&gt; is <strong>late</strong>\n<em>Answer </em>\
         <code>/gapwatch snooze 3d</code><a href=\"https://x.example/a?b=c&amp;d=e\">why</a></body>"
    );
    let with_mark = rich(&text, Some(&mark()));
    assert!(with_mark.ends_with(&format!("\n<code>{}</code></body>", mark::line(&mark()))));
    let bare = bare(&text, &mark());
    assert_eq!(mark::of_text(&bare), Some(mark()));
    assert!(
        bare.starts_with("R&D <soon> is late\nAnswer /gapwatch snooze 3dwhy (https://x.example/a?b=c&d=e)\n"),
        "{bare}"
    );
    assert_eq!(check(&rich_with(&text, None, Mentions::LeftOut)).map(|(_, mentions)| mentions), Ok(0));
}

#[test]
fn the_checker_of_these_tests_finds_what_asana_refuses() {
    for wrong in [
        "x",
        "<body><p>x</p></body>",
        "<body>a & b</body>",
        "<body><em>x</body>",
        "<body>a > b</body>",
        "<body><em class=\"x\">a</em></body>",
        "<body><a href=\"javascript:x\">a</a></body>",
        "<body></em></body>",
    ] {
        assert!(check(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn nobody_is_mentioned_by_a_title_and_no_bare_address_becomes_a_link() {
    let hostile = "https://app.asana.com/0/profile/7 <a data-asana-gid=\"7\"/> @Ana";
    let body = rich(&line(&[plain(hostile), Span::Mention("\"/><b>".to_owned())]), None);
    let (words, mentions) = check(&body).unwrap_or_default();
    assert_eq!(mentions, 0);
    assert!(!words.contains("https://") && !words.contains("asana.com"), "{words}");
    let split = rich(&line(&[plain("https:"), plain("//app.ASANA"), plain(".com/0/7")]), None);
    assert!(!split.contains("://") && !split.to_lowercase().contains("asana.com"), "{split}");
    let script = line(&[Span::Link { label: String::new(), url: "javascript:alert(1)".to_owned() }]);
    assert_eq!(rich(&script, None), "<body>link</body>");
}

#[test]
fn too_much_is_cut_and_the_last_block_stays() {
    let long = "& \"{a} ".repeat(10_000);
    let end = Block::Note(vec![plain("This comment is kept up to date.")]);
    for block in [
        Block::Line(vec![plain(&long)]),
        Block::Note(vec![Span::Strong(long.clone()), Span::Code("x".to_owned())]),
        Block::Line(std::iter::repeat_n(Span::Code(long.clone()), 50).collect()),
    ] {
        let text = Text { summary: String::new(), blocks: vec![block.clone(), block.clone(), block, end.clone()] };
        let (words, _) = check(&rich(&text, Some(&mark()))).unwrap_or_default();
        assert!(words.chars().count() <= LONGEST_BODY + 200, "{}", words.chars().count());
        assert!(words.contains("This comment is kept up to date.") && words.contains('…'));
        assert_eq!(mark::of_text(&words), Some(mark()));
    }
    let nothing = Text { summary: " ".to_owned(), blocks: Vec::new() };
    assert_eq!(rich(&nothing, None), "<body>…</body>");
}

#[test]
fn strings_that_break_parsers_break_nothing() {
    for text in crate::fixtures::naughty_strings() {
        let body = rich(&line(&[plain(&text), Span::Strong(text.clone()), Span::Mention(text.clone())]), Some(&mark()));
        let read = check(&body);
        let allowed = usize::from(is_gid(&text));
        assert!(
            read.as_ref()
                .is_ok_and(|(words, mentions)| { *mentions == allowed && mark::of_text(words) == Some(mark()) }),
            "{text:?}: {read:?}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_the_words_are_it_is_one_well_formed_body(
        words in proptest::collection::vec(r#"[<>&"'/@a-z:.\n\u{202E}\u{200B}]{0,12}|.{0,12}|https://app\.asana\.com/0/1"#, 0..6),
        kind in 0u8..5,
        small in any::<bool>(),
    ) {
        let span = |words: &String| match kind {
            0 => Span::Plain(words.clone()),
            1 => Span::Strong(words.clone()),
            2 => Span::Code(words.clone()),
            3 => Span::Link { label: words.clone(), url: format!("https://x.example/{words}") },
            _ => Span::Mention(format!("{words}x")),
        };
        let spans: Vec<Span> = words.iter().map(span).collect();
        let block = if small { Block::Note(spans) } else { Block::Line(spans) };
        let text = Text { summary: String::new(), blocks: vec![block] };
        let read = check(&rich(&text, Some(&mark())));
        prop_assert!(read.is_ok(), "{read:?}");
        let (words, mentions) = read.unwrap_or_default();
        prop_assert_eq!(mentions, 0);
        prop_assert_eq!(mark::of_text(&words), Some(mark()));
        prop_assert_eq!(mark::of_text(&bare(&text, &mark())), Some(mark()));
    }
}
