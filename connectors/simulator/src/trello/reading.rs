//! What can be read: boards, lists, cards, members and what belongs to them. A list answers what its filter lets through,
//! at most a thousand, and never says that it is not whole.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::model::{Board, Card, Credential, List, Member, Reach, is_id};
use super::store::Store;
use super::{Call, Fields, bad, no_route, not_found, text, unauthorized};
use crate::reply::Reply;

/// The workspace that every board belongs to.
pub(super) const ORGANIZATION: &str = "5d00aa11c0de5eed42000001";
/// Cards, labels and actions in one answer.
pub(super) const MOST: usize = 1_000;

const BOARD_FIELDS: &str = "name,desc,descData,closed,idOrganization,pinned,url,shortUrl,prefs,labelNames";

type Fallible<T> = Result<T, Reply>;

fn all<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Fallible<Reply> {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    Ok(Reply::json(200, &values))
}

fn one(model: Map<String, Value>) -> Fallible<Reply> {
    Ok(Reply::json(200, &model))
}

fn place(pos: &Value) -> f64 {
    pos.as_f64().unwrap_or(0.0)
}

/// A limit between one and a thousand.
pub(super) fn limit(call: &Call<'_>, name: &str, otherwise: usize) -> Fallible<usize> {
    match call.get(name) {
        None => Ok(otherwise),
        Some(value) => value.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(|| bad(name)),
    }
}

/// An edge in time as an id: an id as it is, a date as the first id of its second.
pub(super) fn edge(call: &Call<'_>, name: &str) -> Fallible<Option<String>> {
    let Some(value) = call.get(name).filter(|value| !value.is_empty() && *value != "null") else { return Ok(None) };
    if is_id(value) {
        return Ok(Some(value.to_lowercase()));
    }
    let day = || value.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let at = value.parse::<jiff::Timestamp>().ok().or_else(|| day().map(|day| day.timestamp()));
    let at = at.ok_or_else(|| bad(name))?;
    Ok(Some(format!("{:08x}{:016x}", at.as_second().clamp(0, i64::from(u32::MAX)), 0)))
}

impl Store {
    pub(super) fn read(&self, call: &Call<'_>, parts: &[&str]) -> Fallible<Reply> {
        match parts {
            ["tokens", token, rest @ ..] => self.read_token(call, token, rest),
            ["members", name, rest @ ..] => self.read_member(call, name, rest),
            ["organizations", ORGANIZATION, rest @ ..] => self.read_organization(call, rest),
            ["organizations", ..] => Err(not_found()),
            ["boards", name, rest @ ..] => self.read_board(call, self.reach(name)?, rest),
            ["lists", name, rest @ ..] => {
                let (board, list) = self.reach_list(name)?;
                self.read_list(call, board, list, rest)
            }
            ["cards", name, rest @ ..] => self.read_card(call, self.reach_card(name)?, rest),
            ["checklists", id] => {
                let hit = |card: &&Card| card.checklists.iter().any(|checklist| checklist.id == *id);
                let card = self.cards.values().find(hit).ok_or_else(not_found)?;
                self.reach(&card.board)?;
                let found = card.checklists.iter().find(|checklist| checklist.id == *id).ok_or_else(not_found)?;
                one(call.fields("fields", "all").pick(self.show_checklist(card, found)))
            }
            ["labels", id] => {
                let boards = self.boards.iter().filter(|board| board.reach == Reach::Open);
                let hit = |board: &Board| {
                    let label = board.labels.iter().find(|label| label.id == *id)?;
                    Some(Store::show_label(&board.id, label))
                };
                one(boards.filter_map(|board| hit(board)).next().ok_or_else(not_found)?)
            }
            ["actions", id] => self.read_action(call, id),
            ["webhooks", id] => self.read_hook(call, id),
            _ => Err(no_route(call.method, &format!("/1/{}", parts.join("/")))),
        }
    }

    /// A board that the account is on.
    pub(super) fn reach(&self, name: &str) -> Fallible<&Board> {
        if !(is_id(name) || name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Err(text(400, "invalid id"));
        }
        let board = self.board(name).ok_or_else(not_found)?;
        match board.reach {
            Reach::Open => Ok(board),
            Reach::Refused => Err(unauthorized()),
            Reach::Missing => Err(not_found()),
        }
    }

