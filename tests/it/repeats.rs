//! Every moment at which a mail, or an event for a webhook, may go wrong, with and without an end of the program: nothing is
//! lost. Nobody can look whether a mail has arrived, so some may come twice, and say so; an event comes again under its id.

use connector_simulator::hook::{Receiver, SECRET, Trouble as Refusal};
use connector_simulator::mail::{Mail, MailServer, Step, Trouble};
use gapwatch::domain::notice::Address;

use crate::lab::rows;
use crate::pipeline::{lives, plant};
use crate::world::{Plan, World};

const STEPS: [Step; 6] = [Step::Greeting, Step::Login, Step::Sender, Step::Recipient, Step::Data, Step::Mail];

/// Ana's task was due on Friday, and it is Monday morning before her work begins.
async fn overdue_in(plan: Plan) -> World {
    let mut world = plan.begin("2026-03-02T09:00:00Z").await;
    plant(&mut world, 9, "2026-03-13").await;
    lives(&world, "2026-03-13T11:00:00Z");
    world.at("2026-03-16T08:50:00Z").run().await;
    world
}

/// The morning after, far enough for every back-off and every look.
async fn goes_on(world: &mut World) {
    for minutes in [1, 1, 5, 5, 30, 30, 60, 60] {
        world.later_by_minutes(minutes);
        world.run().await;
    }
}

/// Nothing is under way any more.
fn left(world: &World) -> Vec<String> {
    rows(&world.store(), "SELECT op, channel, state, error FROM messages WHERE state IN (1, 2, 3)")
}

#[tokio::test]
async fn a_mail_survives_every_end_and_how_many_may_have_come_twice_is_known() {
    let (mut points, mut repeats) = (0, 0);
    let cut = STEPS.map(|step| (step, Trouble::Cut));
    for (step, trouble) in cut.into_iter().chain([(Step::Mail, Trouble::KeepAndCut)]) {
        for restarts in [false, true] {
            let server = MailServer::start().await.unwrap();
            let login = server.url().replace("smtp://", "smtp://gapwatch@");
            let lines = format!(
                "[comments]\non = []\n[email]\nfrom = \"gapwatch <gapwatch@example.org>\"\nsmtp = \"{login}\"\n\
                 password = \"hush\"\n"
            );
            let mut world = overdue_in(World::plan().without_slack().more(&lines)).await;
            server.fail_next(step, trouble.clone(), 1);
            world.at("2026-03-16T09:00:00Z").run().await;
            if restarts {
                world.restart().await;
            }
            goes_on(&mut world).await;
            let place = format!("{step:?} {trouble:?} restarts {restarts}");
            let again = once_or_marked(&server, &place);
            assert!(!again || (step == Step::Mail && trouble == Trouble::KeepAndCut), "{place}");
            assert_eq!(left(&world), Vec::<String>::new(), "{place}");
            (points, repeats) = (points + 1, repeats + usize::from(again));
        }
    }
    println!("figure mail: {points} ends, {repeats} mails came twice, each saying that it may be a repeat");
    assert_eq!(repeats, 2, "only where it was kept and nobody heard so");
}

#[tokio::test]
async fn a_mail_that_was_claimed_and_never_sent_is_sent_after_the_next_start() {
    let server = MailServer::start().await.unwrap();
    let lines =
        format!("[comments]\non = []\n[email]\nfrom = \"gapwatch <g@example.org>\"\nsmtp = \"{}\"\n", server.url());
    let mut world = overdue_in(World::plan().without_slack().more(&lines)).await;
    world.at("2026-03-16T09:00:00Z");
    world.engine().pull(true).await.unwrap();
    world.engine().decide().await.unwrap();
    let claim = world.engine().core.claim(Vec::new(), false, world.now()).await.unwrap().unwrap();
    assert!(matches!(claim.message.address, Address::Email(_)));
    world.restart().await;
    goes_on(&mut world).await;
    assert!(!once_or_marked(&server, "after the claim"));
    assert_eq!(left(&world), Vec::<String>::new());
}

/// One mail to Ana about it, or two of which the second says so; true where there are two.
fn once_or_marked(server: &MailServer, place: &str) -> bool {
    let all: Vec<Mail> = server.mails().into_iter().filter(|mail| mail.to == ["ana@example.org"]).collect();
    assert!((1..=2).contains(&all.len()), "{place}: {all:#?}");
    let is_marked = |mail: &Mail| mail.text().trim_end().ends_with("(may be a repeat)");
    if let [first, second] = all.as_slice() {
        assert!(!is_marked(first) && is_marked(second), "{place}");
        assert_eq!(first.header("Message-ID"), second.header("Message-ID"), "{place}");
    }
    all.len() == 2
}

#[tokio::test]
async fn an_event_survives_every_end_and_comes_again_under_its_own_id_alone() {
    let (mut points, mut repeats) = (0, 0);
    let troubles = [Refusal::Reset, Refusal::KeepAndReset, Refusal::Answer(503, Vec::new())];
    for trouble in troubles {
        for restarts in [false, true] {
            let receiver = Receiver::start().await.unwrap();
            let lines =
                format!("[webhooks.ops]\nurl = \"{}\"\nsecret = \"{SECRET}\"\nallow_private = true\n", receiver.url());
            let mut world = overdue_in(World::plan().more(&lines)).await;
            receiver.fail_next(trouble.clone(), 2);
            world.at("2026-03-16T09:00:00Z").run().await;
            if restarts {
                world.restart().await;
            }
            goes_on(&mut world).await;
            let place = format!("{trouble:?} restarts {restarts}");
            let mut ids: Vec<String> = receiver.events().into_iter().map(|event| event.id).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), 2, "{place}: the comment and the message, each an event");
            assert_eq!(rows(&world.store(), "SELECT count(*) FROM events"), ["0"], "{place}");
            let kept = receiver.received().len();
            (points, repeats) = (points + 1, repeats + kept.saturating_sub(ids.len()));
        }
    }
    println!("figure webhook: {points} ends, {repeats} further attempts, each under the id of the first");
    assert!(repeats >= points, "every trouble was met");
}
