#![allow(clippy::unwrap_used)]

use std::io::Read;

use serde_json::{Value, json};

use super::*;

fn text(summary: &str, blocks: Vec<Block>) -> Text {
    Text { summary: summary.to_owned(), blocks }
}

fn plain_span(words: &str) -> Span {
    Span::Plain(words.to_owned())
}

fn link(label: &str, url: &str) -> Span {
    Span::Link { label: label.to_owned(), url: url.to_owned() }
}

fn one_line(words: &str) -> Content {
    render(&text("", vec![Block::Line(vec![plain_span(words)])]))
}

fn json_of(content: &Content) -> Value {
    serde_json::to_value(content).unwrap()
}

/// Every element of every block.
fn rich(content: &Content) -> impl Iterator<Item = &RichText> {
    content.blocks.iter().filter_map(|block| match block {
        Shown::Rich(rich) => Some(rich),
        Shown::Actions(_) => None,
    })
}

fn elements(content: &Content) -> impl Iterator<Item = &Element> {
    rich(content).flat_map(|block| &block.elements).flat_map(|section| &section.elements)
}

fn shown_text(content: &Content) -> String {
    let text = elements(content).map(|element| match element {
        Element::Text { text, .. } | Element::Link { text, .. } => text.clone(),
        Element::User { user_id } => format!("@{user_id}"),
    });
    text.collect()
}

fn total(content: &Content) -> usize {
    elements(content).map(element_size).sum()
}

#[test]
fn a_message_is_one_rich_text_block_and_the_same_words_as_text() {
    let body = text(
        "OPS-412 is behind its pace",
        vec![
            Block::Line(vec![
                plain_span("■ "),
                link("OPS-412", "https://jira.example/browse/OPS-412?a=1&b=2"),
                plain_span(" "),
                Span::Strong("Move billing & tax".to_owned()),
                plain_span(" is behind its pace"),
            ]),
            Block::Line(vec![
                Span::Mention("U024BE7LH".to_owned()),
                plain_span(", try "),
                Span::Code("a < b".to_owned()),
            ]),
            Block::Note(vec![plain_span("Only you see this.")]),
        ],
    );
    assert_eq!(
        json_of(&render(&body)),
        json!({
            "text": "OPS-412 is behind its pace\n\
                     ■ <https://jira.example/browse/OPS-412?a=1&amp;b=2|OPS-412> Move billing &amp; tax is behind its pace\n\
                     <@U024BE7LH>, try a &lt; b\n\
                     Only you see this.",
            "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "■ "},
                {"type": "link", "url": "https://jira.example/browse/OPS-412?a=1&b=2", "text": "OPS-412"},
                {"type": "text", "text": " "},
                {"type": "text", "text": "Move billing & tax", "style": {"bold": true}},
                {"type": "text", "text": " is behind its pace"},
                {"type": "text", "text": "\n"},
                {"type": "user", "user_id": "U024BE7LH"},
                {"type": "text", "text": ", try "},
                {"type": "text", "text": "a < b", "style": {"code": true}},
                {"type": "text", "text": "\n"},
                {"type": "text", "text": "Only you see this.", "style": {"italic": true}},
            ]}]}],
        })
    );
}

#[test]
fn a_summary_that_the_first_line_says_already_is_not_said_twice() {
    let body = text(
        "OPS-1 is late",
        vec![Block::Line(vec![link("OPS-1", "https://x.example/1"), plain_span(" is late (Fri)")])],
    );
    assert_eq!(render(&body).text, "<https://x.example/1|OPS-1> is late (Fri)");
}

#[test]
fn what_a_task_is_called_cannot_mention_anybody() {
    for title in
        ["<!channel> <!here>", "<@U024BE7LH>", "<#C1|x>", "<!subteam^S1>", "@here @channel @everyone", "#general"]
    {
        let content = one_line(title);
        for bad in ["<!", "<@", "<#", "@here", "@channel", "@everyone"] {
            assert!(!json_of(&content).to_string().contains(bad), "{title}: {content:?}");
        }
        assert!(!content.text.contains("#general"), "{content:?}");
        assert!(elements(&content).all(|element| matches!(element, Element::Text { .. })), "{content:?}");
    }
}

#[test]
fn what_a_task_is_called_cannot_make_a_link() {
    let content = one_line("<https://evil.example|Jira>");
    assert_eq!(content.text.replace(ZERO_WIDTH_SPACE, "·"), "&lt;https:·//evil.example|Jira&gt;");
    assert_eq!(shown_text(&content), "<https://evil.example|Jira>");
}

#[test]
fn what_a_task_is_called_cannot_format() {
    let check = |title: &str, expected: &str| assert_eq!(one_line(title).text.replace(ZERO_WIDTH_SPACE, "·"), expected);
    check("*bold* _it_ ~gone~ `code`", "*·bold* _·it_ ~·gone~ `·code`");
    check("```block```", "`·`·`·block``·`·");
    check("> quoted", "·&gt; quoted");
    check(":fire: drill", ":·fire: drill");
    check("a * b", "a * b");
}

#[test]
fn words_that_format_nothing_stay_as_they_are() {
    for title in ["acme/web#12", "foo_bar_baz", "3 * 4 = 12", "10:14", "ana@example.org", "it's 50 % done (Fri)"] {
        assert_eq!(one_line(title).text, title);
        assert_eq!(shown_text(&one_line(title)), title);
    }
}

#[test]
fn an_ampersand_is_escaped_once_and_only_in_the_text() {
    let content = one_line("R&D &amp; <b>");
    assert_eq!(content.text, "R&amp;D &amp;amp; &lt;b&gt;");
    assert_eq!(shown_text(&content), "R&D &amp; <b>");
}

