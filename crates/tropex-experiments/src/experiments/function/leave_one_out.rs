//! How well do terms do on training images whose own terms are left out?

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{BarChart, BarGroup, Figure, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Topic};
use crate::run::{AssignedPoints, AssignmentWork, PointwiseWork, RunContext};
use crate::statistics::agreement;
use crate::unit::{Unit, count, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "leave-one-out",
    question: "How well do terms do on training images whose own terms are left out?",
    topic: Topic::ExtractedFunction,
    method: [
        "At every training image all terms except its own compete.",
        "Agreement and accuracy are those of the best of the others; accuracy is judged by the \
         labels that the network was trained on.",
        "The difference from test images is the effect of training on an image.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<LeaveOneOut>,
};

/// Share of training images at which network and extracted function without their own terms predict
/// one class.
pub(crate) const AGREEMENT: NumberId = NumberId::new("agreement", Unit::Share);

/// Share of training images that the extracted function classifies correctly without their own
/// terms.
pub(crate) const ACCURACY: NumberId = NumberId::new("accuracy", Unit::Share);

/// Share of training images that the network classifies correctly.
pub(crate) const NETWORK_ACCURACY: NumberId = NumberId::new("network accuracy", Unit::Share);

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LeaveOneOut {}

impl Experiment for LeaveOneOut {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let (labels, predicted) = (context.labels(Split::Train), context.predicted(Split::Train)?);
        let winners = context.assigned_at(AssignedPoints::TrainingWithoutOwn)?;
        let classes: Vec<_> = winners.into_iter().map(|winner| winner.class).collect();
        let shares = [
            agreement(&classes, predicted),
            agreement(&classes, &labels),
            agreement(predicted, &labels),
        ];
        let numbers = [AGREEMENT, ACCURACY, NETWORK_ACCURACY];
        let bars = BarChart {
            x: PlotAxis::linear("figure", Unit::Text),
            y: PlotAxis::linear("share of images", Unit::Share),
            series: vec!["training images without their own terms".into()],
            groups: numbers
                .iter()
                .zip(shares)
                .map(|(number, share)| BarGroup::new(number.name(), [share]))
                .collect(),
        };
        let answer = Answer::new(format!(
            "Without their own terms {} training images agree with the network in {}; {} get \
             their label, {} by the network itself.",
            count(labels.len()),
            percent(shares[0]),
            percent(shares[1]),
            percent(shares[2]),
        ));
        let answer = numbers
            .iter()
            .zip(shares)
            .fold(answer, |answer, (number, share)| answer.value(number, share));
        let title = "Training images without their own terms";
        Ok(answer.figure(Figure::new("shares", title, Plot::Bars(bars))))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        Ok(vec![AssignmentWork::boxed(context, AssignedPoints::TrainingWithoutOwn)])
    }
}
