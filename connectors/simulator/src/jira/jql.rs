//! The query language, parsed for good: what is not understood is an error in Jira's words, and loose words are a search for
//! text on Cloud.

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Jql {
    /// `None`: everything.
    pub(super) filter: Option<Expr>,
    /// Fields in order, and whether each descends.
    pub(super) order: Vec<(String, bool)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Test(Test),
}

/// `field operator operand`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    /// Lower case.
    pub(super) field: String,
    pub(super) op: Op,
    pub(super) operand: Operand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Like,
    NotLike,
    In,
    NotIn,
    Is,
    IsNot,
    Was,
}

impl Op {
    pub(super) fn word(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Like => "~",
            Op::NotLike => "!~",
            Op::In => "in",
            Op::NotIn => "not in",
            Op::Is => "is",
            Op::IsNot => "is not",
            Op::Was => "was",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// Its text, and whether it stood in quotes.
    Value(String, bool),
    List(Vec<Operand>),
    Call(String, Vec<String>),
    Empty,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Symbol(&'static str),
}

struct Placed {
    token: Token,
    /// From 1.
    column: usize,
}

/// Words that stand for themselves only in quotes.
const RESERVED: &str = " a an abort access add after alias all alter and any are as asc at audit avg be before begin between \
    boolean break but by byte catch cf char character check checkpoint collate collation column commit connect continue \
    count create current date decimal declare decrement default defaults define delete delimiter desc difference distinct \
    divide do double drop else empty encoding end equals escape exclusive exec execute exists explain false fetch file \
    field first float for from function go goto grant greater group having identified if immediate in increment index \
    initial inner inout input insert int integer intersect intersection into is isempty isnull it join last left less like \
    limit lock long max min minus mode modify modulo more multiply next no noaudit not notin nowait null number object of \
    on option or order outer output power previous prior privileges public raise raw remainder rename resource return \
    returns revoke right row rowid rownum rows select session set share size sqrt start strict string subtract such sum \
    synonym table that the their then there these they this to trans transaction trigger true uid union unique update user \
    validate values view was when whenever where while will with ";

const OPERATORS: &str = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'";

fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&format!(" {} ", word.to_lowercase()))
}

/// Parses a query. With `loose`, words that make no query are a search for text, as on Cloud.
pub(super) fn parse(text: &str, loose: bool) -> Result<Jql, String> {
    let strict = tokens(text).and_then(|tokens| Parser { tokens, at: 0 }.query());
    match strict {
        Err(_) if loose && is_loose(text) => Ok(words(text)),
        other => other,
    }
}

/// Nothing but words, and no field with an operator that is a word.
fn is_loose(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '_' | '.');
    let lower = text.to_lowercase();
    let mut words = lower.split_whitespace();
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    text.chars().all(plain)
        && !first.is_empty()
        && first != "order"
        && !(super::query::is_field(first) && matches!(second, "in" | "not" | "is" | "was" | "changed"))
}

fn words(text: &str) -> Jql {
    let lower = text.to_lowercase();
    let (words, order) = match lower.find(" order by ") {
        Some(at) => (&text[..at], lower[at + 10..].trim()),
        None => (text, ""),
    };
    let operand = Operand::Value(words.trim().to_owned(), false);
    let filter = Some(Expr::Test(Test { field: "text".to_owned(), op: Op::Like, operand }));
    let mut order_by = Vec::new();
    for part in order.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let mut parts = part.split_whitespace();
        let field = parts.next().unwrap_or_default().to_owned();
        order_by.push((field, parts.next() == Some("desc")));
    }
    Jql { filter, order: order_by }
}

