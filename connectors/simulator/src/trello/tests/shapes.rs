//! What the model tells has every part that was recorded of the real thing.

use serde_json::{Value, json};

use super::desk;
use crate::trello::CardDraft;

/// Recorded bodies, by `responses` and `webhook_actions`. `None`: they are not here.
fn recorded() -> Option<Value> {
    let text = std::fs::read_to_string(crate::testing::recorded("specs/trello-recorded.json")?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Names that stand in the first and not in the second, one level deep.
fn missing(recorded: &Value, shown: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in recorded.as_object().unwrap() {
        if shown.get(name).is_none() {
            found.push(name.clone());
        } else if let Some(inner) = value.as_object() {
            let lacks = inner.keys().filter(|inner| shown[name].get(inner.as_str()).is_none());
            found.extend(lacks.map(|inner| format!("{name}.{inner}")));
        }
    }
    found
}

#[tokio::test]
async fn every_action_has_the_parts_that_were_recorded() {
    let Some(recorded) = recorded() else { return };
    let desk = desk().await;
    let trello = &desk.trello;
    trello.board("Elsewhere");
    trello.to_list(&desk.card, "Doing", "ana");
    trello.due(&desk.card, None, "ana");
    trello.rename(&desk.card, "Sell boots", "ana");
    trello.describe(&desk.card, "All of them", "ana");
    trello.rank(&desk.card, 7.5, "ana");
    trello.archive(&desk.card, true, "ana");
    trello.unassign(&desk.card, "ana", "max");
    trello.comment(&desk.card, "Hello", "ana");
    trello.checklist(&desk.card, "Steps", &["Buy", "Paint"]);
    trello.tick(&desk.card, 1, "ana");
    trello.convert_item(&desk.card, "Paint");
    trello.remove_checklist(&desk.card, "Steps");
    trello.attach(&desk.card, "https://example.org/plan");
    let other = trello.card("Web shop", "To Do", CardDraft::new("Find leather"));
    trello.block(&desk.card, &other);
    trello.unblock(&desk.card, &other);
    let copy = trello.copy(&desk.card, "Again");
    trello.by_email("Web shop", "To Do", "From outside");
    trello.move_to_board(&other, "Elsewhere", "Inbox", "ana");
    trello.delete(&copy);
    trello.list("Web shop", "Later");
    trello.rename_list("Web shop", "Later", "Never");
    trello.archive_list("Web shop", "Never", true);
    trello.move_list("Web shop", "Never", "Elsewhere");
    trello.close_board("Web shop", true);
    let mut feed = desk.get(&format!("/boards/{}/actions?limit=1000", desk.board)).await;
    let elsewhere = desk.get(&format!("/boards/{}/actions?limit=1000", trello.board("Elsewhere"))).await;
    feed.as_array_mut().unwrap().extend(elsewhere.as_array().unwrap().iter().cloned());
    let mut checked = 0;
    for (name, original) in recorded["webhook_actions"].as_object().unwrap() {
        let original = original.get("action").unwrap_or(original);
        let field = original["data"]["old"].as_object().and_then(|old| old.keys().next());
        let is_same = |shown: &&Value| {
            shown["type"] == original["type"] && field.is_none_or(|field| shown["data"]["old"].get(field).is_some())
        };
        let Some(shown) = feed.as_array().unwrap().iter().find(is_same) else { continue };
        assert_eq!(missing(&original["data"], &shown["data"]), Vec::<String>::new(), "{name}");
        for part in ["idMemberCreator", "date", "memberCreator"] {
            assert!(shown.get(part).is_some(), "{name}: {part}");
        }
        checked += 1;
    }
    assert!(checked >= 25, "{checked}");
    // A deleted card's own making is gone, so its copy is told by a card that stays.
    assert_eq!(desk.kinds("filter=copyCard").await, Vec::<String>::new());
}

#[tokio::test]
async fn every_model_has_the_fields_that_were_recorded() {
    let Some(recorded) = recorded() else { return };
    let desk = desk().await;
    desk.trello.checklist(&desk.card, "Steps", &["Buy"]);
    desk.trello.add_field("Web shop", "Priority", "list", &["High"]);
    let card = desk.get(&format!("/cards/{}", desk.card)).await;
    let token = desk.get("/tokens/token").await;
    let list = &desk.get(&format!("/cards/{}/checklists", desk.card)).await[0];
    let field = &desk.get(&format!("/boards/{}/customFields", desk.board)).await[0];
    let board = desk.get(&format!("/boards/{}", desk.board)).await;
    let own = |name: &str| &recorded["responses"][name];
    let fields = "boards/4ed7e27fe6abb2517a21383d/customFields.json";
    for (name, original, shown) in [
        ("card", own("cards/card-create.json"), &card),
        ("token", own("tokens/token.json"), &token),
        ("checklist", own("checklists/checklist-api-example.json"), list),
        ("item", &own("checklists/checklist-api-example.json")["checkItems"][0], &list["checkItems"][0]),
        ("field", &own(fields)[0], field),
        ("option", &own(fields)[0]["options"][0], &field["options"][0]),
        ("board", own("boards/5d2ccd3015468d3df508f10d/create.json"), &board),
    ] {
        assert!(original.is_object(), "{name} is recorded");
        let mut lacks = missing(original, shown);
        // What is about looks and rights is left out, and stickers went long ago.
        lacks.retain(|field| !field.starts_with("prefs.") && !field.starts_with("labelNames.") && field != "stickers");
        assert_eq!(lacks, Vec::<String>::new(), "{name}");
    }
    assert_eq!(own("boards/deleted.json"), &json!({ "_value": null }));
}
