//! Events by project and task, and search: what they show, what they lose, and how late.

use serde_json::{Value, json};

use super::{Desk, desk, names};
use crate::asana::TaskDraft;
use crate::testing::ts;

impl Desk {
    /// A token of the feed of an object, as the first call is given one.
    async fn sync(&self, resource: &str) -> String {
        let (status, body) = self.send(reqwest::Method::GET, &format!("/events?resource={resource}"), None).await;
        assert_eq!(status, 412);
        assert!(body["errors"][0]["message"].as_str().unwrap().starts_with("Sync token invalid or too old."));
        body["sync"].as_str().unwrap().to_owned()
    }

    async fn events(&self, resource: &str, sync: &str) -> Value {
        self.get(&format!("/events?resource={resource}&sync={sync}")).await
    }
}

/// `action type field parent` of each event.
fn told(answer: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |event: &Value| {
        [
            &event["action"],
            &event["resource"]["resource_type"],
            &event["change"]["field"],
            &event["parent"]["resource_type"],
        ]
        .map(word)
        .join(" ")
    };
    answer["data"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn a_feed_begins_with_a_token_and_tells_what_came_after_it() {
    let desk = desk().await;
    let sync = desk.sync(&desk.shop).await;
    assert!(desk.events(&desk.shop, &sync).await["data"].as_array().unwrap().is_empty());
    desk.asana.assign(&desk.shoes, None, "ana");
    desk.asana.section_move(&desk.shoes, "Web shop", "Doing", "ana");
    let part = desk.asana.subtask(&desk.shoes, TaskDraft::new("Photos"));
    desk.asana.comment(&part, "Started", "ana");
    let answer = desk.events(&desk.shop, &sync).await;
    assert_eq!(
        told(&answer),
        [
            "changed task assignee -",
            "added story - task",
            "removed task - section",
            "added task - section",
            "added story - task",
            "added task - task",
            "added story - task",
        ]
    );
    assert_eq!(answer["data"][0]["user"]["gid"], json!(desk.asana.user_gid("ana")));
    assert_eq!(answer["data"][5]["resource"]["gid"], json!(part), "parts are told in the project's feed");
    assert_eq!(answer["has_more"], false);
    let next = answer["sync"].as_str().unwrap();
    assert!(told(&desk.events(&desk.shop, next).await).is_empty());
    assert_eq!(told(&desk.events(&desk.shop, &sync).await).len(), 7, "a token may be used again");
}

#[tokio::test]
async fn a_hundred_events_a_call_and_the_rest_at_once() {
    let desk = desk().await;
    let sync = desk.sync(&desk.shop).await;
    for _ in 0..150 {
        desk.asana.comment(&desk.shoes, "More", "ana");
    }
    let first = desk.events(&desk.shop, &sync).await;
    assert_eq!((told(&first).len(), &first["has_more"]), (100, &json!(true)));
    let second = desk.events(&desk.shop, first["sync"].as_str().unwrap()).await;
    assert_eq!((told(&second).len(), &second["has_more"]), (50, &json!(false)));
}

#[tokio::test]
async fn a_token_dies_after_a_day_and_belongs_to_one_resource() {
    let desk = desk().await;
    let sync = desk.sync(&desk.shop).await;
    let of_task = format!("/events?resource={}&sync={sync}", desk.shoes);
    assert_eq!(desk.send(reqwest::Method::GET, &of_task, None).await.0, 412);
    desk.bench.at("2026-03-03T09:00:00Z");
    desk.events(&desk.shop, &sync).await;
    desk.bench.at("2026-03-03T09:00:01Z");
    let path = format!("/events?resource={}&sync={sync}", desk.shop);
    let (status, body) = desk.send(reqwest::Method::GET, &path, None).await;
    assert_eq!(status, 412);
    let fresh = body["sync"].as_str().unwrap().to_owned();
    desk.asana.complete(&desk.shoes, "ana");
    assert_eq!(told(&desk.events(&desk.shop, &fresh).await), ["changed task completed -", "added story - task"]);
    desk.asana.expire_syncs();
    assert_eq!(desk.refused(&format!("/events?resource={}&sync={fresh}", desk.shop)).await.0, 412);
    assert_eq!(desk.refused("/events").await.0, 400);
    assert_eq!(desk.refused("/events?resource=12345").await.0, 404);
}

#[tokio::test]
async fn events_come_late_and_some_never() {
    let desk = desk().await;
    desk.asana.event_lag(60);
    let sync = desk.sync(&desk.shop).await;
    desk.asana.complete(&desk.shoes, "ana");
    assert!(told(&desk.events(&desk.shop, &sync).await).is_empty());
    desk.bench.at("2026-03-02T09:01:00Z");
    assert_eq!(told(&desk.events(&desk.shop, &sync).await).len(), 2);
    desk.asana.lose_events(2);
    desk.asana.reopen(&desk.shoes, "ana");
    desk.bench.at("2026-03-02T09:10:00Z");
    assert_eq!(told(&desk.events(&desk.shop, &sync).await).len(), 2);
    assert_eq!(desk.data(&format!("/tasks/{}", desk.shoes)).await["completed"], false);
}

#[tokio::test]
async fn leaving_and_being_thrown_away_is_told_where_the_task_was() {
    let desk = desk().await;
    let launch = desk.asana.project("Launch");
    let (shop, other) = (desk.sync(&desk.shop).await, desk.sync(&launch).await);
    desk.asana.move_to(&desk.shoes, "Launch", "ana");
    let left = desk.events(&desk.shop, &shop).await;
    assert!(told(&left).contains(&"removed task - project".to_owned()), "{left}");
    desk.asana.delete(&desk.shoes, "ana");
    let gone = desk.events(&launch, &other).await;
    assert_eq!(told(&gone).last().unwrap(), "deleted task - -");
    assert_eq!(gone["data"].as_array().unwrap().last().unwrap()["resource"]["gid"], json!(desk.shoes));
}

#[tokio::test]
async fn search_is_paid_has_no_pages_and_lags() {
    let desk = desk().await;
    let base = format!("/workspaces/{}/tasks/search", desk.asana.workspace_gid());
    desk.asana.block(&desk.asana.task("Web shop", TaskDraft::new("Glue")), &desk.shoes);
    assert_eq!(names(&desk.data(&format!("{base}?is_blocked=true")).await), ["Sell shoes"]);
    let sorted = desk.get(&format!("{base}?sort_by=created_at&sort_ascending=true&projects.any={}", desk.shop)).await;
    assert_eq!(names(&sorted["data"]), ["Sell shoes", "Glue"]);
    assert!(sorted.get("next_page").is_none());
    let after = ts("2026-02-20T09:00:00Z");
    let rest = desk.data(&format!("{base}?sort_by=created_at&created_at.after={after}")).await;
    assert_eq!(names(&rest), ["Glue"]);
    desk.asana.search_lag(30);
    desk.asana.complete("Glue", "ana");
    assert!(names(&desk.data(&format!("{base}?completed=true")).await).is_empty());
    desk.bench.at("2026-03-02T09:00:30Z");
    assert_eq!(names(&desk.data(&format!("{base}?completed=true")).await), ["Glue"]);
    desk.asana.free(true);
    assert_eq!(desk.refused(&base).await, (402, "Search is only available to premium users.".to_owned()));
}
