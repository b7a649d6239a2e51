//! Do terms that slide over the image help?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::{Split, shift_pairs};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::query::{classes_with_moved_terms, classes_with_summed_terms};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Table, Topic};
use crate::statistics::agreement;
use crate::unit::{Unit, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "slide",
    question: "Do terms that slide over the image, as kernels do, generalize better?",
    topic: Topic::MovedImages,
    method: [
        "Every term is moved over the image by up to some pixels in every direction, with zeros \
         at the edge.",
        "Its value at an image is the largest of, or the sum of, the values of its moved copies.",
        "The gain is the difference from the terms alone.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<Slide>,
};

/// Share of test images at which network and sliding terms predict one class.
const AGREEMENT: NumberId = NumberId::new("agreement", Unit::Share);

/// Share of test images that sliding terms classify correctly.
const ACCURACY: NumberId = NumberId::new("accuracy", Unit::Share);

/// How the values of moved copies are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CombinationRule {
    Maximum,
    Sum,
}

impl CombinationRule {
    fn name(self) -> &'static str {
        match self {
            Self::Maximum => "maximum",
            Self::Sum => "sum",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Slide {
    /// Largest number of pixels that terms move in every direction.
    distances: Vec<u8>,
    /// How the values of moved copies are combined.
    rules: Vec<CombinationRule>,
}

impl Default for Slide {
    fn default() -> Self {
        Self { distances: vec![1, 2], rules: vec![CombinationRule::Maximum, CombinationRule::Sum] }
    }
}

impl Experiment for Slide {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let (labels, predicted) = (context.labels(Split::Test), context.predicted(Split::Test)?);
        let shares =
            |classes: &[usize]| [agreement(classes, predicted), agreement(classes, &labels)];
        let alone = shares(&context.classes(Split::Test)?);
        let columns = [
            ("function", Unit::Text),
            ("agreement", Unit::Share),
            ("gain in agreement", Unit::Share),
            ("accuracy", Unit::Share),
            ("gain in accuracy", Unit::Share),
        ];
        let mut table = Table::new("functions", "Terms alone, and sliding", &columns);
        let mut groups = Vec::new();
        let mut answer = Answer::default();
        let mut add = |name: &str, found: [f64; 2]| {
            let gains = [0, 1].map(|which| found[which] - alone[which]);
            let cells = [found[0], gains[0], found[1], gains[1]].map(Into::into);
            table.push([name.into()].into_iter().chain(cells).collect());
            groups.push(BarGroup::new(name, found));
        };
        add("alone", alone);
        let mut best = ("alone".to_owned(), alone);
        for (distance, rule) in self
            .distances
            .iter()
            .flat_map(|distance| self.rules.iter().map(move |rule| (*distance, *rule)))
        {
            let pixels: Vec<i32> = (-i32::from(distance)..=distance.into()).collect();
            let found = shares(&match rule {
                CombinationRule::Maximum => {
                    classes_with_moved_terms(context, &shift_pairs(&pixels))?
                }
                CombinationRule::Sum => classes_with_summed_terms(context, &shift_pairs(&pixels))?,
            });
            let name = format!("{}, {distance}", rule.name());
            add(&name, found);
            answer =
                answer.value(&AGREEMENT.of(&name), found[0]).value(&ACCURACY.of(&name), found[1]);
            if found[1] > best.1[1] {
                best = (name, found);
            }
        }
        answer.text = match &*best.0 {
            "alone" => format!("No sliding improves on the accuracy of {}.", percent(alone[1])),
            name => format!(
                "Sliding ({name} pixels) does best: its accuracy is {} instead of {}, its \
                 agreement {} instead of {}.",
                percent(best.1[1]),
                percent(alone[1]),
                percent(best.1[0]),
                percent(alone[0]),
            ),
        };
        let bars = BarChart {
            x: PlotAxis::linear("rule and pixels", Unit::Text),
            y: PlotAxis::linear("share of images", Unit::Share),
            series: ["agreement", "accuracy"].map(str::to_owned).into(),
            groups,
        };
        let figure = Figure::new("sliding", "Terms that slide over the image", Plot::Bars(bars));
        Ok(answer.table(table).figure(figure))
    }
}
