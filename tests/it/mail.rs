//! Mails, through the whole program: who gets one when, what stands in it, and what becomes of it where a server fails.

use connector_simulator::mail::{Mail, MailServer, Step, Trouble};
use connector_simulator::{Fault, Tool};

use crate::lab::rows;
use crate::pipeline::{lives, plant};
use crate::world::{Plan, REPO, World, at, checklist};

const FOR_EVER: u32 = 1_000_000;

/// Lines for a server, without comments on tasks.
fn tables(server: &MailServer) -> String {
    format!("[comments]\non = []\n{}", email(server))
}

fn email(server: &MailServer) -> String {
    format!("[email]\nfrom = \"gapwatch <gapwatch@example.org>\"\nsmtp = \"{}\"\n", server.url())
}

/// Ana and Max can be told by mail alone.
fn by_mail_alone(server: &MailServer) -> Plan {
    World::plan().without_slack().more(&tables(server))
}

/// Monday morning: Ana's task was due on Friday.
async fn overdue_in(plan: Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T08:50:00Z").run().await;
    world
}

/// Looks every half an hour in working hours, and a few times in the night.
async fn runs_until(world: &mut World, moment: &str) {
    while world.now() < at(moment) {
        let hour = world.now().to_zoned(jiff::tz::TimeZone::UTC).hour();
        world.later_by_minutes(if (8..17).contains(&hour) { 31 } else { 5 * 60 });
        world.clock.set(world.now().min(at(moment)));
        world.run().await;
    }
}

/// `ana: subject`, oldest first.
fn mails(server: &MailServer) -> Vec<String> {
    let shown = |mail: &Mail| {
        let to = mail.to.join(", ").replace("@example.org", "");
        format!("{to}: {}", mail.header("Subject").unwrap_or_default())
    };
    server.mails().iter().map(shown).collect()
}

fn has_word(world: &World, start: &str, part: &str) -> bool {
    world.words().iter().any(|words| words.starts_with(start) && words.contains(part))
}

#[tokio::test]
async fn what_goes_by_mail_because_slack_refuses_it_alarms_no_operator() {
    let server = MailServer::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&tables(&server))).await;
    world.slack().refuse_messages("U0ANA", true);
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"]);
    let alarms = rows(&world.store(), "SELECT finding FROM alerts WHERE rule = 'sys.delivery_failed'");
    assert_eq!(alarms, [""; 0], "what another channel took is no failure, not for a moment");
}

#[tokio::test]
async fn the_owner_hears_by_mail_then_the_manager_and_both_hear_in_their_threads_when_it_is_over() {
    let server = MailServer::start().await.unwrap();
    server.demand("gapwatch@example.org", "hush hush");
    let login = email(&server).replace("smtp://", "smtp://gapwatch%40example.org@") + "password = \"hush hush\"\n";
    let plan = World::plan().without_slack().more(&format!("[comments]\non = []\n{login}"));
    let mut world = overdue_in(plan).await;
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"]);
    let first = &server.mails()[0];
    assert_eq!(first.login.as_deref(), Some("gapwatch@example.org"));
    assert!(first.text().contains("Redesign homepage") && first.html().contains(">Open acme/web#1</a>"), "{first:?}");

    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    let both = ["ana: [gapwatch] acme/web#1 is past its date", "max: [gapwatch] acme/web#1 is past its date"];
    assert_eq!(mails(&server), both);
    assert!(server.mails()[1].text().contains("Ana K. was told Mon 16 Mar"), "{}", server.mails()[1].text());

    world.github().close(REPO, 1, "ana-k", at("2026-03-18T10:00:00Z"), "completed");
    runs_until(&mut world, "2026-03-18T12:00:00Z").await;
    let all = mails(&server);
    let over = all[2..].iter().filter(|mail| mail.ends_with(": Re: [gapwatch] acme/web#1 is past its date")).count();
    assert_eq!((all.len(), over), (4, 2), "{all:#?}");
    let kept = server.mails();
    for (told, over) in [(0, "ana@example.org"), (1, "max@example.org")] {
        let over = kept[2..].iter().find(|mail| mail.to == [over]).unwrap();
        assert_eq!(over.header("In-Reply-To"), kept[told].header("Message-ID"));
        assert!(over.text().starts_with("● Resolved"), "{}", over.text());
    }
    runs_until(&mut world, "2026-03-23T12:00:00Z").await;
    assert_eq!(server.mails().len(), 4, "{:#?}", mails(&server));
    let mut ids: Vec<String> = kept.iter().filter_map(|mail| mail.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn whoever_can_be_told_in_slack_or_in_the_comment_gets_no_mail() {
    let server = MailServer::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&email(&server))).await;
    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("slack @ana: ⬣")), "{sent:#?}");
    assert!(sent.iter().any(|sent| sent.starts_with("slack @max: ⬣")), "{sent:#?}");
    assert_eq!(server.connections(), 0);

    let mut world = overdue_in(World::plan().without_slack().more(&email(&server))).await;
    runs_until(&mut world, "2026-03-17T12:00:00Z").await;
    let sent = world.sent();
    assert!(sent.iter().any(|sent| sent.starts_with("comment #1: @ana-k **gapwatch** · ⬣")), "{sent:#?}");
    assert_eq!(mails(&server), ["max: [gapwatch] acme/web#1 is past its date"], "a manager is mentioned nowhere");
}

