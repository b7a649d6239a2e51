//! The subcommands, one a file.

mod assign;
mod bounds;
mod evaluate;
mod experiment;
mod extract;
mod import;
mod inspect;
mod list;
mod options;
mod precision;
mod region;
mod regions;
mod study;
mod train;
mod wait;

use clap::Subcommand;

use crate::output::Output;

#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::List),
    Train(train::Train),
    Import(import::Import),
    Inspect(inspect::Inspect),
    Extract(extract::Extract),
    Evaluate(evaluate::Evaluate),
    Assign(assign::Assign),
    Precision(precision::PrecisionTable),
    Experiment(experiment::Experiment),
    Study(study::StudyCommand),
    Bounds(bounds::Bounds),
    Region(region::Region),
    Regions(regions::Regions),
}

impl Command {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run(output),
            Self::Train(train) => train.run(output),
            Self::Import(import) => import.run(output),
            Self::Inspect(inspect) => inspect.run(output),
            Self::Extract(extract) => extract.run(output),
            Self::Evaluate(evaluate) => evaluate.run(output),
            Self::Assign(assign) => assign.run(output),
            Self::Precision(precision) => precision.run(output),
            Self::Experiment(experiment) => experiment.run(output),
            Self::Study(study) => study.run(output),
            Self::Bounds(bounds) => bounds.run(output),
            Self::Region(region) => region.run(output),
            Self::Regions(regions) => regions.run(output),
        }
    }
}