fn tokens(text: &str) -> Result<Vec<Placed>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = chars.get(at).copied() {
        let column = at + 1;
        let next = chars.get(at + 1).copied();
        let symbol = match (first, next) {
            ('!', Some('=')) => Some("!="),
            ('!', Some('~')) => Some("!~"),
            ('<', Some('=')) => Some("<="),
            ('>', Some('=')) => Some(">="),
            ('=', _) => Some("="),
            ('<', _) => Some("<"),
            ('>', _) => Some(">"),
            ('~', _) => Some("~"),
            ('(', _) => Some("("),
            (')', _) => Some(")"),
            (',', _) => Some(","),
            ('!', _) => Some("!"),
            ('&', Some('&')) => Some("&&"),
            ('|', Some('|')) => Some("||"),
            _ => None,
        };
        if first.is_whitespace() {
            at += 1;
        } else if let Some(symbol) = symbol {
            at += symbol.len();
            let token = match symbol {
                "&&" => Token::Word("and".to_owned()),
                "||" => Token::Word("or".to_owned()),
                "!" => Token::Word("not".to_owned()),
                symbol => Token::Symbol(symbol),
            };
            found.push(Placed { token, column });
        } else if first == '"' || first == '\'' {
            let (value, end) = quoted(&chars, at)?;
            at = end;
            found.push(Placed { token: Token::Quoted(value), column });
        } else {
            let is_part = |c: &char| !c.is_whitespace() && !"=!<>~(),\"'".contains(*c);
            let length = chars[at..].iter().take_while(|c| is_part(c)).count().max(1);
            let word: String = chars[at..at + length].iter().collect();
            at += length;
            if let Some(odd) = word.chars().find(|c| "?*%^$#@+;{}|&`".contains(*c)) {
                return Err(format!(
                    "Error in the JQL Query: The character '{odd}' is a reserved JQL character. You must enclose it in a \
                     string or use the escape '\\u{:04x}' instead. (line 1, character {column})",
                    odd as u32
                ));
            }
            found.push(Placed { token: Token::Word(word), column });
        }
    }
    Ok(found)
}

/// The text between quotes, and where it goes on after them.
fn quoted(chars: &[char], start: usize) -> Result<(String, usize), String> {
    let quote = chars[start];
    let mut value = String::new();
    let mut at = start + 1;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => {
                at += 1;
                value.extend(chars.get(at));
            }
            c if *c == quote => return Ok((value, at + 1)),
            c => value.push(*c),
        }
        at += 1;
    }
    Err(format!(
        "Error in the JQL Query: The quoted string '{value}' has not been completed. (line 1, character {})",
        start + 1
    ))
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
}

impl Parser {
    fn query(mut self) -> Result<Jql, String> {
        let filter = if self.peek().is_none() || self.is_order() { None } else { Some(self.any()?) };
        let mut order = Vec::new();
        if self.is_order() {
            self.at += 2;
            loop {
                let field = match self.next() {
                    Some(Token::Word(word) | Token::Quoted(word)) => word.to_lowercase(),
                    _ => return Err(self.stuck("Expecting a field name at the end of the query.")),
                };
                let descends = self.takes("desc");
                if !descends {
                    self.takes("asc");
                }
                order.push((field, descends));
                if self.peek() != Some(&Token::Symbol(",")) {
                    break;
                }
                self.at += 1;
            }
        }
        match self.peek() {
            None => Ok(Jql { filter, order }),
            Some(_) => Err(self.stuck("Expecting either 'OR' or 'AND' but got something else.")),
        }
    }

    fn any(&mut self) -> Result<Expr, String> {
        let mut found = vec![self.all()?];
        while self.takes("or") {
            found.push(self.all()?);
        }
        Ok(if found.len() == 1 { found.remove(0) } else { Expr::Or(found) })
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut found = vec![self.one()?];
        while self.takes("and") {
            found.push(self.one()?);
        }
        Ok(if found.len() == 1 { found.remove(0) } else { Expr::And(found) })
    }

    fn one(&mut self) -> Result<Expr, String> {
        if self.takes("not") {
            return Ok(Expr::Not(Box::new(self.one()?)));
        }
        if self.peek() == Some(&Token::Symbol("(")) {
            self.at += 1;
            let inner = self.any()?;
            return match self.next() {
                Some(Token::Symbol(")")) => Ok(inner),
                _ => Err(self.stuck("Expecting ')' before the end of the query.")),
            };
        }
        self.test()
    }

    fn test(&mut self) -> Result<Expr, String> {
        let field = match self.next() {
            Some(Token::Quoted(word)) => word,
            Some(Token::Word(word)) if is_reserved(&word) => return Err(self.reserved(&word)),
            Some(Token::Word(word)) => word,
            Some(Token::Symbol(symbol)) => {
                return Err(self.stuck(&format!("Expecting a field name but got '{symbol}'.")));
            }
            None => return Err(self.stuck("Expecting a field name at the end of the query.")),
        };
        let op = self.operator()?;
        let operand = self.operand()?;
        let is_list = matches!(operand, Operand::List(_) | Operand::Call(..));
        if matches!(op, Op::In | Op::NotIn) && !is_list {
            let shown = match operand {
                Operand::Value(text, true) => format!("\"{text}\""),
                Operand::Value(text, false) => text,
                _ => "EMPTY".to_owned(),
            };
            let word = op.word();
            return Err(format!(
                "Operator '{word}' does not support the non-list value '{shown}' for field '{field}'."
            ));
        }
        Ok(Expr::Test(Test { field: field.to_lowercase(), op, operand }))
    }

