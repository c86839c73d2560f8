//! What a feed asks next, whatever a list does meanwhile.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + secs).unwrap()
}

fn page(n: u32) -> Next {
    vec![("page".to_owned(), n.to_string())]
}

fn rows(times: impl IntoIterator<Item = i64>) -> Vec<Row> {
    times.into_iter().map(|secs| (secs.unsigned_abs(), at(secs))).collect()
}

#[test]
fn a_pass_starts_eleven_minutes_before_the_last_change_seen_and_never_moves_back() {
    let mut feed = Feed::default();
    feed.turn(&rows([100, 1000]), Told::default()).unwrap();
    assert_eq!(feed.since, Some(at(340)));
    feed.turn(&rows([1000]), Told::default()).unwrap();
    assert_eq!(feed.since, Some(at(340)));
    feed.turn(&rows([800]), Told::default()).unwrap(); // the last one was deleted
    assert_eq!(feed.since, Some(at(340)));
    feed.turn(&[], Told::default()).unwrap();
    assert_eq!(feed.since, Some(at(340)));
    feed.turn(&rows([2000]), Told::default()).unwrap();
    assert_eq!(feed.since, Some(at(1340)));
}

#[test]
fn an_empty_list_asks_from_the_beginning_again() {
    let mut feed = Feed::default();
    feed.turn(&[], Told { etag: Some("\"e\""), ..Told::default() }).unwrap();
    let cursor = feed.into_cursor(false);
    assert_eq!((cursor.at, cursor.etag.as_deref(), cursor.backfilled), (None, Some("\"e\""), true));
}

#[test]
fn an_entity_tag_is_kept_only_for_the_same_single_unfilled_page() {
    let tagged = || Told { etag: Some("e"), ..Told::default() };
    let mut feed = Feed::default();
    feed.turn(&rows([100, 1000]), tagged()).unwrap();
    assert_eq!(feed.tag(), None, "the next request has another `since`");
    feed.turn(&rows([1000]), tagged()).unwrap();
    assert_eq!(feed.tag(), Some("e"));
    let full: Vec<Row> = (0..100).map(|id| (id, at(1000))).collect();
    feed.turn(&full, tagged()).unwrap();
    assert_eq!(feed.tag(), None, "a further item would stand on a second page");
}

#[test]
fn an_entity_tag_waits_while_something_else_is_asked() {
    let waiting = vec![Waiting { number: 1, id: 2, node: String::new(), is_blocked: true }];
    let feed = Feed { etag: Some("e".to_owned()), waiting, ..Feed::default() };
    let cursor = feed.into_cursor(false);
    assert_eq!((cursor.etag.as_deref(), cursor.backfilled), (None, false));
    let mut feed = Feed::from_cursor(&cursor);
    feed.waiting.clear();
    let cursor = feed.into_cursor(cursor.backfilled);
    assert_eq!((cursor.etag.as_deref(), cursor.backfilled), (Some("e"), true));
}

#[test]
fn a_change_dated_in_the_future_does_not_move_the_feed_there() {
    let mut feed = Feed::default();
    feed.turn(&rows([100, 9_000_000]), Told { date: Some(at(1000)), ..Told::default() }).unwrap();
    assert_eq!(feed.since, Some(at(340)));
    feed.turn(&[(1, Timestamp::MIN), (2, Timestamp::MAX)], Told::default()).unwrap();
}

#[test]
fn an_item_that_still_stands_at_its_old_place_with_its_new_time_makes_nothing_be_passed_over() {
    let mut page_of_rows: Vec<Row> = (0..100).map(|id| (id, at(id as i64))).collect();
    page_of_rows[99].1 = at(50_000);
    let mut feed = Feed::default();
    feed.turn(&page_of_rows, Told { next: Some(page(2)), ..Told::default() }).unwrap();
    assert_eq!(feed.since, Some(at(96)));
}

