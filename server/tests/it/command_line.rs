//! The command line: its answers, its status, and what it says of bad settings and wrong usage.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::harness::Place;

#[tokio::test]
async fn a_test_merchant_needs_nothing_but_a_name() {
    let place = Place::new().await;
    let made = place.merchant("Duka Bora");
    assert!(made["merchant"].as_str().unwrap().starts_with("mer_"));
    assert!(made["channel"].as_str().unwrap().starts_with("chn_"));
    assert!(made["api_key"].as_str().unwrap().starts_with("sk_test_"));
    assert_eq!(made.as_object().unwrap().len(), 3);
    let listed = place.run_json(&["merchant", "list", "--json"]);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["name"]),
        (&made["merchant"], &json!("Duka Bora"))
    );
    let channels = place.run_json(&["channel", "list", "--json"]);
    assert_eq!(
        (
            &channels[0]["id"],
            &channels[0]["number"],
            &channels[0]["livemode"]
        ),
        (&made["channel"], &json!("174379"), &json!(false))
    );
    let text = String::from_utf8(place.run(&["merchant", "list"]).stdout).unwrap();
    assert!(text.contains("Duka Bora") && !text.contains("sk_test_"));
}

#[tokio::test]
async fn a_merchant_with_everything_is_made() {
    let place = Place::new().await;
    std::fs::write(place.path().join("secret"), "from-a-file\n").unwrap();
    let made = place.run_json(&[
        "merchant",
        "create",
        "--name",
        "Kibanda",
        "--till",
        "5678901",
        "--store",
        "600001",
        "--consumer-key",
        "k",
        "--consumer-secret-file",
        "secret",
        "--passkey",
        "p",
        "--origin",
        "https://shop.example",
        "--origin",
        "http://127.0.0.1:8080",
        "--json",
    ]);
    let listed = place.run_json(&["merchant", "list", "--json"]);
    assert_eq!(
        listed[0]["origins"],
        json!(["https://shop.example", "http://127.0.0.1:8080"])
    );
    let added = place.run_json(&[
        "channel",
        "add",
        "--merchant",
        made["merchant"].as_str().unwrap(),
        "--paybill",
        "600000",
        "--json",
    ]);
    let channels = place.run_json(&[
        "channel",
        "list",
        "--merchant",
        made["merchant"].as_str().unwrap(),
        "--json",
    ]);
    assert_eq!(
        (&channels[0]["kind"], &channels[0]["store"]),
        (&json!("till"), &json!("600001"))
    );
    assert_eq!(channels[1]["id"], added["channel"]);
}

#[tokio::test]
async fn real_money_needs_a_channel_credentials_and_https() {
    let mut place = Place::new().await;
    let live = [
        "merchant",
        "create",
        "--name",
        "Duka",
        "--live",
        "--paybill",
        "600000",
        "--consumer-key",
        "k",
        "--consumer-secret",
        "s",
        "--passkey",
        "p",
        "--json",
    ];
    let plain = place.run(&live);
    assert_eq!(plain.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&plain.stderr).contains("https://"));
    place.set("KAUNTA_PUBLIC_URL", "https://pay.shop.example");
    assert!(
        place.run_json(&live)["api_key"]
            .as_str()
            .unwrap()
            .starts_with("sk_live_")
    );
    for left_out in ["--paybill", "--consumer-key", "--consumer-secret", "--passkey"] {
        let at = live.iter().position(|argument| *argument == left_out).unwrap();
        let fewer = [&live[..at], &live[at + 2..]].concat();
        assert_eq!(place.run(&fewer).status.code(), Some(2), "{left_out}");
    }
    assert_eq!(
        place
            .run(&[&live[..], &["--origin", "http://shop.example"]].concat())
            .status
            .code(),
        Some(2)
    );
    place.set("KAUNTA_PUBLIC_URL", "http://127.0.0.1:3000");
    let serve = place.run(&["serve"]);
    assert_eq!(serve.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&serve.stderr).contains("KAUNTA_PUBLIC_URL must start with https://"));
}

