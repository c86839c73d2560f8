//! Direct looks: there, moved, gone, hidden.

use connector_kit::{ConnectorError, Source, TaskLook};
use serde_json::json;

use super::server::{BOARD, Server, World, card, id};

async fn looked(world: World, handle: &str) -> Result<TaskLook, ConnectorError> {
    Server::new(world).await.trello().task(handle).await
}

fn handle() -> String {
    format!("{BOARD}/{}", id(1))
}

#[tokio::test]
async fn a_card_is_there_wherever_it_is_now() {
    let mut world = World::small();
    world.cards = vec![card(&id(1), "l2")];
    world.cards[0]["idBoard"] = id(77).into();
    world.lists.push(json!({ "id": "l2", "name": "Doing", "closed": false, "idBoard": id(77) }));
    let Ok(TaskLook::There(page)) = looked(world, &handle()).await else { panic!("it is there") };
    assert_eq!(page.tasks[0].container.ext, id(77));
    assert_eq!(page.tasks[0].handle, format!("{}/{}", id(77), id(1)));
}

#[tokio::test]
async fn what_cannot_be_seen_is_gone_only_where_its_board_can() {
    assert_eq!(looked(World::small(), &handle()).await.unwrap(), TaskLook::Gone);
    let hidden = World { boards: Vec::new(), ..World::small() };
    assert_eq!(looked(hidden, &handle()).await.unwrap(), TaskLook::Hidden);
    let mut elsewhere = World::small();
    elsewhere.instead = Some(Box::new(|asked| {
        asked.path().starts_with("cards/").then(|| (401, "unauthorized card permission requested".into()))
    }));
    assert_eq!(looked(elsewhere, &handle()).await.unwrap(), TaskLook::Hidden);
    let mut emptied = World::small();
    emptied.instead =
        Some(Box::new(|asked| asked.path().starts_with("cards/").then(|| (200, json!({"_value": null})))));
    assert_eq!(looked(emptied, &handle()).await.unwrap(), TaskLook::Gone, "as a deleted thing is shown");
    let mut refused = World::small();
    refused.instead = Some(Box::new(|_| Some((401, json!("invalid token")))));
    assert!(matches!(looked(refused, &handle()).await, Err(ConnectorError::Unauthorized { .. })));
    assert!(matches!(looked(World::small(), "../x").await, Err(ConnectorError::Misconfigured { .. })));
}
