//! The one comment.

use connector_kit::{Block, Commenter, Found, MessageRef, Span, Text, WriteError};
use connector_model::Mark;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{Answer, NOW, Server, answer};

const TASK: &str = "1000/acme/web/4/I_4";

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef".repeat(2), mac: "fedcba9876543210".repeat(2) }
}

fn text() -> Text {
    let line = vec![Span::Mention("ana".to_owned()), Span::Plain(": see #5".to_owned())];
    Text { summary: String::new(), blocks: vec![Block::Line(line)] }
}

fn body() -> String {
    format!("<!-- gapwatch:1 {} -->\n@ana: see #\u{200B}5", mark().to_text())
}

async fn post(status: u16, with: &'static str, said: &'static str) -> Result<MessageRef, WriteError> {
    let server = Server::new(move |_| answer(status, json!({"id": 77, "message": said})).with(with)).await;
    server.github().post(TASK, &text(), &mark()).await
}

#[tokio::test]
async fn a_comment_is_posted_with_its_mark_as_the_first_line() {
    let server = Server::new(|_| answer(201, json!({"id": 77}))).await;
    let made = server.github().post(TASK, &text(), &mark()).await.unwrap();
    assert_eq!(made, MessageRef("77".to_owned()));
    let asked = server.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/repositories/1000/issues/4/comments"));
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), json!({"body": body()}));
}

#[tokio::test]
async fn an_answer_that_tells_no_id_leaves_the_outcome_open() {
    let server = Server::new(|_| answer(201, "{}")).await;
    let err = server.github().post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Unsure { .. }), "{err:?}");
    let server = Server::new(|_| answer(202, json!({"id": 1}))).await;
    let err = server.github().post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Unsure { .. }), "{err:?}");
}

#[tokio::test]
async fn a_refusal_is_told_in_githubs_words() {
    for status in [400, 403, 404, 410, 422, 451] {
        let err = post(status, "x-y: z", "Unable to create comment because issue is locked.").await.unwrap_err();
        assert!(matches!(&err, WriteError::Refused { because } if because.contains("locked")), "{status} {err:?}");
    }
    let err = post(403, "x-accepted-github-permissions: issues=write", "no").await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("issues=write")), "{err:?}");
    let err = post(403, "x-github-sso: required; url=https://x.example/sso", "no").await.unwrap_err();
    assert!(matches!(&err, WriteError::Unauthorized { because } if because.contains("x.example")), "{err:?}");
    let err = post(403, "x-y: z", "You have exceeded a secondary rate limit").await.unwrap_err();
    assert!(matches!(&err, WriteError::NotSent { retry_after: Some(_), .. }), "{err:?}");
    let err = post(500, "x-y: z", "oh").await.unwrap_err();
    assert!(matches!(&err, WriteError::Unsure { .. }), "{err:?}");
}

#[tokio::test]
async fn a_write_goes_by_the_id_of_the_repository_and_never_where_a_redirect_leads() {
    let server = Server::new(|asked| match asked.path() {
        "/repositories/1000/issues/4/comments" => answer(201, json!({"id": 78})),
        path => panic!("{path}: the name may be another repository's by now"),
    })
    .await;
    assert_eq!(server.github().post(TASK, &text(), &mark()).await.unwrap(), MessageRef("78".to_owned()));

    let server = Server::new(|_| answer(307, "{}").with("location: https://x/repositories/9/issues/1/comments")).await;
    let err = server.github().post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("another repository")), "{err:?}");
    assert_eq!(server.asked().len(), 1);

    let server =
        Server::new(|_| answer(307, "{}").with("location: https://x/repositories/1000/issues/4/comments")).await;
    let err = server.github().post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(matches!(&err, WriteError::Refused { because } if because.contains("in circles")), "{err:?}");
}

#[tokio::test]
async fn an_edit_of_a_comment_that_somebody_deleted_is_gone() {
    let server = Server::new(|_| answer(200, json!({"id": 77}))).await;
    let at = MessageRef("77".to_owned());
    server.github().edit(TASK, &at, &text(), &mark()).await.unwrap();
    let asked = server.asked().remove(0);
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("PATCH", "/repositories/1000/issues/comments/77"));
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), json!({"body": body()}));
    let server = Server::new(|_| answer(404, "{}")).await;
    let err = server.github().edit(TASK, &at, &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Gone { .. }), "{err:?}");
    let err = server.github().edit(TASK, &MessageRef("../7".to_owned()), &text(), &mark()).await.unwrap_err();
    assert!(matches!(err, WriteError::Refused { .. }), "{err:?}");
}

