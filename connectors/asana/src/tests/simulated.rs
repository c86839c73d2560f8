//! The connector against a model of Asana that keeps its own history and counts what it is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_kit::clock::SetClock;
use connector_kit::secret::Secret;
use connector_kit::{
    Block, Clock, Commenter, Cursor, Found, KnownTask, Page, Scope, Source, Span, StreamKey, StreamKind, TaskLook, Text,
};
use connector_model::{Change, Due, Field, Mark, StatusCategory, Task, TaskRef};
use connector_simulator::asana::{FieldDraft, TaskDraft};
use connector_simulator::{Simulator, asana};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use crate::{Asana, Config, Fields, States};

/// A company on Asana, the connector, and what it mirrored so far.
struct Desk {
    sim: Simulator,
    org: asana::Asana,
    asana: Asana,
    clock: Arc<SetClock>,
    cursors: BTreeMap<String, Cursor>,
    tasks: BTreeMap<String, Task>,
    changes: BTreeMap<String, Change>,
}

impl Desk {
    async fn new() -> Desk {
        Desk::with(|_| {}).await
    }

    /// It is Monday, 2 March 2026, 09:00. A project `Web` of three tasks, one with subtasks two deep.
    async fn with(change: impl FnOnce(&mut Config)) -> Desk {
        let clock = Arc::new(SetClock::leaping("2026-03-02T09:00:00Z".parse().unwrap()));
        let seen = clock.clone();
        let sim = Simulator::start(Arc::new(move || seen.now())).await.unwrap();
        let org = sim.asana();
        org.default_user("gapwatch");
        org.person("ana", "Ana K", "ana@example.com");
        org.project("Web");
        for name in ["Sell shoes", "Ship shoes", "Count shoes"] {
            let draft = TaskDraft {
                assignee: Some("ana".to_owned()),
                due: Some(date(2026, 3, 20)),
                created: Some("2026-02-20T09:00:00Z".parse().unwrap()),
                ..TaskDraft::new(name)
            };
            org.task("Web", draft);
        }
        org.subtask("Sell shoes", TaskDraft::new("Price list"));
        org.subtask("Price list", TaskDraft::new("Ask for prices"));
        let mut config = Config {
            url: sim.asana_url().parse().unwrap(),
            token: Secret::fixed("pat"),
            workspace: None,
            projects: Vec::new(),
            states: States::default(),
            fields: Fields::default(),
            ca_file: None,
            proxy: None,
        };
        change(&mut config);
        let asana = Asana::new(config, clock.clone()).unwrap();
        let (cursors, tasks, changes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Desk { sim, org, asana, clock, cursors, tasks, changes }
    }

    fn later(&self, mins: i64) {
        self.clock.advance(SignedDuration::from_mins(mins));
    }

    /// A complete read of a project's tasks, taken up.
    async fn read(&mut self, project: &str) {
        self.read_lacks(project).await;
    }

    /// The same; gives what each page says is not told.
    async fn read_lacks(&mut self, project: &str) -> Vec<Option<Vec<connector_model::Lack>>> {
        let mut lacks = Vec::new();
        let stream = self.stream(StreamKind::Tasks, project);
        loop {
            let cursor = self.cursors.get(project).cloned().unwrap_or_default();
            let page = match self.asana.wants(&stream, &cursor) {
                Some(_) => self.asana.refresh(&stream, &cursor, &self.mirrored()).await.unwrap(),
                None => self.asana.pull(&stream, &cursor).await.unwrap(),
            };
            assert_eq!(page.unreadable, []);
            self.tasks.extend(page.tasks.into_iter().map(|task| (task.ext.clone(), task)));
            self.changes.extend(page.changes.into_iter().map(|change| (change.vkey.clone(), change)));
            self.cursors.insert(project.to_owned(), page.next);
            lacks.push(page.lacks);
            if !page.more {
                return lacks;
            }
        }
    }

    /// Open tasks as the mirror has them.
    fn mirrored(&self) -> Vec<KnownTask> {
        let open = self.tasks.values().filter(|task| task.status.category.is_open());
        let known = |task: &Task| KnownTask {
            ext: task.ext.clone(),
            handle: task.handle.clone(),
            status: task.status.raw.clone(),
        };
        open.map(known).collect()
    }

    /// The program is started anew.
    fn restart(&mut self) {
        self.asana = Asana::new(self.asana.config.clone(), self.clock.clone()).unwrap();
    }

    fn stream(&self, kind: StreamKind, project: &str) -> StreamKey {
        let gid = self.org.project(project);
        let at = crate::containers::project_at(&gid);
        StreamKey { kind, scope: Some(Scope { at, handle: gid, name: project.to_owned() }) }
    }

    fn gid(&self, task: &str) -> String {
        self.org.look(task).unwrap().gid
    }

    fn task(&self, name: &str) -> &Task {
        &self.tasks[&self.gid(name)]
    }

    /// What happened to a task, by kind and value.
    fn told(&self, name: &str, field: Field) -> Vec<(Option<String>, Option<String>)> {
        let whose = TaskRef::Ext(self.gid(name));
        let mut found: Vec<&Change> =
            self.changes.values().filter(|one| one.task == whose && one.field == field).collect();
        found.sort_by_key(|change| change.at);
        found.into_iter().map(|change| (change.from.clone(), change.to.clone())).collect()
    }

    /// Paths asked for since the last time.
    fn asked(&self) -> Vec<String> {
        let asked =
            self.sim.requests().into_iter().map(|one| one.path.rsplit_once("/1.0").unwrap().1.to_owned()).collect();
        self.sim.forget_requests();
        asked
    }

    /// The mirror holds what Asana has.
    fn assert_same(&self) {
        for seen in self.org.tasks().into_iter().filter(|seen| !seen.deleted) {
            let task = &self.tasks[&seen.gid];
            assert_eq!((&task.title, task.owners.len()), (&seen.name, usize::from(seen.assignee.is_some())));
            assert_eq!(task.status.category == StatusCategory::Done, seen.completed, "{}", seen.name);
            let due = seen.due_at.map(Due::At).or(seen.due.map(Due::On));
            assert_eq!(task.due.map(|due| due.due), due, "{}", seen.name);
            assert_eq!(task.parent, seen.parent.map(TaskRef::Ext), "{}", seen.name);
        }
    }
}

fn own(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn everything_is_mirrored_and_changes_come_by_events() {
    let mut desk = Desk::new().await;
    desk.read("Web").await;
    assert_eq!(desk.tasks.len(), 5);
    desk.assert_same();
    assert_eq!(desk.task("Ask for prices").container.ext, desk.org.project("Web"));
    desk.asked();
    desk.later(1);
    desk.read("Web").await;
    assert_eq!(desk.asked(), ["/events"], "a steady poll");
    desk.later(1);
    desk.org.section_move("Sell shoes", "Web", "Doing", "ana");
    desk.org.due("Ship shoes", Some(date(2026, 3, 27)), "ana");
    desk.org.complete("Ask for prices", "ana");
    desk.org.comment("Count shoes", "/gapwatch snooze 3d\nholiday", "ana");
    desk.later(1);
    desk.read("Web").await;
    desk.assert_same();
    assert_eq!(desk.task("Sell shoes").status.category, StatusCategory::Active);
    assert_eq!(desk.told("Sell shoes", Field::Status), [(own("todo/To do"), own("active/Doing"))]);
    assert_eq!(desk.told("Ship shoes", Field::Due).last(), Some(&(own("2026-03-20"), own("2026-03-27"))));
    assert_eq!(desk.told("Ask for prices", Field::Status), [(own("todo/open"), own("done/completed"))]);
    assert_eq!(desk.told("Count shoes", Field::Comment), [(None, own("/gapwatch snooze 3d"))]);
    assert_eq!(desk.told("Count shoes", Field::Owner).last().unwrap().1, Some(desk.org.user_gid("ana")));
    let asked = desk.asked();
    assert!(asked.len() <= 7, "four tasks, two of them nested: {asked:?}");
    desk.org.due_today("Ship shoes");
    desk.later(1);
    let before = desk.changes.len();
    desk.read("Web").await;
    assert_eq!(desk.changes.len(), before, "a reminder of Asana's own is nobody's act");
}

#[tokio::test]
async fn what_events_lost_is_found_by_the_lists() {
    let mut desk = Desk::new().await;
    desk.read("Web").await;
    desk.later(1);
    desk.org.lose_events(1_000);
    desk.org.due("Ship shoes", Some(date(2026, 4, 1)), "ana");
    desk.org.section_move("Sell shoes", "Web", "Doing", "ana");
    desk.org.assign("Ask for prices", Some("ana"), "ana");
    desk.later(1);
    desk.read("Web").await;
    assert_eq!(desk.task("Ship shoes").due.unwrap().due, Due::On(date(2026, 3, 20)), "lost");
    desk.later(61);
    desk.read("Web").await;
    assert_eq!(desk.task("Ship shoes").due.unwrap().due, Due::On(date(2026, 4, 1)), "found within the hour");
    desk.later(6 * 60);
    desk.read("Web").await;
    desk.assert_same();
    assert_eq!(desk.task("Sell shoes").status.category, StatusCategory::Active, "though the move modified nothing");
}

#[tokio::test]
async fn tokens_and_places_that_expire_lose_nothing() {
    let mut desk = Desk::new().await;
    for at in 0..230 {
        desk.org.task("Web", TaskDraft::new(&format!("Box {at}")));
    }
    let stream = desk.stream(StreamKind::Tasks, "Web");
    let first = desk.asana.pull(&stream, &Cursor::default()).await.unwrap();
    desk.cursors.insert("Web".to_owned(), first.next);
    desk.org.expire_offsets();
    desk.read("Web").await;
    assert_eq!(desk.tasks.len(), 235);
    desk.later(30 * 60);
    desk.org.complete("Box 7", "ana");
    desk.org.expire_syncs();
    desk.read("Web").await;
    desk.assert_same();
    assert_eq!(desk.told("Box 7", Field::Status).len(), 1);
}

#[tokio::test]
async fn a_task_in_two_projects_is_one_and_moves_with_its_home() {
    let mut desk = Desk::new().await;
    desk.org.project("Shop");
    desk.org.add_to_project("Sell shoes", "Shop", Some("Doing"), "ana");
    desk.read("Web").await;
    desk.read("Shop").await;
    assert_eq!(desk.tasks.len(), 5);
    assert_eq!(desk.task("Sell shoes").container.ext, desk.org.project("Web"));
    desk.later(1);
    desk.org.remove_from_project("Sell shoes", "Web", "ana");
    desk.later(1);
    desk.read("Web").await;
    for name in ["Sell shoes", "Price list", "Ask for prices"] {
        assert_eq!(desk.task(name).container.ext, desk.org.project("Shop"), "{name}");
    }
    assert_eq!(desk.task("Sell shoes").ineligible, None);
}

#[tokio::test]
async fn a_free_plan_is_read_without_what_it_lacks_and_within_its_limit() {
    let mut desk = Desk::new().await;
    desk.org.free(true);
    desk.org.refuse_paid_fields(true);
    desk.org.limit(150);
    for at in 0..300 {
        desk.org.task("Web", TaskDraft::new(&format!("Box {at}")));
    }
    desk.read("Web").await;
    desk.assert_same();
    let refused = desk.sim.requests().iter().filter(|one| one.status == Some(429)).count();
    assert_eq!(refused, 0, "our own pace is the slower one");
    assert!(!desk.asana.whoami().await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn a_limit_by_cost_makes_slow_and_stops_nothing() {
    let mut desk = Desk::new().await;
    desk.org.cost_limit(300);
    for at in 0..60 {
        desk.org.task("Web", TaskDraft::new(&format!("Box {at}")));
    }
    desk.read("Web").await;
    assert_eq!(desk.tasks.len(), 65);
    desk.assert_same();
    assert!(desk.sim.requests().iter().any(|one| one.status == Some(429)), "the limit was met");
}

#[tokio::test]
async fn a_token_that_lacks_a_scope_reads_what_it_may_and_says_so() {
    let mut desk = Desk::new().await;
    desk.org.token("pat", "gapwatch");
    desk.org.lack_scope("pat", "project_sections:read");
    desk.read("Web").await;
    desk.assert_same();
    let warnings = desk.asana.whoami().await.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("scopes")), "{warnings:?}");
}

#[tokio::test]
async fn dependencies_fields_and_approvals_are_read() {
    let mut desk = Desk::new().await;
    desk.org.block("Ship shoes", "Count shoes");
    let approval = TaskDraft { kind: "approval", ..TaskDraft::new("Sign off") };
    desk.org.task("Web", approval);
    desk.org.approval("Sign off", "rejected", "ana");
    desk.org.add_field(FieldDraft {
        name: "Fortschritt".to_owned(),
        kind: "number",
        format: "percentage",
        created_from: own("progress"),
        ..FieldDraft::default()
    });
    desk.org.set_field("Ship shoes", "Fortschritt", 0.25, "ana");
    desk.read("Web").await;
    assert_eq!(desk.told("Ship shoes", Field::Progress), [(None, own("0.25"))]);
    let blocker = desk.gid("Ship shoes");
    let links = desk.task("Count shoes").links.clone().unwrap();
    assert_eq!(links[0].other, TaskRef::Ext(blocker));
    assert_eq!(links[0].kind, connector_model::LinkKind::BlockedBy);
    assert!(desk.task("Sign off").status.category.is_open());
    assert_eq!(desk.task("Ship shoes").progress.unwrap().share.get(), 0.25);
}

#[tokio::test]
async fn a_comment_lives_once_and_is_found_again() {
    let mut desk = Desk::new().await;
    desk.read("Web").await;
    let task = desk.gid("Sell shoes");
    let mark = Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) };
    let ana = desk.org.user_gid("ana");
    let text = |words: &str| {
        let line = vec![Span::Mention(ana.clone()), Span::Plain(format!(" {words} <b> & ]]>"))];
        Text { summary: words.to_owned(), blocks: vec![Block::Line(line)] }
    };
    let now: Timestamp = desk.clock.now();
    assert_eq!(desk.asana.find(&task, &mark, now).await.unwrap(), Found::Absent);
    let at = desk.asana.post(&task, &text("due soon"), &mark).await.unwrap();
    assert_eq!(desk.asana.find(&task, &mark, now).await.unwrap(), Found::There(at.clone()));
    desk.asana.edit(&task, &at, &text("due now"), &mark).await.unwrap();
    let comments = desk.org.comments(&task);
    assert_eq!((comments.len(), comments[0].edits), (1, 1));
    assert!(comments[0].text.contains("due now <b> & ]]>"), "{}", comments[0].text);
    desk.later(1);
    desk.read("Web").await;
    let ours: Vec<&Change> = desk.changes.values().filter(|change| change.mark.is_some()).collect();
    assert_eq!((ours.len(), ours[0].mark.as_ref()), (1, Some(&mark)), "known as ours in the history");
    desk.org.deactivate("ana");
    desk.asana.edit(&task, &at, &text("due now"), &mark).await.unwrap();
    desk.asana.delete(&task, &at).await.unwrap();
    desk.asana.delete(&task, &at).await.unwrap();
    assert!(desk.org.comments(&task).is_empty());
}

