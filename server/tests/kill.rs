//! `kill -9` at random moments, with callbacks on the way: what was answered is in the books, once.
//!
//! The real binary, a real database, a pretend Safaricom over HTTP. `KAUNTA_KILLS` says how often (10 where it says
//! nothing), `KAUNTA_KILL_SEED` repeats the moments of an earlier run. What the operating system has taken outlives
//! a killed process, so this says nothing of power cuts: those are for `synchronous` and `fsync`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/harness.rs"]
#[expect(dead_code, reason = "the other test binaries use the rest of it")]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use daraja_sim::{Callbacks, Config, Outgoing, Pace, Sim, Switches};
use futures_util::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use harness::{Answer, PATIENCE, Place, Server, Shop};

const SESSIONS: &str = "/v1/checkout/sessions";
/// Shops that make sessions and prompts at once.
const SHOPPERS: usize = 6;
/// The server lives between these, in milliseconds, once it is loaded.
const LIFE: (u64, u64) = (100, 900);

/// What the world outside was told, and what it still has to tell.
#[derive(Default)]
struct World {
    /// Sessions that were answered 201, by the reference that the shop gave them.
    made: BTreeMap<String, String>,
    /// Posts of sessions that were never answered.
    unsure: Vec<u64>,
    /// Receipts in callbacks that were answered 200.
    kept: BTreeSet<String>,
    /// Callbacks without an answer: they are posted again.
    unanswered: Vec<Outgoing>,
    /// What must never be answered, and was.
    wrong: Vec<String>,
}

/// All that a task needs to play a part beside one life of the server.
#[derive(Clone)]
struct Stage {
    base: String,
    key: String,
    http: Client,
    sim: Sim,
    world: Arc<Mutex<World>>,
    /// Numbers orders over all lives.
    orders: Arc<AtomicU64>,
    killed: Arc<AtomicBool>,
}

impl Stage {
    fn alive(&self) -> bool {
        !self.killed.load(Ordering::Relaxed)
    }

    /// The status and the body, or nothing where the server died meanwhile.
    async fn post(&self, path: &str, once: &str, body: &Value) -> Option<(StatusCode, Value)> {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        let response = request
            .header("idempotency-key", once)
            .json(body)
            .send()
            .await
            .ok()?;
        let status = response.status();
        Some((status, response.json().await.ok()?))
    }

    /// One shop: orders, each with a prompt, until the server is gone.
    async fn shop(self) {
        while self.alive() {
            let order = self.orders.fetch_add(1, Ordering::Relaxed);
            let Some(id) = self.order(order).await else {
                self.world.lock().unwrap().unsure.push(order);
                return;
            };
            let phone = format!("25472{order:07}");
            let path = format!("{SESSIONS}/{id}/attempts");
            let prompt = self
                .post(&path, &format!("prompt-{order}"), &json!({ "phone": phone }))
                .await;
            if let Some((status, body)) = prompt
                && status != StatusCode::CREATED
            {
                self.wrong(format!("a prompt was answered {status}: {body}"));
            }
        }
    }

    /// Posts an order, and returns the session's id where it was answered.
    async fn order(&self, order: u64) -> Option<String> {
        let reference = format!("order-{order}");
        let body = json!({ "amount": 1 + order % 700, "client_reference_id": reference });
        let (status, session) = self.post(SESSIONS, &reference, &body).await?;
        if status != StatusCode::CREATED {
            self.wrong(format!("a session was answered {status}: {session}"));
            return None;
        }
        let id = session["id"].as_str().unwrap().to_owned();
        let mut world = self.world.lock().unwrap();
        if let Some(other) = world.made.insert(reference, id.clone()) {
            assert_eq!(other, id, "one order, two sessions");
        }
        Some(id)
    }

