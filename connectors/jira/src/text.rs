//! Our small tree of words, made ready for both of Jira's dialects: documents (`adf`) and wiki text (`wiki`).
//!
//! Text in the tree is data. Whatever it holds, it formats nothing, mentions nobody and links nowhere; the one thing that
//! may notify is [`Span::Mention`].

pub(crate) mod adf;
pub(crate) mod wiki;

use connector_kit::{Block, Span, Text};
use url::Url;

/// Longest body written, in characters as it is sent. Jira refuses more than 32,767; nobody reads more than this.
pub(crate) const LONGEST_BODY: usize = 7_900;

/// The share of it that the last block has for itself where not everything fits.
const LAST_BLOCK: usize = LONGEST_BODY / 4;

/// The blocks that fit, by what each becomes `long`. The last one stays; what is left out before it shows as `…`.
fn fitted(text: &Text, long: impl Fn(&Block) -> usize) -> Vec<Block> {
    let blocks: Vec<Block> = text.blocks.iter().filter(|block| has_words(block)).map(joined).collect();
    let Some((last, first)) = blocks.split_last() else {
        let summary = Block::Line(vec![Span::Plain(text.summary.clone())]);
        let summary = if has_words(&summary) { summary } else { Block::Line(vec![Span::Plain("…".to_owned())]) };
        return vec![cut_to(&summary, LONGEST_BODY, &long)];
    };
    if blocks.iter().map(&long).sum::<usize>() <= LONGEST_BODY {
        return blocks;
    }
    let last = cut_to(last, if first.is_empty() { LONGEST_BODY } else { LAST_BLOCK }, &long);
    let mut left = LONGEST_BODY.saturating_sub(long(&last));
    let mut kept = Vec::new();
    for block in first {
        let length = long(block);
        if length > left {
            kept.push(cut_to(block, left, &long));
            break;
        }
        left -= length;
        kept.push(block.clone());
    }
    kept.push(last);
    kept
}

/// The block, or as much of its beginning as is `most` long, and `…`.
fn cut_to(block: &Block, most: usize, long: &impl Fn(&Block) -> usize) -> Block {
    if long(block) <= most {
        return block.clone();
    }
    let (mut fits, mut too_many) = (0, spans(block).iter().map(|span| words(span).chars().count()).sum::<usize>() + 1);
    while too_many - fits > 1 {
        let middle = fits.midpoint(too_many);
        if long(&cut(block, middle)) <= most {
            fits = middle;
        } else {
            too_many = middle;
        }
    }
    cut(block, fits)
}

/// The first `room` characters of it, and `…`. A link or a mention is there as a whole, or not at all.
fn cut(block: &Block, room: usize) -> Block {
    let (mut kept, mut left) = (Vec::new(), room);
    for span in spans(block) {
        let length = words(span).chars().count();
        if length <= left {
            left -= length;
            kept.push(span.clone());
            continue;
        }
        let first = || words(span).chars().take(left).collect();
        match span {
            Span::Plain(_) => kept.push(Span::Plain(first())),
            Span::Strong(_) => kept.push(Span::Strong(first())),
            Span::Code(_) => kept.push(Span::Code(first())),
            Span::Link { .. } | Span::Mention(_) => {}
        }
        break;
    }
    kept.push(Span::Plain("…".to_owned()));
    match block {
        Block::Line(_) => Block::Line(kept),
        Block::Note(_) => Block::Note(kept),
        Block::Controls(_) => block.clone(),
    }
}

fn spans(block: &Block) -> &[Span] {
    block.spans()
}

fn words(span: &Span) -> &str {
    match span {
        Span::Plain(words) | Span::Strong(words) | Span::Code(words) | Span::Mention(words) => words,
        Span::Link { label, .. } => label,
    }
}

/// Jira refuses a paragraph of nothing, and nobody misses it.
fn has_words(block: &Block) -> bool {
    let says = |span: &Span| matches!(span, Span::Link { .. }) || !clean(words(span)).trim().is_empty();
    spans(block).iter().any(says)
}

/// The block with neighbouring plain words as one.
fn joined(block: &Block) -> Block {
    match block {
        Block::Line(spans) => Block::Line(Span::joined(spans)),
        Block::Note(spans) => Block::Note(Span::joined(spans)),
        Block::Controls(_) => block.clone(),
    }
}