#[tokio::test]
async fn the_census_and_direct_looks_tell_what_is_gone() {
    let mut desk = Desk::new().await;
    desk.read("Web").await;
    let (gone, hidden) = (desk.gid("Ship shoes"), desk.gid("Count shoes"));
    desk.later(1);
    desk.org.delete("Ship shoes", "ana");
    desk.org.hide_task("Count shoes", true);
    desk.later(1);
    desk.read("Web").await;
    let page: Page = desk.asana.pull(&desk.stream(StreamKind::Census, "Web"), &Cursor::default()).await.unwrap();
    assert_eq!(page.present.len(), 3);
    assert_eq!(desk.asana.task(&gone).await.unwrap(), TaskLook::Gone);
    assert_eq!(desk.asana.task(&hidden).await.unwrap(), TaskLook::Hidden);
    let TaskLook::There(_) = desk.asana.task(&desk.gid("Ask for prices")).await.unwrap() else { panic!("it is there") };
}

#[tokio::test]
async fn everybody_is_asked_about_in_turn_in_batches_and_again_after_some_hours() {
    let desk = Desk::new().await;
    for nth in 0..230 {
        desk.org.person(&format!("p{nth}"), &format!("Person {nth}"), &format!("p{nth}@example.com"));
    }
    desk.org.away("p0", date(2026, 3, 9), date(2026, 3, 13));
    desk.org.away("p229", date(2026, 1, 5), date(2026, 1, 9));
    let all = StreamKey { kind: StreamKind::Containers, scope: None };
    let (mut cursor, mut asked, mut away) = (Cursor::default(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let page = desk.asana.pull(&all, &cursor).await.unwrap();
        asked.push(page.absences.len());
        away.extend(page.absences.into_iter().filter(|one| !one.away.is_empty()).map(|one| one.account));
        cursor = page.next;
        desk.later(60);
    }
    // Beside those: Ana, Max and ourselves.
    assert_eq!(asked, [200, 33, 0]);
    assert_eq!(away, [desk.org.user_gid("p0")], "what is long over is not asked for");
    desk.org.away("ana", date(2026, 3, 16), date(2026, 3, 16));
    desk.later(5 * 60);
    let page = desk.asana.pull(&all, &cursor).await.unwrap();
    assert!(page.absences.iter().any(|one| one.account == desk.org.user_gid("ana") && one.away.len() == 1));
}

#[tokio::test]
async fn a_move_whose_event_was_lost_is_found_with_its_story_by_the_reading_of_all_that_is_open() {
    let mut desk = Desk::new().await;
    desk.org.section("Web", "Doing");
    desk.org.quiet_moves(true);
    desk.read("Web").await;
    desk.later(30);
    desk.org.lose_events(100);
    desk.org.section_move("Ship shoes", "Web", "Doing", "ana");
    desk.read("Web").await;
    assert_eq!(desk.told("Ship shoes", Field::Status), [], "nothing tells of it yet");
    desk.later(7 * 60);
    desk.read("Web").await;
    assert_eq!(desk.task("Ship shoes").status.category, StatusCategory::Active);
    let moves = desk.told("Ship shoes", Field::Status);
    assert_eq!(moves.len(), 1, "{moves:?}");
    assert_eq!(moves[0].1.as_deref(), Some("active/Doing"));
}

#[tokio::test]
async fn a_move_that_nothing_told_of_brings_its_story_after_a_restart_too() {
    let mut desk = Desk::new().await;
    desk.org.section("Web", "Doing");
    desk.org.quiet_moves(true);
    desk.read("Web").await;
    desk.later(26 * 60);
    desk.org.lose_events(100);
    desk.org.section_move("Ship shoes", "Web", "Doing", "ana");
    desk.restart();
    desk.later(60);
    desk.asked();
    desk.read("Web").await;
    let moves = desk.told("Ship shoes", Field::Status);
    assert_eq!(moves.iter().map(|(_, to)| to.as_deref()).collect::<Vec<_>>(), [Some("active/Doing")]);
    let stories = desk.asked().iter().filter(|path| path.ends_with("/stories")).count();
    assert!(stories <= 1, "{stories} asked for: only what stands elsewhere is");
    desk.read("Web").await;
    assert_eq!(desk.asked().iter().filter(|path| path.ends_with("/stories")).count(), 0);
}

#[tokio::test]
async fn a_move_on_a_page_that_was_not_kept_brings_its_story_with_the_next() {
    let mut desk = Desk::new().await;
    desk.org.section("Web", "Doing");
    desk.org.quiet_moves(true);
    desk.read("Web").await;
    desk.org.lose_events(100);
    desk.org.section_move("Ship shoes", "Web", "Doing", "ana");
    desk.later(7 * 60);
    let lost = desk.asana.pull(&desk.stream(StreamKind::Tasks, "Web"), &desk.cursors["Web"]).await.unwrap();
    assert!(lost.tasks.iter().any(|task| task.title == "Ship shoes"));
    desk.read("Web").await;
    assert_eq!(desk.told("Ship shoes", Field::Status).len(), 1);
}

#[tokio::test]
async fn a_project_that_no_list_shows_is_asked_for_told_for_some_days_and_left_then() {
    let desk = Desk::new().await;
    desk.org.project("Shop");
    desk.org.project("Old");
    let all = StreamKey { kind: StreamKind::Containers, scope: None };
    let shown = |page: &Page| -> Vec<(String, bool)> {
        let mut shown: Vec<_> = page.containers.iter().map(|one| (one.name.clone(), one.open)).collect();
        shown.sort();
        shown
    };
    let own = |shown: &[(&str, bool)]| -> Vec<(String, bool)> {
        shown.iter().map(|(name, open)| ((*name).to_owned(), *open)).collect()
    };
    let first = desk.asana.pull(&all, &Cursor::default()).await.unwrap();
    assert_eq!(shown(&first), own(&[("Old", true), ("Shop", true), ("Web", true)]));
    desk.org.hide("Shop", true);
    desk.org.archive("Old", true);
    let mut page = first;
    for nth in 0..3 {
        desk.later(25 * 60);
        page = desk.asana.pull(&all, &page.next).await.unwrap();
        let expected = if nth == 0 { own(&[("Old", false), ("Web", true)]) } else { own(&[("Web", true)]) };
        assert_eq!(shown(&page), expected, "{nth}");
        assert_eq!(page.unreadable[0].what, "Shop");
        assert!(page.partial.is_some(), "not seen is not gone");
    }
    desk.org.hide("Shop", false);
    let back = desk.asana.pull(&all, &page.next).await.unwrap();
    assert_eq!((shown(&back), back.partial), (own(&[("Shop", true), ("Web", true)]), None));
    desk.org.hide("Shop", true);
    page = desk.asana.pull(&all, &back.next).await.unwrap();
    desk.later(8 * 24 * 60);
    page = desk.asana.pull(&all, &page.next).await.unwrap();
    assert_eq!((shown(&page), page.partial), (own(&[("Web", true)]), None), "long gone");
}

#[tokio::test]
async fn who_left_stays_so_while_the_people_are_not_told() {
    use connector_model::AccountKind;
    use connector_simulator::{Fault, Tool};
    let desk = Desk::new().await;
    desk.org.deactivate("ana");
    let all = StreamKey { kind: StreamKind::Containers, scope: None };
    let first = desk.asana.pull(&all, &Cursor::default()).await.unwrap();
    let ana = desk.org.user_gid("ana");
    let kind = |page: &Page| page.accounts.iter().find(|one| one.ext == ana).map(|one| one.kind);
    assert_eq!(kind(&first), Some(AccountKind::Gone));
    for status in [403, 402, 500] {
        let fault = Fault::Status(status, "{\"errors\":[{\"message\":\"no\"}]}".to_owned());
        desk.sim.fail_next(Tool::Asana, "/workspace_memberships", fault, 100);
        // After a start nothing is remembered but the cursor.
        let anew = Asana::new(desk.asana.config.clone(), desk.clock.clone()).unwrap();
        let page = anew.pull(&all, &first.next).await.unwrap();
        assert_eq!((kind(&page), page.containers.len()), (Some(AccountKind::Gone), 1), "{status}");
        let next = anew.pull(&all, &page.next).await.unwrap();
        assert_eq!(kind(&next), Some(AccountKind::Gone), "{status}");
        let is_told = anew.warnings().iter().any(|warning| warning.contains("who left"));
        assert_eq!(is_told, status != 500, "{status}");
        desk.sim.heal();
    }
}

#[tokio::test]
async fn what_a_plan_hides_is_said_and_told_again_only_once_it_was_read_again() {
    use connector_model::{Lack, Need};
    let mut desk = Desk::new().await;
    desk.org.refuse_paid_fields(true);
    let all = StreamKey { kind: StreamKind::Containers, scope: None };
    let told = desk.read_lacks("Web").await;
    assert_eq!(told.last(), Some(&Some(Vec::new())), "a paid plan tells all");
    desk.org.free(true);
    desk.asana.pull(&all, &Cursor::default()).await.unwrap();
    let lacks = desk.read_lacks("Web").await.pop().flatten().unwrap();
    let of = |need: Need| lacks.iter().find(|lack| lack.need == need).cloned();
    assert_eq!(
        of(Need::Blocking),
        Some(Lack::whole(Need::Blocking, "the workspace's plan has no dependencies (HTTP 402)"))
    );
    assert!(of(Need::Progress).is_some_and(|lack| !lack.whole), "sub-tasks tell it on every plan");
    assert!(of(Need::Estimate).zip(of(Need::Priority)).is_some_and(|(one, other)| one.whole && other.whole));
    desk.restart();
    desk.later(5);
    assert_eq!(desk.read_lacks("Web").await.pop(), Some(None), "nothing was asked that would tell");
    desk.org.free(false);
    desk.org.block("Ship shoes", "Count shoes");
    desk.later(61);
    desk.asana.pull(&all, &Cursor::default()).await.unwrap();
    desk.asked();
    let told = desk.read_lacks("Web").await;
    assert_eq!(told.last(), Some(&Some(Vec::new())));
    assert!(desk.asked().iter().any(|path| path == "/tasks"), "all that is open was read");
    let links = desk.task("Count shoes").links.clone().into_iter().chain(desk.task("Ship shoes").links.clone());
    assert!(links.flatten().count() > 0);
    assert!(desk.asana.warnings().is_empty(), "{:?}", desk.asana.warnings());
}

#[tokio::test]
async fn people_who_are_not_shown_are_said() {
    use connector_model::Need;
    use connector_simulator::{Fault, Tool};
    let desk = Desk::new().await;
    let all = StreamKey { kind: StreamKind::Containers, scope: None };
    assert_eq!(desk.asana.pull(&all, &Cursor::default()).await.unwrap().lacks, Some(Vec::new()));
    for (status, is_known) in [(403, true), (402, true), (500, false)] {
        let fault = Fault::Status(status, "{\"errors\":[{\"message\":\"no\"}]}".to_owned());
        desk.sim.fail_next(Tool::Asana, "/workspace_memberships", fault, 100);
        let anew = Asana::new(desk.asana.config.clone(), desk.clock.clone()).unwrap();
        let lacks = anew.pull(&all, &Cursor::default()).await.unwrap().lacks;
        assert_eq!(lacks.is_some(), is_known, "{status}: what fails for now shows nothing");
        let named = lacks.iter().flatten().any(|lack| lack.need == Need::Leavers && lack.because.contains("HTTP 40"));
        assert_eq!(named, is_known, "{status}");
        desk.sim.heal();
    }
}
