//! Kills beside either Jira.

use crate::contract::trackers::Tracker;
use crate::trackers::kills::nothing_is_lost_or_said_twice;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_beside_either_jira_lose_nothing_and_repeat_nothing() {
    nothing_is_lost_or_said_twice(Tracker::JiraCloud, 24).await;
    nothing_is_lost_or_said_twice(Tracker::JiraDataCenter, 12).await;
}
