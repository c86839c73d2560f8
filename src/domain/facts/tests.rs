#![allow(clippy::unwrap_used)]
use super::*;

const ANA: AccountId = AccountId(1);
const MO: AccountId = AccountId(2);
const BOT: AccountId = AccountId(9);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn change(day: u32, field: Field, by: AccountId) -> RawChange {
    RawChange {
        at: at(&format!("2025-03-{day:02}T10:00:00Z")),
        vkey: format!("{day}:{field:?}"),
        field,
        from: None,
        to: None,
        account: Some(by),
        via: None,
        mentions: Mentions::default(),
        mark: None,
        observed: false,
    }
}

fn valued(change: RawChange, from: &str, to: &str) -> RawChange {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    RawChange { from: text(from), to: text(to), ..change }
}

fn folded(changes: &[RawChange]) -> Facts {
    folded_with(changes, &[])
}

fn folded_with(changes: &[RawChange], owners: &[AccountId]) -> Facts {
    let context = FoldContext {
        is_bot: &|account| account == BOT,
        is_bot_name: &|name| name == "robot",
        is_ours: &|mark, account| mark.mac == "ours" && account != Some(MO),
        state_of_label: &|label| match label {
            "in progress" => Some(StatusCategory::Active),
            label => label.starts_with("waiting").then_some(StatusCategory::Waiting),
        },
        is_bulk: &|account, at| account == MO && at == self::at("2025-03-20T10:00:00Z"),
        is_planning: &|account, at| account == MO && at == self::at("2025-03-21T10:00:00Z"),
        account_of: &|name| ["ana", "mo", "bot"].iter().position(|known| *known == name).map(|nth| [ANA, MO, BOT][nth]),
        date_of_home: &|name| name.strip_prefix("until ").and_then(Due::from_text),
        owners,
        reporter: Some(MO),
        created_at: at("2025-03-01T10:00:00Z"),
    };
    fold(changes, &context)
}

#[test]
fn our_own_comment_and_another_bot_move_no_human_clock() {
    let mark = |mac: &str| Some(Mark { wire: "w".to_owned(), mac: mac.to_owned() });
    let ours = RawChange { mark: mark("ours"), ..change(5, Field::Comment, ANA) };
    let app = RawChange { via: Some("robot".to_owned()), ..change(6, Field::Comment, ANA) };
    let facts = folded(&[change(3, Field::Comment, ANA), ours, app, change(7, Field::Comment, BOT)]);
    assert_eq!(facts.human_at, Some(at("2025-03-03T10:00:00Z")));
    assert_eq!(facts.changed_at, Some(at("2025-03-07T10:00:00Z")), "settling counts bots, but not us");
}

#[test]
fn a_colleague_who_copies_our_marker_is_still_a_colleague() {
    let copied = Mark { wire: "w".to_owned(), mac: "ours".to_owned() };
    let facts = folded(&[RawChange { mark: Some(copied), ..change(5, Field::Comment, MO) }]);
    assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
}

#[test]
fn an_unknown_actor_moves_the_human_clock_and_is_nobodys_act() {
    let facts = folded(&[RawChange { account: None, observed: true, ..change(5, Field::Description, ANA) }]);
    assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
    assert!(facts.acts.is_empty());
}

#[test]
fn states_that_say_what_they_were_counted_as_tell_the_start_and_a_reopening() {
    let facts = folded(&[
        valued(change(2, Field::Status, MO), "todo/Open", "active/In Arbeit"),
        valued(change(3, Field::Status, MO), "active/In Arbeit", "review/Review"),
        valued(change(4, Field::Status, MO), "review/Review", "done/Closed"),
        valued(change(5, Field::Status, MO), "done/Closed", "todo/Open"),
        valued(change(6, Field::Status, MO), "todo/Open", "Unknown"),
    ]);
    assert_eq!((facts.started_at, facts.reopened), (Some(at("2025-03-02T10:00:00Z")), 1));
}

#[test]
fn labels_count_only_where_they_are_a_state() {
    let facts = folded(&[
        valued(change(5, Field::Label, ANA), "", "in progress"),
        valued(change(6, Field::Label, ANA), "", "ui"),
    ]);
    assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
    assert_eq!(folded(&[change(5, Field::Link, ANA), change(6, Field::Priority, ANA)]).human_at, None);
}

