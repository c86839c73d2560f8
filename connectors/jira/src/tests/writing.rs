//! The one comment.

use connector_kit::{Block, Commenter, ConnectorError, Found, MessageRef, Span, Text, WriteError};
use connector_model::Mark;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::server::{Answer, Asked, NOW, Server, answer, person};
use crate::Edition;

const TASK: &str = "10005";
const EDITIONS: [Edition; 2] = [Edition::Cloud, Edition::DataCenter];

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) }
}

fn text() -> Text {
    let line = vec![Span::Mention("ana".to_owned()), Span::Plain(": *see* [~max]".to_owned())];
    Text { summary: String::new(), blocks: vec![Block::Line(line)] }
}

fn property() -> Value {
    json!({"key": "gapwatch.flag", "value": {"v": 1, "mark": mark().to_text()}})
}

/// The same as Data Center describes it: a text.
fn property_text() -> Value {
    json!({"key": "gapwatch.flag", "value": property()["value"].to_string()})
}

fn at() -> MessageRef {
    MessageRef("77".to_owned())
}

/// An issue of a project of this kind.
fn of(kind: &str) -> Answer {
    answer(200, json!({"id": TASK, "key": "ABC-5", "fields": {"project": {"id": "10000", "projectTypeKey": kind}}}))
}

/// A server whose writes are answered so.
async fn writes(status: u16, body: Value) -> Server {
    Server::new(move |asked: &Asked| match asked.method.as_str() {
        "GET" => of("software"),
        _ => answer(status, body.clone()),
    })
    .await
}

fn no(words: &str) -> Value {
    json!({"errorMessages": [], "errors": {"comment": words}})
}

#[tokio::test]
async fn a_comment_is_posted_with_its_mark_in_the_same_call() {
    let server = writes(201, json!({"id": "77", "jsdPublic": true})).await;
    assert_eq!(server.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap(), at());
    let asked = server.asked().pop().unwrap();
    assert_eq!((asked.call().as_str(), asked.path()), ("POST issue/10005/comment", "/rest/api/3/issue/10005/comment"));
    let body = json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [
        {"type": "mention", "attrs": {"id": "ana"}}, {"type": "text", "text": ": *see* [~max]"}]}]});
    assert_eq!(asked.json(), json!({"body": body, "properties": [property()]}));

    assert_eq!(server.jira(Edition::DataCenter).post(TASK, &text(), &mark()).await.unwrap(), at());
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.path(), "/rest/api/2/issue/10005/comment");
    assert_eq!(asked.json(), json!({"body": "[~ana]: \\*see\\* \\[\\~max\\]", "properties": [property_text()]}));
}

#[tokio::test]
async fn an_answer_that_tells_no_id_leaves_the_outcome_open() {
    for (status, body) in [(201, json!({})), (202, json!({"id": "1"})), (500, json!({}))] {
        let err = writes(status, body).await.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
        assert!(matches!(err, WriteError::Unsure { .. }), "{status} {err:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_jiras_words() {
    for edition in EDITIONS {
        for (status, said, told) in [
            (400, "You do not have the permission to comment on this issue.", "\"Add Comments\""),
            (403, "no", "\"Add Comments\""),
            (400, "exceeds the allowed limit of 32,767 characters.", "32,767"),
            (404, "Issue does not exist or you do not have permission to see it.", "not to be seen"),
            (413, "Too many comments", "no more comments"),
        ] {
            let err = writes(status, no(said)).await.jira(edition).post(TASK, &text(), &mark()).await.unwrap_err();
            assert!(matches!(&err, WriteError::Refused { because } if because.contains(told)), "{status} {err:?}");
        }
    }
    let err = writes(409, no("busy")).await.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::NotSent { .. }), "{err:?}");
    let slow = Server::new(|asked: &Asked| match asked.method.as_str() {
        "GET" => of("software"),
        _ => answer(429, "{}").with("retry-after: 7").with("ratelimit-reason: jira-per-issue-on-write"),
    })
    .await;
    let err = slow.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::NotSent { retry_after: Some(_), .. }), "{err:?}");
}

