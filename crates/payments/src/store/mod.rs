//! Where everything is kept: SQLite by default, PostgreSQL for many servers, by the same SQL.

pub(crate) mod batch;
pub(crate) mod case;
pub(crate) mod conn;
pub(crate) mod lanes;
pub(crate) mod writer;

use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kaunta_domain::case::Phase;
use kaunta_domain::id::SessionId;
use kaunta_domain::time::Timestamp;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::error::Error;
use crate::hub::Hub;
use crate::intake::{Callback, Intake};
use crate::vault::Vault;
use conn::Conn;
use writer::{Job, Work};

/// Connections that read on SQLite.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL of one server.
const POSTGRES_CONNECTIONS: u32 = 10;
/// How often work is repeated that lost a race on PostgreSQL.
const REPEATS: usize = 8;
/// How long a caller waits for a connection before it is told that the server is busy.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// The store; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    backend: Backend,
    clock: Clock,
    vault: Vault,
    hub: Hub,
    post: Notify,
    fallback: crate::Timing,
}

enum Backend {
    Sqlite {
        readers: SqlitePool,
        queue: Mutex<Option<mpsc::Sender<Job>>>,
        writer: Mutex<Option<Writer>>,
        options: Box<SqliteConnectOptions>,
    },
    Postgres {
        pool: PgPool,
        lanes: lanes::Lanes,
    },
}

type Writer = tokio::task::JoinHandle<sqlx::sqlite::SqliteConnection>;

/// A session that a transaction changed, for those who wait for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touched {
    pub(crate) session: SessionId,
    pub(crate) version: i64,
    pub(crate) phase: Phase,
}

/// A transaction, with what it has to say to the world once it is committed.
pub(crate) struct Tx {
    pub(crate) conn: Conn,
    pub(crate) touched: Vec<Touched>,
    /// Whether it put deliveries on their way.
    pub(crate) posted: bool,
    pub(crate) now: Timestamp,
    pub(crate) clock: Clock,
    pub(crate) vault: Vault,
    pub(crate) timing: crate::Timing,
}

impl Tx {
    pub(crate) fn new(conn: Conn, store: &Store) -> Self {
        let (clock, vault) = (store.0.clock.clone(), store.0.vault.clone());
        Self {
            conn,
            touched: Vec::new(),
            posted: false,
            now: clock.now(),
            clock,
            vault,
            timing: store.0.fallback.clone(),
        }
    }

    fn begin_anew(&mut self) {
        self.touched.clear();
        self.posted = false;
        self.now = self.clock.now();
    }

    fn into_conn(self) -> Conn {
        self.conn
    }
}

impl Store {
    /// Connects. Does not migrate.
    pub(crate) async fn open(
        url: &str,
        clock: Clock,
        vault: Vault,
        timing: crate::Timing,
    ) -> Result<Self, Error> {
        let backend = if url.starts_with("postgres") {
            let options = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(CONNECTION_WAIT);
            Backend::Postgres {
                pool: options.connect(url).await?,
                lanes: lanes::Lanes::new(),
            }
        } else {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(CONNECTION_WAIT)
                .foreign_keys(true)
                .disable_statement_logging();
            // The writer's connection first: it creates the file.
            options.connect().await?.close().await?;
            let readers = SqlitePoolOptions::new()
                .max_connections(SQLITE_READERS)
                .acquire_timeout(CONNECTION_WAIT)
                .connect_with(options.clone())
                .await?;
            Backend::Sqlite {
                readers,
                queue: Mutex::new(None),
                writer: Mutex::new(None),
                options: Box::new(options),
            }
        };
        let store = Self(Arc::new(Inner {
            backend,
            clock,
            vault,
            hub: Hub::new(),
            post: Notify::new(),
            fallback: timing,
        }));
        store.start_writing().await?;
        Ok(store)
    }

    async fn start_writing(&self) -> Result<(), Error> {
        match &self.0.backend {
            Backend::Sqlite {
                queue,
                writer,
                options,
                ..
            } => {
                let conn = options.connect().await?;
                let (sender, receiver) = mpsc::channel(writer::QUEUE);
                let task = tokio::spawn(writer::run(self.weakly(), conn, receiver));
                *lock(queue) = Some(sender);
                *lock(writer) = Some(task);
            }
            Backend::Postgres { lanes, .. } => lanes.start(self),
        }
        Ok(())
    }