#[test]
fn work_begins_with_an_owners_act_after_the_assignment() {
    let assigned = valued(change(3, Field::Owner, MO), "", "1");
    let facts = folded(&[change(2, Field::Comment, ANA), assigned.clone(), change(4, Field::Comment, MO)]);
    assert_eq!(facts.started_at, None, "neither an earlier act nor a stranger's");
    let facts = folded(&[assigned.clone(), change(5, Field::Reference, ANA)]);
    assert_eq!(facts.started_at, Some(at("2025-03-05T10:00:00Z")));
    let to_herself = valued(change(3, Field::Owner, ANA), "", "1");
    assert_eq!(folded(&[to_herself]).started_at, None);
}

#[test]
fn work_begins_with_a_pull_request_that_will_close_the_task_whosever_it_is() {
    let facts = folded(&[valued(change(5, Field::Reference, MO), "", "pull:acme/web#7")]);
    assert_eq!(facts.started_at, Some(at("2025-03-05T10:00:00Z")));
    assert_eq!(folded(&[valued(change(5, Field::Reference, MO), "", "acme/web#7")]).started_at, None);
}

#[test]
fn an_assignment_the_history_does_not_tell_dates_from_the_creation() {
    let created = Some(at("2025-03-01T10:00:00Z"));
    let facts = folded_with(&[], &[ANA]);
    assert_eq!((facts.first_owner_at, facts.assigned_since(ANA)), (created, created));
    let facts = folded_with(&[valued(change(4, Field::Owner, MO), "2", "1")], &[ANA]);
    assert_eq!(facts.first_owner_at, created, "the one who was taken off had been there");
    assert_eq!(facts.assigned, [(ANA, at("2025-03-04T10:00:00Z"))]);
}

#[test]
fn a_date_moved_later_is_a_slip_and_its_first_value_is_kept() {
    let facts = folded(&[
        valued(change(2, Field::Due, MO), "", "2025-03-10"),
        valued(change(3, Field::Due, ANA), "2025-03-10", "2025-03-20"),
        valued(change(4, Field::Due, ANA), "2025-03-20", "2025-03-18"),
    ]);
    assert_eq!(facts.first_due, Due::from_text("2025-03-10"));
    assert_eq!((facts.slips, facts.due_set_by), (1, Some(ANA)));
    assert_eq!(facts.first_due_at, Some(at("2025-03-02T10:00:00Z")));
    assert_eq!(facts.due_set_at, Some(at("2025-03-04T10:00:00Z")));
}

#[test]
fn a_slip_does_not_date_the_plan_anew() {
    let facts = folded(&[valued(change(8, Field::Due, ANA), "2025-03-10", "2025-03-20")]);
    assert_eq!(facts.first_due_at, Some(at("2025-03-01T10:00:00Z")), "it had a date from its creation on");
}

#[test]
fn a_date_taken_away_was_set_by_nobody() {
    let set = valued(change(2, Field::Due, MO), "", "2025-03-10");
    let facts = folded(&[set, valued(change(3, Field::Due, MO), "2025-03-10", "")]);
    assert_eq!((facts.due_set_by, facts.due_set_at), (None, None));
}

#[test]
fn a_home_sets_the_date_only_where_there_is_none_of_its_own() {
    let home = valued(change(5, Field::Home, ANA), "", "M1");
    assert_eq!(folded(std::slice::from_ref(&home)).due_set_by, Some(ANA));
    let own = valued(change(2, Field::Due, MO), "", "2025-03-10");
    assert_eq!(folded(&[own, home]).due_set_by, Some(MO));
}

#[test]
fn a_bulk_edit_is_nobodys_work() {
    let facts = folded(&[change(5, Field::Comment, ANA), change(20, Field::Due, MO)]);
    assert_eq!(facts.human_at, Some(at("2025-03-05T10:00:00Z")));
    assert_eq!(facts.changed_at, Some(at("2025-03-20T10:00:00Z")), "settling counts it");
    assert_eq!(facts.act_of(MO), None);
}

#[test]
fn reopening_counts() {
    let reopened = valued(change(5, Field::Status, ANA), "closed", "open");
    assert_eq!(folded(&[valued(change(3, Field::Status, ANA), "open", "closed"), reopened]).reopened, 1);
}