#[tokio::test]
async fn an_issue_that_is_not_seen_is_not_written_to() {
    let server = Server::new(|_: &Asked| answer(404, no("gone"))).await;
    let err = server.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
    assert_eq!(server.calls(), ["GET issue/10005"]);
    for wrong in ["", "ABC-5", "../myself", "10005/comment"] {
        let err = server.jira(Edition::Cloud).post(wrong, &text(), &mark()).await.unwrap_err();
        assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn a_document_that_jira_finds_fault_with_is_sent_once_more_as_words_alone() {
    let server = Server::new(|asked: &Asked| match asked.method.as_str() {
        "GET" => of("software"),
        _ if asked.body.contains("mention") => answer(400, json!({"errorMessages": ["INVALID_INPUT"], "errors": {}})),
        _ => answer(201, json!({"id": "77"})),
    })
    .await;
    let unheard = server.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(
        matches!(&unheard, WriteError::Unheard { at: Some(there), who, .. } if *there == at() && who == &["ana"]),
        "words alone mention nobody: {unheard:?}"
    );
    let sent = server.asked().pop().unwrap().json();
    let words = json!([{"type": "text", "text": ": *see* [~max]"}]);
    assert_eq!((&sent["body"]["content"][0]["content"], &sent["properties"]), (&words, &json!([property()])));

    let stubborn = writes(400, json!({"errorMessages": ["INVALID_INPUT"]})).await;
    let err = stubborn.jira(Edition::Cloud).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
    let writes = || stubborn.calls().iter().filter(|call| call.starts_with("POST ")).count();
    assert_eq!(writes(), 2, "once more, not for ever");
    let plain = stubborn.jira(Edition::DataCenter).post(TASK, &text(), &mark()).await;
    assert!(plain.is_err() && writes() == 1, "wiki text is words already");
}

#[tokio::test]
async fn a_service_project_is_not_commented_unless_that_is_allowed_and_then_for_agents_alone() {
    for edition in EDITIONS {
        let server = Server::new(|asked: &Asked| match asked.method.as_str() {
            "GET" => of("service_desk"),
            "POST" => answer(201, json!({"id": "77", "jsdPublic": false})),
            _ => answer(200, json!({"id": "77"})),
        })
        .await;
        let careful = server.jira(edition);
        for refused in
            [careful.post(TASK, &text(), &mark()).await.map(|_| ()), careful.edit(TASK, &at(), &text(), &mark()).await]
        {
            let told = |because: &str| because.contains("comment_service_projects");
            assert!(matches!(&refused, Err(WriteError::Refused { because }) if told(because)), "{refused:?}");
        }
        assert!(server.calls().iter().all(|call| call.starts_with("GET ")), "nothing was written");

        let allowed = server.jira_with(edition, |config| config.comment_service_projects = true);
        allowed.post(TASK, &text(), &mark()).await.unwrap();
        allowed.edit(TASK, &at(), &text(), &mark()).await.unwrap();
        let internal = json!({"key": "sd.public.comment", "value": {"internal": true}});
        for written in server.asked().iter().filter(|asked| asked.method != "GET") {
            let ours = if edition == Edition::Cloud { property() } else { property_text() };
            assert_eq!(written.json()["properties"], json!([ours, internal]));
        }
    }
}

#[tokio::test]
async fn a_comment_that_customers_see_all_the_same_is_taken_away_at_once() {
    let server = Server::new(|asked: &Asked| match asked.method.as_str() {
        "GET" => of("service_desk"),
        "POST" => answer(201, json!({"id": "77", "jsdPublic": true})),
        _ => answer(204, ""),
    })
    .await;
    let jira = server.jira_with(Edition::Cloud, |config| config.comment_service_projects = true);
    let err = jira.post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("customers")), "{err:?}");
    assert_eq!(server.calls().pop().unwrap(), "DELETE issue/10005/comment/77");
}

#[tokio::test]
async fn a_server_that_tells_the_kind_of_a_project_only_by_itself_is_asked_for_it() {
    let server = Server::new(|asked: &Asked| match asked.call().as_str() {
        "GET issue/10005" => answer(200, json!({"id": TASK, "fields": {"project": {"id": "10000", "key": "ABC"}}})),
        "GET project/10000" => answer(200, json!({"id": "10000", "projectTypeKey": "service_desk"})),
        call => panic!("{call}"),
    })
    .await;
    let err = server.jira(Edition::DataCenter).post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
}

/// A server on which these may see the issue, and this is what it tells of accounts.
async fn seen_by(seen: &'static [&'static str], account: fn(&str) -> Answer) -> Server {
    Server::new(move |asked: &Asked| {
        let who = asked.query("accountId").or_else(|| asked.query("username")).unwrap_or_default();
        match asked.call().as_str() {
            "GET user/viewissue/search" => {
                assert_eq!(asked.query("issueKey").as_deref(), Some("ABC-5"));
                let found: Vec<Value> = seen.iter().filter(|one| **one == who).map(|one| person(one)).collect();
                answer(200, json!(found))
            }
            "GET user" => account(&who),
            "POST issue/10005/comment" => answer(201, json!({"id": "77"})),
            _ => of("software"),
        }
    })
    .await
}

