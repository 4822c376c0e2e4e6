//! Two servers on one PostgreSQL: they hear each other, take over from each other, and do nothing twice.
//!
//! `KAUNTA_TEST_POSTGRES` names the PostgreSQL server, as for every other test. SQLite has one server alone, so without
//! it there is nothing to prove here and each test says so; where `KAUNTA_TEST_REQUIRE_POSTGRES` is set it fails instead.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "a test that has nothing to prove says so")]

#[path = "it/harness.rs"]
#[expect(dead_code, reason = "the other test binaries use the rest of it")]
mod harness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use daraja_sim::{Callbacks, Config, Pace, Sim, Switches};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Connection as _;

use harness::{Answer, PATIENCE, Place, Server, Shop};

const SESSIONS: &str = "/v1/checkout/sessions";
const PHONE: &str = "0712345678";

/// Whether there is a database that servers can share.
fn servers_can_share() -> bool {
    let shared = std::env::var_os("KAUNTA_TEST_POSTGRES").is_some();
    let required = std::env::var_os("KAUNTA_TEST_REQUIRE_POSTGRES").is_some();
    assert!(
        shared || !required,
        "KAUNTA_TEST_POSTGRES names no PostgreSQL server"
    );
    if !shared {
        eprintln!("not run: SQLite has one server alone, and KAUNTA_TEST_POSTGRES is not set");
    }
    shared
}

/// Phones that pay at once; callbacks wait until a test posts them.
async fn safaricom() -> Sim {
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Hold,
        switches: Switches {
            magic_amounts: false,
            c2b_after_stk: false,
            ..Switches::default()
        },
        ..Config::default()
    };
    Sim::start(config).await.unwrap()
}

/// The road to the simulator: counts what passes, and can hold questions up.
struct Road {
    address: String,
    there: String,
    http: Client,
    tokens: AtomicUsize,
    queries: AtomicUsize,
    /// Questions about prompts are taken and never answered.
    closed_to_queries: AtomicBool,
}

impl Road {
    async fn to(sim: &Sim) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let road = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            there: sim.base_url(),
            http: harness::client(),
            tokens: AtomicUsize::new(0),
            queries: AtomicUsize::new(0),
            closed_to_queries: AtomicBool::new(false),
        });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&road));
        tokio::spawn(async move { axum::serve(listener, app).await });
        road
    }

    fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }
}

