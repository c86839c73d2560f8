//! The repository as text: its files, and what of a Rust file is code rather than words or tests.
//!
//! No parser of Rust: comments and literals are blanked out byte for byte, so that line numbers stay, and what is left is
//! searched for words and paths. A file that rustfmt accepts is always read the same way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file's text, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    let text = std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8_lossy(&text).into_owned()
}

/// Every file below a folder, as paths from the root, sorted; hidden folders other than `.ci` and what is built are left out.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            let hidden = name.starts_with('.') && name != ".ci" && name != ".config";
            if !hidden && name != "target" {
                walk(&path, found);
            }
        } else if name != ".git"
            && let Ok(path) = path.strip_prefix(root())
        {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// A Rust file without its tests.
pub(crate) struct Source {
    /// From the root: `src/domain/board.rs`.
    pub(crate) path: String,
    /// Its code: comments, literals and test items are blank; every line is where it was.
    pub(crate) code: String,
    /// Lines that are not tests, comments included.
    pub(crate) lines: usize,
}

impl Source {
    /// The line of a position in [`Source::code`], counted from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Where a word stands, as `path:line`.
    pub(crate) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.line(at))
    }
}

/// Every Rust file of these folders that is part of the product: files declared under `#[cfg(test)]` are left out.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let paths: Vec<String> =
        folders.iter().flat_map(|folder| files(folder)).filter(|path| path.ends_with(".rs")).collect();
    let mut tests: BTreeSet<PathBuf> = BTreeSet::new();
    let mut read_all = Vec::new();
    for path in paths {
        let text = read(&path);
        let blank = blank_words(&text);
        let (code, modules) = blank_tests(&blank);
        for module in modules {
            let folder = folder_of_children(&path);
            tests.insert(folder.join(format!("{module}.rs")));
            tests.insert(folder.join(module));
        }
        let lines = text.lines().count() - test_lines(&blank, &code);
        read_all.push(Source { path, code, lines });
    }
    read_all.retain(|source| !Path::new(&source.path).ancestors().any(|part| tests.contains(part)));
    read_all
}

/// Where the files of a file's own modules lie.
pub(super) fn folder_of_children(path: &str) -> PathBuf {
    let path = Path::new(path);
    let folder = path.parent().unwrap_or(Path::new(""));
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") | None => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

/// Lines that hold code in `before` and none in `after`.
fn test_lines(before: &str, after: &str) -> usize {
    let first = before.lines().zip(after.lines()).position(|(before, after)| before != after);
    let Some(first) = first else { return 0 };
    let last = before.lines().zip(after.lines()).enumerate().filter(|(_, (before, after))| before != after);
    let last = last.map(|(at, _)| at).last().unwrap_or(first);
    let kept = after.lines().skip(first).take(last + 1 - first).filter(|line| !line.trim().is_empty()).count();
    last + 1 - first - kept
}

/// Blanks comments, strings and characters, keeping every line break.
pub(super) fn blank_words(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' | b'b' | b'c' if !is_word(bytes, at.wrapping_sub(1)) => raw_or_byte_end(bytes, at),
            b'\'' => char_end(bytes, at),
            _ => at,
        };
        for byte in &mut out[at..end.max(at)] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn is_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match &bytes[at..(at + 2).min(bytes.len())] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`; anything else that begins with these letters ends where it begins.
fn raw_or_byte_end(bytes: &[u8], at: usize) -> usize {
    let letters = bytes[at..].iter().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let raw = bytes[at..at + letters].contains(&b'r');
    let hashes = bytes[at + letters..].iter().take_while(|byte| **byte == b'#').count();
    let quote = at + letters + hashes;
    match bytes.get(quote) {
        Some(b'"') if raw => {
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let body = &bytes[quote + 1..];
            let end = body.windows(close.len()).position(|window| window == close);
            end.map_or(bytes.len(), |end| quote + 1 + end + close.len())
        }
        Some(b'"') if hashes == 0 => string_end(bytes, quote),
        Some(b'\'') if hashes == 0 && bytes[at] == b'b' => char_end(bytes, quote),
        _ => at,
    }
}

/// A character's end; a lifetime ends where it begins.
fn char_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at + 1..];
    if rest.first() == Some(&b'\\') {
        let close = rest.iter().skip(2).position(|byte| *byte == b'\'');
        return close.map_or(at, |close| at + close + 4);
    }
    let wide = rest.first().map_or(1, |byte| match byte {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    });
    if rest.get(wide) == Some(&b'\'') { at + wide + 2 } else { at }
}

/// Blanks every item under `#[cfg(test)]`; names the modules among them that are files of their own.
fn blank_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.as_bytes().to_vec();
    let mut modules = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find(MARK).map(|at| from + at) {
        let end = item_end(code, at + MARK.len());
        let words: Vec<&str> = code[at + MARK.len()..end].split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "mod")
            && let Some(name) = words.get(at + 1).and_then(|name| name.strip_suffix(';'))
        {
            modules.push(name.to_owned());
        }
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        from = end;
    }
    (String::from_utf8_lossy(&out).into_owned(), modules)
}

