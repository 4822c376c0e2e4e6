//! The merchant's desk: who gets in, what it shows, and what a form may do.

use daraja_sim::{Callbacks, Config, Pace, Payment, Shortcode, Sim, Validation};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{Answer, Place, Server};
use crate::safaricom::{deliver, place_with, register};

/// A browser with one cookie.
struct Visitor<'a> {
    server: &'a Server,
    cookie: Option<String>,
}

impl Visitor<'_> {
    async fn send(&mut self, request: RequestBuilder) -> Answer {
        let request = match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        let answer = Answer::of(request).await;
        if let Some(set) = answer.header("set-cookie") {
            self.cookie = Some(set.split(';').next().unwrap().to_owned());
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = self.server.request(Method::GET, path);
        self.send(request).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .server
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.send(request).await
    }

    async fn sign_in(&mut self, key: &str) -> Answer {
        self.post("/desk/sign-in", &[("key", key)]).await
    }
}

fn visitor(server: &Server) -> Visitor<'_> {
    Visitor { server, cookie: None }
}

/// The value of the first hidden field of that name.
fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_good_key_gets_in_and_its_cookie_is_for_the_desk_alone() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka <b>Bora</b>");
    let server = place.serve().await;
    let mut visitor = visitor(&server);
    let sent_away = visitor.get("/desk").await;
    assert_eq!(
        (sent_away.status.as_u16(), sent_away.header("location")),
        (303, Some("/desk/sign-in"))
    );
    let form = visitor.get("/desk/sign-in").await;
    assert!(form.text.contains("type=\"password\"") && form.text.contains("autocomplete=\"off\""));
    assert_eq!(form.header("set-cookie"), None);
    let wrong = visitor.sign_in("sk_test_wrong").await;
    assert_eq!((wrong.status.as_u16(), wrong.header("set-cookie")), (401, None));
    let key = merchant["api_key"].as_str().unwrap();
    let entered = visitor.sign_in(key).await;
    assert_eq!(
        (entered.status.as_u16(), entered.header("location")),
        (303, Some("/desk"))
    );
    let cookie = entered.header("set-cookie").unwrap();
    for flag in ["HttpOnly", "SameSite=Strict", "Path=/desk", "Max-Age=28800"] {
        assert!(cookie.contains(flag), "{flag} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "the address of this test is http");
    let desk = visitor.get("/desk").await;
    assert_eq!(desk.status, 200);
    assert!(desk.text.contains("Duka &lt;b&gt;Bora&lt;/b&gt;") && desk.text.contains(">Test<"));
    assert!(!desk.text.contains(key), "the key is not shown again");
    for (name, part) in [
        ("content-security-policy", "frame-ancestors 'none'"),
        ("content-security-policy", "default-src 'none'"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
    ] {
        assert!(desk.header(name).unwrap().contains(part), "{name}");
    }
    let style = desk.text.split_once("rel=\"stylesheet\" href=\"").unwrap().1;
    let style = visitor.get(style.split('"').next().unwrap()).await;
    assert_eq!(
        (style.status.as_u16(), style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    assert!(!server.log().contains(key));
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let mut place = Place::new().await;
    place.set("KAUNTA_PUBLIC_URL", "https://pay.example");
    // It names its public address where others name the one they are bound to.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    place.set("KAUNTA_LISTEN", listen.as_str());
    let merchant = place.merchant("Duka");
    let mut server = place.serve().await;
    server.base = format!("http://{listen}");
    let entered = visitor(&server)
        .sign_in(merchant["api_key"].as_str().unwrap())
        .await;
    assert!(entered.header("set-cookie").unwrap().contains("Secure"));
}

#[tokio::test]
async fn the_desk_shows_the_sessions_of_its_key_and_signing_out_ends_it() {
    let place = Place::new().await;
    let (own, other) = (place.merchant("Duka Bora"), place.merchant("Duka Jirani"));
    let server = place.serve().await;
    let wish = |order: &str| json!({"amount": 1500, "client_reference_id": order});
    let session = server.shop(&own).session(wish("order-<7>")).await;
    let foreign = server.shop(&other).session(wish("order-other")).await;
    let mut visitor = visitor(&server);
    visitor.sign_in(own["api_key"].as_str().unwrap()).await;
    let desk = visitor.get("/desk").await;
    let id = session["id"].as_str().unwrap();
    assert!(desk.text.contains(&format!("/desk/sessions/{id}")) && desk.text.contains("order-&lt;7&gt;"));
    assert!(desk.text.contains("1,500") && !desk.text.contains("order-other"));
    let page = visitor.get(&format!("/desk/sessions/{id}")).await;
    assert!(page.text.contains("The shop made the session"));
    let foreign = format!("/desk/sessions/{}", foreign["id"].as_str().unwrap());
    assert_eq!(visitor.get(&foreign).await.status, 404);
    assert_eq!(visitor.get("/desk/sessions/nonsense").await.status, 404);
    let unmatched = visitor.get("/desk/unmatched").await;
    assert!(unmatched.text.contains("Nothing waits here"));
    let forged = visitor.post("/desk/sign-out", &[("token", "guess")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(visitor.get("/desk").await.status, 200);
    let kept = visitor.cookie.clone();
    let token = field(&unmatched.text, "token");
    let left = visitor.post("/desk/sign-out", &[("token", &token)]).await;
    assert_eq!(
        (left.status.as_u16(), left.header("location")),
        (303, Some("/desk/sign-in"))
    );
    visitor.cookie = kept;
    let gone = visitor.get("/desk").await;
    assert_eq!(
        (gone.status.as_u16(), gone.header("location")),
        (303, Some("/desk/sign-in"))
    );
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in_and_guesses_run_out() {
    let place = Place::new().await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let key = merchant["api_key"].as_str().unwrap();
    let mut visitor = visitor(&server);
    let form = server
        .request(Method::POST, "/desk/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(format!("key={key}"));
    let refused = visitor.send(form).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("set-cookie")),
        (403, None)
    );
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(visitor.sign_in("sk_test_guess").await.status.as_u16());
    }
    assert_eq!((&statuses[..10], statuses[10]), ([401; 10].as_slice(), 429));
    let waits = visitor.sign_in(key).await;
    assert_eq!(waits.status, 429);
    assert!(waits.header("retry-after").unwrap().parse::<u64>().unwrap() <= 30);
}

/// A pretend Safaricom that asks nobody before money moves by hand.
async fn unasking() -> Sim {
    let shortcodes = Shortcode::sandbox().into_iter().map(|code| Shortcode {
        validation: Validation::Off,
        ..code
    });
    let config = Config {
        pace: Pace::instant(),
        callbacks: Callbacks::Hold,
        shortcodes: shortcodes.collect(),
        ..Config::default()
    };
    Sim::start(config).await.unwrap()
}

// The command line is waited for while the simulator answers it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stray_money_is_put_on_its_session_by_a_form_of_this_session_only() {
    let sim = unasking().await;
    let place = place_with(&sim).await;
    let merchant = place.merchant("Duka Bora");
    let server = place.serve().await;
    let shop = server.shop(&merchant);
    let session = shop.session(json!({ "amount": 640 })).await;
    register(&place, &server, &merchant);
    let stray = Payment::PayBill {
        business: "174379".to_owned(),
        account: "JANE".to_owned(),
        amount: 640,
        pin: "1234".to_owned(),
    };
    sim.lipa_na_mpesa("254712345678", stray).await.unwrap();
    deliver(&server, &sim).await;
    let mut visitor = visitor(&server);
    visitor.sign_in(&shop.key).await;
    let desk = visitor.get("/desk").await;
    for words in ["640", "1 payment", "Find the session"] {
        assert!(desk.text.contains(words), "{words}");
    }
    let page = visitor.get("/desk/unmatched").await;
    let id = session["id"].as_str().unwrap();
    assert!(page.text.contains("JANE") && page.text.contains("same amount"));
    assert_eq!(field(&page.text, "session"), id);
    assert!(!page.text.contains("254712345678"), "phones are masked");
    let (token, payment) = (field(&page.text, "token"), field(&page.text, "payment"));
    let path = "/desk/unmatched/assign";
    let api = format!("/v1/checkout/sessions/{id}");
    let wish = |token| [("token", token), ("payment", payment.as_str()), ("session", id)];
    let forged = visitor
        .post(path, &wish("00000000000000000000000000000000"))
        .await;
    assert_eq!(forged.status, 403);
    assert_eq!(shop.get(&api).await.body["amount_received"], 0);
    let done = visitor.post(path, &wish(token.as_str())).await;
    let there = format!("/desk/sessions/{id}");
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, Some(there.as_str()))
    );
    let paid = shop.get(&api).await.body;
    assert_eq!(
        (&paid["status"], &paid["payments"][0]["completion_source"]),
        (&json!("complete"), &json!("c2b"))
    );
    let told = visitor.get(&there).await;
    assert!(
        told.text.contains("by hand to the paybill")
            && told.text.contains("at the desk")
            && told.text.contains("Paid in full")
    );
    assert!(
        visitor
            .get("/desk/unmatched")
            .await
            .text
            .contains("Nothing waits here")
    );
}