    fn reach_list(&self, id: &str) -> Fallible<(&Board, &List)> {
        if !is_id(id) {
            return Err(text(400, "invalid id"));
        }
        let (board, list) = self.list(id).ok_or_else(not_found)?;
        self.reach(&board.id)?;
        Ok((board, list))
    }

    pub(super) fn reach_card(&self, name: &str) -> Fallible<&Card> {
        if !(is_id(name) || name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Err(text(400, "invalid id"));
        }
        let card = self.card(name).ok_or_else(not_found)?;
        self.reach(&card.board)?;
        Ok(card)
    }

    fn read_token(&self, call: &Call<'_>, token: &str, rest: &[&str]) -> Fallible<Reply> {
        let known = self.settings.credentials.iter().find(|one| one.token == token && !one.revoked);
        if known.is_none() && token != call.who.token {
            return Err(text(404, "token not found"));
        }
        let member = known.map_or(&call.who.member, |one| &one.member);
        match rest {
            [] => one(call.fields("fields", "all").pick(Store::show_token(token, known, member))),
            ["member"] => self.read_member(call, member, &[]),
            ["webhooks"] => all(self.hooks.iter().filter(|hook| hook.token == token).map(Store::show_hook)),
            _ => Err(not_found()),
        }
    }

    /// Every token of a member that is still good, which only its owner is told.
    fn tokens_of(&self, call: &Call<'_>, member: &str) -> Fallible<Reply> {
        if member != call.who.member {
            return Err(unauthorized());
        }
        let good =
            |one: &&Credential| one.member == member && !one.revoked && one.expires_at.is_none_or(|at| at > call.now);
        if self.settings.credentials.is_empty() {
            return all([Store::show_token(&call.who.token, None, member)]);
        }
        let tokens = self.settings.credentials.iter().filter(good);
        all(tokens.map(|one| Store::show_token(&one.token, Some(one), member)))
    }

    fn read_member(&self, call: &Call<'_>, name: &str, rest: &[&str]) -> Fallible<Reply> {
        let name = if name == "me" { call.who.member.as_str() } else { name };
        let hit = |member: &&Member| !member.gone && (member.id == name || member.username == name);
        let member = self.members.iter().find(hit).ok_or_else(not_found)?;
        match rest {
            [] => one(call.fields("fields", "all").pick(Store::show_member(member))),
            ["boards"] => self.board_list(call, call.get("filter").unwrap_or("all"), "all"),
            ["boards", filter] => self.board_list(call, filter, "all"),
            ["tokens"] => self.tokens_of(call, &member.id),
            ["organizations"] => all([json!({ "id": ORGANIZATION, "name": "acme", "displayName": "Acme" })]),
            ["cards"] => {
                let cards = self.cards.values().filter(|card| card.members.contains(&member.id));
                let cards = cards.filter(|card| self.reach(&card.board).is_ok()).collect();
                self.card_list(call, cards, call.get("filter").unwrap_or("visible"))
            }
            _ => Err(not_found()),
        }
    }

    fn read_organization(&self, call: &Call<'_>, rest: &[&str]) -> Fallible<Reply> {
        match rest {
            [] => all([json!({ "id": ORGANIZATION, "name": "acme", "displayName": "Acme" })]),
            ["boards"] => self.board_list(call, call.get("filter").unwrap_or("all"), "all"),
            _ => Err(not_found()),
        }
    }

    fn board_list(&self, call: &Call<'_>, filter: &str, fields: &str) -> Fallible<Reply> {
        // A filter of several words lets closed boards through whatever it says.
        let fits = |board: &&Board| match filter {
            "none" => false,
            "open" => !board.closed,
            "closed" => board.closed,
            _ => true,
        };
        let boards = self.boards.iter().filter(|board| board.reach == Reach::Open).filter(fits);
        all(boards.map(|board| call.fields("fields", fields).pick(self.show_board(board, call.now))))
    }

