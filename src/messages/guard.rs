//! Words that cannot be found are no reason to keep silent: where wording panics, what is said is that there is something,
//! about what, and where to read it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use connector_kit::{Block, Span, Text};

use super::when::clean;

/// What was to be worded, by its name and its address. `None`: it leads nowhere.
pub(super) type Named = (String, Option<String>);

/// The words; where finding them panics, the bare ones about these.
pub(super) fn worded(find: impl FnOnce() -> Option<Text>, about: impl FnOnce() -> Vec<Named>) -> Option<Text> {
    // Nothing is left half-changed: words are found from what is only looked at.
    match catch_unwind(AssertUnwindSafe(find)) {
        Ok(text) => text,
        Err(_) => bare(about()),
    }
}

/// That there is something, without a number. `None`: there is nothing.
fn bare(about: Vec<Named>) -> Option<Text> {
    const WORDS: &str = "there is something to look at here, and gapwatch failed to find words for it";
    let keys: Vec<String> = about.iter().map(|(key, _)| clean(key)).collect();
    let lines = about.into_iter().zip(&keys).map(|((_, url), key)| {
        let name = match url {
            Some(url) => Span::Link { label: key.clone(), url },
            None => Span::Plain(key.clone()),
        };
        let hint = Span::Plain(format!(": {WORDS}. "));
        Block::Line(vec![
            name,
            hint,
            Span::Code(format!("gapwatch explain {key}")),
            Span::Plain(" tells it.".to_owned()),
        ])
    });
    let blocks: Vec<Block> = lines.collect();
    (!keys.is_empty()).then(|| Text { summary: format!("{}: {WORDS}", keys.join(", ")), blocks })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn about() -> Vec<Named> {
        vec![("acme/web#1".to_owned(), Some("https://x.example/1".to_owned())), ("a task".to_owned(), None)]
    }

    #[test]
    fn words_that_cannot_be_found_still_say_what_it_is_about() {
        let text = worded(|| panic!("a template that fails"), about).unwrap();
        assert!(text.summary.starts_with("acme/web#1, a task: there is something to look at"), "{}", text.summary);
        assert_eq!(text.blocks.len(), 2);
        let link = Span::Link { label: "acme/web#1".to_owned(), url: "https://x.example/1".to_owned() };
        assert!(matches!(&text.blocks[0], Block::Line(spans) if spans[0] == link), "{:?}", text.blocks[0]);
    }

    #[test]
    fn words_that_can_be_found_are_what_is_said() {
        let said = Text { summary: "said".to_owned(), blocks: Vec::new() };
        assert_eq!(worded(|| Some(said.clone()), about), Some(said));
        assert_eq!(worded(|| None, about), None);
        assert_eq!(worded(|| panic!("a template that fails"), Vec::new), None);
    }
}
