//! The demo's shop: what a merchant's own site does, in three pages.

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use http::header::REFRESH;
use kaunta_domain::api::SessionObject;
use kaunta_domain::id::SessionId;

use super::goods::{GOODS, Good};
use super::{Merchant, NAME, sell};
use crate::html;
use crate::problem::Problem;
use crate::reading::query::Query;
use crate::state::AppState;

/// Seconds until the page of thanks looks again for money that is still on its way.
const LOOK_AGAIN: &str = "2";

/// `GET /demo`
pub(super) async fn window() -> Response {
    let goods: String = GOODS.iter().map(card).collect();
    let main = format!(
        "<main class=\"shop\"><header><span class=\"brand\">{NAME}</span>\
         <a href=\"/demo/phone\" target=\"_blank\" rel=\"noopener\">Open the phone ↗</a></header>\
         <h1>Made in Kenya, paid by M-Pesa</h1>\
         <p class=\"lead\">Three good things from Nairobi, Machakos and Kirinyaga. Choose one and pay for it with the phone \
         of this demo.</p><ul class=\"goods\">{goods}</ul>\
         <p class=\"hint\">This shop is a demo, and no real money moves. <a href=\"/demo/phone\" target=\"_blank\" \
         rel=\"noopener\">Open the phone</a> beside this window: the prompt appears there, and the PIN is <b>1234</b>. \
         Try a wrong PIN, cancel, or pay by paybill from the phone's M-Pesa menu.</p></main>"
    );
    html::page(StatusCode::OK, &format!("{NAME} · demo shop"), &main)
}

fn card(good: &Good) -> String {
    let Good {
        slug,
        name,
        about,
        price,
        picture,
    } = good;
    format!(
        "<li>{picture}<div class=\"about\"><h2>{name}</h2><p>{about}</p><p class=\"price\">KES {price}</p>\
         <form method=\"post\" action=\"/demo/buy/{slug}\"><button class=\"btn\">Buy<span class=\"far\"> the {}</span></button>\
         </form></div></li>",
        name.to_lowercase()
    )
}

/// `POST /demo/buy/{item}`: makes a session as a shop's server would, and sends the shopper to pay it.
pub(super) async fn buy(
    State(state): State<AppState>,
    Extension(merchant): Extension<Merchant>,
    Path(item): Path<String>,
) -> Result<Response, Problem> {
    let good = GOODS
        .iter()
        .find(|good| good.slug == item)
        .ok_or_else(Problem::not_found)?;
    let order = format!("order-{}", state.payments.clock().now().seconds());
    let session = sell(&state, &merchant.caller, good, Some(order)).await?;
    Ok(Redirect::to(&format!("/c/{session}")).into_response())
}

/// `GET /demo/thanks?session=…`: what a shop shows when the shopper comes back. It believes the session, not the visit.
pub(super) async fn thanks(
    State(state): State<AppState>,
    Extension(merchant): Extension<Merchant>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let id: SessionId = Query::of(query.as_deref())
        .id("session")
        .ok_or_else(Problem::not_found)?;
    let session = state.payments.session(&merchant.caller, id).await?;
    let paid = matches!(session.payment_status, "paid" | "overpaid");
    let main = if paid { thank(&session) } else { wait(&session) };
    let mut response = html::page(StatusCode::OK, &format!("Your order · {NAME}"), &main);
    if !paid && matches!(session.status, "open" | "processing") {
        response
            .headers_mut()
            .insert(REFRESH, http::HeaderValue::from_static(LOOK_AGAIN));
    }
    Ok(response)
}

fn thank(session: &SessionObject) -> String {
    let receipts: Vec<&str> = session
        .payments
        .iter()
        .filter_map(|payment| payment.receipt.as_deref())
        .collect();
    let receipts = if receipts.is_empty() {
        "on its way".to_owned()
    } else {
        receipts.join(", ")
    };
    format!(
        "<main class=\"note\"><p class=\"tag\">{NAME}</p><h1>Asante! Your order is on its way.</h1>\
         <dl class=\"facts\"><dt>You bought</dt><dd>{}</dd><dt>You paid</dt><dd>KES {}</dd><dt>M-Pesa code</dt><dd>{receipts}</dd>\
         <dt>Order</dt><dd>{}</dd></dl><p>The shop asked Kaunta whether the money came before it said so.</p>\
         <a class=\"btn\" href=\"/demo\">Back to the shop</a></main>",
        html::escaped(session.description.as_deref().unwrap_or("something good")),
        session.amount_received,
        html::escaped(session.client_reference_id.as_deref().unwrap_or("demo")),
    )
}

fn wait(session: &SessionObject) -> String {
    format!(
        "<main class=\"note\"><p class=\"tag\">{NAME}</p><h1>This order is not paid yet.</h1>\
         <p>The shop has received KES {} of KES {} so far.</p><a class=\"btn\" href=\"/c/{}\">Go on paying</a>\
         <a class=\"btn quiet\" href=\"/demo\">Back to the shop</a></main>",
        session.amount_received, session.amount, session.id
    )
}
