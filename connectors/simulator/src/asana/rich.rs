//! Rich text, which is XML with one `<body>`: few tags, attributes on links alone, and mentions that are written out.

/// Tags of a comment, beside `a` and `body`.
const TAGS: [&str; 8] = ["strong", "em", "u", "s", "code", "ol", "ul", "li"];

/// Attributes of a link.
const ATTRIBUTES: [&str; 5] =
    ["href", "data-asana-gid", "data-asana-type", "data-asana-dynamic", "data-asana-accessible"];

const INVALID: &str = "XML is invalid";

/// A text that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Rich {
    pub(super) html: String,
    pub(super) text: String,
}

/// What a mentioned gid is: its kind and what is written for it.
pub(super) type Mention<'a> = &'a dyn Fn(&str) -> Option<(&'static str, String)>;

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Reads a text as Asana does; the error says what is wrong with all of it.
pub(super) fn read(source: &str, mention: Mention<'_>) -> Result<Rich, String> {
    let mut reader =
        Reader { rest: source.trim(), open: Vec::new(), html: String::new(), text: String::new(), mention };
    reader.tag_open("body")?;
    while !reader.open.is_empty() {
        reader.step()?;
    }
    if !reader.rest.is_empty() {
        return Err(INVALID.to_owned());
    }
    Ok(Rich { html: reader.html, text: reader.text })
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    html: String,
    text: String,
    mention: Mention<'a>,
}

impl<'a> Reader<'a> {
    /// The first tag, which has to be this one.
    fn tag_open(&mut self, name: &str) -> Result<(), String> {
        if !self.rest.starts_with(&format!("<{name}>")) {
            return Err("The rich text must be wrapped in a <body> tag.".to_owned());
        }
        self.step()
    }

    fn step(&mut self) -> Result<(), String> {
        let Some(after) = self.rest.strip_prefix('<') else { return self.words() };
        let (tag, rest) = after.split_once('>').ok_or(INVALID)?;
        self.rest = rest;
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim_end();
            if self.open.pop() != Some(name) {
                return Err(INVALID.to_owned());
            }
            self.html.push_str(&format!("</{name}>"));
            if name == "li" {
                self.text.push('\n');
            }
            return Ok(());
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        if name == "body" && !self.html.is_empty() || !(name == "a" || name == "body" || TAGS.contains(&name)) {
            return Err(format!("Tag {name} is not supported."));
        }
        let attributes = attributes_of(attributes)?;
        if name != "a" && !attributes.is_empty() {
            return Err(format!("Tag {name} must not have attributes."));
        }
        if name == "a" {
            return self.link(&attributes, closed);
        }
        self.html.push_str(&format!("<{name}>"));
        if closed {
            self.html.push_str(&format!("</{name}>"));
        } else {
            self.open.push(name);
        }
        Ok(())
    }

    fn link(&mut self, attributes: &[(&'a str, String)], closed: bool) -> Result<(), String> {
        if let Some((name, _)) = attributes.iter().find(|(name, _)| !ATTRIBUTES.contains(name)) {
            return Err(format!("Attribute {name} is not supported."));
        }
        let get = |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let Some(gid) = get("data-asana-gid") else {
            let href = get("href").ok_or("A link needs href or data-asana-gid.")?;
            self.html.push_str(&format!("<a href=\"{}\">", escaped(href)));
            if closed {
                self.html.push_str("</a>");
            } else {
                self.open.push("a");
            }
            return Ok(());
        };
        let (kind, words) = (self.mention)(gid).ok_or_else(|| format!("Unknown object: {gid}"))?;
        let way = if kind == "user" { "/0/profile" } else { "/0" };
        self.html.push_str(&format!(
            "<a href=\"https://app.asana.com{way}/{gid}\" data-asana-gid=\"{gid}\" data-asana-accessible=\"true\" \
             data-asana-type=\"{kind}\" data-asana-dynamic=\"{}\">",
            get("data-asana-dynamic").unwrap_or("true")
        ));
        let own_words = get("data-asana-dynamic") == Some("false");
        if closed || !own_words {
            self.html.push_str(&escaped(&words));
            self.text.push_str(&words);
        }
        if closed {
            self.html.push_str("</a>");
            return Ok(());
        }
        self.open.push("a");
        if own_words {
            return Ok(());
        }
        // What stands within a dynamic link is replaced.
        let (_, rest) = self.rest.split_once("</a>").ok_or(INVALID)?;
        self.rest = rest;
        self.open.pop();
        self.html.push_str("</a>");
        Ok(())
    }

    fn words(&mut self) -> Result<(), String> {
        let end = self.rest.find('<').ok_or(INVALID)?;
        let (words, rest) = self.rest.split_at(end);
        self.rest = rest;
        let words = unescaped(words)?;
        self.html.push_str(&escaped(&words));
        self.text.push_str(&words);
        Ok(())
    }
}

/// `name="value"` and so on.
fn attributes_of(text: &str) -> Result<Vec<(&str, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or(INVALID)?;
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(INVALID)?;
        let (value, after) = after[1..].split_once(quote).ok_or(INVALID)?;
        found.push((name.trim(), unescaped(value)?));
        rest = after.trim();
    }
    Ok(found)
}

/// Entities taken apart. A lone `&`, and a character that XML does not know, is an error.
fn unescaped(text: &str) -> Result<String, String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    if !text.chars().all(allowed) {
        return Err(INVALID.to_owned());
    }
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';').ok_or(INVALID)?;
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let c = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match (entity.strip_prefix("#x"), entity.strip_prefix('#')) {
                (Some(hex), _) => number(hex, 16),
                (None, Some(decimal)) => number(decimal, 10),
                (None, None) => None,
            },
        };
        plain.push_str(before);
        plain.push(c.filter(|c| allowed(*c)).ok_or(INVALID)?);
        rest = after;
    }
    plain.push_str(rest);
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody_but_ana(gid: &str) -> Option<(&'static str, String)> {
        (gid == "7").then(|| ("user", "@Ana & Co".to_owned()))
    }

    #[test]
    fn a_mention_is_written_out_and_the_plain_text_follows() {
        let source = "<body><strong>Late</strong>: <a data-asana-gid=\"7\"/>, a &lt; b &#38; <a href=\"https://x/?a=1&amp;b\">why</a></body>";
        let rich = read(source, &nobody_but_ana).expect("good XML");
        assert_eq!(rich.text, "Late: @Ana & Co, a < b & why");
        assert!(rich.html.contains("data-asana-type=\"user\""), "{}", rich.html);
        assert!(rich.html.contains(">@Ana &amp; Co</a>"), "{}", rich.html);
        assert_eq!(read(&rich.html, &nobody_but_ana), Ok(rich), "what is read is written the same");
    }

    #[test]
    fn what_is_not_well_formed_or_not_allowed_is_refused_as_a_whole() {
        for source in [
            "plain",
            "<body>a & b</body>",
            "<body>a < b</body>",
            "<body><b>x</b></body>",
            "<body><p>x</p></body>",
            "<body>x<br/></body>",
            "<body><strong>x</body>",
            "<body><strong><em>x</strong></em></body>",
            "<body>x</body>y",
            "<body>x",
            "<body><strong class=\"x\">x</strong></body>",
            "<body><a>x</a></body>",
            "<body><a onclick=\"x\" href=\"y\">x</a></body>",
            "<body><a data-asana-gid=\"8\"/></body>",
            "<body>&nbsp;</body>",
            "<body>\u{1}</body>",
            "<body><body>x</body></body>",
            "<body><!-- hidden --></body>",
        ] {
            assert!(read(source, &nobody_but_ana).is_err(), "{source}");
        }
    }
}
