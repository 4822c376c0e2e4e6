//! The life of the server: bind, serve, and drain when told to stop.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use kaunta_domain::limits::POLL_WAIT;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::{Failure, open, say};
use crate::config::Settings;
use crate::state::AppState;
use crate::{jobs, router};

/// How long requests and jobs that are under way may take once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(40);

const _: () = assert!(DRAIN.as_secs() > POLL_WAIT.as_secs());

/// A server that has its socket and its engine, and does not serve yet.
pub(crate) struct Server {
    listener: TcpListener,
    stop: Stop,
    /// What its handlers share.
    pub(crate) state: AppState,
}

impl Server {
    /// Opens the engine for a socket that is bound. The kernel lets early callers wait.
    pub(crate) async fn open(settings: Settings, listener: TcpListener) -> Result<Self, Failure> {
        let bound = listener
            .local_addr()
            .map_err(Failure::machine("the socket has no address"))?;
        let public_url = settings.public_url(bound);
        let payments = open(&settings, public_url.clone()).await?;
        let state = AppState {
            payments,
            settings: Arc::new(settings),
            public_url: Arc::new(public_url),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        };
        Ok(Self {
            listener,
            stop: Stop::listen()?,
            state,
        })
    }

    /// Serves until told to stop, then drains: takes nothing new, finishes what is under way, closes the books.
    pub(crate) async fn run(self, app: Router) -> Result<(), Failure> {
        let Self {
            listener,
            mut stop,
            state,
        } = self;
        let _closing = state.closing.clone().drop_guard();
        jobs::start(&state);
        // Answers are small and complete: waiting to fill a packet would only delay them.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(state.closing.clone().cancelled_owned());
        let mut serving = pin!(serving.into_future());
        tokio::select! {
            served = &mut serving => served.map_err(Failure::machine("the server stopped serving"))?,
            () = stop.asked() => tracing::info!("stopping: finishing what is under way"),
        }
        state.closing.cancel();
        state.tasks.close();
        let drained = async {
            drop(serving.await);
            state.tasks.wait().await;
            state.payments.close().await;
        };
        tokio::select! {
            () = drained => tracing::info!("stopped"),
            () = tokio::time::sleep(DRAIN) => tracing::warn!("stopped, with requests left that did not end in time"),
            () = stop.asked() => tracing::warn!("stopped at once, at a second signal"),
        }
        Ok(())
    }
}

/// `kaunta serve`
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    let listener = bind(&settings).await?;
    let server = Server::open(settings, listener).await?;
    refuse_live_without_https(&server.state).await?;
    let app = router::finished(router::router(), server.state.clone());
    say(&format!("kaunta listens on {}", server.state.public_url));
    server.run(app).await
}

/// Takes the socket of the settings.
pub(crate) async fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    let listen = settings.listen;
    TcpListener::bind(listen).await.map_err(Failure::machine(format!(
        "cannot listen on KAUNTA_LISTEN={listen}"
    )))
}

/// Safaricom calls https addresses alone in production, so real money needs one.
async fn refuse_live_without_https(state: &AppState) -> Result<(), Failure> {
    if state.public_url.scheme() == "https" {
        return Ok(());
    }
    match state
        .payments
        .channels(None)
        .await?
        .iter()
        .find(|channel| channel.livemode == 1)
    {
        Some(live) => Err(Failure::Other(format!(
            "KAUNTA_PUBLIC_URL must start with https://: channel {} takes real money, and Safaricom calls no other address",
            live.id
        ))),
        None => Ok(()),
    }
}

/// The two signals that ask a server to stop.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(Failure::machine("signals cannot be heard"));
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