fn active(who: &str) -> Answer {
    answer(200, person(who))
}

#[tokio::test]
async fn nothing_is_written_for_somebody_who_would_not_hear_of_it() {
    for edition in EDITIONS {
        let inactive = |who: &str| {
            let mut person = person(who);
            person["active"] = json!(false);
            answer(200, person)
        };
        for (account, why) in [(active as fn(&str) -> Answer, "may not see the issue"), (inactive, "deactivated")] {
            let server = seen_by(&["bot"], account).await;
            let unheard = server.jira(edition).post(TASK, &text(), &mark()).await.unwrap_err();
            assert!(
                matches!(&unheard, WriteError::Unheard { at: None, who, because } if who == &["ana"] && because.contains(why)),
                "{edition:?} {unheard:?}"
            );
            assert!(server.calls().iter().all(|call| call.starts_with("GET ")));
        }
        let server = seen_by(&["bot", "ana"], active).await;
        assert_eq!(server.jira(edition).post(TASK, &text(), &mark()).await.unwrap(), at());
    }
}

#[tokio::test]
async fn an_account_that_may_not_look_people_up_mentions_them_all_the_same() {
    for edition in EDITIONS {
        let server = seen_by(&[], active).await;
        assert_eq!(server.jira(edition).post(TASK, &text(), &mark()).await.unwrap(), at(), "it is shown nobody");
        let server = seen_by(&[], |_| answer(403, no("not for you"))).await;
        assert_eq!(server.jira(edition).post(TASK, &text(), &mark()).await.unwrap(), at());
    }
}

#[tokio::test]
async fn an_edit_notifies_nobody_and_one_that_somebody_deleted_is_gone() {
    let server = writes(200, json!({"id": "77"})).await;
    server.jira(Edition::Cloud).edit(TASK, &at(), &text(), &mark()).await.unwrap();
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.call(), "PUT issue/10005/comment/77");
    assert_eq!(asked.query("notifyUsers").as_deref(), Some("false"));
    assert_eq!(asked.json()["properties"], json!([property()]), "the mark stays");
    server.jira(Edition::DataCenter).edit(TASK, &at(), &text(), &mark()).await.unwrap();
    assert_eq!(server.asked().pop().unwrap().query("notifyUsers"), None, "unknown there");

    let gone = writes(404, no("Can not find a comment for the id: 77.")).await.jira(Edition::Cloud);
    let err = gone.edit(TASK, &at(), &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Gone { .. }), "{err:?}");
    let right = writes(400, no("You do not have the permission to edit this comment.")).await.jira(Edition::Cloud);
    let err = right.edit(TASK, &at(), &text(), &mark()).await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("Edit Own Comments")), "{err:?}");
    let err = gone.edit(TASK, &MessageRef("../7".to_owned()), &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    for edition in EDITIONS {
        for status in [204, 404] {
            let server = writes(status, json!({})).await;
            server.jira(edition).delete(TASK, &at()).await.unwrap();
            assert_eq!(server.calls(), ["DELETE issue/10005/comment/77"]);
        }
    }
    let server = writes(400, no("You do not have permission to delete this comment")).await;
    let err = server.jira(Edition::Cloud).delete(TASK, &at()).await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("Delete Own Comments")), "{err:?}");
}

/// A comment made so many minutes before now.
fn comment(id: u64, by: &str, minutes: i64) -> Value {
    let made: Timestamp = NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_mins(minutes);
    let made = made.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(2))).strftime("%Y-%m-%dT%H:%M:%S.000%z");
    json!({"id": id.to_string(), "author": person(by), "created": made.to_string(), "body": "x"})
}

