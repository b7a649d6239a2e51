//! The random networks: they contain every kind of step, and a seed determines a network.

use std::collections::BTreeSet;

use crate::common::plan::{Ending, Plan, Step, output};
use crate::common::properties::NETWORKS;

/// The names of all kinds of steps.
const KINDS: &[&str] = &[
    // Affine.
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "transposed conv1d",
    "transposed conv2d",
    "transposed conv3d",
    "batch norm",
    "average pool1d",
    "average pool2d",
    "adaptive average pool1d",
    "adaptive average pool2d",
    "nearest1d",
    "nearest2d",
    "linear1d",
    "linear2d",
    "mean over an axis",
    "sum over an axis",
    "running sum",
    "matmul left",
    "matmul right",
    "add a number",
    "add a tensor",
    "subtract a number",
    "subtract a tensor",
    "subtractfrom a number",
    "subtractfrom a tensor",
    "multiply a number",
    "multiply a tensor",
    "divide a number",
    "divide a tensor",
    "scatter",
    "cross left",
    "cross right",
    "dropout",
    // Rearrangements.
    "reshape",
    "flatten",
    "permute",
    "swap axes",
    "slice",
    "narrow",
    "pad",
    "repeat",
    "expand",
    "select",
    "flip",
    "squeeze",
    "unsqueeze",
    "windows",
    "unfold",
    "pixel shuffle",
    "pixel unshuffle",
    // Maxima.
    "relu",
    "leaky relu",
    "leaky relu above 1",
    "leaky relu below 0",
    "prelu",
    "abs",
    "clamp",
    "clamp min",
    "clamp max",
    "relu6",
    "hard tanh",
    "hard sigmoid",
    "soft shrink",
    "threshold",
    "mask fill below",
    "mask fill above",
    "mask where scaled",
    "mask where zero",
    "mask where onto zeros",
    "sign times",
    "max over an axis",
    "min over an axis",
    "max pool1d",
    "max pool2d",
    // Branches.
    "sum",
    "difference",
    "max of two",
    "min of two",
    "concatenation",
    "stack",
    "max over a stack",
    "min over a stack",
    "again",
];

#[test]
fn the_default_seeds_contain_every_kind_of_network() {
    let plans: Vec<Plan> = (0..NETWORKS).map(|seed| Plan::grow(seed, usize::MAX)).collect();
    let mut met = BTreeSet::new();
    plans.iter().for_each(|plan| collect(&plan.steps, &mut met));
    let kinds: BTreeSet<String> = KINDS.iter().map(ToString::to_string).collect();
    assert_eq!(met, kinds);
    let any = |found: fn(&Plan) -> bool| plans.iter().any(found);
    assert!(any(|plan| plan.steps.iter().all(|step| !is_maximum(step))));
    assert!(any(|plan| plan.steps.windows(2).any(|two| two.iter().all(is_maximum))));
    assert!(any(|plan| plan.exact) && any(|plan| !plan.exact));
    assert!(any(|plan| plan.ending == Ending::Softmax) && any(|plan| plan.classes == 1));
    for rank in 1..=4 {
        assert!(plans.iter().any(|plan| plan.input.len() == rank), "{rank}");
    }
    for length in 0..=12 {
        assert!(plans.iter().any(|plan| plan.steps.len() > length), "{length}");
    }
}

fn collect(steps: &[Step], kinds: &mut BTreeSet<String>) {
    for step in steps {
        kinds.insert(step.name());
        step.inner().iter().for_each(|steps| collect(steps, kinds));
    }
}

fn is_maximum(step: &Step) -> bool {
    matches!(step, Step::Maximum(_) | Step::Fork(_))
}

/// The first network with more than three steps, one of them a fork.
fn branched() -> Plan {
    let has_fork = |plan: &Plan| plan.steps.iter().any(|step| matches!(step, Step::Fork(_)));
    let mut plans = (0..).map(|seed| Plan::grow(seed, usize::MAX));
    plans.find(|plan| plan.steps.len() > 3 && has_fork(plan)).expect("there is one")
}

#[test]
fn a_network_cut_short_starts_with_the_same_steps() {
    let whole = branched();
    let cut = Plan::grow(whole.seed, 1);
    assert!(cut.size() < whole.size());
    assert_eq!(format!("{:?}", cut.steps[0]), format!("{:?}", whole.steps[0]));
    assert_eq!(format!("{whole:?}"), format!("{:?}", Plan::grow(whole.seed, usize::MAX)));
}

#[test]
fn smaller_networks_have_fewer_steps_and_the_same_output() {
    let plan = branched();
    let smaller = plan.smaller();
    assert!(!smaller.is_empty());
    for other in smaller {
        assert!(other.size() < plan.size());
        assert_eq!(output(&other.steps, &other.input), output(&plan.steps, &plan.input));
    }
}
