//! Every number of a study by name, and what differs from those of another.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_files::replace;

use super::Tolerance;
use crate::Error;
use crate::report::{Finding, Measure, Repeats, Unit};

/// The numbers of a study, in the order of its report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    numbers: Vec<Number>,
}

/// A number, and what it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The experiment.
    pub experiment: String,
    /// The network, or the runs that are compared.
    pub of: String,
    /// Gauge of the terms.
    pub gauge: String,
    /// Its name, value and unit, and how it comes out again.
    #[serde(flatten)]
    pub measure: Measure,
}

/// Numbers of two studies, one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Numbers that either study has.
    pub numbers: usize,
    /// Those that are farther apart than they may be, or that only one study has.
    pub differences: Vec<Difference>,
}

/// A number that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The number as the other study has it, or as this one does where the other has none.
    #[serde(flatten)]
    pub number: Number,
    /// What this study found; none where it has no such number, or had nothing to measure.
    pub found: Option<f64>,
    /// What the other study found.
    pub expected: Option<f64>,
    /// How far they may be apart, in words.
    pub allowed: String,
}

impl Numbers {
    /// The numbers of findings, and how many terms and test images they are about.
    pub fn of(findings: &[Finding]) -> Self {
        Self { numbers: findings.iter().flat_map(numbers).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Reads numbers that a study left, a JSON object a line.
    ///
    /// # Errors
    /// A file that cannot be read or is none of these; it names the line.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let number = |(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                let text = error.to_string();
                // Its line is always the first.
                let reason = text.split(" at line ").next().unwrap_or_default();
                Error::Study {
                    origin: format!("{}, line {}", path.display(), index + 1),
                    reason: format!("{reason}; expected the numbers.jsonl of a study"),
                }
            })
        };
        Ok(Self { numbers: text.lines().enumerate().map(number).collect::<Result<_, _>>()? })
    }

    /// Writes the numbers, a JSON object a line.
    ///
    /// # Errors
    /// Whatever hinders writing.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = String::new();
        for number in &self.numbers {
            let line = serde_json::to_string(number);
            text += &line.map_err(|error| Error::io("write", path)(error.into()))?;
            text.push('\n');
        }
        replace(path, text.as_bytes()).map_err(Error::io("write", path))
    }

    /// What differs from the numbers of another study by more than [`Tolerance`] allows, widened by
    /// a scale.
    pub fn compare(&self, other: &Self, scale: f64) -> Comparison {
        let new = self.numbers.iter().filter(|number| other.find(number).is_none());
        let all: Vec<_> = other.numbers.iter().chain(new).collect();
        let differences = all.iter().filter_map(|number| {
            number.difference(
                self.find(number),
                other.find(number),
                Tolerance::of(&number.measure, scale),
            )
        });
        Comparison { numbers: all.len(), differences: differences.collect() }
    }

    /// The number with the name of another, about the same.
    fn find(&self, other: &Number) -> Option<&Number> {
        self.numbers.iter().find(|number| number.key() == other.key())
    }
}

impl Number {
    fn key(&self) -> [&str; 4] {
        [&self.experiment, &self.of, &self.gauge, &self.measure.name]
    }

    /// How the number differs between a study that found it, if it did, and one that expects it.
    fn difference(
        &self,
        found: Option<&Self>,
        expected: Option<&Self>,
        tolerance: Tolerance,
    ) -> Option<Difference> {
        let are_in_both = found.is_some() == expected.is_some();
        let [found, expected] = [found, expected].map(|number| number?.measure.value);
        let is_same = match (found, expected) {
            (Some(found), Some(expected)) => tolerance.covers(expected, found),
            (None, None) => are_in_both,
            _ => false,
        };
        let (number, allowed) = (self.clone(), tolerance.to_string());
        (!is_same).then_some(Difference { number, found, expected, allowed })
    }
}

/// The numbers of a finding.
fn numbers(finding: &Finding) -> Vec<Number> {
    let name =
        |run: &str| Path::new(run).file_name().map(|name| name.to_string_lossy().into_owned());
    let subjects = finding.subjects.iter();
    let of: Vec<_> = subjects.filter_map(|subject| name(&subject.run)).collect();
    let Some(first) = finding.subjects.first() else { return Vec::new() };
    let fixed = [("terms", first.terms), ("test images", first.points)];
    let fixed = fixed.map(|(name, count)| Measure {
        name: name.into(),
        value: Some(count as f64),
        unit: Unit::Count,
        repeats: Repeats::Exactly,
    });
    let number = |measure| Number {
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

    fn numbers(accuracy: f64) -> Numbers {
        let answer = Answer::new("a")
            .value("accuracy", accuracy, Unit::Share)
            .value("nothing", f64::NAN, Unit::Number)
            .exact_value("agreement", 1.0, Unit::Share);
        Numbers::of(&[Finding::in_tests("some/folder/run", answer)])
    }

    fn names(comparison: &Comparison) -> Vec<&str> {
        comparison.differences.iter().map(|d| &*d.number.measure.name).collect()
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.jsonl");
        let all = numbers(1.0 / 3.0);
        all.write(&path).unwrap();
        assert_eq!(Numbers::read(&path).unwrap(), all);
        assert_eq!((all.len(), &*all.numbers[0].of), (5, "run"));
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{}\n").unwrap();
        let error = Numbers::read(&path).unwrap_err().to_string();
        assert!(error.contains("numbers.jsonl, line 6: missing field"), "{error}");
    }

    #[test]
    fn what_differs_is_named() {
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
    fn what_only_one_study_has_differs() {
        let all = numbers(0.5);
        let some = Numbers { numbers: all.numbers[..3].to_vec() };
        assert_eq!(names(&all.compare(&some, 1.0)), ["nothing", "agreement"]);
        assert_eq!(names(&some.compare(&all, 1.0)), ["nothing", "agreement"]);
        assert_eq!(some.compare(&all, 1.0).numbers, 5);
        let mut measured = all.clone();
        measured.numbers[3].measure.value = Some(1.0);
        assert_eq!(names(&measured.compare(&all, 1.0)), ["nothing"]);
    }
}
