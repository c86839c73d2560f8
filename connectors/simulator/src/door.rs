//! The listening socket, and connections that can be cut on purpose.
//!
//! A web framework always answers. To reset a connection instead, its socket is wrapped: a handler that raises
//! [`Wire::cut`] makes the next write fail, and the socket is dropped with a reset. Stopping the server ends every
//! connection the same way, so that an idle one does not keep a stopped tool alive.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A handle on the connection a request came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<AtomicBool>);

impl Wire {
    /// Nothing more leaves by this connection.
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A listener whose connections end when `stop` is cancelled.
pub(crate) struct Door {
    listener: TcpListener,
    stop: CancellationToken,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, stop: CancellationToken) -> Door {
        Door { listener, stop }
    }
}

impl Listener for Door {
    type Io = Line;
    type Addr = Wire;

    async fn accept(&mut self) -> (Line, Wire) {
        let (stream, _) = Listener::accept(&mut self.listener).await;
        // Answers are small and written whole: waiting for more would only add latency.
        let _ = stream.set_nodelay(true);
        let wire = Wire::default();
        (Line { stream, wire: wire.clone(), stop: Box::pin(self.stop.clone().cancelled_owned()) }, wire)
    }

    fn local_addr(&self) -> io::Result<Wire> {
        Ok(Wire::default())
    }
}

impl Connected<IncomingStream<'_, Door>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Wire {
        stream.remote_addr().clone()
    }
}

/// One connection.
pub(crate) struct Line {
    stream: TcpStream,
    wire: Wire,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Line {
    fn refusal(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        let stopped = self.stop.as_mut().poll(cx).is_ready();
        if !stopped && !self.wire.is_cut() {
            return None;
        }
        // Reset instead of a polite end; if the system refuses, an end without an answer is as good.
        let _ = self.stream.set_zero_linger();
        Some(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.refusal(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.refusal(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Binds a loopback port; port 0 takes a free one.
pub(crate) async fn bind(at: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(at).await?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
