//! The command line, and its subcommands, one file each.

mod architecture;
mod assign;
mod bounds;
mod choices;
mod cluster;
mod completions;
mod evaluate;
mod examples;
mod experiment;
mod extract;
mod extraction;
mod image_parts;
mod import;
mod inspect;
mod list;
mod man;
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

use clap::{CommandFactory, Parser, Subcommand};

use crate::output::Output;

/// Train piecewise-linear networks, extract their linear terms, and study how they generalize.
#[derive(Debug, Parser)]
#[command(
    name = "tropex",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "terms: docs/glossary.md in the repository"
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
    /// Print the result as one JSON object and nothing else.
    #[arg(long, global = true, display_order = 1000, help_heading = "Output")]
    pub json: bool,
    /// Print results without progress.
    #[arg(long, short, global = true, display_order = 1001, help_heading = "Output")]
    pub quiet: bool,
}

/// Declares the enum of all subcommands, in the order of the help. A command that describes all
/// commands receives them.
macro_rules! commands {
    ($($name:ident($arguments:path) $(with $commands:expr)?),+ $(,)?) => {
        #[derive(Debug, Subcommand)]
        pub enum Command {
            $($name($arguments),)+
        }

        impl Command {
            pub fn run(self, output: &Output) -> anyhow::Result<()> {
                match self {
                    $(Self::$name(arguments) => arguments.run($($commands,)? output),)+
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
    Completions(completions::CompletionsArgs) with CommandLine::command(),
    Man(man::ManArgs) with CommandLine::command(),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_shows_examples_that_it_accepts() {
        CommandLine::command().debug_assert();
        for command in CommandLine::command().get_subcommands() {
            let help = command.get_after_help().map(|help| help.to_string()).unwrap_or_default();
            let lines: Vec<_> = help.lines().skip(1).map(str::trim).collect();
            let name = command.get_name();
            assert!(lines.len() >= 2, "{name}: two examples expected in {help:?}");
            for line in lines {
                let words: Vec<_> =
                    line.split(['|', '>']).next().unwrap().split_whitespace().collect();
                assert_eq!(words[1], name, "{line}");
                let parsed = CommandLine::command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
