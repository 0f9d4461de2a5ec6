//! TCP connections that can be reset.
//!
//! Dropping a WebSocket closes its TCP connection in order. To simulate a crash or a lost network
//! it must be reset instead, so each connection has a switch that is available above the WebSocket
//! layer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// Switch that makes a connection be reset when it is dropped, and stops its I/O.
#[derive(Debug, Clone, Default)]
pub(super) struct ResetSwitch(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    reset: AtomicBool,
    active: AtomicBool,
}

impl ResetSwitch {
    pub(super) fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Acquire)
    }

    fn is_active(&self) -> bool {
        self.0.active.load(Ordering::Acquire)
    }
}

/// Marks a connection as active, once it has received a complete request.
pub(super) async fn mark_active(
    ConnectInfo(line): ConnectInfo<PeerInfo>,
    request: Request,
    next: Next,
) -> Response {
    line.switch.0.active.store(true, Ordering::Release);
    next.run(request).await
}

/// Limits for unauthenticated connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Number of TCP connections.
    pub(super) max_connections: usize,
    /// Time for the first request.
    pub(super) request_timeout: Duration,
}

/// Peer of the connection of a request.
#[derive(Debug, Clone)]
pub(super) struct PeerInfo {
    pub(super) peer: SocketAddr,
    pub(super) switch: ResetSwitch,
}

impl Connected<IncomingStream<'_, ResettableListener>> for PeerInfo {
    fn connect_info(stream: IncomingStream<'_, ResettableListener>) -> Self {
        Self {
            peer: *stream.remote_addr(),
            switch: stream.io().switch.clone(),
        }
    }
}

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct ResettableListener {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    request_timeout: Duration,
}

impl ResettableListener {
    /// Pause after accepting fails, for example because of too many open files.
    const PAUSE: Duration = Duration::from_millis(100);

    pub(super) fn new(listener: TcpListener, limits: Limits) -> Self {
        let most = limits.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            permits: Arc::new(Semaphore::new(most)),
            request_timeout: limits.request_timeout,
        }
    }
}

impl Listener for ResettableListener {
    type Io = ResettableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ResettableStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
                        tracing::debug!(%peer, "too many TCP connections");
                        // Best effort: what the socket accepts without blocking.
                        let _ = stream.try_write(TOO_MANY);
                        continue;
                    };
                    // Small frames are sent without delay.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
                    }
                    let line = ResettableStream {
                        stream,
                        switch: ResetSwitch::default(),
                        deadline: Some(Box::pin(sleep(self.request_timeout))),
                        _permit: permit,
                    };
                    return (line, peer);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Self::PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A TCP connection with its [`ResetSwitch`].
#[derive(Debug)]
pub(super) struct ResettableStream {
    stream: TcpStream,
    switch: ResetSwitch,
    /// Deadline of the first request.
    deadline: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Connection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

impl ResettableStream {
    fn check(&self) -> io::Result<()> {
        if self.switch.is_reset() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for ResettableStream {
    fn drop(&mut self) {
        if self.switch.is_reset() {
            // An error means that the connection is closed already.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ResettableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        if self.switch.is_active() {
            self.deadline = None;
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            self.switch.reset();
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResettableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