async fn pass(
    State(road): State<Arc<Road>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path().starts_with("/oauth/") {
        road.tokens.fetch_add(1, Ordering::SeqCst);
    }
    if uri.path().starts_with("/mpesa/stkpushquery/") {
        road.queries.fetch_add(1, Ordering::SeqCst);
        if road.closed_to_queries.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
    let mut request = road
        .http
        .request(method, format!("{}{uri}", road.there))
        .body(body);
    for name in [AUTHORIZATION, CONTENT_TYPE] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.unwrap();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    if let Some(kind) = answer.headers().get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    *response.body_mut() = answer.bytes().await.unwrap().into();
    response
}

fn path(session: &Value, end: &str) -> String {
    format!("{SESSIONS}/{}{end}", session["id"].as_str().unwrap())
}

async fn prompt(shop: &Shop<'_>, session: &Value, phone: &str) {
    let attempt = shop
        .post(&path(session, "/attempts"), json!({ "phone": phone }))
        .await;
    assert_eq!(
        (attempt.status.as_u16(), &attempt.body["status"]),
        (201, &json!("awaiting_pin")),
        "{}",
        attempt.body
    );
}

/// Asks until `done` says so, and returns what was read then.
async fn until(what: &str, mut look: impl AsyncFnMut() -> Option<Value>) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the page's poll is answered, as the version and the name of the screen.
async fn poll(server: &Server, session: &Value, seen: i64) -> (i64, String) {
    let id = session["id"].as_str().unwrap();
    let request = server
        .http
        .get(format!("{}/ui/status?session={id}&seen={seen}", server.base));
    let answer = Answer::of(request.timeout(Duration::from_secs(30))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (version, phase) = answer
        .text
        .strip_prefix("version=")
        .unwrap()
        .split_once("&phase=")
        .unwrap();
    (version.parse().unwrap(), phase.to_owned())
}

#[tokio::test]
async fn a_page_on_one_server_hears_what_another_settled() {
    if !servers_can_share() {
        return;
    }
    let sim = safaricom().await;
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", sim.base_url());
    let merchant = place.merchant("Duka Bora");
    let (here, there) = (place.serve().await, place.serve().await);
    let shop = here.shop(&merchant);
    let mut took = Vec::new();
    for _ in 0..10 {
        let session = shop.session(json!({ "amount": 100 })).await;
        prompt(&shop, &session, PHONE).await;
        let (version, phase) = poll(&here, &session, -1).await;
        assert_eq!(phase, "waiting");
        let callback = sim.take_outbox().remove(0);
        let waiting = async {
            let news = poll(&here, &session, version).await;
            (news, Instant::now())
        };
        let settling = async {
            // The poll is asleep by then.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let mut url = url::Url::parse(&callback.url).unwrap();
            url.set_port(url::Url::parse(&there.base).unwrap().port())
                .unwrap();
            let answer = Answer::of(there.http.post(url).body(callback.body)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            Instant::now()
        };
        let (((later, phase), heard), settled) = tokio::join!(waiting, settling);
        assert!(phase == "paid" && later > version, "{later} {phase}");
        took.push(heard.saturating_duration_since(settled));
    }
    took.sort();
    println!(
        "from the callback's answer to the poll's: median {:?}, longest {:?}",
        took[took.len() / 2],
        took[took.len() - 1]
    );
    assert!(took.iter().all(|time| *time < Duration::from_secs(1)), "{took:?}");
}

#[tokio::test]
async fn fifty_identical_posts_over_two_servers_make_one_session() {
    if !servers_can_share() {
        return;
    }
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let servers = [place.serve().await, place.serve().await];
    let shops = [servers[0].shop(&merchant), servers[1].shop(&merchant)];
    let order = || json!({ "amount": 1500, "client_reference_id": "order-1" });
    let answers = join_all((0..50).map(|turn| shops[turn % 2].post_once("order-1", SESSIONS, order()))).await;
    let mut made = BTreeSet::new();
    for answer in &answers {
        if answer.status == 201 {
            made.insert(answer.body["id"].as_str().unwrap().to_owned());
        } else {
            answer.assert_problem(409, "idempotency_key_in_use");
        }
    }
    assert_eq!(made.len(), 1, "{made:?}");
    let first_answers = answers
        .iter()
        .filter(|answer| answer.status == 201 && answer.header("idempotent-replayed").is_none());
    assert_eq!(first_answers.count(), 1);
    for shop in &shops {
        let again = shop.post_once("order-1", SESSIONS, order()).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (201, Some("true"))
        );
        let listed = shop
            .get(&format!("{SESSIONS}?client_reference_id=order-1"))
            .await
            .body;
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        assert!(made.contains(listed["data"][0]["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn two_servers_share_one_oauth_token() {
    if !servers_can_share() {
        return;
    }
    let sim = safaricom().await;
    let road = Road::to(&sim).await;
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", &road.address);
    let merchant = place.merchant("Duka Bora");
    let servers = [place.serve().await, place.serve().await];
    let shops = [servers[0].shop(&merchant), servers[1].shop(&merchant)];
    let prompts = (0..20).map(async |turn: usize| {
        let shop = &shops[turn % 2];
        let session = shop.session(json!({ "amount": 100 })).await;
        prompt(shop, &session, &format!("2547123456{turn:02}")).await;
    });
    join_all(prompts).await;
    assert_eq!(
        sim.ledger().len(),
        20,
        "every prompt was let in, so none held a token that was voided"
    );
    assert_eq!(road.tokens.load(Ordering::SeqCst), 1);
}

/// A database that the test itself can look into.
async fn database() -> String {
    let mut url = url::Url::parse(&std::env::var("KAUNTA_TEST_POSTGRES").unwrap()).unwrap();
    let mut cluster = sqlx::PgConnection::connect(url.as_str()).await.unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let name = format!("kaunta_lease_{}_{now}", std::process::id());
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut cluster).await.unwrap();
    url.set_path(&name);
    url.into()
}

/// Moves the lease on the one silent prompt, as if the rest of its minute had passed.
async fn end_the_lease(database: &str) {
    let mut books = sqlx::PgConnection::connect(database).await.unwrap();
    let ended = sqlx::query("UPDATE attempts SET lease_until = 0 WHERE lease_until IS NOT NULL")
        .execute(&mut books)
        .await;
    assert_eq!(ended.unwrap().rows_affected(), 1, "one prompt is leased");
}

#[tokio::test]
async fn a_killed_servers_question_is_asked_by_another_after_its_lease() {
    if !servers_can_share() {
        return;
    }
    let sim = safaricom().await;
    let (dead_end, open) = (Road::to(&sim).await, Road::to(&sim).await);
    dead_end.closed_to_queries.store(true, Ordering::SeqCst);
    let mut place = Place::new().await;
    let database = database().await;
    place.set("KAUNTA_DATABASE_URL", &database);
    place.set("KAUNTA_QUERY_SCHEDULE", "1s,2s,3s,4s");
    place.set("KAUNTA_DARAJA_BASE_URL", &dead_end.address);
    let merchant = place.merchant("Duka Bora");
    let mut first = place.serve().await;
    let session = first.shop(&merchant).session(json!({ "amount": 100 })).await;
    prompt(&first.shop(&merchant), &session, PHONE).await;
    drop(sim.take_outbox());
    until("the first server's question", async || {
        (dead_end.queries() > 0).then_some(Value::Null)
    })
    .await;
    first.signal("KILL");
    first.ended().await;

    place.set("KAUNTA_DARAJA_BASE_URL", &open.address);
    let second = place.serve().await;
    let shop = second.shop(&merchant);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(
        open.queries(),
        0,
        "the lease of a server that may still live is respected"
    );
    assert_eq!(shop.get(&path(&session, "")).await.body["status"], "processing");
    end_the_lease(&database).await;
    let freed = Instant::now();
    let paid = until("the second server's answer", async || {
        let now = shop.get(&path(&session, "")).await.body;
        (now["status"] == "complete").then_some(now)
    })
    .await;
    println!("taken over {:?} after the lease", freed.elapsed());
    assert_eq!(
        (&paid["payment_status"], &paid["amount_received"]),
        (&json!("paid"), &json!(100))
    );
    assert_eq!(paid["payments"][0]["completion_source"], "stk_query");
    assert_eq!(
        (paid["payments"].as_array().unwrap().len(), open.queries()),
        (1, 1)
    );
}
