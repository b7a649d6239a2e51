//! The list of experiments.

use super::compare::{networks, random_labels};
use super::experiment::ExperimentEntry;
use super::function::{
    exactness, generalization, implications, leave_one_out, nearest_terms, subset,
};
use super::regions::{boundary, count, patterns};
use super::shifts::{shifted_terms, slide, translation};
use super::terms::{coefficients, similarity};
use crate::Error;
use crate::report::ExperimentDescription;

/// All experiments, in the order of reports.
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

/// Descriptions of all experiments, in the order of reports.
pub fn descriptions() -> Vec<ExperimentDescription> {
    EXPERIMENTS.iter().map(ExperimentEntry::description).collect()
}

/// The experiment with a name.
///
/// # Errors
/// [`Error::UnknownExperiment`].
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
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::*;
    use crate::experiments::Parameters;

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
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/experiments"));
        let groups = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let entries = groups.filter(|path| path.is_dir()).flat_map(|group| {
            fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        });
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<_> = entries.map(stem).filter(|name| name != "mod").collect();
        let mut expected: Vec<_> =
            EXPERIMENTS.iter().map(|entry| entry.name.replace('-', "_")).collect();
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