#[tokio::test]
async fn who_left_slack_or_does_not_want_it_is_told_by_mail_at_once() {
    for trouble in ["left", "unwanted"] {
        let server = MailServer::start().await.unwrap();
        let mut plan = World::plan().more(&tables(&server));
        if trouble == "unwanted" {
            let ana =
                crate::world::PEOPLE.replace("manager = \"max\"", "manager = \"max\"\nnotify = { slack = false }");
            plan = plan.people(&ana);
        }
        let mut world = overdue_in(plan).await;
        if trouble == "left" {
            world.slack().deactivate("U0ANA");
        }
        runs_until(&mut world, "2026-03-16T09:40:00Z").await;
        assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"], "{trouble}");
        assert_eq!(has_word(&world, "opened by slack: Dead", ""), trouble == "left", "{:#?}", world.words());
    }
}

#[tokio::test]
async fn who_wants_no_mail_or_digests_alone_gets_none() {
    for wish in ["false", "\"digest\""] {
        let server = MailServer::start().await.unwrap();
        let wish = format!("notify = {{ email = {wish} }}\ntz");
        let people = crate::world::PEOPLE.replacen("tz", &wish, 1);
        let mut world = overdue_in(by_mail_alone(&server).people(&people)).await;
        runs_until(&mut world, "2026-03-18T12:00:00Z").await;
        assert!(mails(&server).iter().all(|mail| mail.starts_with("max: ")), "{:#?}", mails(&server));
    }
}

#[tokio::test]
async fn a_manager_whose_address_is_refused_is_left_the_line_of_the_digest() {
    let server = MailServer::start().await.unwrap();
    let mut world = overdue_in(by_mail_alone(&server)).await;
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    server.fail_next(Step::Recipient, Trouble::Say(550, "5.1.1 <max@example.org>: no such user"), FOR_EVER);
    runs_until(&mut world, "2026-03-18T12:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"]);
    assert!(has_word(&world, "escalated by email: Dead", "no such user"), "{:#?}", world.words());
    assert!(has_word(&world, "escalated by digest of max: Open", ""), "{:#?}", world.words());
    assert!(!world.words().iter().any(|words| words.contains("max@")), "{:#?}", world.words());
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_after_1_5_and_30_minutes_and_nothing_arrives_twice() {
    for (step, trouble) in [
        (Step::Greeting, Trouble::Say(421, "4.3.2 try later")),
        (Step::Login, Trouble::Say(454, "4.7.0 not now")),
        (Step::Recipient, Trouble::Say(450, "4.2.0 greylisted")),
        (Step::Data, Trouble::Cut),
        (Step::Mail, Trouble::Say(452, "4.3.1 disk full")),
    ] {
        let server = MailServer::start().await.unwrap();
        let login = tables(&server).replace("smtp://", "smtp://gapwatch@") + "password = \"hush\"\n";
        let mut world = World::plan().without_slack().more(&login).begin("2026-03-02T09:00:00Z").await;
        plant(&mut world, 9, "2026-03-13").await;
        lives(&world, "2026-03-13T11:00:00Z");
        server.fail_next(step, trouble.clone(), 2);
        world.at("2026-03-16T09:00:00Z").run().await;
        assert_eq!((mails(&server).len(), server.connections()), (0, 1), "{step:?}");
        world.at("2026-03-16T09:01:20Z").run().await;
        assert_eq!((mails(&server).len(), server.connections()), (0, 2), "{step:?}");
        world.at("2026-03-16T09:04:00Z").run().await;
        assert_eq!(server.connections(), 2, "{step:?}");
        runs_until(&mut world, "2026-03-16T12:00:00Z").await;
        assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"], "{step:?}");
    }
}