    /// Safaricom: posts every callback as soon as there is one, all at once, and those of earlier lives too.
    async fn safaricom(self) {
        while self.alive() {
            let mut outgoing = self.sim.take_outbox();
            outgoing.append(&mut self.world.lock().unwrap().unanswered);
            join_all(outgoing.into_iter().map(|outgoing| self.call_back(outgoing))).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Posts one callback to where the server is now, and notes what came of it.
    async fn call_back(&self, outgoing: Outgoing) {
        let mut url = url::Url::parse(&outgoing.url).unwrap();
        url.set_port(url::Url::parse(&self.base).unwrap().port()).unwrap();
        let sent = self.http.post(url).body(outgoing.body.clone()).send().await;
        // The head of the answer is the acknowledgement: Safaricom reads no further.
        match sent.map(|response| response.status()) {
            Ok(StatusCode::OK) => self.world.lock().unwrap().kept.extend(receipt_in(&outgoing.body)),
            Ok(status) => self.wrong(format!("a callback was answered {status}")),
            Err(_) => self.world.lock().unwrap().unanswered.push(outgoing),
        }
    }

    fn wrong(&self, what: String) {
        self.world.lock().unwrap().wrong.push(what);
    }
}

/// The receipt that a callback tells; one of a failure has none.
fn receipt_in(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let items = body["Body"]["stkCallback"]["CallbackMetadata"]["Item"].as_array()?;
    let receipt = items.iter().find(|item| item["Name"] == "MpesaReceiptNumber")?;
    Some(receipt["Value"].as_str().unwrap().to_owned())
}

/// Numbers that a seed decides: `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, (from, to): (u64, u64)) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        from + (mixed ^ (mixed >> 31)) % (to - from)
    }
}

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// Phones that pay at once; callbacks wait until the test posts them.
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

/// Everything in a list, through all of its pages.
async fn all(shop: &Shop<'_>, path: &str) -> Vec<Value> {
    let mut things: Vec<Value> = Vec::new();
    loop {
        let after = things.last().map_or_else(String::new, |last| {
            format!("&starting_after={}", last["id"].as_str().unwrap())
        });
        let page = shop.get(&format!("{path}limit=100{after}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        things.extend(page.body["data"].as_array().unwrap().iter().cloned());
        if page.body["has_more"] != true {
            return things;
        }
    }
}

fn text<'a>(thing: &'a Value, field: &str) -> &'a str {
    thing[field].as_str().unwrap_or_default()
}

/// How often each text is there.
fn counted<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts
}

/// Fails with the difference alone where two counts are not the same.
fn agree(what: &str, one: &BTreeMap<&str, usize>, other: &BTreeMap<&str, usize>) {
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let apart: Vec<_> = names
        .into_iter()
        .map(|name| (name, one.get(name), other.get(name)))
        .filter(|(_, one, other)| one != other)
        .collect();
    assert!(apart.is_empty(), "{what} differ: {apart:#?}");
}