/// A server with these comments, of which 3 carries our mark and 4 another; it sorts them as asked, or not at all.
async fn commented(comments: Vec<Value>, sorts: bool, shows_together: bool) -> Server {
    Server::new(move |asked: &Asked| match asked.call().as_str() {
        "GET issue/10005/comment" => {
            let start: usize = asked.query("startAt").unwrap().parse().unwrap();
            let mut all = comments.clone();
            if sorts {
                assert_eq!(asked.query("orderBy").as_deref(), Some("-created"));
                all.sort_by_key(|one| std::cmp::Reverse(one["created"].as_str().unwrap().to_owned()));
            }
            let page: Vec<&Value> = all.iter().skip(start).take(2).collect();
            answer(200, json!({"comments": page, "total": all.len(), "startAt": start, "maxResults": 2}))
        }
        "POST comment/list" if shows_together => {
            assert_eq!(asked.query("expand").as_deref(), Some("properties"));
            let ids = asked.json()["ids"].clone();
            let values = ids
                .as_array()
                .unwrap()
                .iter()
                .map(|id| json!({"id": id.to_string(), "properties": properties(id.as_u64().unwrap())}));
            answer(200, json!({"values": values.collect::<Vec<_>>(), "isLast": true}))
        }
        "POST comment/list" => answer(403, "{}"),
        "GET comment/3/properties/gapwatch.flag" => answer(200, property()),
        _ => answer(404, "{}"),
    })
    .await
}

fn properties(id: u64) -> Value {
    let other = json!({"key": "gapwatch.flag", "value": {"v": 1, "mark": format!("{0}.{0}", "0".repeat(32))}});
    match id {
        3 => json!([{"key": "x", "value": 1}, property()]),
        4 => json!([other]),
        _ => json!([]),
    }
}

async fn find(server: &Server, edition: Edition) -> Result<Found, ConnectorError> {
    let since = NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_mins(10);
    server.jira(edition).find(TASK, &mark(), since).await
}

#[tokio::test]
async fn a_comment_of_ours_is_found_by_its_mark() {
    let comments = vec![comment(5, "ana", 1), comment(4, "bot", 2), comment(2, "bot", 3), comment(3, "bot", 4)];
    for edition in EDITIONS {
        for (sorts, together) in [(true, true), (true, false), (false, true)] {
            let server = commented(comments.clone(), sorts, together).await;
            let found = find(&server, edition).await.unwrap();
            assert_eq!(found, Found::There(MessageRef("3".to_owned())), "{edition:?} {sorts} {together}");
            let asked = server.asked();
            assert!(asked.iter().all(|one| !one.target.contains("comment/5/")), "others' are not looked at");
            assert!(edition == Edition::Cloud || asked.iter().all(|one| one.method == "GET"), "not known there");
        }
    }
}

#[tokio::test]
async fn a_copy_of_the_mark_in_somebody_elses_comment_is_not_ours() {
    let server = commented(vec![comment(3, "mallory", 1)], true, true).await;
    assert_eq!(find(&server, Edition::Cloud).await.unwrap(), Found::Absent);
}

#[tokio::test]
async fn it_is_absent_only_when_everything_since_was_read() {
    let many: Vec<Value> = (10..20).map(|id| comment(id, "ana", i64::try_from(id).unwrap() - 10)).collect();
    let old = vec![comment(6, "ana", 30), comment(7, "ana", 40), comment(3, "bot", 50)];
    let server = commented([many.clone(), old.clone()].concat(), true, true).await;
    assert_eq!(find(&server, Edition::Cloud).await.unwrap(), Found::Absent);
    let pages = server.asked().iter().filter(|one| one.call() == "GET issue/10005/comment").count();
    assert_eq!(pages, 6, "ten within, and no further than the first that is older");

    let oldest_first = [many, old].concat().into_iter().rev().collect();
    let unsorted = commented(oldest_first, false, true).await;
    assert_eq!(find(&unsorted, Edition::DataCenter).await.unwrap(), Found::Absent);
    assert_eq!(unsorted.asked().len(), 7, "all of them");
}

#[tokio::test]
async fn nothing_is_said_to_be_absent_where_it_cannot_be_known() {
    let unreadable = Server::new(|_: &Asked| answer(200, json!({"comments": [{"id": 7}], "total": 1}))).await;
    assert!(matches!(find(&unreadable, Edition::Cloud).await.unwrap(), Found::CannotTell(_)));

    let shrinking = Server::new(|asked: &Asked| {
        let start: u64 = asked.query("startAt").unwrap().parse().unwrap();
        answer(200, json!({"comments": [comment(90 + start, "ana", 1)], "total": 9 - start}))
    })
    .await;
    let err = find(&shrinking, Edition::Cloud).await.unwrap_err();
    assert!(matches!(err, ConnectorError::Transient { .. }), "{err}");

    let endless = Server::new(|_: &Asked| answer(200, json!({"comments": [comment(9, "ana", 1)]}))).await;
    assert!(matches!(find(&endless, Edition::Cloud).await.unwrap(), Found::CannotTell(_)));
    let hidden = Server::new(|_: &Asked| answer(404, "{}")).await;
    assert!(find(&hidden, Edition::Cloud).await.is_err());
}
