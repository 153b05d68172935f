//! The guest's standard input, which a request to stop ends, and its standard error, passed on and
//! remembered.
//!
//! A panic message is printed before the trap that ends the program, so the end of what the guest
//! wrote belongs in a crash report.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use crate::stop::StopRequest;

/// How much of the guest's standard error is remembered.
const LIMIT: usize = 64 << 10;

/// The last 64 KiB that the guest wrote to its standard error. Clones see the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    /// The bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn push(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(bytes);
        if tail.len() > 2 * LIMIT {
            let cut = tail.len() - LIMIT;
            tail.drain(..cut);
        }
    }
}

/// The guest's standard error: goes to ours and into the tail.
#[derive(Clone)]
pub(crate) struct Stderr(pub(crate) Tail);

impl IsTerminal for Stderr {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&io::stderr())
    }
}

impl StdoutStream for Stderr {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Stderr {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = io::stderr().write(bytes);
        if let Ok(n) = written {
            self.0.push(&bytes[..n.min(bytes.len())]);
        }
        Poll::Ready(written)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(io::stderr().flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The guest's standard input: ours, until somebody wants the guest to stop.
#[derive(Clone)]
pub(crate) struct Stdin(pub(crate) StopRequest);

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&io::stdin())
    }
}

impl StdinStream for Stdin {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        StdinStream::async_stream(&io::stdin())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(StdinReader {
            inner: StdinStream::p2_stream(&io::stdin()),
            request: self.0.clone(),
        })
    }
}

struct StdinReader {
    inner: Box<dyn InputStream>,
    request: StopRequest,
}

#[async_trait]
impl Pollable for StdinReader {
    async fn ready(&mut self) {
        tokio::select! {
            () = self.inner.ready() => {}
            () = self.request.wait() => {}
        }
    }
}

impl InputStream for StdinReader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let bytes = self.inner.read(size)?;
        if bytes.is_empty() && self.request.is_set() {
            return Err(StreamError::Closed);
        }
        Ok(bytes)
    }
}