#[tokio::test]
async fn a_mail_whose_answer_is_lost_is_repeated_once_where_it_is_a_failure_and_says_so() {
    for trouble in [Trouble::KeepAndCut, Trouble::Cut] {
        let server = MailServer::start().await.unwrap();
        let mut world = overdue_in(by_mail_alone(&server)).await;
        server.fail_next(Step::Mail, trouble.clone(), 1);
        runs_until(&mut world, "2026-03-16T14:00:00Z").await;
        let all = server.mails();
        let all: Vec<&Mail> = all.iter().filter(|mail| mail.to == ["ana@example.org"]).collect();
        assert_eq!(all.len(), if trouble == Trouble::Cut { 1 } else { 2 }, "{trouble:?}");
        assert!(all.last().unwrap().text().trim_end().ends_with("(may be a repeat)"), "{trouble:?}");
        assert_eq!(
            all[0].header("Message-ID"),
            all[all.len() - 1].header("Message-ID"),
            "the same mail to whoever sorts"
        );
    }
}

#[tokio::test]
async fn a_mail_about_less_than_a_failure_is_not_repeated_and_its_loss_is_told() {
    let server = MailServer::start().await.unwrap();
    let mut world = by_mail_alone(&server).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    lives(&world, "2026-03-17T10:00:00Z");
    server.fail_next(Step::Mail, Trouble::KeepAndCut, 1);
    world.at("2026-03-18T09:00:00Z").run().await;
    runs_until(&mut world, "2026-03-18T16:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is behind its pace"]);
    assert!(has_word(&world, "opened by email: Unsure", "may or may not"), "{:#?}", world.words());
}

#[tokio::test]
async fn what_comes_up_after_the_mail_of_the_day_has_left_waits_for_the_next_morning() {
    let server = MailServer::start().await.unwrap();
    let mut world = by_mail_alone(&server).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    for title in ["Second", "Third"] {
        let issue = world.github().issue(REPO, title).by("max-w").assignee("ana-k");
        issue.milestone("Spring", crate::world::github_day("2026-03-27")).body(&checklist(9, 10)).open();
    }
    for number in 1..=3 {
        world.github().comment_as(REPO, number, "ana-k", "on it", at("2026-03-17T10:00:00Z"));
    }
    world.at("2026-03-18T09:00:00Z").run().await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is behind its pace"]);
    for (number, moment) in [(2, "2026-03-18T10:00:00Z"), (3, "2026-03-18T11:00:00Z")] {
        world.at(moment);
        world.github().edit_body(REPO, number, &checklist(2, 10), at(moment));
        world.later_by_minutes(16);
        world.run().await;
    }
    let open = world.open().await;
    let held = open.iter().filter(|gap| gap.contains("(budget)")).count();
    assert_eq!(held, 2, "the limit of the day keeps them until then: {open:#?}");
    runs_until(&mut world, "2026-03-18T23:00:00Z").await;
    assert_eq!(server.mails().len(), 1, "{:#?}", mails(&server));
    runs_until(&mut world, "2026-03-19T08:55:00Z").await;
    assert_eq!(server.mails().len(), 1, "not before work begins: {:#?}", mails(&server));
    runs_until(&mut world, "2026-03-19T09:40:00Z").await;
    let kept = server.mails();
    assert_eq!(mails(&server)[1..], ["ana: [gapwatch] Thu 19 Mar: 2 to look at"]);
    let text = kept[1].text();
    assert!(text.contains("“Second”") && text.contains("“Third”") && !text.contains("Redesign"), "{text}");
    assert_eq!(kept[1].header("In-Reply-To"), None);
}

/// Ana's second gap came up on Wednesday after the mail of that day had left, and waits for Thursday; the first is said once
/// more then.
async fn one_waits(server: &MailServer) -> World {
    let lines = format!("{}\n[limits]\nrepeat = [1]\nper_hour = 10000\n", tables(server));
    let mut world = World::plan().without_slack().more(&lines).begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 2, "2026-03-27").await;
    let second = world.github().issue(REPO, "Second").by("max-w").assignee("ana-k");
    second.milestone("Spring", crate::world::github_day("2026-03-27")).body(&checklist(9, 10)).open();
    for number in 1..=2 {
        world.github().comment_as(REPO, number, "ana-k", "on it", at("2026-03-17T10:00:00Z"));
    }
    world.at("2026-03-18T09:00:00Z").run().await;
    world.at("2026-03-18T10:00:00Z");
    world.github().edit_body(REPO, 2, &checklist(2, 10), world.now());
    world.later_by_minutes(16);
    world.run().await;
    assert_eq!(mails(server), ["ana: [gapwatch] acme/web#1 is behind its pace"]);
    world
}

