//! The subcommands, one file each.

mod assign;
mod bounds;
mod choices;
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
mod time_estimate;
mod train;

use clap::Subcommand;

use crate::output::Output;

#[derive(Debug, Subcommand)]
pub enum Command {
    List(list::ListArgs),
    Train(train::TrainArgs),
    Import(import::ImportArgs),
    Inspect(inspect::InspectArgs),
    Extract(extract::ExtractArgs),
    Evaluate(evaluate::EvaluateArgs),
    Assign(assign::AssignArgs),
    Precision(precision::PrecisionArgs),
    Experiment(experiment::ExperimentArgs),
    Study(study::StudyArgs),
    Bounds(bounds::BoundsArgs),
    Region(region::RegionArgs),
    Regions(regions::RegionsArgs),
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
