//! One line of a case, word by word.

/// The words of one line.
pub(super) struct Words<'a> {
    line: &'a str,
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Words<'a> {
        Words { line, words: line.split_whitespace().collect(), at: 0 }
    }

    pub(super) fn next(&mut self) -> &'a str {
        self.at += 1;
        self.words.get(self.at - 1).copied().unwrap_or_else(|| panic!("line ends too early: {}", self.line))
    }

    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    pub(super) fn peek_second(&self) -> Option<&'a str> {
        self.words.get(self.at + 1).copied()
    }

    pub(super) fn after(&mut self, word: &str) -> &'a str {
        assert!(self.optional(word), "expected {word} in: {}", self.line);
        self.next()
    }

    pub(super) fn optional(&mut self, word: &str) -> bool {
        let there = self.peek() == Some(word);
        self.at += usize::from(there);
        there
    }

    pub(super) fn list(&mut self) -> Vec<String> {
        self.next().split(',').map(str::to_owned).collect()
    }

    pub(super) fn rest(&mut self) -> String {
        let rest = self.words[self.at..].join(" ");
        self.at = self.words.len();
        rest
    }

    pub(super) fn end(&self) {
        assert!(self.peek().is_none(), "what is {:?} in: {}", self.peek(), self.line);
    }
}
