//! Task lists in an issue's body: how many boxes there are, and how many of them are ticked.
//!
//! GitHub renders a list item that begins with `[ ]` or `[x]` as a box. Boxes inside fenced code and HTML comments are
//! examples or template hints and do not count. Nesting does not matter: a child counts as much as its parent.

use connector_model::{Progress, ProgressSource, Share};

/// Fewer boxes than this declare nothing.
const FEWEST: u32 = 3;

/// The progress a body declares. `None`: fewer than 3 boxes.
pub(crate) fn progress(body: &str) -> Option<Progress> {
    let (ticked, total) = count(body);
    (total >= FEWEST).then(|| Progress {
        share: Share::of(ticked, total),
        source: ProgressSource::Checklist,
        items: total,
    })
}

/// Ticked boxes, and all boxes.
fn count(body: &str) -> (u32, u32) {
    let (mut ticked, mut total) = (0, 0);
    if !may_have_boxes(body) {
        return (0, 0);
    }
    let mut reader = Reader { rest: body, fence: None, in_comment: false };
    while let Some(line) = reader.next_line() {
        if let Some(tick) = tick_of(line) {
            total += 1;
            ticked += u32::from(tick);
        }
    }
    (ticked, total)
}

/// Most bodies have no box; they are passed over in one scan.
fn may_have_boxes(body: &str) -> bool {
    body.as_bytes().windows(3).any(|w| w[0] == b'[' && w[2] == b']' && matches!(w[1], b' ' | b'x' | b'X'))
}

/// Whether the line is a box, and ticked.
fn tick_of(line: &str) -> Option<bool> {
    let item = after_marker(line.trim_start())?;
    let mut chars = item.strip_prefix('[')?.chars();
    let ticked = match chars.next()? {
        ' ' => false,
        'x' | 'X' => true,
        _ => return None,
    };
    let text = chars.as_str().strip_prefix(']')?;
    (text.starts_with(char::is_whitespace) && !text.trim().is_empty()).then_some(ticked)
}

/// What stands behind a list marker (`-`, `*`, `+`, `12.`, `12)`) and its space.
fn after_marker(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix(['-', '*', '+']) {
        Some(rest) => rest,
        None => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            line[digits..].strip_prefix(['.', ')'])?
        }
    };
    rest.starts_with([' ', '\t']).then(|| rest.trim_start())
}

/// Hands out the lines that are Markdown proper.
struct Reader<'a> {
    rest: &'a str,
    fence: Option<Fence>,
    in_comment: bool,
}

/// An open code fence: closed by a line of at least as many of the same character.
struct Fence {
    mark: char,
    length: usize,
}

impl<'a> Reader<'a> {
    /// The next line outside code and comments. Of a line with a comment, what stands before it.
    fn next_line(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() {
            let line = self.take_line();
            if self.in_comment {
                self.in_comment = !line.contains("-->");
            } else if let Some(fence) = &self.fence {
                if fence.is_closed_by(line) {
                    self.fence = None;
                }
            } else if let Some(fence) = Fence::opened_by(line) {
                self.fence = Some(fence);
            } else {
                return Some(self.before_comment(line));
            }
        }
        None
    }

    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// Cuts the line at a comment that outlasts it. One that is closed on the line, stands in backticks, or is never
    /// closed in its paragraph, hides no further line.
    fn before_comment(&mut self, line: &'a str) -> &'a str {
        let mut from = 0;
        while let Some(start) = line[from..].find("<!--").map(|at| at + from) {
            if let Some(end) = line[start + 4..].find("-->") {
                from = start + 4 + end + 3;
                continue;
            }
            let before = &line[..start];
            let in_code = before.bytes().filter(|b| *b == b'`').count() % 2 == 1;
            if !in_code && (before.trim().is_empty() || self.paragraph().contains("-->")) {
                self.in_comment = true;
                return before;
            }
            break;
        }
        line
    }

    /// What is left up to the next blank line.
    fn paragraph(&self) -> &'a str {
        let mut end = 0;
        for line in self.rest.split_inclusive('\n') {
            if line.trim().is_empty() {
                break;
            }
            end += line.len();
        }
        &self.rest[..end]
    }
}

impl Fence {
    fn opened_by(line: &str) -> Option<Fence> {
        let line = line.trim_start();
        let line = after_marker(line).unwrap_or(line);
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = line.chars().take_while(|c| *c == mark).count();
        // Three backticks with more of them behind are a code span within one line.
        let is_span = mark == '`' && line[length..].contains('`');
        (length >= 3 && !is_span).then_some(Fence { mark, length })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.chars().all(|c| c == self.mark) && line.chars().count() >= self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, ticked: u32, total: u32) {
        assert_eq!(count(body), (ticked, total), "{body:?}");
    }

    #[test]
    fn every_list_marker_makes_a_box() {
        check("- [ ] a\n* [x] b\n+ [X] c\n1. [x] d\n23) [ ] e", 3, 5);
        check("- [x] a\r\n- [ ] b\r\n", 1, 2);
    }

    #[test]
    fn nested_boxes_count_like_any_other() {
        check("- [ ] a\n  - [x] b\n      1. [x] c\n\t- [ ] d", 2, 4);
    }

    #[test]
    fn what_only_looks_like_a_box_does_not_count() {
        check("[ ] a\n- [] b\n- [y] c\n-[ ] d\n- [ ]e\n- [ ]\n- text [x] f\n1234567890. [x] g", 0, 0);
    }

    #[test]
    fn fenced_code_holds_no_box() {
        check("```\n- [x] a\n```\n- [ ] b", 0, 1);
        check("~~~~ md\n- [x] a\n~~~\n- [x] b\n~~~~\n- [ ] c", 0, 1);
        check("- item\n  ```\n  - [x] a\n  ```\n- [x] b", 1, 1);
        check("```never closed\n- [x] a\n- [x] b", 0, 0);
        check("```span``` and text\n- [x] a", 1, 1);
    }

    #[test]
    fn html_comments_hold_no_box() {
        check("<!-- hint\n- [x] a\n\n- [x] b -->\n- [ ] c", 0, 1);
        check("<!-- one line -->\n- [x] a <!-- why -->\n- [x] b", 2, 2);
        check("- [x] a <!-- goes on\n- [x] hidden\n-->\n- [ ] b", 1, 2);
    }

    #[test]
    fn a_comment_that_never_ends_inside_a_line_hides_nothing() {
        check("- [x] the mark <!-- is text\n\n- [x] b\n-->", 2, 2);
        check("- [ ] write `<!--` first\n- [x] b\n- [x] c -->", 2, 3);
    }

    #[test]
    fn fewer_than_three_boxes_declare_nothing() {
        assert_eq!(progress("- [x] a\n- [ ] b"), None);
        let declared = progress("- [x] a\n- [ ] b\n- [ ] c\n- [ ] d");
        assert_eq!(declared, Some(Progress { share: Share::of(1, 4), source: ProgressSource::Checklist, items: 4 }));
    }
}
