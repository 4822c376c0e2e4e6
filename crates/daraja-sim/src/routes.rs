//! Every address of the program, on one screen.

use axum::Router;

use crate::{Sim, control, gateway, phone};

/// The gateway, with the control API and the phone beside it.
pub(crate) fn router(sim: &Sim) -> Router {
    gateway::router()
        .nest("/sim", control::router())
        .with_state(sim.clone())
        .nest("/phone", phone::phone_router(sim))
}
