//! The web server: whether we live, what is counted, hooks that only wake, and a reload. No pages, no login: nothing here
//! shows work, or changes anything but when it is read and what is answered by whoever may.
//!
//! | path | who is answered | with what |
//! |---|---|---|
//! | `GET /livez`, `/readyz`, `/healthz` | everybody | `ok` or not; on this machine, with `?verbose`, what stands behind it |
//! | `GET /metrics` | this machine, or everybody by `[server] metrics` | what is counted |
//! | `POST /-/reload` | this machine | whether it was taken |
//! | `POST /hooks/TOOL/NAME` | whoever has the secret | nothing |
//! | `POST /slack/interactions` | Slack, by the signing secret | nothing |
//! | `HEAD /hooks/TOOL/NAME` | everybody, where the tool asks so before it delivers | nothing |
//!
//! A stranger costs little: connections are few and short (`door`), hosts are named ones, a body is read only where a hook
//! may come, and no more than so many hooks a second are looked at.

mod door;
mod guard;
mod health;
mod hooks;
mod kept;
mod metrics;
mod presses;
mod reload;
mod unsubscribe;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use connector_kit::Clock;
use connector_kit::webhook::Hooks as HooksOf;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::config::{Listen, ServerSettings};
use crate::core::CoreHandle;
use crate::jobs::presses::Ear;
use crate::jobs::reload::Reloads;
use crate::jobs::wake::Waker;
use crate::registry::UsageOf;
use crate::telemetry::metrics::Figures;

/// How long an answer may take, body of the request included; below the ten seconds after which GitHub hangs up.
const ANSWER_WITHIN: Duration = Duration::from_secs(9);

/// What the present configuration lets the server do; another one with each reload.
#[derive(Default)]
pub struct Live {
    /// `[server]`. `None`: nothing is configured yet.
    pub settings: Option<ServerSettings>,
    /// Where hooks may come in, by connection: `github.acme`.
    pub doors: HashMap<String, Door>,
    /// Hears presses of buttons. `None`: messages have none.
    pub ear: Option<Ear>,
    /// What each connection has used of its tool.
    pub usage: Vec<(String, UsageOf)>,
}

/// Where a connection's hooks come in.
#[derive(Clone)]
pub struct Door {
    /// Understands them.
    pub hooks: Arc<dyn HooksOf>,
    /// Is told what is new.
    pub waker: Arc<Waker>,
}

/// What every request may use.
pub struct Shared {
    core: CoreHandle,
    reloads: Reloads,
    clock: Arc<dyn Clock>,
    live: RwLock<Arc<Live>>,
    hooks: Mutex<hooks::Memory>,
    /// How many presses came in this second.
    presses: Mutex<hooks::Memory>,
    bodies: tokio::sync::Semaphore,
    /// How things stand; to count it walks over every task. `None`: the store could not be asked.
    figures: kept::Kept<Option<Figures>>,
    /// Whether the store can be read.
    readable: kept::Kept<bool>,
}

impl Shared {
    /// For a core, with nothing configured yet.
    pub fn new(core: CoreHandle, reloads: Reloads, clock: Arc<dyn Clock>) -> Shared {
        let bodies = tokio::sync::Semaphore::new(hooks::BODIES_AT_ONCE);
        let (figures, readable, live, hooks, presses) = Default::default();
        Shared { core, reloads, clock, live, hooks, presses, bodies, figures, readable }
    }

    /// Takes up what another configuration lets the server do.
    pub fn put(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }

    fn live(&self) -> Arc<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Binds the address, if there is one.
///
/// # Errors
/// It is taken, or not one of this machine.
pub async fn bind(listen: Listen) -> io::Result<Option<TcpListener>> {
    match listen {
        Listen::Off => Ok(None),
        Listen::At(address) => TcpListener::bind(address).await.map(Some),
    }
}

/// Answers for as long as the program runs.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    let at = listener.local_addr().ok();
    tracing::info!(at = at.map(tracing::field::display), "server.listens");
    let app = router(shared, at).into_make_service_with_connect_info::<door::Peer>();
    tokio::select! {
        () = stop.cancelled() => {}
        served = async { axum::serve(door::Guarded::new(listener), app).await } => {
            if let Err(error) = served {
                tracing::error!(%error, "server.failed");
            }
        }
    }
}

/// Every path there is. `at`: where it listens, which says which addresses may be asked for.
fn router(shared: Arc<Shared>, at: Option<SocketAddr>) -> Router {
    let doorkeeper = guard::Doorkeeper { shared: shared.clone(), at };
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/healthz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .route("/-/reload", post(reload::reload))
        .route("/hooks/{tool}/{name}", post(hooks::receive).head(hooks::knock))
        .route("/slack/interactions", post(presses::receive))
        .route("/unsubscribe/{mark}", get(unsubscribe::explain).post(unsubscribe::receive))
        .fallback(async || StatusCode::NOT_FOUND)
        .with_state(shared)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_WITHIN))
        .layer(middleware::from_fn_with_state(doorkeeper, guard::keep))
        .layer(CatchPanicLayer::new())
}
