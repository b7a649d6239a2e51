//! The experiments, one a file.
//!
//! To add one: a file with an `ENTRY` and a type that implements
//! [`Experiment`](crate::experiment::Experiment), whose fields are its parameters, and its line in
//! [`EXPERIMENTS`].

mod boundary;
mod coefficients;
mod count;
mod exactness;
mod generalization;
mod implications;
mod leave_one_out;
mod nearest_terms;
mod networks;
mod patterns;
mod random_labels;
mod shifted_terms;
mod similarity;
mod slide;
mod subset;
mod translation;

use crate::Error;
use crate::experiment::ExperimentEntry;

/// Every experiment, in the order in which reports tell them.
pub const EXPERIMENTS: &[ExperimentEntry] = &[
    exactness::ENTRY,
    generalization::ENTRY,
    implications::ENTRY,
    leave_one_out::ENTRY,
    nearest_terms::ENTRY,
    subset::ENTRY,
    count::ENTRY,
    boundary::ENTRY,
    translation::ENTRY,
    shifted_terms::ENTRY,
    slide::ENTRY,
    similarity::ENTRY,
    patterns::ENTRY,
    coefficients::ENTRY,
    networks::ENTRY,
    random_labels::ENTRY,
];

/// The experiment of a name.
///
/// # Errors
/// Names that mean nothing.
pub fn find(name: &str) -> Result<&'static ExperimentEntry, Error> {
    let unknown = || Error::UnknownExperiment {
        name: name.to_owned(),
        known: EXPERIMENTS.iter().map(|entry| entry.name).collect(),
    };
    EXPERIMENTS.iter().find(|entry| entry.name == name).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;
    use crate::experiment::Parameters;

    #[test]
    fn entries_are_well_formed() {
        let names: HashSet<_> = EXPERIMENTS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), EXPERIMENTS.len());
        for entry in EXPERIMENTS {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(entry.name.chars().all(kebab), "{}", entry.name);
            assert!(entry.question.ends_with('?'), "{}", entry.name);
            assert!(entry.method.iter().all(|line| line.ends_with('.')), "{}", entry.name);
            assert_eq!(find(entry.name).unwrap().name, entry.name);
        }
    }

    #[test]
    fn every_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/experiments");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
        files.retain(|name| name != "mod.rs" && name.ends_with(".rs"));
        let mut expected: Vec<_> =
            EXPERIMENTS.iter().map(|entry| entry.name.replace('-', "_") + ".rs").collect();
        files.sort();
        expected.sort();
        assert_eq!(files, expected);
    }

    #[test]
    fn parameters_are_complete_and_unknown_ones_are_refused() {
        for entry in EXPERIMENTS {
            let made = entry.make(&Parameters::new()).unwrap();
            let again = entry.make(&made.parameters).unwrap();
            assert_eq!(again.parameters, made.parameters, "{}", entry.name);
            let unknown = Parameters::from([("colour".to_owned(), Value::from(1))]);
            let error = entry.make(&unknown).unwrap_err().to_string();
            assert!(error.starts_with(entry.name) && error.contains("colour"), "{error}");
        }
        assert!(find("exactnes").unwrap_err().to_string().contains("exactness"));
    }
}
