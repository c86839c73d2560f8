//! Mails by what they look like.

#![allow(clippy::unwrap_used)]

use connector_simulator::mail::Mail;
use proptest::prelude::*;

use super::*;
use crate::fixtures::naughty_strings;

fn plain_words(words: &str) -> Span {
    Span::Plain(words.to_owned())
}

/// As the words of one gap are.
fn gap(key: &str, title: &str) -> Text {
    let head = vec![
        plain_words("■ "),
        Span::Link { label: key.to_owned(), url: "https://tracker.example/OPS-412?a=1&b=2".to_owned() },
        plain_words(&format!(" “{title}”")),
        plain_words(" "),
        Span::Strong("is behind its pace".to_owned()),
    ];
    let numbers = Block::Line(vec![plain_words("20 % done, 60 % of the time used.")]);
    Text {
        summary: format!("■ {key} is behind its pace: 20 % done, 60 % of the time used"),
        blocks: vec![Block::Line(head), numbers, Block::Note(vec![plain_words("Only you see this.")])],
    }
}

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef0123456789abcdef".to_owned(), mac: "m".to_owned() }
}

fn mail(body: &Text, thread: Option<&Thread>) -> (Mail, MessageRef) {
    let from: Mailbox = "gapwatch <gapwatch@example.org>".parse().unwrap();
    let to: Address = "ana@example.org".parse().unwrap();
    let now = "2026-03-17T10:00:00Z".parse().unwrap();
    let ends_at = Some("https://gapwatch.example.org/unsubscribe/x".to_owned());
    let letter = write(body, &mark(), &Frame { from: &from, to: &to, thread, ends_at, now }).unwrap();
    let raw = String::from_utf8(letter.bytes).unwrap();
    (Mail { from: String::new(), to: Vec::new(), login: None, raw }, letter.at)
}

#[test]
fn a_mail_says_what_it_is_about_and_by_whom_it_was_made() {
    let (mail, at) = mail(&gap("OPS-412", "Move billing"), None);
    let header = |name: &str| mail.header(name).unwrap_or_default();
    assert_eq!(header("Subject"), "[gapwatch] OPS-412 is behind its pace");
    assert_eq!(header("From"), "gapwatch <gapwatch@example.org>");
    assert_eq!(header("To"), "ana@example.org");
    assert_eq!(header("Message-ID"), "<0123456789abcdef0123456789abcdef@example.org>");
    assert_eq!(header("Date"), "Tue, 17 Mar 2026 10:00:00 +0000");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("List-Unsubscribe"), "<https://gapwatch.example.org/unsubscribe/x>");
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!((mail.header("In-Reply-To"), mail.header("References")), (None, None));
    assert_eq!(at.0, "<0123456789abcdef0123456789abcdef@example.org> [gapwatch] OPS-412 is behind its pace");
}

#[test]
fn what_follows_stands_in_the_thread_of_the_first_under_the_same_subject() {
    let (_, first) = mail(&gap("OPS-412", "Move billing"), None);
    let over = Text { summary: "● OPS-412 is resolved: behind its pace".to_owned(), blocks: Vec::new() };
    let (second, at) = mail(&over, Some(&Thread::of(&first)));
    let header = |name: &str| second.header(name).unwrap_or_default();
    assert_eq!(header("Subject"), "Re: [gapwatch] OPS-412 is behind its pace");
    let id = "<0123456789abcdef0123456789abcdef@example.org>";
    assert_eq!((header("In-Reply-To").as_str(), header("References").as_str()), (id, id));
    assert!(!at.0.contains("Re:"), "{}", at.0);
}

