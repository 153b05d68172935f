//! Components that send HTTP requests: to a server that answers, and to one that does not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use super::foreign::answer;

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Answers,
    Waits,
    IsGone,
    /// Sends these bytes of a body of 20, each some milliseconds after those before.
    Sends(&'static [(u64, &'static str)]),
}

/// A request is answered, or its error is the program's.
pub(crate) fn answers() -> Result<(), Failed> {
    for capture in ["full", "light"] {
        let arguments = ["-S", "http", "--capture", capture];
        let said = run(Server::Answers, &arguments)?;
        assert_eq!(text(&said.stdout), "204\n", "{}", text(&said.stderr));
        let said = run(Server::IsGone, &arguments)?;
        assert_eq!(text(&said.stdout), "0\n", "{}", text(&said.stderr));
    }
    let said = run(Server::IsGone, &[])?;
    assert_eq!(said.status.code(), Some(2));
    let stderr = text(&said.stderr);
    assert!(stderr.contains("; -S http lets it"), "{stderr}");
    Ok(())
}

/// A request that is never answered ends with the time of the program.
pub(crate) fn waits() -> Result<(), Failed> {
    for capture in ["full", "light"] {
        let started = Instant::now();
        let arguments = ["-S", "http", "--capture", capture, "--timeout", "500ms"];
        let said = run(Server::Waits, &arguments)?;
        let stderr = text(&said.stderr);
        assert_eq!(said.status.code(), Some(134), "{stderr}");
        assert!(stderr.contains("does not stop"), "{stderr}");
        let time = started.elapsed();
        assert!(time < Duration::from_secs(30), "{time:?}");
    }
    Ok(())
}

/// The limit between two bytes of a body is for the server, however slow the program is.
pub(crate) fn limits() -> Result<(), Failed> {
    // It sends something every 300 ms, and is silent for three seconds.
    const STEADY: Server = Server::Sends(&[
        (0, "abcd"),
        (300, "efgh"),
        (300, "ijkl"),
        (300, "mnop"),
        (300, "qrst"),
    ]);
    const SILENT: Server = Server::Sends(&[(0, "abcd"), (3000, "efghijklmnopqrst")]);
    // With a limit of a second: the bytes that were read, and 1000 for an error.
    for (server, pause, expected) in [
        (STEADY, 0, "20\n"),
        (STEADY, 1200, "20\n"),
        (SILENT, 0, "1004\n"),
        (SILENT, 4000, "1004\n"),
    ] {
        let read = format!("read(1000, {pause})");
        let said = call(server, &["-S", "http"], &read)?;
        let found = text(&said.stdout);
        assert_eq!(found, expected, "{read}: {}", text(&said.stderr));
    }
    Ok(())
}

