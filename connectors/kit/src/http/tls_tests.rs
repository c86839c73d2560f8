//! TLS towards a server whose certificate is good, foreign, expired or another host's.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::testing::{Server, read_request};
use super::{Http, HttpConfig, Method, Request};
use crate::clock::SetClock;
use crate::{ConnectorError, WriteError};

/// A company's own CA, its file, and how many connections reached the server behind it.
pub(super) struct Company {
    ca: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Company {
    pub(super) fn new() -> Company {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        Company { ca, folder }
    }

    pub(super) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for `host` that runs out in `until`.
    pub(super) fn certified(&self, host: &str, until: i32) -> ServerConfig {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.ca).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
        config.unwrap()
    }

    /// A server with such a certificate; it answers everything with `200 []`.
    async fn server(&self, host: &str, until: i32) -> SocketAddr {
        let acceptor = TlsAcceptor::from(Arc::new(self.certified(host, until)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                read_request(&mut stream).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]").await;
                let _ = stream.shutdown().await;
            }
        });
        address
    }
}

fn client(address: SocketAddr, ca_file: Option<PathBuf>) -> Http {
    let config = Server::at(address).config(Arc::new(SetClock::leaping(Timestamp::UNIX_EPOCH)));
    let base = format!("https://127.0.0.1:{}/", address.port()).parse().unwrap();
    Http::new(HttpConfig { base, ca_file, ..config }).unwrap().allow_writes(&[(Method::POST, "x")])
}

#[tokio::test]
async fn the_companys_own_ca_is_trusted_beside_the_systems() {
    let company = Company::new();
    let address = company.server("127.0.0.1", 2100).await;
    let response = client(address, Some(company.ca_file())).read(Request::get("x", "core")).await.unwrap();
    assert_eq!(response.body, "[]");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_at_once_and_never_tried_again() {
    let company = Company::new();
    let check = async |host: &str, until: i32, ca_file: Option<PathBuf>| {
        let http = client(company.server(host, until).await, ca_file);
        let error = http.read(Request::get("x", "core")).await.unwrap_err();
        let ConnectorError::Misconfigured { what, .. } = &error else { panic!("{error:?}") };
        assert!(what.contains("TLS certificate"), "{what}");
        assert_eq!(http.requests(), 1);
        let error = http.write(Request::post("x", "core")).await.unwrap_err();
        assert!(matches!(error, WriteError::NotSent { .. }), "{error}");
    };
    check("127.0.0.1", 2100, None).await; // a CA nobody named
    check("127.0.0.1", 2021, Some(company.ca_file())).await; // expired
    check("tracker.example", 2100, Some(company.ca_file())).await; // another host's
}
