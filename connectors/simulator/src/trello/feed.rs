//! The feed of actions: newest first, fifty unless more is asked for, a thousand at most. What only hooks are told
//! (labels, lines of checklists, edits of comments) never stands in it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::Action;
use super::reading::{MOST, edge, limit};
use super::store::Store;
use super::{Call, Fields, bad};
use crate::reply::Reply;

impl Store {
    /// Whether an action happened before the instant that recordings are shown of.
    pub(super) fn is_told(&self, action: &Action) -> bool {
        !action.recorded || self.as_of.is_none_or(|at| action.at <= at)
    }

    /// Whether the feed knows of it already.
    fn is_fed(&self, action: &Action, now: Timestamp) -> bool {
        let lag = SignedDuration::from_secs(self.settings.action_lag.cast_signed());
        self.is_told(action) && (lag.is_zero() || action.at.saturating_add(lag).is_ok_and(|at| at <= now))
    }

    /// The feed as a request wants it. `depth`: how many of the newest can be read at all.
    pub(super) fn feed<'a>(
        &'a self,
        call: &Call<'_>,
        actions: impl Iterator<Item = &'a Action>,
        depth: Option<usize>,
        kinds: &str,
    ) -> Result<Reply, Reply> {
        let most = limit(call, "limit", 50)?;
        let page: usize = call.get("page").map_or(Ok(0), |page| page.parse().map_err(|_| bad("page")))?;
        if page * most >= MOST && page > 0 {
            return Err(bad("page"));
        }
        let mut known: Vec<&Action> = actions.filter(|action| self.is_fed(action, call.now)).collect();
        known.reverse();
        known.truncate(depth.unwrap_or(usize::MAX));
        let whens: HashMap<&str, (Timestamp, usize)> =
            known.iter().enumerate().map(|(place, action)| (action.id.as_str(), (action.at, place))).collect();
        // Actions of one second stand in the order in which they happened, whatever their ids say.
        let compare = |action: &Action, edge: &str| {
            let mine = whens.get(action.id.as_str()).map_or(0, |(_, place)| *place);
            match whens.get(edge) {
                Some((_, place)) => place.cmp(&mine),
                None => action.id.as_str().cmp(edge),
            }
        };
        let (since, before) = (edge(call, "since")?, edge(call, "before")?);
        let kinds = call.get("filter").unwrap_or(kinds);
        let wanted = known
            .iter()
            .filter(|action| is_wanted(action, kinds))
            .filter(|action| since.as_ref().is_none_or(|edge| compare(action, edge).is_gt()))
            .filter(|action| before.as_ref().is_none_or(|edge| compare(action, edge).is_lt()))
            .skip(page * most)
            .take(most);
        if call.get("format") == Some("count") {
            return Ok(Reply::json(200, &json!({ "_value": wanted.count() })));
        }
        let fields = call.fields("fields", "all");
        let shown: Vec<Value> = wanted
            .map(|action| {
                let mut picked = fields.pick(self.show_action(action));
                let actors = self.show_actors(action).filter(|(name, _)| call.get(name) != Some("false"));
                let wanted = |name: &str| call.get(&format!("{name}_fields")).map_or(Fields("all"), Fields);
                picked.extend(actors.map(|(name, actor)| (name.clone(), Value::Object(wanted(&name).pick(actor)))));
                Value::Object(picked)
            })
            .collect();
        Ok(Reply::json(200, &shown))
    }

    /// The feed inside another model.
    pub(super) fn nested_feed<'a>(
        &'a self,
        actions: impl Iterator<Item = &'a Action>,
        kinds: &str,
        most: usize,
        now: Timestamp,
    ) -> Value {
        let mut known: Vec<&Action> = actions.filter(|action| self.is_fed(action, now)).collect();
        known.reverse();
        let wanted = known.into_iter().filter(|action| is_wanted(action, kinds)).take(most);
        wanted.map(|action| Value::Object(self.whole_action(action))).collect()
    }
}

/// Whether an action is one of these kinds: `all`, or names with commas, where `updateCard:due` is a change of that field.
fn is_wanted(action: &Action, kinds: &str) -> bool {
    kinds.split(',').map(str::trim).any(|kind| match kind.split_once(':') {
        Some((kind, field)) => action.kind == kind && action.data["old"].get(field).is_some(),
        None => kind == "all" || action.kind == kind,
    })
}