fn state(day: u32, minute: u32, from: &str, to: &str) -> RawChange {
    let moved = valued(change(day, Field::Status, MO), from, to);
    RawChange { at: at(&format!("2025-03-{day:02}T10:{minute:02}:00Z")), vkey: format!("{day}:{minute}"), ..moved }
}

fn comment(day: u32, by: AccountId, asks: bool, who: &[&str]) -> RawChange {
    let who = who.iter().map(|name| (*name).to_owned()).collect();
    RawChange { mentions: Mentions { who, asks }, ..change(day, Field::Comment, by) }
}

fn asked(changes: &[RawChange]) -> Vec<(AccountId, Asks)> {
    folded(changes).asked().iter().map(|asked| (asked.whom, asked.how)).collect()
}

#[test]
fn what_was_closed_by_mistake_goes_on_as_if_it_had_not_been() {
    let changes = [
        state(2, 0, "todo/Open", "active/Doing"),
        state(4, 0, "active/Doing", "done/Closed"),
        state(4, 9, "done/Closed", "active/Doing"),
    ];
    let facts = folded(&changes);
    assert_eq!((facts.reopened, facts.reopened_at()), (0, None));
    assert_eq!(facts.state_since, Some(at("2025-03-02T10:00:00Z")));
    let meant = folded(&[changes[0].clone(), changes[1].clone(), state(4, 11, "done/Closed", "active/Doing")]);
    assert_eq!((meant.reopened, meant.reopened_at()), (1, Some(at("2025-03-04T10:11:00Z"))));
    assert_eq!(meant.state_since, meant.reopened_at());
    let plain = [state(4, 0, "open", "closed"), state(4, 5, "closed", "open")];
    assert_eq!(folded(&plain).reopened, 0, "nor where the tool tells open from closed alone");
    let told = |reason: &str, minute| {
        let closed = valued(change(4, Field::Status, MO), "", &format!("closed:{reason}"));
        folded(&[closed, state(4, minute, "", "open")])
    };
    for reason in ["completed", "not_planned"] {
        assert_eq!(told(reason, 8).reopened, 0, "nor where it tells why it was closed: {reason}");
        assert_eq!(told(reason, 11).done_before(), Some(at("2025-03-04T10:00:00Z")));
    }
}

#[test]
fn a_state_lasts_until_another_is_entered_whatever_it_is_called() {
    let facts = folded(&[
        state(2, 0, "todo/Open", "active/Doing"),
        state(3, 0, "active/Doing", "active/Still doing"),
        state(3, 1, "active/Still doing", "active/Doing"),
    ]);
    assert_eq!(facts.state_since, Some(at("2025-03-02T10:00:00Z")));
    let label = folded(&[valued(change(5, Field::Label, ANA), "", "in progress")]);
    assert_eq!(label.state_since, Some(at("2025-03-05T10:00:00Z")));
    assert_eq!(folded(&[valued(change(5, Field::Label, ANA), "", "ui")]).state_since, None);
}

#[test]
fn the_first_date_is_no_move_and_each_later_change_of_it_is() {
    let set = valued(change(2, Field::Due, MO), "", "2025-03-10");
    assert_eq!(folded(std::slice::from_ref(&set)).past, None);
    let facts = folded(&[
        set,
        valued(change(3, Field::Due, ANA), "2025-03-10", "2025-03-12"),
        valued(change(20, Field::Due, MO), "2025-03-12", "2025-03-19"),
        valued(change(21, Field::Due, MO), "2025-03-19", ""),
        valued(change(22, Field::Due, MO), "", "2025-03-25"),
    ]);
    let days: Vec<_> = facts.due_moves().iter().map(|one| (one.from, one.to, one.bulk)).collect();
    let due = Due::from_text;
    let expected = [
        (due("2025-03-10"), due("2025-03-12"), false),
        (due("2025-03-12"), due("2025-03-19"), true),
        (due("2025-03-19"), None, false),
        (None, due("2025-03-25"), false),
    ];
    assert_eq!(days, expected);
    assert_eq!(facts.slips, 2);
    let home = valued(change(3, Field::Due, ANA), "2025-03-10", "2025-03-12");
    let home = RawChange { vkey: format!("{HOME_MOVED}7:1"), account: None, observed: true, ..home };
    assert!(folded(&[home]).due_moves()[0].bulk, "its sprint was moved, with all that is in it");
}

