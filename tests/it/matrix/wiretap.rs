//! A wire that is listened to: whatever is sent to a tool goes through, and is kept byte for byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes everything on to a tool. Ends when it is dropped.
pub struct Wiretap {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Wiretap {
    /// Listens on a free port; `to` is `host:port`.
    pub async fn to(to: String) -> Wiretap {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = heard.clone();
        let task = tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                tokio::spawn(pass_on(here, to.clone(), kept.clone()));
            }
        });
        Wiretap { address, heard, task }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Everything that was sent through it.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Wiretap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(here: TcpStream, to: String, heard: Arc<Mutex<Vec<u8>>>) {
    let Ok(there) = TcpStream::connect(&to).await else { return };
    let (mut from_us, mut to_us) = here.into_split();
    let (mut from_there, mut to_there) = there.into_split();
    let back = tokio::spawn(async move {
        // A connection that is reset ends both ways.
        let _ = tokio::io::copy(&mut from_there, &mut to_us).await;
    });
    let mut words = vec![0; 16 * 1024];
    while let Ok(count) = from_us.read(&mut words).await {
        heard.lock().unwrap().extend_from_slice(&words[..count]);
        if count == 0 || to_there.write_all(&words[..count]).await.is_err() {
            break;
        }
    }
    let _ = to_there.shutdown().await;
    let _ = back.await;
}
