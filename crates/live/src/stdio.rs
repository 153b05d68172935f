//! The guest's standard input, which a request to stop ends, and its standard output and error, passed on;
//! of the latter the end is remembered.
//!
//! A panic message is printed before the trap that ends the program, so the end of what the guest
//! wrote belongs in a crash report.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use crate::source::Source;
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

/// One of the two streams that a guest writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// What takes what a guest writes, on the guest's thread.
pub trait Sink: Send + Sync {
    /// Takes all of `bytes`.
    ///
    /// # Errors
    ///
    /// What the guest is told then.
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()>;

    /// Whether the guest is to believe that a person reads along: its library then holds no line back.
    fn is_terminal(&self, stream: Stream) -> bool;
}

/// Where a guest's standard output and error go.
#[derive(Clone, Default)]
pub enum Output {
    /// To those of this process.
    #[default]
    Inherited,
    /// To somebody.
    To(Arc<dyn Sink>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Inherited => "Inherited",
            Output::To(_) => "To(_)",
        })
    }
}

/// Where a guest's standard input comes from.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// From that of this process.
    #[default]
    Inherited,
    /// There is none: it is at its end from the beginning.
    Empty,
    /// From a file, whose reads do not wait.
    File(Arc<File>),
    /// From where reads may wait.
    Source(Source),
}

/// One of the guest's two streams: where it goes to, and the tail that remembers it.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) stream: Stream,
    pub(crate) output: Output,
    pub(crate) tail: Option<Tail>,
}

impl Writer {
    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        match (&self.output, self.stream) {
            (Output::Inherited, Stream::Stdout) => io::stdout().write_all(bytes)?,
            (Output::Inherited, Stream::Stderr) => io::stderr().write_all(bytes)?,
            (Output::To(sink), stream) => sink.write(stream, bytes)?,
        }
        if let Some(tail) = &self.tail {
            tail.push(bytes);
        }
        Ok(())
    }

    fn flush_ours(&self) -> io::Result<()> {
        match (&self.output, self.stream) {
            (Output::Inherited, Stream::Stdout) => io::stdout().flush(),
            (Output::Inherited, Stream::Stderr) => io::stderr().flush(),
            (Output::To(_), _) => Ok(()),
        }
    }
}

impl IsTerminal for Writer {
    fn is_terminal(&self) -> bool {
        match (&self.output, self.stream) {
            (Output::Inherited, Stream::Stdout) => io::IsTerminal::is_terminal(&io::stdout()),
            (Output::Inherited, Stream::Stderr) => io::IsTerminal::is_terminal(&io::stderr()),
            (Output::To(sink), stream) => sink.is_terminal(stream),
        }
    }
}

impl StdoutStream for Writer {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    /// Written when the guest writes, so that all of it is out when the guest stops.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.put(&bytes).map_err(failed)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.flush_ours().map_err(failed)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LIMIT)
    }
}

fn failed(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StreamError::Closed,
        _ => StreamError::LastOperationFailed(error.into()),
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.put(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.flush_ours())
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A standard input whose reads wait until something comes, or until somebody wants the guest to stop.
#[derive(Clone)]
pub(crate) struct Stdin {
    /// `None`: this process's own.
    pub(crate) source: Option<Source>,
    pub(crate) request: StopRequest,
}

impl IsTerminal for Stdin {
    fn is_terminal(&self) -> bool {
        match &self.source {
            Some(source) => source.is_terminal(),
            None => io::IsTerminal::is_terminal(&io::stdin()),
        }
    }
}

impl StdinStream for Stdin {
    /// Only WASI preview 3 reads so, which no guest here has.
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        let inner: Box<dyn InputStream> = match &self.source {
            Some(source) => Box::new(source.clone()),
            None => StdinStream::p2_stream(&io::stdin()),
        };
        Box::new(StdinReader {
            inner,
            request: self.request.clone(),
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

#[async_trait]
impl InputStream for StdinReader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.inner.read(size)
    }

    /// Once, where the default waits until there is something. Nothing, when the wait was given up: in WASI preview 1
    /// that is EINTR, after which many guests try again, and not the end of the input.
    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        loop {
            self.ready().await;
            let bytes = self.read(size)?;
            if !bytes.is_empty() || size == 0 || self.request.is_set() {
                return Ok(bytes);
            }
        }
    }
}
