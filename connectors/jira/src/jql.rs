//! Words of JQL: quoting, and the operator's own query as a part of another. Pure.

use std::fmt::Write;

/// A project's key or any other value, quoted: keys may be reserved words (`AND`, `TO`).
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// `project in ("A","B")`; one project as `project = "A"`.
pub(crate) fn projects<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = keys.into_iter().map(quoted).collect();
    match &all[..] {
        [one] => format!("project = {one}"),
        _ => format!("project in ({})", all.join(",")),
    }
}

/// `id in (10001,10002)`
pub(crate) fn ids(ids: impl IntoIterator<Item = u64>) -> String {
    let mut out = "id in (".to_owned();
    for (at, id) in ids.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{id}");
    }
    out.push(')');
    out
}

/// The operator's query as a condition beside another: `(base) AND (select)`.
pub(crate) fn narrowed(base: &str, select: Option<&str>) -> String {
    match select.map(condition).filter(|select| !select.is_empty()) {
        Some(select) => format!("({base}) AND ({select})"),
        None => base.to_owned(),
    }
}

/// Whether this word stands in a query, outside quotes, as a word of its own.
pub(crate) fn has_word(query: &str, word: &str) -> bool {
    let mut quote: Option<char> = None;
    let bare: String = query
        .chars()
        .map(|c| match quote {
            Some(mark) => {
                quote = quote.filter(|_| c != mark);
                ' '
            }
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                ' '
            }
            None => c,
        })
        .collect();
    let mut words = bare.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
    words.any(|one| one.eq_ignore_ascii_case(word))
}

/// A query without its `ORDER BY`. What stands in quotes is no keyword.
pub(crate) fn condition(query: &str) -> &str {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    let mut word_at: Option<usize> = None;
    let mut order_at: Option<usize> = None;
    let ends = query.char_indices().chain(std::iter::once((query.len(), ' ')));
    for (at, c) in ends {
        if let Some(mark) = quote {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == mark => quote = None,
                _ => {}
            }
            continue;
        }
        if c.is_alphanumeric() || matches!(c, '_' | '.' | '-') {
            word_at = word_at.or(Some(at));
            continue;
        }
        if let Some(start) = word_at.take() {
            let word = &query[start..at];
            match order_at {
                Some(cut) if word.eq_ignore_ascii_case("by") => return query[..cut].trim(),
                _ => order_at = word.eq_ignore_ascii_case("order").then_some(start),
            }
        }
        if !c.is_whitespace() {
            order_at = None;
        }
        if matches!(c, '"' | '\'') {
            quote = Some(c);
        }
    }
    query.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_quoted_whatever_it_is() {
        assert_eq!(projects(["AND"]), r#"project = "AND""#);
        assert_eq!(projects(["A", "B\"x\\"]), r#"project in ("A","B\"x\\")"#);
        assert_eq!(ids([10_001, 10_002]), "id in (10001,10002)");
    }

    #[test]
    fn an_order_is_cut_off_and_nothing_else() {
        let check = |query: &str, expected: &str| assert_eq!(condition(query), expected, "{query}");
        check("labels = x ORDER BY created DESC", "labels = x");
        check("labels = x order   by\n rank", "labels = x");
        check("ORDER BY rank", "");
        check(r#"summary ~ "order by" AND labels = x"#, r#"summary ~ "order by" AND labels = x"#);
        check(r#"summary ~ "a \" order by b""#, r#"summary ~ "a \" order by b""#);
        check("summary ~ 'it order by' order by x", "summary ~ 'it order by'");
        check("order = by", "order = by");
        check("\"Order\" = 1 and by = 2", "\"Order\" = 1 and by = 2");
        check("preorder by x", "preorder by x");
        check("(labels = x)ORDER BY key", "(labels = x)");
        check("labels = \"unterminated order by x", "labels = \"unterminated order by x");
        assert_eq!(
            narrowed("project = \"A\"", Some("a = 1 OR b = 2 ORDER BY c")),
            "(project = \"A\") AND (a = 1 OR b = 2)"
        );
        assert_eq!(narrowed("x", Some(" ORDER BY c")), "x");
    }
}
