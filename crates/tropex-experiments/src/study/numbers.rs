//! The numbers of a study, and their comparison with those of another study.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_files::replace;

use super::tolerance::Tolerance;
use crate::Error;
use crate::report::{Finding, Measure, NumberId};
use crate::unit::Unit;

/// Number of training images whose terms form the extracted function.
const TERMS: NumberId = NumberId::exact("terms", Unit::Count);

/// Number of test images.
const TEST_IMAGES: NumberId = NumberId::exact("test images", Unit::Count);

/// The numbers of a study, in the order of its report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyNumbers {
    numbers: Vec<StudyNumber>,
}

/// A number of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyNumber {
    /// The experiment.
    pub experiment: String,
    /// The network, or the compared runs.
    pub of: String,
    /// Gauge of the terms.
    pub gauge: String,
    /// Name, value, unit and reproducibility.
    #[serde(flatten)]
    pub measure: Measure,
}

/// A comparison of the numbers of two studies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumbersComparison {
    /// Count of the numbers that either study has.
    pub numbers: usize,
    /// Numbers that differ by more than the tolerance, or that only one study has.
    pub differences: Vec<NumberDifference>,
}

/// A number that differs between two studies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberDifference {
    /// The number in the other study, or in this one if the other lacks it.
    #[serde(flatten)]
    pub number: StudyNumber,
    /// The value in this study; `None` if it lacks the number or had nothing to measure.
    pub found: Option<f64>,
    /// The value in the other study.
    pub expected: Option<f64>,
    /// The tolerance, in words.
    pub allowed: String,
}

impl StudyNumbers {
    /// The numbers of findings, including their numbers of terms and test images.
    pub fn of(findings: &[Finding]) -> Self {
        Self { numbers: findings.iter().flat_map(numbers).collect() }
    }

    /// Count of the numbers.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Reads the `numbers.jsonl` of a study, a JSON object per line.
    ///
    /// # Errors
    /// A file that cannot be read; [`Error::Study`] for an invalid line.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let number = |(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                let text = error.to_string();
                // The error counts lines within this line.
                let reason = text.split(" at line ").next().unwrap_or_default();
                Error::Study {
                    origin: format!("{}, line {}", path.display(), index + 1),
                    reason: format!("{reason}; expected the numbers.jsonl of a study"),
                }
            })
        };
        Ok(Self { numbers: text.lines().enumerate().map(number).collect::<Result<_, _>>()? })
    }

    /// Writes the numbers, a JSON object per line.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = String::new();
        for number in &self.numbers {
            let line = serde_json::to_string(number);
            text += &line.map_err(|error| Error::io("write", path)(error.into()))?;
            text.push('\n');
        }
        replace(path, text.as_bytes()).map_err(Error::io("write", path))
    }

    /// Compares with the numbers of another study, within [`Tolerance`] multiplied by `scale`.
    pub fn compare(&self, other: &Self, scale: f64) -> NumbersComparison {
        let new = self.numbers.iter().filter(|number| other.find(number).is_none());
        let all: Vec<_> = other.numbers.iter().chain(new).collect();
        let differences = all.iter().filter_map(|number| {
            number.difference(
                self.find(number),
                other.find(number),
                Tolerance::of(&number.measure, scale),
            )
        });
        NumbersComparison { numbers: all.len(), differences: differences.collect() }
    }

    /// The number with the key of another one.
    fn find(&self, other: &StudyNumber) -> Option<&StudyNumber> {
        self.numbers.iter().find(|number| number.key() == other.key())
    }
}

impl StudyNumber {
    fn key(&self) -> [&str; 4] {
        [&self.experiment, &self.of, &self.gauge, &self.measure.name]
    }

    /// The difference between a number as found and as expected, if it exceeds the tolerance.
    fn difference(
        &self,
        found: Option<&Self>,
        expected: Option<&Self>,
        tolerance: Tolerance,
    ) -> Option<NumberDifference> {
        let are_in_both = found.is_some() == expected.is_some();
        let [found, expected] = [found, expected].map(|number| number?.measure.value);
        let is_same = match (found, expected) {
            (Some(found), Some(expected)) => tolerance.covers(expected, found),
            (None, None) => are_in_both,
            _ => false,
        };
        let (number, allowed) = (self.clone(), tolerance.to_string());
        (!is_same).then_some(NumberDifference { number, found, expected, allowed })
    }
}

/// The numbers of a finding.
fn numbers(finding: &Finding) -> Vec<StudyNumber> {
    let name =
        |run: &str| Path::new(run).file_name().map(|name| name.to_string_lossy().into_owned());
    let of: Vec<_> = finding.runs.iter().filter_map(|run| name(&run.folder)).collect();
    let Some(first) = finding.runs.first() else { return Vec::new() };
    let fixed = [(TERMS, first.terms), (TEST_IMAGES, first.points)];
    let fixed = fixed.map(|(id, count)| Measure::new(&id, Some(count as f64)));
    let number = |measure| StudyNumber {
        experiment: finding.experiment.clone(),
        of: of.join(" and "),
        gauge: first.gauge.clone(),
        measure,
    };
    fixed.into_iter().chain(finding.answer.values.iter().cloned()).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Answer;

    fn numbers(accuracy: f64) -> StudyNumbers {
        let answer = Answer::new("a")
            .value(&NumberId::new("accuracy", Unit::Share), accuracy)
            .value(&NumberId::new("nothing", Unit::Number), f64::NAN)
            .value(&NumberId::exact("agreement", Unit::Share), 1.0);
        StudyNumbers::of(&[Finding::in_tests("some/folder/run", answer)])
    }

    fn names(comparison: &NumbersComparison) -> Vec<&str> {
        comparison.differences.iter().map(|d| &*d.number.measure.name).collect()
    }

    #[test]
    fn written_numbers_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.jsonl");
        let all = numbers(1.0 / 3.0);
        all.write(&path).unwrap();
        assert_eq!(StudyNumbers::read(&path).unwrap(), all);
        assert_eq!((all.len(), &*all.numbers[0].of), (5, "run"));
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{}\n").unwrap();
        let error = StudyNumbers::read(&path).unwrap_err().to_string();
        assert!(error.contains("numbers.jsonl, line 6: missing field"), "{error}");
    }

    #[test]
    fn differences_are_named() {
        let all = numbers(0.5);
        let same = all.compare(&numbers(0.52), 1.0);
        assert_eq!((same.numbers, names(&same).len()), (5, 0));
        let other = all.compare(&numbers(0.6), 1.0);
        let difference = &other.differences[0];
        assert_eq!(names(&other), ["accuracy"]);
        assert_eq!((difference.found, difference.expected), (Some(0.5), Some(0.6)));
        assert_eq!(difference.allowed, "\u{b1} 3.00 %");
        assert!(all.compare(&numbers(0.6), 4.0).differences.is_empty());
    }

    #[test]
    fn numbers_of_one_study_only_are_differences() {
        let all = numbers(0.5);
        let some = StudyNumbers { numbers: all.numbers[..3].to_vec() };
        assert_eq!(names(&all.compare(&some, 1.0)), ["nothing", "agreement"]);
        assert_eq!(names(&some.compare(&all, 1.0)), ["nothing", "agreement"]);
        assert_eq!(some.compare(&all, 1.0).numbers, 5);
        let mut measured = all.clone();
        measured.numbers[3].measure.value = Some(1.0);
        assert_eq!(names(&measured.compare(&all, 1.0)), ["nothing"]);
    }
}
