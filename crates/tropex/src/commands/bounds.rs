//! `tropex bounds`

mod network;
mod output;

use std::ops::ControlFlow;
use std::time::Duration;

use clap::Args;
use tropex::bounds::{BOUNDS, Bound, BoundSettings, evaluate};

use self::network::NetworkArgs;
use self::output::BoundsOutput;
use super::examples::examples;
use super::options::seconds;
use crate::output::Output;

/// Compute bounds on the number of linear regions of a network, by every formula that applies.
///
/// With --json, every number has all digits, its formula and its source.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "bounds fcn4",
    "bounds --widths 2,8,8,3",
))]
pub struct BoundsArgs {
    #[command(flatten)]
    network: NetworkArgs,
    /// Time limit for each bound; a bound beyond the limit is listed as not finished.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    time_limit: Duration,
}

impl BoundsArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let (name, structure) = self.network.describe(output)?;
        let bar = output.bar();
        let show = |bound: &'static Bound, done: usize, all: usize| {
            let before = BOUNDS.iter().position(|other| std::ptr::eq(other, bound)).unwrap_or(0);
            let share = before as f64 + done as f64 / all.max(1) as f64;
            bar.show(share / BOUNDS.len() as f64, bound.name);
            ControlFlow::Continue(())
        };
        let settings = BoundSettings { time_limit: Some(self.time_limit), progress: &show };
        let table = evaluate(&structure, &settings);
        bar.finish();
        let report = BoundsOutput::new(name, &structure, &table, self.time_limit);
        output.result(&report, || report.text())
    }
}