    fn read_board(&self, call: &Call<'_>, board: &Board, rest: &[&str]) -> Fallible<Reply> {
        match rest {
            [] => self.whole_board(call, board),
            ["lists"] => {
                all(Store::lists_of(board, call.get("filter").unwrap_or("open"), call.fields("fields", "all")))
            }
            ["lists", filter] => all(Store::lists_of(board, filter, call.fields("fields", "all"))),
            ["cards"] => self.cards_of_board(call, board, call.get("filter").unwrap_or("visible")),
            ["cards", filter] => self.cards_of_board(call, board, filter),
            ["checklists"] => all(self.checklists_of(board, call.fields("fields", "all"))),
            ["customFields"] => all(if board.free { Vec::new() } else { board.fields.clone() }),
            ["labels"] => all(Store::labels_of(board, limit(call, "limit", 50)?, call.fields("fields", "all"))),
            ["members"] => all(self.members_of(board, call.fields("fields", "fullName,username"))),
            ["memberships"] => all(board.memberships.iter().map(|one| self.show_membership(one))),
            ["actions"] => {
                let feed = self.actions.iter().filter(|action| action.board == board.id);
                self.feed(call, feed, board.depth, "all")
            }
            [field] => {
                let found = self.show_board(board, call.now).remove(*field).ok_or_else(not_found)?;
                Ok(Reply::json(200, &json!({ "_value": found })))
            }
            _ => Err(not_found()),
        }
    }

    /// The board, and what is asked for with it.
    fn whole_board(&self, call: &Call<'_>, board: &Board) -> Fallible<Reply> {
        let mut whole = call.fields("fields", BOARD_FIELDS).pick(self.show_board(board, call.now));
        let mut put = |name: &str, value: Value| drop(whole.insert(name.to_owned(), value));
        let wanted = |name: &str| call.get(name).filter(|value| !matches!(*value, "none" | "false" | ""));
        if let Some(filter) = wanted("lists") {
            put("lists", Store::lists_of(board, filter, call.fields("list_fields", "all")).into());
        }
        if let Some(filter) = wanted("cards") {
            let cards = self.cards_of(&board.id).collect();
            put("cards", self.cards_page(call, cards, filter, "card_")?.into());
        }
        if wanted("labels").is_some() {
            let most = limit(call, "labels_limit", limit(call, "label_limit", 50)?)?;
            put("labels", Store::labels_of(board, most, call.fields("label_fields", "all")).into());
        }
        if wanted("members").is_some() {
            put("members", self.members_of(board, call.fields("member_fields", "fullName,username")).into());
        }
        if wanted("checklists").is_some() {
            put("checklists", self.checklists_of(board, call.fields("checklist_fields", "all")).into());
        }
        if wanted("memberships").is_some() {
            put("memberships", board.memberships.iter().map(|one| self.show_membership(one)).collect());
        }
        if wanted("customFields").is_some() {
            put("customFields", if board.free { json!([]) } else { json!(board.fields) });
        }
        if let Some(kinds) = wanted("actions") {
            let feed = self.actions.iter().filter(|action| action.board == board.id);
            let most = limit(call, "actions_limit", 50)?;
            put("actions", self.nested_feed(feed, kinds, most, call.now));
        }
        one(whole)
    }

    fn lists_of(board: &Board, filter: &str, fields: Fields<'_>) -> Vec<Value> {
        let fits = |list: &&List| match filter {
            "all" => true,
            "closed" => list.closed,
            "none" => false,
            _ => !list.closed,
        };
        let mut lists: Vec<&List> = board.lists.iter().filter(fits).collect();
        lists.sort_by(|a, b| place(&a.pos).total_cmp(&place(&b.pos)));
        lists.into_iter().map(|list| Value::Object(fields.pick(Store::show_list(board, list)))).collect()
    }

    fn labels_of(board: &Board, most: usize, fields: Fields<'_>) -> Vec<Value> {
        let labels = board.labels.iter().take(most);
        labels.map(|label| Value::Object(fields.pick(Store::show_label(&board.id, label)))).collect()
    }

    fn members_of(&self, board: &Board, fields: Fields<'_>) -> Vec<Value> {
        let members = board.memberships.iter().filter_map(|one| self.member(&one.member));
        let members = members.filter(|member| !member.gone);
        members.map(|member| Value::Object(fields.pick(Store::show_member(member)))).collect()
    }

