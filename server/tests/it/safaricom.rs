//! The pretend Safaricom beside a server, and the steps that tests take with both.

use std::time::{Duration, Instant};

use daraja_sim::{Callbacks, Config, Pace, Shortcode, Sim, Switches, Validation};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Answer, PATIENCE, Place, Server, Shop};

pub(crate) const SESSIONS: &str = "/v1/checkout/sessions";
/// What Safaricom is told of everything that is kept.
pub(crate) const ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;

pub(crate) async fn held() -> Sim {
    let shortcodes = Shortcode::sandbox().into_iter().map(|code| Shortcode {
        validation: Validation::On,
        ..code
    });
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Hold,
        shortcodes: shortcodes.collect(),
        switches: Switches {
            c2b_after_stk: false,
            ..Switches::default()
        },
        ..Config::default()
    };
    Sim::start(config).await.unwrap()
}

pub(crate) async fn place_with(sim: &Sim) -> Place {
    let mut place = Place::new().await;
    place.set("KAUNTA_DARAJA_BASE_URL", sim.base_url());
    place
}

pub(crate) fn path(session: &Value, end: &str) -> String {
    format!("{SESSIONS}/{}{end}", session["id"].as_str().unwrap())
}

pub(crate) async fn prompt(shop: &Shop<'_>, session: &Value, phone: &str) -> Answer {
    shop.post(&path(session, "/attempts"), json!({ "phone": phone }))
        .await
}

/// Posts what the simulator held back, and returns the answers.
pub(crate) async fn deliver(server: &Server, sim: &Sim) -> Vec<Answer> {
    let posts = sim
        .take_outbox()
        .into_iter()
        .map(|outgoing| server.http.post(&outgoing.url).body(outgoing.body));
    join_all(posts.map(Answer::of)).await
}

/// Reads the session until `done` says so.
pub(crate) async fn until(shop: &Shop<'_>, session: &Value, done: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = shop.get(&path(session, "")).await.body;
        if done(&now) {
            return now;
        }
        assert!(Instant::now() < end, "{now}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Tells the simulator the server's C2B URLs by the command line, as an operator does.
pub(crate) fn register(place: &Place, server: &Server, merchant: &Value) {
    let told = place.run_json_with(
        &[("KAUNTA_PUBLIC_URL", &server.base)],
        &[
            "channel",
            "register",
            merchant["channel"].as_str().unwrap(),
            "--json",
        ],
    );
    assert_eq!(told["registered"], "now");
}

/// A way to the simulator on which every connection takes most of a second to come through.
pub(crate) async fn slow_road_to(sim: &Sim) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let there = sim.base_url().strip_prefix("http://").unwrap().to_owned();
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            let there = there.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(800)).await;
                let mut sim = TcpStream::connect(there).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut caller, &mut sim).await);
            });
        }
    });
    here
}
