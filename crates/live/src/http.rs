//! HTTP requests of components.

use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use crate::stop::LONGEST_SLEEP;

/// Sends requests and receives what is answered as wasmtime does, but on a thread of their own. On the guest's nothing
/// goes on while the program computes or is stopped, and a request to stop moves the clock there: the time limits of an
/// HTTP request would not be looked at, or be over.
pub(crate) struct Requests;

/// Ends with the connection.
type Connection = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Response = Result<(http::Response<WasiBody>, Connection), Error>;
type Received = Result<Frame<Bytes>, Error>;

/// How long a server may be silent in the middle of a body, where the guest does not say: as long as in wasmtime.
const BETWEEN_BYTES: Duration = Duration::from_secs(600);

impl WasiHttpHooks for Requests {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Connection,
    ) -> Box<dyn Future<Output = Response> + Send> {
        let mut options = options.unwrap_or_default();
        // wasmtime's own limit is for the reader of the body.
        let limit = options.between_bytes_timeout.replace(LONGEST_SLEEP);
        let limit = limit.unwrap_or(BETWEEN_BYTES);
        Box::new(async move {
            let response = runtime()?.spawn(async move {
                let sent = default_send_request(request, Some(options)).await;
                let (response, connection) = sent?;
                let connection = AbortOnDropJoinHandle::from(tokio::spawn(connection));
                let connection: Connection = Box::new(connection);
                let response = response.map(|body| {
                    let (frames, arriving) = mpsc::channel(1);
                    tokio::spawn(receive(body, limit, frames));
                    Arriving(arriving).boxed_unsync()
                });
                Ok((response, connection))
            });
            // A request that the guest drops ends.
            AbortOnDropJoinHandle::from(response).await
        })
    }
}

/// Receives a body to its end, but not much faster than it is taken. A server that is silent for longer than `limit` is not
/// waited for. It ends with the connection, which ends when the body is not wanted.
async fn receive(
    body: impl Body<Data = Bytes, Error = Error>,
    limit: Duration,
    frames: mpsc::Sender<Received>,
) {
    let mut body = pin!(body);
    loop {
        let frame = match tokio::time::timeout(limit, body.frame()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return,
            Err(_) => Err(Error::ConnectionReadTimeout),
        };
        let is_last = frame.is_err();
        if frames.send(frame).await.is_err() || is_last {
            return;
        }
    }
}

/// A body that is received, for the guest.
struct Arriving(mpsc::Receiver<Received>);

impl Body for Arriving {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        self.0.poll_recv(context)
    }
}

/// Where requests are sent, from the first one on.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(1).enable_io().enable_time();
        builder.build().map_err(|error| error.to_string())
    });
    let error = |error: &String| Error::InternalError(Some(error.clone()));
    runtime.as_ref().map_err(error)
}
