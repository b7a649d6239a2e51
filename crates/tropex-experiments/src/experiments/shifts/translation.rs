//! How robust are network and extracted function if test images are moved?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::{EdgeFill, ShiftedImages, Split};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{Figure, HeatMapPanel, HeatMaps, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Topic};
use crate::run::{RunContext, predict};
use crate::statistics::{Summary, agreement};
use crate::unit::{Unit, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "translation",
    question: "How robust are network and extracted function if images are moved?",
    topic: Topic::MovedImages,
    method: [
        "Test images are moved down and to the right by all pairs of some numbers of pixels.",
        "The empty edge is filled with zeros, or with the nearest pixel.",
        "Accuracy compares with the true class; a label is kept if the class equals that of the \
         image before the move.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Translation>,
};

/// Mean accuracy of the network on moved images.
const NETWORK_ACCURACY: NumberId = NumberId::new("network: accuracy", Unit::Share);

/// Mean share of moved images that keep their class in the network.
const NETWORK_LABEL_KEPT: NumberId = NumberId::new("network: label kept", Unit::Share);

/// Mean accuracy of the extracted function on moved images.
const FUNCTION_ACCURACY: NumberId = NumberId::new("function: accuracy", Unit::Share);

/// Mean share of moved images that keep their class in the extracted function.
const FUNCTION_LABEL_KEPT: NumberId = NumberId::new("function: label kept", Unit::Share);

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Translation {
    /// Pixels down and to the right; negative ones up and to the left.
    shifts: Vec<i32>,
    /// What fills the empty edge.
    fills: Vec<EdgeFill>,
}

impl Default for Translation {
    fn default() -> Self {
        Self { shifts: vec![-5, -3, -1, 1, 3, 5], fills: vec![EdgeFill::Zero, EdgeFill::Nearest] }
    }
}

/// Numbers of moved images: two of the network, two of the extracted function.
static PANELS: [NumberId; 4] =
    [NETWORK_ACCURACY, NETWORK_LABEL_KEPT, FUNCTION_ACCURACY, FUNCTION_LABEL_KEPT];

impl Experiment for Translation {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        if self.shifts.is_empty() || self.fills.is_empty() {
            return Err(ENTRY.refuse("shifts and fills: expected at least one of each"));
        }
        let context = inputs.run();
        let mut answer = Answer::default();
        let mut texts = Vec::new();
        for &fill in &self.fills {
            let panels = self.panels(context, fill)?;
            let means =
                panels.each_ref().map(|values| Summary::of(values.iter().flatten().copied()));
            for (number, mean) in PANELS.iter().zip(&means) {
                answer = answer.value(&number.of(fill.name()), mean.mean());
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
    /// The four numbers for every shift down and to the right.
    fn panels(
        &self,
        context: &RunContext<'_>,
        fill: EdgeFill,
    ) -> Result<[Vec<Vec<f64>>; 4], Error> {
        let points = context.points(Split::Test);
        let labels = context.labels(Split::Test);
        let before = [context.predicted(Split::Test)?.to_vec(), context.classes(Split::Test)?];
        let mut panels: [Vec<Vec<f64>>; 4] = Default::default();
        for &down in &self.shifts {
            let mut rows: [Vec<f64>; 4] = Default::default();
            for &right in &self.shifts {
                let shift = [[down, right]];
                let moved = ShiftedImages::new(
                    points.clone(),
                    context.dataset().test.shape(),
                    &shift,
                    fill,
                );
                let function = context.assign(&moved)?.into_iter().map(|winner| winner.class);
                let after = [predict(context.network()?, &moved)?, function.collect()];
                for (who, (before, after)) in before.iter().zip(&after).enumerate() {
                    rows[2 * who].push(agreement(after, &labels));
                    rows[2 * who + 1].push(agreement(after, before));
                }
            }
            panels.iter_mut().zip(rows).for_each(|(panel, row)| panel.push(row));
        }
        Ok(panels)
    }

    fn figure(&self, fill: EdgeFill, panels: [Vec<Vec<f64>>; 4]) -> Figure {
        let numbers: Vec<_> = self.shifts.iter().map(|&pixels| f64::from(pixels)).collect();
        let panels = PANELS.iter().zip(panels);
        let maps = HeatMaps {
            x: PlotAxis::linear("to the right", Unit::Pixels),
            y: PlotAxis::linear("down", Unit::Pixels),
            value: PlotAxis::linear("share of images", Unit::Share),
            columns: numbers.clone(),
            rows: numbers,
            panels: panels
                .map(|(number, values)| HeatMapPanel { name: number.name().to_owned(), values })
                .collect(),
        };
        let name = fill.name().replace(' ', "-");
        let title = format!("Moved test images, {}", fill.name());
        Figure::new(&name, &title, Plot::HeatMaps(maps))
    }
}
