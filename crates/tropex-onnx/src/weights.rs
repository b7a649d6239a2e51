//! The numbers of a model as parameters of a Burn module.

use std::collections::HashMap;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::args::Value;
use crate::array::{Array, Place};
use crate::constant::{Constant, Kind};
use crate::graph::Slot;

/// A parameter: numbers that are computed with on the device.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) slot: Slot,
    /// `layer.name`, by which Burn names it.
    path: String,
    param: Ranked,
    /// The numbers, if an operator has to know them.
    constant: Option<Arc<Constant>>,
}

/// A parameter with as many axes as Burn's types can name here.
#[derive(Clone, Debug)]
enum Ranked {
    One(Param<Tensor<1>>),
    Two(Param<Tensor<2>>),
    Three(Param<Tensor<3>>),
    Four(Param<Tensor<4>>),
    Five(Param<Tensor<5>>),
    Six(Param<Tensor<6>>),
}

/// What is done with a parameter whatever its rank is.
macro_rules! each {
    ($ranked:expr, $param:ident => $body:expr) => {
        match $ranked {
            Ranked::One($param) => $body,
            Ranked::Two($param) => $body,
            Ranked::Three($param) => $body,
            Ranked::Four($param) => $body,
            Ranked::Five($param) => $body,
            Ranked::Six($param) => $body,
        }
    };
}

/// What becomes of a parameter of any rank.
macro_rules! map_each {
    ($ranked:expr, $param:ident => $body:expr) => {
        match $ranked {
            Ranked::One($param) => Ranked::One($body),
            Ranked::Two($param) => Ranked::Two($body),
            Ranked::Three($param) => Ranked::Three($body),
            Ranked::Four($param) => Ranked::Four($body),
            Ranked::Five($param) => Ranked::Five($body),
            Ranked::Six($param) => Ranked::Six($body),
        }
    };
}

impl Ranked {
    /// None for other ranks.
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
    /// A constant as a parameter of the node that reads it; `keep` if its numbers have to be known.
    ///
    /// None for what is no parameter: integers, single numbers, and tensors of more than six axes.
    pub(crate) fn new(
        (slot, name): (Slot, &str),
        reader: &str,
        constant: &Arc<Constant>,
        keep: bool,
        place: &Place,
    ) -> Option<Self> {
        if constant.kind != Kind::Float || constant.numbers.len() < 2 {
            return None;
        }
        let param = Ranked::new(Array::of(constant, place).ok()?)?;
        let path = if name.contains('.') { name.to_owned() } else { format!("{reader}.{name}") };
        Some(Self { slot, path, param, constant: keep.then(|| constant.clone()) })
    }

    fn value(&self) -> Value {
        let tensor = each!(&self.param, param => param.val().into_dispatch());
        Value::Weight { array: Array::new(tensor, Kind::Float), constant: self.constant.clone() }
    }
}

/// All parameters by slot.
pub(crate) fn values(weights: &[Weight]) -> HashMap<Slot, Value> {
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
