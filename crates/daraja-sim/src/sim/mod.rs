//! The handle: starts the simulator, and lets a test or a demo play every part but the merchant's.

mod delivery;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::UnixMs;
use crate::config::{Config, Faults};
use crate::handset::{Handset, HandsetSettings, NoSuchPrompt, PinResult, Prompt};
use crate::outbox::Outgoing;
use crate::script;
use crate::serve::{CutListener, Scissors};
use crate::state::State;
use crate::state::menu::{Decline, Payment, Receipt};
use crate::state::money::LedgerEntry;

/// How long connections may finish when the simulator stops.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// What a test does with a callback that comes before its push is answered.
type Receiver = Arc<dyn Fn(Outgoing) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A running simulator. Clones are the same one.
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    address: SocketAddr,
    http: reqwest::Client,
    /// Something may be due earlier than the clockwork thinks.
    wake: Notify,
    /// [`State::version`], for whoever waits for news.
    version: watch::Sender<u64>,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    receiver: Mutex<Option<Receiver>>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim")
            .field("address", &self.0.address)
            .finish_non_exhaustive()
    }
}

/// No row of the table has that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRow(pub String);

impl std::fmt::Display for UnknownRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no row of the script is called {:?}", self.0)
    }
}

impl std::error::Error for UnknownRow {}

impl Sim {
    /// Binds and serves, on the runtime that this is called on.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        // Another crate of the process may have chosen a provider already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(config.listen).await?;
        let inner = Inner {
            address: listener.local_addr()?,
            http: delivery::client()?,
            state: Mutex::new(State::new(config)),
            wake: Notify::new(),
            version: watch::Sender::new(1),
            stop: CancellationToken::new(),
            tasks: Mutex::new(Vec::new()),
            receiver: Mutex::new(None),
        };
        let sim = Self(Arc::new(inner));
        let app = crate::routes::router(&sim).into_make_service_with_connect_info::<Scissors>();
        let stop = sim.0.stop.clone();
        let server = axum::serve(CutListener(listener), app).with_graceful_shutdown(stop.cancelled_owned());
        let serving = tokio::spawn(async move {
            // Only an accept loop that cannot be continued ends here, and then the tests see connections refused.
            let _ = server.await;
        });
        let clockwork = tokio::spawn(sim.clone().run_clockwork());
        sim.tasks().extend([serving, clockwork]);
        Ok(sim)
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Stops listening, and gives open connections a moment.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        let tasks = std::mem::take(&mut *self.tasks());
        for mut task in tasks {
            if tokio::time::timeout(STOP_GRACE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state, or changes it, with everything done that was due before and after.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let before = state.version;
        state.run_timers();
        let value = work(&mut state);
        state.run_timers();
        let after = state.version;
        drop(state);
        if after != before {
            self.0.version.send_replace(after);
            self.0.wake.notify_one();
        }
        value
    }

    /// Told whenever something changes that somebody could see.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.0.version.subscribe()
    }

    /// Done once the simulator stops.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// The hour of the simulator.
    pub fn now(&self) -> UnixMs {
        self.state().now()
    }

    /// Moves a fixed clock forward to `at`, and does what was due. A real clock stays.
    pub fn set_now(&self, at: UnixMs) {
        self.with(|state| state.set_now(at));
    }

    /// Moves a fixed clock forward by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.with(|state| {
            let at = state.now() + crate::state::millis(duration);
            state.set_now(at);
        });
    }

    /// With [`crate::Callbacks::Hold`]: everything that Safaricom wants to post, in the order in which it should leave.
    /// What is taken is gone; deliver it, twice, or never.
    pub fn take_outbox(&self) -> Vec<Outgoing> {
        self.with(State::take_outbox)
    }

    /// With [`crate::Callbacks::Hold`]: gets each callback that comes before the answer to its push, which waits for it.
    /// Without this, such a callback waits a moment in the outbox, and so does the answer.
    pub fn on_callback_before_answer<F, W>(&self, receive: F)
    where
        F: Fn(Outgoing) -> W + Send + Sync + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let boxed: Receiver = Arc::new(move |outgoing| Box::pin(receive(outgoing)));
        *self.0.receiver.lock().unwrap_or_else(PoisonError::into_inner) = Some(boxed);
    }

    /// Every prompt on a screen, oldest first.
    pub fn prompts(&self) -> Vec<Prompt> {
        self.with(|state| state.prompts())
    }

    /// Types a PIN into a prompt and presses OK.
    ///
    /// # Errors
    /// Where the prompt is on no screen.
    pub fn enter_pin(&self, prompt: u64, pin: &str) -> Result<PinResult, NoSuchPrompt> {
        self.with(|state| state.enter_pin(prompt, pin))
    }

    /// Presses Cancel: 1032.
    ///
    /// # Errors
    /// Where the prompt is on no screen.
    pub fn cancel(&self, prompt: u64) -> Result<(), NoSuchPrompt> {
        self.with(|state| state.cancel(prompt))
    }

    /// Puts the phone away: the prompt leaves the screen and ends with 1037 when its time is over.
    ///
    /// # Errors
    /// Where the prompt is on no screen.
    pub fn ignore(&self, prompt: u64) -> Result<(), NoSuchPrompt> {
        self.with(|state| state.ignore(prompt))
    }

    /// From now on this phone waits for [`Sim::enter_pin`] and the like, and no script answers for it.
    pub fn attend(&self, msisdn: &str) {
        self.with(|state| state.attend(msisdn, UnixMs::MAX));
    }

    /// A phone as it is; one that was never seen has the starting balance.
    pub fn handset(&self, msisdn: &str) -> Handset {
        self.with(|state| state.handset(msisdn).clone())
    }

    /// Changes a phone.
    pub fn set_handset(&self, msisdn: &str, settings: HandsetSettings) {
        self.with(|state| {
            state.handset(msisdn).apply(settings);
            state.touch();
        });
    }

    /// Everything that moved, in order.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.with(|state| state.ledger.clone())
    }

    /// The next push that is accepted follows this row of the table, whatever its number and amount.
    ///
    /// # Errors
    /// Where the table has no such row.
    pub fn script_next(&self, row: &str) -> Result<(), UnknownRow> {
        let row = script::by_name(row).ok_or_else(|| UnknownRow(row.to_owned()))?;
        self.with(|state| state.scripted.push_back(row));
        Ok(())
    }

    /// Changes what goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.with(|state| state.faults = faults);
    }

    /// What goes wrong.
    pub fn faults(&self) -> Faults {
        self.state().faults
    }

    /// Pays from the phone's own menu, with the merchant's validation where it is on.
    ///
    /// The validation URL is asked over HTTP also where callbacks are held: its answer decides.
    ///
    /// # Errors
    /// Why no money moved.
    pub async fn lipa_na_mpesa(&self, msisdn: &str, payment: Payment) -> Result<Receipt, Decline> {
        let (order, pin) = payment.split();
        let prepared = self.with(|state| state.prepare_menu(msisdn, order, Some(&pin)))?;
        self.finish_menu(prepared).await
    }
}
