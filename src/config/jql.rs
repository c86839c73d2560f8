//! As much of JQL as is needed to tell what a selection hides, and where its order begins. Jira itself says whether the rest
//! is right.

use std::ops::Range;

/// A selection, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// What is selected. `None`: everything.
    condition: Option<Expr>,
    /// Where an order of its own begins. `None`: it has none.
    pub order_at: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Clause(Clause),
}

/// `field op values`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    /// In small letters.
    field: String,
    op: Op,
    /// In small letters.
    values: Vec<String>,
    /// Where it stands.
    place: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    /// One of these.
    Is,
    /// None of these.
    IsNot,
    /// A comparison, a text search, history.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    what: What,
    place: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// In small letters; in quotes it is never a keyword.
    Word {
        text: String,
        quoted: bool,
    },
    Sign(&'static str),
    Open,
    Close,
    Comma,
}

impl Token {
    fn is(&self, keyword: &str) -> bool {
        matches!(&self.what, What::Word { text, quoted: false } if text == keyword)
    }
}

/// Signs, longer ones first.
const SIGNS: [&str; 13] = ["!=", "!~", ">=", "<=", "&&", "||", "=", "~", ">", "<", "!", "&", "|"];

impl Query {
    /// Takes a text apart. `Err`: why Jira would refuse it for certain.
    pub(super) fn parse(text: &str) -> Result<Query, &'static str> {
        let tokens = tokens(text)?;
        balanced(&tokens)?;
        let order = (0..tokens.len())
            .find(|at| tokens[*at].is("order") && tokens.get(at + 1).is_some_and(|next| next.is("by")));
        let condition = &tokens[..order.unwrap_or(tokens.len())];
        let mut parser = Parser { tokens: condition, at: 0 };
        let condition = if condition.is_empty() { None } else { Some(parser.any_of()) };
        Ok(Query { condition, order_at: order.map(|at| tokens[at].place.start) })
    }

    /// The part that leaves out what is finished, by where it stands. `finished`: whether a status, in small letters, says
    /// that work is over.
    pub(super) fn hides_finished(&self, finished: &dyn Fn(&str) -> bool) -> Option<Range<usize>> {
        self.condition.as_ref().and_then(|condition| condition.hides(false, finished))
    }
}

impl Expr {
    /// `not`: what is asked is the opposite of this.
    fn hides(&self, not: bool, finished: &dyn Fn(&str) -> bool) -> Option<Range<usize>> {
        let (all, each) = match self {
            Expr::Not(inner) => return inner.hides(!not, finished),
            Expr::Clause(clause) => return clause.hides(not, finished).then(|| clause.place.clone()),
            // One condition of several hides alone; of several ways in, each one has to.
            Expr::And(all) => (all, not),
            Expr::Or(all) => (all, !not),
        };
        let mut hidden = all.iter().map(|one| one.hides(not, finished));
        if each { hidden.collect::<Option<Vec<_>>>()?.into_iter().next() } else { hidden.find_map(|place| place) }
    }
}

/// Categories of work that is not over, by name, key and id.
const OPEN: [&str; 10] =
    ["to do", "todo", "new", "2", "in progress", "indeterminate", "4", "undefined", "no category", "1"];
/// Categories of work that is over.
const OVER: [&str; 4] = ["done", "complete", "completed", "3"];
/// What stands for nothing there.
const NOTHING: [&str; 3] = ["unresolved", "empty", "null"];