/// Whether the daemon would send something now, without reading before.
async fn goes(world: &World) -> bool {
    let engine = world.engine();
    assert_eq!(engine.decide().await.unwrap(), None, "the clock is believed");
    engine.core.claim(Vec::new(), true, world.now()).await.unwrap().is_some()
}

#[tokio::test]
async fn after_a_night_without_us_the_mail_of_the_day_waits_a_while_for_what_is_about_to_be_read() {
    let server = MailServer::start().await.unwrap();
    let mut world = one_waits(&server).await;
    assert!(!goes(world.at("2026-03-19T09:10:00Z")).await);
    assert!(!goes(world.at("2026-03-19T09:24:00Z")).await);
    world.run().await;
    assert_eq!(mails(&server)[1..], ["ana: [gapwatch] Thu 19 Mar: 2 to look at"]);

    let server = MailServer::start().await.unwrap();
    let mut world = one_waits(&server).await;
    assert!(!goes(world.at("2026-03-19T09:10:00Z")).await);
    assert!(goes(world.at("2026-03-19T09:25:00Z")).await, "a place that is not read for long holds up nobody else");
}

#[tokio::test]
async fn what_was_read_too_late_for_the_mail_of_the_day_leaves_on_that_day_and_no_other() {
    let server = MailServer::start().await.unwrap();
    let mut world = one_waits(&server).await;
    world.at("2026-03-19T09:10:00Z").decide_and_deliver().await;
    assert_eq!(mails(&server)[1..], ["ana: [gapwatch] acme/web#1 is behind its pace"], "said once more");
    world.at("2026-03-19T09:40:00Z").run().await;
    let all = mails(&server);
    assert_eq!(all.len(), 3, "{all:#?}");
    assert!(server.mails()[2].text().contains("“Second”"), "{}", server.mails()[2].text());
    world.at("2026-03-20T09:10:00Z").decide_and_deliver().await;
    world.at("2026-03-20T09:40:00Z").run().await;
    let once = server.mails().iter().filter(|mail| mail.text().contains("“Second”")).count();
    assert!(once <= 2, "the first time, and once more a working day later: {:#?}", mails(&server));
}