    /// The writer's own handle. It ends when the queue's sender is dropped by [`Store::close`].
    fn weakly(&self) -> Self {
        self.clone()
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<(), Error> {
        match &self.0.backend {
            Backend::Sqlite { readers, .. } => sqlx::migrate!("migrations/sqlite").run(readers).await?,
            Backend::Postgres { pool, .. } => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// Lets what is queued finish, then closes all connections.
    pub(crate) async fn close(&self) {
        match &self.0.backend {
            Backend::Sqlite {
                readers,
                queue,
                writer,
                ..
            } => {
                drop(lock(queue).take());
                let task = lock(writer).take();
                if let Some(conn) = match task {
                    Some(task) => task.await.ok(),
                    None => None,
                } {
                    drop(conn.close().await);
                }
                readers.close().await;
            }
            Backend::Postgres { pool, lanes } => {
                lanes.close().await;
                pool.close().await;
            }
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// Fires when a commit here put deliveries on their way.
    pub(crate) fn post(&self) -> &Notify {
        &self.0.post
    }

    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.0.backend {
            Backend::Postgres { pool, .. } => Some(pool),
            Backend::Sqlite { .. } => None,
        }
    }

    /// A connection to read on.
    pub(crate) async fn read(&self) -> Result<Conn, Error> {
        Ok(match &self.0.backend {
            Backend::Sqlite { readers, .. } => Conn::SqliteReader(readers.acquire().await.map_err(busy)?),
            Backend::Postgres { pool, .. } => Conn::PostgresReader(pool.acquire().await.map_err(busy)?),
        })
    }

    /// Runs `work` in a transaction and answers after its commit. The work goes on when the caller stops waiting.
    ///
    /// On PostgreSQL it is repeated where it lost a race, so it must not act on anything but the database.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + Sync + 'static,
    {
        match &self.0.backend {
            Backend::Sqlite { .. } => {
                let (reply, answer) = oneshot::channel();
                self.enqueue(Job::Work(Box::new(Alone {
                    work,
                    done: None,
                    reply,
                })))?;
                answer.await.map_err(|_| Error::Closed)?
            }
            Backend::Postgres { pool, .. } => {
                let (store, pool) = (self.clone(), pool.clone());
                tokio::spawn(async move { store.write_postgres(&pool, work).await })
                    .await
                    .map_err(|_| Error::Closed)?
            }
        }
    }

    async fn write_postgres<T, F>(&self, pool: &PgPool, work: F) -> Result<T, Error>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + Sync,
    {
        let mut repeats = 0;
        loop {
            let mut tx = Tx::new(Conn::PostgresWriter(pool.begin().await.map_err(busy)?), self);
            let outcome = match work(&mut tx).await {
                Ok(value) => self.commit_postgres(tx).await.map(|()| value),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.is_worth_repeating() && repeats < REPEATS => repeats += 1,
                other => return other,
            }
        }
    }

    /// Commits, with word to the other servers in the same transaction.
    pub(crate) async fn commit_postgres(&self, mut tx: Tx) -> Result<(), Error> {
        if !tx.touched.is_empty() {
            tx.conn
                .run(
                    "SELECT pg_notify('kaunta', $1)",
                    conn::args![crate::hub::message(&tx.touched)],
                )
                .await?;
        }
        let (touched, posted) = (std::mem::take(&mut tx.touched), tx.posted);
        if let Conn::PostgresWriter(transaction) = tx.conn {
            transaction.commit().await?;
        }
        self.tell(&touched, posted);
        Ok(())
    }

    /// Settles a callback together with all others that wait; answers after the commit.
    pub(crate) async fn settle(&self, callback: Callback) -> Result<Intake, Error> {
        let (reply, answer) = oneshot::channel();
        match &self.0.backend {
            Backend::Sqlite { .. } => self.enqueue(Job::Callback(Box::new(callback), reply))?,
            Backend::Postgres { lanes, .. } => lanes.send(callback, reply)?,
        }
        answer.await.map_err(|_| Error::Closed)?
    }

    fn enqueue(&self, job: Job) -> Result<(), Error> {
        let Backend::Sqlite { queue, .. } = &self.0.backend else {
            return Err(Error::Closed);
        };
        let sender = lock(queue).clone().ok_or(Error::Closed)?;
        sender.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Closed,
        })
    }

    pub(crate) fn publish(&self, tx: &Tx) {
        self.tell(&tx.touched, tx.posted);
    }

    fn tell(&self, touched: &[Touched], posted: bool) {
        self.0.hub.publish(touched);
        if posted {
            self.0.post.notify_one();
        }
    }
}

/// A pool that has nothing left is a busy server, not a broken one.
fn busy(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::PoolTimedOut => Error::Overloaded,
        sqlx::Error::PoolClosed => Error::Closed,
        other => Error::Store(other),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One use case's work on its way through the writer.
struct Alone<F, T> {
    work: F,
    done: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Work for Alone<F, T>
where
    T: Send + 'static,
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, Error>> + Send + Sync,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, Result<(), ()>> {
        Box::pin(async move {
            let done = (self.work)(tx).await;
            let went_well = if done.is_ok() { Ok(()) } else { Err(()) };
            self.done = Some(done);
            went_well
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (committed, self.done) {
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(Error::Closed),
            // Work that said no by itself says so also when the commit it shared failed.
            (Err(_), Some(Err(own))) => Err(own),
            (Err(error), _) => Err(error),
        };
        drop(self.reply.send(answer));
    }
}