impl Clause {
    fn hides(&self, not: bool, finished: &dyn Fn(&str) -> bool) -> bool {
        let selected = match self.op {
            Op::Other => return false,
            Op::Is => !not,
            Op::IsNot => not,
        };
        let every = |is: &dyn Fn(&str) -> bool| !self.values.is_empty() && self.values.iter().all(|value| is(value));
        let some = |is: &dyn Fn(&str) -> bool| self.values.iter().any(|value| is(value));
        match (self.field.as_str(), selected) {
            ("statuscategory", true) => every(&|value| OPEN.contains(&value)),
            ("statuscategory", false) => some(&|value| OVER.contains(&value)),
            ("resolution", true) => every(&|value| NOTHING.contains(&value)),
            ("resolution", false) => some(&|value| ["done", "fixed"].contains(&value)),
            ("resolved" | "resolutiondate", true) => every(&|value| NOTHING.contains(&value)),
            // What a status known by its number means is not to be seen here.
            ("status", true) => every(&|value| !finished(value) && value.parse::<u64>().is_err()),
            ("status", false) => some(finished),
            _ => false,
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let end = at + c.len_utf8();
        let (what, end) = match c {
            _ if c.is_whitespace() => {
                at = end;
                continue;
            }
            '(' => (What::Open, end),
            ')' => (What::Close, end),
            ',' => (What::Comma, end),
            '"' | '\'' => quoted(text, at, c)?,
            _ => match SIGNS.iter().find(|sign| text[at..].starts_with(**sign)) {
                Some(sign) => (What::Sign(sign), at + sign.len()),
                None => {
                    let ends = |c: char| c.is_whitespace() || "(),\"'=!<>~&|".contains(c);
                    let end = text[at..].find(ends).map_or(text.len(), |length| at + length);
                    (What::Word { text: text[at..end].to_lowercase(), quoted: false }, end)
                }
            },
        };
        tokens.push(Token { what, place: at..end });
        at = end;
    }
    Ok(tokens)
}

fn quoted(text: &str, start: usize, quote: char) -> Result<(What, usize), &'static str> {
    let mut word = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            _ if c == quote => return Ok((What::Word { text: word.to_lowercase(), quoted: true }, start + 1 + at + 1)),
            _ => word.push(c),
        }
    }
    Err("a quote is not closed")
}

/// How many brackets may stand in each other; no query that people write comes near.
const DEEPEST: usize = 100;

fn balanced(tokens: &[Token]) -> Result<(), &'static str> {
    let mut open = 0usize;
    for token in tokens {
        match token.what {
            What::Open if open == DEEPEST => return Err("its brackets stand in each other too deeply"),
            What::Open => open += 1,
            What::Close => open = open.checked_sub(1).ok_or("a bracket is closed that was not opened")?,
            _ => {}
        }
    }
    if open == 0 { Ok(()) } else { Err("a bracket is not closed") }
}

/// Reads conditions whose brackets fit each other. Whatever it does not know is a clause that hides nothing.
struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, keyword: &str, signs: &[&str]) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.is(keyword) || matches!(&token.what, What::Sign(sign) if signs.contains(sign)));
        self.at += usize::from(found);
        found
    }

    fn any_of(&mut self) -> Expr {
        let mut all = vec![self.all_of()];
        while self.takes("or", &["||", "|"]) {
            all.push(self.all_of());
        }
        if all.len() == 1 { all.remove(0) } else { Expr::Or(all) }
    }

    fn all_of(&mut self) -> Expr {
        let mut all = vec![self.one()];
        while self.takes("and", &["&&", "&"]) {
            all.push(self.one());
        }
        if all.len() == 1 { all.remove(0) } else { Expr::And(all) }
    }

    fn one(&mut self) -> Expr {
        let mut not = false;
        while self.takes("not", &["!"]) {
            not = !not;
        }
        let inner = if self.peek().is_some_and(|token| token.what == What::Open) {
            self.at += 1;
            let inner = self.any_of();
            self.at += 1; // the bracket that closes it
            inner
        } else {
            Expr::Clause(self.clause())
        };
        if not { Expr::Not(Box::new(inner)) } else { inner }
    }

    /// Everything up to the next word that joins, or to the end of the bracket around it.
    fn clause(&mut self) -> Clause {
        let first = self.at;
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            let joins = ["and", "or"].into_iter().any(|word| token.is(word))
                || matches!(token.what, What::Sign("&&" | "&" | "||" | "|"));
            match token.what {
                What::Close if depth == 0 => break,
                _ if joins && depth == 0 => break,
                What::Open => depth += 1,
                What::Close => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        clause_of(self.tokens.get(first..self.at).unwrap_or_default())
    }
}

