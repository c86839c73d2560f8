//! How GitHub is reached: as an App, by a token that is exchanged, for all repositories of an owner. Whatever is refused on the
//! way, nothing opens and nothing resolves by what was not seen.

use connector_simulator::{Tool, WriteKind};
use gapwatch::domain::alert::Ending;
use gapwatch::store::FailureKind;
use jiff::SignedDuration;

use crate::pipeline::{lives, plant};
use crate::world::{Plan, REPO, World, at, checklist, github_day};

/// Made for the tests; they open nothing.
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/app.pem");
const PUBLIC: &str = include_str!("../keys/app_public.pem");

const APP: &str = "acme-watch";
const BOT: &str = "acme-watch[bot]";

const FIRST: &str = "pace.behind acme/web#1 widens firing";
const FIRST_HELD: &str = "pace.behind acme/web#1 widens firing (source_stale)";
const BLIND: &str = "sys.mirror_stale - widens firing";

/// A connection that logs in as an App.
fn app_plan() -> Plan {
    let credential = format!("app_id = 4711\nprivate_key = {{ file = \"{KEY}\" }}");
    World::plan().credential(&credential).more("[operators]\nchannel = \"#ops\"\n")
}

/// The App is there and installed for acme; nothing else is let in.
fn install(world: &World) {
    let github = world.github();
    github.app(APP, 4711, PUBLIC);
    github.install(APP, "acme");
    github.token("nobody", "nobody");
}

/// One gap is open and told (#1). Another one (#2) would open an hour later, by time alone.
async fn trouble(world: &mut World) {
    plant(world, 2, "2026-03-27").await;
    let github = world.github();
    let second = github.issue(REPO, "Second").by("max-w").assignee("ana-k").body(&checklist(2, 10));
    second.created(at("2026-03-02T11:00:00Z")).milestone("Spring", github_day("2026-03-27")).open();
    lives(world, "2026-03-13T10:00:00Z");
    github.comment_as(REPO, 2, "ana-k", "begun", at("2026-03-13T10:00:00Z"));
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(world.open().await, [FIRST]);
    world.sent();
}

/// Polls as the daemon does, until this moment.
async fn watch(world: &mut World, until: &str) {
    while world.now() < at(until) {
        world.later(SignedDuration::from_mins(2)).poll().await;
    }
}

/// The first gap is mended and the time of the second comes, but nothing of it can be seen until this moment: nothing opens,
/// nothing resolves, and nobody but the operators hears of anything.
async fn nothing_is_concluded(world: &mut World, until: &str) {
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:30:00Z"));
    watch(world, until).await;
    assert_eq!(world.open().await, [FIRST_HELD, BLIND]);
    let sent = world.sent();
    assert!(sent.iter().all(|sent| sent.starts_with("slack #ops")) && sent.len() == 1, "{sent:#?}");
    assert_eq!(world.connection().await.tasks, 2);
}

/// What was missed is made up for.
async fn it_is_made_up_for(world: &mut World, by: &str) {
    watch(world, by).await;
    assert_eq!(world.connection().await.failure, None);
    assert_eq!(world.open().await, ["pace.behind acme/web#2 widens firing"]);
    let sent = world.sent();
    let said = |words: &str| sent.iter().any(|sent| sent.starts_with(words));
    assert!(said("slack @ana (thread): ● acme/web#1 is resolved"), "{sent:#?}");
    assert!(said("comment #2: **gapwatch** · ■ behind its pace"), "{sent:#?}");
}

