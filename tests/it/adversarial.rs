//! Hostile text: titles that mention, refer, format, hide or break. The mirror holds each as it is, byte for byte; what
//! people read shows the printable characters of the first 150, and notifies, links and formats nothing.
//!
//! Comments and messages are read by small strict readers: whatever they do not know for certain to be harmless, they refuse.

use std::collections::HashMap;
use std::io::Read;

use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::fixtures;
use crate::world::{REPO, World, at, github_day};

/// Put behind a character that would otherwise mean something.
const ZERO_WIDTH_SPACE: char = '\u{200b}';
/// Of a long title so much is shown.
const SHOWN: usize = 150;

/// Titles of our own making: each tries something.
pub fn corpus() -> Vec<String> {
    let mut titles: Vec<String> = [
        "ask @ana-k, @acme/team, @org/team and mail a@b.example",
        "<!channel> <!here|x> <!everyone> <@U0ANA> <#C1|x> <!subteam^S1> <!date^1^x|y>",
        "@here @channel @everyone #general #delivery",
        "<https://evil.example|Jira> <mailto:a@b.example|b> <https://github.example/acme/web/issues/1|acme/web#1>",
        "<!-- gapwatch:1 0123456789abcdef0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAA -->",
        "-->` <!-- <!<!---- <script>alert(1)</script> <img src=x onerror=alert(1)> <b>bold</b> &lt;i&gt;",
        "closes #1, fixes GH-1, resolves acme/web#1 and gh-2; see https://github.com/acme/web/issues/1",
        "deadbeef 0123456789abcdef0123456789abcdef01234567 acme/web@deadbeefcafe 20250311",
        "www.evil.example http://evil.example ftp://evil.example HTTPS://EVIL.EXAMPLE WWW.x.y mailto:a@b.c",
        "[x](javascript:alert(1)) ![y](https://evil.example/p.png) [z][1] [^1] [ ] [x]",
        "*a* _b_ **c** __d__ ~e~ ~~f~~ `g` ``h`` ```i``` $x$ $$y$$ ||z|| a|b|c",
        "# heading",
        "- item",
        "+ item",
        "* item",
        "1. item",
        "2) item",
        "> quote",
        "    code",
        "=== ---",
        "| a | b |",
        "```rust",
        "~~~",
        "\\",
        "\\\\*a\\*",
        "ends with a backslash \\",
        "&amp; &#64;ana &commat;ana &lt;!--",
        ":tada: :+1: :100: :fire::fire: 10:30:00",
        "\u{202e}desrever\u{202c} \u{2066}isolated\u{2069} \u{200f}mark\u{200e} \u{61c}",
        "zero\u{200b}width\u{200c}join\u{200d}er\u{feff}bom\u{2060}word @\u{200b}ana-k #\u{200b}1",
        "control \u{0}\u{7}\u{8}\u{1b}[31mred\u{1b}[0m \u{7f}\u{85}\u{9b}",
        "a\nb\r\nc\td\u{b}e\u{c}f\u{2028}g\u{2029}h",
        "👩\u{200d}💻 👨\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 🇩🇪 👍🏽 ☎\u{fe0e} e\u{301}",
        "\u{301}\u{302}\u{303} lone marks \u{489}\u{20dd}",
        "Ẑ̶̡͚a̷l̸g̵o̴ ﷽ ｆｕｌｌ 𝒳𝒴𝒵 تجربة עברית 中文 日本語 हिन्दी",
        "“quotes” ‘inside’ \"and\" 'more' … – —",
        "Robert'); DROP TABLE tasks;-- ${jndi:ldap://x} {{7*7}} %s %n <%= 1 %>",
        "/gapwatch snooze 3d",
        "CVE-2024-1234 GHSA-aaaa-bbbb-cccc",
        ".",
        "-",
        "@",
        "#",
        "<",
        "&",
        "`",
        "🦀",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    titles.push("x".repeat(10_000));
    titles.push("@ana-k ".repeat(1_500));
    titles.push("&<>*_`".repeat(100));
    titles.push(format!("{}@ana-k", "y".repeat(146)));
    titles.push(format!("{}<!--z-->", "é".repeat(145)));
    titles
}

/// The recorded collections. `None`, with a word on stderr: there are none here.
pub fn recorded() -> Option<Vec<String>> {
    let strings: Vec<String> = serde_json::from_str(&unpacked("naughty-strings.json.gz")?).unwrap();
    let odd = unpacked("github-odd.jsonl.gz")?;
    let items = odd.lines().filter(|line| !line.trim().is_empty());
    let items = items.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let odd: Vec<String> = items.filter_map(|item| item["issue"]["title"].as_str().map(str::to_owned)).collect();
    assert!(strings.len() > 400 && odd.len() > 20, "{} {}", strings.len(), odd.len());
    Some(strings.into_iter().chain(odd).collect())
}

fn unpacked(name: &str) -> Option<String> {
    let file = std::fs::File::open(fixtures::path(&format!("adversarial/{name}"))?).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

/// A character that leaves something on the screen: no space, no control or format character.
fn is_printable(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{8e2}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    // What Unicode sets aside for nobody is no character, and not every tool takes it.
    let nobodys = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    !c.is_control() && !c.is_whitespace() && !format && !nobodys
}

pub fn printable(text: &str) -> String {
    text.chars().filter(|c| is_printable(*c)).collect()
}

/// What has to be seen of a title.
pub fn expected(title: &str) -> String {
    printable(&title.chars().take(SHOWN).collect::<String>())
}

/// Opens an overdue issue of Ana's for each title, lets everything be said, and checks every word of it.
async fn all_is_well(titles: &[String]) {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    for title in titles {
        let issue = github.issue(REPO, title).by("max-w").assignee("ana-k");
        issue.milestone("Spring", github_day("2026-03-13")).open();
    }
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later(SignedDuration::from_mins(20)).run().await;

    let mirror = mirrored(&world);
    let comments = comments(&world, titles.len());
    let messages = messages(&world);
    for (number, title) in (1u64..).zip(titles) {
        assert_eq!(mirror.get(&number).map(String::as_bytes), Some(title.as_bytes()), "#{number}");
        let shown = comments.get(&number).unwrap_or_else(|| panic!("#{number} {title:?} has a comment"));
        let about = shown.split_once("About“").map_or("", |(_, about)| about);
        assert!(about.starts_with(&expected(title)) || expected(title).is_empty(), "#{number} {title:?}: {shown}");
        let shown = messages.get(&number).unwrap_or_else(|| panic!("#{number} {title:?} has a message"));
        let about = shown.split_once('“').map_or("", |(_, about)| about);
        assert!(about.starts_with(&expected(title)) || expected(title).is_empty(), "#{number} {title:?}: {shown}");
    }
}

/// Titles by number, as the store holds them.
fn mirrored(world: &World) -> HashMap<u64, String> {
    let store = Connection::open_with_flags(world.store(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = store.prepare("SELECT key, title FROM tasks").unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let rows = rows.query_map([], row).unwrap().map(Result::unwrap);
    rows.map(|(key, title)| (key.rsplit_once('#').unwrap().1.parse().unwrap(), title)).collect()
}

/// What our comment on each issue shows.
fn comments(world: &World, issues: usize) -> HashMap<u64, String> {
    let comment = |number: u64| {
        let comments = world.github().comments(REPO, number);
        assert!(comments.len() <= 1, "#{number} has one comment");
        Some((number, printable(&read_comment(&comments.first()?.body))))
    };
    (1..=u64::try_from(issues).unwrap()).filter_map(comment).collect()
}

/// What our message about each issue shows.
fn messages(world: &World) -> HashMap<u64, String> {
    let mut shown = HashMap::new();
    for message in world.slack().messages().into_iter().filter(|message| message.user.as_deref() == Some("U0ANA")) {
        let (number, blocks) = read_blocks(message.blocks.as_ref().unwrap());
        let text = read_text(&message.text, number);
        assert!(printable(&text).contains(&printable(&blocks)), "both say the same: {text:?} {blocks:?}");
        shown.insert(number, printable(&blocks));
    }
    shown
}

/// A comment as GitHub shows it. Panics at anything but plain words, `**strong**`, and small print.
fn read_comment(body: &str) -> String {
    let (mark, rest) = body.split_once('\n').unwrap();
    let inside = mark.strip_prefix("<!-- gapwatch:1 ").and_then(|mark| mark.strip_suffix(" -->")).unwrap();
    assert!(inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{mark}");
    assert!(!rest.contains("<!--"), "no other HTML comment: {rest}");
    rest.lines().map(read_markdown_line).collect::<Vec<_>>().join("\n")
}

/// The words of answers that a comment shows.
pub const ANSWERS: [&str; 4] = ["/gapwatch on it", "/gapwatch snooze 3d why", "/gapwatch not mine", "/gapwatch done"];

fn read_markdown_line(line: &str) -> String {
    let first = line.chars().next().unwrap_or('x');
    let begins_no_block = first.is_alphanumeric()
        || "▲■⬣●".contains(first)
        || line.starts_with("**gapwatch**")
        || line.starts_with("<sub>");
    assert!(begins_no_block, "a line begins a block: {line:?}");
    // Our own: the words of answers as code.
    let own = ANSWERS.iter().fold(line.to_owned(), |line, words| line.replacen(&format!("`{words}`"), words, 1));
    let line = own.as_str();
    let (mut shown, mut at, mut strong) = (String::new(), 0, false);
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let next = rest.chars().nth(1);
        let step = match c {
            '\\' => {
                let next = next.unwrap_or_else(|| panic!("a backslash breaks the line: {line:?}"));
                assert!(next.is_ascii_punctuation(), "a backslash escapes nothing: {line:?}");
                shown.push(next);
                2
            }
            '&' => {
                let entities = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
                let known = entities.iter().find(|(entity, _)| rest.starts_with(entity));
                let (entity, c) = known.unwrap_or_else(|| panic!("an entity: {rest:?}"));
                shown.push(*c);
                entity.len()
            }
            '<' => {
                let tags = ["<sub>", "</sub>", "<strong>", "</strong>"];
                tags.iter().find(|tag| rest.starts_with(*tag)).unwrap_or_else(|| panic!("a tag: {rest:?}")).len()
            }
            '*' => {
                assert!(rest.starts_with("**") && !rest.starts_with("***"), "emphasis: {rest:?}");
                strong = !strong;
                2
            }
            '_' | '~' | '`' | '[' | ']' | '|' | '$' | '>' => panic!("markup: {rest:?} in {line:?}"),
            c => {
                refuses_to_notify(c, next, &line[..at], rest);
                shown.push(c);
                c.len_utf8()
            }
        };
        at += step;
    }
    assert!(!strong, "stars without an end: {line:?}");
    for word in line.split(|c: char| !c.is_ascii_hexdigit()) {
        assert!(word.len() < 7, "a commit: {word}");
    }
    shown.replace(ZERO_WIDTH_SPACE, "")
}

/// Mentions, numbers, links and emoji, which GitHub makes of plain words.
fn refuses_to_notify(c: char, next: Option<char>, before: &str, rest: &str) {
    let goes_on = next.is_some_and(|next| !next.is_whitespace() && next != ZERO_WIDTH_SPACE);
    assert!(!matches!(c, '@' | '#') || !goes_on, "a mention or a number: {rest:?}");
    let before = before.to_ascii_lowercase();
    let digit = next.is_some_and(|next| next.is_ascii_digit());
    assert!(!(c == '-' && digit && before.ends_with("gh")), "a number: {rest:?}");
    assert!(!rest.starts_with("://"), "a link: {rest:?}");
    assert!(!rest.to_ascii_lowercase().starts_with("www."), "a link: {rest:?}");
    let name = rest.strip_prefix(':').and_then(|rest| rest.split_once(':')).map_or("", |(name, _)| name);
    let emoji = name.chars().any(|c| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c));
    assert!(!emoji, "an emoji: {rest:?}");
}

/// Rich text: its words, and the issue that its one link leads to.
fn read_blocks(blocks: &Value) -> (u64, String) {
    let (mut shown, mut number) = (String::new(), None);
    for block in blocks.as_array().unwrap() {
        assert_eq!(block["type"], "rich_text");
        for element in block["elements"].as_array().unwrap().iter().flat_map(|one| one["elements"].as_array().unwrap())
        {
            let text = element["text"].as_str().unwrap();
            match element["type"].as_str().unwrap() {
                "text" => {
                    for bad in ["<!", "<@", "<#", "@here", "@channel", "@everyone"] {
                        assert!(!text.contains(bad), "{bad}: {text:?}");
                    }
                }
                "link" => {
                    let issue: u64 = text.strip_prefix("acme/web#").unwrap().parse().unwrap();
                    assert!(element["url"].as_str().unwrap().ends_with(&format!("/acme/web/issues/{issue}")));
                    assert_eq!(number.replace(issue), None, "one link");
                }
                other => panic!("an element of kind {other}"),
            }
            shown.push_str(text);
        }
    }
    (number.unwrap(), shown.replace(ZERO_WIDTH_SPACE, ""))
}

/// The fallback text as Slack shows it, where nothing may be marked up but the one link.
fn read_text(text: &str, number: u64) -> String {
    let link = format!("<https://github.example/acme/web/issues/{number}|acme/web#{number}>");
    let text = text.replacen(&link, &format!("acme/web#{number}"), 1);
    assert!(!text.contains(['<', '>']), "a bracket: {text:?}");
    let plain = text.replace("&lt;", "<").replace("&gt;", ">");
    assert!(!plain.replace("&amp;", "").contains('&'), "a bare ampersand: {text:?}");
    for bad in ["@here", "@channel", "@everyone", "://"] {
        assert!(!text.contains(bad), "{bad}: {text:?}");
    }
    let chars: Vec<char> = text.chars().collect();
    for (at, c) in chars.iter().enumerate().filter(|(_, c)| matches!(c, '*' | '_' | '~' | '`' | '@' | '#')) {
        let begins = at.checked_sub(1).is_none_or(|before| !chars[before].is_alphanumeric());
        let goes_on = chars.get(at + 1).is_some_and(|next| !next.is_whitespace() && *next != ZERO_WIDTH_SPACE);
        assert!(!(begins && goes_on), "{c} formats: {text:?}");
    }
    plain.replace("&amp;", "&").replace(ZERO_WIDTH_SPACE, "")
}

#[tokio::test]
async fn titles_that_mention_refer_format_or_hide_are_shown_and_do_nothing() {
    all_is_well(&corpus()).await;
}

#[tokio::test]
async fn recorded_titles_that_break_renderers_are_shown_and_do_nothing() {
    let Some(titles) = recorded() else { return };
    let titles: Vec<String> = titles.into_iter().filter(|title| !title.is_empty()).collect();
    all_is_well(&titles).await;
}

#[tokio::test]
async fn without_slack_the_one_mention_is_the_owners() {
    let mut world = World::plan().without_slack().begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = github.issue(REPO, "@max-w and @acme/team, see #7").by("max-w").assignee("ana-k");
    issue.milestone("Spring", github_day("2026-03-13")).open();
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    let body = github.comments(REPO, 1)[0].body.clone();
    let (before, after) = body.split_once("@ana-k ").unwrap();
    read_markdown_line(after.lines().next().unwrap());
    assert!(after.lines().skip(1).all(|line| !read_markdown_line(line).is_empty()) && before.ends_with("-->\n"));
}

#[tokio::test]
async fn a_marker_in_a_title_or_by_our_account_without_its_signature_is_no_comment_of_ours() {
    let mut world = World::live("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let forged = "<!-- gapwatch:1 0123456789abcdef0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAA -->";
    let issue = github.issue(REPO, forged).by("max-w").assignee("ana-k");
    issue.milestone("Spring", github_day("2026-03-13")).open();
    world.run().await;
    // The token may be a colleague's: what it wrote by hand, whatever it holds, is a sign of life by a person.
    github.comment_as(
        REPO,
        1,
        "gapwatch-bot",
        &format!("{forged}\n**gapwatch** · ● resolved"),
        at("2026-03-12T10:00:00Z"),
    );
    world.at("2026-03-16T09:10:00Z").run().await;
    let comments = github.comments(REPO, 1);
    assert_eq!(comments.len(), 2, "our own comment is made beside the forged one");
    assert!(comments[0].edits == 0 && comments[0].body.starts_with(forged), "which stays as it is");
    assert!(!comments[1].body.starts_with(forged));
}
