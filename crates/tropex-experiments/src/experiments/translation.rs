//! What is left when test images are moved?

use serde::{Deserialize, Serialize};

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::pipeline::predict;
use crate::report::{Answer, Axis, Figure, HeatMaps, Panel, Plot, Unit, percent};
use crate::shift::{Fill, Shifted};
use crate::statistics::{Summary, agreement};
use crate::{Error, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "translation",
    question: "What is left of network and extracted function when images are moved?",
    method: [
        "Test images are moved down and to the right by all pairs of some numbers of pixels.",
        "What they leave empty is filled with zeros, or with the nearest pixel.",
        "Accuracy is judged by the true class; a label is kept where the class is that of the \
         image before.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Translation>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Translation {
    /// Pixels down and to the right; negative ones up and to the left.
    shifts: Vec<i32>,
    /// What fills the empty edge.
    fills: Vec<Fill>,
}

impl Default for Translation {
    fn default() -> Self {
        Self { shifts: vec![-5, -3, -1, 1, 3, 5], fills: vec![Fill::Zero, Fill::Nearest] }
    }
}

/// Figures of moved images: those of the network, then those of the extracted function.
const PANELS: [&str; 4] =
    ["network: accuracy", "network: label kept", "function: accuracy", "function: label kept"];

impl Experiment for Translation {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if self.shifts.is_empty() || self.fills.is_empty() {
            return Err(ENTRY.refuse("shifts and fills: expected at least one of each"));
        }
        let subject = context.subject();
        let mut answer = Answer::default();
        let mut texts = Vec::new();
        for &fill in &self.fills {
            let panels = self.panels(subject, fill)?;
            let means =
                panels.each_ref().map(|values| Summary::of(values.iter().flatten().copied()));
            for (name, mean) in PANELS.iter().zip(&means) {
                answer =
                    answer.value(&format!("{name}, {}", fill.name()), mean.mean(), Unit::Share);
            }
            texts.push(format!(
                "With {} the network keeps {} of its labels on average, the extracted function {}",
                fill.name(),
                percent(means[1].mean()),
                percent(means[3].mean()),
            ));
            answer = answer.figure(self.figure(fill, panels));
        }
        answer.text = texts.join(". ") + ".";
        Ok(answer)
    }
}

impl Translation {
    /// The four figures for every shift down and to the right.
    fn panels(&self, subject: &Subject<'_>, fill: Fill) -> Result<[Vec<Vec<f64>>; 4], Error> {
        let points = subject.points(Split::Test);
        let labels = subject.labels(Split::Test);
        let before = [subject.predicted(Split::Test)?.to_vec(), subject.classes(Split::Test)?];
        let mut panels: [Vec<Vec<f64>>; 4] = Default::default();
        for &down in &self.shifts {
            let mut rows: [Vec<f64>; 4] = Default::default();
            for &right in &self.shifts {
                let shift = [[down, right]];
                let moved =
                    Shifted::new(points.clone(), subject.dataset().test.shape(), &shift, fill);
                let function = subject.assign(&moved)?.into_iter().map(|winner| winner.class);
                let after = [predict(subject.network()?, &moved)?, function.collect()];
                for (who, (before, after)) in before.iter().zip(&after).enumerate() {
                    rows[2 * who].push(agreement(after, &labels));
                    rows[2 * who + 1].push(agreement(after, before));
                }
            }
            panels.iter_mut().zip(rows).for_each(|(panel, row)| panel.push(row));
        }
        Ok(panels)
    }

    fn figure(&self, fill: Fill, panels: [Vec<Vec<f64>>; 4]) -> Figure {
        let numbers: Vec<_> = self.shifts.iter().map(|&pixels| f64::from(pixels)).collect();
        let panels = PANELS.iter().zip(panels);
        let maps = HeatMaps {
            x: Axis::linear("to the right", Unit::Pixels),
            y: Axis::linear("down", Unit::Pixels),
            value: Axis::linear("share of images", Unit::Share),
            columns: numbers.clone(),
            rows: numbers,
            panels: panels
                .map(|(name, values)| Panel { name: (*name).to_owned(), values })
                .collect(),
        };
        let name = fill.name().replace(' ', "-");
        let title = format!("Moved test images, {}", fill.name());
        Figure::new(&name, &title, Plot::HeatMaps(maps))
    }
}
