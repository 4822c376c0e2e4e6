//! placeholder until the simulator can be started
use crate::cli::Failure;
use crate::config::Settings;
pub(crate) async fn demo(_settings: Settings) -> Result<(), Failure> {
    Ok(())
}
