//! How well do terms do on training images whose own terms are left out?

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::report::{Answer, Axis, Bars, Figure, Group, Plot, Unit, count, percent};
use crate::statistics::agreement;
use crate::{Error, Split};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "leave-one-out",
    question: "How well do terms do on training images whose own terms are left out?",
    method: [
        "At every training image all terms compete but its own.",
        "Agreement and accuracy are those of the best of the others; accuracy is judged by the \
         labels that the network was trained on.",
        "The difference from test images is what the network does to the images it has seen.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<LeaveOneOut>,
};

/// It has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LeaveOneOut {}

impl Experiment for LeaveOneOut {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let subject = context.subject();
        let points = subject.points(Split::Train);
        let (labels, predicted) = (subject.labels(Split::Train), subject.predicted(Split::Train)?);
        let mut classes = Vec::with_capacity(labels.len());
        let watch = subject.pairs(labels.len())?;
        let terms = subject.term_points();
        let own = (0..points.len()).filter_map(|point| terms.position(points.index(point)));
        let own: Vec<_> = own.collect();
        subject.function()?.stream_without(&points, &own, 1, &watch, &mut |standings| {
            classes.extend(standings.assignments.iter().map(|winner| winner.class));
        })?;
        let shares = [
            agreement(&classes, predicted),
            agreement(&classes, &labels),
            agreement(predicted, &labels),
        ];
        let names = ["agreement", "accuracy", "network accuracy"];
        let bars = Bars {
            x: Axis::linear("figure", Unit::Text),
            y: Axis::linear("share of images", Unit::Share),
            series: vec!["training images without their own terms".into()],
            groups: names
                .iter()
                .zip(shares)
                .map(|(name, share)| Group::new(name, [share]))
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
        let answer = names
            .iter()
            .zip(shares)
            .fold(answer, |answer, (name, share)| answer.value(name, share, Unit::Share));
        let title = "Training images without their own terms";
        Ok(answer.figure(Figure::new("shares", title, Plot::Bars(bars))))
    }
}
