//! Pages: only with `limit`, and led on by a token that expires. Without `limit` a long list is refused, or cut.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::org::Org;
use super::show::Node;
use super::{Call, refuse};
use crate::reply::Reply;

/// Rows of a list that is asked for without `limit`.
const UNPAGED: usize = 1000;

/// The longest page.
pub(super) const LONGEST: usize = 100;

/// Tokens kept before the dead ones are thrown away.
const TOKENS_KEPT: usize = 10_000;

/// Where a token stands in its list.
#[derive(Debug, Clone)]
pub(crate) struct Offset {
    list: String,
    /// The last row shown, and its place, should it be gone.
    after: u64,
    place: usize,
    made_at: Timestamp,
}

impl Offset {
    /// Makes it as old as this.
    pub(super) fn made(&mut self, at: Timestamp) {
        self.made_at = at;
    }
}

impl Org {
    /// The rows of one page, and what leads on. `None`: the list has no pages.
    pub(super) fn page(
        &mut self,
        call: &Call,
        mut rows: Vec<(u64, Node)>,
    ) -> Result<(Vec<Node>, Option<Value>), Reply> {
        let nodes = |rows: Vec<(u64, Node)>| rows.into_iter().map(|(_, node)| node).collect();
        let Some(limit) = call.limit()? else {
            if call.get("offset").is_some() {
                return Err(refuse(400, "offset: An offset needs a limit."));
            }
            if rows.len() > UNPAGED && !self.settings.cuts_unpaged {
                let text = "The result is too large. You should use pagination (may require specifying a workspace)!";
                return Err(refuse(400, text));
            }
            rows.truncate(UNPAGED);
            return Ok((nodes(rows), None));
        };
        let list = call.list();
        let from = match call.get("offset") {
            None => 0,
            Some(token) => self.place(token, &list, &rows, call.now)?,
        };
        let mut shown: Vec<(u64, Node)> = rows.drain(from.min(rows.len())..).collect();
        let is_last = shown.len() <= limit;
        shown.truncate(limit);
        let Some(last) = shown.last().filter(|_| !is_last).map(|(gid, _)| *gid) else {
            return Ok((nodes(shown), Some(Value::Null)));
        };
        let token = self.fresh_token();
        if self.offsets.len() >= TOKENS_KEPT {
            let life = SignedDuration::from_secs(self.settings.offset_secs);
            self.offsets.retain(|_, offset| call.now.duration_since(offset.made_at) <= life);
        }
        let offset = Offset { list, after: last, place: from + limit, made_at: call.now };
        self.offsets.insert(token.clone(), offset);
        let path = call.with_offset(&token);
        let next = json!({ "offset": token, "path": path, "uri": format!("{}{path}", self.base) });
        Ok((nodes(shown), Some(next)))
    }

    fn place(&self, token: &str, list: &str, rows: &[(u64, Node)], now: Timestamp) -> Result<usize, Reply> {
        let invalid = || refuse(400, "offset: Your pagination token is invalid.");
        let offset = self.offsets.get(token).ok_or_else(invalid)?;
        if offset.list != list {
            return Err(invalid());
        }
        if now.duration_since(offset.made_at) > SignedDuration::from_secs(self.settings.offset_secs) {
            return Err(refuse(400, "offset: Your pagination token has expired."));
        }
        let found = rows.iter().position(|(gid, _)| *gid == offset.after);
        Ok(found.map_or(offset.place.saturating_sub(1), |at| at + 1))
    }
}

impl Call {
    /// `limit`, within its bounds. `None`: not said.
    pub(super) fn limit(&self) -> Result<Option<usize>, Reply> {
        let Some(text) = self.get("limit") else { return Ok(None) };
        match text.parse() {
            Ok(limit) if (1..=LONGEST).contains(&limit) => Ok(Some(limit)),
            _ => Err(refuse(400, "limit: Must be between 1 and 100")),
        }
    }

    /// What list this is, whatever the page and the fields.
    fn list(&self) -> String {
        let mut filters: Vec<_> =
            self.query.iter().filter(|(name, _)| !matches!(name.as_str(), "limit" | "offset" | "opt_fields")).collect();
        filters.sort();
        format!("{} {filters:?}", self.path)
    }

    fn with_offset(&self, token: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.iter().filter(|(name, _)| name != "offset") {
            query.append_pair(name, value);
        }
        query.append_pair("offset", token);
        format!("{}?{}", self.path, query.finish())
    }
}

/// The envelope of a list.
pub(super) fn envelope(rows: Vec<Value>, next: Option<Value>) -> Value {
    let mut object = Map::new();
    object.insert("data".to_owned(), Value::Array(rows));
    if let Some(next) = next {
        object.insert("next_page".to_owned(), next);
    }
    Value::Object(object)
}
