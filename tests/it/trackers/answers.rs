//! A comment whose first line begins with `/gapwatch `, on each tracker: obeyed, shown in our comment, and over when its time
//! is.

use super::story::{heard, until_tuesday};
use crate::contract::trackers::ALL;

#[tokio::test]
async fn who_owns_it_may_snooze_it_and_hears_when_the_silence_ends() {
    for tracker in ALL {
        let (mut world, key) = until_tuesday(tracker).await;
        world.sent();
        let said = heard(&mut world, "2026-03-10T09:06:00Z", 2).await;
        assert!(said.contains("slack @ana: "), "{tracker:?}: {said}");
        // Whoever is neither owner nor manager nor operator has no say.
        tracker.comment(&world, &key, "tom", "/gapwatch snooze 30d");
        let quiet = heard(&mut world, "2026-03-10T09:20:00Z", 2).await;
        assert!(!quiet.contains("noozed until"), "{tracker:?}: {quiet}");
        tracker.comment(&world, &key, "ana", "/gapwatch snoze 2d");
        heard(&mut world, "2026-03-10T09:40:00Z", 2).await;
        let remark = tracker.our_comments(&world, &key).join("");
        assert!(remark.contains("“snoze 2d” is no answer I know"), "{tracker:?}: {remark}");
        tracker.comment(&world, &key, "ana", "/gapwatch snooze 2d the client is away\nas they told me yesterday");
        heard(&mut world, "2026-03-10T10:00:00Z", 2).await;
        let shown = tracker.our_comments(&world, &key).join("");
        assert!(shown.contains("Snoozed until Fri 13 Mar 09:00 by Ana"), "{tracker:?}: {shown}");
        assert!(shown.contains("the client is away") && !shown.contains("snoze"), "{tracker:?}: {shown}");
        let silence = heard(&mut world, "2026-03-13T07:59:00Z", 30).await;
        assert_eq!(silence, "", "{tracker:?}: neither owner nor manager hears");
        let woken = heard(&mut world, "2026-03-13T09:40:00Z", 5).await;
        let ours = tracker.our_comments(&world, &key).join("");
        assert!(woken.contains("@ana") && ours.contains("noozed until now by Ana"), "{tracker:?}: {woken}{ours}");
        assert!(!woken.contains("@max"), "{tracker:?}: {woken}");
        let later = heard(&mut world, "2026-03-16T12:00:00Z", 30).await;
        assert!(later.contains("slack @max"), "{tracker:?}: a working day without an answer: {later}");
        let ours = tracker.our_comments(&world, &key);
        assert_eq!(ours.len(), 1, "{tracker:?}: {ours:?}");
    }
}
