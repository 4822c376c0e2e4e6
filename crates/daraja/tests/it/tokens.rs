//! One token for everybody: fetched once, refreshed early, shared between servers, replaced when refused.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, ready};
use kaunta_daraja::token::read_token;
use kaunta_daraja::{
    AccessToken, Answer, AppId, ErrorKind, LeaseAnswer, MemoryTokens, Reached, Retry, StoredToken, TokenStore,
};
use kaunta_domain::time::Timestamp;

use crate::server::{NOW, Reply, Server, TestClock, client, client_over, keys, push, pushed, reply};

#[tokio::test]
async fn fifty_calls_at_once_fetch_one_token() {
    let server = Server::answering([pushed()]).await;
    let client = client(&server.url);
    let results = join_all((0..50).map(|_| async { client.push(&keys(), &push()).await })).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(server.tokens_fetched(), 1);
    assert_eq!(server.seen().len(), 51);
}

#[tokio::test]
async fn fifty_calls_with_wrong_keys_ask_once() {
    let slow = Reply {
        delay: Duration::from_millis(100),
        ..reply(400, "")
    };
    let server = Server::with_tokens([slow], [pushed()]).await;
    let client = client(&server.url);
    let results = join_all((0..50).map(|_| async { client.push(&keys(), &push()).await })).await;
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind, error.reached, error.status),
            (ErrorKind::BadCredentials, Reached::No, Some(400))
        );
    }
    assert_eq!(server.tokens_fetched(), 1);
    // Who comes later asks again: the keys may have been set right.
    assert!(client.push(&keys(), &push()).await.is_err());
    assert_eq!(server.tokens_fetched(), 2);
}

#[tokio::test]
async fn a_token_is_refreshed_a_minute_before_its_end() {
    let server = Server::answering([pushed()]).await;
    let clock = TestClock::new();
    let client = client_over(&server.url, Arc::new(MemoryTokens::default()), &clock);
    client.push(&keys(), &push()).await.unwrap();
    clock.advance(Duration::from_secs(3599 - 61));
    client.push(&keys(), &push()).await.unwrap();
    assert_eq!(server.tokens_fetched(), 1);
    clock.advance(Duration::from_secs(1));
    client.push(&keys(), &push()).await.unwrap();
    assert_eq!(server.tokens_fetched(), 2);
    assert_eq!(
        server.seen().last().unwrap().headers["authorization"],
        "Bearer token-2"
    );
}

#[tokio::test]
async fn each_app_has_its_own_token() {
    let server = Server::answering([pushed()]).await;
    let client = client(&server.url);
    client.push(&keys(), &push()).await.unwrap();
    client
        .push(&kaunta_daraja::AppKeys::new("other-key", "other-secret"), &push())
        .await
        .unwrap();
    assert_eq!(server.tokens_fetched(), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let refusals = [
        reply(
            404,
            r#"{"requestId":"1","errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#,
        ),
        reply(
            400,
            r#"{"requestId":"1","errorCode":"400.003.01","errorMessage":"Invalid Access Token"}"#,
        ),
        reply(
            401,
            r#"{"errorCode":"401.002.01","errorMessage":"Error Occurred - Invalid Access Token - token-1"}"#,
        ),
        reply(401, ""),
        reply(
            401,
            r#"{"fault":{"faultstring":"Invalid Access Token","detail":{"errorcode":"keymanagement.service.invalid_access_token"}}}"#,
        ),
        reply(
            200,
            r#"{"requestId":"1","errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#,
        ),
    ];
    for refusal in refusals {
        let server = Server::answering([refusal.clone(), pushed()]).await;
        client(&server.url).push(&keys(), &push()).await.unwrap();
        assert_eq!(server.tokens_fetched(), 2, "{}", refusal.body);
        let sent: Vec<_> = server
            .seen()
            .iter()
            .filter(|seen| seen.path.starts_with("/mpesa"))
            .cloned()
            .collect();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[1].headers["authorization"], "Bearer token-2");

        // Refused for ever: two sendings and no more.
        let server = Server::answering([refusal]).await;
        let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reached, error.retry),
            (ErrorKind::InvalidToken, Reached::Yes, Retry::Later(None))
        );
        assert_eq!(
            server
                .seen()
                .iter()
                .filter(|seen| seen.path.starts_with("/mpesa"))
                .count(),
            2
        );
    }
}

