//! The program `daraja-sim`: the simulator by itself, for merchants' programs in any language.

use std::io::Write;
use std::net::SocketAddr;

use clap::Parser;
use daraja_sim::{App, Config, Faults, Pace, SANDBOX_PASSKEY, Shortcode, Sim, Switches, Validation};

/// A pretend Safaricom: Daraja at /oauth and /mpesa, a phone at /phone, controls at /sim.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  daraja-sim
  daraja-sim --listen 127.0.0.1:0 --seed 42 --faults villain
  daraja-sim --shortcode 4001234 --name 'Mama Njeri' --passkey secret"
)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Same seed and same requests: same identifiers, receipts and faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One more paybill beside those of the sandbox
    #[arg(long)]
    shortcode: Option<String>,
    /// The name of that paybill
    #[arg(long, default_value = "Duka Bora", requires = "shortcode")]
    name: String,
    /// The passkey of that paybill
    #[arg(long, default_value = SANDBOX_PASSKEY, hide_default_value = true, requires = "shortcode")]
    passkey: String,
    /// The app's key
    #[arg(long, default_value = "sandbox-key")]
    consumer_key: String,
    /// The app's secret
    #[arg(long, default_value = "sandbox-secret")]
    consumer_secret: String,
    /// Give a token to every key and secret
    #[arg(long)]
    any_credentials: bool,
    /// Production's rules: https alone, C2B URLs registered once
    #[arg(long)]
    production: bool,
    /// What goes wrong
    #[arg(long, value_enum, default_value = "none")]
    faults: FaultSet,
    /// How fast unattended phones answer
    #[arg(long, value_enum, default_value = "human")]
    pace: PaceSet,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FaultSet {
    /// Nothing
    None,
    /// Everything now and then
    Villain,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PaceSet {
    /// After 3 s
    Human,
    /// At once
    Instant,
}

impl Arguments {
    fn config(self) -> Config {
        let mut shortcodes = Shortcode::sandbox();
        if let Some(number) = self.shortcode {
            let passkey = self.passkey;
            shortcodes.retain(|shortcode| shortcode.number != number);
            shortcodes.push(Shortcode {
                passkey,
                ..Shortcode::paybill(&number, &self.name, Validation::On)
            });
        }
        Config {
            listen: self.listen,
            seed: self.seed,
            apps: vec![App::new(self.consumer_key, self.consumer_secret)],
            shortcodes,
            pace: match self.pace {
                PaceSet::Human => Pace::default(),
                PaceSet::Instant => Pace::instant(),
            },
            faults: match self.faults {
                FaultSet::None => Faults::default(),
                FaultSet::Villain => Faults::villain(),
            },
            switches: Switches {
                accept_any_credentials: self.any_credentials,
                production: self.production,
                ..Switches::default()
            },
            ..Config::default()
        }
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let sim = Sim::start(Arguments::parse().config()).await?;
    // The first line is the address alone, for whoever starts this on a free port; who has read it may hang up.
    let address = sim.base_url();
    let _ = writeln!(
        std::io::stdout(),
        "{address}\nphone: {address}/phone\ncontrols: {address}/sim"
    );
    told_to_stop().await?;
    sim.stop().await;
    Ok(())
}

/// Ctrl-C from a person, SIGTERM from whatever started this.
#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