/// Loads the server until a random moment, and kills it there.
async fn live_and_die(server: &mut Server, stage: &Stage, life: Duration) {
    let mut tasks = vec![tokio::spawn(stage.clone().safaricom())];
    for _ in 0..SHOPPERS {
        tasks.push(tokio::spawn(stage.clone().shop()));
    }
    tokio::time::sleep(life).await;
    server.signal("KILL");
    server.ended().await;
    stage.killed.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

/// What was answered before the kill is here after it.
async fn nothing_answered_is_lost(shop: &Shop<'_>, world: &World) {
    assert!(world.wrong.is_empty(), "{:#?}", world.wrong);
    let sessions = all(shop, &format!("{SESSIONS}?")).await;
    let here: BTreeSet<&str> = sessions.iter().map(|session| text(session, "id")).collect();
    let lost: Vec<_> = world
        .made
        .values()
        .filter(|id| !here.contains(id.as_str()))
        .collect();
    assert!(lost.is_empty(), "answered 201 and gone: {lost:?}");
    let payments = all(shop, "/v1/payments?").await;
    let credited = counted(payments.iter().map(|payment| text(payment, "receipt")));
    for receipt in &world.kept {
        let times = credited.get(receipt.as_str()).copied().unwrap_or_default();
        assert_eq!(
            times, 1,
            "{receipt} was answered 200 and is credited {times} times"
        );
    }
}

/// The same by the question that a shop asks of one receipt.
async fn each_is_found_by_its_receipt(shop: &Shop<'_>, receipts: &BTreeSet<String>) {
    for receipt in receipts {
        let found = shop.get(&format!("/v1/payments?receipt={receipt}")).await.body;
        let found = found["data"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{receipt}: {found:?}");
        assert_eq!(text(&found[0], "receipt"), receipt);
    }
}

/// Everything that was left without an answer is asked again, until all of it has one.
async fn ask_again(stage: &Stage) {
    let unsure = std::mem::take(&mut stage.world.lock().unwrap().unsure);
    for order in unsure {
        assert!(stage.order(order).await.is_some(), "order-{order} has no answer");
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let mut left = stage.sim.take_outbox();
        left.append(&mut stage.world.lock().unwrap().unanswered);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "{} callbacks have no answer", left.len());
        join_all(left.into_iter().map(|outgoing| stage.call_back(outgoing))).await;
    }
}

/// The books, Safaricom's ledger and the events tell the same story.
async fn the_books_agree(shop: &Shop<'_>, sim: &Sim, world: &World) {
    let ledger = sim.ledger();
    let payments = all(shop, "/v1/payments?").await;
    let moved = counted(ledger.iter().map(|entry| entry.receipt.as_str()));
    agree(
        "payments and the ledger",
        &counted(payments.iter().map(|payment| text(payment, "receipt"))),
        &moved,
    );
    assert!(
        moved.values().all(|times| *times == 1) && moved.len() == world.kept.len(),
        "every callback has its answer"
    );
    let booked: i64 = payments
        .iter()
        .map(|payment| payment["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(booked, ledger.iter().map(|entry| entry.amount).sum::<i64>());

    let sessions = all(shop, &format!("{SESSIONS}?")).await;
    let references = counted(
        sessions
            .iter()
            .map(|session| text(session, "client_reference_id")),
    );
    assert!(
        references.values().all(|times| *times == 1),
        "an order has two sessions"
    );
    let paid = counted(payments.iter().map(|payment| text(payment, "session")));
    for session in &sessions {
        let expected = if paid.contains_key(text(session, "id")) {
            ("complete", "paid", &session["amount"])
        } else {
            (text(session, "status"), "unpaid", &json!(0))
        };
        let is = (
            text(session, "status"),
            text(session, "payment_status"),
            &session["amount_received"],
        );
        assert_eq!(is, expected, "{session}");
    }
    let events = all(shop, "/v1/events?type=checkout.session.completed&").await;
    agree(
        "events and sessions that are complete",
        &counted(events.iter().map(|event| text(&event["data"]["object"], "id"))),
        &paid,
    );
    // By the payment's id: where a query was first, the event was told before the receipt was known.
    let events = all(shop, "/v1/events?type=payment.succeeded&").await;
    agree(
        "events and payments",
        &counted(events.iter().map(|event| text(&event["data"]["object"], "id"))),
        &counted(payments.iter().map(|payment| text(payment, "id"))),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_kept_through_every_kill() {
    let kills = number("KAUNTA_KILLS").unwrap_or(10);
    let by_the_clock = || u64::from(std::process::id()) ^ std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = number("KAUNTA_KILL_SEED").unwrap_or_else(by_the_clock);
    println!("{kills} kills; again with KAUNTA_KILL_SEED={seed}");
    let mut dice = Dice(seed);
    let sim = safaricom().await;
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", sim.base_url());
    // Soon enough that questions about silent prompts meet the callbacks that are posted again.
    place.set("KAUNTA_QUERY_SCHEDULE", "1s,2s");
    let merchant = place.merchant("Duka Bora");
    let mut stage = Stage {
        base: String::new(),
        key: text(&merchant, "api_key").to_owned(),
        http: harness::client(),
        sim: sim.clone(),
        world: Arc::default(),
        orders: Arc::default(),
        killed: Arc::default(),
    };
    let mut posted_again = 0;
    for kill in 1..=kills {
        let mut server = place.serve().await;
        stage.base.clone_from(&server.base);
        stage.http = harness::client();
        stage.killed = Arc::default();
        let before = stage.world.lock().unwrap().kept.clone();
        let life = Duration::from_millis(dice.roll(LIFE));
        live_and_die(&mut server, &stage, life).await;

        let server = place.serve().await;
        let world = std::mem::take(&mut *stage.world.lock().unwrap());
        nothing_answered_is_lost(&server.shop(&merchant), &world).await;
        let new = world.kept.difference(&before).cloned().collect();
        each_is_found_by_its_receipt(&server.shop(&merchant), &new).await;
        posted_again += world.unanswered.len();
        println!(
            "kill {kill} after {life:?}: {} callbacks answered, {} not",
            new.len(),
            world.unanswered.len()
        );
        *stage.world.lock().unwrap() = world;
    }
    let server = place.serve().await;
    stage.base.clone_from(&server.base);
    stage.http = harness::client();
    ask_again(&stage).await;
    let world = std::mem::take(&mut *stage.world.lock().unwrap());
    let shop = server.shop(&merchant);
    nothing_answered_is_lost(&shop, &world).await;
    the_books_agree(&shop, &sim, &world).await;
    println!(
        "{} sessions, {} payments, {posted_again} callbacks posted again, {kills} kills",
        world.made.len(),
        world.kept.len()
    );
    assert!(world.kept.len() as u64 > kills, "the server had nothing to do");
    let answer = Answer::of(server.http.get(format!("{}/readyz", server.base))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