    fn operator(&mut self) -> Result<Op, String> {
        let op = match self.next() {
            Some(Token::Symbol("=")) => Op::Eq,
            Some(Token::Symbol("!=")) => Op::Ne,
            Some(Token::Symbol("<")) => Op::Lt,
            Some(Token::Symbol("<=")) => Op::Le,
            Some(Token::Symbol(">")) => Op::Gt,
            Some(Token::Symbol(">=")) => Op::Ge,
            Some(Token::Symbol("~")) => Op::Like,
            Some(Token::Symbol("!~")) => Op::NotLike,
            Some(Token::Word(word)) => match word.to_lowercase().as_str() {
                "in" => Op::In,
                "not" if self.takes("in") => Op::NotIn,
                "is" if self.takes("not") => Op::IsNot,
                "is" => Op::Is,
                "was" => Op::Was,
                _ => return Err(self.no_operator(&word)),
            },
            Some(Token::Quoted(word)) => return Err(self.no_operator(&word)),
            Some(Token::Symbol(symbol)) => return Err(self.no_operator(symbol)),
            None => {
                return Err(format!(
                    "Error in the JQL Query: Expecting operator before the end of the query. The valid operators are \
                     {OPERATORS}."
                ));
            }
        };
        Ok(op)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        match self.next() {
            Some(Token::Quoted(text)) => Ok(Operand::Value(text, true)),
            Some(Token::Word(word)) if matches!(word.to_lowercase().as_str(), "empty" | "null") => Ok(Operand::Empty),
            Some(Token::Word(word)) if self.peek() == Some(&Token::Symbol("(")) => {
                self.at += 1;
                let mut arguments = Vec::new();
                loop {
                    match self.next() {
                        Some(Token::Symbol(")")) => return Ok(Operand::Call(word.to_lowercase(), arguments)),
                        Some(Token::Symbol(",")) => {}
                        Some(Token::Word(text) | Token::Quoted(text)) => arguments.push(text),
                        _ => return Err(self.stuck("Expecting ')' before the end of the query.")),
                    }
                }
            }
            Some(Token::Word(word)) if is_reserved(&word) => Err(self.reserved(&word)),
            Some(Token::Word(word)) => Ok(Operand::Value(word, false)),
            Some(Token::Symbol("(")) => {
                let mut values = Vec::new();
                loop {
                    values.push(self.operand()?);
                    match self.next() {
                        Some(Token::Symbol(",")) => {}
                        Some(Token::Symbol(")")) => return Ok(Operand::List(values)),
                        _ => return Err(self.stuck("Expecting ')' before the end of the query.")),
                    }
                }
            }
            Some(Token::Symbol(symbol)) => {
                Err(self.stuck(&format!("Expecting either a value, list or function but got '{symbol}'.")))
            }
            None => Err(self.stuck("Expecting either a value, list or function before the end of the query.")),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        let found = self.tokens.get(at).map(|placed| &placed.token);
        matches!(found, Some(Token::Word(text)) if text.eq_ignore_ascii_case(word))
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.is_word(self.at, word);
        self.at += usize::from(is_next);
        is_next
    }

    fn is_order(&self) -> bool {
        self.is_word(self.at, "order") && self.is_word(self.at + 1, "by")
    }

    /// Column of the token that was taken last.
    fn column(&self) -> usize {
        self.tokens.get(self.at.saturating_sub(1)).map_or(1, |placed| placed.column)
    }

    fn stuck(&self, what: &str) -> String {
        format!("Error in the JQL Query: {what} (line 1, character {})", self.column())
    }

    fn no_operator(&self, got: &str) -> String {
        self.stuck(&format!("Expecting operator but got '{got}'. The valid operators are {OPERATORS}."))
    }

    fn reserved(&self, word: &str) -> String {
        let text = "is a reserved JQL word. You must surround it in quotation marks to use it in a query.";
        self.stuck(&format!("'{word}' {text}"))
    }
}
