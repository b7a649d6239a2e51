//! How many units have equal pieces at a test image and at the training image that wins there?

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use tropex_extract::function::Assignment;
use tropex_extract::{Network, PointSource};
use tropex_geometry::{Agreement, Pattern, Patterns};

use crate::Error;
use crate::data::Split;
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::render::{Figure, Histogram, LinePlot, Plot, PlotAxis, PlotLine};
use crate::report::{Answer, NumberId, Table, TableCell, Topic};
use crate::run::{ASSIGNED_BATCH, AssignedPoints, AssignmentWork, PointwiseWork, RunContext};
use crate::statistics::{Summary, share};
use crate::unit::{Unit, count, percent};

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "patterns",
    question: "How many units have equal pieces at a test image and at the training image that \
        wins there?",
    topic: Topic::Regions,
    method: [
        "The activation pattern of every test image is compared with that of the training image \
         whose positive term wins there, layer by layer: the share of units with the same piece.",
        "It is also compared with the training image whose negative term wins and, as a \
         baseline, with a random training image.",
        "Images at which network and extracted function agree, and the other images, are also \
         compared separately.",
    ],
    scope: Scope::Each,
    gauged: true,
    make: make::<PatternComparison>,
};

/// Mean share of the units with equal pieces at a test image and at a training image.
const EQUAL_UNITS: NumberId = NumberId::new("equal units", Unit::Share);

/// The experiment has no parameters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PatternComparison {}

/// Number of intervals of the histogram.
const BINS: usize = 40;

/// The training images that a test image is compared with: name of the table, and description.
const PARTNERS: [(&str, &str); 3] = [
    ("positive", "the image whose positive term wins"),
    ("negative", "the image whose negative term wins"),
    ("random", "a random image"),
];

/// The sets of test images.
const SETS: [&str; 3] = ["all", "agree", "disagree"];
const ALL: usize = 0;
const AGREE: usize = 1;
const DISAGREE: usize = 2;

/// Name of the row for the units of all layers.
const WHOLE: &str = "all layers";

/// Shares of equal units of test images and one kind of training images.
#[derive(Clone, Debug)]
struct PatternAgreement {
    /// Per layer, over all, agreeing and other images.
    layers: Vec<[Summary; 3]>,
    /// Over the units of all layers.
    whole: [Summary; 3],
    /// Share of equal units of every agreeing image and of every other image.
    each: [Vec<f64>; 2],
}

impl PatternAgreement {
    fn new(layers: usize) -> Self {
        let layers = vec![Default::default(); layers];
        Self { layers, whole: Default::default(), each: Default::default() }
    }

    /// Adds an image; `agrees` says whether function and network predict one class there.
    fn add(&mut self, layers: &[Agreement], agrees: bool) {
        let sets = [ALL, if agrees { AGREE } else { DISAGREE }];
        let (units, equal) = layers
            .iter()
            .fold((0, 0), |(units, equal), layer| (units + layer.units, equal + layer.equal));
        let whole = share(equal, units);
        for set in sets {
            let summaries = self.layers.iter_mut().zip(layers);
            summaries.for_each(|(summaries, layer)| summaries[set].add(layer.share()));
            self.whole[set].add(whole);
        }
        self.each[usize::from(!agrees)].push(whole);
    }
}

impl Experiment for PatternComparison {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        let context = inputs.run();
        let network = context.network()?;
        let layers = PatternLayer::of(network)?;
        if layers.is_empty() {
            return Ok(Answer::new(
                "No unit of the network has more than one piece: all images have the same pattern.",
            ));
        }
        let [positive, negative, random] = compare(context, &layers)?;
        let means = positive.whole.each_ref().map(Summary::mean);
        let known = |share: f64| if share.is_nan() { "no image".into() } else { percent(share) };
        let mut answer = Answer::new(format!(
            "A test image and the training image whose positive term wins there have equal \
             pieces in {} of their units on average over {} test images: {} where network and \
             extracted function agree, {} where they do not. With the image whose negative term \
             wins it is {}, with a random training image {}.",
            known(means[ALL]),
            count(positive.whole[ALL].count()),
            known(means[AGREE]),
            known(means[DISAGREE]),
            known(negative.whole[ALL].mean()),
            known(random.whole[ALL].mean()),
        ));
        let all = [&positive, &negative, &random];
        for ((name, _), agreement) in PARTNERS.iter().zip(all) {
            for (set, summary) in SETS.iter().zip(&agreement.whole) {
                answer = answer.value(&EQUAL_UNITS.of(name).of(set), summary.mean());
            }
        }
        for ((name, what), agreement) in PARTNERS.iter().zip(all) {
            answer = answer.table(table(name, what, &layers, agreement));
        }
        Ok(answer.figure(by_layer(&layers, all)).figure(histogram(&positive, &random)).note(
            "Layers are the nodes whose units have several pieces, numbered as by `tropex \
             inspect`. Every image has equal weight; in the row of all layers every unit has.",
        ))
    }

    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        let winners = AssignmentWork::boxed(context, AssignedPoints::Images(Split::Test));
        Ok(vec![winners, Box::new(EqualUnits { context })])
    }
}

