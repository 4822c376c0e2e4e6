//! `/healthz` and `/readyz`: for whoever restarts the process and whoever sends it traffic.

use axum::extract::State;

use crate::problem::Problem;
use crate::state::AppState;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers and takes writes, and the server is not on its way out.
pub(crate) async fn ready(State(state): State<AppState>) -> Result<&'static str, Problem> {
    if state.closing.is_cancelled() {
        return Err(Problem::new("overloaded", "this server is shutting down"));
    }
    match state.payments.ready().await {
        Ok(()) => Ok("ready"),
        Err(error) => Err(Problem::not_kept(error.to_string())),
    }
}
