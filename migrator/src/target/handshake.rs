//! The TLS connector, with a note of whether the server agreed to TLS.
//!
//! The client library reports a server without TLS as a bare text. The note tells that case from a failed
//! handshake without reading texts, and says afterwards whether the session is encrypted.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connector that notes when a handshake begins.
#[derive(Clone)]
pub(super) struct Handshake {
    connector: MakeRustlsConnect,
    begun: Arc<AtomicBool>,
}

impl Handshake {
    /// Wraps a connector.
    pub(super) fn new(connector: MakeRustlsConnect) -> Self {
        Self {
            connector,
            begun: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Whether the server agreed to TLS and a handshake began.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }
}

impl MakeTlsConnect<Socket> for Handshake {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = NotedConnect<<MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect>;
    type Error = Infallible;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Self::TlsConnect, Self::Error> {
        let inner =
            <MakeRustlsConnect as MakeTlsConnect<Socket>>::make_tls_connect(&mut self.connector, domain)?;
        Ok(NotedConnect {
            inner,
            begun: Arc::clone(&self.begun),
        })
    }
}

/// One handshake to be.
pub(super) struct NotedConnect<T> {
    inner: T,
    begun: Arc<AtomicBool>,
}

impl<T: TlsConnect<Socket>> TlsConnect<Socket> for NotedConnect<T> {
    type Stream = T::Stream;
    type Error = T::Error;
    type Future = T::Future;

    fn connect(self, stream: Socket) -> Self::Future {
        self.begun.store(true, Ordering::Release);
        self.inner.connect(stream)
    }
}
