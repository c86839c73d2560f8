//! A project's events since a place in them. They come at most once and late; they say what to read, and nothing is taken
//! from them but ids.

use connector_kit::ConnectorError;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answers::{malformed, refusal};
use crate::call::{Ask, is_gid};
use crate::stand::Heard;
use crate::wire::{Event, Typed};
use crate::{Asana, items};

/// What is asked of each event.
const EVENT_FIELDS: &str = "action,resource.gid,resource.resource_type,resource.resource_subtype,parent.gid,\
                            parent.resource_type";

/// Answers of one go; what is beyond comes with the next page.
const MOST_ANSWERS: usize = 20;

/// Stories that tell of nothing that is read.
const OF_NO_CONCERN: [&str; 5] =
    ["liked", "comment_liked", "story_reaction_added", "follower_added", "follower_removed"];

/// What the events told.
#[derive(Debug)]
pub(crate) enum News {
    /// These tasks have changed.
    Heard {
        heard: Vec<Heard>,
        sync: Option<String>,
        /// There is more.
        more: bool,
        asked_at: Timestamp,
    },
    /// The place was too old, or there was none: events are told from here on, and those before are lost.
    Begin(String),
    /// Events are not for this credential.
    Deaf,
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, default)]
    data: Option<Vec<&'a RawValue>>,
    sync: Option<String>,
    #[serde(default)]
    has_more: Option<bool>,
}

impl Asana {
    /// Events of a project since this place.
    pub(crate) async fn events_since(&self, project: &str, sync: Option<&str>) -> Result<News, ConnectorError> {
        let what = format!("events of project {project}");
        let mut at = sync.map(str::to_owned);
        let (mut heard, mut more, mut asked_at): (Vec<Heard>, bool, Option<Timestamp>) = (Vec::new(), false, None);
        for _ in 0..MOST_ANSWERS {
            let mut query = vec![("resource", project.to_owned())];
            query.extend(at.clone().map(|sync| ("sync", sync)));
            let answer = self.ask(&Ask::one("events", EVENT_FIELDS).query(query)).await?;
            asked_at = asked_at.or(Some(answer.asked_at));
            match answer.status {
                200 => {}
                412 => {
                    return Ok(News::Begin(
                        fresh(&answer.body).ok_or_else(|| malformed(format!("{what}: no sync token")))?,
                    ));
                }
                402 => return Ok(News::Deaf),
                // A project that is out of sight says so when its tasks are asked for.
                403 => return Ok(News::Deaf),
                _ => return Err(refusal(&answer, &what)),
            }
            let text = std::str::from_utf8(&answer.body).map_err(|_| malformed(format!("{what}: not text")))?;
            let told: Told<'_> = items::one(text).map_err(|because| malformed(format!("{what}: {because}")))?;
            if told.data.is_none() && told.sync.is_none() {
                // Taken for silence, it would hide every change for as long as it is answered.
                return Err(malformed(format!("{what}: neither events nor a place in them")));
            }
            let rows = told.data.unwrap_or_default();
            for event in items::each::<Event>(&rows, &mut Vec::new()) {
                self.take_event(&event, &mut heard);
            }
            let is_new = told.sync.is_some() && told.sync != at;
            at = told.sync.or(at);
            // One that claims more and gives nothing is asked again at the next poll.
            more = told.has_more == Some(true) && is_new && !rows.is_empty();
            if !more {
                break;
            }
        }
        let asked_at = asked_at.unwrap_or_else(|| self.clock.now());
        Ok(News::Heard { heard, sync: at, more, asked_at })
    }

    fn take_event(&self, event: &Event, heard: &mut Vec<Heard>) {
        let action = event.action.as_deref().unwrap_or_default();
        let Some((gid, came)) = task_of(event) else { return };
        if is_task(event.resource.as_ref()) {
            match action {
                "deleted" => self.note_deleted(&gid, true),
                "undeleted" => self.note_deleted(&gid, false),
                _ => {}
            }
        }
        match heard.iter_mut().find(|one| one.gid == gid) {
            Some(known) => known.came |= came,
            None => heard.push(Heard { gid, came }),
        }
    }
}

/// The task an event is about, and whether it came into the project.
fn task_of(event: &Event) -> Option<(String, bool)> {
    let resource = event.resource.as_ref()?;
    let gid = |typed: &Typed| typed.gid.clone().filter(|gid| is_gid(gid));
    if is_task(Some(resource)) {
        let action = event.action.as_deref().unwrap_or_default();
        return Some((gid(resource)?, matches!(action, "added" | "undeleted")));
    }
    let is_noise = resource.resource_subtype.as_deref().is_some_and(|kind| OF_NO_CONCERN.contains(&kind));
    match event.parent.as_ref().filter(|parent| is_task(Some(parent)) && !is_noise) {
        Some(parent) => Some((gid(parent)?, false)),
        None => None,
    }
}

fn is_task(typed: Option<&Typed>) -> bool {
    typed.is_some_and(|typed| typed.resource_type.as_deref() == Some("task"))
}

/// The place that comes with a refusal.
fn fresh(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Fresh {
        sync: Option<String>,
    }
    serde_json::from_slice::<Fresh>(body).ok()?.sync.filter(|sync| !sync.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn of(event: serde_json::Value) -> Option<(String, bool)> {
        task_of(&serde_json::from_value(event).unwrap())
    }

    #[test]
    fn an_event_names_the_task_it_is_about() {
        let task = json!({"gid": "1", "resource_type": "task"});
        let story = json!({"gid": "5", "resource_type": "story", "resource_subtype": "comment_added"});
        let project = json!({"gid": "9", "resource_type": "project"});
        let changed = json!({"action": "changed", "resource": task, "parent": null});
        assert_eq!(of(changed), Some(("1".to_owned(), false)));
        let added = json!({"action": "added", "resource": task, "parent": project});
        assert_eq!(of(added), Some(("1".to_owned(), true)));
        let said = json!({"action": "added", "resource": story, "parent": task});
        assert_eq!(of(said), Some(("1".to_owned(), false)));
        let liked = json!({"action": "added", "parent": task,
            "resource": {"gid": "5", "resource_type": "story", "resource_subtype": "liked"}});
        assert_eq!(of(liked), None);
        assert_eq!(of(json!({"action": "changed", "resource": project})), None);
        assert_eq!(of(json!({"action": "changed", "resource": {"resource_type": "task"}})), None);
        assert_eq!(of(json!({})), None);
    }
}
