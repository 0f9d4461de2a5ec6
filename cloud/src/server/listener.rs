//! TCP connections that can be reset.
//!
//! Dropping a WebSocket closes its TCP connection in order. To simulate a crash or a lost network
//! it must be reset instead, so each connection has a switch that is available above the WebSocket
//! layer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

use super::send_queue::TotalBytes;

/// Switch that makes a connection be reset when it is dropped, and stops its I/O. It also tells
/// what the connection is used for.
#[derive(Debug, Clone, Default)]
pub(super) struct ResetSwitch(Arc<Flags>);

/// Memory of the receive buffers of all WebSockets, in bytes. It is limited by itself, and together
/// with that of all send queues.
#[derive(Debug, Clone, Default)]
pub(super) struct ReceiveBuffers {
    bytes: Arc<AtomicUsize>,
    sending: TotalBytes,
    max_with_sending: usize,
}

impl ReceiveBuffers {
    /// Most bytes of all buffers together.
    const MAX_BYTES: usize = 8 * 1024 * 1024;
    /// Part of each buffer that does not count.
    const FREE_BYTES: usize = 16 * 1024;

    pub(super) fn new(sending: TotalBytes, max_with_sending: usize) -> Self {
        Self {
            bytes: Arc::default(),
            sending,
            max_with_sending,
        }
    }

    /// Returns the bytes by which both together exceed their limit.
    pub(super) fn excess(&self) -> usize {
        let all = self.bytes.load(Ordering::Relaxed) + self.sending.get();
        all.saturating_sub(self.max_with_sending)
    }
}

#[derive(Debug, Default)]
struct Flags {
    buffer: ReceiveBuffer,
    reset: AtomicBool,
    upgraded: AtomicBool,
    observing: AtomicBool,
    last_use: AtomicU64,
}

/// Number of uses of all connections, which orders them.
static USES: AtomicU64 = AtomicU64::new(0);

/// The buffer that a WebSocket receives its frames in. It grows to the largest frame and does not
/// shrink.
#[derive(Debug, Default)]
struct ReceiveBuffer {
    /// Bytes since the last complete frame.
    unfinished: AtomicUsize,
    /// Largest number of them so far, as far as it counts.
    counted: AtomicUsize,
    all: ReceiveBuffers,
    is_crowded: AtomicBool,
}

impl ReceiveBuffer {
    fn read(&self, bytes: usize) {
        let unfinished = self.unfinished.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let size = unfinished.saturating_sub(ReceiveBuffers::FREE_BYTES);
        let before = self.counted.fetch_max(size, Ordering::Relaxed);
        if size > before {
            let growth = size - before;
            let all = self.all.bytes.fetch_add(growth, Ordering::Relaxed) + growth;
            let is_crowded = all > ReceiveBuffers::MAX_BYTES || self.all.excess() > 0;
            self.is_crowded.store(is_crowded, Ordering::Relaxed);
        }
    }

