//! Encryption of the line to the server. Certificates are always checked: an encrypted line to nobody known is none.

use std::path::Path;
use std::sync::Arc;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::AddressError;

/// How a line is encrypted.
#[derive(Clone)]
pub(super) enum Encryption {
    /// Not at all: to this machine alone, or because the address says so.
    None,
    /// With certificates that these authorities signed.
    Checked(Arc<ClientConfig>),
}

/// Chooses by the address: what goes to this machine is open unless it says otherwise, everything else is encrypted.
pub(super) fn encryption(config: &mut Config, mode: Option<&str>, root: Option<&Path>) -> Result<Encryption, AddressError> {
    let is_here = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    });
    match mode {
        Some("disable") => open(config),
        None if is_here && root.is_none() => open(config),
        None | Some("require" | "verify-ca" | "verify-full") => checked(config, root),
        Some(other) => Err(AddressError::Certificates {
            why: format!("sslmode={other} is not known; there are verify-full (also without saying so) and disable"),
        }),
    }
}

fn open(config: &mut Config) -> Result<Encryption, AddressError> {
    config.ssl_mode(SslMode::Disable);
    Ok(Encryption::None)
}

fn checked(config: &mut Config, root: Option<&Path>) -> Result<Encryption, AddressError> {
    config.ssl_mode(SslMode::Require);
    let mut roots = RootCertStore::empty();
    let failed = |why: String| AddressError::Certificates { why };
    match root {
        Some(path) => {
            let at = |error: &dyn std::fmt::Display| failed(format!("{error}: {}", path.display()));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| at(&error))? {
                roots.add(certificate.map_err(|error| at(&error))?).map_err(|error| at(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(failed("there are no authorities to check the server by; name their file as sslrootcert".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Encryption::Checked(Arc::new(client)))
}

/// Calls the server.
pub(super) fn connect(config: &Config, encryption: &Encryption) -> Result<Client, postgres::Error> {
    match encryption {
        Encryption::None => config.connect(NoTls),
        Encryption::Checked(client) => config.connect(MakeRustlsConnect::new(ClientConfig::clone(client))),
    }
}
