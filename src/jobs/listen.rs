//! Listen: the unix socket beside the store, for commands while the daemon runs. One JSON line in, one JSON line out; what
//! is asked becomes a row of the inbox. Only the store's owner can open it (mode 0600).

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_kit::Clock;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::reload::{Reloaded, Reloads};
use crate::core::CoreHandle;
use crate::domain::alert::Wish;

/// How long the loop that decides may take to answer.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// Longest line read.
const LONGEST: u64 = 64 * 1024;

/// What a command asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask {
    /// Is everything alive?
    Health,
    /// Read the configuration again.
    Reload,
    /// Put a wish into the inbox.
    Wish {
        /// Makes the same wish asked twice one wish.
        key: String,
        /// What.
        wish: Wish,
    },
}

/// What the daemon says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// False when it could not be done.
    pub ok: bool,
    /// Why not, or what was found.
    pub because: Option<String>,
    /// The last committed tick.
    pub last_tick_at: Option<Timestamp>,
    /// Every connection, and what is wrong with it.
    pub connections: Vec<(String, Option<String>)>,
    /// What connections do not tell though their tools could: which, and what and why.
    #[serde(default)]
    pub lacks: Vec<(String, String)>,
    /// Why nothing is judged or sent: the clock is not believed. `None`: it is.
    #[serde(default)]
    pub clock_doubt: Option<String>,
}

/// Where the socket of a store is.
pub fn socket_path(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".sock");
    PathBuf::from(path)
}

async fn connect(store: &Path) -> io::Result<Option<UnixStream>> {
    match UnixStream::connect(socket_path(store)).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// True when a daemon runs on a store, whether it answers or not.
///
/// # Errors
/// A daemon may be there, but cannot be talked to.
pub async fn is_running(store: &Path) -> io::Result<bool> {
    Ok(connect(store).await?.is_some())
}

/// Asks a running daemon. `None`: none is running there.
///
/// # Errors
/// The daemon is there but cannot be talked to.
pub async fn ask(store: &Path, ask: &Ask) -> io::Result<Option<Reply>> {
    let Some(mut stream) = connect(store).await? else { return Ok(None) };
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream).take(LONGEST).read_line(&mut answer).await?;
    Ok(Some(serde_json::from_str(&answer)?))
}

/// Binds the socket of a store; the store's lock is already ours, so a socket that lies there is a dead one's.
///
/// # Errors
/// The folder cannot be written to, or the path is longer than a socket's may be.
pub fn bind(store: &Path) -> io::Result<UnixListener> {
    let path = socket_path(store);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers for as long as the program runs.
pub async fn run(
    core: CoreHandle,
    listener: UnixListener,
    reloads: Reloads,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = stream else { continue };
        let (core, reloads, clock) = (core.clone(), reloads.clone(), clock.clone());
        tokio::spawn(async move {
            if let Err(error) = serve(&core, &reloads, &*clock, stream).await {
                tracing::debug!(%error, "socket.failed");
            }
        });
    }
}

async fn serve(core: &CoreHandle, reloads: &Reloads, clock: &dyn Clock, stream: UnixStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read).take(LONGEST).read_line(&mut line).await?;
    let reply = match serde_json::from_str::<Ask>(&line) {
        Ok(Ask::Health) => health(core).await,
        Ok(Ask::Reload) => match reloads.ask().await {
            Some(Reloaded::Done(_)) => yes(),
            Some(Reloaded::Refused(because)) => no(because),
            None => no("the daemon is ending".to_owned()),
        },
        Ok(Ask::Wish { key, wish }) => take(core, clock, key, wish).await,
        Err(error) => no(error.to_string()),
    };
    let mut bytes = serde_json::to_vec(&reply)?;
    bytes.push(b'\n');
    write.write_all(&bytes).await
}

async fn health(core: &CoreHandle) -> Reply {
    let last_tick_at = Some(core.last_tick().await);
    if !core.is_alive(ANSWERS_WITHIN).await {
        return Reply { last_tick_at, ..no("the loop that decides does not answer".to_owned()) };
    }
    match core.connections_now().await {
        Ok(states) => {
            let lacks =
                states.iter().flat_map(|state| state.lacks.iter().map(|seen| (state.name.clone(), seen.words())));
            let lacks = lacks.collect();
            let connections = states.into_iter().map(|state| (state.name, state.failure.map(|(_, because)| because)));
            let troubles = core.troubles().await;
            let because = (!troubles.is_empty()).then(|| troubles.join("; "));
            let clock_doubt = core.clock_doubt();
            Reply { ok: true, because, last_tick_at, connections: connections.collect(), lacks, clock_doubt }
        }
        Err(error) => Reply { last_tick_at, ..no(error.to_string()) },
    }
}

async fn take(core: &CoreHandle, clock: &dyn Clock, key: String, wish: Wish) -> Reply {
    match core.answer("cli".to_owned(), key, wish, clock.now()).await {
        Ok(_) => yes(),
        Err(error) => no(error.to_string()),
    }
}

fn yes() -> Reply {
    Reply { because: None, ok: true, ..no(String::new()) }
}

fn no(because: String) -> Reply {
    Reply {
        ok: false,
        because: Some(because),
        last_tick_at: None,
        connections: Vec::new(),
        lacks: Vec::new(),
        clock_doubt: None,
    }
}
