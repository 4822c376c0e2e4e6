//! One server measured once: callbacks, polls, what they cost, and whether the books agree.

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::Plan;
use super::contender::{Contender, Program};
use super::load::{self, CONNECTIONS, Load};
use super::server::Server;
use super::store::Stores;
use super::tools::Tools;
use crate::process;

/// Sessions that the second kind of polls asks for again and again.
const HOT: u32 = 1000;

/// Requests with what they cost.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Priced {
    #[serde(flatten)]
    pub(super) load: Load,
    /// Of the server's process, a request.
    pub(super) cpu_us: f64,
    /// Of PostgreSQL, a request.
    pub(super) database_cpu_us: f64,
}

/// What the books say after a run; the fields that both kinds of tables can tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Books {
    complete: u64,
    shillings: u64,
    evidence: u64,
    /// Only ours: that each shilling is on one payment.
    payments: Option<u64>,
    received: Option<u64>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sample {
    pub(super) contender: &'static str,
    pub(super) delay_us: u32,
    pub(super) callbacks: Priced,
    /// Of all sessions, at random.
    pub(super) polls: Priced,
    /// Of a thousand sessions.
    pub(super) hot_polls: Priced,
    pub(super) peak_mib: f64,
    pub(super) books: Books,
}

impl Sample {
    /// For whoever watches.
    pub(super) fn line(&self) -> String {
        format!(
            "{:<34} fsync {} ms: {:>7.0} callbacks/s, p99 {:>7.1} ms, {:>5.1} us; {:>7.0} polls/s, {:>5.1} us",
            self.contender,
            self.delay_us / 1000,
            self.callbacks.load.per_second,
            self.callbacks.load.p99_ms,
            self.callbacks.cpu_us,
            self.polls.load.per_second,
            self.polls.cpu_us
        )
    }
}

/// Measures `contender` once, on a fresh copy.
pub(super) fn measure(
    tools: &Tools,
    stores: &Stores,
    plan: &Plan,
    contender: &Contender,
    delay: u32,
) -> Result<Sample> {
    let copy = stores.copy(contender.program, plan.rows)?;
    let server = Server::start(tools, contender.program, &copy.address(), delay)?;
    let word = contender.program.word().to_owned();
    let rows = plan.rows.to_string();
    let priced = |script: &str, seconds: u32, first: &str, last: &str| -> Result<Priced> {
        let (own, database) = (server.usage().cpu, stores.usage().cpu);
        let arguments = [word.clone(), first.to_owned(), last.to_owned()];
        let load = load::run(script, server.port, seconds, &arguments)?;
        #[expect(clippy::cast_precision_loss, reason = "a figure, not money")]
        let each = |cpu: std::time::Duration| cpu.as_secs_f64() * 1e6 / load.requests as f64;
        Ok(Priced {
            cpu_us: each(server.usage().cpu.saturating_sub(own)),
            database_cpu_us: each(stores.usage().cpu.saturating_sub(database)),
            load,
        })
    };
    // Compiles what Node compiles, and opens the connections to PostgreSQL.
    priced("status.lua", 1, "0", &HOT.to_string())?;
    let callbacks = priced("callbacks.lua", plan.seconds, "0", &rows)?;
    let polls = priced("status.lua", plan.poll_seconds, "0", &rows)?;
    let hot_polls = priced("status.lua", plan.poll_seconds, "0", &HOT.to_string())?;
    let peak_mib = server.usage().peak_mib;
    server.stop()?;
    let sample = Sample {
        contender: contender.name,
        delay_us: delay,
        books: books(contender.program, &copy.address())?,
        callbacks,
        polls,
        hot_polls,
        peak_mib,
    };
    check(&sample, plan.rows).with_context(|| format!("{}: this run does not count", contender.name))?;
    Ok(sample)
}

fn books(program: Program, database: &str) -> Result<Books> {
    let told = process::capture(&mut program.books(database))?;
    serde_json::from_str(&told).with_context(|| format!("not books: {told}"))
}

/// Every acknowledged callback is in the books, and nothing else but what was on its way at the end.
fn check(sample: &Sample, rows: u32) -> Result<()> {
    for (what, priced) in [
        ("callbacks", &sample.callbacks),
        ("polls", &sample.polls),
        ("polls", &sample.hot_polls),
    ] {
        let (refused, broken) = (priced.load.refused, priced.load.broken);
        ensure!(refused == 0, "{refused} {what} were refused");
        // Where a server is slow, what wrk cuts off at the end counts as broken.
        ensure!(
            broken <= u64::from(CONNECTIONS),
            "{broken} {what} were not answered"
        );
    }
    let (accepted, books) = (sample.callbacks.load.requests, &sample.books);
    ensure!(
        accepted <= u64::from(rows),
        "the rows ran out: shorter runs, please"
    );
    let most = accepted + u64::from(CONNECTIONS);
    if books.complete < accepted || books.complete > most {
        bail!(
            "{accepted} callbacks were acknowledged, {} are in the books",
            books.complete
        );
    }
    ensure!(
        books.evidence == books.complete,
        "{} bodies were kept for {} payments",
        books.evidence,
        books.complete
    );
    ensure!(
        books.payments.is_none_or(|payments| payments == books.complete)
            && books.received.is_none_or(|received| received == books.shillings),
        "payments and sessions disagree: {books:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priced(requests: u64, refused: u64) -> Priced {
        let load = Load {
            requests,
            seconds: 1.0,
            per_second: 1.0,
            p50_ms: 1.0,
            p99_ms: 1.0,
            max_ms: 1.0,
            refused,
            broken: 0,
        };
        Priced {
            load,
            cpu_us: 1.0,
            database_cpu_us: 0.0,
        }
    }

    fn run(accepted: u64, complete: u64, received: u64, refused: u64) -> Sample {
        Sample {
            contender: "ours",
            delay_us: 1000,
            callbacks: priced(accepted, refused),
            polls: priced(1, 0),
            hot_polls: priced(1, 0),
            peak_mib: 1.0,
            books: Books {
                complete,
                shillings: 10 * complete,
                evidence: complete,
                payments: Some(complete),
                received: Some(received),
            },
        }
    }

    #[test]
    fn a_run_counts_only_when_the_books_agree() {
        assert!(check(&run(100, 100, 1000, 0), 200).is_ok());
        assert!(check(&run(100, 164, 1640, 0), 200).is_ok());
        for (sample, why) in [
            (run(100, 99, 990, 0), "an acknowledged callback is missing"),
            (run(100, 165, 1650, 0), "more than was sent"),
            (run(100, 100, 990, 0), "shillings are missing"),
            (run(100, 100, 1000, 1), "a callback was refused"),
            (run(201, 201, 2010, 0), "the rows ran out"),
        ] {
            assert!(check(&sample, 200).is_err(), "{why}");
        }
    }
}
