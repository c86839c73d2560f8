//! Methods about people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::args::Args;
use super::model::{Member, TEAM};
use super::{Answer, Refusal, Workspace};

impl Workspace {
    pub(super) fn lookup_by_email(&self, args: &Args) -> Answer {
        self.need(&["users:read.email"])?;
        let Some(email) = args.text("email") else { return Err(Refusal::Error("invalid_arguments")) };
        let email = email.to_lowercase();
        // Somebody deactivated is not found either.
        let found = self.members.values().find(|member| member.email == email && !member.deleted);
        found.map(|member| json!({ "user": self.user_json(member) })).ok_or(Refusal::Error("users_not_found"))
    }

    pub(super) fn user_info(&self, args: &Args) -> Answer {
        self.need(&["users:read"])?;
        let found = args.text("user").and_then(|id| self.members.get(id));
        found.map(|member| json!({ "user": self.user_json(member) })).ok_or(Refusal::Error("user_not_found"))
    }

    pub(super) fn user_list(&self, args: &Args) -> Answer {
        self.need(&["users:read"])?;
        let all: Vec<Value> = self.members.values().map(|member| self.user_json(member)).collect();
        let (page, next) = page(&all, args, 200)?;
        Ok(json!({ "members": page, "cache_ts": 0, "response_metadata": { "next_cursor": next } }))
    }

    fn user_json(&self, member: &Member) -> Value {
        let mut profile = json!({
            "real_name": member.name, "real_name_normalized": member.name, "display_name": member.name,
            "status_text": "", "status_emoji": "", "status_expiration": 0, "team": TEAM,
        });
        if self.scopes.contains("users:read.email") {
            profile["email"] = json!(member.email);
        }
        json!({
            "id": member.id, "team_id": TEAM, "name": member.name.to_lowercase().replace(' ', "."),
            "deleted": member.deleted, "real_name": member.name, "tz": member.zone, "tz_label": member.zone,
            "tz_offset": offset(&member.zone), "profile": profile, "is_admin": false, "is_owner": false,
            "is_restricted": member.guest, "is_ultra_restricted": false, "is_bot": member.bot, "is_app_user": false,
            "is_email_confirmed": true, "updated": 1_700_000_000,
        })
    }
}

/// Seconds east of UTC in winter; nobody should build on it, the zone's name is there.
fn offset(zone: &str) -> i32 {
    let winter = Timestamp::from_second(1_704_067_200).unwrap_or_default();
    TimeZone::get(zone).map_or(0, |zone| zone.to_offset(winter).seconds())
}

/// One page of a list by cursor, and the cursor of the next; empty at the end.
pub(super) fn page<'a>(all: &'a [Value], args: &Args, default: usize) -> Result<(&'a [Value], String), Refusal> {
    let start = match args.text("cursor") {
        None => 0,
        Some(cursor) => {
            let at = cursor.strip_prefix("bmV4dDo").and_then(|at| at.parse().ok());
            at.ok_or(Refusal::Error("invalid_cursor"))?
        }
    };
    let limit = args.count("limit").filter(|limit| *limit > 0).unwrap_or(default).min(1000);
    let start = usize::min(start, all.len());
    let end = usize::min(start + limit, all.len());
    let next = if end < all.len() { format!("bmV4dDo{end}") } else { String::new() };
    Ok((&all[start..end], next))
}