#[test]
fn from_milestone_to_milestone_the_date_moves_in_whichever_order_the_tool_tells_it() {
    let (a, b) = ("until 2025-03-10", "until 2025-03-12");
    let out = || valued(change(5, Field::Home, ANA), a, "");
    let into = || valued(change(5, Field::Home, ANA), "", b);
    let named = |change: RawChange, vkey: &str| RawChange { vkey: vkey.to_owned(), ..change };
    for (first, then) in [(out(), into()), (into(), out())] {
        let made = valued(change(2, Field::Home, MO), "", a);
        let facts = folded(&[made, named(first, "event:1"), named(then, "event:2")]);
        let days: Vec<_> = facts.due_moves().iter().map(|one| (one.from, one.to, one.bulk)).collect();
        let due = Due::from_text;
        assert_eq!(days, [(due("2025-03-10"), due("2025-03-12"), false)]);
        assert_eq!((facts.slips, facts.due_set_by, facts.due_set_at), (1, Some(ANA), Some(at("2025-03-05T10:00:00Z"))));
    }
    // It was in the first one when it was made, which no entry tells.
    let facts = folded(&[named(into(), "event:1"), named(out(), "event:2")]);
    assert_eq!(facts.due_moves().len(), 1);
    // Taken out, and put into another one days later.
    let late = valued(change(8, Field::Home, ANA), "", b);
    assert_eq!(folded(&[out(), late]).due_moves(), []);
}

#[test]
fn a_milestone_had_the_date_that_it_had_when_the_task_came_into_it() {
    let came = valued(change(3, Field::Home, ANA), "until 2025-03-10", "until 2025-03-20");
    let moved = valued(change(9, Field::Due, ANA), "2025-03-14", "2025-03-20");
    let moved = RawChange { vkey: format!("{HOME_MOVED}7:1"), account: None, observed: true, ..moved };
    let later = valued(change(12, Field::Home, ANA), "until 2025-03-20", "until 2025-03-27");
    let facts = folded(&[came, moved, later]);
    let days: Vec<_> = facts.due_moves().iter().map(|one| (one.from, one.to, one.bulk)).collect();
    let due = Due::from_text;
    let expected = [
        (due("2025-03-10"), due("2025-03-14"), false),
        (due("2025-03-14"), due("2025-03-20"), true),
        (due("2025-03-20"), due("2025-03-27"), false),
    ];
    assert_eq!(days, expected);
}

#[test]
fn of_many_moves_the_first_and_the_latest_are_kept() {
    let moves: Vec<_> = (0..40u32)
        .map(|nth| {
            let (from, to) = (format!("2025-04-{:02}", nth % 28 + 1), format!("2025-04-{:02}", (nth + 1) % 28 + 1));
            let moved = valued(change(3, Field::Due, ANA), &from, &to);
            RawChange {
                at: at("2025-03-03T10:00:00Z") + jiff::SignedDuration::from_hours(nth.into()),
                vkey: nth.to_string(),
                ..moved
            }
        })
        .collect();
    let facts = folded(&moves);
    assert_eq!(facts.due_moves().len(), 16);
    assert_eq!(facts.due_moves()[5].at, moves[5].at);
    assert_eq!(facts.due_moves()[15].at, moves[39].at);
    assert_eq!(facts.slips, 39, "all are counted but the one that went back");
}

#[test]
fn who_gave_it_is_told_for_each_present_owner_who_did_not_take_it() {
    let given = valued(change(3, Field::Owner, MO), "", "1");
    let by_mo = AssignedBy { owner: ANA, by: MO, planning: false };
    assert_eq!(*folded(std::slice::from_ref(&given)).assigned_by, [by_mo]);
    assert_eq!(*folded(&[valued(change(3, Field::Owner, ANA), "", "1")]).assigned_by, []);
    assert_eq!(*folded(&[valued(change(3, Field::Owner, BOT), "", "1")]).assigned_by, [], "a robot hands out in turn");
    let app = RawChange { via: Some("robot".to_owned()), ..given.clone() };
    assert_eq!(*folded(&[app]).assigned_by, []);
    assert_eq!(*folded(&[given, valued(change(4, Field::Owner, MO), "1", "")]).assigned_by, []);
    let planned = valued(change(21, Field::Owner, MO), "", "1");
    assert_eq!(*folded(&[planned]).assigned_by, [AssignedBy { planning: true, ..by_mo }]);
    let imported = valued(change(20, Field::Owner, MO), "", "1");
    assert_eq!(*folded(&[imported]).assigned_by, [AssignedBy { planning: true, ..by_mo }]);
}

