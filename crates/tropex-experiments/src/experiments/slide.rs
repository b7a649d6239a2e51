//! Do terms that slide over the image help?

use serde::{Deserialize, Serialize};

use crate::enlarged::{with_moved_terms, with_summed_terms};
use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Axis, Bars, Figure, Group, Plot, Table, Unit, percent};
use crate::shift::square;
use crate::statistics::agreement;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "slide",
    question: "Do terms that slide over the image, as kernels do, generalize better?",
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

/// What becomes of the values of moved copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rule {
    Maximum,
    Sum,
}

impl Rule {
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
    /// Most pixels in every direction.
    distances: Vec<u8>,
    /// What becomes of the values.
    rules: Vec<Rule>,
}

impl Default for Slide {
    fn default() -> Self {
        Self { distances: vec![1, 2], rules: vec![Rule::Maximum, Rule::Sum] }
    }
}

impl Experiment for Slide {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let (labels, predicted) = (subject.labels(Split::Test), subject.predicted(Split::Test)?);
        let shares =
            |classes: &[usize]| [agreement(classes, predicted), agreement(classes, &labels)];
        let alone = shares(&subject.classes(Split::Test)?);
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
            groups.push(Group::new(name, found));
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
                Rule::Maximum => with_moved_terms(subject, &square(&pixels))?,
                Rule::Sum => with_summed_terms(subject, &square(&pixels))?,
            });
            let name = format!("{}, {distance}", rule.name());
            add(&name, found);
            answer = answer.value(&format!("agreement, {name}"), found[0], Unit::Share).value(
                &format!("accuracy, {name}"),
                found[1],
                Unit::Share,
            );
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
        let bars = Bars {
            x: Axis::linear("rule and pixels", Unit::Text),
            y: Axis::linear("share of images", Unit::Share),
            series: ["agreement", "accuracy"].map(str::to_owned).into(),
            groups,
        };
        let figure = Figure::new("sliding", "Terms that slide over the image", Plot::Bars(bars));
        Ok(answer.table(table).figure(figure))
    }
}
