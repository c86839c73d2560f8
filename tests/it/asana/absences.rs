//! Who is out of office: from Asana's entries to the store, and through restarts and plans that do not tell.

use jiff::civil::date;

use crate::contract::trackers::Tracker;
use crate::lab::rows;

const AWAY: &str = "SELECT p.handle, b.from_day, b.to_day FROM absences b JOIN accounts a ON a.id = b.account
  LEFT JOIN persons p ON p.id = a.person";

#[tokio::test]
async fn who_is_out_of_office_is_known_until_asana_says_otherwise() {
    let mut world = Tracker::Asana.plan().begin("2026-03-02T09:00:00Z").await;
    let asana = world.sim.asana();
    asana.away("ana", date(2026, 3, 9), date(2026, 3, 13));
    asana.away("max", date(2026, 1, 5), date(2026, 1, 6));
    Tracker::Asana.task(&world, "Ship it", Some("ana"));
    world.run().await;
    assert_eq!(rows(&world.store(), AWAY), ["ana | 2026-03-09 | 2026-03-13"]);
    world.restart().await;
    asana.away("max", date(2026, 3, 4), date(2026, 3, 4));
    world.at("2026-03-02T16:00:00Z").run().await;
    assert_eq!(rows(&world.store(), AWAY), ["ana | 2026-03-09 | 2026-03-13", "max | 2026-03-04 | 2026-03-04"]);
    asana.free(true);
    world.sim.fail_next(
        Tracker::Asana.tool(),
        "/ooo_entries",
        connector_simulator::Fault::Status(402, "{\"errors\":[{\"message\":\"premium\"}]}".to_owned()),
        1_000,
    );
    world.at("2026-03-03T09:00:00Z").run().await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(rows(&world.store(), AWAY).len(), 2, "what is not told now is what was told before");
}