#[tokio::test]
async fn an_app_goes_from_its_key_to_a_comment_by_its_bot() {
    let mut world = app_plan().begin("2026-03-02T09:00:00Z").await;
    install(&world);
    world.github().installation_token_lag(1);
    trouble(&mut world).await;
    let comments = world.github().writes();
    assert!(comments.iter().all(|write| write.author == BOT && write.number == 1), "{comments:#?}");
    assert_eq!(comments[0].kind, WriteKind::Created);
    // Its own comment is no sign of work, and its tokens end every hour without anybody noticing.
    let given = world.github().installation_tokens_given();
    world.github().tick(REPO, 1, 6, at("2026-03-16T15:00:00Z"));
    watch(&mut world, "2026-03-16T15:40:00Z").await;
    assert!(world.github().installation_tokens_given() >= given + 4);
    assert_eq!(world.connection().await.failure, None);
    let last = world.github().writes().into_iter().rfind(|write| write.number == 1).unwrap();
    assert_eq!((last.kind, last.author.as_str()), (WriteKind::Edited, BOT));
    assert!(last.body.contains("resolved"), "{}", last.body);
    // Neither its key nor a token of it has been kept anywhere.
    for file in std::fs::read_dir(world.store().parent().unwrap()).unwrap() {
        let kept = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["ghs_4711", "PRIVATE KEY", "eyJ0eXAi"] {
            assert!(!kept.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
        }
    }
}

#[tokio::test]
async fn within_an_hour_an_unchanged_repository_costs_an_app_no_body() {
    let mut world = app_plan().begin("2026-03-02T09:00:00Z").await;
    install(&world);
    plant(&mut world, 2, "2026-03-27").await;
    world.at("2026-03-05T09:00:00Z").poll().await;
    watch(&mut world, "2026-03-05T09:20:00Z").await;
    world.sim.forget_requests();
    watch(&mut world, "2026-03-05T09:40:00Z").await;
    let lists = |world: &World| -> Vec<Option<u16>> {
        let requests = world.sim.requests();
        let is_list = |path: &str| path.ends_with("/repos/acme/web/issues");
        let of_tasks = requests.iter().filter(|one| is_list(&one.path) && one.query.contains("sort=updated"));
        of_tasks.map(|one| one.status).collect()
    };
    let all = lists(&world);
    assert!(all.len() == 10 && all.iter().all(|status| *status == Some(304)), "{all:?}");
    // A new token knows none of the old one's tags: one whole answer, and then none again.
    world.sim.forget_requests();
    watch(&mut world, "2026-03-05T10:20:00Z").await;
    let full = lists(&world).iter().filter(|status| **status == Some(200)).count();
    assert!((1..=2).contains(&full), "{:?}", lists(&world));
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn a_suspended_installation_is_survived() {
    let mut world = app_plan().begin("2026-03-02T09:00:00Z").await;
    install(&world);
    trouble(&mut world).await;
    world.github().suspend(APP, "acme", true);
    world.at("2026-03-16T11:31:00Z").poll().await;
    let (kind, because) = world.connection().await.failure.unwrap();
    assert_eq!(kind, FailureKind::Refused);
    assert!(because.contains("acme: the App's installation is suspended"), "{because}");
    nothing_is_concluded(&mut world, "2026-03-16T13:00:00Z").await;
    world.github().suspend(APP, "acme", false);
    it_is_made_up_for(&mut world, "2026-03-16T15:00:00Z").await;
}

#[tokio::test]
async fn tokens_of_an_installation_that_are_all_taken_back_are_renewed_unnoticed() {
    let mut world = app_plan().begin("2026-03-02T09:00:00Z").await;
    install(&world);
    trouble(&mut world).await;
    world.github().revoke_installation_tokens();
    world.later(SignedDuration::from_mins(2)).poll().await;
    assert_eq!((world.connection().await.failure, world.open().await), (None, vec![FIRST.to_owned()]));
}

#[tokio::test]
async fn a_token_that_is_revoked_and_exchanged_in_its_file_needs_no_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let plan = World::plan().credential(&format!("token = {{ file = \"{}\" }}", file.display()));
    let mut world = plan.more("[operators]\nchannel = \"#ops\"\n").begin("2026-03-02T09:00:00Z").await;
    world.github().token("first", "gapwatch-bot");
    trouble(&mut world).await;
    world.github().revoke("first");
    world.at("2026-03-16T11:31:00Z").poll().await;
    assert_eq!(world.connection().await.failure.map(|(kind, _)| kind), Some(FailureKind::Refused));
    world.sim.forget_requests();
    nothing_is_concluded(&mut world, "2026-03-16T12:25:00Z").await;
    let asked = world.sim.requests().iter().filter(|request| request.tool == Tool::Github).count();
    assert_eq!(asked, 0, "a token that was refused is not tried again within the hour");

    world.github().token("second", "gapwatch-bot");
    std::fs::write(&file, "second\n").unwrap();
    world.later(SignedDuration::from_mins(1)).poll().await;
    assert_eq!(world.connection().await.failure, None, "its successor is tried at once");
    it_is_made_up_for(&mut world, "2026-03-16T13:00:00Z").await;
}

#[tokio::test]
async fn a_permission_that_one_repository_lacks_blinds_nothing_else() {
    let mut world = World::plan().repos(&[REPO, "acme/api"]).begin("2026-03-02T09:00:00Z").await;
    world.github().issue("acme/api", "Other").by("max-w").assignee("ana-k").open();
    trouble(&mut world).await;
    world.github().forbid_repo("acme/api", Some("issues=read"));
    world.later(SignedDuration::from_mins(2)).poll().await;
    let (kind, because) = world.connection().await.failure.unwrap();
    assert_eq!(kind, FailureKind::Forbidden);
    assert!(because.contains("acme/api") && because.contains("the token needs issues=read"), "{because}");
    world.github().tick(REPO, 1, 8, at("2026-03-16T11:30:00Z"));
    watch(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(world.open().await, ["pace.behind acme/web#2 widens firing", BLIND]);
    assert_eq!(world.connection().await.tasks, 3, "nothing of the other is taken away");
    world.github().forbid_repo("acme/api", None);
    watch(&mut world, "2026-03-16T14:00:00Z").await;
    assert_eq!(world.connection().await.failure, None);
}

#[tokio::test]
async fn an_organisation_that_gains_a_repository_is_watched_there_as_well() {
    let mut world = app_plan().repos(&["acme/*"]).begin("2026-03-02T09:00:00Z").await;
    install(&world);
    world.github().repo(REPO);
    world.github().repo("other/secret");
    trouble(&mut world).await;
    world.github().repo("acme/old");
    world.github().archive_repo("acme/old", true);
    world.github().issue("acme/api", "New").by("max-w").assignee("ana-k").open();
    watch(&mut world, "2026-03-16T12:10:00Z").await;
    let state = world.connection().await;
    assert_eq!((state.containers, state.cold, state.tasks), (2, 0, 3), "neither the archived one nor somebody else's");
    assert!(world.open().await.contains(&FIRST.to_owned()));
}

#[tokio::test]
async fn a_repository_that_a_list_lacks_once_is_not_gone_and_one_it_lacks_for_good_is_no_longer_watched() {
    let mut world = World::plan().repos(&["acme/*"]).begin("2026-03-02T09:00:00Z").await;
    world.github().repo(REPO);
    world.github().repo("acme/api");
    trouble(&mut world).await;
    world.github().unlist_repo(REPO, true);
    watch(&mut world, "2026-03-16T12:10:00Z").await;
    assert!(world.open().await.contains(&FIRST.to_owned()), "one list is not enough");
    world.github().unlist_repo(REPO, false);
    watch(&mut world, "2026-03-16T13:10:00Z").await;
    assert!(world.open().await.contains(&FIRST.to_owned()));
    world.sent();

    // Lists that say that they are not whole count for nothing, however many.
    world.github().unlist_repo(REPO, true);
    world.github().sso_partial(Some("77"));
    watch(&mut world, "2026-03-16T17:30:00Z").await;
    assert!(world.open().await.contains(&FIRST.to_owned()));
    world.github().sso_partial(None);
    watch(&mut world, "2026-03-16T20:30:00Z").await;
    assert!(!world.open().await.contains(&FIRST.to_owned()));
    assert_eq!(world.gap("pace.behind").await.alert.ending, Some(Ending::NoLongerWatched));
    assert!(!world.sent().iter().any(|sent| sent.contains("resolved")), "it was not mended");
}

#[tokio::test]
async fn what_leaves_the_filter_is_no_longer_watched_and_not_resolved() {
    let mut world = World::plan().github("filter = { labels = [\"tracked\"] }").begin("2026-03-02T09:00:00Z").await;
    let github = world.github();
    let issue = github.issue(REPO, "Redesign").by("max-w").assignee("ana-k").labels(&["tracked"]);
    issue.milestone("Spring", github_day("2026-03-27")).body(&checklist(2, 10)).open();
    world.run().await;
    lives(&world, "2026-03-13T10:00:00Z");
    world.at("2026-03-16T11:00:00Z").run().await;
    assert_eq!(world.open().await, [FIRST]);
    world.sent();
    github.unlabel(REPO, 1, "max-w", "tracked", at("2026-03-16T11:30:00Z"));
    watch(&mut world, "2026-03-16T12:30:00Z").await;
    assert_eq!(world.open().await, Vec::<String>::new());
    assert_eq!(world.gap("pace.behind").await.alert.ending, Some(Ending::NoLongerWatched));
    assert!(!world.sent().iter().any(|sent| sent.contains("resolved")));
    assert_eq!(world.connection().await.tasks, 1, "and it is not deleted");
}

#[tokio::test]
async fn comments_are_written_by_their_own_account() {
    let plan = World::plan().credential("token = \"reads\"\ncomment_token = \"writes\"");
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    world.github().token("reads", "reader");
    world.github().token("writes", "scribe");
    trouble(&mut world).await;
    assert!(world.github().writes().iter().all(|write| write.author == "scribe"));
    world.github().revoke("writes");
    world.github().tick(REPO, 1, 6, at("2026-03-16T11:10:00Z"));
    watch(&mut world, "2026-03-16T11:40:00Z").await;
    assert_eq!(world.connection().await.failure, None, "reading goes on");
}
