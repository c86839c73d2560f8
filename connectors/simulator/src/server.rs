//! From a request on the wire to an answer on the wire: the log, the faults, and which tool is meant.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::door::{Door, Wire};
use crate::faults::{Outcome, apply};
use crate::reply::Reply;
use crate::text::http_date;
use crate::world::{Exchange, ForeignHit, Logged, Tool, World};
use crate::{
    GITHUB_PATH, HOOKS_PATH, REPLIES_PATH, SLACK_PATH, SOCKET_PATH, asana, clock, control, github, jira, slack, trello,
};

/// Bodies above this are refused, as the tools do.
const LARGEST_REQUEST: usize = 4 << 20;

/// A request as the models see it.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Path below the tool's base path, starting with `/`, or empty.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of `Authorization: Bearer …` (or `token …`). `None`: no such header.
    pub(crate) fn token(&self) -> Option<&str> {
        let value = self.header("authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        known.then(|| token.trim()).filter(|token| !token.is_empty())
    }
}

/// Serves the tools and the control paths until `stop`.
pub(crate) fn serve(listener: TcpListener, world: Arc<World>, stop: CancellationToken) {
    let app = Router::new().fallback(answer).with_state((world, stop.clone()));
    run(listener, app, stop);
}

/// Serves the foreign host, which only writes down who came.
pub(crate) fn serve_foreign(listener: TcpListener, world: Arc<World>, stop: CancellationToken) {
    let app = Router::new().fallback(answer_foreign).with_state(world);
    run(listener, app, stop);
}

fn run(listener: TcpListener, app: Router, stop: CancellationToken) {
    let door = Door::new(listener, stop.clone());
    let service = app.into_make_service_with_connect_info::<Wire>();
    tokio::spawn(async move {
        // Not graceful on purpose: a stopped tool is gone, with its open connections.
        tokio::select! {
            () = stop.cancelled() => {}
            _ = axum::serve(door, service) => {}
        }
    });
}

type Shared = (Arc<World>, CancellationToken);

async fn answer(
    State((world, stop)): State<Shared>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let full_path = parts.uri.path().to_owned();
    if full_path == SOCKET_PATH {
        return slack::socket::accept(world, &mut parts, stop).await;
    }
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return send(&world, Reply::json_text(413, "{\"message\":\"Payload too large\"}".to_owned()));
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let mut asked = Asked { method: parts.method, path: full_path.clone(), query, headers: parts.headers, body };
    let Some((tool, path)) = tool_of(&full_path) else {
        return send(&world, control::answer(&world, &asked));
    };
    asked.path = path.to_owned();
    let number = world.note(logged(&world, tool, &full_path, &asked));
    let outcome = outcome(&world, tool, &full_path, &asked);
    world.answered(tool);
    match outcome {
        Outcome::Whole(reply) => {
            world.note_status(number, reply.status);
            world.heard(|| Exchange {
                tool,
                method: asked.method.to_string(),
                path: full_path,
                query: asked.query,
                sent: asked.body,
                status: reply.status,
                answer: reply.body.clone(),
            });
            send(&world, reply)
        }
        Outcome::Cut(reply) => {
            world.note_status(number, reply.status);
            send_half(&world, reply)
        }
        Outcome::Dripped(reply, millis) => {
            world.note_status(number, reply.status);
            send_slowly(&world, reply, millis)
        }
        Outcome::Endless(reply) => {
            world.note_status(number, reply.status);
            send_without_end(&world, reply)
        }
        Outcome::Flood(bytes) => {
            world.note_status(number, 200);
            send_flood(&world, bytes)
        }
        Outcome::Silence(secs) => {
            tokio::select! {
                () = clock::wait(secs) => {}
                () = stop.cancelled() => {}
            }
            wire.cut();
            Response::new(Body::empty())
        }
    }
}

fn tool_of(path: &str) -> Option<(Tool, &str)> {
    let below = |base: &str, tool| {
        let rest = path.strip_prefix(base)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((tool, rest))
    };
    let slack_s = [HOOKS_PATH, REPLIES_PATH].iter().any(|base| path.starts_with(base));
    let hook = || slack_s.then_some((Tool::Slack, path));
    let asana = || below(asana::ASANA_PATH, Tool::Asana);
    // Jira has several addresses, and is asked with the whole path.
    let jira = || jira::is_ours(path).then_some((Tool::Jira, path));
    below(GITHUB_PATH, Tool::Github)
        .or_else(|| below(SLACK_PATH, Tool::Slack))
        .or_else(hook)
        .or_else(asana)
        .or_else(jira)
        .or_else(|| below(trello::PATH, Tool::Trello))
}

