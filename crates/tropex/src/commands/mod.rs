//! The subcommands, one file each.

mod architecture;
mod assign;
mod bounds;
mod choices;
mod cluster;
mod evaluate;
mod experiment;
mod extract;
mod extraction;
mod import;
mod inspect;
mod list;
mod merge;
mod options;
mod plan;
mod precision;
mod region;
mod regions;
mod shell;
mod study;
mod submit;
mod time_estimate;
mod train;

use clap::Subcommand;

use crate::output::Output;

/// Declares the enum of all subcommands, in the order of the help.
macro_rules! commands {
    ($($name:ident($arguments:path)),+ $(,)?) => {
        #[derive(Debug, Subcommand)]
        pub enum Command {
            $($name($arguments),)+
        }

        impl Command {
            pub fn run(self, output: &Output) -> anyhow::Result<()> {
                match self {
                    $(Self::$name(arguments) => arguments.run(output),)+
                }
            }
        }
    };
}

commands! {
    List(list::ListArgs),
    Train(train::TrainArgs),
    Import(import::ImportArgs),
    Inspect(inspect::InspectArgs),
    Extract(extract::ExtractArgs),
    Merge(merge::MergeArgs),
    Plan(plan::PlanArgs),
    Submit(submit::SubmitArgs),
    Evaluate(evaluate::EvaluateArgs),
    Assign(assign::AssignArgs),
    Precision(precision::PrecisionArgs),
    Experiment(experiment::ExperimentArgs),
    Study(study::StudyArgs),
    Bounds(bounds::BoundsArgs),
    Region(region::RegionArgs),
    Regions(regions::RegionsArgs),
}