/// A node whose units have several pieces.
struct PatternLayer {
    /// Number of the node, counted from 1.
    number: usize,
    name: String,
    units: usize,
}

impl PatternLayer {
    /// The layers of a network, in the order in which patterns are compared.
    fn of(network: &Network) -> Result<Vec<Self>, Error> {
        let point = vec![0.0_f32; network.features()];
        let pattern = &Patterns::new(network).of(&point)?[0];
        let layer = |Agreement { node, units, .. }: Agreement| {
            let (number, op) = (node + 1, network.nodes()[node].op().name());
            Self { number, name: format!("{number} {op}"), units }
        };
        Ok(pattern.agreement(pattern).into_iter().map(layer).collect())
    }
}

/// Compares the patterns of the test images with those of the winners and of random images.
fn compare(
    context: &RunContext<'_>,
    layers: &[PatternLayer],
) -> Result<[PatternAgreement; 3], Error> {
    let equal = context.results(&EqualUnits { context })?.concat();
    let mut equal = equal.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    let (winners, predicted) = (context.assigned(Split::Test)?, context.predicted(Split::Test)?);
    let mut found = [(); 3].map(|()| PatternAgreement::new(layers.len()));
    for (winner, predicted) in winners.iter().zip(predicted) {
        for agreement in &mut found {
            let of_layer = |(layer, equal): (&PatternLayer, u32)| {
                let node = layer.number - 1;
                Agreement { node, units: layer.units, equal: equal as usize }
            };
            let of_layers: Vec<_> = layers.iter().zip(equal.by_ref()).map(of_layer).collect();
            agreement.add(&of_layers, winner.class == *predicted);
        }
    }
    Ok(found)
}

/// The numbers of equal units of every test image and its partners, layer by layer, as bytes of
/// `u32`.
struct EqualUnits<'a> {
    context: &'a RunContext<'a>,
}

impl PointwiseWork for EqualUnits<'_> {
    fn name(&self) -> String {
        "equal-units-test".into()
    }

    fn points(&self) -> usize {
        self.context.points(Split::Test).len()
    }

    fn batch(&self) -> usize {
        ASSIGNED_BATCH
    }

    fn compute(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let winners = self.context.assigned_in(Split::Test, range.clone())?;
        let mut equal = Vec::new();
        for (start, winners) in
            range.clone().step_by(ASSIGNED_BATCH).zip(winners.chunks(ASSIGNED_BATCH))
        {
            let counts = self.of_batch(start..start + winners.len(), winners)?;
            equal.extend(counts.into_iter().flat_map(|count| (count as u32).to_le_bytes()));
            let done = start + winners.len() - range.start;
            self.context.report("comparing activation patterns", done, range.len())?;
        }
        Ok(equal)
    }
}

