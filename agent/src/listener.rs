//! The HTTP listener: `/metrics` for Prometheus, `/healthz` for a supervisor, 404 for the rest.
//!
//! It has one thread with a runtime of its own, so the application's runtime is neither needed nor burdened.
//! Slow or many clients wait for each other; they cannot reach the application.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};

use crate::export::Exporter;
use crate::probe::Probe;

/// The text format that Prometheus 3 accepts; it refuses answers without a valid content type.
const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Connections served at a time: a few Prometheus replicas and a person.
const MAX_CONNECTIONS: usize = 16;

/// A client that has not sent its request head by then is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection is closed after this long; scrapers reconnect by themselves.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(600);

/// Pause after a failed accept, such as one for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds `addr` for a listener that [`run`] will serve.
pub(crate) fn bind(addr: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok((listener, local))
}

/// Serves until `stop` fires or closes. `alive` closes when the socket is closed.
pub(crate) fn run(
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    probe: Arc<Probe>,
    exporter: Arc<Exporter>,
    stop: oneshot::Receiver<()>,
    alive: Sender<()>,
) {
    {
        let _inside = runtime.enter();
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
            return;
        };
        runtime.spawn(accept(listener, probe, exporter));
    }
    let _ = runtime.block_on(stop);
    // Dropping the runtime drops its tasks and with them every socket.
    drop(runtime);
    drop(alive);
}

/// A runtime for [`run`].
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
}

async fn accept(listener: tokio::net::TcpListener, probe: Arc<Probe>, exporter: Arc<Exporter>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (probe, exporter) = (probe.clone(), exporter.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let response = answer(&request, &probe, &exporter);
                async move { Ok::<_, Infallible>(response) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away, or stays for ever, is no event for the application.
            let _ = tokio::time::timeout(CONNECTION_LIFETIME, served).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, probe: &Probe, exporter: &Exporter) -> Response<Full<Bytes>> {
    let known = matches!(request.uri().path(), "/metrics" | "/healthz");
    if known && !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "GET or HEAD only\n");
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match request.uri().path() {
        "/metrics" => text(StatusCode::OK, TEXT_FORMAT, exporter.render(probe)),
        "/healthz" => text(StatusCode::OK, PLAIN, "ok\n"),
        _ => text(
            StatusCode::NOT_FOUND,
            PLAIN,
            "not found; try /metrics or /healthz\n",
        ),
    }
}

fn text(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