fn clause_of(tokens: &[Token]) -> Clause {
    let place = match tokens {
        [first, .., last] => first.place.start..last.place.end,
        [one] => one.place.clone(),
        [] => 0..0,
    };
    let field = match tokens.first().map(|token| &token.what) {
        Some(What::Word { text, .. }) => text.clone(),
        _ => String::new(),
    };
    let rest = tokens.get(1..).unwrap_or_default();
    let (op, rest) = match rest {
        [not, within, rest @ ..] if not.is("not") && within.is("in") => (Op::IsNot, rest),
        [is, not, rest @ ..] if is.is("is") && not.is("not") => (Op::IsNot, rest),
        [first, rest @ ..] if first.is("in") || first.is("is") || first.what == What::Sign("=") => (Op::Is, rest),
        [first, rest @ ..] if first.what == What::Sign("!=") => (Op::IsNot, rest),
        _ => (Op::Other, rest),
    };
    // A function gives values that are not known here: `= currentUser()`.
    let calls = rest.windows(2).any(|two| matches!(two[0].what, What::Word { .. }) && two[1].what == What::Open);
    let values = rest.iter().filter_map(|token| match &token.what {
        What::Word { text, .. } => Some(text.clone()),
        _ => None,
    });
    Clause { field, op: if calls { Op::Other } else { op }, values: values.collect(), place }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hides(text: &str) -> Option<&str> {
        let finished = |word: &str| ["done", "closed"].contains(&word);
        Query::parse(text).unwrap().hides_finished(&finished).map(|place| &text[place])
    }

    #[test]
    fn what_leaves_finished_work_out_is_found_however_it_is_written() {
        for text in [
            "statusCategory != Done",
            "STATUSCATEGORY not in (Done)",
            "statusCategory in (\"To Do\", 'In Progress')",
            "statusCategory = indeterminate",
            "NOT statusCategory = 3",
            "!(statusCategory = Done)",
            "resolution = Unresolved",
            "resolution is EMPTY",
            "resolution in (Unresolved)",
            "resolved is null",
            "status != Done",
            "status not in (Open, Closed)",
            "status in (Open, \"In Progress\")",
            "not (status = Done or status = Closed)",
        ] {
            assert!(hides(text).is_some(), "{text}");
        }
        let text = "project = X AND (labels = a OR labels = b) and resolution=Unresolved ORDER BY rank";
        assert_eq!(hides(text), Some("resolution=Unresolved"));
        assert_eq!(hides("statusCategory!=Done && type = Bug"), Some("statusCategory!=Done"));
        assert_eq!(hides("status = Open or statusCategory = new"), Some("status = Open"), "both ways hide");
    }

    #[test]
    fn what_keeps_finished_work_in_is_left_alone() {
        for text in [
            "",
            "issuetype != Epic",
            "statusCategory = Done",
            "statusCategory in (\"In Progress\", Done)",
            "statusCategory != Done OR resolved >= -30d",
            "resolution = Unresolved or (resolution != Duplicate and updated > -8w)",
            "NOT resolution = Unresolved",
            "status in (Open, Closed)",
            "status = 10001",
            "status was Open",
            "status changed from Open to Done after -1w",
            "status in workflowStatuses()",
            "assignee = currentUser()",
            "summary ~ \"statusCategory != Done\"",
            "labels = done",
        ] {
            assert_eq!(hides(text), None, "{text}");
        }
    }

    #[test]
    fn an_order_of_its_own_is_found_outside_quotes_alone() {
        let order = |text: &str| Query::parse(text).unwrap().order_at;
        assert_eq!(order("type = Bug order  by created"), Some(11));
        assert_eq!(order("ORDER BY rank"), Some(0));
        assert_eq!(order("summary ~ 'x order by y'"), None);
        assert_eq!(order("order = 5"), None);
    }

    #[test]
    fn what_is_open_at_the_end_is_refused() {
        for (text, why) in [
            ("summary ~ \"x", "a quote is not closed"),
            ("(type = Bug", "a bracket is not closed"),
            ("type = Bug) or (key = X-1", "a bracket is closed that was not opened"),
        ] {
            assert_eq!(Query::parse(text), Err(why), "{text}");
        }
        assert!(Query::parse("summary ~ \"a \\\" ) b\"").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[a-z=!()'\" \\\\andorstu,|&é]{0,60}") {
            if let Ok(query) = Query::parse(&text) {
                let _ = query.hides_finished(&|word| word == "done");
            }
        }
    }
}
