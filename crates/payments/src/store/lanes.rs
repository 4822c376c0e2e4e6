//! On PostgreSQL callbacks are settled together too: a few lanes, each with its own transaction.
//!
//! A commit waits for the server's disk; callbacks that come meanwhile share the next one. Several lanes keep
//! several commits on the way. Two lanes never settle the same session at once, because they lock its row.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::conn::Conn;
use super::{Store, Tx, busy};
use crate::error::Error;
use crate::intake::{Callback, Intake, settle_callbacks};
use kaunta_domain::limits::BATCH;

/// How many commits may be on the way at once.
const LANES: usize = 4;

type Waiting = (Callback, oneshot::Sender<Result<Intake, Error>>);

pub(crate) struct Lanes {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl Lanes {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(None),
            tasks: tokio::sync::Mutex::new(JoinSet::new()),
        }
    }

    pub(crate) fn start(&self, store: &Store) {
        let (sender, receiver) = mpsc::channel(super::writer::QUEUE);
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        let receiver = std::sync::Arc::new(tokio::sync::Mutex::new(receiver));
        if let Ok(mut tasks) = self.tasks.try_lock() {
            for _ in 0..LANES {
                tasks.spawn(lane(store.clone(), receiver.clone()));
            }
        }
    }

    pub(crate) fn send(
        &self,
        callback: Callback,
        reply: oneshot::Sender<Result<Intake, Error>>,
    ) -> Result<(), Error> {
        let sender = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or(Error::Closed)?;
        sender
            .try_send((callback, reply))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => Error::Overloaded,
                mpsc::error::TrySendError::Closed(_) => Error::Closed,
            })
    }

    /// Lets what is queued finish.
    pub(crate) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
    }
}

async fn lane(store: Store, queue: std::sync::Arc<tokio::sync::Mutex<mpsc::Receiver<Waiting>>>) {
    loop {
        let mut batch = Vec::new();
        // One lane gathers at a time; the others are in their commits.
        if queue.lock().await.recv_many(&mut batch, BATCH / LANES).await == 0 {
            return;
        }
        let (callbacks, replies): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        match settle_repeatedly(&store, &callbacks).await {
            Ok(intakes) => {
                for (reply, intake) in replies.into_iter().zip(intakes) {
                    drop(reply.send(Ok(intake)));
                }
            }
            Err(error) => {
                tracing::error!(%error, callbacks = callbacks.len(), "callbacks could not be stored; their senders are told");
                for reply in replies {
                    drop(reply.send(Err(Error::Overloaded)));
                }
            }
        }
    }
}

async fn settle_repeatedly(store: &Store, callbacks: &[Callback]) -> Result<Vec<Intake>, Error> {
    let pool = store.postgres().ok_or(Error::Closed)?;
    let mut repeats = 0;
    loop {
        let mut tx = Tx::new(Conn::PostgresWriter(pool.begin().await.map_err(busy)?), store);
        let outcome = match settle_callbacks(&mut tx, callbacks).await {
            Ok(intakes) => store.commit_postgres(tx).await.map(|()| intakes),
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) if error.is_worth_repeating() && repeats < super::REPEATS => repeats += 1,
            other => return other,
        }
    }
}
