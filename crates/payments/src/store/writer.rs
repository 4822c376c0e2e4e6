//! SQLite has one writer: this task. Who wants to write hands over the work and gets its answer after the commit.
//!
//! All work that queued up while the last commit was on its way to the disk shares the next one, a savepoint
//! each. Callbacks are settled together, by statements over all of them. `synchronous=FULL` makes each commit
//! one fsync, so what was answered is on disk, and the cost of the disk is shared by everyone who waited for it.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::conn::Conn;
use super::{Store, Tx};
use crate::error::Error;
use crate::intake::{Callback, Intake, settle_callbacks};
use kaunta_domain::limits::BATCH;

/// Work that waits for the writer.
pub(crate) enum Job {
    /// A use case's own statements.
    Work(Box<dyn Work>),
    /// A callback; all that wait are settled together.
    Callback(Box<Callback>, oneshot::Sender<Result<Intake, Error>>),
}

/// A use case's own statements: run inside the transaction, answered after its commit.
pub(crate) trait Work: Send {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), ()>>;
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

/// How many jobs may wait; a full queue means that the disk cannot keep up.
pub(crate) const QUEUE: usize = 8192;

/// Runs until the last handle on the queue is gone, then gives the connection back for closing.
pub(crate) async fn run(
    store: Store,
    conn: SqliteConnection,
    mut queue: mpsc::Receiver<Job>,
) -> SqliteConnection {
    let mut tx = Tx::new(Conn::SqliteWriter(conn), &store);
    let mut last_commit = Duration::ZERO;
    while let Some(first) = queue.recv().await {
        let jobs = gather(first, &mut queue, last_commit).await;
        let began = Instant::now();
        run_together(&store, &mut tx, jobs).await;
        last_commit = began.elapsed();
    }
    match tx.into_conn() {
        Conn::SqliteWriter(conn) => conn,
        _ => unreachable!("the writer was made with a writing connection"),
    }
}

/// What is waiting now, and what comes within a third of the time that the last commit took: clients that were
/// answered together come back together, and a commit that leaves without them makes them wait for two.
async fn gather(first: Job, queue: &mut mpsc::Receiver<Job>, last_commit: Duration) -> Vec<Job> {
    let mut jobs = Vec::with_capacity(64);
    let crowd = queue.len();
    jobs.push(first);
    while jobs.len() < BATCH {
        match queue.try_recv() {
            Ok(job) => jobs.push(job),
            Err(_) => break,
        }
    }
    if crowd == 0 {
        return jobs;
    }
    let until = tokio::time::Instant::now() + last_commit / 3;
    while jobs.len() < BATCH {
        match tokio::time::timeout_at(until, queue.recv()).await {
            Ok(Some(job)) => jobs.push(job),
            _ => break,
        }
    }
    jobs
}

async fn run_together(store: &Store, tx: &mut Tx, jobs: Vec<Job>) {
    let mut callbacks = Vec::new();
    let mut replies = Vec::new();
    let mut works = Vec::new();
    for job in jobs {
        match job {
            Job::Work(work) => works.push(work),
            Job::Callback(callback, reply) => {
                callbacks.push(*callback);
                replies.push(reply);
            }
        }
    }
    tx.begin_anew();
    match commit_together(tx, &callbacks, &mut works).await {
        Ok(intakes) => {
            store.publish(tx);
            for (reply, intake) in replies.into_iter().zip(intakes) {
                drop(reply.send(Ok(intake)));
            }
            for work in works {
                work.answer(Ok(()));
            }
        }
        Err(error) => {
            tracing::error!(%error, jobs = works.len() + replies.len(), "a commit failed; its callers are told");
            drop(tx.conn.run("ROLLBACK", Vec::new()).await);
            for reply in replies {
                drop(reply.send(Err(Error::Overloaded)));
            }
            for work in works {
                work.answer(Err(Error::Overloaded));
            }
        }
    }
}

async fn commit_together(
    tx: &mut Tx,
    callbacks: &[Callback],
    works: &mut [Box<dyn Work>],
) -> Result<Vec<Intake>, Error> {
    tx.conn.run("BEGIN IMMEDIATE", Vec::new()).await?;
    let intakes = if callbacks.is_empty() {
        Vec::new()
    } else {
        settle_callbacks(tx, callbacks).await?
    };
    for work in works {
        tx.conn.run("SAVEPOINT work", Vec::new()).await?;
        let touched = tx.touched.len();
        if work.run(tx).await.is_err() {
            tx.conn.run("ROLLBACK TO work", Vec::new()).await?;
            tx.touched.truncate(touched);
        }
        tx.conn.run("RELEASE work", Vec::new()).await?;
    }
    tx.conn.run("COMMIT", Vec::new()).await?;
    Ok(intakes)
}
