//! Who is away when.

use connector_model::{Absences, DaysAway};

use super::*;
use crate::domain::away::DateRange;
use crate::domain::ids::AccountId;

fn range(from: &str, to: &str) -> DateRange {
    DateRange { from: from.parse().unwrap(), to: to.parse().unwrap() }
}

impl World {
    /// A page that tells when one account is away; true: the board is to be loaded anew.
    fn tells(&mut self, account: &str, away: &[(&str, &str)]) -> bool {
        let day = |text: &str| text.parse().unwrap();
        let away = away.iter().map(|(from, to)| DaysAway { from: day(from), to: day(to) }).collect();
        let absences = vec![Absences { account: account.to_owned(), away }];
        let containers = vec![container("web")];
        let page = Page { absences, containers, ..self.page() };
        self.pull(StreamKind::Containers, "", page).reload
    }

    fn away(&self, account: &str) -> Vec<DateRange> {
        let image = self.store.load(self.now, rule).unwrap();
        let sql = "SELECT id FROM accounts WHERE ext = ?";
        let id = self.store.db.query_row(sql, [account], |row| row.get(0)).unwrap();
        image.people.away(AccountId(id)).to_vec()
    }
}

#[test]
fn what_is_told_takes_the_place_of_what_was_known() {
    let mut world = World::new();
    assert!(world.tells("u7", &[("2026-03-09", "2026-03-10"), ("2026-03-16", "2026-03-20")]));
    assert_eq!(world.away("u7"), [range("2026-03-09", "2026-03-10"), range("2026-03-16", "2026-03-20")]);
    assert!(!world.tells("u7", &[("2026-03-16", "2026-03-20"), ("2026-03-09", "2026-03-10")]), "as it was");
    assert!(world.tells("u8", &[("2026-04-01", "2026-04-01")]), "of somebody else");
    assert!(world.tells("u7", &[("2026-03-16", "2026-03-20"), ("2026-03-25", "2026-03-24")]));
    assert_eq!(world.away("u7"), [range("2026-03-16", "2026-03-20")], "a last day before the first is none");
    assert_eq!(world.away("u8"), [range("2026-04-01", "2026-04-01")]);
    assert!(world.tells("u7", &[]));
    assert_eq!(world.away("u7"), []);
}

#[test]
fn an_account_that_turns_out_to_be_somebodys_brings_their_time_away_along() {
    let mut world = World::new();
    assert!(world.tells("u7", &[("2026-03-09", "2026-03-10")]));
    let page = Page {
        accounts: vec![account("u7", "ana-k", AccountKind::Human)],
        containers: vec![container("web")],
        ..world.page()
    };
    assert!(world.pull(StreamKind::Containers, "", page.clone()).reload, "the board knew of nobody behind it");
    let image = world.store.load(world.now, rule).unwrap();
    let ana = image.people.persons.values().find(|person| person.handle == "ana").unwrap().own_account;
    assert_eq!(image.people.away(ana), [range("2026-03-09", "2026-03-10")]);
    assert!(!world.pull(StreamKind::Containers, "", page).reload);
}

#[test]
fn nobody_is_away_by_the_word_of_a_tool_that_is_no_longer_read() {
    let mut world = World::new();
    world.tells("u7", &[("2026-03-09", "2026-03-10")]);
    world.store.apply_config(&ConfigPlan { connections: Vec::new(), ..plan() }, world.now).unwrap();
    assert_eq!(world.away("u7"), []);
}
