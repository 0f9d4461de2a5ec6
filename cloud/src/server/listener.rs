//! TCP connections that can be reset.
//!
//! A WebSocket hides the TCP connection below it, and dropping it ends that in good order. To
//! look like a crash or a lost network it must be reset instead, so each connection carries a
//! switch that outlives all the wrapping.

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

/// Says that a connection is to be reset when it is dropped. Once said, nothing is written.
#[derive(Debug, Clone, Default)]
pub(super) struct ResetSwitch(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    reset: AtomicBool,
    claimed: AtomicBool,
}

impl ResetSwitch {
    pub(super) fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Acquire)
    }

    fn is_claimed(&self) -> bool {
        self.0.claimed.load(Ordering::Acquire)
    }
}

/// Notes that a whole request came on a connection, so that it may stay.
pub(super) async fn claim(
    ConnectInfo(line): ConnectInfo<LineInfo>,
    request: Request,
    next: Next,
) -> Response {
    line.switch.0.claimed.store(true, Ordering::Release);
    next.run(request).await
}

/// What strangers may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many TCP connections there may be.
    pub(super) most: usize,
    /// How long one may take for its first request.
    pub(super) patience: Duration,
}

/// Whose connection a request came on.
#[derive(Debug, Clone)]
pub(super) struct LineInfo {
    pub(super) peer: SocketAddr,
    pub(super) switch: ResetSwitch,
}

impl Connected<IncomingStream<'_, LineListener>> for LineInfo {
    fn connect_info(stream: IncomingStream<'_, LineListener>) -> Self {
        Self {
            peer: *stream.remote_addr(),
            switch: stream.io().switch.clone(),
        }
    }
}

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct LineListener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl LineListener {
    /// How long to wait when accepting fails, as it does when there are too many open files.
    const PAUSE: Duration = Duration::from_millis(100);

    pub(super) fn new(listener: TcpListener, limits: Limits) -> Self {
        let most = limits.most.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            places: Arc::new(Semaphore::new(most)),
            patience: limits.patience,
        }
    }
}

impl Listener for LineListener {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                        tracing::debug!(%peer, "too many TCP connections");
                        // As much as fits at once is as much as a stranger gets.
                        let _ = stream.try_write(TOO_MANY);
                        continue;
                    };
                    // Small frames are not to wait for one another.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
                    }
                    let line = Line {
                        stream,
                        switch: ResetSwitch::default(),
                        deadline: Some(Box::pin(sleep(self.patience))),
                        _place: place,
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

/// A TCP connection with its switch.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    switch: ResetSwitch,
    /// When it is over unless a request has come.
    deadline: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Connection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

impl Line {
    fn check(&self) -> io::Result<()> {
        if self.switch.is_reset() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.switch.is_reset() {
            // An error means that the connection is gone already.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        if self.switch.is_claimed() {
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

impl AsyncWrite for Line {
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
