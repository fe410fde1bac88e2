//! How a connection is encrypted and how the server proves that it is the right one.
//!
//! Nobody set sslmode: a Unix socket has no TLS, a loopback address takes TLS when offered, and every other
//! host must encrypt and prove its name (libpq would accept plain text there). Set by the user, sslmode
//! means what libpq means, with two differences, both stricter: `prefer` never retries in plain text after a
//! failed handshake, and a root certificate that was named but cannot be read is an error in every mode.
//! Trusted roots: `sslrootcert`, else `~/.postgresql/root.crt`, else the operating system's store, since
//! that is where a company's own authority is installed and where a withdrawn one disappears.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::conninfo::Address;
use super::tls_verifier::ServerVerifier;

/// `sslmode`, as the user set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt only if plain text is refused.
    Allow,
    /// Encrypt if the server can.
    Prefer,
    /// Encrypt; check the certificate's chain if a root file is there.
    Require,
    /// Encrypt and check the certificate's chain.
    VerifyCa,
    /// Encrypt, check the chain and the server's name.
    VerifyFull,
}

impl SslMode {
    /// What a message says a value must be.
    pub(super) const EXPECTED: &'static str = "disable, allow, prefer, require, verify-ca or verify-full";

    /// Reads libpq's spelling.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "disable" => Some(Self::Disable),
            "allow" => Some(Self::Allow),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// The certificates that a server's must descend from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Nobody named any: the operating system's.
    System,
    /// `sslrootcert=system`.
    NamedSystem,
    /// `sslrootcert=FILE`.
    NamedFile(PathBuf),
    /// `~/.postgresql/root.crt`, which exists.
    UsualFile(PathBuf),
}

/// The certificate that we show a server which asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM file with the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file with its key, not encrypted.
    pub key: PathBuf,
}

/// How far away a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A Unix socket.
    Socket,
    /// An address of this machine.
    Loopback,
    /// Anything else.
    Remote,
}

impl Reach {
    /// Judges an address; with a `hostaddr` that is where the bytes go, whatever the name says.
    pub fn of(address: &Address) -> Self {
        let ip = match address {
            Address::Socket(_) => return Self::Socket,
            Address::Tcp {
                hostaddr: Some(ip), ..
            } => Some(*ip),
            Address::Tcp { name, .. } if name.eq_ignore_ascii_case("localhost") => return Self::Loopback,
            Address::Tcp { name, .. } => name.parse().ok(),
        };
        if ip.is_some_and(|ip| ip.to_canonical().is_loopback()) {
            Self::Loopback
        } else {
            Self::Remote
        }
    }
}

/// When a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negotiation {
    /// Never.
    Never,
    /// Only after the server refused a plain login.
    PlainFirst,
    /// When the server offers it.
    IfOffered,
    /// Always; without it there is no connection.
    Always,
}

/// What the server must prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Nothing.
    None,
    /// That a trusted authority signed its certificate.
    Authority,
    /// That, and that the certificate is for the name we connect to.
    AuthorityAndName,
}

/// Encryption and proof for one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsPlan {
    /// When to encrypt.
    pub negotiation: Negotiation,
    /// What to verify.
    pub verification: Verification,
}

/// Decides encryption and proof for one server.
pub fn plan(sslmode: Option<SslMode>, roots: &Roots, reach: Reach) -> TlsPlan {
    let file = matches!(roots, Roots::NamedFile(_) | Roots::UsualFile(_));
    let named = matches!(roots, Roots::NamedFile(_) | Roots::NamedSystem);
    let (negotiation, verification) = match (reach, sslmode) {
        // Neither libpq nor the server speaks TLS over a Unix socket.
        (Reach::Socket, _) | (_, Some(SslMode::Disable)) => (Negotiation::Never, Verification::None),
        (_, Some(SslMode::Allow)) => (Negotiation::PlainFirst, Verification::None),
        (_, Some(SslMode::Prefer)) => (Negotiation::IfOffered, Verification::None),
        (_, Some(SslMode::Require)) if file => (Negotiation::Always, Verification::Authority),
        (_, Some(SslMode::Require)) => (Negotiation::Always, Verification::None),
        (_, Some(SslMode::VerifyCa)) => (Negotiation::Always, Verification::Authority),
        (_, Some(SslMode::VerifyFull)) => (Negotiation::Always, Verification::AuthorityAndName),
        // Who names a root certificate wants it used.
        (Reach::Loopback, None) if !named => (Negotiation::IfOffered, Verification::None),
        (Reach::Loopback | Reach::Remote, None) => (Negotiation::Always, Verification::AuthorityAndName),
    };
    TlsPlan {
        negotiation,
        verification,
    }
}

/// Why TLS cannot be set up on our side.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// A PEM file cannot be read or holds nothing of use.
    #[error("the {what} {} cannot be used: {reason}", path.display())]
    File {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system's store is empty or cannot be read.
    #[error("the operating system has no trusted root certificates: {reason}")]
    NoSystemRoots {
        /// What looking for them met.
        reason: String,
    },
    /// rustls refuses the parts.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
}

/// Builds the connector for a plan.
///
/// # Errors
/// A certificate or key file cannot be used, or the system store is needed and empty.
pub fn connector(
    plan: TlsPlan,
    roots: &Roots,
    client: Option<&ClientCertificate>,
) -> Result<MakeRustlsConnect, TlsSetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trusted = match (plan.verification, roots) {
        // A named file that cannot be used must not go unnoticed, though nothing is verified with it.
        (Verification::None, Roots::NamedFile(path)) if plan.negotiation != Negotiation::Never => {
            certificates("root certificate file", path)?
        }
        (Verification::None, _) => Vec::new(),
        (_, Roots::NamedFile(path) | Roots::UsualFile(path)) => certificates("root certificate file", path)?,
        (_, Roots::System | Roots::NamedSystem) => system_certificates()?,
    };
    let verifier = ServerVerifier::new(plan.verification, trusted, &provider);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match client {
        Some(client) if plan.negotiation != Negotiation::Never => {
            let chain = certificates("client certificate file", &client.certificate)?;
            builder.with_client_auth_cert(chain, private_key(&client.key)?)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let fault = |reason: String| TlsSetupError::File {
        what,
        path: path.to_owned(),
        reason,
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| fault(error.to_string()))?;
    if found.is_empty() {
        return Err(fault("it holds no certificate in PEM form".into()));
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsSetupError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| TlsSetupError::File {
        what: "client key file",
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn system_certificates() -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        let reason = if reasons.is_empty() {
            "its store is empty".into()
        } else {
            reasons.join("; ")
        };
        return Err(TlsSetupError::NoSystemRoots { reason });
    }
    Ok(found.certs)
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
