//! The constants of a model as parameters of a Burn module.

use std::collections::HashMap;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::array::{Array, ArrayOptions};
use crate::constant::{HostTensor, NumberKind};
use crate::graph::ValueIndex;
use crate::op_args::RunValue;

/// A parameter on the device.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) slot: ValueIndex,
    /// Name in Burn: `layer.name`.
    path: String,
    param: RankedParam,
    /// Copy on the host, if an operator needs it.
    constant: Option<Arc<HostTensor>>,
}

/// A parameter with 1 to 6 axes.
#[derive(Clone, Debug)]
enum RankedParam {
    One(Param<Tensor<1>>),
    Two(Param<Tensor<2>>),
    Three(Param<Tensor<3>>),
    Four(Param<Tensor<4>>),
    Five(Param<Tensor<5>>),
    Six(Param<Tensor<6>>),
}

/// Evaluates an expression for a parameter of any rank.
macro_rules! each {
    ($ranked:expr, $param:ident => $body:expr) => {
        match $ranked {
            RankedParam::One($param) => $body,
            RankedParam::Two($param) => $body,
            RankedParam::Three($param) => $body,
            RankedParam::Four($param) => $body,
            RankedParam::Five($param) => $body,
            RankedParam::Six($param) => $body,
        }
    };
}

/// Replaces a parameter of any rank.
macro_rules! map_each {
    ($ranked:expr, $param:ident => $body:expr) => {
        match $ranked {
            RankedParam::One($param) => RankedParam::One($body),
            RankedParam::Two($param) => RankedParam::Two($body),
            RankedParam::Three($param) => RankedParam::Three($body),
            RankedParam::Four($param) => RankedParam::Four($body),
            RankedParam::Five($param) => RankedParam::Five($body),
            RankedParam::Six($param) => RankedParam::Six($body),
        }
    };
}

impl RankedParam {
    /// `None` for other ranks.
    fn new(array: Array) -> Option<Self> {
        fn param<const D: usize>(array: Array) -> Param<Tensor<D>> {
            Param::from_tensor(Tensor::from_dispatch(array.into_tensor()))
        }
        Some(match array.rank() {
            1 => Self::One(param(array)),
            2 => Self::Two(param(array)),
            3 => Self::Three(param(array)),
            4 => Self::Four(param(array)),
            5 => Self::Five(param(array)),
            6 => Self::Six(param(array)),
            _ => return None,
        })
    }
}

impl Weight {
    /// Makes a constant a parameter of the node that reads it. `keep` keeps a copy on the host.
    ///
    /// `None` for integers, single numbers, and tensors of more than six axes.
    pub(crate) fn new(
        (slot, name): (ValueIndex, &str),
        reader: &str,
        constant: &Arc<HostTensor>,
        keep: bool,
        options: &ArrayOptions,
    ) -> Option<Self> {
        if constant.kind != NumberKind::Float || constant.numbers.len() < 2 {
            return None;
        }
        let param = RankedParam::new(Array::of(constant, options).ok()?)?;
        let path = if name.contains('.') { name.to_owned() } else { format!("{reader}.{name}") };
        Some(Self { slot, path, param, constant: keep.then(|| constant.clone()) })
    }

    fn value(&self) -> RunValue {
        let tensor = each!(&self.param, param => param.val().into_dispatch());
        RunValue::Weight {
            array: Array::new(tensor, NumberKind::Float),
            constant: self.constant.clone(),
        }
    }
}

/// All parameters by value index.
pub(crate) fn values(weights: &[Weight]) -> HashMap<ValueIndex, RunValue> {
    weights.iter().map(|weight| (weight.slot, weight.value())).collect()
}

impl Module for Weight {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        each!(&self.param, param => param.collect_devices(devices))
    }

    fn fork(self, device: &Device) -> Self {
        Self { param: map_each!(self.param, param => param.fork(device)), ..self }
    }

    fn to_device(self, device: &Device) -> Self {
        Self { param: map_each!(self.param, param => param.to_device(device)), ..self }
    }

    fn train(self) -> Self {
        Self { param: map_each!(self.param, param => param.train()), ..self }
    }

    fn valid(&self) -> Self {
        Self { param: map_each!(&self.param, param => param.valid()), ..self.clone() }
    }

    fn materialize(self) -> Self {
        Self { param: map_each!(self.param, param => param.materialize()), ..self }
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.enter_module(&self.path, "Weight");
        each!(&self.param, param => param.visit(visitor));
        visitor.exit_module(&self.path, "Weight");
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let path = self.path.clone();
        mapper.enter_module(&path, "Weight");
        let param = map_each!(self.param, param => Module::map(param, mapper));
        mapper.exit_module(&path, "Weight");
        Self { param, ..self }
    }
}
