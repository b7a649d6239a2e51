//! `tropex bounds`

mod layers;
mod network;
mod report;

use std::time::Duration;

use clap::Args;
use tropex::extract::bounds::{Bound, Settings, evaluate};

use self::network::NetworkOption;
use self::report::Report;
use super::options::seconds;
use crate::output::Output;

/// Bound the number of linear regions that a network can have, by every formula that applies.
///
/// With --json every number comes with all digits, its formula and its source.
#[derive(Debug, Args)]
pub struct Bounds {
    #[command(flatten)]
    network: NetworkOption,
    /// Seconds for each bound: what takes longer is listed as not finished.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    time_limit: Duration,
}

impl Bounds {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let (name, structure) = self.network.describe(output)?;
        let bar = output.bar("{msg:24} {bar:30} {percent} %, {elapsed}");
        let show = |bound: &'static Bound, done: usize, all: usize| {
            bar.set_message(bound.name);
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let settings = Settings { time_limit: Some(self.time_limit), progress: &show };
        let table = evaluate(&structure, &settings);
        bar.finish_and_clear();
        let report = Report::new(name, &structure, &table, self.time_limit);
        output.result(&report, || report.text())
    }
}
