//! The handle: starts the simulator, and lets a test or a demo play every part but the merchant's.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::UnixMs;
use crate::config::{Callbacks, Config, Faults};
use crate::handset::{Handset, HandsetSettings, NoSuchPrompt, PinResult, Prompt};
use crate::outbox::Outgoing;
use crate::script;
use crate::serve::{CutListener, Scissors};
use crate::state::menu::{Decline, Order, Payment, Prepared, Receipt};
use crate::state::money::LedgerEntry;
use crate::state::{State, Unanswered};

/// How long Safaricom waits for a merchant to take a callback.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connections may finish when the simulator stops.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// How long an answer waits for a test to take the callback that must come first, where no receiver is set.
const HOLD_GRACE: Duration = Duration::from_millis(500);

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
            http: client()?,
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

    /// Lets timers run and callbacks leave, each at its time.
    async fn run_clockwork(self) {
        loop {
            let (due, next) = self.with(|state| {
                let sends = state.config.callbacks == Callbacks::Send;
                let due = if sends { state.take_due() } else { Vec::new() };
                (
                    due,
                    state
                        .next_event()
                        .filter(|_| state.clock_runs())
                        .map(|at| at - state.now()),
                )
            });
            for outgoing in due {
                let sim = self.clone();
                tokio::spawn(async move { sim.deliver(&outgoing).await });
            }
            let sleep = next.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0).max(1)));
            let timer = async {
                match sleep {
                    Some(duration) => tokio::time::sleep(duration).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.0.stop.cancelled() => return,
                () = self.0.wake.notified() => {}
                () = timer => {}
            }
        }
    }

    /// One try. Whatever the merchant answers, Safaricom does not come again.
    async fn deliver(&self, outgoing: &Outgoing) {
        let request = self
            .0
            .http
            .post(&outgoing.url)
            .header(CONTENT_TYPE, "application/json;charset=UTF-8")
            .header("Businessshortcode", &outgoing.shortcode)
            .body(outgoing.body.clone());
        let _ = request.send().await;
    }

    /// Delivers one callback before the push that it belongs to is answered; where callbacks are held, gives
    /// the test a moment to take it.
    pub(crate) async fn deliver_first(&self, id: u64) {
        let held = self.state().config.callbacks == Callbacks::Hold;
        let receiver = self
            .0
            .receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if !held || receiver.is_some() {
            match (self.with(|state| state.take_one(id)), receiver.filter(|_| held)) {
                (Some(outgoing), Some(receive)) => receive(outgoing).await,
                (Some(outgoing), None) => self.deliver(&outgoing).await,
                (None, _) => {}
            }
            return;
        }
        let taken = async {
            while self.state().outbox.values().any(|outgoing| outgoing.id == id) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let _ = tokio::time::timeout(HOLD_GRACE, taken).await;
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

    /// With [`Callbacks::Hold`]: everything that Safaricom wants to post, in the order in which it should leave.
    /// What is taken is gone; deliver it, twice, or never.
    pub fn take_outbox(&self) -> Vec<Outgoing> {
        self.with(State::take_outbox)
    }

    /// With [`Callbacks::Hold`]: gets each callback that comes before the answer to its push, which waits for it.
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

    /// The simulate endpoint's payment, which nobody waits for.
    pub(crate) fn pay_in_background(&self, msisdn: String, order: Order) {
        let sim = self.clone();
        tokio::spawn(async move {
            if let Ok(prepared) = sim.with(|state| state.prepare_menu(&msisdn, order, None)) {
                let _ = sim.finish_menu(prepared).await;
            }
        });
    }

    async fn finish_menu(&self, mut prepared: Prepared) -> Result<Receipt, Decline> {
        let third_party = self.ask_validation(&prepared).await?;
        Ok(self.with(|state| state.complete_menu(&mut prepared, &third_party)))
    }

    /// Asks the merchant; gives its `ThirdPartyTransID`.
    async fn ask_validation(&self, prepared: &Prepared) -> Result<String, Decline> {
        let Some((registration, body)) = &prepared.validation else {
            return Ok(String::new());
        };
        let (deadline, shortcode) = {
            let state = self.state();
            let number = state.shortcode(prepared.moved.shortcode).number.clone();
            (state.config.pace.validation_deadline, number)
        };
        let request = self
            .0
            .http
            .post(&registration.validation)
            .timeout(deadline)
            .header(CONTENT_TYPE, "application/json;charset=UTF-8")
            .header("Businessshortcode", shortcode)
            .body(body.clone());
        match read_validation(request).await {
            Some(Validated::Accepted(third_party)) => Ok(third_party),
            Some(Validated::Refused(result_code)) => Err(Decline::Refused { result_code }),
            None if registration.unanswered == Unanswered::Completed => Ok(String::new()),
            None => Err(Decline::Cancelled),
        }
    }
}

enum Validated {
    Accepted(String),
    Refused(String),
}

/// `None` where the merchant was not reached, was late, or said nothing that can be read.
async fn read_validation(request: reqwest::RequestBuilder) -> Option<Validated> {
    let response = request.send().await.ok()?.error_for_status().ok()?;
    let reply: serde_json::Value = serde_json::from_slice(&response.bytes().await.ok()?).ok()?;
    let code = match reply.get("ResultCode")? {
        serde_json::Value::String(code) => code.clone(),
        serde_json::Value::Number(code) => code.to_string(),
        _ => return None,
    };
    if code != "0" {
        return Some(Validated::Refused(code));
    }
    let third_party = reply
        .get("ThirdPartyTransID")
        .and_then(|id| id.as_str())
        .unwrap_or_default();
    Some(Validated::Accepted(third_party.to_owned()))
}

fn client() -> std::io::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .timeout(CALLBACK_TIMEOUT)
        .connect_timeout(CALLBACK_TIMEOUT)
        .redirect(Policy::none());
    builder.build().map_err(std::io::Error::other)
}