#[test]
fn the_last_comment_asks_whom_it_names_until_they_do_anything() {
    let question = comment(3, MO, true, &["ana", "bot", "mo", "nobody"]);
    assert_eq!(
        asked(std::slice::from_ref(&question)),
        [(ANA, Asks::Question)],
        "no robot, not oneself, nobody unknown"
    );
    assert_eq!(asked(&[question.clone(), change(4, Field::Other, ANA)]), [], "any act of hers is an answer");
    assert_eq!(asked(&[question.clone(), comment(4, MO, false, &[])]), [], "another comment was the last one");
    let robot = comment(4, BOT, false, &[]);
    assert_eq!(asked(&[question.clone(), robot]).len(), 1, "a robot's comment is no word in the talk");
    assert_eq!(asked(&[comment(3, MO, false, &["ana"])]), [(ANA, Asks::Mention)]);
    assert_eq!(asked(&[comment(3, BOT, true, &["ana"])]), [], "a robot asks nobody");
}

#[test]
fn a_state_that_waits_for_somebody_asks_them_until_it_is_left() {
    let waits = state(3, 0, "active/Doing", "waiting/Waiting for Ana");
    let named = RawChange { to: Some("waiting/Waiting for ana".to_owned()), ..waits.clone() };
    assert_eq!(asked(std::slice::from_ref(&named)), [(ANA, Asks::State)]);
    assert_eq!(asked(&[named.clone(), comment(4, MO, false, &[])]).len(), 1, "whatever is said meanwhile");
    assert_eq!(asked(&[named, state(5, 0, "waiting/Waiting for ana", "active/Doing")]), []);
    assert_eq!(asked(&[state(3, 0, "active/Doing", "waiting/Waiting for customer")]), []);
    let label = valued(change(3, Field::Label, MO), "", "waiting-for: ana");
    let off = valued(change(4, Field::Label, MO), "waiting-for: ana", "");
    assert_eq!(asked(std::slice::from_ref(&label)), [(ANA, Asks::State)]);
    assert_eq!(asked(&[label, off]), []);
}

#[test]
fn progress_links_and_planned_starts_leave_their_instants() {
    let facts = folded(&[
        valued(change(3, Field::Progress, ANA), "0.2", "0.4"),
        valued(change(4, Field::Link, ANA), "o/r#5", ""),
        valued(change(5, Field::Link, ANA), "", "o/r#6"),
        valued(change(6, Field::Start, ANA), "", "2025-03-10"),
        valued(change(7, Field::Estimate, ANA), "3600", "7200"),
    ]);
    let day = |day: u32| Some(at(&format!("2025-03-{day:02}T10:00:00Z")));
    assert_eq!((facts.progress_at(), facts.unlinked_at(), facts.start_set_at()), (day(3), day(4), day(6)));
    assert_eq!(facts.booked_at(), day(7));
}

#[test]
fn a_task_waits_since_a_flag_or_a_label_says_so_whatever_state_it_is_in() {
    let on = |day, label: &str| valued(change(day, Field::Label, ANA), "", label);
    let off = |day, label: &str| valued(change(day, Field::Label, ANA), label, "");
    let day = |day: u32| Some(at(&format!("2025-03-{day:02}T10:00:00Z")));
    let since = |changes: &[RawChange]| folded(changes).waits_since();
    let doing = state(2, 0, "todo/Open", "active/Doing");
    assert_eq!(since(&[doing.clone(), on(10, FLAGGED)]), day(10));
    assert_eq!(folded(&[doing.clone(), on(10, FLAGGED)]).state_since, day(2), "a flag lies over a state");
    assert_eq!(since(&[doing.clone(), on(10, FLAGGED), off(12, FLAGGED)]), day(2));
    assert_eq!(since(&[on(10, FLAGGED), state(12, 0, "active/Doing", "review/Review")]), day(10));
    assert_eq!(since(&[on(10, "waiting"), state(12, 0, "active/Doing", "review/Review")]), day(10));
    assert_eq!(since(&[on(10, "waiting"), on(11, "in progress"), on(12, FLAGGED)]), day(10));
    let blocked = state(5, 0, "active/Doing", "waiting/Blocked");
    assert_eq!(since(&[blocked.clone(), on(10, FLAGGED)]), day(5), "it waits all the time");
    assert_eq!(since(&[on(3, FLAGGED), blocked, off(10, FLAGGED)]), day(5));
    assert_eq!(folded(&[on(10, FLAGGED)]).human_at, day(10), "whoever flags it has looked at it");
}