#[tokio::test]
async fn no_title_gets_out_of_its_place_in_a_mail() {
    let server = MailServer::start().await.unwrap();
    let mut world = by_mail_alone(&server).begin("2026-03-02T09:00:00Z").await;
    let titles = [
        "a\r\nBcc: everybody@example.org\r\n\r\nhello",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\"><a href=\"https://evil.example\">click</a>",
        "https://evil.example/login",
        "\r\n.\r\nMAIL FROM:<x@evil.example>",
        "=?utf-8?B?PHNjcmlwdD4=?=",
        "\u{202e}kcab\u{2028}x\u{0}",
    ];
    for (nth, title) in titles.iter().enumerate() {
        let issue = world.github().issue(REPO, title).by("max-w").assignee("ana-k");
        issue.milestone("Spring", crate::world::github_day("2026-03-13")).open();
        world.github().comment_as(REPO, nth as u64 + 1, "ana-k", "on it", at("2026-03-12T10:00:00Z"));
    }
    world.run().await;
    world.at("2026-03-16T09:10:00Z").run().await;
    world.later_by_minutes(31);
    world.run().await;
    let mails = server.mails();
    assert!(mails.len() >= titles.len(), "{}", mails.len());
    for mail in &mails {
        assert!(mail.to.len() == 1 && mail.header("Bcc").is_none(), "{:?}", mail.to);
        let html = mail.html();
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("evil.example"), "{html}");
        assert_eq!(
            html.matches("<a ").count(),
            html.matches("<a href=\"https://github.example/acme/").count(),
            "{html}"
        );
        assert!(!mail.text().contains("https://evil"), "{}", mail.text());
    }
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_sent_once_more_by_hand_while_it_is_still_true() {
    let server = MailServer::start().await.unwrap();
    let mut world = overdue_in(by_mail_alone(&server)).await;
    server.fail_next(Step::Recipient, Trouble::Say(550, "5.7.1 blocked"), FOR_EVER);
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(mails(&server), Vec::<String>::new());
    let given_up = |world: &World| {
        let reader = gapwatch::store::Reader::open(&gapwatch::store::StorePath::File(world.store())).unwrap();
        reader.given_up().unwrap()
    };
    let all = given_up(&world);
    let dead: Vec<_> = all.iter().filter(|one| one.reason == "opened").cloned().collect();
    assert_eq!(
        (all.len(), dead.len(), dead[0].to.as_str()),
        (2, 1, "email"),
        "hers, and her manager's at once: {all:#?}"
    );
    assert!(dead[0].because.contains("blocked") && dead[0].gaps.len() == 1, "{dead:#?}");
    server.heal();
    let wish = gapwatch::domain::alert::Wish::Resend { id: dead[0].id.clone() };
    let now = world.now();
    world.engine().core.answer("test".to_owned(), "1".to_owned(), wish, now).await.unwrap();
    runs_until(&mut world, "2026-03-16T13:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"]);
    assert!(given_up(&world).iter().all(|one| one.reason == "escalated"), "{:#?}", given_up(&world));

    // What is over by now is not said any more.
    server.fail_next(Step::Recipient, Trouble::Say(550, "5.7.1 blocked"), FOR_EVER);
    runs_until(&mut world, "2026-03-17T14:00:00Z").await;
    let dead = given_up(&world);
    let reasons: Vec<&str> = dead.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(reasons, ["escalated"], "{dead:#?}");
    world.github().close(REPO, 1, "ana-k", at("2026-03-17T14:10:00Z"), "completed");
    server.heal();
    runs_until(&mut world, "2026-03-17T15:00:00Z").await;
    let wish = gapwatch::domain::alert::Wish::Resend { id: dead[0].id.clone() };
    let now = world.now();
    world.engine().core.answer("test".to_owned(), "2".to_owned(), wish, now).await.unwrap();
    runs_until(&mut world, "2026-03-17T16:00:00Z").await;
    assert!(mails(&server).iter().all(|mail| !mail.starts_with("max")), "{:#?}", mails(&server));
}

#[tokio::test]
async fn slack_that_is_down_is_followed_by_mail_after_an_hour_where_it_is_a_failure() {
    let server = MailServer::start().await.unwrap();
    let mut world = overdue_in(World::plan().more(&tables(&server))).await;
    world.sim.fail_next(Tool::Slack, "", Fault::Status(503, "{}".to_owned()), FOR_EVER);
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    assert_eq!(mails(&server), ["ana: [gapwatch] acme/web#1 is past its date"]);
}

#[tokio::test]
async fn one_click_in_a_mail_ends_them_and_a_forged_mark_ends_nobodys() {
    let server = MailServer::start().await.unwrap();
    let lines = format!("[server]\npublic_url = \"https://gapwatch.example.org/\"\n{}", tables(&server));
    let mut world = overdue_in(World::plan().without_slack().more(&lines)).await;
    runs_until(&mut world, "2026-03-16T12:00:00Z").await;
    let mail = &server.mails()[0];
    assert_eq!(mail.header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let link = mail.header("List-Unsubscribe").unwrap();
    let token = link.strip_prefix("<https://gapwatch.example.org/unsubscribe/").unwrap().trim_end_matches('>');
    let mark = connector_model::Mark::from_text(token).unwrap();
    let now = world.now();
    let swapped: String = mark.mac.chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
    let forged = connector_model::Mark { mac: swapped, ..mark.clone() };
    assert!(!world.engine().core.unsubscribe(forged, now).await.unwrap());
    assert!(world.engine().core.unsubscribe(mark.clone(), now).await.unwrap());
    assert!(world.engine().core.unsubscribe(mark, now).await.unwrap(), "a second click says the same");
    world.run().await;
    let second = world.github().issue(REPO, "Second").by("max-w").assignee("ana-k");
    second.milestone("Spring", crate::world::github_day("2026-03-13")).open();
    runs_until(&mut world, "2026-03-17T16:00:00Z").await;
    let to_ana = mails(&server).into_iter().filter(|mail| mail.starts_with("ana: ")).count();
    assert_eq!(to_ana, 1, "{:#?}", mails(&server));
}
