//! Whole conversations with a mail server.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use connector_kit::clock::SetClock;
use connector_kit::{Block, Span};
use connector_simulator::mail::{MailServer, Step, Trouble};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

fn config(server: Server) -> Config {
    let password = server.user.is_some().then(|| Secret::fixed("hush hush"));
    Config { from: "gapwatch <gapwatch@example.org>".to_owned(), server, password, ca_file: None, unsubscribe: None }
}

fn email(config: Config) -> Email {
    Email::new(config, Arc::new(SetClock::new("2026-03-17T10:00:00Z".parse().unwrap()))).unwrap()
}

fn at(server: &MailServer, user: &str) -> Email {
    let url = format!("smtp://{user}{}", server.address());
    email(config(Server::parse(&url).unwrap()))
}

fn words() -> Text {
    let line = vec![Span::Plain("OPS-1 ".to_owned()), Span::Strong("is behind its pace".to_owned())];
    Text { summary: "OPS-1 is behind its pace: 20 %".to_owned(), blocks: vec![Block::Line(line)] }
}

fn mark() -> Mark {
    Mark { wire: "0123456789abcdef0123456789abcdef".to_owned(), mac: "m".to_owned() }
}

async fn send(email: &Email, to: &str) -> Result<MessageRef, WriteError> {
    email.send(&Destination::Email(to.to_owned()), &words(), &mark(), None).await
}

#[tokio::test]
async fn a_mail_is_handed_over_whole_and_only_once() {
    let server = MailServer::start().await.unwrap();
    let email = at(&server, "");
    let sent = send(&email, "ana@example.org").await.unwrap();
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].from.as_str(), &mails[0].to), ("gapwatch@example.org", &vec!["ana@example.org".to_owned()]));
    assert!(sent.0.starts_with(&mails[0].header("Message-ID").unwrap()), "{sent:?}");
    let found = email.find(&Destination::Email("a@b".to_owned()), &mark(), Timestamp::MIN, None).await.unwrap();
    assert!(matches!(found, Found::CannotTell(_)));
    assert!(matches!(email.edit(&sent, &words(), &mark()).await, Err(WriteError::Refused { .. })));
}

#[tokio::test]
async fn who_has_to_log_in_does_so_and_a_password_that_is_refused_is_told_without_it() {
    let server = MailServer::start().await.unwrap();
    server.demand("gapwatch@example.org", "hush hush");
    send(&at(&server, "gapwatch%40example.org@"), "ana@example.org").await.unwrap();
    assert_eq!(server.mails()[0].login.as_deref(), Some("gapwatch@example.org"));
    assert_eq!(at(&server, "gapwatch%40example.org@").whoami().await.unwrap(), Vec::<String>::new());
    let wrong = at(&server, "somebody@");
    for why in [
        send(&wrong, "ana@example.org").await.unwrap_err().to_string(),
        wrong.whoami().await.unwrap_err().to_string(),
        send(&at(&server, ""), "ana@example.org").await.unwrap_err().to_string(),
    ] {
        assert!(why.contains("credential") && !why.contains("hush") && !why.contains("ana@"), "{why}");
    }
    assert_eq!(server.mails().len(), 1, "nothing is sent by looking or in vain");
}