    fn checklists_of(&self, board: &Board, fields: Fields<'_>) -> Vec<Value> {
        let cards = self.cards_of(&board.id);
        let pairs = cards.flat_map(|card| card.checklists.iter().map(move |checklist| (card, checklist)));
        pairs.map(|(card, checklist)| Value::Object(fields.pick(self.show_checklist(card, checklist)))).collect()
    }

    fn read_list(&self, call: &Call<'_>, board: &Board, list: &List, rest: &[&str]) -> Fallible<Reply> {
        match rest {
            [] => one(call.fields("fields", "all").pick(Store::show_list(board, list))),
            ["cards"] | ["cards", _] => {
                let filter = rest.get(1).copied().or(call.get("filter")).unwrap_or("open");
                let cards = self.cards_of(&board.id).filter(|card| card.list == list.id).collect();
                self.card_list(call, cards, filter)
            }
            ["board"] => one(call.fields("fields", "all").pick(self.show_board(board, call.now))),
            ["actions"] => {
                let is_here = |action: &&super::model::Action| {
                    let named = |name: &str| action.data[name]["id"] == list.id.as_str();
                    named("list") || named("listBefore") || named("listAfter")
                };
                self.feed(call, self.actions.iter().filter(is_here), board.depth, "all")
            }
            _ => Err(not_found()),
        }
    }

    fn read_card(&self, call: &Call<'_>, card: &Card, rest: &[&str]) -> Fallible<Reply> {
        match rest {
            [] => one(self.whole_card(call, card, "", &self.comment_counts())?),
            ["actions"] => {
                let feed = self.actions.iter().filter(|action| action.card.as_ref() == Some(&card.id));
                self.feed(call, feed, None, "commentCard,updateCard:idList")
            }
            ["checklists"] => {
                let fields = call.fields("fields", "all");
                all(card.checklists.iter().map(|checklist| fields.pick(self.show_checklist(card, checklist))))
            }
            ["customFieldItems"] => Ok(Reply::json(200, &self.show_field_items(card))),
            ["attachments"] => {
                let fields = call.fields("fields", "all");
                all(card.attachments.iter().map(|attachment| fields.pick(Store::show_attachment(attachment))))
            }
            ["members"] => {
                let members = card.members.iter().filter_map(|id| self.member(id));
                let fields = call.fields("fields", "fullName,username");
                all(members.map(|member| fields.pick(Store::show_member(member))))
            }
            ["list"] => {
                let (board, list) = self.list(&card.list).ok_or_else(not_found)?;
                one(call.fields("fields", "all").pick(Store::show_list(board, list)))
            }
            ["board"] => one(call.fields("fields", "all").pick(self.show_board(self.reach(&card.board)?, call.now))),
            _ => Err(not_found()),
        }
    }

    /// A card, and what is asked for with it; `prefix` stands before the names of what is asked for.
    fn whole_card(
        &self,
        call: &Call<'_>,
        card: &Card,
        prefix: &str,
        said: &HashMap<&str, u64>,
    ) -> Fallible<Map<String, Value>> {
        let name = |name: &str| format!("{prefix}{name}");
        // Inside a board `card_fields`, alone `fields`.
        let mut whole = call.fields(&name("fields"), "all").pick(self.show_card(card, said));
        let mut put = |name: &str, value: Value| drop(whole.insert(name.to_owned(), value));
        if call.is_on(&name("checklists")) {
            let fields_name = name("checklist_fields");
            let fields = call.fields(&fields_name, "all");
            let pick = |checklist| Value::Object(fields.pick(self.show_checklist(card, checklist)));
            put("checklists", card.checklists.iter().map(pick).collect());
        }
        if call.is_on(&name("customFieldItems")) {
            put("customFieldItems", self.show_field_items(card));
        }
        if call.is_on(&name("attachments")) {
            let fields_name = name("attachment_fields");
            let fields = call.fields(&fields_name, "all");
            let pick = |attachment| Value::Object(fields.pick(Store::show_attachment(attachment)));
            put("attachments", card.attachments.iter().map(pick).collect());
        }
        if call.is_on(&name("members")) {
            let fields_name = name("member_fields");
            let fields = call.fields(&fields_name, "fullName,username");
            let members = card.members.iter().filter_map(|id| self.member(id));
            put("members", members.map(|member| Value::Object(fields.pick(Store::show_member(member)))).collect());
        }
        if call.is_on(&name("list"))
            && let Some((board, list)) = self.list(&card.list)
        {
            put("list", Value::Object(Store::show_list(board, list)));
        }
        if call.is_on(&name("board"))
            && let Some(board) = self.board(&card.board)
        {
            put(
                "board",
                Value::Object(call.fields("board_fields", BOARD_FIELDS).pick(self.show_board(board, call.now))),
            );
        }
        if let Some(kinds) = call.get(&name("actions")).filter(|value| !value.is_empty()) {
            let feed = self.actions.iter().filter(|action| action.card.as_ref() == Some(&card.id));
            let most = limit(call, "actions_limit", 50)?;
            put("actions", self.nested_feed(feed, kinds, most, call.now));
        }
        Ok(whole)
    }