#[test]
fn a_bulk_edit_that_was_the_last_act_is_not_read_for_ever() {
    let mut all: Vec<Row> = (0..250).map(|id| (id, at(1000))).collect();
    let mut server = Server { now: at(1001), ..Server::default() };
    let mut feed = Feed::default();
    let mut poll = |feed: &mut Feed, now: i64, all: &mut Vec<Row>| {
        server.now = at(now);
        (server.bodies, server.requests) = (0, 0);
        let seen = server.pass(feed, all, |_| {});
        (seen.len(), server.requests, server.bodies)
    };
    assert_eq!(poll(&mut feed, 1001, &mut all), (250, 4, 4));
    poll(&mut feed, 1010, &mut all);
    poll(&mut feed, 1020, &mut all);
    assert_eq!(poll(&mut feed, 1030, &mut all), (0, 1, 0), "at rest one request tells that nothing is new");
    assert_eq!(poll(&mut feed, 1040, &mut all), (0, 1, 0));
    assert_eq!(poll(&mut feed, 1700, &mut all).0, 250, "read once more after lists have had the time to catch up");
    poll(&mut feed, 1800, &mut all);
    assert_eq!(poll(&mut feed, 1900, &mut all), (0, 1, 0));
    assert_eq!(feed.since, Some(at(340)), "the address stays the same");
    all[7].1 = at(2000);
    assert_eq!(poll(&mut feed, 2001, &mut all), (100, 1, 1), "one change among many is one page");
    poll(&mut feed, 2010, &mut all);
    poll(&mut feed, 2020, &mut all);
    assert_eq!(poll(&mut feed, 2030, &mut all), (0, 1, 0));
}

#[test]
fn a_hundred_changes_within_a_second_are_soon_known_by_their_tag() {
    let mut all: Vec<Row> = (0..400).map(|id| (id, at(id as i64 * 20))).collect();
    let mut server = Server { now: at(8_500), ..Server::default() };
    let mut feed = Feed::default();
    for now in [8_500, 8_510, 8_520] {
        server.now = at(now);
        server.pass(&mut feed, &mut all, |_| {});
    }
    all.iter_mut().take(100).for_each(|(_, time)| *time = at(10_000));
    server.now = at(10_001);
    (server.bodies, server.requests) = (0, 0);
    server.pass(&mut feed, &mut all, |_| {});
    assert!(server.requests <= 2, "{} requests", server.requests);
    for now in [10_002, 10_003, 10_004] {
        server.now = at(now);
        server.pass(&mut feed, &mut all, |_| {});
    }
    (server.bodies, server.requests) = (0, 0);
    server.pass(&mut feed, &mut all, |_| {});
    assert_eq!((server.requests, server.bodies), (1, 0));
}

#[test]
fn a_server_that_ignores_since_or_goes_in_circles_is_refused() {
    let full: Vec<Row> = (0..100).map(|id| (id, at(1000))).collect();
    let mut feed = Feed { since: Some(at(5000)), ..Feed::default() };
    assert!(feed.turn(&full, Told { next: Some(page(2)), ..Told::default() }).is_err());
    let mut feed = Feed::default();
    feed.turn(&full, Told { next: Some(page(1)), ..Told::default() }).unwrap();
    assert!(feed.turn(&full, Told { next: Some(page(1)), ..Told::default() }).is_err());
}

/// A list as GitHub gives it, with entity tags.
#[derive(Default)]
struct Server {
    now: Timestamp,
    requests: u32,
    /// Answers that were not "unchanged".
    bodies: u32,
}