fn logged(world: &World, tool: Tool, path: &str, asked: &Asked) -> Logged {
    Logged {
        at: world.now(),
        tool,
        method: asked.method.to_string(),
        path: path.to_owned(),
        query: asked.query.clone(),
        authorization_present: asked.headers.contains_key(header::AUTHORIZATION),
        status: None,
    }
}

fn outcome(world: &World, tool: Tool, full_path: &str, asked: &Asked) -> Outcome {
    let serve = || match tool {
        Tool::Github => github::answer(world, asked),
        Tool::Slack => slack::answer(world, asked),
        Tool::Jira => jira::answer(world, asked),
        Tool::Asana => asana::answer(world, asked),
        Tool::Trello => trello::answer(world, asked),
    };
    let request = format!("{} {}?{}", asked.method, full_path, asked.query);
    let fault = world.faults().take(tool, &request);
    match fault {
        None => Outcome::Whole(serve()),
        Some(fault) => apply(fault, tool, Box::new(serve)),
    }
}

fn head(world: &World, reply: &Reply) -> http::response::Builder {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = Response::builder().status(status).header(header::DATE, http_date(world.now()));
    for (name, value) in &reply.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            builder = builder.header(*name, value);
        }
    }
    builder
}

fn send(world: &World, reply: Reply) -> Response {
    head(world, &reply).body(Body::from(reply.body)).expect("name and values of each header were checked")
}

/// Declares the whole length, sends half of it and breaks off.
fn send_half(world: &World, reply: Reply) -> Response {
    let half = reply.body.slice(..reply.body.len() / 2);
    let first = stream::iter([Ok::<Bytes, std::io::Error>(half)]);
    let breath = stream::once(async {
        // Lets the first half leave before the connection ends.
        tokio::task::yield_now().await;
        Err(std::io::ErrorKind::ConnectionReset.into())
    });
    head(world, &reply)
        .header(header::CONTENT_LENGTH, reply.body.len())
        .body(Body::from_stream(first.chain(breath)))
        .expect("name and values of each header were checked")
}

/// The whole answer, byte by byte.
fn send_slowly(world: &World, reply: Reply, millis: u64) -> Response {
    let drops = stream::unfold(reply.body.clone(), move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        clock::wait_millis(millis).await;
        let drop = left.split_to(1);
        Some((Ok::<Bytes, std::io::Error>(drop), left))
    });
    head(world, &reply).body(Body::from_stream(drops)).expect("name and values of each header were checked")
}

/// In chunks, without the last one.
fn send_without_end(world: &World, reply: Reply) -> Response {
    let body = stream::iter([Ok::<Bytes, std::io::Error>(reply.body.clone())]);
    let breath = stream::once(async {
        // Lets the body leave before the connection ends.
        tokio::task::yield_now().await;
        Err(std::io::ErrorKind::ConnectionReset.into())
    });
    head(world, &reply)
        .body(Body::from_stream(body.chain(breath)))
        .expect("name and values of each header were checked")
}

/// Blanks, as long as somebody reads them.
fn send_flood(world: &World, bytes: u64) -> Response {
    const PART: u64 = 64 << 10;
    let part = Bytes::from(vec![b' '; 64 << 10]);
    let parts = stream::iter(0..bytes.div_ceil(PART)).map(move |_| Ok::<Bytes, std::io::Error>(part.clone()));
    let reply = Reply::json_text(200, String::new());
    head(world, &reply).body(Body::from_stream(parts)).expect("name and values of each header were checked")
}

async fn answer_foreign(State(world): State<Arc<World>>, request: Request) -> Result<Response, Infallible> {
    let request_line = format!("{} {}", request.method(), request.uri());
    world.note_foreign(ForeignHit {
        at: world.now(),
        request: request_line,
        authorization_present: request.headers().contains_key(header::AUTHORIZATION),
    });
    Ok(send(&world, Reply::json_text(200, "[]".to_owned())))
}
