//! Properties tried on many random networks, and the smallest network that shows a failure.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor, TensorData};
use tropex::{Classes, Extractor, Gauge, Network, Placement, Precision, Terms, capture};

use super::module::Planned;
use super::plan::Plan;
use super::reference::{At, Reference};
use super::{device, values};

/// A random network, captured, with what the reference knows of it.
pub(crate) struct Case {
    pub(crate) plan: Plan,
    pub(crate) device: Device,
    pub(crate) module: Planned,
    pub(crate) network: Network,
    pub(crate) points: Vec<f32>,
    pub(crate) reference: Vec<At>,
}

/// What a property found wrong.
pub(crate) type Verdict = Result<(), String>;

/// Fails with a message unless a figure is within its bound; remembers the figure.
#[derive(Default)]
pub(crate) struct Measured {
    figures: Vec<(&'static str, f64)>,
    /// Comparisons made, and left out because rounding may choose another piece.
    pub(crate) compared: usize,
    pub(crate) left_out: usize,
}

impl Measured {
    pub(crate) fn within(&mut self, what: &'static str, figure: f64, allowed: f64) -> Verdict {
        match self.figures.iter_mut().find(|(name, _)| *name == what) {
            Some((_, largest)) => *largest = largest.max(figure),
            None => self.figures.push((what, figure)),
        }
        // Written so that a NaN fails.
        if figure <= allowed { Ok(()) } else { Err(format!("{what}: {figure:e} > {allowed:e}")) }
    }
}

impl Case {
    fn new(plan: Plan) -> Result<Self, String> {
        let device = device();
        let module = Planned::new(&plan, &device);
        let network = capture(&module, plan.input, Planned::forward).map_err(|e| e.to_string())?;
        let points = plan.points();
        let reference = Reference::new(&plan);
        let reference = points.chunks_exact(plan.features()).map(|point| reference.at(point));
        Ok(Self { reference: reference.collect(), plan, device, module, network, points })
    }

    pub(crate) fn count(&self) -> usize {
        self.reference.len()
    }

    pub(crate) fn point(&self, point: usize) -> &[f32] {
        &self.points[point * self.plan.features()..][..self.plan.features()]
    }

    pub(crate) fn images(&self, device: &Device) -> Tensor<4> {
        let [channels, height, width] = self.plan.input;
        super::tensor(&self.points, [self.count(), channels, height, width], device)
    }

    /// The network in another precision.
    pub(crate) fn placed(&self, precision: Precision) -> Network {
        let placement = Placement::new(&self.device, precision);
        self.network.place(&placement.expect("test devices have f32 and f64"))
    }

    pub(crate) fn terms(&self, precision: Precision, classes: Classes) -> Result<Terms, String> {
        let extractor = Extractor::new(&self.placed(precision), Gauge::WorstCase, classes);
        let terms = extractor.and_then(|extractor| extractor.extract(&self.points));
        terms.map_err(|error| error.to_string())
    }

    /// Logits by replay, `[points, classes]`.
    pub(crate) fn replayed(&self, precision: Precision) -> Vec<f64> {
        let network = self.placed(precision);
        let data = TensorData::new(self.points.clone(), [self.count(), self.plan.features()]);
        let data = data.convert_dtype(precision.dtype());
        let points = Tensor::from_data(data, (&self.device, precision.dtype()));
        values(network.replay(points).logits())
    }

    /// Whether computing in a precision surely chooses the same pieces as the reference does.
    pub(crate) fn is_clear(&self, point: usize, precision: Precision) -> bool {
        self.plan.exact || self.reference[point].margin > 2048.0 * precision.epsilon()
    }
}

/// Tries a property on `TROPEX_TEST_NETWORKS` random networks.
pub(crate) fn for_networks(property: impl Fn(&Case, &mut Measured) -> Verdict) {
    let count = std::env::var("TROPEX_TEST_NETWORKS").ok().and_then(|n| n.parse().ok());
    let mut measured = Measured::default();
    for seed in 0..count.unwrap_or(150) {
        if try_plan(&property, Plan::grow(seed, usize::MAX), &mut measured).is_err() {
            fail(&property, seed);
        }
    }
    println!("{:?} {}/{} left out", measured.figures, measured.left_out, measured.compared);
    assert!(measured.left_out * 2 <= measured.compared, "most comparisons were left out");
}

fn try_plan(
    property: &impl Fn(&Case, &mut Measured) -> Verdict,
    plan: Plan,
    measured: &mut Measured,
) -> Verdict {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let case = Case::new(plan)?;
        property(&case, measured)
    }));
    tried.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(format!("panicked: {}", text.or(panic.downcast_ref().copied()).unwrap_or("?")))
    })
}

/// Reports the smallest network of a seed that shows the failure: cut off after fewer steps, then
/// with single steps taken out as long as it still fails.
fn fail(property: &impl Fn(&Case, &mut Measured) -> Verdict, seed: u64) -> ! {
    let verdict = |plan: &Plan| try_plan(property, plan.clone(), &mut Measured::default());
    let whole = Plan::grow(seed, usize::MAX);
    let cut = (0..whole.size()).map(|limit| Plan::grow(seed, limit));
    let mut plan = cut.chain([whole.clone()]).find(|plan| verdict(plan).is_err()).unwrap_or(whole);
    while let Some(smaller) = plan.smaller().into_iter().find(|plan| verdict(plan).is_err()) {
        plan = smaller;
    }
    let reason = verdict(&plan).err().unwrap_or("failed once and then no more".into());
    panic!("network of seed {seed} with {} steps: {reason}\n{plan:?}", plan.size());
}