#[test]
fn whoever_is_named_stays_named_after_their_answer() {
    let named = |changes: &[RawChange]| folded(changes).named_at();
    let question = comment(3, MO, true, &["ana"]);
    let day = Some(at("2025-03-03T10:00:00Z"));
    assert_eq!(named(&[question.clone(), comment(4, ANA, false, &[])]), day);
    assert_eq!(named(&[comment(3, MO, false, &["somebody else"])]), day, "whoever that is");
    assert_eq!(named(&[comment(3, MO, true, &["mo", "bot"])]), None, "neither oneself nor a robot");
    assert_eq!(named(&[state(3, 0, "active/Doing", "waiting/Waiting for ana")]), day);
}

#[test]
fn whoever_plans_many_tasks_at_once_has_set_no_date_of_this_one() {
    let planned = |day| folded(&[valued(change(day, Field::Home, MO), "", "M1")]);
    assert_eq!((planned(5).due_set_by, planned(20).due_set_by), (Some(MO), None));
    assert!(planned(20).due_set_at.is_some());
}

#[test]
fn facts_are_small_for_a_million_of_them_are_kept() {
    assert!(size_of::<Facts>() <= 320, "{}", size_of::<Facts>());
}

proptest::proptest! {
    #[test]
    fn the_order_of_entries_is_irrelevant(
        (told, shuffled) in proptest::collection::vec((1u32..28, 0u8..16, 0i64..4, 0usize..4, 0usize..4), 0..12)
            .prop_map(|all| all.into_iter().enumerate().map(random_change).collect::<Vec<_>>())
            .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle()))
    ) {
        proptest::prop_assert_eq!(folded_with(&told, &[ANA, MO]), folded_with(&shuffled, &[ANA, MO]));
    }
}

use proptest::prelude::{Just, Strategy};

fn random_change((nth, (day, field, by, from, to)): (usize, (u32, u8, i64, usize, usize))) -> RawChange {
    let values = ["", "1", "2", "2025-03-10"];
    let plain = change(day, Field::from_code(field), if by == 3 { BOT } else { AccountId(by) });
    RawChange { vkey: format!("event:{nth}"), ..valued(plain, values[from], values[to]) }
}

#[test]
fn a_milestone_that_is_given_back_soon_was_never_another() {
    let home = |day: u32, minute: u32, from: &str, to: &str, by| {
        let moved = valued(change(day, Field::Home, by), from, to);
        let vkey = format!("{day}:{minute}");
        RawChange { at: moved.at + jiff::SignedDuration::from_mins(minute.into()), vkey, ..moved }
    };
    let set = home(3, 0, "", "M1", MO);
    let away = [home(11, 0, "M1", "", ANA), home(11, 0, "", "M2", ANA)];
    let back = |day, minute| [home(day, minute, "M2", "", ANA), home(day, minute, "", "M1", ANA)];
    let told = |changes: &[RawChange]| {
        let facts = folded(changes);
        (facts.due_set_at, facts.due_set_by)
    };
    let all = |back: [RawChange; 2]| [vec![set.clone()], away.to_vec(), back.to_vec()].concat();
    assert_eq!(told(&all(back(11, 3))), (Some(at("2025-03-03T10:00:00Z")), Some(MO)));
    let later = (Some(at("2025-03-13T10:00:00Z")), Some(ANA));
    assert_eq!(told(&all(back(13, 0))), later, "two days later it is a date set anew");
    let from_the_beginning = [away.to_vec(), back(11, 3).to_vec()].concat();
    assert_eq!(told(&from_the_beginning), (None, None), "as it was made");
    assert_eq!(told(&[vec![set.clone()], away.to_vec()].concat()).1, Some(ANA));
}
