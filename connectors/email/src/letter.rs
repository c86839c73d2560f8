//! Our message tree as a mail: subject, text, HTML, and the headers by which mails find together. Pure.
//!
//! Text from a tool is data: a subject is one line without control characters, HTML is escaped, and no address that somebody
//! wrote into a title becomes a link. There is one button, to the task itself. Nothing is loaded from anywhere, so nobody is
//! told that the mail was opened.

use connector_kit::{Block, MessageRef, Span, Text};
use connector_model::Mark;
use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use url::Url;

/// Characters of a subject.
const SUBJECT_MAX: usize = 120;
/// Characters of one span.
const SPAN_MAX: usize = 1_500;
/// Characters of all spans together.
const TOTAL_MAX: usize = 12_000;
/// Characters of an address; a longer one is shown by its label alone.
const URL_MAX: usize = 1_300;
/// Said where the rest did not fit.
const SHORTENED: &str = "… (shortened)";
/// Before every subject, so that mails can be sorted by it.
const PREFIX: &str = "[gapwatch] ";
/// Shapes before a line; a subject has none.
const SHAPES: [char; 4] = ['▲', '■', '⬣', '●'];
/// Put where a reader's program would otherwise make a link of words. Takes no room on the screen.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// A mail, ready to be handed over.
pub(crate) struct Letter {
    pub(crate) bytes: Vec<u8>,
    /// Its `Message-ID` and its subject.
    pub(crate) at: MessageRef,
}

/// What stands around the words.
pub(crate) struct Frame<'a> {
    pub(crate) from: &'a Mailbox,
    pub(crate) to: &'a Address,
    /// `None`: it begins a thread.
    pub(crate) thread: Option<&'a Thread>,
    /// Where one click ends the mails. `None`: it is not offered.
    pub(crate) ends_at: Option<String>,
    pub(crate) now: Timestamp,
}

/// What a mail is an answer to.
pub(crate) struct Thread {
    id: String,
    subject: String,
}

impl Thread {
    /// The thread of a mail that was sent.
    pub(crate) fn of(at: &MessageRef) -> Thread {
        let (id, subject) = at.0.split_once(' ').unwrap_or((&at.0, ""));
        Thread { id: one_line(id), subject: one_line(subject) }
    }
}