#[tokio::test]
async fn a_missing_product_is_not_a_matter_of_the_token() {
    let words = "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found";
    let body = format!(r#"{{"requestId":"1","errorCode":"401.003.01","errorMessage":"{words}"}}"#);
    let server = Server::answering([reply(401, body)]).await;
    let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.retry),
        (ErrorKind::ProductMissing, Retry::Never)
    );
    assert_eq!((server.tokens_fetched(), server.seen().len()), (1, 2));
}

#[tokio::test]
async fn fifty_calls_with_a_refused_token_fetch_one_more() {
    let server = Server::answering([pushed()]).await;
    let client = client(&server.url);
    client.check_keys(&keys()).await.unwrap();
    server.refuse("token-1");
    let results = join_all((0..50).map(|_| async { client.push(&keys(), &push()).await })).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(server.tokens_fetched(), 2);
}

#[tokio::test]
async fn two_servers_over_one_store_fetch_one_token() {
    let server = Server::with_tokens(
        [Reply {
            delay: Duration::from_millis(150),
            ..reply(200, r#"{"access_token":"shared","expires_in":3599}"#)
        }],
        [pushed()],
    )
    .await;
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::default());
    let clock = TestClock::new();
    let (one, two) = (
        client_over(&server.url, Arc::clone(&store), &clock),
        client_over(&server.url, store, &clock),
    );
    let (keys, push) = (keys(), push());
    let (first, second) = tokio::join!(one.push(&keys, &push), two.push(&keys, &push));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(server.tokens_fetched(), 1);
}

#[tokio::test]
async fn a_token_that_another_server_replaced_is_taken_from_the_store() {
    let refused = reply(
        404,
        r#"{"errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#,
    );
    let server = Server::answering([pushed(), refused, pushed()]).await;
    let store = Arc::new(MemoryTokens::default());
    let client = client_over(
        &server.url,
        Arc::clone(&store) as Arc<dyn TokenStore>,
        &TestClock::new(),
    );
    client.push(&keys(), &push()).await.unwrap();
    let good_until = Timestamp::from_millis(NOW + 1_000_000);
    store
        .save(
            &keys().id(),
            StoredToken {
                token: AccessToken::new("theirs"),
                good_until,
            },
        )
        .await;
    client.push(&keys(), &push()).await.unwrap();
    assert_eq!(server.tokens_fetched(), 1);
    assert_eq!(
        server.seen().last().unwrap().headers["authorization"],
        "Bearer theirs"
    );
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_no_lease_behind() {
    let slow = Reply {
        delay: Duration::from_millis(150),
        ..reply(200, r#"{"access_token":"slow"}"#)
    };
    let server = Server::with_tokens([slow], [pushed()]).await;
    let client = client(&server.url);
    let (keys, push) = (keys(), push());
    let given_up = tokio::time::timeout(Duration::from_millis(30), client.push(&keys, &push)).await;
    assert!(given_up.is_err());
    let again = tokio::time::timeout(Duration::from_secs(2), client.push(&keys, &push)).await;
    assert!(again.unwrap().is_ok());
    assert_eq!(server.tokens_fetched(), 1);
}

/// A store whose lease somebody holds, and who saves after a few looks.
#[derive(Default)]
struct HeldElsewhere(std::sync::atomic::AtomicUsize);

impl TokenStore for HeldElsewhere {
    fn load<'a>(&'a self, _: &'a AppId) -> BoxFuture<'a, Option<StoredToken>> {
        let looks = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let good_until = Timestamp::from_millis(NOW + 1_000_000);
        ready((looks > 3).then(|| StoredToken {
            token: AccessToken::new("elsewhere"),
            good_until,
        }))
        .boxed()
    }

    fn lease<'a>(&'a self, _: &'a AppId) -> BoxFuture<'a, LeaseAnswer> {
        ready(LeaseAnswer::Theirs).boxed()
    }

    fn save<'a>(&'a self, _: &'a AppId, _: StoredToken) -> BoxFuture<'a, ()> {
        panic!("a server without the lease must not save")
    }

    fn forget<'a>(&'a self, _: &'a AppId, _: &'a AccessToken) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }

    fn release<'a>(&'a self, _: &'a AppId) -> BoxFuture<'a, ()> {
        panic!("a server without the lease must not release it")
    }
}