/// What a link shows; one without words says so.
fn label_of(label: &str) -> String {
    let label = clean(label);
    if label.trim().is_empty() { "link".to_owned() } else { label.trim().to_owned() }
}

/// An address that a link may lead to. `None`: not http or https.
fn destination(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Text as one line without control, direction and invisible characters.
pub(crate) fn clean(text: &str) -> String {
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
        // No characters at all; XML knows none of them.
        '\u{FDD0}'..='\u{FDEF}' => None,
        _ if u32::from(c) & 0xFFFE == 0xFFFE => None,
        _ => Some(c),
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Pieces of text for the tests of both dialects.

    use connector_kit::{Block, Span, Text};
    use proptest::prelude::*;

    pub(crate) fn plain(words: &str) -> Span {
        Span::Plain(words.to_owned())
    }

    pub(crate) fn strong(words: &str) -> Span {
        Span::Strong(words.to_owned())
    }

    pub(crate) fn code(words: &str) -> Span {
        Span::Code(words.to_owned())
    }

    pub(crate) fn mention(id: &str) -> Span {
        Span::Mention(id.to_owned())
    }

    pub(crate) fn link(label: &str, url: &str) -> Span {
        Span::Link { label: label.to_owned(), url: url.to_owned() }
    }

    pub(crate) fn line(spans: &[Span]) -> Text {
        text(vec![Block::Line(spans.to_vec())])
    }

    pub(crate) fn text(blocks: Vec<Block>) -> Text {
        Text { summary: String::new(), blocks }
    }

    /// Words made of everything that means something in a dialect, and of anything at all.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        let meaning = r"[\\{}\[\]|*_~^+!?#@&:;()<>h1bqwx. \-/ABC\n\u{FFFC}\u{200B}\u{202E}]{0,24}";
        let known = proptest::sample::select(vec![
            "{code}",
            "[~ana]",
            "h1. x",
            "bq. x",
            "----",
            "{{x}}",
            "!a.png!",
            "ABC-12",
            "https://x.example/a",
            "(y)",
            ":)",
            "||a||",
            "&#91;",
            "&lt;",
            "\\\\",
            "[a|https://x.example]",
            "mailto:1@x",
            "-x-",
            "{color:red}",
        ]);
        prop_oneof![meaning.prop_map(|text| text), known.prop_map(str::to_owned), ".{0,12}".prop_map(|text| text)]
    }

    pub(crate) fn any_span() -> impl Strategy<Value = Span> {
        prop_oneof![
            hostile().prop_map(Span::Plain),
            hostile().prop_map(Span::Strong),
            hostile().prop_map(Span::Code),
            hostile().prop_map(Span::Mention),
            (hostile(), hostile())
                .prop_map(|(label, rest)| Span::Link { label, url: format!("https://x.example/{rest}") }),
        ]
    }

    pub(crate) fn any_text() -> impl Strategy<Value = Text> {
        let block = (any::<bool>(), proptest::collection::vec(any_span(), 0..5));
        let block = block.prop_map(|(note, spans)| if note { Block::Note(spans) } else { Block::Line(spans) });
        (hostile(), proptest::collection::vec(block, 0..4)).prop_map(|(summary, blocks)| Text { summary, blocks })
    }

    /// The longest texts: every kind of block and span, far beyond what fits.
    pub(crate) fn too_long() -> Vec<Text> {
        let long = "& \"{a} ".repeat(10_000);
        let far = format!("https://x.example/{}", "a".repeat(70_000));
        let end = Block::Note(vec![plain("This comment is kept up to date.")]);
        let body = |block: Block| text(vec![block, end.clone()]);
        vec![
            body(Block::Line(vec![plain(&long)])),
            body(Block::Note(vec![strong(&long), code("x")])),
            body(Block::Line(vec![plain("see "), link("x", &far)])),
            text(
                std::iter::repeat_n(Block::Line(vec![code(&long[..300]), plain(" x")]), 300)
                    .chain([end.clone()])
                    .collect(),
            ),
            text(vec![Block::Line(vec![plain("short")]), Block::Line(vec![plain(&long)])]),
            Text { summary: long.clone(), blocks: Vec::new() },
        ]
    }
}
