//! Every answer to a push, a query and a registration that documents or recordings know, and what it means.

use kaunta_daraja::c2b::read_registered;
use kaunta_daraja::stk::read_push;
use kaunta_daraja::stk_query::read_query;
use kaunta_daraja::{Answer, Error, ErrorKind, QueryAnswer, Reached, Registered, Retry};

fn error_body(code: &str, message: &str) -> String {
    format!(
        r#"{{"requestId":"1c5b-4ba8-815c-ac45c57a3db01495926","errorCode":"{code}","errorMessage":"{message}"}}"#
    )
}

fn refused_push(status: u16, body: impl Into<String>) -> Error {
    read_push(&Answer::new(status, body.into())).expect_err("a refusal")
}

/// HTTP status, errorCode, errorMessage, what it means, whose fault.
const REFUSALS: &str = r#"
400 | 400.002.02 | Bad Request - Invalid CallBackURL | InvalidField("CallBackURL") | Ours
400 | 400.002.02 | Bad Request - Invalid Remarks | InvalidField("Remarks") | Ours
400 | 400.002.02 | Bad Request - Invalid PhoneNumber | InvalidPhone | Shopper
400 | 400.002.02 | Bad Request - Invalid PartyA | InvalidPhone | Shopper
400 | 400.002.05 | Invalid Request Payload | InvalidField("Request Payload") | Ours
400 | 400.003.02 | Bad Request | InvalidField("") | Ours
404 | 404.001.03 | Invalid Access Token | InvalidToken | Ours
404 | 404.001.01 | Resource not found | NoSuchPath | Ours
405 | 405.001 | GET Method Not Allowed | NoSuchPath | Ours
500 | 500.001.1001 | Merchant does not exist | MerchantUnknown | Ours
500 | 500.001.1001 | Wrong credentials | WrongPasskey | Ours
500 | 500.001.1001 | [MerchantValidate] - Wrong credentials | WrongPasskey | Ours
500 | 500.001.1001 | Unable to lock subscriber, a transaction is already in process | SubscriberLocked | Shopper
500 | 500.001.1001 | Merchant not allowed to carry out transaction type X | TransactionTypeNotAllowed | Ours
500 | 500.001.1001 | Missing ICCID value in request | InvalidPhone | Shopper
500 | 500.001.1001 |  | Refused | Theirs
500 | 500.003.02 | System is busy. Please try again in few minutes. | Busy(System) | Theirs
500 | 500.003.02 | Error Occurred: Spike Arrest Violation | Busy(SpikeArrest) | Theirs
500 | 500.003.03 | Error Occurred: Quota Violation | Busy(Quota) | Theirs
500 | 500.003.1001 | Internal Server Error | Refused | Theirs
500 | 500.002.1001 | Duplicate OriginatorConversationID. | DuplicateRequest | Ours
200 | 500.001.1001 | Wrong credentials | WrongPasskey | Ours
"#;

#[test]
fn refusals_are_told_apart_by_code_and_words() {
    for line in REFUSALS.trim().lines() {
        let [status, code, message, kind, fault] = columns(line);
        let error = refused_push(status.parse().unwrap(), error_body(code, message));
        assert_eq!(
            format!("{:?} | {:?}", error.kind, error.fault),
            format!("{kind} | {fault}"),
            "{line}"
        );
        assert_eq!(
            (error.reached, error.code.as_deref()),
            (Reached::Yes, Some(code)),
            "{line}"
        );
        assert_eq!(error.status.unwrap().to_string(), status);
        assert_eq!(
            error.request_id.as_deref(),
            Some("1c5b-4ba8-815c-ac45c57a3db01495926")
        );
    }
}

fn columns<const N: usize>(line: &str) -> [&str; N] {
    let parts: Vec<&str> = line.split('|').map(str::trim).collect();
    parts.try_into().unwrap_or_else(|_| panic!("columns of {line}"))
}

#[test]
fn what_may_be_tried_again_says_when() {
    let locked = refused_push(
        500,
        error_body(
            "500.001.1001",
            "Unable to lock subscriber, a transaction is already in process",
        ),
    );
    assert_eq!(
        locked.retry,
        Retry::Later(Some(std::time::Duration::from_mins(1)))
    );
    assert_eq!(
        refused_push(500, error_body("500.003.02", "System is busy.")).retry,
        Retry::Later(None)
    );
    assert_eq!(
        refused_push(500, error_body("500.001.1001", "Wrong credentials")).retry,
        Retry::Never
    );
}

