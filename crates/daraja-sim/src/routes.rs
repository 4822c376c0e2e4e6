//! Every address of the program, on one screen.

use axum::Router;

use crate::{Sim, gateway};

/// The gateway, with the control API beside it and the phone.
pub(crate) fn router(sim: &Sim) -> Router {
    gateway::router().with_state(sim.clone())
}
