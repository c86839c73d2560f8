//! How a mistake looks: id, file, line and column, the line itself, what was expected, what may have been meant.
//!
//! A [`Diagnostic`] carries everything it shows; the texts of files it shows have every credential masked before. What an
//! id means in general stands in [`page`].

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub use super::pages::{ids, page};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is taken.
    Warning,
}

/// One mistake, or one thing to know.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// What `gapwatch help error` explains: `bad-duration`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Places in files, the one to change first; empty where no file is to blame.
    marks: Vec<Mark>,
    /// The key it is about: `rules.stalled.idle_3d`. `None`: none, or the title names a variable instead.
    pub key: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// A place, and what is said beside it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub file: Arc<SourceFile>,
    pub span: Range<usize>,
    label: String,
}

impl Mark {
    pub(super) fn new(file: &Arc<SourceFile>, span: Range<usize>, label: impl Into<String>) -> Mark {
        Mark { file: file.clone(), span, label: label.into() }
    }
}

/// A position in a file, both counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<'a> {
    /// As it was named when it was read.
    pub file: &'a str,
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

impl Diagnostic {
    /// A mistake, or whatever else keeps a command from its end.
    pub fn error(id: &'static str, title: String) -> Diagnostic {
        Diagnostic { id, severity: Severity::Error, title, marks: Vec::new(), key: None, help: None }
    }

    /// Something to know.
    pub fn warning(id: &'static str, title: String) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(id, title) }
    }

    /// With another first line.
    pub fn titled(self, title: String) -> Diagnostic {
        Diagnostic { title, ..self }
    }

    pub(super) fn mark(mut self, mark: Mark) -> Diagnostic {
        self.marks.push(mark);
        self
    }

    /// With the key it is about.
    pub fn key(mut self, key: &str) -> Diagnostic {
        self.key = Some(key.to_owned());
        self
    }

    /// With what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Where the first thing to change stands. `None`: in no file.
    pub fn position(&self) -> Option<Position<'_>> {
        self.marks.first().map(|mark| mark.file.position(mark.span.start))
    }

    /// The mistake as people read it, several lines without a line break at the end.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.title).id(self.id));
        for (index, mark) in self.marks.iter().enumerate() {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(mark.span.clone()).label(&mark.label);
            group = group.element(Snippet::source(&mark.file.text).path(&mark.file.name).annotation(annotation));
        }
        if let Some(key) = &self.key {
            group = group.element(Level::NOTE.message(format!("key: {key}")));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// Everything that was found and one line that sums it up, each block followed by an empty line, the last line by a line
/// break. `files`: how many were read. `unchanged`: whether a configuration is running that stays as it is.
pub fn report(found: &[Diagnostic], files: usize, unchanged: bool, color: bool) -> String {
    let mut text = String::new();
    for diagnostic in found {
        let _ = write!(text, "{}\n\n", diagnostic.render(color)); // writing to a String cannot fail
    }
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let warned = found.len() - errors;
    let (errors, warnings) = (counted(errors, "error"), counted(warned, "warning"));
    let _ = write!(text, "gapwatch: {errors}, {warnings} in {}.", counted(files, "file"));
    text.push_str(if unchanged && found.len() > warned { " The running configuration is unchanged.\n" } else { "\n" });
    text
}

/// The name among `known` that was probably meant.
pub fn meant<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let close = |candidate: &&str| {
        strsim::osa_distance(name, candidate) <= (name.chars().count() / 3).max(1)
            || strsim::jaro_winkler(name, candidate) >= 0.77
    };
    let score = |candidate: &str| strsim::jaro_winkler(name, candidate);
    known.into_iter().filter(close).max_by(|a, b| score(a).total_cmp(&score(b)))
}

