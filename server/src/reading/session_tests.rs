//! Each rule of a session's body, at its edge.

use serde_json::json;

use super::*;

fn errors(body: Value) -> Vec<(String, &'static str)> {
    match new_session(body) {
        Ok(_) => Vec::new(),
        Err(problem) => problem
            .field_errors()
            .iter()
            .map(|error| (error.pointer.clone(), error.code))
            .collect(),
    }
}

fn with(name: &str, value: Value) -> Value {
    let mut body = json!({ "amount": 1500 });
    body[name] = value;
    body
}

fn one(name: &str, value: Value) -> Option<&'static str> {
    let found = errors(with(name, value.clone()));
    assert!(found.len() <= 1, "{name} {value}: {found:?}");
    found.first().map(|(pointer, code)| {
        assert_eq!(pointer, &format!("/{name}"), "{value}");
        *code
    })
}

#[test]
fn an_amount_is_whole_shillings_from_1_to_250_000() {
    for fine in [json!(1), json!(1500), json!(250_000)] {
        assert_eq!(one("amount", fine), None);
    }
    for (wrong, code) in [
        (json!(0), "too_small"),
        (json!(-5), "too_small"),
        (json!(i64::MIN), "too_small"),
        (json!(250_001), "too_large"),
        (json!(u64::MAX), "too_large"),
        (json!(10.5), "not_whole"),
        (json!(10.0), "not_whole"),
        (json!(1e300), "not_whole"),
        (json!("10"), "not_a_number"),
        (json!(true), "not_a_number"),
        (json!([10]), "not_a_number"),
        (json!(null), "required"),
    ] {
        assert_eq!(one("amount", wrong.clone()), Some(code), "{wrong}");
    }
    assert_eq!(errors(json!({})), [("/amount".to_owned(), "required")]);
}

#[test]
fn texts_end_at_their_limit() {
    for (name, most) in [
        ("client_reference_id", limits::CLIENT_REFERENCE_CHARS),
        ("description", limits::DESCRIPTION_CHARS),
    ] {
        assert_eq!(one(name, json!("é".repeat(most))), None);
        assert_eq!(one(name, json!("é".repeat(most + 1))), Some("too_long"));
        assert_eq!(one(name, json!("")), Some("empty"));
        assert_eq!(one(name, json!(7)), Some("not_a_text"));
        assert_eq!(one(name, json!("a\0b")), Some("control_character"));
        assert_eq!(one(name, json!(null)), None);
    }
}

