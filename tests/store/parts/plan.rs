//! The tasks of a plan, and the reductions between stages.

use std::fs;
use std::num::NonZeroUsize;

use tropex::extract::job::{PartNumber, PartPlan, PartTask};
use tropex::{Error, Gauge};

use super::super::files;
use super::{GAUGES, STAGES, expected, fixture, part};

#[test]
fn reduced_stages_take_the_place_of_those_of_all_parts() {
    let (fixture, of) = (fixture(Gauge::Tight), 4);
    for stage in 1..=STAGES {
        let error = fixture.reduce(stage, of).unwrap_err().to_string();
        assert!(error.contains("1-4 of 4 are not finished"), "{error}");
        for part in PartNumber::all(of) {
            fixture.run_part(PartTask::of(part).with_stage(stage)).unwrap();
        }
        fixture.reduce(stage, of).unwrap();
        fixture.reduce(stage, of).unwrap();
    }
    // With the reduction, a part does not read the files of the others.
    for stage in 1..=STAGES {
        fs::write(fixture.part_folder(part(2, of)).join(format!("stage-{stage}.part")), "")
            .unwrap();
    }
    for number in [1, 3, 4] {
        fixture.run_part(PartTask::of(part(number, of))).unwrap();
    }
    // A damaged reduction is made again from the parts, and the second part repairs its stages.
    let reduced = fixture.file("parts-of-4/stage-1.part");
    let intact = fs::read(&reduced).unwrap();
    fs::write(&reduced, &intact[1..]).unwrap();
    let error = fixture.reduce(1, of).unwrap_err().to_string();
    assert!(error.contains("part-2/stage-1.part is damaged; run part 2/4 again"), "{error}");
    fixture.run_part(PartTask::of(part(2, of))).unwrap();
    fixture.reduce(1, of).unwrap();
    assert!(fs::read(&reduced).unwrap() == intact);
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
    fixture.reduce(1, of).unwrap();
    let error = fixture.reduce(STAGES + 1, of).unwrap_err();
    assert!(matches!(error, Error::NoStage { .. }), "{error}");
}

#[test]
fn the_tasks_of_a_plan_read_and_write_the_files_that_it_lists() {
    for gauge in GAUGES {
        for of in [1, 3, 14] {
            let (fixture, parts) = (fixture(gauge), NonZeroUsize::new(of).unwrap());
            let (folder, extractor) = (fixture.folder(), &fixture.extractor);
            let plan =
                PartPlan::of(&folder, extractor, &fixture.cloud, &fixture.options, parts).unwrap();
            let stages = if gauge == Gauge::Tight { STAGES } else { 0 };
            assert_eq!((plan.parts, plan.tasks().count()), (of, (stages + 1) * (of + 1)));
            let ids: Vec<_> = plan.tasks().map(|task| task.id).collect();
            assert!(ids.into_iter().eq(1..=plan.tasks().count()));
            let mut written = Vec::new();
            for (step, before) in plan.steps.iter().zip(0_usize..) {
                let after = before.checked_sub(1).map(|before| &plan.steps[before].tasks[..]);
                let after: Vec<_> = after.unwrap_or_default().iter().map(|task| task.id).collect();
                for task in &step.tasks {
                    assert!(task.after.clone().eq(after.iter().copied()), "{task:?}");
                    assert!(task.inputs.iter().all(|input| written.contains(input)), "{task:?}");
                    assert!(!task.outputs.iter().any(|output| output.exists()), "{task:?}");
                    fixture.run_task(step.work, task.part, of);
                    assert!(task.outputs.iter().all(|output| output.exists()), "{task:?}");
                }
                written.extend(step.tasks.iter().flat_map(|task| task.outputs.clone()));
            }
            assert!(files(&folder) == expected(gauge), "{gauge}, {of} parts");
        }
        let (fixture, parts) = (fixture(gauge), NonZeroUsize::new(15).unwrap());
        let (folder, extractor) = (fixture.folder(), &fixture.extractor);
        let error = PartPlan::of(&folder, extractor, &fixture.cloud, &fixture.options, parts);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("15 parts are too many: the points make 14 batches"), "{error}");
    }
}
