//! Answers about history: the repository's events, newest first, and those of one issue, oldest first.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::model::Event;
use super::{Call, Hub, not_found};
use crate::reply::Reply;

impl Hub {
    /// Newest first, without `since`; each event carries its whole issue as it is now.
    pub(super) fn events_of_repo(&self, call: &Call<'_>, index: usize) -> Reply {
        let repo = &self.repos[index];
        let offset = call.params.offset(self.settings.page_cap).unwrap_or(0);
        let here = offset..offset.saturating_add(call.params.per_page());
        // Only the page's own events are rendered; the others only count.
        let render = |(at, event): (usize, &Event)| {
            if here.contains(&at) { self.event_json(repo, event, true) } else { RawValue::NULL.to_owned() }
        };
        let all: Vec<_> = repo.events.iter().rev().enumerate().map(render).collect();
        self.page_of(call, self.list_url(index, "issues/events"), &all)
    }

    /// Oldest first; the timeline has the comments too.
    pub(super) fn events_of_issue(&self, call: &Call<'_>, index: usize, number: u64, timeline: bool) -> Reply {
        let repo = &self.repos[index];
        if repo.listing.get(number).is_none() {
            return not_found();
        }
        let events = repo.events.iter().filter(|event| event.issue == number);
        let mut all: Vec<(Timestamp, u64, Box<RawValue>)> =
            events.map(|event| (event.at, event.id, self.event_json(repo, event, false))).collect();
        if timeline {
            let comments = repo.comments.values().filter(|comment| comment.issue == number);
            all.extend(comments.filter_map(|comment| {
                let body = self.comment_json(repo, comment);
                let text = format!("{{\"event\":\"commented\",{}", body.get().strip_prefix('{')?);
                Some((comment.created_at, comment.id, RawValue::from_string(text).ok()?))
            }));
            all.sort_by_key(|(at, id, _)| (*at, *id));
        }
        let all: Vec<_> = all.into_iter().map(|(_, _, body)| body).collect();
        let kind = if timeline { "timeline" } else { "events" };
        self.page_of(call, self.list_url(index, &format!("issues/{number}/{kind}")), &all)
    }
}