#[tokio::test]
async fn what_is_gone_already_is_deleted() {
    for status in [204, 404] {
        let server = Server::new(move |_| answer(status, "")).await;
        server.github().delete(TASK, &MessageRef("77".to_owned())).await.unwrap();
        let writes: Vec<String> = server.targets().into_iter().filter(|target| !target.starts_with("GET ")).collect();
        assert_eq!(writes, ["DELETE /repositories/1000/issues/comments/77"]);
    }
}

#[tokio::test]
async fn a_server_that_knows_repositories_by_name_alone_is_written_to_by_name() {
    let server = Server::new(|asked| match (asked.method.as_str(), asked.path()) {
        (_, path) if path.starts_with("/repositories/") => answer(404, "{}"),
        ("GET", "/repos/acme/web") => answer(200, json!({"id": 1000, "full_name": "acme/web"})),
        ("POST", _) => answer(201, json!({"id": 77})),
        _ => answer(200, "{}"),
    })
    .await;
    let github = server.github();
    assert_eq!(github.post(TASK, &text(), &mark()).await.unwrap(), MessageRef("77".to_owned()));
    assert_eq!(server.targets().last().unwrap(), "POST /repos/acme/web/issues/4/comments");
    github.edit(TASK, &MessageRef("77".to_owned()), &text(), &mark()).await.unwrap();
    assert_eq!(server.targets().last().unwrap(), "PATCH /repos/acme/web/issues/comments/77", "remembered");
}

#[tokio::test]
async fn another_repository_that_took_over_the_name_is_not_written_to() {
    let server = Server::new(|asked| match asked.path() {
        "/repos/acme/web" => answer(200, json!({"id": 2000, "full_name": "acme/web"})),
        _ => answer(404, "{}"),
    })
    .await;
    server.github().post(TASK, &text(), &mark()).await.unwrap_err();
    assert!(!server.targets().iter().any(|target| target.starts_with("POST /repos/")), "{:?}", server.targets());
}

fn comments() -> Answer {
    let by = |id: u64, user: u64, text: String| json!({"id": id, "user": {"id": user, "login": "x"}, "body": text, "created_at": NOW, "updated_at": NOW});
    answer(200, json!([by(1, 9, body()), by(2, 5, format!("> {}", body())), by(3, 5, body())]))
}

async fn find(user: u16, mark: &Mark) -> (Found, Vec<String>) {
    let server = Server::new(move |asked| match asked.path() {
        "/user" => answer(user, json!({"id": 5, "login": "bob"})),
        "/rate_limit" => answer(200, "{}"),
        "/repositories/1000/issues/4/comments" if asked.query("page").is_none() => {
            answer(200, json!([{"id": 8, "created_at": NOW}])).next("page=2")
        }
        _ => comments(),
    })
    .await;
    let github = server.github();
    let since: Timestamp = NOW.parse().unwrap();
    let found = github.find(TASK, mark, since).await.unwrap();
    assert_eq!(github.find(TASK, mark, since).await.unwrap(), found);
    (found, server.targets())
}

#[tokio::test]
async fn only_a_comment_of_our_own_account_with_exactly_this_mark_is_ours() {
    let (found, targets) = find(200, &mark()).await;
    assert_eq!(found, Found::There(MessageRef("3".to_owned())));
    assert_eq!(targets[1], "GET /repositories/1000/issues/4/comments?since=2025-03-11T08%3A58%3A00Z&per_page=100");
    assert_eq!(targets.iter().filter(|target| target.contains("/user")).count(), 1, "asked once");
    let (found, _) = find(403, &mark()).await;
    assert_eq!(found, Found::There(MessageRef("1".to_owned())), "no account is known: the mark decides");
    let other = Mark { mac: "0".repeat(32), ..mark() };
    assert_eq!(find(200, &other).await.0, Found::Absent);
}
