//! A name that changes its mind, and every way to write an address that is ours.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// Answers each question with the next of `answers`, the last of them for ever.
fn scripted(answers: &[&[&str]]) -> (Lookup, Arc<AtomicUsize>) {
    let answers: Vec<Vec<IpAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|text| text.parse().unwrap()).collect())
        .collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let at = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let answer = answers[at].clone();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

/// A receiver on the loopback that counts who connects and answers 200.
async fn receiver() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connected = Arc::new(AtomicUsize::new(0));
    let count = connected.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            drop(stream.read(&mut buffer).await);
            drop(
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .await,
            );
        }
    });
    (port, connected)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[tokio::test]
async fn a_name_that_turns_to_the_loopback_after_saving_is_not_connected_to() {
    install_tls();
    let (port, connected) = receiver().await;
    let (lookup, asked) = scripted(&[&["93.184.215.14"], &["127.0.0.1", "::1", "10.0.0.1"]]);
    let guarded = Egress::new(Reach::Public, lookup);
    let target = url(&format!("http://shop.example:{port}/hook"));
    assert_eq!(guarded.judge(&target).await, Ok(()));
    let exchange = guarded.post(&target, HeaderMap::new(), b"{}".to_vec()).await;
    assert_eq!(
        (exchange.error, exchange.status),
        (Some(Trouble::NotPublic), None)
    );
    assert_eq!(connected.load(Ordering::SeqCst), 0);
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "the name was looked up again for the connection"
    );

    // The same receiver, by the same name, is there for who may reach it.
    let (lookup, _) = scripted(&[&["127.0.0.1"]]);
    let open = Egress::new(Reach::Anywhere, lookup);
    let exchange = open.post(&target, HeaderMap::new(), b"{}".to_vec()).await;
    assert_eq!(
        (exchange.error, exchange.status),
        (None, Some(200)),
        "{:?}",
        exchange.detail
    );
    assert_eq!(connected.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn of_several_addresses_only_the_public_ones_are_tried() {
    install_tls();
    let (port, connected) = receiver().await;
    let (lookup, _) = scripted(&[&["127.0.0.1", "2001:db8::1"]]);
    let guarded = Egress::new(Reach::Public, lookup);
    let target = url(&format!("http://shop.example:{port}/"));
    assert_eq!(
        guarded.judge(&target).await,
        Err(NotPublic),
        "one private address is enough to refuse"
    );
    let exchange = guarded.post(&target, HeaderMap::new(), Vec::new()).await;
    assert_eq!(exchange.error, Some(Trouble::NotPublic));
    assert_eq!(connected.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn literal_addresses_in_any_spelling_are_refused_at_saving_and_at_sending() {
    install_tls();
    let (port, connected) = receiver().await;
    let (lookup, asked) = scripted(&[&["93.184.215.14"]]);
    let guarded = Egress::new(Reach::Public, lookup);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "192.168.0.1",
        "100.64.0.1",
        "[64:ff9b::7f00:1]",
        "１２７.0.0.1",
    ] {
        let target = url(&format!("http://{host}:{port}/"));
        assert_eq!(guarded.judge(&target).await, Err(NotPublic), "{host}");
        let exchange = guarded.post(&target, HeaderMap::new(), Vec::new()).await;
        assert_eq!(exchange.error, Some(Trouble::NotPublic), "{host}");
    }
    for name in [
        "localhost",
        "LOCALHOST.",
        "shop.localhost",
        "printer.local",
        "metadata.google.internal",
    ] {
        assert_eq!(
            guarded.judge(&url(&format!("http://{name}/"))).await,
            Err(NotPublic),
            "{name}"
        );
    }
    assert_eq!(
        (connected.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)),
        (0, 0)
    );
    assert_eq!(guarded.judge(&url("https://notlocalhost/")).await, Ok(()));
}

#[tokio::test]
async fn a_name_without_an_address_may_be_saved_and_fails_at_sending() {
    install_tls();
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("no such name")) }));
    let guarded = Egress::new(Reach::Public, lookup);
    let target = url("http://shop.example/hook?token=hunter2");
    assert_eq!(guarded.judge(&target).await, Ok(()));
    let exchange = guarded.post(&target, HeaderMap::new(), Vec::new()).await;
    assert_eq!(exchange.error, Some(Trouble::Unreachable));
    assert!(!exchange.detail.unwrap().contains("hunter2"));
}