/// A file as it is shown: every credential in it is masked, byte by byte, so that places stay where they are.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl SourceFile {
    pub(super) fn empty() -> SourceFile {
        SourceFile { name: String::new(), text: String::new(), lines: vec![0] }
    }

    /// `secrets`: where values stand that nobody may see, quotes included.
    pub(super) fn new(name: &str, text: &str, secrets: &[Range<usize>]) -> SourceFile {
        let mut text = mask_tokens(text);
        for span in secrets {
            mask(&mut text, span.clone());
        }
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1)).collect();
        SourceFile { name: name.to_owned(), text, lines }
    }

    /// A file that is not TOML, so that nobody knows where its values begin: from lines that sound like a credential only
    /// the key is shown.
    pub(super) fn unparsed(name: &str, text: &str) -> SourceFile {
        let mut start = 0;
        let mut secrets = Vec::new();
        for line in text.split_inclusive('\n') {
            if let Some(at) = line.find('=').filter(|at| super::paths::sounds_secret(&line[..*at])) {
                secrets.push(start + at + 1..start + line.len());
            }
            start += line.len();
        }
        SourceFile::new(name, text, &secrets)
    }

    pub(super) fn text(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// From 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at).max(1)
    }

    fn position(&self, at: usize) -> Position<'_> {
        let line = self.line_of(at);
        let before = self.text.get(self.lines[line - 1]..at).unwrap_or_default();
        Position { file: &self.name, line, column: before.chars().count() + 1 }
    }
}

fn mask(text: &mut String, span: Range<usize>) {
    let Some(secret) = text.get(span.clone()) else { return };
    let keep = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let masked: String = secret.bytes().map(|byte| if keep(byte) { byte as char } else { '*' }).collect();
    text.replace_range(span, &masked);
}

/// How the tokens of the tools begin. Whatever key they stand under, and in comments, they are not shown.
const TOKEN_STARTS: [&str; 13] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "xoxe",
    "xoxa-",
    "xapp-",
    "ATATT3",
    "whsec_",
];

/// A newer token of Trello begins with this, as words do as well; this long it is none.
const TRELLO: (&str, usize) = ("ATTA", 40);

/// How the address of an incoming webhook begins; what follows is a credential.
const WEBHOOK_START: &str = "hooks.slack.com/services/";

/// The text with everything masked that looks like a token.
pub(super) fn mask_tokens(text: &str) -> String {
    let mut masked = text.to_owned();
    let starts = TOKEN_STARTS.map(|start| (start, start.len()));
    for (start, least) in starts.into_iter().chain([TRELLO]) {
        for (at, _) in text.match_indices(start) {
            let rest = &text[at..];
            let more = if start == "whsec_" { "_=+/" } else { "-_.=" };
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !more.contains(c)).unwrap_or(rest.len());
            // The bare beginning is how people speak of such tokens, not one of them.
            if end > least {
                mask(&mut masked, at..at + end);
            }
        }
    }
    for (at, start) in text.match_indices(WEBHOOK_START) {
        let rest = &text[at + start.len()..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '/').unwrap_or(rest.len());
        mask(&mut masked, at + start.len()..at + start.len() + end);
    }
    masked
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_is_masked_wherever_it_stands_and_places_stay() {
        let text = "a = \"ghp_abcDEF123\" # xoxb-1-2\nb = 'é'\n";
        let masked = mask_tokens(text);
        assert_eq!(masked, "a = \"*************\" # ********\nb = 'é'\n");
        assert_eq!(masked.len(), text.len());
        assert_eq!(mask_tokens("whsec_aB+/9= x"), "************ x");
        assert_eq!(mask_tokens("begins with xoxb-, not xapp-…"), "begins with xoxb-, not xapp-…");
        let trello = format!("ATTA{}", "0a".repeat(36));
        assert_eq!(mask_tokens(&format!("{trello} ATTACHMENTS")), format!("{} ATTACHMENTS", "*".repeat(76)));
        let hook = "u = 'https://hooks.slack.com/services/T1/B2/x3' # y";
        assert_eq!(mask_tokens(hook), "u = 'https://hooks.slack.com/services/********' # y");
    }

    #[test]
    fn a_file_that_is_not_toml_shows_no_line_that_sounds_secret() {
        let file = SourceFile::unparsed("x", "bot_tokn = \"hüsh\nname = \"ana\"\n");
        assert_eq!(file.text, "bot_tokn = \"*****\nname = \"ana\"\n");
    }

    #[test]
    fn a_near_miss_is_recognised_and_a_far_one_is_not() {
        assert_eq!(meant("ovr", ["enabled", "over", "mode"]), Some("over"));
        assert_eq!(meant("pol", ["poll", "proxy"]), Some("poll"));
        assert_eq!(meant("tokens", ["token", "repos"]), Some("token"));
        assert_eq!(meant("colour", ["token", "repos", "url"]), None);
    }

    #[test]
    fn columns_count_characters() {
        let file = SourceFile::new("x", "a = 1\nä = b\n", &[]);
        assert_eq!(file.position("a = 1\nä = ".len()), Position { file: "x", line: 2, column: 5 });
        assert_eq!(file.position(999).line, 3);
    }
}