#[test]
fn both_parts_say_the_same_and_there_is_one_button_to_the_task() {
    let (mail, _) = mail(&gap("OPS-412", "Move billing to the new queue"), None);
    let text = mail.text();
    for words in ["■ OPS-412 <https://tracker.example/OPS-412?a=1&b=2>", "Move billing", "20 % done", "Only you see"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let html = mail.html();
    assert!(html.contains("<strong>is behind its pace</strong>") && html.contains("Only you see this"), "{html}");
    assert_eq!(html.matches(">Open OPS-412</a>").count(), 1, "{html}");
    assert_eq!(html.matches("href=\"https://tracker.example/OPS-412?a=1&amp;b=2\"").count(), 2, "{html}");
    let hidden = html.split("<div style=\"display:none").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(hidden.ends_with(">20 % done, 60 % of the time used"), "{hidden}");
    assert!(!html.contains("<img") && !html.contains("src=") && !html.contains("@import"), "{html}");
}

#[test]
fn a_day_of_several_gaps_is_called_by_its_head_and_words_without_a_head_by_their_line() {
    let head = Block::Line(vec![Span::Strong("Tue 17 Mar: 2 to look at".to_owned())]);
    let day = Text { summary: "2 tasks: OPS-1, OPS-2".to_owned(), blocks: vec![head] };
    assert_eq!(subject(&day), "[gapwatch] Tue 17 Mar: 2 to look at");
    let bare = Text { summary: "● OPS-1 is resolved: no movement".to_owned(), blocks: Vec::new() };
    assert_eq!(subject(&bare), "[gapwatch] OPS-1 is resolved: no movement");
    assert_eq!(subject(&Text::default()), "[gapwatch] something to look at");
    assert!(text(&bare).contains("OPS-1 is resolved") && html(&bare).contains("OPS-1 is resolved"));
}

#[test]
fn a_link_that_is_no_page_of_the_web_is_shown_by_its_label() {
    for url in
        ["javascript:alert(1)", "data:text/html,x", "https://x.example/a b", "file:///etc/passwd", "//x", "mailto:a@b"]
    {
        let span = Span::Link { label: "OPS-1".to_owned(), url: url.to_owned() };
        let body = Text { summary: "OPS-1".to_owned(), blocks: vec![Block::Line(vec![span])] };
        assert!(!html(&body).contains("href") && text(&body).trim() == "OPS-1", "{url}");
    }
}

#[test]
fn an_address_in_a_title_is_no_link() {
    let title = "see https://evil.example/x or www.evil.example or evil.example:80 or ana@evil.example";
    let body = gap("OPS-1", title);
    let (html, text) = (html(&body), text(&body));
    assert!(!html.contains("https://evil") && !html.contains("evil.example") && !html.contains("ana@evil"), "{html}");
    assert!(!text.contains("https://evil") && !text.contains("www.evil"), "{text}");
}

#[test]
fn a_long_text_ends_with_a_word_that_it_was_cut() {
    let line = Block::Line(vec![plain_words(&"x".repeat(1_400))]);
    let body = Text { summary: "long".to_owned(), blocks: vec![line; 20] };
    assert!(text(&body).contains(SHORTENED) && html(&body).contains(SHORTENED));
    assert!(text(&body).len() < 13_000);
    assert_eq!(subject(&Text { summary: "y".repeat(500), blocks: Vec::new() }).chars().count(), SUBJECT_MAX);
}

/// What no title may do to a mail.
fn holds_together(title: &str) {
    let mut hostile = gap("OPS-1", title);
    hostile.summary = format!("■ {title} is behind its pace: {title}");
    let (sent, at) = mail(&hostile, None);
    let (answer, _) = mail(&hostile, Some(&Thread::of(&at)));
    for mail in [&sent, &answer] {
        let names: Vec<String> = mail.headers().into_iter().map(|(name, _)| name).collect();
        let known = [
            "From",
            "To",
            "Date",
            "Message-ID",
            "Subject",
            "Auto-Submitted",
            "X-Auto-Response-Suppress",
            "MIME-Version",
            "Content-Type",
            "In-Reply-To",
            "References",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
        ];
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{title:?}: {names:?}");
        assert!(mail.header("Subject").unwrap().contains("[gapwatch] "), "{title:?}");
        assert_eq!(mail.raw.matches("\r\nContent-Type: text/html").count(), 1, "{title:?}");
    }
    let html = sent.html();
    let tags = ["<script", "<img", "<a ", "<iframe", "<svg", "<style", "<link", "<form", "<meta", "<base"];
    let wanted = [0, 0, 2, 0, 0, 0, 0, 0, 1, 0];
    for (tag, wanted) in tags.iter().zip(wanted) {
        assert_eq!(html.to_lowercase().matches(tag).count(), wanted, "{title:?}: {tag}");
    }
    assert!(html.trim_end().ends_with("</body></html>"), "{title:?}");
}

#[test]
fn no_naughty_string_breaks_a_mail() {
    for title in naughty_strings() {
        holds_together(&title);
    }
    for title in [
        "a\r\nBcc: everybody@example.org",
        "a\nSubject: other",
        "a\r\n\r\n<script>alert(1)</script>",
        "\r\n.\r\nQUIT",
        "--boundary--",
        "</div></body><img src=x onerror=alert(1)>",
        "\u{202e}gnp.exe",
        "=?utf-8?q?Bcc:_x?=",
        "\0\u{7f}\u{85}\u{2028}",
    ] {
        holds_together(title);
    }
}

proptest! {
    #[test]
    fn no_title_breaks_a_mail(title in "(\\PC|[\r\n<>&\"'=?:.-]){0,60}") {
        holds_together(&title);
    }
}