    /// Ends the count of a buffer that is dropped.
    fn release(&self) {
        let bytes = self.counted.swap(0, Ordering::Relaxed);
        self.all.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for ReceiveBuffer {
    fn drop(&mut self) {
        self.release();
    }
}

impl ResetSwitch {
    /// Creates the switch of a connection, whose receive buffer counts towards `all`.
    pub(super) fn new(all: ReceiveBuffers) -> Self {
        let buffer = ReceiveBuffer {
            unfinished: AtomicUsize::new(0),
            counted: AtomicUsize::new(0),
            all,
            is_crowded: AtomicBool::new(false),
        };
        Self(Arc::new(Flags {
            buffer,
            ..Flags::default()
        }))
    }

    /// Records a complete frame.
    pub(super) fn frame_received(&self) {
        self.0.buffer.unfinished.store(0, Ordering::Relaxed);
    }

    /// Returns the bytes of the receive buffer that count.
    pub(super) fn buffer_bytes(&self) -> usize {
        self.0.buffer.counted.load(Ordering::Relaxed)
    }

    /// Ends the count of the receive buffer before a reset, if all buffers are too large.
    pub(super) fn release_if_crowded(&self) -> bool {
        let all = self.0.buffer.all.bytes.load(Ordering::Relaxed);
        let is_crowded = all > ReceiveBuffers::MAX_BYTES;
        if is_crowded {
            self.0.buffer.release();
        }
        is_crowded
    }

    /// Reports whether all buffers became too large at the last read, once for each read.
    pub(super) fn take_crowded(&self) -> bool {
        self.0.buffer.is_crowded.swap(false, Ordering::Relaxed)
    }

    pub(super) fn reset(&self) {
        self.0.reset.store(true, Ordering::Release);
    }

    /// Marks a WebSocket. The cloud limits the time for its writes.
    pub(super) fn set_upgraded(&self) {
        self.0.upgraded.store(true, Ordering::Release);
    }

    /// Marks an observer of events.
    pub(super) fn set_observing(&self) {
        self.0.observing.store(true, Ordering::Release);
    }

    /// Returns the time of the last use, in uses of all connections. An observer is in use.
    pub(super) fn idle_since(&self) -> Option<u64> {
        let observing = self.0.observing.load(Ordering::Acquire);
        (!observing).then(|| self.0.last_use.load(Ordering::Relaxed))
    }

    fn is_reset(&self) -> bool {
        self.0.reset.load(Ordering::Acquire)
    }

    fn is_upgraded(&self) -> bool {
        self.0.upgraded.load(Ordering::Acquire)
    }

    fn record_use(&self) {
        let now = USES.fetch_add(1, Ordering::Relaxed);
        self.0.last_use.store(now, Ordering::Relaxed);
    }
}

/// Peer of the connection of a request.
#[derive(Debug, Clone)]
pub(super) struct PeerInfo {
    pub(super) peer: SocketAddr,
    pub(super) switch: ResetSwitch,
}

/// A TCP connection with its [`ResetSwitch`].
#[derive(Debug)]
pub(super) struct ResettableStream {
    stream: TcpStream,
    switch: ResetSwitch,
    write_timeout: Duration,
    /// Deadline of a write that the peer holds up.
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl ResettableStream {
    /// Wraps a connection, whose peer must accept each write of HTTP within `write_timeout`.
    pub(super) fn new(
        stream: TcpStream,
        switch: ResetSwitch,
        write_timeout: Duration,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        switch.record_use();
        Self {
            stream,
            switch,
            write_timeout,
            stalled: None,
            _permit: permit,
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.switch.is_reset() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    /// Limits the time of a write.
    fn limit(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.switch.is_upgraded() {
            return written;
        }
        if written.is_ready() {
            self.stalled = None;
            self.switch.record_use();
            return written;
        }
        let timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(stalled.as_mut().poll(context));
        self.switch.reset();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.switch.is_upgraded() {
            self.switch.0.buffer.read(buffer.filled().len() - before);
        } else {
            self.switch.record_use();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ResettableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.limit(written, context)
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

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn send_queues_may_have_what_the_receive_buffers_leave() {
        let sending = TotalBytes::default();
        let all = ReceiveBuffers::new(sending.clone(), 16 * MIB);
        sending.add(15 * MIB);
        assert_eq!(all.excess(), 0);
        let switch = ResetSwitch::new(all.clone());
        switch.0.buffer.read(MIB);
        assert!(!switch.take_crowded());
        switch.0.buffer.read(2 * MIB);
        assert!(switch.take_crowded());
        assert_eq!(all.excess(), 2 * MIB - ReceiveBuffers::FREE_BYTES);
        // Only the receive buffers' own limit resets a reader.
        assert!(!switch.release_if_crowded());
        drop(switch);
        assert_eq!(all.excess(), 0);
    }
}
