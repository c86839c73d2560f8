//! Trello's key and token, every fault there is, and every byte that is written.

use connector_simulator::trello::CardDraft;

use crate::contract::trackers::Tracker;
use crate::lab::at;
use crate::trackers::canaries::{Kept, nothing_is_told};
use crate::world::WEB_SHOP;

const KEY: &str = "CANARYtrelloKey0123456789abcdef";
const TOKEN: &str = "ATTACANARYtrello~/=Token0123456789abcdef0123456789";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_trello_is_written_anywhere_but_into_its_own_header() {
    let kept = Kept {
        tracker: Tracker::Trello,
        secrets: vec![KEY, TOKEN],
        header: format!("authorization: OAuth oauth_consumer_key=\"{KEY}\", oauth_token=\"{TOKEN}\""),
        prepare: |sim| {
            let trello = sim.trello();
            trello.person("gapwatch", "gapwatch");
            trello.person("ana", "Ana K.");
            trello.board(WEB_SHOP);
            trello.join(WEB_SHOP, "gapwatch");
            trello.token(KEY, TOKEN, "gapwatch");
        },
        task: |sim, title| {
            let (due, members) = (Some(at("2026-03-02T12:00:00Z")), vec!["ana".to_owned()]);
            let created = Some(at("2026-02-02T12:00:00Z"));
            sim.trello().card(WEB_SHOP, "Doing", CardDraft { due, members, created, ..CardDraft::new(title) });
        },
        url: |sim| sim.trello_url(),
        lines: format!("key = \"{KEY}\"\ntoken = {{ file = \"{{file}}\" }}"),
    };
    nothing_is_told(&kept).await;
}