/// HTTP status, body, what it means, whether it took effect.
const STRANGE: &str = r#"
403 | <html>Request unsuccessful. Incapsula incident ID: 173000</html> | Busy(Firewall) | No
503 | <html>Request unsuccessful. Incapsula incident ID: 173000</html> | Busy(Firewall) | Maybe
503 | <html>Service Unavailable</html> | ServerError | Maybe
500 |  | ServerError | Maybe
502 | {} | ServerError | Maybe
429 | Spike arrest violation. Allowed rate : 5 | Busy(SpikeArrest) | Yes
429 | {"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}} | Busy(Quota) | Yes
500 | {"fault":{"faultstring":"Slow down","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}} | Busy(SpikeArrest) | Yes
504 | {"fault":{"faultstring":"Gateway Timeout","detail":{"errorcode":"messaging.adaptors.http.flow.GatewayTimeout"}}} | ServerError | Maybe
400 | <html> | Refused | Yes
404 | <html> | NoSuchPath | Yes
408 |  | Timeout | Maybe
302 |  | Unreadable | Maybe
200 | <html> | Unreadable | Maybe
200 | [] | Unreadable | Maybe
200 | {"ResponseCode":"0"} | Unreadable | Maybe
200 | {"ResponseCode":"1","ResponseDescription":"Rejected"} | Refused | Yes
"#;

#[test]
fn answers_that_are_not_daraja_s_are_exact_about_what_is_unknown() {
    for line in STRANGE.trim().lines() {
        let [status, body, kind, reached] = columns(line);
        let error = refused_push(status.parse().unwrap(), body);
        assert_eq!(
            format!("{:?} | {:?}", error.kind, error.reached),
            format!("{kind} | {reached}"),
            "{line}"
        );
        assert_eq!(error.is_uncertain(), reached == "Maybe", "{line}");
    }
}

#[test]
fn every_zero_is_success_and_every_type_is_read() {
    for code in [r#""0""#, r#""00""#, r#""00000000""#, "0"] {
        let body = format!(
            r#"{{"MerchantRequestID":17,"CheckoutRequestID":"ws_CO_1","ResponseCode":{code},"errorCode":null}}"#
        );
        let pushed = read_push(&Answer::new(200, body)).unwrap();
        assert_eq!(
            (
                pushed.merchant_request_id.as_str(),
                pushed.checkout_request_id.as_str()
            ),
            ("17", "ws_CO_1")
        );
    }
}

#[test]
fn a_query_knows_all_ways_of_not_yet_and_of_nothing() {
    let ask = |status: u16, body: String| read_query(&Answer::new(status, body));
    let pending = r#"{"ResponseCode":"0","ResultCode":"4999","ResultDesc":"The transaction is still under processing"}"#;
    assert_eq!(ask(200, pending.into()), Ok(QueryAnswer::NotYet));
    assert_eq!(
        ask(200, pending.replace("\"4999\"", "4999")),
        Ok(QueryAnswer::NotYet)
    );
    for status in [200, 500] {
        let processing = error_body("500.001.1001", "The transaction is being processed");
        assert_eq!(ask(status, processing), Ok(QueryAnswer::NotYet));
        for words in [
            "",
            "The transaction does not Exist",
            "Internal Server Error",
            "Wrong credentials",
        ] {
            assert_eq!(
                ask(status, error_body("500.001.1001", words)),
                Ok(QueryAnswer::NoAnswer),
                "{words}"
            );
        }
    }
    let young = error_body("400.002.02", "Bad Request - Invalid CheckoutRequestID");
    assert_eq!(ask(400, young), Ok(QueryAnswer::NotYet));
    assert_eq!(
        ask(404, error_body("01", "No transaction found")),
        Ok(QueryAnswer::NoAnswer)
    );
    assert_eq!(
        ask(
            200,
            r#"{"ResponseCode":"0","ResponseDescription":"accepted"}"#.into()
        ),
        Ok(QueryAnswer::NoAnswer)
    );
}

#[test]
fn a_query_that_fails_is_an_error_and_no_verdict() {
    let ask = |status: u16, body: &str| read_query(&Answer::new(status, body.to_owned())).unwrap_err();
    assert_eq!(
        ask(400, &error_body("400.002.02", "Bad Request - Invalid Password")).kind,
        ErrorKind::InvalidField("Password".into())
    );
    assert_eq!(
        ask(404, &error_body("404.001.03", "Invalid Access Token")).kind,
        ErrorKind::InvalidToken
    );
    assert_eq!(
        ask(404, &error_body("404.001.01", "Resource not found")).kind,
        ErrorKind::NoSuchPath
    );
    assert!(matches!(
        ask(429, "Spike arrest violation").kind,
        ErrorKind::Busy(_)
    ));
    assert_eq!(ask(200, r#"{"ResultCode":"-5"}"#).kind, ErrorKind::Unreadable);
    assert_eq!(ask(502, "<html>").retry, Retry::Later(None));
}

#[test]
fn a_final_code_is_read_as_a_string_and_as_a_number() {
    for (code, text) in [
        (r#""0""#, "0"),
        ("1", "1"),
        (r#""SFC_IC0003""#, "SFC_IC0003"),
        ("1037", "1037"),
    ] {
        let body = format!(r#"{{"ResponseCode":"0","ResultCode":{code},"ResultDesc":"words"}}"#);
        let Ok(QueryAnswer::Final {
            code, description, ..
        }) = read_query(&Answer::new(200, body))
        else {
            panic!()
        };
        assert_eq!((code.as_str(), description.as_deref()), (text, Some("words")));
    }
}

#[test]
fn registrations_old_and_new_are_read() {
    let read = |status: u16, body: &str| read_registered(&Answer::new(status, body.to_owned()));
    let old = r#"{"ConversationID":"","OriginatorCoversationID":"","ResponseDescription":"success"}"#;
    assert_eq!(read(200, old), Ok(Registered::Now));
    for words in [
        "Urls are already registered.",
        "Duplicate notification info, SP ID is 107031, correlator is 1",
    ] {
        assert_eq!(
            read(500, &error_body("500.003.1001", words)),
            Ok(Registered::Already)
        );
    }
    assert_eq!(
        read(500, &error_body("500.003.1001", "Internal Server Error"))
            .unwrap_err()
            .kind,
        ErrorKind::Refused
    );
    assert!(read(200, "{}").is_err());
}
