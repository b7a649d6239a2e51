//! The random networks themselves: all kinds of steps, the same from the same seed.

use std::collections::HashSet;

use crate::common::plan::{Ending, Plan, Step};

#[test]
fn the_ordinary_run_meets_every_kind_of_network() {
    let plans: Vec<Plan> = (0..150).map(|seed| Plan::grow(seed, usize::MAX)).collect();
    let mut kinds = HashSet::new();
    plans.iter().for_each(|plan| collect(&plan.steps, &mut kinds));
    let kinds_of_steps = 15;
    assert_eq!(kinds.len(), kinds_of_steps, "{kinds:?}");
    let any = |found: fn(&Plan) -> bool| plans.iter().any(found);
    assert!(any(|plan| plan.steps.iter().all(|step| !is_maximum(step))));
    assert!(any(|plan| plan.steps.windows(2).any(|two| two.iter().all(is_maximum))));
    assert!(any(|plan| plan.exact) && any(|plan| !plan.exact));
    assert!(any(|plan| plan.ending == Ending::Softmax) && any(|plan| plan.classes == 1));
}

fn collect(steps: &[Step], kinds: &mut HashSet<std::mem::Discriminant<Step>>) {
    for step in steps {
        kinds.insert(std::mem::discriminant(step));
        if let Step::Residual { left, right } = step {
            collect(left, kinds);
            collect(right, kinds);
        }
    }
}

fn is_maximum(step: &Step) -> bool {
    matches!(step, Step::Relu | Step::LeakyRelu { .. } | Step::MaxPool(_) | Step::Residual { .. })
}

#[test]
fn a_network_cut_short_starts_with_the_same_steps() {
    let (whole, cut) = (Plan::grow(7, usize::MAX), Plan::grow(7, 1));
    assert!(cut.size() < whole.size());
    assert_eq!(format!("{:?}", cut.steps[0]), format!("{:?}", whole.steps[0]));
    assert_eq!(format!("{whole:?}"), format!("{:?}", Plan::grow(7, usize::MAX)));
}

#[test]
fn smaller_networks_have_fewer_steps_and_the_same_output() {
    let plan = Plan::grow(7, usize::MAX);
    let smaller = plan.smaller();
    assert!(!smaller.is_empty());
    for other in smaller {
        assert!(other.size() < plan.size());
        let output = |plan: &Plan| crate::common::plan::output(&plan.steps, &plan.input);
        assert_eq!(output(&other), output(&plan));
    }
}
