//! A random network, and everything that the properties examine.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use tropex::{Classes, Extractor, Gauge, Network, Precision, Terms};

use super::module::{Planned, Value};
use super::plan::{Affine, Plan, Step};
use super::properties::NO_F64;
use super::reference::{At, Reference};
use super::{device, is_cubecl, target, values};

/// A random network and its reference. It is captured, differentiated and extracted once, when a
/// property first needs it.
pub(crate) struct Case {
    pub(crate) plan: Plan,
    pub(crate) device: Device,
    pub(crate) module: Planned,
    pub(crate) points: Vec<f32>,
    pub(crate) reference: Vec<At>,
    network: OnceCell<Result<Network, String>>,
    jacobians: OnceCell<Vec<Vec<f64>>>,
    terms: RefCell<HashMap<String, Rc<Terms>>>,
}

impl Case {
    pub(crate) fn new(plan: Plan) -> Self {
        let device = device();
        let module = Planned::new(&plan, &device);
        let points = plan.points();
        let reference = Reference::new(&plan);
        let at = points.chunks_exact(plan.features()).map(|point| reference.at(point));
        Self {
            reference: at.collect(),
            plan,
            device,
            module,
            points,
            network: OnceCell::new(),
            jacobians: OnceCell::new(),
            terms: RefCell::default(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.reference.len()
    }

    pub(crate) fn point(&self, point: usize) -> &[f32] {
        &self.points[point * self.plan.features()..][..self.plan.features()]
    }

    /// The points as the input of the module.
    pub(crate) fn input(&self, device: &Device) -> Value {
        Value::points(&self.points, &self.plan.input, device)
    }

    /// The captured network.
    pub(crate) fn network(&self) -> Result<&Network, String> {
        let capture = || self.module.capture(&self.plan.input).map_err(|error| error.to_string());
        self.network.get_or_init(capture).as_ref().map_err(Clone::clone)
    }

    /// The captured network in another precision.
    pub(crate) fn placed(&self, precision: Precision) -> Result<Network, String> {
        let target = target(precision).map_err(|_| NO_F64)?;
        Ok(self.network()?.to_target(&target))
    }

    pub(crate) fn terms(
        &self,
        precision: Precision,
        classes: Classes,
    ) -> Result<Rc<Terms>, String> {
        let key = format!("{precision:?} {classes:?}");
        if let Some(terms) = self.terms.borrow().get(&key) {
            return Ok(terms.clone());
        }
        let extractor = Extractor::new(&self.placed(precision)?, Gauge::WorstCase, classes);
        let terms = extractor.and_then(|extractor| extractor.extract(&self.points));
        let terms = Rc::new(terms.map_err(|error| error.to_string())?);
        self.terms.borrow_mut().insert(key, terms.clone());
        Ok(terms)
    }

    /// Logits by replay, `[points, classes]`.
    pub(crate) fn replayed(&self, precision: Precision) -> Result<Vec<f64>, String> {
        let network = self.placed(precision)?;
        let data = TensorData::new(self.points.clone(), [self.count(), self.plan.features()]);
        let data = data.convert_dtype(precision.dtype());
        let points = Tensor::from_data(data, (network.target().device(), precision.dtype()));
        Ok(values(network.replay(points).logits()))
    }

    /// For every class, the gradients of its logit by Burn's autodiff, point by point. Empty if
    /// Burn has no derivative of an operation.
    pub(crate) fn jacobians(&self) -> &[Vec<f64>] {
        self.jacobians.get_or_init(|| {
            if !self.is_differentiable() {
                return Vec::new();
            }
            let device = self.device.clone().autodiff();
            // The module is frozen, so batch norm and dropout behave as in evaluation.
            let module = Planned::new(&self.plan, &device).freeze();
            let of_class = |class| {
                let points = self.input(&device).require_grad();
                let logits = module.logits(points.clone());
                // If the logits do not depend on the points, there is no gradient.
                let gradient = points.gradient(logits.narrow(1, class, 1).sum());
                gradient.unwrap_or_else(|| vec![0.0; self.points.len()])
            };
            (0..self.plan.classes).map(of_class).collect()
        })
    }

    /// Whether Burn has correct derivatives of all steps. On ndarray and GPUs, it has no derivative
    /// of interpolation between cells. On GPUs, its derivatives of convolutions over three axes
    /// with gaps are wrong.
    fn is_differentiable(&self) -> bool {
        let is_ndarray = tropex::device::find("ndarray").is_ok_and(|it| it == self.device);
        let fails = |step: &Step| match step {
            Step::Affine(Affine::Interpolate(step)) => !step.nearest && (is_ndarray || is_cubecl()),
            Step::Affine(Affine::Conv(step)) => step.window.leaves_gaps() && is_cubecl(),
            _ => false,
        };
        !self.plan.steps.iter().any(|step| step.any(&fails))
    }

    /// Whether a computation in a precision is certain to choose the pieces of the reference:
    /// either nothing is rounded, or every unit is far from a change of piece.
    pub(crate) fn is_clear(&self, point: usize, precision: Precision) -> bool {
        let at = &self.reference[point];
        let mantissa = match precision {
            Precision::F32 => 24.0,
            Precision::F64 => 53.0,
        };
        at.bits <= mantissa - SPARE_BITS || at.margin > ROUNDINGS * precision.epsilon()
    }
}

/// Spare bits for layers that the library joins: it multiplies before it adds.
const SPARE_BITS: f64 = 3.0;

/// Smallest distance of a unit from a change of piece, in expected rounding errors. For 3,000
/// networks, a distance below 1 was enough.
const ROUNDINGS: f64 = 8.0;
