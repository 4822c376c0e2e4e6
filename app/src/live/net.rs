//! The thin `fetch`: form fields out, text in.

use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::JsFuture;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{AbortController, RequestInit, Response};

use super::dom;

/// A request that brought nothing to read.
pub(super) enum Lost {
    /// The server said no, with this status.
    Refused(u16),
    /// No answer came.
    Unanswered,
}

/// Asks by GET.
pub(super) async fn get(url: &str, patience: u32) -> Result<String, Lost> {
    send(url, &RequestInit::new(), patience).await
}

/// Sends form fields by POST.
pub(super) async fn post(url: &str, fields: &str, patience: u32) -> Result<String, Lost> {
    let request = RequestInit::new();
    request.set_method("POST");
    let headers = js_sys::Array::of2(
        &"content-type".into(),
        &"application/x-www-form-urlencoded".into(),
    );
    request.set_headers(&js_sys::Array::of1(&headers));
    request.set_body(&fields.into());
    send(url, &request, patience).await
}

async fn send(url: &str, request: &RequestInit, patience: u32) -> Result<String, Lost> {
    let abort = AbortController::new().map_err(|_| Lost::Unanswered)?;
    request.set_signal(Some(&abort.signal()));
    let timer = Timeout::new(patience, move || abort.abort());
    let response = JsFuture::from(dom::window().fetch_with_str_and_init(url, request))
        .await
        .map_err(|_| Lost::Unanswered)?
        .unchecked_into::<Response>();
    if !response.ok() {
        return Err(Lost::Refused(response.status()));
    }
    let text = JsFuture::from(response.text().map_err(|_| Lost::Unanswered)?).await;
    drop(timer);
    text.ok()
        .and_then(|text| text.as_string())
        .ok_or(Lost::Unanswered)
}
