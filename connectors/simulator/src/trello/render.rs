//! How each model is shown: every field that the API gives, from which a request picks.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{
    Action, Attachment, Board, Card, CheckItem, Checklist, Credential, Label, List, Member, Membership, born, shown,
    stamp,
};
use super::store::Store;
use crate::text::digest;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// What stands in an address after the number: lower case, with dashes.
fn slug(name: &str) -> String {
    let dashed: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).take(8).collect();
    words.join("-")
}

impl Store {
    /// How many comments stand on each card, beyond those that a recording's own count tells.
    pub(super) fn comment_counts(&self) -> HashMap<&str, u64> {
        let mut counts = HashMap::new();
        let said = self.actions.iter().filter(|action| action.kind == "commentCard" && self.is_told(action));
        for action in said.filter(|action| self.as_of.is_some() || !action.recorded) {
            *counts.entry(action.card.as_deref().unwrap_or_default()).or_default() += 1;
        }
        counts
    }

    /// `said`: see [`Store::comment_counts`].
    pub(super) fn show_card(&self, card: &Card, said: &HashMap<&str, u64>) -> Map<String, Value> {
        let board = self.board(&card.board);
        let short_url = format!("https://trello.com/c/{}", card.short_link);
        let mut all = object(json!({
            "address": null, "agent": null, "checkItemStates": [], "coordinates": null, "cover": { "idAttachment": null,
            "color": null, "size": "normal", "brightness": "dark" }, "creationMethod": null, "descData": null,
            "dueReminder": null, "email": null, "idAttachmentCover": null, "idMembersVoted": [], "limits": {},
            "locationName": null, "manualCoverAttachment": false, "pinned": false, "subscribed": false,
            "shortUrl": short_url, "url": format!("{short_url}/{}-{}", card.number, slug(&card.name)),
        }));
        all.extend(card.extra.clone());
        let checklists: Vec<&str> = card.checklists.iter().map(|one| one.id.as_str()).collect();
        let labels = board.map_or(&[][..], |board| &board.labels);
        let labels = card.labels.iter().filter_map(|id| labels.iter().find(|label| label.id == *id));
        let labels: Vec<Value> = labels.map(|label| Value::Object(Store::show_label(&card.board, label))).collect();
        all.extend(object(json!({
            "id": card.id, "badges": self.badges(card, said.get(card.id.as_str()).copied().unwrap_or(0)), "closed": card.closed, "dateClosed": shown(card.closed_at),
            "dateCompleted": shown(card.completed_at), "dateLastActivity": stamp(card.updated_at), "desc": card.desc,
            "due": shown(card.due), "dueComplete": card.complete, "idBoard": card.board, "idChecklists": checklists,
            "idLabels": card.labels, "idList": card.list, "idMemberCreator": card.creator, "idMembers": card.members,
            "idShort": card.number, "labels": labels, "name": card.name, "pos": card.pos,
            "shortLink": card.short_link, "start": shown(card.start), "isTemplate": card.template,
            "cardRole": card.role, "mirrorSourceId": card.mirror_of,
        })));
        all
    }

    fn badges(&self, card: &Card, said: u64) -> Value {
        let mut badges = object(json!({
            "attachmentsByType": { "trello": { "board": 0, "card": 0 } }, "location": false, "votes": 0,
            "viewingMemberVoted": false, "subscribed": false, "fogbugz": "", "externalSource": null,
            "lastUpdatedByAi": false, "maliciousAttachments": 0,
        }));
        if let Some(Value::Object(known)) = card.extra.get("badges") {
            badges.extend(known.clone());
        }
        let told = badges.get("comments").and_then(Value::as_u64).filter(|_| self.as_of.is_none());
        badges.insert("comments".to_owned(), json!(told.unwrap_or(0) + said));
        let open_items = card.items().filter(|item| !item.done).filter_map(|item| item.due);
        let is_free = self.board(&card.board).is_some_and(|board| board.free);
        badges.extend(object(json!({
            "attachments": card.attachments.len(), "description": !card.desc.is_empty(), "due": shown(card.due),
            "dueComplete": card.complete, "start": shown(card.start),
            "checkItemsEarliestDue": shown(open_items.min().filter(|_| !is_free)),
            "checkItems": card.items().count(), "checkItemsChecked": card.items().filter(|item| item.done).count(),
        })));
        Value::Object(badges)
    }

    pub(super) fn show_checklist(&self, card: &Card, checklist: &Checklist) -> Map<String, Value> {
        let is_free = self.board(&card.board).is_some_and(|board| board.free);
        let item = |item: &CheckItem| {
            let mut shown_item = json!({
                "id": item.id, "idChecklist": checklist.id, "name": item.name, "nameData": null, "pos": item.pos,
                "state": if item.done { "complete" } else { "incomplete" },
            });
            // On a free plan they are not there at all.
            if !is_free {
                shown_item["due"] = shown(item.due);
                shown_item["dueReminder"] = Value::Null;
                shown_item["idMember"] = json!(item.member);
            }
            shown_item
        };
        let items: Vec<Value> = checklist.items.iter().map(item).collect();
        object(json!({
            "id": checklist.id, "name": checklist.name, "idBoard": card.board, "idCard": card.id,
            "pos": checklist.pos, "checkItems": items,
        }))
    }

    pub(super) fn show_field_items(&self, card: &Card) -> Value {
        let is_free = self.board(&card.board).is_some_and(|board| board.free);
        if is_free { json!([]) } else { json!(card.field_items) }
    }

