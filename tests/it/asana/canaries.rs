//! Asana's token, every fault there is, and every byte that is written.

use connector_simulator::asana::TaskDraft;
use jiff::civil::date;

use crate::contract::trackers::Tracker;
use crate::trackers::canaries::{Kept, nothing_is_told};
use crate::world::WEB_SHOP;

const TOKEN: &str = "2/1200000000000001/1200000000000002:CANARYasana+/=%7Etoken0123456789";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_asana_is_written_anywhere_but_into_its_own_header() {
    let kept = Kept {
        tracker: Tracker::Asana,
        secrets: vec![TOKEN],
        header: format!("authorization: Bearer {TOKEN}"),
        prepare: |sim| {
            sim.asana().person("gapwatch", "gapwatch", "gapwatch@example.org");
            sim.asana().person("ana", "Ana K.", "ana@example.org");
            sim.asana().token(TOKEN, "gapwatch");
            sim.asana().project(WEB_SHOP);
        },
        task: |sim, title| {
            let due = Some(date(2026, 3, 2));
            sim.asana().task(WEB_SHOP, TaskDraft { assignee: Some("ana".to_owned()), due, ..TaskDraft::new(title) });
        },
        url: |sim| sim.asana_url(),
        lines: "token = { file = \"{file}\" }".to_owned(),
    };
    nothing_is_told(&kept).await;
}
