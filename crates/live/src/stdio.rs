//! The guest's standard input, which a request to stop ends, and its standard output and error, passed on.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};
use wdb_debuggee::launch::{BlockingInput, Output, Stream};

use crate::stop::StopRequest;

/// At most this many bytes go from or to the guest at once.
const PIECE: usize = 64 << 10;

/// One of the guest's two streams, and where it goes to.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) stream: Stream,
    pub(crate) output: Output,
}

impl Writer {
    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        match (&self.output, self.stream) {
            (Output::Inherited, Stream::Stdout) => io::stdout().write_all(bytes),
            (Output::Inherited, Stream::Stderr) => io::stderr().write_all(bytes),
            (Output::To(sink), stream) => sink.write(stream, bytes),
        }
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
        Ok(PIECE)
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

/// A standard input whose reads wait until something comes, or until the guest is asked to stop.
#[derive(Clone)]
pub(crate) struct Stdin {
    /// `None`: this process's own.
    pub(crate) source: Option<BlockingInput>,
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
            Some(source) => Box::new(Waited(source.clone())),
            None => StdinStream::p2_stream(&io::stdin()),
        };
        Box::new(StdinReader {
            inner,
            request: self.request.clone(),
        })
    }
}

/// Input that may have to be waited for.
struct Waited(BlockingInput);

#[async_trait]
impl Pollable for Waited {
    async fn ready(&mut self) {
        poll_fn(|context| self.0.poll_ready(context)).await;
    }
}

impl InputStream for Waited {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match self.0.read(size) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(StreamError::Closed),
            Err(error) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }
}

/// Input whose reads do not wait.
#[derive(Clone)]
pub(crate) struct Ready(pub(crate) Arc<Mutex<dyn Read + Send>>);

impl IsTerminal for Ready {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Ready {
    /// As of [`Stdin`].
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Ready {
    async fn ready(&mut self) {}
}

impl InputStream for Ready {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; size.min(PIECE)];
        match reader.read(&mut bytes) {
            Ok(0) => Err(StreamError::Closed),
            Ok(count) => {
                bytes.truncate(count);
                Ok(bytes.into())
            }
            Err(error) => Err(failed(error)),
        }
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