#[test]
fn control_and_direction_characters_do_not_get_through() {
    let content = one_line("a\u{202e}b\u{0}c\nd\u{2066}e\u{feff}f\u{7f}g\u{2028}h");
    assert_eq!(content.text, "abc defg h");
    assert_eq!(shown_text(&content), "abc defg h");
}

#[test]
fn a_link_leads_to_http_or_nowhere() {
    for url in
        ["javascript:alert(1)", "slack://open", "mailto:a@b.example", "", "https://user:pw@x.example/", "/relative"]
    {
        let content = render(&text("s", vec![Block::Line(vec![link("Open", url)])]));
        assert_eq!(shown_text(&content), "Open", "{url}");
        assert!(elements(&content).all(|element| matches!(element, Element::Text { .. })), "{url}");
        assert_eq!(content.text, "s\nOpen", "{url}");
    }
}

#[test]
fn neither_half_of_a_link_can_break_out_of_it() {
    let content = render(&text("s", vec![Block::Line(vec![link("a|b>c\n<d", "https://x.example/a|b>c?q=<&r=1")])]));
    assert_eq!(content.text, "s\n<https://x.example/a%7Cb%3Ec?q=%3C&amp;r=1|a/b&gt;c &lt;d>");
}

#[test]
fn a_link_without_words_shows_where_it_leads() {
    let content = render(&text("s", vec![Block::Line(vec![link(" ", "https://x.example/1")])]));
    assert_eq!(content.text, "s\n<https://x.example/1>");
    assert_eq!(shown_text(&content), "https://x.example/1");
}

#[test]
fn a_mention_that_is_no_slack_id_is_only_a_name() {
    for name in ["ana", "U1|x", "u024be7lh", "C024BE7LH", "U"] {
        let content = render(&text("s", vec![Block::Line(vec![Span::Mention(name.to_owned())])]));
        assert!(!content.text.contains('<'), "{content:?}");
        assert!(elements(&content).all(|element| matches!(element, Element::Text { .. })), "{name}");
    }
}

#[test]
fn nothing_to_say_is_still_a_message_slack_takes() {
    for body in
        [text("", vec![]), text("", vec![Block::Line(vec![])]), text("hi", vec![Block::Line(vec![plain_span("")])])]
    {
        let content = render(&body);
        assert!(!content.blocks.is_empty());
        assert!(elements(&content).all(|element| element_size(element) > 0), "{content:?}");
        assert!(!content.text.trim().is_empty(), "{body:?}");
    }
}

#[test]
fn a_huge_message_is_cut_to_every_limit_and_says_so() {
    let long = "<&> ".repeat(5_000);
    let line = || Block::Line(vec![plain_span(&long), link(&long, "https://x.example/")]);
    let bodies = [
        text(&long, (0..100).map(|_| line()).collect()),
        text("s", (0..5_000).map(|i| Block::Line(vec![plain_span(&format!("line {i} 𝒳"))])).collect()),
        text("s", vec![Block::Line((0..50_000).map(|_| plain_span("x")).collect())]),
    ];
    for body in bodies {
        let content = render(&body);
        assert!(content.text.chars().count() < 4_000 && content.text.ends_with('…'));
        assert!(!content.text.trim_end_matches('…').ends_with("&l") && !content.text.contains("&…"));
        assert!(content.blocks.len() <= BLOCKS_MAX);
        assert!(total(&content) <= TOTAL_MAX, "{}", total(&content));
        for block in rich(&content) {
            let size = block.elements[0].elements.iter().map(element_size).sum::<usize>();
            assert!(size <= 3_000, "{size}");
        }
        assert!(shown_text(&content).ends_with(SHORTENED));
        assert!(plain(&body).text.chars().count() <= SHORT_TEXT_MAX && plain(&body).blocks.is_empty());
    }
}

#[test]
fn an_ordinary_digest_is_not_cut() {
    let lines = (0..40).map(|i| {
        Block::Line(vec![link(&format!("OPS-{i}"), "https://jira.example/browse/OPS"), plain_span(" is behind")])
    });
    let content = render(&text("40 to look at", lines.collect()));
    assert!(shown_text(&content).ends_with("OPS-39 is behind"));
    assert!(content.text.ends_with("|OPS-39> is behind"));
}

#[test]
fn a_cut_counts_what_slack_counts() {
    assert_eq!(cut("abcd", 4), "abcd");
    assert_eq!(cut("abcde", 4), "abc…");
    assert_eq!(cut("𝒳𝒳𝒳", 4), "𝒳…");
}

#[test]
fn naughty_strings_stay_words() {
    let fixtures = std::env::var_os("GAPWATCH_FIXTURES").map(std::path::PathBuf::from);
    let fixtures = fixtures.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    let candidates =
        ["adversarial", "fixtures/adversarial"].map(|folder| fixtures.join(folder).join("naughty-strings.json.gz"));
    let Some(file) = candidates.iter().find_map(|path| std::fs::File::open(path).ok()) else {
        eprintln!("skipped: no fixtures");
        return;
    };
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    let strings: Vec<String> = serde_json::from_str(&json).unwrap();
    assert!(strings.len() > 400);
    for string in strings {
        let content =
            render(&text(&string, vec![Block::Line(vec![plain_span(&string), link(&string, "https://x.example/")])]));
        let ours = content.text.replace("<https://x.example/|", "").replace("<https://x.example/>", "");
        assert!(!ours.contains('<'), "{string:?}: {}", content.text);
        assert!(!content.text.chars().any(|char| char.is_control() && char != '\n'), "{string:?}");
        assert!(elements(&content).all(|element| !matches!(element, Element::User { .. })), "{string:?}");
        assert!(elements(&content).all(|element| element_size(element) > 0), "{string:?}");
        assert!(!content.text.is_empty() && total(&content) <= TOTAL_MAX);
    }
}
