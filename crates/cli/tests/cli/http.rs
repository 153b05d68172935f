//! Components that send HTTP requests: to a server that answers, and to one that does not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Answers,
    Waits,
    IsGone,
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(server: Server, arguments: &[&str]) -> Result<Output, Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    // Its thread ends with the program's connection, or with the tests.
    match server {
        Server::IsGone => drop(listener),
        _ => _ = std::thread::spawn(move || serve(&listener, server)),
    }
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("client.wat");
    std::fs::write(&program, client(port))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_wdb"));
    command.args(["run", "--no-core"]).args(arguments);
    Ok(command.args(["--invoke", "get()"]).arg(program).output()?)
}

fn serve(listener: &TcpListener, server: Server) -> std::io::Result<()> {
    let (mut client, _) = listener.accept()?;
    let mut lines = BufReader::new(client.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|it| !it.is_empty()) {}
    if server == Server::Waits {
        // Until the client is gone.
        return lines.next().transpose().map(|_| ());
    }
    client.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
}

/// A component whose `get` sends a request to 127.0.0.1:`port` and returns the status of the response, or 0.
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
  (import "wasi:http/types@0.2.0" (instance $types
    (alias outer 1 $pollable (type $pollable'))
    (export "pollable" (type $pollable (eq $pollable')))
    {TYPES}
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
    (data (i32.const 16) "{authority}")
    (data (i32.const 48) "/")
    (func (export "get") (result i32)
      (local $request i32) (local $response i32)
      (local.set $request (call $request (call $fields)))
      ;; Some(HTTP).
      (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
      (drop (call $set-authority (local.get $request) (i32.const 1) (i32.const 16) (i32.const {length})))
      (drop (call $set-path (local.get $request) (i32.const 1) (i32.const 48) (i32.const 1)))
      (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 0))))
      (local.set $response (i32.load (i32.const 72)))
      (call $block (call $subscribe (local.get $response)))
      (call $get (local.get $response) (i32.const 128))
      ;; None, or an error, or an error: 8 bytes each, as an `error-code` wants.
      (if (i32.eqz (i32.load8_u (i32.const 128))) (then unreachable))
      (if (i32.load8_u (i32.const 136)) (then unreachable))
      (if (i32.load8_u (i32.const 144)) (then (return (i32.const 0))))
      (call $status (i32.load (i32.const 152)))))
  (core instance $client (instantiate $Client (with "" (instance
    (export "memory" (memory $bytes))
    (export "fields" (func $fields)) (export "request" (func $request))
    (export "set-scheme" (func $set-scheme)) (export "set-authority" (func $set-authority)) (export "set-path" (func $set-path))
    (export "subscribe" (func $subscribe)) (export "get" (func $get))
    (export "status" (func $status)) (export "handle" (func $handle))
    (export "block" (func $block))))))
  (func $get (result u16) (canon lift (core func $client "get")))
  (export "get" (func $get)))"#
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
