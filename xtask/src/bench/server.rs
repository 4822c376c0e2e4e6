//! A server under measurement: started on one processor over the pretended disk, watched, and stopped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::contender::Program;
use super::tools::{SERVER_CPU, Tools};
use crate::process;

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
const PORT: u16 = 4127;

/// A server that answers.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    /// From the start of the process to its first `ready`.
    pub(super) started_in: Duration,
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) cpu: Duration,
    pub(super) resident_mib: f64,
    pub(super) peak_mib: f64,
}

impl Server {
    /// Starts `program` on `database` and waits until it is ready.
    pub(super) fn start(tools: &Tools, program: Program, database: &str, delay: u32) -> Result<Self> {
        ensure!(
            TcpStream::connect(("127.0.0.1", PORT)).is_err(),
            "something listens on port {PORT} already"
        );
        let mut command = program.serve(database, PORT, SERVER_CPU.as_slice());
        tools.on_pretended_disk(&mut command, delay);
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{}`", process::shown(&command)))?;
        let mut server = Self {
            child,
            port: PORT,
            started_in: Duration::ZERO,
        };
        while !is_ready(PORT) {
            if let Some(status) = server.child.try_wait()? {
                bail!("`{}` ended with {status}", process::shown(&command));
            }
            ensure!(began.elapsed() < READY_WITHIN, "not ready after {READY_WITHIN:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        server.started_in = began.elapsed();
        Ok(server)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn usage(&self) -> Usage {
        usage(self.pid())
    }

    /// Lets it finish what is under way, as an operator would.
    pub(super) fn stop(mut self) -> Result<()> {
        process::run(process::command("kill").args(["-TERM", &self.pid().to_string()]))?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(
                began.elapsed() < STOPPED_WITHIN,
                "did not stop within {STOPPED_WITHIN:?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to kill; after an error there may be.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// Reads `/proc`; all zero where the process is gone.
pub(super) fn usage(pid: u32) -> Usage {
    let read = |file| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let (stat, status) = (read("stat"), read("status"));
    let mib = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    };
    Usage {
        cpu: ticks(&stat),
        resident_mib: mib("VmRSS:"),
        peak_mib: mib("VmHWM:"),
    }
}

/// User and system time, also of children that have ended. A tick is 10 ms on Linux.
fn ticks(stat: &str) -> Duration {
    let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = fields.split(' ').skip(11).take(4);
    let sum: u64 = ticks.map(|field| field.parse().unwrap_or(0)).sum();
    Duration::from_millis(sum * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_the_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 10 20 0 0 3 4 5 6 20 0 1 0 100";
        assert_eq!(ticks(stat), Duration::from_millis(180));
        assert_eq!(ticks(""), Duration::ZERO);
    }
}