impl Server {
    /// Goes through one pass, `meddle` changing the list between two requests; returns what was seen.
    fn pass(&mut self, feed: &mut Feed, list: &mut Vec<Row>, mut meddle: impl FnMut(&mut Vec<Row>)) -> BTreeSet<Row> {
        let mut seen = BTreeSet::new();
        let first = self.requests;
        loop {
            self.requests += 1;
            assert!(self.requests - first < 500, "no end: {feed:?}");
            list.sort_by_key(|(id, at)| (*at, *id));
            let mut asked: Vec<Row> = list.iter().filter(|(_, at)| Some(*at) >= feed.since).copied().collect();
            if feed.begins_with_a_glance() {
                asked.reverse();
            }
            let number: usize = feed.walk.next.first().map_or(1, |(_, page)| page.parse().unwrap());
            let rows: Vec<Row> = asked.iter().skip((number - 1) * PAGE).take(PAGE).copied().collect();
            let next = (asked.len() > number * PAGE).then(|| page(number as u32 + 1));
            let tag = format!("{:?}{:?}{rows:?}", feed.since, feed.begins_with_a_glance());
            if feed.tag() == Some(&tag) {
                feed.rests(Some(self.now));
            } else {
                self.bodies += 1;
                seen.extend(rows.iter().copied());
                feed.turn(&rows, Told { next, etag: Some(&tag), items: rows.len(), date: Some(self.now) }).unwrap();
            }
            *feed = Feed::from_cursor(&feed.clone().into_cursor(false)); // as after a restart
            if !feed.has_more() {
                return seen;
            }
            meddle(list);
        }
    }
}

#[test]
fn whatever_is_changed_while_pages_are_read_nothing_is_missed() {
    let mut random = 7_u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for _ in 0..1_000 {
        let count = next(700);
        let spread = 1 + next(2_000) as i64;
        let mut list: Vec<Row> = (0..count).map(|id| (id, at(next(spread as u64) as i64))).collect();
        let (mut clock, mut feed, mut held) = (spread, Feed::default(), BTreeSet::new());
        let mut server = Server::default();
        for _ in 0..6 {
            server.now = at(clock);
            let bulk = 1 + next(12) * next(12);
            let meddle = |list: &mut Vec<Row>| {
                for _ in 0..next(bulk + 1) {
                    clock += i64::from(next(4) == 0);
                    let id = next(count + 5);
                    list.retain(|(other, _)| *other != id);
                    list.push((id, at(clock)));
                }
            };
            held.extend(server.pass(&mut feed, &mut list, meddle));
            clock += next(400) as i64 * i64::from(next(3) == 0);
        }
        for _ in 0..3 {
            server.now = at(clock);
            held.extend(server.pass(&mut feed, &mut list, |_| {}));
        }
        let missed: Vec<_> = list.iter().filter(|row| !held.contains(row)).collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}

#[test]
fn what_a_busy_list_shows_minutes_late_is_read_all_the_same() {
    for (changes, every) in [(150_u64, 150), (120, 240), (60, 120), (5, 120)] {
        let mut list: Vec<Row> = (0..2_000).map(|id| (id, at(id as i64 / 10))).collect();
        let (mut server, mut feed, mut held) = (Server::default(), Feed::default(), BTreeSet::new());
        let mut late: Vec<(i64, Row)> = Vec::new();
        for turn in 0..200_i64 {
            let now = 1_000 + turn * every;
            for n in 0..if turn < 150 { changes } else { 0 } {
                let id = (turn as u64 * 37 + n * 13) % 1_900;
                list.retain(|(other, _)| *other != id);
                list.push((id, at(now)));
            }
            if turn % 5 == 0 && turn < 150 {
                let row = (1_900 + turn as u64 / 5, at(now));
                late.push((now + 300 + turn % 7 * 40, row));
            }
            for (_, row) in late.extract_if(.., |(shown, _)| *shown <= now) {
                list.retain(|(other, _)| *other != row.0);
                list.push(row);
            }
            server.now = at(now);
            held.extend(server.pass(&mut feed, &mut list, |_| {}));
        }
        let missed: Vec<_> = list.iter().filter(|row| !held.contains(row)).collect();
        assert!(missed.is_empty(), "{changes} every {every} s: {missed:?}");
    }
}
