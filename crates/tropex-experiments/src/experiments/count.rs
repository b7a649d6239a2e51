//! In how many linear regions do the images lie?

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Table, Unit, count};
use crate::statistics::share;
use crate::{Error, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "count",
    question: "In how many linear regions do the images lie?",
    method: [
        "The linear terms of training images are read, and those of test images extracted.",
        "Terms count as one where coefficients and bias are equal after rounding.",
        "The number of different terms is set against the number of images.",
    ],
    scope: Scope::Each,
    make: make::<Count>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Count {
    /// Digits behind the point that are kept in rounding.
    decimals: u8,
}

impl Default for Count {
    fn default() -> Self {
        Self { decimals: 4 }
    }
}

/// Most digits behind the point: no format of numbers has more.
const MOST_DECIMALS: u8 = 15;

/// SHA-256 of a rounded term.
type Key = [u8; 32];

impl Experiment for Count {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if self.decimals > MOST_DECIMALS {
            let found = self.decimals;
            let reason = format!("decimals is {found}, expected at most {MOST_DECIMALS}");
            return Err(ENTRY.refuse(&reason));
        }
        let subject = context.subject();
        let (train, test) = (self.of_training(subject)?, self.of_test(subject)?);
        let (seen, new): (Vec<Key>, Vec<Key>) = {
            let train: HashSet<_> = train.iter().collect();
            test.iter().partition(|key| train.contains(key))
        };
        let distinct = |keys: &[Key]| keys.iter().collect::<HashSet<_>>().len();
        let both = [train.clone(), test.clone()].concat();
        let sets = [("training", &train), ("test", &test), ("both", &both)];
        let columns =
            [("images", Unit::Text), ("number", Unit::Count), ("different terms", Unit::Count)];
        let mut table = Table::new("terms", "Images and different linear terms", &columns);
        for (name, keys) in sets {
            table.push(vec![name.into(), keys.len().into(), distinct(keys).into()]);
        }
        Ok(Answer::new(format!(
            "{} training images have {} different linear terms, and {} test images {}; {} of the \
             test images have a term that a training image has too.",
            count(train.len()),
            count(distinct(&train)),
            count(test.len()),
            count(distinct(&test)),
            count(seen.len()),
        ))
        .value("different terms, training", distinct(&train) as f64, Unit::Count)
        .value("different terms, test", distinct(&test) as f64, Unit::Count)
        .value("different terms, both", distinct(&both) as f64, Unit::Count)
        .value("test images in new regions", share(new.len(), test.len()), Unit::Share)
        .table(table)
        .note(
            "Regions with equal terms count as one, and rounding may tell terms of one region \
             apart where a number lies on the edge of an interval.",
        ))
    }
}

impl Count {
    fn of_training(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::with_capacity(subject.terms());
        subject.each_shard(|shard| {
            for point in 0..shard.len() {
                let class = shard.predicted[point] as usize;
                let (coefficients, bias) = shard.linear_term(point, class);
                // As those of test images are kept, so that equal terms are equal.
                let coefficients = coefficients.into_iter().map(|value| f64::from(value as f32));
                keys.push(self.key(coefficients.chain([bias])));
            }
            Ok(())
        })?;
        Ok(keys)
    }

    fn of_test(&self, subject: &Subject<'_>) -> Result<Vec<Key>, Error> {
        let terms = subject.linear_terms()?;
        let key = |(row, &bias): (usize, &f64)| {
            let coefficients = terms.rows().row(row).iter().map(|&value| f64::from(value));
            self.key(coefficients.chain([bias]))
        };
        Ok(terms.biases().iter().enumerate().map(key).collect())
    }

    fn key(&self, values: impl Iterator<Item = f64>) -> Key {
        let mut hash = Sha256::new();
        let factor = 10_f64.powi(self.decimals.into());
        values.for_each(|value| hash.update(((value * factor).round() as i64).to_le_bytes()));
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_equal_up_to_rounding() {
        let key = |values: [f64; 2]| Count { decimals: 2 }.key(values.into_iter());
        assert_eq!(key([1.001, -0.001]), key([0.999, 0.001]));
        assert_ne!(key([1.0, 0.0]), key([1.01, 0.0]));
        assert_ne!(key([1.0, 0.0]), key([0.0, 1.0]));
    }
}
