//! A TCP listener whose connections can be cut in the middle of an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Cuts the connection that a request came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scissors(Arc<AtomicUsize>);

impl Scissors {
    /// Not a byte of the answer is sent.
    pub(crate) fn withhold_everything(&self) {
        self.0.store(usize::MAX, Ordering::Release);
    }

    /// The answer is sent but for its last `bytes`.
    pub(crate) fn withhold_tail(&self, bytes: usize) {
        self.0.store(bytes.max(1), Ordering::Release);
    }

    fn withheld(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// Accepts connections with scissors.
pub(crate) struct CutListener(pub(crate) TcpListener);

/// A connection with scissors.
pub(crate) struct CutStream {
    stream: TcpStream,
    scissors: Scissors,
}

impl Listener for CutListener {
    type Io = CutStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CutStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and whole: waiting for more only adds latency.
        let _ = stream.set_nodelay(true);
        (
            CutStream {
                stream,
                scissors: Scissors::default(),
            },
            address,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CutListener>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, CutListener>) -> Self {
        stream.io().scissors.clone()
    }
}

impl AsyncRead for CutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CutStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let withheld = self.scissors.withheld();
        if withheld == 0 {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        // hyper writes a small answer, head and body, in one piece; so the tail of the buffer is the body's.
        let allowed = buf.len().saturating_sub(withheld);
        self.scissors.withhold_everything();
        if allowed == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, &buf[..allowed])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
