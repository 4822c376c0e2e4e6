//! Databases to measure on, and what they say afterwards.

use clap::Args;
use kaunta_payments::clock::Clock;
use kaunta_payments::{Config, MasterKeys, Payments};
use url::Url;

use crate::Result;

#[derive(Args)]
pub(crate) struct Seed {
    #[command(flatten)]
    database: Database,
    /// How many sessions
    #[arg(long, default_value_t = 200_000)]
    count: u32,
}

#[derive(Args)]
pub(crate) struct Database {
    /// `sqlite://…` or `postgres://…`
    #[arg(long, value_name = "URL")]
    database: String,
    /// What seals credentials and phones; the server that is measured needs the same
    #[arg(long, env = "KAUNTA_MASTER_KEY", hide_env_values = true)]
    master_key: String,
}

impl Seed {
    pub(crate) async fn run(&self) -> Result<()> {
        let payments = self.database.open().await?;
        payments.migrate().await?;
        payments.seed_waiting(self.count).await?;
        payments.close().await;
        Ok(())
    }
}

impl Database {
    pub(crate) async fn open(&self) -> Result<Payments> {
        let config = Config::new(
            self.database.clone(),
            MasterKeys::parse(&self.master_key)?,
            Url::parse("http://127.0.0.1:3000")?,
        );
        Ok(Payments::open(config, Clock::system()).await?)
    }

    pub(crate) async fn books(&self) -> Result<()> {
        let payments = self.open().await?;
        println!("{}", serde_json::to_string(&payments.books().await?)?);
        payments.close().await;
        Ok(())
    }
}
