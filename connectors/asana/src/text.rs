//! Our small tree of words as Asana's rich text: XML with one body, of which one unknown tag makes Asana refuse the whole
//! comment. So few tags are used, and where even these are refused, plain words take their place.
//!
//! Text in the tree is data. Whatever it holds, it formats nothing, mentions nobody and links nowhere; the one thing that
//! may notify is [`Span::Mention`]. Asana makes mentions and links of bare addresses as well, so these are broken up.

use connector_kit::{Block, Span, Text};
use connector_model::Mark;
use url::Url;

use crate::call::is_gid;
use crate::mark;

/// Longest body written, in characters of its words; nobody reads more.
const LONGEST_BODY: usize = 6_000;

/// The most of one span.
const LONGEST_SPAN: usize = 2_000;

/// Whether the owner is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mentions {
    There,
    /// Asana refuses a mention of somebody who does not see the task.
    LeftOut,
}

/// The rich text, with the reference as its last line.
pub(crate) fn rich(text: &Text, mark: Option<&Mark>) -> String {
    rich_with(text, mark, Mentions::There)
}

/// The same with or without mentions.
pub(crate) fn rich_with(text: &Text, mark: Option<&Mark>, mentions: Mentions) -> String {
    let lines = fitted(text).into_iter().map(|block| rich_line(&block, mentions));
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.extend(mark.map(|mark| format!("<code>{}</code>", mark::line(mark))));
    format!("<body>{}</body>", lines.join("\n"))
}

/// Words alone, with the reference as their last line.
pub(crate) fn bare(text: &Text, mark: &Mark) -> String {
    let lines = fitted(text).into_iter().map(|block| bare_line(&block));
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.push(mark::line(mark));
    lines.join("\n")
}

/// The blocks that fit; the last one stays, and what is left out before it shows as `…`.
fn fitted(text: &Text) -> Vec<Block> {
    let blocks: Vec<Block> = text.blocks.iter().map(shortened).filter(|block| long(block) > 0).collect();
    let Some((last, first)) = blocks.split_last() else {
        let summary = clean(&text.summary);
        let words = if summary.trim().is_empty() { "…".to_owned() } else { cut(&summary) };
        return vec![Block::Line(vec![Span::Plain(words)])];
    };
    let mut left = LONGEST_BODY.saturating_sub(long(last));
    let mut kept = Vec::with_capacity(blocks.len());
    for block in first {
        let length = long(block);
        if length > left {
            kept.push(Block::Line(vec![Span::Plain("…".to_owned())]));
            break;
        }
        left -= length;
        kept.push(block.clone());
    }
    kept.push(last.clone());
    kept
}

/// With cleaned words, none of them too long, and as many spans as fit.
fn shortened(block: &Block) -> Block {
    let mut left = LONGEST_BODY / 2;
    let mut kept = Vec::new();
    for span in spans(block) {
        let span = match span {
            Span::Plain(words) => Span::Plain(cut(&clean(words))),
            Span::Strong(words) => Span::Strong(cut(&clean(words))),
            Span::Code(words) => Span::Code(cut(&clean(words))),
            Span::Mention(id) => Span::Mention(cut(&clean(id))),
            Span::Link { label, url } => Span::Link { label: cut(&clean(label)), url: url.clone() },
        };
        let length = words(&span).chars().count();
        if length > left {
            kept.push(Span::Plain("…".to_owned()));
            break;
        }
        left -= length;
        kept.push(span);
    }
    match block {
        Block::Line(_) => Block::Line(kept),
        Block::Note(_) => Block::Note(kept),
        Block::Controls(_) => block.clone(),
    }
}

fn cut(words: &str) -> String {
    if words.chars().count() <= LONGEST_SPAN {
        return words.to_owned();
    }
    words.chars().take(LONGEST_SPAN - 1).chain(['…']).collect()
}

fn long(block: &Block) -> usize {
    spans(block).iter().map(|span| words(span).chars().count()).sum()
}

fn spans(block: &Block) -> &[Span] {
    block.spans()
}

fn words(span: &Span) -> &str {
    match span {
        Span::Plain(words) | Span::Strong(words) | Span::Code(words) | Span::Mention(words) => words,
        Span::Link { label, url } if label.trim().is_empty() => url,
        Span::Link { label, .. } => label,
    }
}

fn rich_line(block: &Block, mentions: Mentions) -> String {
    let small = matches!(block, Block::Note(_));
    Span::joined(spans(block)).iter().map(|span| rich_span(span, small, mentions)).collect::<String>().trim().to_owned()
}

fn rich_span(span: &Span, small: bool, mentions: Mentions) -> String {
    let in_tag = |tag: &str, words: &str| match words.is_empty() {
        true => String::new(),
        false => format!("<{tag}>{}</{tag}>", escaped(&unlinked(words))),
    };
    match span {
        Span::Mention(id) if is_gid(id) => match mentions {
            Mentions::There => format!("<a data-asana-gid=\"{id}\"/>"),
            // An id tells people nothing.
            Mentions::LeftOut => String::new(),
        },
        Span::Plain(words) | Span::Mention(words) if small => in_tag("em", words),
        Span::Plain(words) | Span::Mention(words) => escaped(&unlinked(words)),
        Span::Strong(words) => in_tag("strong", words),
        Span::Code(words) => in_tag("code", words),
        Span::Link { label, url } => match destination(url) {
            Some(url) => format!("<a href=\"{}\">{}</a>", escaped(url.as_str()), escaped(&unlinked(&label_of(label)))),
            None => escaped(&unlinked(&label_of(label))),
        },
    }
}

fn bare_line(block: &Block) -> String {
    let bare = |span: &Span| match span {
        Span::Plain(words) | Span::Strong(words) | Span::Code(words) => unlinked(words),
        Span::Mention(id) if is_gid(id) => String::new(),
        Span::Mention(words) => unlinked(words),
        Span::Link { label, url } => match destination(url) {
            Some(url) => format!("{} ({url})", unlinked(&label_of(label))),
            None => unlinked(&label_of(label)),
        },
    };
    Span::joined(spans(block)).iter().map(bare).collect::<String>().trim().to_owned()
}

fn label_of(label: &str) -> String {
    if label.trim().is_empty() { "link".to_owned() } else { label.trim().to_owned() }
}

/// An address that a link may lead to. `None`: not http or https.
fn destination(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Text as XML has it.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            _ => text.push(c),
        }
    }
    text
}

/// Addresses broken up by a character without width: Asana makes a mention of a bare link to a person's page.
fn unlinked(words: &str) -> String {
    let apart = words.replace("://", ":\u{2060}//");
    let lower = apart.to_ascii_lowercase();
    match lower.contains("asana.com") {
        // Of the same length in bytes, so that places in one are places in the other.
        true => {
            let (mut out, mut from) = (String::with_capacity(apart.len() + 3), 0);
            for (at, found) in lower.match_indices("asana.com") {
                out.push_str(&apart[from..at]);
                out.push_str(&apart[at..at + 5]);
                out.push('\u{2060}');
                from = at + 5;
                debug_assert_eq!(found.len(), 9);
            }
            out.push_str(&apart[from..]);
            out
        }
        false => apart,
    }
}

/// Text as one line without control, direction and invisible characters, and without what XML knows no character for.
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
        '\u{FDD0}'..='\u{FDEF}' => None,
        _ if u32::from(c) & 0xFFFE == 0xFFFE => None,
        _ => Some(c),
    }
}

#[cfg(test)]
mod tests;