#[test]
fn metadata_has_its_limits() {
    let keys = |count: usize| {
        (0..count)
            .map(|at| (format!("k{at}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
    };
    assert_eq!(one("metadata", Value::Object(keys(limits::METADATA_KEYS))), None);
    assert_eq!(
        one("metadata", Value::Object(keys(limits::METADATA_KEYS + 1))),
        Some("too_many")
    );
    let entry = |name: &str, value: Value| {
        errors(with("metadata", json!({ name: value })))
            .first()
            .map(|error| error.1)
    };
    assert_eq!(entry(&"k".repeat(limits::METADATA_KEY_CHARS), json!("v")), None);
    assert_eq!(
        entry(&"k".repeat(limits::METADATA_KEY_CHARS + 1), json!("v")),
        Some("too_long")
    );
    assert_eq!(entry("k", json!("v".repeat(limits::METADATA_VALUE_CHARS))), None);
    assert_eq!(
        entry("k", json!("v".repeat(limits::METADATA_VALUE_CHARS + 1))),
        Some("too_long")
    );
    assert_eq!(entry("k", json!(5)), Some("not_a_text"));
    assert_eq!(
        errors(with("metadata", json!({ "a/b~c": 5 }))),
        [("/metadata/a~1b~0c".to_owned(), "not_a_text")]
    );
    assert_eq!(one("metadata", json!([])), Some("not_an_object"));
}

#[test]
fn line_items_add_up() {
    let items = |items: Value| errors(with("line_items", items));
    let shirt = json!({ "name": "Shirt", "quantity": 2, "amount": 600 });
    assert!(items(json!([shirt, { "name": "Delivery", "quantity": 1, "amount": 300 }])).is_empty());
    assert!(items(json!([])).is_empty());
    assert_eq!(
        items(json!([shirt])),
        [("/line_items".to_owned(), "does_not_add_up")]
    );
    let wrong = items(
        json!([{ "name": "", "quantity": 0, "amount": 1.5, "colour": "red" }, 7, { "quantity": 1, "amount": 1500 }]),
    );
    let expected = [
        ("/line_items/0/name", "empty"),
        ("/line_items/0/quantity", "too_small"),
        ("/line_items/0/amount", "not_whole"),
        ("/line_items/0/colour", "unknown_field"),
        ("/line_items/1", "not_an_object"),
        ("/line_items/2/name", "required"),
    ];
    assert_eq!(wrong, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    let many = |count| Value::Array(vec![json!({ "name": "x", "quantity": 1, "amount": 15 }); count]);
    assert!(items(many(limits::LINE_ITEMS)).is_empty());
    assert_eq!(
        items(many(limits::LINE_ITEMS + 1)),
        [("/line_items".to_owned(), "too_many")]
    );
}

#[test]
fn return_addresses_are_on_the_web() {
    for name in ["success_url", "cancel_url"] {
        for fine in [
            "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
            "http://127.0.0.1:8000/{CHECKOUT_SESSION_ID}/ok#x",
        ] {
            assert_eq!(one(name, json!(fine)), None, "{fine}");
        }
        for wrong in [
            "javascript:alert(1)",
            "/thanks",
            "shop.example",
            "https://",
            "https://u:p@shop.example",
            "https://a b",
            "data:text/html,x",
            "https://{CHECKOUT_SESSION_ID}.shop.example/",
            "https://shop.example/\nx",
        ] {
            assert_eq!(one(name, json!(wrong)), Some("invalid_url"), "{wrong}");
        }
        let long = format!("https://shop.example/{}", "a".repeat(limits::URL_CHARS));
        assert_eq!(one(name, json!(long)), Some("too_long"));
    }
}

#[test]
fn the_life_of_a_session_has_its_edges() {
    let (least, most, usual) = limits::EXPIRES_IN_SECONDS;
    for (seconds, code) in [
        (least, None),
        (most, None),
        (least - 1, Some("too_small")),
        (most + 1, Some("too_large")),
    ] {
        assert_eq!(one("expires_in", json!(seconds)), code, "{seconds}");
    }
    let made = new_session(json!({ "amount": 1 })).ok().unwrap();
    assert_eq!(made.expires_in, Duration::from_secs(usual.unsigned_abs()));
}

#[test]
fn phones_channels_languages_and_looks_are_checked() {
    assert_eq!(one("customer_phone", json!("0712 345 678")), None);
    assert_eq!(
        one("customer_phone", json!("020 222 2222")),
        Some("phone_landline")
    );
    assert_eq!(one("customer_phone", json!(712_345_678)), Some("not_a_text"));
    assert_eq!(one("channel", json!("shop")), Some("unknown_channel"));
    assert_eq!(one("locale", json!("sw")), None);
    assert_eq!(one("locale", json!("SW")), Some("unknown_locale"));
    assert_eq!(
        one(
            "appearance",
            json!({ "theme": "dark", "color_primary": "#0A6B3D", "border_radius": 24 })
        ),
        None
    );
    let wrong = errors(with(
        "appearance",
        json!({ "theme": "blue", "color_primary": "red;}", "border_radius": 25, "css": "x" }),
    ));
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}

#[test]
fn all_wrong_fields_are_told_at_once() {
    let found =
        errors(json!({ "amount": "10", "locale": "fr", "amout": 10, "expires_in": 1, "success_url": "x" }));
    let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/amount", "/expires_in", "/success_url", "/locale", "/amout"]
    );
    assert_eq!(errors(json!([])), [(String::new(), "not_an_object")]);
    let flood: serde_json::Map<_, _> = (0..1000).map(|at| (format!("x{at}"), json!(1))).collect();
    assert_eq!(errors(Value::Object(flood)).len(), 100);
}

#[test]
fn a_prompt_needs_a_phone_and_nothing_else() {
    assert!(attempt_phone(json!({ "phone": "+254712345678" })).is_ok());
    for wrong in [
        json!({}),
        json!({ "phone": null }),
        json!({ "phone": "12" }),
        json!({ "phone": "0712345678", "amount": 5 }),
    ] {
        assert!(attempt_phone(wrong.clone()).is_err(), "{wrong}");
    }
}