/// Makes a mail of a text.
pub(crate) fn write(body: &Text, mark: &Mark, frame: &Frame<'_>) -> Result<Letter, String> {
    let Frame { from, to, thread, ends_at, now } = frame;
    let id = format!("<{}@{}>", word(&mark.wire), from.email.domain());
    let subject = match thread {
        Some(thread) if !thread.subject.is_empty() => thread.subject.clone(),
        _ => subject(body),
    };
    let shown = if thread.is_some() { format!("Re: {subject}") } else { subject.clone() };
    let mut mail = Message::builder()
        .from((*from).clone())
        .to(Mailbox::new(None, (*to).clone()))
        .date((*now).into())
        .message_id(Some(id.clone()))
        .subject(shown)
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    if let Some(ends_at) = ends_at {
        mail = mail
            .raw_header(header("List-Unsubscribe", &format!("<{ends_at}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    if let Some(thread) = thread {
        mail = mail.in_reply_to(thread.id.clone()).references(thread.id.clone());
    }
    let parts = MultiPart::alternative_plain_html(text(body), html(body));
    let mail = mail.multipart(parts).map_err(|error| error.to_string())?;
    Ok(Letter { bytes: mail.formatted(), at: MessageRef(format!("{id} {subject}")) })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What it is about, the same for as long as it is about the same: without the numbers, and without a shape.
pub(crate) fn subject(body: &Text) -> String {
    let strong = first_strong(body).map(one_line).unwrap_or_default();
    let summary = one_line(&body.summary);
    let summary = summary.trim_start_matches(SHAPES).trim();
    let about = match summary.find(&strong) {
        Some(at) if !strong.is_empty() => &summary[..at + strong.len()],
        // The head of a day's message says what the line does not.
        _ if !strong.is_empty() => &strong,
        _ => summary,
    };
    let about = if about.is_empty() { "something to look at" } else { about };
    clipped(&format!("{PREFIX}{about}"), SUBJECT_MAX)
}

/// The emphasised words of the first line.
fn first_strong(body: &Text) -> Option<&str> {
    let Some(Block::Line(spans)) = body.blocks.first() else { return None };
    spans.iter().find_map(|span| match span {
        Span::Strong(words) => Some(words.as_str()),
        _ => None,
    })
}

/// The numbers, which a list of mails shows behind the subject.
fn preheader(body: &Text) -> String {
    let summary = one_line(&body.summary);
    let strong = first_strong(body).map(one_line).unwrap_or_default();
    let rest = summary.find(&strong).filter(|_| !strong.is_empty()).map(|at| &summary[at + strong.len()..]);
    let rest = rest.unwrap_or(&summary).trim_start_matches([':', ' ']).trim();
    clipped(rest, SUBJECT_MAX)
}

/// Everything as plain text.
pub(crate) fn text(body: &Text) -> String {
    let mut out = String::new();
    let whole = each(body, |spans, _| {
        let line: String = spans.iter().map(plain_span).collect();
        out.push_str(line.trim_end());
        out.push_str("\n\n");
    });
    if !whole {
        out.push_str(SHORTENED);
    }
    if out.trim().is_empty() {
        out = plain(&body.summary);
    }
    format!("{}\n", out.trim_end())
}

/// Everything as HTML.
pub(crate) fn html(body: &Text) -> String {
    const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;\
                        line-height:1.5;color:#1f2328";
    const HIDDEN: &str = "display:none;max-height:0;overflow:hidden";
    const BUTTON: &str = "display:inline-block;padding:8px 16px;background:#1f2328;color:#ffffff;\
                          text-decoration:none;border-radius:6px";
    let mut lines = String::new();
    let whole = each(body, |spans, note| {
        let line: String = spans.iter().map(html_span).collect();
        let small = if note { ";font-size:13px;color:#57606a" } else { "" };
        lines.push_str(&format!("<p style=\"margin:0 0 12px{small}\">{line}</p>\n"));
    });
    if !whole {
        lines.push_str(&format!("<p>{SHORTENED}</p>\n"));
    }
    if body.blocks.is_empty() {
        lines.push_str(&format!("<p>{}</p>\n", unlinked(&body.summary)));
    }
    let button = first_link(body).map_or_else(String::new, |(label, url)| {
        let (label, url) = (unlinked(&clipped(label, SUBJECT_MAX)), escaped(url.as_str()));
        format!("<p style=\"margin:16px 0\"><a href=\"{url}\" style=\"{BUTTON}\">Open {label}</a></p>\n")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>gapwatch</title></head>\n\
         <body style=\"margin:0;padding:16px;{FONT}\">\n<div style=\"{HIDDEN}\">{}</div>\n{lines}{button}</body></html>\n",
        unlinked(&preheader(body)),
    )
}

/// Shows each block's spans, and whether it is small print, as far as there is room. False: something was left out.
fn each(body: &Text, mut show: impl FnMut(&[Span], bool)) -> bool {
    let mut room = TOTAL_MAX;
    for block in &body.blocks {
        let (spans, note) = match block {
            Block::Line(spans) => (spans, false),
            Block::Note(spans) => (spans, true),
            Block::Controls(_) => continue,
        };
        let spans = Span::joined(spans);
        let size: usize = spans.iter().map(|span| words_of(span).chars().count().min(SPAN_MAX)).sum();
        if size > room {
            return false;
        }
        room -= size;
        show(&spans, note);
    }
    true
}

fn words_of(span: &Span) -> &str {
    match span {
        Span::Plain(words) | Span::Strong(words) | Span::Code(words) | Span::Mention(words) => words,
        Span::Link { label, .. } => label,
    }
}

/// The task, where the mail is about one.
fn first_link(body: &Text) -> Option<(&str, Url)> {
    let lines = body.blocks.iter().map(Block::spans);
    lines.flatten().find_map(|span| match span {
        Span::Link { label, url } => Some((label.as_str(), web(url)?)),
        _ => None,
    })
}

/// An address that may be a link. `None`: something else than a page of the web.
fn web(url: &str) -> Option<Url> {
    let fits = url.len() <= URL_MAX && !url.chars().any(|c| c.is_control() || c.is_whitespace());
    Url::parse(url).ok().filter(|url| fits && matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn plain_span(span: &Span) -> String {
    match span {
        Span::Link { label, url } => match web(url) {
            Some(url) => format!("{} <{url}>", plain(label)),
            None => plain(label),
        },
        Span::Mention(name) => format!("@{}", plain(name)),
        other => plain(words_of(other)),
    }
}

fn html_span(span: &Span) -> String {
    match span {
        Span::Plain(words) => unlinked(words),
        Span::Strong(words) => format!("<strong>{}</strong>", unlinked(words)),
        Span::Code(words) => format!("<code>{}</code>", unlinked(words)),
        Span::Mention(name) => format!("@{}", unlinked(name)),
        Span::Link { label, url } => match web(url) {
            Some(url) => format!("<a href=\"{}\">{}</a>", escaped(url.as_str()), unlinked(label)),
            None => unlinked(label),
        },
    }
}

/// One line of plain words in which nothing is taken for an address.
fn plain(words: &str) -> String {
    let words = clipped(&one_line(words), SPAN_MAX);
    let broken = words.replace("://", &format!(":{ZERO_WIDTH_SPACE}//"));
    ["www.", "WWW.", "Www."]
        .iter()
        .fold(broken, |words, www| words.replace(www, &format!("{}{ZERO_WIDTH_SPACE}.", &www[..3])))
}

/// Words as HTML, in which nothing is taken for an address: a dot or colon inside a word stands in an element of its own,
/// which is neither seen nor copied.
fn unlinked(words: &str) -> String {
    let words: Vec<char> = clipped(&one_line(words), SPAN_MAX).chars().collect();
    let mut out = String::with_capacity(words.len());
    for (at, c) in words.iter().enumerate() {
        let inside = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '/');
        match c {
            '.' | ':' | '@' if at > 0 && inside(words.get(at - 1)) && inside(words.get(at + 1)) => {
                out.push_str(&format!("<span>{c}</span>"));
            }
            c => out.push_str(&escaped(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Without line breaks and control characters, and without marks that turn the direction of what follows.
fn one_line(text: &str) -> String {
    let kept = text.chars().filter_map(|c| match c {
        '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    });
    kept.collect()
}

/// Letters and digits alone.
fn word(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => {
            let start: String = text.chars().take(most - 1).collect();
            format!("{}…", start.trim_end())
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