/// Who stops a program does not end its requests.
#[cfg(unix)]
pub(crate) fn outlives_a_stop() -> Result<(), Failed> {
    const LATE: Server = Server::Sends(&[(0, "abcd"), (4000, "efghijklmnopqrst")]);
    let (port, sent) = start(LATE)?;
    let directory = tempfile::tempdir()?;
    std::fs::write(directory.path().join("client.wat"), client(port))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_wdb"));
    command
        .args(["debug", "--nx", "-S", "http", "--invoke"])
        .args(["read(60000, 2000)", "client.wat"])
        .current_dir(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let pid = child.id().to_string();
    let stops = std::thread::spawn(move || -> std::io::Result<()> {
        // The program has the first bytes soon, and computes for two seconds.
        let begun = sent.recv_timeout(Duration::from_secs(60));
        assert!(begun.is_ok());
        std::thread::sleep(Duration::from_millis(500));
        Command::new("kill").args(["-INT", &pid]).status()?;
        Ok(())
    });
    let stopped = answer(&mut child, "run")?;
    stops.join().map_err(|_| "no bytes were sent")??;
    assert!(stopped.contains("interrupted"), "{stopped}");
    let ended = answer(&mut child, "continue")?;
    assert!(ended.contains("it has returned 20"), "{ended}");
    child.stdin = None;
    child.wait()?;
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(server: Server, arguments: &[&str]) -> Result<Output, Failed> {
    call(server, arguments, "get()")
}

fn call(server: Server, arguments: &[&str], export: &str) -> Result<Output, Failed> {
    let (port, _) = start(server)?;
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("client.wat");
    std::fs::write(&program, client(port))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_wdb"));
    command.args(["run", "--no-core"]).args(arguments);
    Ok(command.args(["--invoke", export]).arg(program).output()?)
}

/// Its port, and what reports each time that bytes of a body were sent.
fn start(server: Server) -> Result<(u16, Receiver<()>), Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let (tell, sent) = mpsc::channel();
    // Its thread ends with the program's connection, or with the tests.
    match server {
        Server::IsGone => drop(listener),
        _ => _ = std::thread::spawn(move || serve(&listener, server, &tell)),
    }
    Ok((port, sent))
}

fn serve(listener: &TcpListener, server: Server, tell: &Sender<()>) -> std::io::Result<()> {
    let (mut client, _) = listener.accept()?;
    client.set_nodelay(true)?;
    let mut lines = BufReader::new(client.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|it| !it.is_empty()) {}
    match server {
        // Until the client is gone.
        Server::Waits => lines.next().transpose().map(|_| ()),
        Server::Sends(pieces) => {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")?;
            for (after, piece) in pieces {
                std::thread::sleep(Duration::from_millis(*after));
                client.write_all(piece.as_bytes())?;
                // If nothing listens, nothing needs to know.
                _ = tell.send(());
            }
            lines.next().transpose().map(|_| ())
        }
        _ => client.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"),
    }
}

/// A component whose `get` sends a request to 127.0.0.1:`port` and returns the status of the response, or 0. Its `read`
/// takes the limit between bytes and the time that it computes after each read, in milliseconds, and returns how many bytes
/// of the body it has read, and 1000 more when that ended with an error.
fn client(port: u16) -> String {
    let authority = format!("127.0.0.1:{port}");
    let length = authority.len();
    format!(
        r#"
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $error (type $error'))
    (export "error" (type $error (eq $error')))
    (type $stream-error' (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error')))
    (export "input-stream" (type $input-stream (sub resource)))
    (export "[method]input-stream.blocking-read"
      (func (param "self" (borrow $input-stream)) (param "len" u64)
        (result (result (list u8) (error $stream-error)))))))
  (alias export $streams "input-stream" (type $input-stream))
  (import "wasi:http/types@0.2.0" (instance $types
    (alias outer 1 $pollable (type $pollable'))
    (export "pollable" (type $pollable (eq $pollable')))
    (alias outer 1 $input-stream (type $input-stream'))
    (export "input-stream" (type $input-stream (eq $input-stream')))
    {TYPES}
    (export "incoming-body" (type $incoming-body (sub resource)))
    (export "[constructor]request-options" (func (result (own $request-options))))
    (export "[method]request-options.set-between-bytes-timeout"
      (func (param "self" (borrow $request-options)) (param "duration" (option u64)) (result (result))))
    (export "[method]incoming-response.consume"
      (func (param "self" (borrow $incoming-response)) (result (result (own $incoming-body)))))
    (export "[method]incoming-body.stream"
      (func (param "self" (borrow $incoming-body)) (result (result (own $input-stream)))))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-request"
      (func (param "headers" (own $fields)) (result (own $outgoing-request))))
    (export "[method]outgoing-request.set-scheme"
      (func (param "self" (borrow $outgoing-request)) (param "scheme" (option $scheme)) (result (result))))
    (export "[method]outgoing-request.set-authority"
      (func (param "self" (borrow $outgoing-request)) (param "authority" (option string)) (result (result))))
    (export "[method]outgoing-request.set-path-with-query"
      (func (param "self" (borrow $outgoing-request)) (param "path" (option string)) (result (result))))
    (export "[method]future-incoming-response.subscribe"
      (func (param "self" (borrow $future-incoming-response)) (result (own $pollable))))
    (export "[method]future-incoming-response.get"
      (func (param "self" (borrow $future-incoming-response))
        (result (option (result (result (own $incoming-response) (error $error-code)))))))
    (export "[method]incoming-response.status"
      (func (param "self" (borrow $incoming-response)) (result u16)))))
  (alias export $types "outgoing-request" (type $outgoing-request))
  (alias export $types "request-options" (type $request-options))
  (alias export $types "future-incoming-response" (type $future-incoming-response))
  (alias export $types "error-code" (type $error-code))
  (import "wasi:http/outgoing-handler@0.2.0" (instance $handler
    (alias outer 1 $outgoing-request (type $outgoing-request'))
    (export "outgoing-request" (type $outgoing-request (eq $outgoing-request')))
    (alias outer 1 $request-options (type $request-options'))
    (export "request-options" (type $request-options (eq $request-options')))
    (alias outer 1 $future-incoming-response (type $future-incoming-response'))
    (export "future-incoming-response" (type $future-incoming-response (eq $future-incoming-response')))
    (alias outer 1 $error-code (type $error-code'))
    (export "error-code" (type $error-code (eq $error-code')))
    (export "handle" (func
      (param "request" (own $outgoing-request)) (param "options" (option (own $request-options)))
      (result (result (own $future-incoming-response) (error $error-code)))))))
  (core module $Memory
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $memory (instantiate $Memory))
  (alias core export $memory "memory" (core memory $bytes))
  (alias core export $memory "realloc" (core func $realloc))
  (core func $fields (canon lower (func $types "[constructor]fields")))
  (core func $request (canon lower (func $types "[constructor]outgoing-request")))
  (core func $set-scheme (canon lower (func $types "[method]outgoing-request.set-scheme") (memory $bytes) (realloc $realloc)))
  (core func $set-authority (canon lower (func $types "[method]outgoing-request.set-authority") (memory $bytes) (realloc $realloc)))
  (core func $set-path (canon lower (func $types "[method]outgoing-request.set-path-with-query") (memory $bytes) (realloc $realloc)))
  (core func $subscribe (canon lower (func $types "[method]future-incoming-response.subscribe")))
  (core func $get (canon lower (func $types "[method]future-incoming-response.get") (memory $bytes) (realloc $realloc)))
  (core func $status (canon lower (func $types "[method]incoming-response.status")))
  (core func $handle (canon lower (func $handler "handle") (memory $bytes) (realloc $realloc)))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $options (canon lower (func $types "[constructor]request-options")))
  (core func $set-limit (canon lower (func $types "[method]request-options.set-between-bytes-timeout")))
  (core func $consume (canon lower (func $types "[method]incoming-response.consume") (memory $bytes) (realloc $realloc)))
  (core func $stream (canon lower (func $types "[method]incoming-body.stream") (memory $bytes) (realloc $realloc)))
  (core func $blocking-read
    (canon lower (func $streams "[method]input-stream.blocking-read") (memory $bytes) (realloc $realloc)))
  (core func $now (canon lower (func $clock "now")))
  (core module $Client
    (import "" "memory" (memory 1))
    (import "" "fields" (func $fields (result i32)))
    (import "" "request" (func $request (param i32) (result i32)))
    (import "" "set-scheme" (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
    (import "" "set-authority" (func $set-authority (param i32 i32 i32 i32) (result i32)))
    (import "" "set-path" (func $set-path (param i32 i32 i32 i32) (result i32)))
    (import "" "subscribe" (func $subscribe (param i32) (result i32)))
    (import "" "get" (func $get (param i32 i32)))
    (import "" "status" (func $status (param i32) (result i32)))
    (import "" "handle" (func $handle (param i32 i32 i32 i32)))
    (import "" "block" (func $block (param i32)))
    (import "" "options" (func $options (result i32)))
    (import "" "set-limit" (func $set-limit (param i32 i32 i64) (result i32)))
    (import "" "consume" (func $consume (param i32 i32)))
    (import "" "stream" (func $stream (param i32 i32)))
    (import "" "blocking-read" (func $blocking-read (param i32 i64 i32)))
    (import "" "now" (func $now (result i64)))
    (data (i32.const 16) "{authority}")
    (data (i32.const 48) "/")
    ;; The response, or 0. The options are those of the component model: whether there are any, and which.
    (func $send (param $has i32) (param $options i32) (result i32)
      (local $request i32) (local $response i32)
      (local.set $request (call $request (call $fields)))
      ;; Some(HTTP).
      (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
      (drop (call $set-authority (local.get $request) (i32.const 1) (i32.const 16) (i32.const {length})))
      (drop (call $set-path (local.get $request) (i32.const 1) (i32.const 48) (i32.const 1)))
      (call $handle (local.get $request) (local.get $has) (local.get $options) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 0))))
      (local.set $response (i32.load (i32.const 72)))
      (call $block (call $subscribe (local.get $response)))
      (call $get (local.get $response) (i32.const 128))
      ;; None, or an error, or an error: 8 bytes each, as an `error-code` wants.
      (if (i32.eqz (i32.load8_u (i32.const 128))) (then unreachable))
      (if (i32.load8_u (i32.const 136)) (then unreachable))
      (if (i32.load8_u (i32.const 144)) (then (return (i32.const 0))))
      (i32.load (i32.const 152)))
    (func (export "get") (result i32)
      (local $response i32)
      (local.set $response (call $send (i32.const 0) (i32.const 0)))
      (if (result i32) (local.get $response)
        (then (call $status (local.get $response)))
        (else (i32.const 0))))
    (func $computes (param $milliseconds i64)
      (local $end i64)
      (local.set $end (i64.add (call $now) (i64.mul (local.get $milliseconds) (i64.const 1000000))))
      (loop $again (br_if $again (i64.lt_u (call $now) (local.get $end)))))
    (func (export "read") (param $limit i64) (param $pause i64) (result i32)
      (local $options i32) (local $stream i32) (local $count i32)
      (local.set $options (call $options))
      (if (call $set-limit (local.get $options) (i32.const 1) (i64.mul (local.get $limit) (i64.const 1000000)))
        (then unreachable))
      (call $consume (call $send (i32.const 1) (local.get $options)) (i32.const 192))
      (if (i32.load8_u (i32.const 192)) (then unreachable))
      (call $stream (i32.load (i32.const 196)) (i32.const 192))
      (if (i32.load8_u (i32.const 192)) (then unreachable))
      (local.set $stream (i32.load (i32.const 196)))
      (loop $more
        (call $blocking-read (local.get $stream) (i64.const 100) (i32.const 192))
        (if (i32.eqz (i32.load8_u (i32.const 192)))
          (then
            (local.set $count (i32.add (local.get $count) (i32.load (i32.const 200))))
            (call $computes (local.get $pause))
            (br $more))))
      ;; The end is an error too, another one.
      (if (i32.load8_u (i32.const 196)) (then (return (local.get $count))))
      (i32.add (local.get $count) (i32.const 1000))))
  (core instance $client (instantiate $Client (with "" (instance
    (export "memory" (memory $bytes))
    (export "fields" (func $fields)) (export "request" (func $request))
    (export "set-scheme" (func $set-scheme)) (export "set-authority" (func $set-authority)) (export "set-path" (func $set-path))
    (export "subscribe" (func $subscribe)) (export "get" (func $get))
    (export "status" (func $status)) (export "handle" (func $handle))
    (export "block" (func $block)) (export "options" (func $options)) (export "set-limit" (func $set-limit))
    (export "consume" (func $consume)) (export "stream" (func $stream))
    (export "blocking-read" (func $blocking-read)) (export "now" (func $now))))))
  (func $get (result u16) (canon lift (core func $client "get")))
  (export "get" (func $get))
  (func $read (param "limit" u64) (param "pause" u64) (result u32) (canon lift (core func $client "read")))
  (export "read" (func $read)))"#
    )
}

/// The types of `wasi:http/types` that it needs. An `error-code` is whole or it is another type.
const TYPES: &str = r#"
    (type $scheme' (variant (case "HTTP") (case "HTTPS") (case "other" string)))
    (export "scheme" (type $scheme (eq $scheme')))
    (type $dns' (record (field "rcode" (option string)) (field "info-code" (option u16))))
    (export "DNS-error-payload" (type $dns (eq $dns')))
    (type $tls' (record (field "alert-id" (option u8)) (field "alert-message" (option string))))
    (export "TLS-alert-received-payload" (type $tls (eq $tls')))
    (type $size' (record (field "field-name" (option string)) (field "field-size" (option u32))))
    (export "field-size-payload" (type $size (eq $size')))
    (type $error-code' (variant
      (case "DNS-timeout") (case "DNS-error" $dns) (case "destination-not-found")
      (case "destination-unavailable") (case "destination-IP-prohibited")
      (case "destination-IP-unroutable") (case "connection-refused") (case "connection-terminated")
      (case "connection-timeout") (case "connection-read-timeout") (case "connection-write-timeout")
      (case "connection-limit-reached") (case "TLS-protocol-error") (case "TLS-certificate-error")
      (case "TLS-alert-received" $tls) (case "HTTP-request-denied")
      (case "HTTP-request-length-required") (case "HTTP-request-body-size" (option u64))
      (case "HTTP-request-method-invalid") (case "HTTP-request-URI-invalid")
      (case "HTTP-request-URI-too-long") (case "HTTP-request-header-section-size" (option u32))
      (case "HTTP-request-header-size" (option $size))
      (case "HTTP-request-trailer-section-size" (option u32)) (case "HTTP-request-trailer-size" $size)
      (case "HTTP-response-incomplete") (case "HTTP-response-header-section-size" (option u32))
      (case "HTTP-response-header-size" $size) (case "HTTP-response-body-size" (option u64))
      (case "HTTP-response-trailer-section-size" (option u32))
      (case "HTTP-response-trailer-size" $size)
      (case "HTTP-response-transfer-coding" (option string))
      (case "HTTP-response-content-coding" (option string)) (case "HTTP-response-timeout")
      (case "HTTP-upgrade-failed") (case "HTTP-protocol-error") (case "loop-detected")
      (case "configuration-error") (case "internal-error" (option string))))
    (export "error-code" (type $error-code (eq $error-code')))
    (export "fields" (type $fields (sub resource)))
    (export "outgoing-request" (type $outgoing-request (sub resource)))
    (export "request-options" (type $request-options (sub resource)))
    (export "incoming-response" (type $incoming-response (sub resource)))
    (export "future-incoming-response" (type $future-incoming-response (sub resource)))"#;
