//! The phone page: its files, at whatever path it is nested.

use axum::Router;
use daraja_sim::{Config, Sim, phone_router};

use crate::merchant::http;

async fn get(url: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let response = http().get(url).send().await.unwrap();
    (
        response.status().as_u16(),
        response.headers().clone(),
        response.text().await.unwrap(),
    )
}

#[tokio::test]
async fn the_program_has_a_phone() {
    let sim = Sim::start(Config::default()).await.unwrap();
    let (status, headers, page) = get(&format!("{}/phone?phone=0712345678", sim.base_url())).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.contains(r#"src="/phone/phone.js""#) && page.contains(r#"href="/phone/phone.css""#));
    let (status, headers, _) = get(&format!("{}/phone/phone.js", sim.base_url())).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/javascript; charset=utf-8")
    );
    assert_eq!(get(&format!("{}/phone/phone.css", sim.base_url())).await.0, 200);
    sim.stop().await;
}

#[tokio::test]
async fn another_server_nests_it_where_it_likes() {
    let sim = Sim::start(Config::default()).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/demo/phone", listener.local_addr().unwrap());
    let app = Router::new().nest("/demo/phone", phone_router(&sim));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let (status, _, page) = get(&base).await;
    assert_eq!(status, 200);
    assert!(page.contains(r#"data-base="/demo/phone""#), "{page}");
    assert_eq!(get(&format!("{base}/phone.js")).await.0, 200);
    let (status, _, view) = get(&format!("{base}/api/handsets/0712345678/wait?since=0")).await;
    assert_eq!(status, 200);
    assert!(view.contains(r#""msisdn":"254712345678""#), "{view}");
}

#[tokio::test]
async fn the_page_obeys_a_strict_policy() {
    let sim = Sim::start(Config::default()).await.unwrap();
    let (_, headers, page) = get(&format!("{}/phone", sim.base_url())).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    for inline in ["<style", "style=", "onclick", "javascript:", "<script>"] {
        assert!(!page.contains(inline), "the page holds {inline}");
    }
    let foreign = page.matches("http").count();
    assert_eq!(foreign, 0, "nothing comes from elsewhere");
}