/// The end of the item that begins at `at`: its semicolon, or the brace that closes its body.
fn item_end(code: &str, at: usize) -> usize {
    let mut depth = 0;
    for (offset, byte) in code.as_bytes()[at..].iter().enumerate() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + offset + 1;
                }
            }
            b';' if depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// Every place of a word: a match that goes on neither way as part of a longer name.
pub(super) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    let open = word.starts_with(|first: char| !first.is_alphanumeric());
    let ends = word.ends_with(|last: char| !last.is_alphanumeric());
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = open || !is_word(bytes, at.wrapping_sub(1));
        let after = ends || !is_word(bytes, at + word.len());
        before && after
    })
}

/// Every path that begins with one of these words, groups taken apart: `crate::a::{b, c::D}` is two. With its position.
pub(super) fn paths(code: &str, first: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for at in words(code, first) {
        let before = code[..at].trim_end();
        let rest = code[at + first.len()..].trim_start();
        // Not `x::first::…`, and not `first` alone.
        if before.ends_with("::") || !rest.starts_with("::") {
            continue;
        }
        let mut leaves = Vec::new();
        expand(&tokens(&code[at..]), &mut 0, &mut Vec::new(), &mut leaves);
        found.extend(leaves.into_iter().map(|leaf| (at, leaf)));
    }
    found
}

/// Names, `::`, braces and commas up to the first thing that belongs to no path.
fn tokens(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code;
    let mut depth = 0;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("::") => 2,
            '{' | '}' | ',' | '*' => 1,
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|other: char| !other.is_alphanumeric() && other != '_').unwrap_or(rest.len())
            }
            _ if first.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            _ => break,
        };
        depth += match first {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        // A path outside a group ends at its first comma, brace or second name in a row.
        let after_name = found.last().is_some_and(|last: &&str| last.chars().all(|c| c.is_alphanumeric() || c == '_'));
        let ends = depth < 0
            || (depth == 0 && matches!(first, ',' | '*') && found.last() != Some(&"::"))
            || (depth == 0 && after_name && length != 2 && first != '}')
            || (first == '{'
                && found.last() != Some(&"::")
                && found.last() != Some(&"{")
                && found.last() != Some(&","));
        if ends {
            break;
        }
        found.push(&rest[..length]);
        rest = &rest[length..];
        if depth == 0 && first == '}' {
            break;
        }
    }
    found
}

fn expand(tokens: &[&str], at: &mut usize, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    let depth = path.len();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match *token {
            "::" => {}
            "{" => {
                loop {
                    expand(tokens, at, path, leaves);
                    match tokens.get(*at) {
                        Some(&",") => *at += 1,
                        Some(&"}") => {
                            *at += 1;
                            break;
                        }
                        _ => break,
                    }
                }
                path.truncate(depth);
                return;
            }
            "}" | "," => {
                *at -= 1;
                break;
            }
            // `as another name`: the path is complete without it.
            "as" => *at += 1,
            "*" | "self" => {}
            name => path.push(name.to_owned()),
        }
    }
    let whole = matches!(tokens.get(at.wrapping_sub(1)), Some(&"self" | &"*"));
    if path.len() > depth || depth == 0 || whole {
        leaves.push(path.clone());
    }
    path.truncate(depth);
}

#[test]
fn comments_literals_and_tests_are_no_code() {
    let text = "let a = \"crate::x\"; // crate::y\nlet b = 'c'; fn f<'a>(x: &'a str) {}\nlet r = r#\"unsafe \"q\" \"#;\n\
                #[cfg(test)]\nmod tests {\n    use crate::z;\n}\n#[cfg(test)]\nmod cases;\nlet k = '\\'';\n";
    let (code, modules) = blank_tests(&blank_words(text));
    assert!(!code.contains("crate"), "{code}");
    assert!(!code.contains("unsafe"), "{code}");
    assert!(code.contains("fn f<'a>(x: &'a str) {}"), "{code}");
    assert!(code.contains("let k ="), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(modules, ["cases"]);
}

#[test]
fn groups_are_taken_apart() {
    let leaves =
        |code: &str| -> Vec<String> { paths(code, "crate").into_iter().map(|(_, path)| path.join("::")).collect() };
    assert_eq!(
        leaves("use crate::a::{self, b::C, d::{E, F as G}};\n"),
        ["crate::a", "crate::a::b::C", "crate::a::d::E", "crate::a::d::F"]
    );
    assert_eq!(leaves("crate::core::lane(&x, y)"), ["crate::core::lane"]);
    assert_eq!(leaves("if crate::a::B { c }"), ["crate::a::B"]);
    assert_eq!(leaves("x: crate::a::B, y: C"), ["crate::a::B"]);
    assert_eq!(leaves("impl crate::a::B for C {}"), ["crate::a::B"]);
    assert_eq!(leaves("pub(crate) fn f() {}"), [""; 0]);
    assert_eq!(leaves("use crate::a::*;"), ["crate::a"]);
}