    pub(super) fn show_attachment(attachment: &Attachment) -> Map<String, Value> {
        let mut all = object(json!({
            "bytes": null, "edgeColor": null, "isUpload": false, "isMalicious": false, "mimeType": "", "previews": [],
            "pos": 16384, "fileName": null,
        }));
        all.extend(attachment.extra.clone());
        all.extend(object(json!({
            "id": attachment.id, "name": attachment.name, "url": attachment.url, "date": stamp(attachment.at),
            "idMember": attachment.member,
        })));
        all
    }

    pub(super) fn show_list(board: &Board, list: &List) -> Map<String, Value> {
        object(json!({
            "id": list.id, "name": list.name, "closed": list.closed, "color": null, "idBoard": board.id,
            "pos": list.pos, "softLimit": list.soft_limit, "subscribed": false, "type": null,
            "datasource": { "filter": false },
        }))
    }

    pub(super) fn show_label(board: &str, label: &Label) -> Map<String, Value> {
        object(json!({ "id": label.id, "idBoard": board, "name": label.name, "color": label.color }))
    }

    pub(super) fn show_member(member: &Member) -> Map<String, Value> {
        let initials: String = member.name.split_whitespace().filter_map(|word| word.chars().next()).take(3).collect();
        object(json!({
            "id": member.id, "username": member.username, "fullName": member.name, "initials": initials,
            "activityBlocked": false, "avatarHash": null, "avatarUrl": null, "confirmed": !member.ghost,
            "memberType": if member.ghost { "ghost" } else { "normal" }, "idMemberReferrer": null,
            "nonPublic": {}, "nonPublicAvailable": false, "url": format!("https://trello.com/{}", member.username),
        }))
    }

    pub(super) fn show_membership(&self, membership: &Membership) -> Value {
        let is_ghost = self.member(&membership.member).is_some_and(|member| member.ghost);
        json!({
            "id": membership.id, "idMember": membership.member, "memberType": membership.kind,
            "unconfirmed": is_ghost, "deactivated": membership.deactivated,
        })
    }

    pub(super) fn show_token(token: &str, known: Option<&Credential>, member: &str) -> Map<String, Value> {
        let write = known.is_none_or(|one| one.write);
        let permission =
            |model: &str, kind: &str| json!({ "idModel": model, "modelType": kind, "read": true, "write": write });
        object(json!({
            "id": format!("5f000000{:016x}", digest(token)), "idMember": member,
            "identifier": "Tests",
            "dateCreated": shown(known.map(|one| one.created_at).or(born(member))),
            "dateExpires": shown(known.and_then(|one| one.expires_at)),
            "permissions": [permission(member, "Member"), permission("*", "Board"), permission("*", "Organization")],
        }))
    }

    pub(super) fn show_board(&self, board: &Board, now: Timestamp) -> Map<String, Value> {
        let short_url = format!("https://trello.com/b/{}", board.short_link);
        let mut all = object(json!({
            "desc": "", "descData": null, "idOrganization": super::reading::ORGANIZATION, "idEnterprise": null,
            "pinned": false, "starred": false, "subscribed": false, "labelNames": {}, "powerUps": [], "idTags": [],
            "limits": { "cards": { "openPerBoard": { "status": "ok", "disableAt": 5000, "warnAt": 4000 } } },
            "shortUrl": short_url, "url": format!("{short_url}/{}", slug(&board.name)), "dateLastView": null,
            "prefs": { "permissionLevel": "private", "comments": "members", "cardAging": "regular", "isTemplate": false },
        }));
        all.extend(board.extra.clone());
        let memberships: Vec<Value> = board.memberships.iter().map(|one| self.show_membership(one)).collect();
        all.extend(object(json!({
            "id": board.id, "name": board.name, "closed": board.closed, "dateClosed": shown(board.closed_at),
            "shortLink": board.short_link, "dateLastActivity": shown(self.last_activity(board, now)),
            "memberships": memberships,
        })));
        all
    }

    /// How an action shows who did it, or to whom it was done.
    fn show_actor(&self, id: &str) -> Option<Map<String, Value>> {
        const NAMES: [&str; 10] = [
            "id",
            "activityBlocked",
            "avatarHash",
            "avatarUrl",
            "fullName",
            "idMemberReferrer",
            "initials",
            "nonPublic",
            "nonPublicAvailable",
            "username",
        ];
        let member = self.member(id).filter(|member| !member.gone)?;
        let mut fields = Store::show_member(member);
        fields.retain(|name, _| NAMES.contains(&name.as_str()));
        Some(fields)
    }

    pub(super) fn show_action(&self, action: &Action) -> Map<String, Value> {
        object(json!({
            "id": action.id, "idMemberCreator": action.by, "data": action.data, "type": action.kind,
            "date": stamp(action.at), "limits": null, "agenticIdentity": null,
            "appCreator": action.app.as_ref().map(|id| json!({ "id": id })),
        }))
    }

    /// An action with the members it names.
    pub(super) fn whole_action(&self, action: &Action) -> Map<String, Value> {
        let mut all = self.show_action(action);
        all.extend(self.show_actors(action).map(|(name, actor)| (name, Value::Object(actor))));
        all
    }

    /// The members that an action names: who did it, and to whom it was done. Whose account is gone is not told.
    pub(super) fn show_actors(&self, action: &Action) -> impl Iterator<Item = (String, Map<String, Value>)> {
        let other = action.data.get("idMember").or_else(|| action.data.get("idMemberAdded")).and_then(Value::as_str);
        let named = [("memberCreator", action.by.as_deref()), ("member", other)];
        named.into_iter().filter_map(|(name, id)| Some((name.to_owned(), self.show_actor(id?)?)))
    }
}
