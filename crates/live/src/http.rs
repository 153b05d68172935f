//! HTTP requests of components.

use std::sync::OnceLock;

use http_body_util::BodyExt as _;
use tokio::runtime::{Builder, Runtime};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

/// Sends requests as wasmtime does, but on a thread of their own. On the guest's nothing goes on while the program is
/// stopped, and a request to stop moves the clock there: the time limits of an HTTP request would be over.
pub(crate) struct Requests;

/// Ends with the connection.
type Connection = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Response = Result<(http::Response<WasiBody>, Connection), Error>;

impl WasiHttpHooks for Requests {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Connection,
    ) -> Box<dyn Future<Output = Response> + Send> {
        Box::new(async move {
            let response = runtime()?.spawn(async move {
                let (response, connection) = default_send_request(request, options).await?;
                let connection = AbortOnDropJoinHandle::from(tokio::spawn(connection));
                let connection: Connection = Box::new(connection);
                Ok((response.map(|body| body.boxed_unsync()), connection))
            });
            // A request that the guest drops ends.
            AbortOnDropJoinHandle::from(response).await
        })
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