#[tokio::test]
async fn wrong_usage_is_status_2_and_one_line() {
    let place = Place::new().await;
    for wrong in [
        &[][..],
        &["serv"],
        &["serve", "--port", "3000"],
        &["merchant"],
        &["merchant", "create"],
        &["merchant", "create", "--name", ""],
        &["merchant", "create", "--name", "x", "--till", "5678901"],
        &["merchant", "create", "--name", "x", "--paybill", "12"],
        &["merchant", "create", "--name", "x", "--origin", "shop"],
        &["merchant", "create", "--name", "x", "--live"],
        &["key", "create", "--merchant", "cs_1"],
        &[
            "key",
            "create",
            "--merchant",
            "mer_01m7y90xmw6sw5x7cntzwhccw4",
            "--scope",
            "all",
        ],
        &["channel", "register"],
    ] {
        let output = place.run(wrong);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {said}");
        assert!(
            said.starts_with("kaunta: ") && said.trim_end().lines().count() == 1,
            "{wrong:?}: {said}"
        );
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn help_has_examples() {
    let place = Place::new().await;
    for command in [
        &["serve"][..],
        &["demo"],
        &["migrate"],
        &["merchant", "create"],
        &["key", "create"],
        &["channel", "register"],
    ] {
        let output = place.run(&[command, &["--help"]].concat());
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Examples:"),
            "{command:?}"
        );
    }
}

#[tokio::test]
async fn what_is_unknown_is_told_with_status_1() {
    let place = Place::new().await;
    for unknown in [
        &["key", "create", "--merchant", "mer_01m7y90xmw6sw5x7cntzwhccw4"][..],
        &["key", "revoke", "key_01m7y90xmw6sw5x7cntzwhccw4"],
        &["channel", "add", "--merchant", "mer_01m7y90xmw6sw5x7cntzwhccw4"],
        &["channel", "register", "chn_01m7y90xmw6sw5x7cntzwhccw4"],
    ] {
        let output = place.run(unknown);
        assert_eq!(output.status.code(), Some(1), "{unknown:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("there is no such"),
            "{unknown:?}: {output:?}"
        );
    }
}

#[tokio::test]
async fn every_bad_setting_is_named_at_once() {
    let mut place = Place::new().await;
    place
        .set("KAUNTA_LISTEN", "here")
        .set("KAUNTA_PUBLIC_URL", "shop")
        .set("KAUNTA_QUERY_SCHEDULE", "soon");
    place
        .set("KAUNTA_CALLBACK_IPS", "safaricom")
        .set("KAUNTA_MASTER_KEY", "hunter2")
        .set("KAUNTA_LOG_FORMAT", "xml");
    let output = place.run(&["serve"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for name in [
        "LISTEN",
        "PUBLIC_URL",
        "QUERY_SCHEDULE",
        "CALLBACK_IPS",
        "MASTER_KEY",
        "LOG_FORMAT",
    ] {
        assert!(said.contains(&format!("KAUNTA_{name}: ")), "{name}: {said}");
    }
    assert!(!said.contains("hunter2"));
}

#[tokio::test]
async fn settings_come_from_a_file_and_typing_errors_are_told() {
    let mut place = Place::new().await;
    place.set("KAUNTA_LISTEN", "");
    std::fs::write(
        place.path().join("kaunta.toml"),
        "listen = \"127.0.0.1:0\"\nfalback_after = \"5s\"\n",
    )
    .unwrap();
    let server = place.serve().await;
    assert!(
        server.log().contains("falback_after in kaunta.toml"),
        "{}",
        server.log()
    );
    assert!(!server.base.ends_with(":3000"));
}

#[tokio::test]
async fn the_master_key_is_made_beside_the_books() {
    let place = Place::new().await;
    assert!(place.run(&["migrate"]).status.success());
    assert!(place.run(&["migrate"]).status.success());
    if std::env::var_os("KAUNTA_TEST_POSTGRES").is_some() {
        return;
    }
    let key = std::fs::metadata(place.path().join("kaunta.db.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}