#[tokio::test]
async fn who_does_not_hold_the_lease_waits_for_what_is_saved() {
    let server = Server::answering([pushed()]).await;
    let store = Arc::new(HeldElsewhere::default());
    client_over(&server.url, store, &TestClock::new())
        .push(&keys(), &push())
        .await
        .unwrap();
    assert_eq!(server.tokens_fetched(), 0);
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer elsewhere");
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_given_to_one_and_lapses() {
    let (store, app) = (MemoryTokens::default(), keys().id());
    assert_eq!(store.lease(&app).await, LeaseAnswer::Mine);
    assert_eq!(store.lease(&app).await, LeaseAnswer::Theirs);
    tokio::time::advance(kaunta_daraja::token::LEASE).await;
    assert_eq!(store.lease(&app).await, LeaseAnswer::Mine);
    store.release(&app).await;
    assert_eq!(store.lease(&app).await, LeaseAnswer::Mine);
    let token = StoredToken {
        token: AccessToken::new("a"),
        good_until: Timestamp::from_millis(1),
    };
    store.save(&app, token.clone()).await;
    assert_eq!(store.lease(&app).await, LeaseAnswer::Mine);
    store.forget(&app, &AccessToken::new("b")).await;
    assert_eq!(store.load(&app).await, Some(token.clone()));
    store.forget(&app, &token.token).await;
    assert_eq!(store.load(&app).await, None);
}

#[test]
fn a_token_s_life_is_read_from_every_form() {
    let asked = Timestamp::from_millis(0);
    let used = |body: &str| {
        read_token(&Answer::new(200, body.to_owned()), asked)
            .map(|stored| stored.good_until.seconds())
            .ok()
    };
    assert_eq!(used(r#"{"access_token":"a","expires_in":"3599"}"#), Some(3539));
    assert_eq!(used(r#"{"access_token":"a","expires_in":3599}"#), Some(3539));
    assert_eq!(used(r#"{"access_token":"a"}"#), Some(3540));
    assert_eq!(used(r#"{"access_token":"a","expires_in":"soon"}"#), Some(3540));
    assert_eq!(used(r#"{"access_token":"a","expires_in":30}"#), Some(15));
    assert_eq!(
        used(r#"{"access_token":"a","expires_in":99999999999}"#),
        Some(3540)
    );
    assert_eq!(used(r#"{"access_token":""}"#), None);
    assert_eq!(used("<html>"), None);
}

#[test]
fn wrong_keys_are_told_apart_from_everything_else() {
    let kind = |status: u16, body: &str| {
        read_token(&Answer::new(status, body.to_owned()), Timestamp::from_millis(0))
            .unwrap_err()
            .kind
    };
    assert_eq!(kind(400, ""), ErrorKind::BadCredentials);
    assert_eq!(kind(401, ""), ErrorKind::BadCredentials);
    assert_eq!(
        kind(
            400,
            r#"{"errorCode":"400.008.01","errorMessage":"Invalid Authentication passed"}"#
        ),
        ErrorKind::BadCredentials
    );
    assert_eq!(
        kind(
            400,
            r#"{"errorCode":"999991","errorMessage":"Invalid client id passed"}"#
        ),
        ErrorKind::BadCredentials
    );
    assert_eq!(kind(503, "<html>"), ErrorKind::ServerError);
    assert!(matches!(
        kind(403, "Request unsuccessful. Incapsula incident ID: 1"),
        ErrorKind::Busy(_)
    ));
    assert_eq!(kind(200, "<html>"), ErrorKind::Unreadable);
}