#[tokio::test]
async fn each_end_of_a_conversation_leads_to_its_own_next_step() {
    let word = |error: &WriteError| match error {
        WriteError::NotSent { .. } => "later",
        WriteError::Unsure { .. } => "unsure",
        WriteError::Refused { .. } => "refused",
        WriteError::Unauthorized { .. } => "unauthorized",
        WriteError::Gone { .. } => "gone",
        WriteError::Unheard { .. } => "unheard",
    };
    let steps = [Step::Greeting, Step::Sender, Step::Recipient, Step::Data, Step::Mail];
    for (trouble, expected) in [
        (Trouble::Say(421, "4.3.2 try again later"), ["later"; 5]),
        (Trouble::Say(451, "4.7.1 greylisted"), ["later"; 5]),
        (
            Trouble::Say(550, "5.1.1 <ana@example.org> no"),
            ["unauthorized", "unauthorized", "refused", "refused", "refused"],
        ),
        (Trouble::Cut, ["later", "later", "later", "later", "unsure"]),
        (Trouble::KeepAndCut, ["later", "later", "later", "later", "unsure"]),
    ] {
        for (step, expected) in steps.into_iter().zip(expected) {
            let server = MailServer::start().await.unwrap();
            server.fail_next(step, trouble.clone(), 1);
            let error = send(&at(&server, ""), "ana@example.org").await.unwrap_err();
            assert_eq!(word(&error), expected, "{step:?} {trouble:?}: {error}");
            assert!(!error.to_string().contains("ana@"), "{error}");
            let kept = usize::from(step == Step::Mail && trouble == Trouble::KeepAndCut);
            assert_eq!(server.mails().len(), kept, "{step:?} {trouble:?}");
            send(&at(&server, ""), "ana@example.org").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_login_that_fails_for_now_is_tried_again() {
    let server = MailServer::start().await.unwrap();
    server.fail_next(Step::Login, Trouble::Say(454, "4.7.0 Temporary authentication failure"), 1);
    let error = send(&at(&server, "gapwatch@"), "ana@example.org").await.unwrap_err();
    assert!(matches!(error, WriteError::NotSent { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_no_connection_and_an_address_that_is_none_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&email(config(Server::parse(&nobody).unwrap())), "ana@example.org").await.unwrap_err();
    assert!(matches!(error, WriteError::NotSent { .. }), "{error}");
    let server = MailServer::start().await.unwrap();
    for to in ["", "ana", "ana@", "ana@example.org\r\nRCPT TO:<x@y.z>", "<ana@example.org>", "änä@example.org"] {
        let error = send(&at(&server, ""), to).await.unwrap_err();
        assert!(matches!(error, WriteError::Refused { .. }), "{to}: {error}");
    }
    assert_eq!(server.mails(), []);
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_to_another_machine() {
    let server = MailServer::start().await.unwrap();
    let (host, port) = (server.address().ip().to_string(), server.address().port());
    let elsewhere = Server { host, port, protection: Protection::StartTls, user: Some("gapwatch".to_owned()) };
    let error = send(&email(config(elsewhere)), "ana@example.org").await.unwrap_err();
    assert!(matches!(&error, WriteError::Unauthorized { because } if because.contains("STARTTLS")), "{error}");
}

/// A door with a certificate before a mail server.
async fn door(server: &MailServer, ca: &CertifiedIssuer<'static, KeyPair>, host: &str) -> u16 {
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), server.address());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut inner = TcpStream::connect(behind).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut inner).await });
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted_and_the_company_may_have_a_ca_of_its_own() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let server = MailServer::start().await.unwrap();
    for (host, ca_file, good) in
        [("localhost", Some(file.clone()), true), ("localhost", None, false), ("other.example", Some(file), false)]
    {
        let port = door(&server, &ca, host).await;
        let tls = Server::parse(&format!("smtps://localhost:{port}")).unwrap();
        let email = email(Config { ca_file, ..config(tls) });
        let sent = send(&email, "ana@example.org").await;
        assert_eq!(sent.is_ok(), good, "{host}: {sent:?}");
        let Err(error) = sent else { continue };
        assert!(matches!(&error, WriteError::NotSent { because, .. } if because.contains("ca_file")), "{error}");
        let look = email.whoami().await.unwrap_err();
        assert!(matches!(look, ConnectorError::Misconfigured { .. }), "{look}");
    }
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_sender_or_a_ca_file_that_cannot_be_used_is_told() {
    let clock: Arc<dyn Clock> = Arc::new(SetClock::new(Timestamp::UNIX_EPOCH));
    let server = Server::parse("smtps://smtp.example.org").unwrap();
    for from in ["", "gapwatch", "gapwatch <gapwatch>", "a@b.example\r\nBcc: x@y.example"] {
        assert!(is_sender(from).is_err(), "{from}");
        assert!(Email::new(Config { from: from.to_owned(), ..config(server.clone()) }, clock.clone()).is_err());
    }
    let ca_file = Some(PathBuf::from("/no/such/file"));
    assert!(Email::new(Config { ca_file, ..config(server) }, clock).is_err());
}
