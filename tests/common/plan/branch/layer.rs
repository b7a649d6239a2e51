//! Branches, and layers that are called several times.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::common::module::value::{both_ranks, each_rank};
use crate::common::module::{Layer, Value, layers, run};
use crate::common::plan::maximum::layer::over;
use crate::common::plan::{Extremum, Fork, Join, Step};

#[derive(Module, Debug)]
pub(crate) struct Branches {
    branches: Vec<Branch>,
    #[module(skip)]
    join: Join,
}

#[derive(Module, Debug)]
struct Branch {
    layers: Vec<Layer>,
}

/// Layers that are called several times, with one set of parameters.
#[derive(Module, Debug)]
pub(crate) struct Repeated {
    layers: Vec<Layer>,
    times: usize,
}

impl Branches {
    pub(crate) fn new(fork: &Fork, device: &Device) -> Self {
        let branch = |steps: &Vec<Step>| Branch { layers: layers(steps, device) };
        Self { branches: fork.branches.iter().map(branch).collect(), join: fork.join.clone() }
    }

    pub(crate) fn forward(&self, value: Value) -> Value {
        let mut values = self.branches.iter().map(|branch| run(&branch.layers, value.clone()));
        match &self.join {
            Join::Concat { axis } => concatenated(values.collect(), axis + 1),
            Join::Stack { axis, over: extremum } => {
                let stacked = stack(values.collect(), axis + 1);
                match extremum {
                    None => stacked,
                    Some(extremum) => {
                        each_rank!(stacked, x => over(*extremum, x, axis + 1).into())
                    }
                }
            }
            join => {
                let (a, b) = values.next().zip(values.next()).expect("there are two branches");
                both_ranks!(a, b, (a, b) => of_two(join, a, b).into())
            }
        }
    }
}

fn of_two<const D: usize>(join: &Join, a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    match join {
        Join::Sum => a + b,
        Join::Difference => a - b,
        Join::Extremum(Extremum::Greatest) => a.max_pair(b),
        Join::Extremum(Extremum::Least) => a.min_pair(b),
        Join::Concat { .. } | Join::Stack { .. } => panic!("not of two values"),
    }
}

fn tensors<T: From<Value>>(values: Vec<Value>) -> Vec<T> {
    values.into_iter().map(T::from).collect()
}

fn concatenated(values: Vec<Value>, axis: usize) -> Value {
    match &values[0] {
        Value::Two(_) => Tensor::<2>::cat(tensors(values), axis).into(),
        Value::Three(_) => Tensor::<3>::cat(tensors(values), axis).into(),
        Value::Four(_) => Tensor::<4>::cat(tensors(values), axis).into(),
        Value::Five(_) => Tensor::<5>::cat(tensors(values), axis).into(),
    }
}

fn stack(values: Vec<Value>, axis: usize) -> Value {
    match &values[0] {
        Value::Two(_) => Tensor::<2>::stack::<3>(tensors(values), axis).into(),
        Value::Three(_) => Tensor::<3>::stack::<4>(tensors(values), axis).into(),
        Value::Four(_) => Tensor::<4>::stack::<5>(tensors(values), axis).into(),
        Value::Five(_) => panic!("plans have four axes besides the points at most"),
    }
}

impl Repeated {
    pub(crate) fn new(steps: &[Step], times: usize, device: &Device) -> Self {
        Self { layers: layers(steps, device), times }
    }

    pub(crate) fn forward(&self, value: Value) -> Value {
        (0..self.times).fold(value, |value, _| run(&self.layers, value))
    }
}