    fn cards_of_board(&self, call: &Call<'_>, board: &Board, filter: &str) -> Fallible<Reply> {
        self.card_list(call, self.cards_of(&board.id).collect(), filter)
    }

    fn card_list(&self, call: &Call<'_>, cards: Vec<&Card>, filter: &str) -> Fallible<Reply> {
        all(self.cards_page(call, cards, filter, "")?)
    }

    /// The newest cards that fit, a thousand at most: in the order of the board, or from new to old where a page is asked
    /// for.
    fn cards_page(&self, call: &Call<'_>, mut cards: Vec<&Card>, filter: &str, prefix: &str) -> Fallible<Vec<Value>> {
        const FILTERS: [&str; 7] = ["all", "closed", "complete", "incomplete", "none", "open", "visible"];
        if !FILTERS.contains(&filter) {
            return Err(bad("filter"));
        }
        // Lists that are archived keep their cards as they are.
        let lists: HashMap<&str, (bool, f64)> = self
            .boards
            .iter()
            .flat_map(|board| &board.lists)
            .map(|list| (list.id.as_str(), (list.closed, place(&list.pos))))
            .collect();
        let list = |card: &Card| lists.get(card.list.as_str()).copied().unwrap_or((true, 0.0));
        cards.retain(|card| match filter {
            "none" => false,
            "closed" => card.closed,
            "open" => !card.closed,
            "visible" => !card.closed && !list(card).0,
            "complete" => !card.closed && card.complete,
            "incomplete" => !card.closed && !card.complete,
            _ => true,
        });
        let in_pages = ["limit", "since", "before"].iter().any(|name| prefix.is_empty() && call.get(name).is_some());
        cards.sort_by(|a, b| b.id.cmp(&a.id));
        if in_pages {
            let (since, before) = (edge(call, "since")?, edge(call, "before")?);
            cards.retain(|card| since.as_ref().is_none_or(|since| card.id > *since));
            cards.retain(|card| before.as_ref().is_none_or(|before| card.id < *before));
            cards.truncate(limit(call, "limit", MOST)?);
        } else {
            cards.truncate(MOST);
            let order = |card: &Card| (list(card).1, place(&card.pos));
            cards.sort_by(|a, b| {
                let ((list_a, a), (list_b, b)) = (order(a), order(b));
                list_a.total_cmp(&list_b).then(a.total_cmp(&b))
            });
        }
        let nests_actions = call.get(&format!("{prefix}actions")).is_some_and(|value| !value.is_empty());
        let most = if nests_actions { self.settings.nested_cards } else { self.settings.largest_page };
        if cards.len() > most {
            let body = json!({ "error": "API_TOO_MANY_CARDS_REQUESTED", "message": "Too many cards requested" });
            return Err(Reply::json(429, &body));
        }
        let said = self.comment_counts();
        let shown = cards.into_iter().map(|card| Ok(Value::Object(self.whole_card(call, card, prefix, &said)?)));
        shown.collect()
    }

    fn read_action(&self, call: &Call<'_>, id: &str) -> Fallible<Reply> {
        let action =
            self.actions.iter().find(|action| action.id == id && self.is_told(action)).ok_or_else(not_found)?;
        self.reach(&action.board)?;
        one(call.fields("fields", "all").pick(self.whole_action(action)))
    }
}
