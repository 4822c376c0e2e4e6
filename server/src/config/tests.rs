//! What settings are taken, and what is said of those that are not.

use super::*;

fn check(variables: &[(&str, &str)]) -> Result<Settings, Vec<BadSetting>> {
    Settings::check(Raw::collect(
        variables.iter().map(|(name, value)| (name.into(), value.into())),
        None,
    ))
}

fn troubles(variables: &[(&str, &str)]) -> Vec<&'static str> {
    check(variables)
        .err()
        .unwrap_or_default()
        .iter()
        .map(|bad| bad.name)
        .collect()
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = check(&[]).ok().unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(
        settings.public_url(settings.listen).as_str(),
        "http://127.0.0.1:3000/"
    );
    assert!(matches!(&settings.database, Database::Sqlite { path, .. } if path.as_os_str() == "kaunta.db"));
    assert_eq!(settings.query_schedule.len(), 7);
    assert_eq!(settings.fallback_after, Duration::from_secs(45));
    assert!(
        settings.callback_ips.is_empty()
            && settings.trusted_proxies.is_empty()
            && settings.given_keys.is_none()
    );
}

#[test]
fn every_bad_setting_is_named_at_once() {
    let named = troubles(&[
        ("KAUNTA_LISTEN", "here"),
        ("KAUNTA_PUBLIC_URL", "shop"),
        ("KAUNTA_DATABASE_URL", "mysql://x"),
        ("KAUNTA_MASTER_KEY", "short"),
        ("KAUNTA_DARAJA_BASE_URL", "x"),
        ("KAUNTA_QUERY_SCHEDULE", "5m,1m"),
        ("KAUNTA_FALLBACK_AFTER", "45"),
        ("KAUNTA_WEBHOOK_SCHEDULE", "soon"),
        ("KAUNTA_TRUSTED_PROXIES", "nginx"),
        ("KAUNTA_CALLBACK_IPS", "10.0.0.0/99"),
        ("KAUNTA_WEBHOOK_ALLOW_PRIVATE", "maybe"),
        ("KAUNTA_LOG", "a=b=c"),
        ("KAUNTA_LOG_FORMAT", "xml"),
    ]);
    assert_eq!(named.len(), 13, "{named:?}");
}

#[test]
fn postgres_needs_a_master_key() {
    assert_eq!(
        troubles(&[("KAUNTA_DATABASE_URL", "postgres://u:p@localhost/k")]),
        ["KAUNTA_MASTER_KEY"]
    );
    let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    assert!(
        check(&[
            ("KAUNTA_DATABASE_URL", "postgres://u:p@localhost/k"),
            ("KAUNTA_MASTER_KEY", key)
        ])
        .is_ok()
    );
}

#[test]
fn a_secret_is_never_repeated() {
    let bad = check(&[
        ("KAUNTA_MASTER_KEY", "hunter2"),
        ("KAUNTA_DATABASE_URL", "mysql://root:hunter2@x"),
    ])
    .err()
    .unwrap();
    assert_eq!(bad.len(), 2);
    assert!(
        bad.iter().all(|bad| !bad.to_string().contains("hunter2")),
        "{bad:?}"
    );
}

#[test]
fn books_are_never_kept_in_memory() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://",
        "sqlite://x?mode=memory",
    ] {
        assert_eq!(
            troubles(&[("KAUNTA_DATABASE_URL", url)]),
            ["KAUNTA_DATABASE_URL"],
            "{url}"
        );
    }
    let absolute = check(&[("KAUNTA_DATABASE_URL", "sqlite:///var/lib/kaunta.db?mode=rwc")])
        .ok()
        .unwrap();
    assert!(
        matches!(&absolute.database, Database::Sqlite { path, .. } if path.as_os_str() == "/var/lib/kaunta.db")
    );
}

#[test]
fn what_looks_like_a_mistake_is_a_warning() {
    let settings = check(&[
        ("KAUNTA_PUBLIC_ADDRESS", "x"),
        ("KAUNTA_PUBLIC_URL", "https://mpesa.shop.example"),
    ])
    .ok()
    .unwrap();
    assert_eq!(settings.warnings.len(), 2, "{:?}", settings.warnings);
}

#[test]
fn the_public_url_follows_the_bound_port() {
    let settings = check(&[("KAUNTA_LISTEN", "127.0.0.1:0")]).ok().unwrap();
    assert_eq!(
        settings.public_url("127.0.0.1:4321".parse().unwrap()).as_str(),
        "http://127.0.0.1:4321/"
    );
}
