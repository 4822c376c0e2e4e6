//! Nothing that can be printed shows a secret, a token or a phone.

use std::fmt::Debug;
use std::sync::Arc;

use kaunta_daraja::b2c::{Command, PaidOut, Payout};
use kaunta_daraja::c2b::{RegisterUrls, ResponseType, Version, read_c2b};
use kaunta_daraja::callback::read_stk;
use kaunta_daraja::other::read_any;
use kaunta_daraja::pull::{PullRegister, read_pull};
use kaunta_daraja::request::{Initiator, Party, ReplyTo};
use kaunta_daraja::result::read_result;
use kaunta_daraja::status::TransactionStatus;
use kaunta_daraja::stk::read_push;
use kaunta_daraja::stk_query::read_query;
use kaunta_daraja::{AccessToken, Answer, MemoryTokens, Query, StoredToken, TokenStore};
use kaunta_domain::money::Kes;
use kaunta_domain::time::Timestamp;

use crate::readers::{family, fixture};
use crate::server::{PASS_KEY, PHONE, Server, TestClock, client, client_over, keys, push, reply};

const TOKEN: &str = "c9SQxWWhmdVRlyh0zh8gZDTkubVF";
const SECRETS: [&str; 9] = [
    "consumer-key",
    "consumer-secret",
    PASS_KEY,
    PHONE,
    TOKEN,
    "711000222",
    "sealed-password",
    "WANJIRU",
    "secret-path",
];

#[track_caller]
fn hides(thing: &dyn Debug) {
    let shown = format!("{thing:?} {thing:#?}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

fn initiator() -> Initiator {
    Initiator {
        name: "shopapi".into(),
        credential: "sealed-password".into(),
    }
}

#[test]
fn requests_hide_what_they_carry() {
    hides(&keys());
    hides(&push());
    let checkout_request_id = format!("ws_CO_2111202610150041{}", &PHONE[3..]);
    hides(&Query {
        short_code: "505150".into(),
        pass_key: PASS_KEY.into(),
        checkout_request_id,
    });
    hides(&initiator());
    hides(&Party::Phone(PHONE.into()));
    let url: url::Url = "https://pay.example/rail/secret-path".parse().unwrap();
    hides(&PullRegister {
        short_code: "505150".into(),
        nominated_number: PHONE.into(),
        callback_url: url.clone(),
    });
    let token = StoredToken {
        token: AccessToken::new(TOKEN),
        good_until: Timestamp::from_millis(0),
    };
    hides(&token);
    let payout = Payout {
        originator_conversation_id: "payout-1".into(),
        initiator: initiator(),
        command: Command::BusinessPayment,
        amount: Kes::new(450),
        short_code: "505150".into(),
        phone: PHONE.into(),
        remarks: "refund".into(),
        occasion: String::new(),
        reply_to: ReplyTo {
            result_url: url.clone(),
            timeout_url: url,
        },
    };
    hides(&payout.initiator);
    hides(&payout.reply_to);
    let (confirmation_url, validation_url) = (payout.reply_to.result_url, payout.reply_to.timeout_url);
    let short_code = "505150".into();
    let (response_type, version) = (ResponseType::Completed, Version::V2);
    hides(&RegisterUrls {
        short_code,
        response_type,
        confirmation_url,
        validation_url,
        version,
    });
}

#[test]
fn bodies_hide_who_they_are_about() {
    for name in family("stk") {
        hides(&read_stk(&fixture(&name)));
        hides(&read_stk(&fixture(&name)).unwrap().verdict());
    }
    for name in family("c2b") {
        hides(&read_c2b(&fixture(&name)));
    }
    for name in family("result") {
        let result = read_result(&fixture(&name)).unwrap();
        hides(&result);
        hides(&PaidOut::of(&result));
        hides(&TransactionStatus::of(&result));
    }
    for name in ["stk", "c2b", "result", "pull", "malformed"]
        .into_iter()
        .flat_map(family)
    {
        hides(&read_any(&fixture(&name)));
    }
    hides(&read_pull(&fixture("pull/page")));
    let body = format!(
        r#"{{"ResponseCode":"0","ResultCode":"0","CheckoutRequestID":"ws_CO_211120261015{}"}}"#,
        &PHONE[3..]
    );
    hides(&read_push(&Answer::new(200, body.clone())));
    hides(&read_query(&Answer::new(200, body.clone())));
    hides(&Answer::new(200, body));
}

#[tokio::test]
async fn an_error_that_quotes_the_token_does_not_pass_it_on() {
    // The second token is short enough to look like any word: it goes because it is the token.
    for token in [TOKEN, "consumer-key"] {
        let message = format!("Error Occurred - Invalid Access Token - {token}");
        let body = format!(
            r#"{{"requestId":"{token}","errorCode":"401.002.01","errorMessage":"{message} {PHONE}"}}"#
        );
        let given = format!(r#"{{"access_token":"{token}","expires_in":"3599"}}"#);
        let server = Server::with_tokens([reply(200, given)], [reply(401, body)]).await;
        let error = client(&server.url).push(&keys(), &push()).await.unwrap_err();
        hides(&error);
        hides(&error.to_string());
    }
}

#[tokio::test]
async fn no_failure_of_the_way_shows_anything() {
    for url in ["http://127.0.0.1:1", "http://no-such-host.invalid"] {
        let error = client(&url.parse().unwrap())
            .push(&keys(), &push())
            .await
            .unwrap_err();
        hides(&error);
        hides(&error.to_string());
    }
}

#[tokio::test]
async fn clients_and_stores_can_be_printed() {
    let store = Arc::new(MemoryTokens::default());
    let token = StoredToken {
        token: AccessToken::new(TOKEN),
        good_until: Timestamp::from_millis(0),
    };
    store.save(&keys().id(), token).await;
    hides(&store);
    hides(&client_over(
        &"http://127.0.0.1:1".parse().unwrap(),
        store,
        &TestClock::new(),
    ));
}
