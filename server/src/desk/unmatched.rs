//! `/desk/unmatched`: money that names no session, with the sessions that it may be for.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use kaunta_domain::id::{PaymentId, SessionId};
use kaunta_payments::{Suggestion, Unmatched};
use serde::Deserialize;

use super::gate::SignedIn;
use super::page::{self, Fault, Place, kes, moment, or_dash, token_field};
use crate::html::escaped;
use crate::state::AppState;

/// The form of `assign`.
#[derive(Deserialize)]
pub(super) struct Assignment {
    token: String,
    payment: String,
    session: String,
}

/// `GET /desk/unmatched`
pub(super) async fn show(State(state): State<AppState>, who: SignedIn) -> Result<Response, Fault> {
    let caller = &who.clerk.caller;
    let waiting = state.payments.unmatched_count(caller).await?;
    let found = state.payments.unmatched(caller).await?;
    let mut main = "<h1>Unmatched money</h1><p class=\"lead\">It came by hand with an account number that names no session. \
                    Say which session it is for, and the session is paid as if the number had been right.</p>"
        .to_owned();
    if !who.may_assign() {
        main.push_str(
            "<p class=\"trouble\">This key may look and not change anything. To put money on a session, sign in with a key \
             that has the scope <code>sessions:write</code>.</p>",
        );
    }
    if found.data.is_empty() {
        main.push_str("<p class=\"empty\">Nothing waits here. All money has its session.</p>");
    }
    for money in &found.data {
        main.push_str(&card(&who, money));
    }
    if found.has_more {
        main.push_str(
            "<p class=\"lead\">There is more. It shows here once some of this has its session.</p>",
        );
    }
    Ok(page::desk(
        &who,
        Place::Unmatched,
        waiting,
        "Unmatched money",
        &main,
    ))
}

/// `POST /desk/unmatched/assign`
pub(super) async fn assign(
    State(state): State<AppState>,
    who: SignedIn,
    Form(wish): Form<Assignment>,
) -> Result<Response, Fault> {
    who.check(&wish.token)?;
    if !who.may_assign() {
        let detail = "This key was made without the scope sessions:write.";
        return Err(Fault::new(StatusCode::FORBIDDEN, "Nothing was changed", detail));
    }
    let payment: PaymentId = wish.payment.parse().map_err(|_| Fault::nothing_here())?;
    let session: SessionId = wish.session.trim().parse().map_err(|_| {
        let detail =
            "A session is named by its id, such as the one on its page here or in your shop's own records.";
        Fault::new(StatusCode::BAD_REQUEST, "This is no session", detail)
    })?;
    state.payments.assign(&who.clerk, payment, session).await?;
    Ok(Redirect::to(&format!("/desk/sessions/{session}")).into_response())
}

fn card(who: &SignedIn, money: &Unmatched) -> String {
    let payment = &money.payment;
    let suggestions: String = money
        .suggestions
        .iter()
        .map(|suggestion| choice(who, money, suggestion))
        .collect();
    let suggestions = if suggestions.is_empty() {
        "<p class=\"none\">No session from around that time lacks money.</p>".to_owned()
    } else {
        format!("<ul class=\"choices\">{suggestions}</ul>")
    };
    let other = if who.may_assign() {
        other(who, money)
    } else {
        String::new()
    };
    format!(
        "<section class=\"money\"><div class=\"what\"><h2>{}</h2><p><code>{}</code> · {}</p>\
         <p>From {} · typed account <b>{}</b></p></div>{suggestions}{other}</section>",
        kes(payment.amount),
        or_dash(payment.receipt.as_deref()),
        moment(payment.paid_at),
        or_dash(payment.payer_masked.as_deref()),
        or_dash(money.typed.as_deref()),
    )
}

fn choice(who: &SignedIn, money: &Unmatched, suggestion: &Suggestion) -> String {
    let mut reasons = String::new();
    if suggestion.same_amount {
        reasons.push_str(" <span class=\"chip good\">same amount</span>");
    }
    if suggestion.near_account {
        reasons.push_str(" <span class=\"chip good\">account fits</span>");
    }
    let weight = if suggestion.same_amount || suggestion.near_account {
        ""
    } else {
        " weak"
    };
    let button = if who.may_assign() {
        format!(
            "<form method=\"post\" action=\"/desk/unmatched/assign\">{}<input type=\"hidden\" name=\"payment\" value=\"{}\">\
             <input type=\"hidden\" name=\"session\" value=\"{}\"><button class=\"btn small{weight}\">It is for this<span \
             class=\"far\"> session: {} due</span></button></form>",
            token_field(who),
            money.payment.id,
            suggestion.session,
            suggestion.due,
        )
    } else {
        String::new()
    };
    format!(
        "<li><div><p><a href=\"/desk/sessions/{}\">{} due</a>{reasons}</p><p class=\"more\">Order {} · account {} · {} · {}</p>\
         </div>{button}</li>",
        suggestion.session,
        kes(suggestion.due),
        or_dash(suggestion.client_reference_id.as_deref()),
        escaped(&suggestion.account),
        escaped(&suggestion.status),
        moment(suggestion.created_at),
    )
}

/// Where none of the suggestions is right.
fn other(who: &SignedIn, money: &Unmatched) -> String {
    let id = money.payment.id;
    format!(
        "<details><summary>Another session</summary><form class=\"other\" method=\"post\" action=\"/desk/unmatched/assign\">{}\
         <input type=\"hidden\" name=\"payment\" value=\"{id}\"><label for=\"to-{id}\">Session id</label>\
         <div class=\"row\"><input id=\"to-{id}\" name=\"session\" required maxlength=\"60\" autocomplete=\"off\" \
         spellcheck=\"false\"><button class=\"btn small\">Put it there</button></div></form></details>",
        token_field(who),
    )
}