impl EqualUnits<'_> {
    /// The numbers for a batch of images: of every image, partner and layer.
    fn of_batch(&self, batch: Range<usize>, winners: &[Assignment]) -> Result<Vec<usize>, Error> {
        let context = self.context;
        let (patterns, train) = (Patterns::new(context.network()?), context.term_points());
        let own = patterns.of(&context.points(Split::Test).read(batch.clone()))?;
        let (terms, seed) = (context.terms(), context.settings().seed);
        let random = |image: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(image as u64);
            random.random_range(0..terms)
        };
        let partners: [Vec<usize>; 3] = [
            winners.iter().map(|winner| winner.positive).collect(),
            winners.iter().map(|winner| winner.negative).collect(),
            batch.map(random).collect(),
        ];
        let mut others = Vec::with_capacity(partners.len());
        for images in &partners {
            others.push(patterns.of(&train.gather(images))?);
        }
        let of_image = |(image, own): (usize, &Pattern)| {
            let agreements = others.iter().map(|others| own.agreement(&others[image]));
            agreements.flatten().map(|layer| layer.equal).collect::<Vec<_>>()
        };
        Ok(own.iter().enumerate().flat_map(of_image).collect())
    }
}

/// A row for every layer, with mean and range over the images of every set.
fn table(name: &str, what: &str, layers: &[PatternLayer], agreement: &PatternAgreement) -> Table {
    let fixed = [("layer".to_owned(), Unit::Text), ("units".to_owned(), Unit::Count)];
    let numbers = SETS.iter().flat_map(|set| {
        ["mean", "least", "most"].map(|number| (format!("{set}: {number}"), Unit::Share))
    });
    let columns: Vec<_> = fixed.into_iter().chain(numbers).collect();
    let columns: Vec<_> = columns.iter().map(|(name, unit)| (&**name, *unit)).collect();
    let title = format!("Share of equal units, test image and {what}");
    let mut table = Table::new(name, &title, &columns);
    let mut push = |name: &str, units: usize, summaries: &[Summary; 3]| {
        let numbers = summaries.iter().flat_map(|set| [set.mean(), set.min(), set.max()]);
        let fixed = [TableCell::from(name), units.into()].into_iter();
        table.push(fixed.chain(numbers.map(TableCell::from)).collect());
    };
    for (layer, summaries) in layers.iter().zip(&agreement.layers) {
        push(&layer.name, layer.units, summaries);
    }
    push(WHOLE, layers.iter().map(|layer| layer.units).sum(), &agreement.whole);
    table
}

/// Mean shares by layer.
fn by_layer(
    layers: &[PatternLayer],
    [positive, negative, random]: [&PatternAgreement; 3],
) -> Figure {
    let curves = [
        ("positive term wins, agree", positive, AGREE),
        ("positive term wins, disagree", positive, DISAGREE),
        ("negative term wins", negative, ALL),
        ("random image", random, ALL),
    ];
    let curves = curves.map(|(name, agreement, set)| {
        let pairs = layers.iter().zip(&agreement.layers);
        PlotLine::new(name, pairs.map(|(layer, sets)| [layer.number as f64, sets[set].mean()]))
    });
    let plot = Plot::Curves(LinePlot {
        x: PlotAxis::linear("node", Unit::Count),
        y: PlotAxis::linear("share of equal units", Unit::Share),
        curves: curves.into(),
    });
    Figure::new("layers", "Units with equal pieces, by layer", plot)
}

/// Distribution of the share of equal units over the images.
fn histogram(positive: &PatternAgreement, random: &PatternAgreement) -> Figure {
    let [agreeing, others] = &positive.each;
    let sets = [
        ("positive term wins, agree", agreeing.clone()),
        ("positive term wins, disagree", others.clone()),
        ("random image", random.each.concat()),
    ];
    let axis = PlotAxis::linear("share of equal units", Unit::Share);
    let plot = Plot::Histogram(Histogram::of(axis, BINS, &sets));
    Figure::new("images", "Units with equal pieces, by image", plot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_layer_and_over_all_units() {
        let mut agreement = PatternAgreement::new(2);
        let layer = |node, units, equal| Agreement { node, units, equal };
        agreement.add(&[layer(1, 8, 8), layer(3, 2, 1)], true);
        agreement.add(&[layer(1, 8, 2), layer(3, 2, 2)], false);
        let means = |sets: &[Summary; 3]| sets.each_ref().map(Summary::mean);
        assert_eq!(means(&agreement.layers[0]), [0.625, 1.0, 0.25]);
        assert_eq!(means(&agreement.layers[1]), [0.75, 0.5, 1.0]);
        assert_eq!(means(&agreement.whole), [0.65, 0.9, 0.4]);
        assert_eq!(agreement.each, [vec![0.9], vec![0.4]]);
    }
}
