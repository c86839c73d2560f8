//! Our message tree as Slack shows it: `rich_text` blocks, and the same words once more as fallback text. Pure.
//!
//! `rich_text` alone for all words, for two reasons: its text elements are not parsed at all, so what a task is called can neither
//! format nor mention; and Slack refuses an edit that puts another kind of block in its place, so one kind is kept for
//! every message. Small print has no form of its own there and is set in italics.
//!
//! Nothing made here is refused for its size: everything is cut to Slack's limits beforehand, and before escaping, so that
//! no cut goes through an escape.

use connector_kit::{Block, Control, Span, Text};
use url::Url;

use crate::controls;
use crate::wire::{Content, Element, RichText, Shown, Style};

/// Characters of `text`, after escaping. An edit is refused from 4,000 on.
const TEXT_MAX: usize = 3_900;
/// Characters of `text` where the longer form was refused.
const SHORT_TEXT_MAX: usize = 2_000;
/// Characters of all blocks together. About 13,200 are refused; that number is observed, not documented.
const TOTAL_MAX: usize = 12_000;
/// Characters of one block, as for a text object (3,000).
const BLOCK_MAX: usize = 2_900;
/// Characters of one span; leaves room for a whole link in one block.
const SPAN_MAX: usize = 1_500;
/// Characters of an address; a longer one is shown by its label alone.
const URL_MAX: usize = 1_300;
/// Blocks of one message.
const BLOCKS_MAX: usize = 50;
/// Said where the rest did not fit.
const SHORTENED: &str = "… (shortened: Slack takes no longer message)";

/// Put behind a character that would otherwise begin formatting or a mention. Takes no room on the screen.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// The whole message: blocks, and all of it as text.
pub(crate) fn render(body: &Text) -> Content {
    let mut layout = Layout::default();
    for block in &body.blocks {
        let fits = match block {
            Block::Controls(all) => layout.controls(all),
            block => layout.line(block),
        };
        if !fits {
            layout.shorten();
            break;
        }
    }
    let mut blocks = layout.finish();
    if !blocks.iter().any(|block| matches!(block, Shown::Rich(_))) {
        let words = RichText::of(vec![text_element(&or_name(summary(body)), Style::default())]);
        blocks.insert(0, Shown::Rich(words));
    }
    Content { text: fallback(body, TEXT_MAX), blocks }
}

/// The same without blocks, for a workspace that refused them.
pub(crate) fn plain(body: &Text) -> Content {
    Content { text: fallback(body, SHORT_TEXT_MAX), blocks: Vec::new() }
}

/// Whether this is a person's id (`U…`, `W…` in an Enterprise Grid).
pub(crate) fn is_user_id(text: &str) -> bool {
    text.starts_with(['U', 'W']) && is_id(text)
}

/// Whether this is a conversation's id; names of channels have no capitals.
pub(crate) fn is_conversation_id(text: &str) -> bool {
    text.starts_with(['C', 'D', 'G']) && is_id(text)
}

