//! What every handler may hold: the engine, the settings, and the way to work that must end well.

use std::sync::Arc;

use kaunta_payments::Payments;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Settings;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The one door into money.
    pub(crate) payments: Payments,
    /// The checked settings.
    pub(crate) settings: Arc<Settings>,
    /// What links are built on; ends with a slash.
    pub(crate) public_url: Arc<Url>,
    /// Background work, which is waited for when the server shuts down.
    pub(crate) tasks: TaskTracker,
    /// Fires when the server begins to shut down: who waits for nothing but news stops waiting.
    pub(crate) closing: CancellationToken,
}
