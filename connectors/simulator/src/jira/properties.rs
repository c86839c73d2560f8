//! Properties of a comment: kept for programs, seen by nobody. They move no `updated`.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::comments::LONGEST_VALUE;
use super::site::Site;
use super::{Call, bad, error, unauthorized, unknown};
use crate::reply::Reply;

impl Site {
    pub(super) fn comment_properties(&mut self, call: &Call<'_>, id: &str, rest: &[&str]) -> Reply {
        let found = self.issues.values().find(|issue| {
            self.sees(issue, call.me.as_deref()) && issue.comments.iter().any(|comment| comment.id.to_string() == id)
        });
        let place = found.map(|issue| (issue.id, issue.project));
        let Some((issue, project)) = place else {
            return error(404, &format!("Can not find a comment for the id: {id}."));
        };
        let denied = self.project(project).is_some_and(|project| project.edits_denied || project.archived);
        let comments = self.issues.get_mut(&issue).map(|issue| &mut issue.comments);
        let Some(comment) = comments.and_then(|all| all.iter_mut().find(|comment| comment.id.to_string() == id)) else {
            return error(404, &format!("Can not find a comment for the id: {id}."));
        };
        let url = |key: &str| format!("{}/comment/{id}/properties/{key}", call.api);
        let mine = comment.author == call.me;
        match (rest, &call.asked.method) {
            ([], &Method::GET) => {
                let keys = comment.properties.keys().map(|key| json!({ "self": url(key), "key": key }));
                Reply::json(200, &json!({ "keys": keys.collect::<Vec<_>>() }))
            }
            ([key], &Method::GET) => match comment.properties.get(*key) {
                Some(value) => Reply::json(200, &json!({ "key": key, "value": value })),
                None => error(404, &format!("The property {key} does not exist.")),
            },
            ([_], &Method::PUT | &Method::DELETE) if call.me.is_none() => unauthorized(),
            ([_], &Method::PUT | &Method::DELETE) if !mine || denied => {
                error(403, "The user does not have the permission to edit the comment.")
            }
            ([key], &Method::PUT) => {
                let Ok(value) = serde_json::from_slice::<Value>(&call.asked.body) else {
                    return bad("The property value is not a valid JSON.");
                };
                if call.asked.body.len() > LONGEST_VALUE {
                    return bad("The property value is too long.");
                }
                let is_new = comment.properties.insert((*key).to_owned(), value).is_none();
                Reply::json(if is_new { 201 } else { 200 }, &json!({}))
            }
            ([key], &Method::DELETE) => match comment.properties.remove(*key) {
                Some(_) => Reply::new(204, Bytes::new()),
                None => error(404, &format!("The property {key} does not exist.")),
            },
            _ => unknown(call),
        }
    }
}