fn is_id(text: &str) -> bool {
    (2..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Fills blocks up to Slack's limits.
#[derive(Default)]
struct Layout {
    blocks: Vec<Shown>,
    open: Vec<Element>,
    open_size: usize,
    total: usize,
}

impl Layout {
    /// False: the message is full, and part of this line may be missing.
    fn line(&mut self, block: &Block) -> bool {
        let (spans, note) = (block.spans(), matches!(block, Block::Note(_)));
        let elements: Vec<Element> = spans.iter().filter_map(|span| element(span, note)).collect();
        let size = elements.iter().map(element_size).sum::<usize>();
        if self.open_size > 0 && self.open_size + 1 + size > BLOCK_MAX {
            self.close();
        }
        // A block begins on a line of its own; only within one the break is ours to make.
        if self.open_size > 0 && !self.push(text_element("\n", Style::default())) {
            return false;
        }
        elements.into_iter().all(|element| self.push(element))
    }

    /// Buttons below what was written. Without them the words still stand: where there is no room they are left out alone.
    fn controls(&mut self, all: &[Control]) -> bool {
        let Some((shown, size)) = controls::shown(all, self.blocks.len()) else { return true };
        // One block for what is open, one for these, one for whatever comes behind.
        if self.blocks.len() + 3 > BLOCKS_MAX || self.total + size + units(SHORTENED) > TOTAL_MAX {
            return true;
        }
        self.close();
        self.total += size;
        self.blocks.push(Shown::Actions(shown));
        true
    }

    fn push(&mut self, element: Element) -> bool {
        let size = element_size(&element);
        if self.total + size + units(SHORTENED) > TOTAL_MAX {
            return false;
        }
        if self.open_size + size > BLOCK_MAX {
            self.close();
        }
        self.put(element, size);
        true
    }

    /// There is always room for it: every other element left it free.
    fn shorten(&mut self) {
        self.put(text_element(SHORTENED, Style { italic: true, ..Style::default() }), units(SHORTENED));
    }

    fn put(&mut self, element: Element, size: usize) {
        self.open_size += size;
        self.total += size;
        self.open.push(element);
    }

    /// The last block takes all that is left, rather than one block too many.
    fn close(&mut self) {
        if self.blocks.len() + 1 < BLOCKS_MAX {
            self.blocks.extend(closed(std::mem::take(&mut self.open)));
            self.open_size = 0;
        }
    }

    fn finish(mut self) -> Vec<Shown> {
        self.blocks.extend(closed(self.open));
        self.blocks
    }
}

/// `None` where there is nothing to see: Slack refuses such a block.
fn closed(elements: Vec<Element>) -> Option<Shown> {
    let blank = |element: &Element| matches!(element, Element::Text { text, .. } if text.trim().is_empty());
    (!elements.iter().all(blank)).then(|| Shown::Rich(RichText::of(elements)))
}

fn element(span: &Span, note: bool) -> Option<Element> {
    let style = Style { italic: note, ..Style::default() };
    match span {
        Span::Plain(text) => shown(text, style),
        Span::Strong(text) => shown(text, Style { bold: true, ..style }),
        Span::Code(text) => shown(text, Style { code: true, ..style }),
        Span::Link { label, url } => match address(url) {
            Some(url) => {
                let label = cut(&defused(label), SPAN_MAX);
                let text = if label.trim().is_empty() { url.clone() } else { label };
                Some(Element::Link { url, text, style })
            }
            None => shown(label, style),
        },
        Span::Mention(id) if is_user_id(id) => Some(Element::User { user_id: id.clone() }),
        Span::Mention(name) => shown(name, style),
    }
}

/// `None` for nothing: Slack refuses an empty element.
fn shown(text: &str, style: Style) -> Option<Element> {
    let text = cut(&defused(text), SPAN_MAX);
    (!text.is_empty()).then(|| text_element(&text, style))
}

fn text_element(text: &str, style: Style) -> Element {
    Element::Text { text: text.to_owned(), style }
}

fn element_size(element: &Element) -> usize {
    match element {
        Element::Text { text, .. } => units(text),
        Element::Link { url, text, .. } => units(url) + units(text),
        Element::User { user_id } => units(user_id),
    }
}

/// The whole message as text: its summary, unless the first line says it already, then line by line.
fn fallback(body: &Text, max: usize) -> String {
    let mut fill = Fill { out: String::new(), left: max - 1 };
    let summary = summary(body);
    let said = body.blocks.first().is_some_and(|line| words(line).starts_with(&summary));
    let first = (!said).then(|| escaped(&summary));
    let lines = body.blocks.iter().filter(|block| !matches!(block, Block::Controls(_)));
    for (index, line) in first.into_iter().chain(lines.map(line_pieces)).enumerate() {
        let line_break = (index > 0).then(|| "\n".to_owned());
        if !line_break.into_iter().chain(line).all(|piece| fill.push(&piece)) {
            fill.out.push('…');
            break;
        }
    }
    or_name(fill.out)
}

fn summary(body: &Text) -> String {
    cut(&defused(&body.summary), SPAN_MAX)
}

/// Slack refuses a message of nothing; who it is from is better than no message.
fn or_name(text: String) -> String {
    if text.trim().is_empty() { "gapwatch".to_owned() } else { text }
}

/// A line's words alone.
fn words(block: &Block) -> String {
    let words = block.spans().iter().map(|span| match span {
        Span::Plain(text) | Span::Strong(text) | Span::Code(text) | Span::Mention(text) => defused(text),
        Span::Link { label, .. } => defused(label),
    });
    words.collect()
}

/// A line in pieces that may be cut between, not within.
fn line_pieces(block: &Block) -> Vec<String> {
    block.spans().iter().flat_map(span_pieces).collect()
}

fn span_pieces(span: &Span) -> Vec<String> {
    match span {
        Span::Plain(text) | Span::Strong(text) | Span::Code(text) => escaped(&cut(&defused(text), SPAN_MAX)),
        Span::Link { label, url } => match address(url) {
            Some(url) => vec![link_text(label, &url)],
            None => escaped(&cut(&defused(label), SPAN_MAX)),
        },
        Span::Mention(id) if is_user_id(id) => vec![format!("<@{id}>")],
        Span::Mention(name) => escaped(&cut(&defused(name), SPAN_MAX)),
    }
}

/// `<url|label>`. What would end either half is taken out of both.
fn link_text(label: &str, url: &str) -> String {
    let url = url.replace('&', "&amp;").replace('|', "%7C").replace('<', "%3C").replace('>', "%3E");
    let label = escaped(&cut(&defused(label).replace('|', "/"), SPAN_MAX)).concat();
    if label.trim().is_empty() { format!("<{url}>") } else { format!("<{url}|{label}>") }
}

/// Takes pieces while there is room for them whole.
struct Fill {
    out: String,
    left: usize,
}

impl Fill {
    fn push(&mut self, piece: &str) -> bool {
        let size = units(piece);
        let fits = size <= self.left;
        if fits {
            self.left -= size;
            self.out.push_str(piece);
        }
        fits
    }
}

/// The address in normal form. `None` unless it is http or https, without a user or password, and of a sane length.
pub(crate) fn address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let text = String::from(url);
    (plain && units(&text) <= URL_MAX).then_some(text)
}

/// Text as it is shown, without what is never shown on purpose: control characters, characters that turn the direction
/// of writing, invisible ones. What looks like one of Slack's own mentions is broken up, though nothing here should ever
/// parse it.
pub(crate) fn defused(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().filter_map(visible).peekable();
    while let Some(char) = rest.next() {
        out.push(char);
        if char == '<' && rest.peek().is_some_and(|next| matches!(next, '!' | '@' | '#')) {
            out.push(ZERO_WIDTH_SPACE);
        }
    }
    for word in ["here", "channel", "everyone"] {
        out = out.replace(&format!("@{word}"), &format!("@{ZERO_WIDTH_SPACE}{word}"));
    }
    out
}

fn visible(char: char) -> Option<char> {
    match char {
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => None,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => None,
        char if char.is_control() => None,
        char => Some(char),
    }
}

/// Text for a place that Slack parses, in pieces that may be cut between. `& < >` are escaped. The other characters have
/// no escape: where one stands as it must to begin formatting, a mention, a channel or an emoji (at the start of a word),
/// a zero-width space behind it keeps it from doing so; within words (`acme/web#12`, `foo_bar`) it does nothing anyway. The
/// same goes for an address, of which Slack would make a link that nobody meant.
fn escaped(text: &str) -> Vec<String> {
    let mut before: Option<char> = None;
    let mut pieces = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        let at_start = before.is_none_or(|before| !before.is_alphanumeric());
        let goes_on = rest.peek().is_none_or(|next| !next.is_whitespace() && *next != ZERO_WIDTH_SPACE);
        let address = char == ':' && rest.clone().take(2).eq("//".chars());
        pieces.push(match char {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            // At the start of a line it would begin a quotation.
            '>' if before.is_none() => format!("{ZERO_WIDTH_SPACE}&gt;"),
            '>' => "&gt;".to_owned(),
            ':' if address => format!("{char}{ZERO_WIDTH_SPACE}"),
            '*' | '_' | '~' | '`' | '@' | '#' | ':' if at_start && goes_on => format!("{char}{ZERO_WIDTH_SPACE}"),
            char => char.to_string(),
        });
        before = Some(char);
    }
    pieces
}

/// At most `max` characters, the last of them an ellipsis if something is missing.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let mut left = max - 1;
    let kept = text.chars().take_while(|char| {
        let fits = char.len_utf16() <= left;
        left = left.saturating_sub(char.len_utf16());
        fits
    });
    kept.chain(['…']).collect()
}

/// Length as Slack's limits most likely count it; never less than the number of characters.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests;
