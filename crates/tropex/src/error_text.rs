//! The line that the command prints for an error.
//!
//! Libraries do not name flags. This file adds the flag that helps.

use tropex::Gauge;
use tropex::experiments::{self, Split};
use tropex::train::data::{DataError, FileError, ImagesError};
use tropex::train::import::ImportError;
use tropex::train::run::RunError;
use tropex::train::weights::WeightsError;
use tropex::train::zoo::ArchitectureError;

/// The error, its causes, and the flag that helps, in one line.
pub fn error_text(error: &anyhow::Error) -> String {
    let text = with_causes(error);
    one_line(&match flag_that_helps(error) {
        Some(help) => format!("{text}; {help}"),
        None => text,
    })
}

/// The message of a panic in one line.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    one_line(text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message"))
}

/// The error and its causes. A cause that the text before already contains is left out.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.is_empty() {
            true => cause,
            false if text.contains(&cause) => text,
            false => format!("{text}: {cause}"),
        }
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn flag_that_helps(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(error) => of_experiments(error),
        None => {
            let help = cause.downcast_ref().and_then(of_data);
            let help = help.or(cause.downcast_ref().and_then(of_run));
            help.or(cause.downcast_ref().and_then(of_architecture)).map(str::to_owned)
        }
    })
}

fn of_experiments(error: &experiments::Error) -> Option<String> {
    let help = match error {
        experiments::Error::NoTerms { run, split, gauge, .. } => {
            let mut command = format!("tropex extract {}", run.display());
            if *split != Split::Train {
                command += &format!(" --split {split}");
            }
            if *gauge != Gauge::WorstCase {
                command += &format!(" --gauge {}", gauge.name());
            }
            return Some(format!("make them with `{command}`"));
        }
        experiments::Error::OtherData { .. } => "--data-dir names the folder of the data",
        experiments::Error::Extract(tropex::Error::OtherTerms { .. }) => {
            "or extract with --replace"
        }
        experiments::Error::Extract(tropex::Error::TooManyParts { .. }) => {
            "--batch with fewer images makes more batches"
        }
        experiments::Error::OtherContent { .. } => "--out names it",
        experiments::Error::Data(error) => of_data(error)?,
        experiments::Error::Run(error) => of_run(error)?,
        _ => return None,
    };
    Some(help.to_owned())
}

fn of_data(error: &DataError) -> Option<&'static str> {
    Some(match error {
        DataError::Missing { .. } => "--data-dir names the folder",
        DataError::Unavailable { .. } | DataError::NoCache { .. } => {
            "--data-dir names a folder that has the files"
        }
        DataError::File { problem: FileError::ChannelsLast { .. }, .. } => {
            "--layout nhwc or --layout nchw chooses the layout"
        }
        DataError::File {
            problem: FileError::Images { problem: ImagesError::PixelRange { .. }, .. },
            ..
        } => "`tropex import` takes the normalisation of a network as --mean and --std",
        _ => return None,
    })
}

fn of_run(error: &RunError) -> Option<&'static str> {
    Some(match error {
        RunError::NoRun { .. } => "`tropex train` and `tropex import` make runs",
        RunError::Unfinished { .. } => "call the same `tropex train` again",
        RunError::Architecture(error) => of_architecture(error)?,
        RunError::NoCheckpoint { .. } => "`tropex train --checkpoints` keeps checkpoints",
        RunError::Import(ImportError::Layers { .. }) => {
            "--map FROM=TO says which layer is which, --map FROM= leaves one out"
        }
        RunError::Import(ImportError::Weights(WeightsError::Unknown { .. })) => {
            "--map FROM= leaves a tensor out"
        }
        RunError::Import(ImportError::Weights(WeightsError::Entries { .. })) => {
            "--entry KEY chooses one"
        }
        _ => return None,
    })
}

fn of_architecture(error: &ArchitectureError) -> Option<&'static str> {
    matches!(error, ArchitectureError::Unknown { .. }).then_some("`tropex list` names all")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_are_printed_once_and_in_one_line() {
        let error = anyhow::anyhow!("no\nspace").context("cannot write x: no\nspace").context("x");
        assert_eq!(error_text(&error), "x: cannot write x: no space");
    }

    #[test]
    fn errors_name_the_flags_that_help() {
        let missing = || DataError::NoCache { dataset: "mnist".into() };
        let expected = "; --data-dir names a folder that has the files";
        let errors = [
            missing().into(),
            experiments::Error::from(missing()).into(),
            Err::<(), _>(missing()).context("run").unwrap_err(),
        ];
        for error in errors {
            assert!(error_text(&error).ends_with(expected), "{error:?}");
        }
        assert_eq!(error_text(&anyhow::anyhow!("other")), "other");
    }
}
