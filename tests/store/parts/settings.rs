//! Parts of other settings, weights and points.

use tropex::extract::job::PartTask;
use tropex::{Classes, Error, Extractor, Gauge, Precision};

use super::super::{Cloud, Fixture, extractor, files};
use super::{expected, files_only, fixture, part};

#[test]
fn stages_and_gauges_that_do_not_exist_are_refused() {
    let error = |gauge, stage| {
        let task = PartTask::of(part(1, 2)).with_stage(stage);
        fixture(gauge).run_part(task).unwrap_err().to_string()
    };
    assert_eq!(error(Gauge::Tight, 3), "there is no stage 3: the stages are 1 to 2");
    assert_eq!(error(Gauge::Tight, 0), "there is no stage 0: the stages are 1 to 2");
    assert_eq!(error(Gauge::WorstCase, 1), "there is no stage 1: no shifts are to be found");
}

#[test]
fn parts_of_other_settings_are_refused() {
    let mut fixture = fixture(Gauge::WorstCase);
    fixture.run_part(PartTask::of(part(1, 2))).unwrap();
    let own = fixture.options.clone();
    let refused = |fixture: &Fixture, reason: &str| {
        let error = fixture.run_part(PartTask::of(part(1, 2))).unwrap_err();
        assert!(matches!(error, Error::OtherTerms { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("part-1/settings.part") && error.contains(reason), "{error}");
    };
    fixture.options.batch = Some(7);
    refused(&fixture, "points per batch 6 instead of 7");
    fixture.options.batch = Some(6);
    fixture.options.shard_bytes = fixture.bytes_of(30);
    refused(&fixture, "points per shard 20 instead of 30");
    // The second part is one of larger batches: the merge says so.
    fixture.options = own.clone().with_batch(7);
    fixture.run_part(PartTask::of(part(2, 2))).unwrap();
    let error = fixture.merge_error();
    assert!(error.contains("part-2/settings.part") && error.contains("batch 7"), "{error}");
    fixture.options = own.clone();
    refused_second(&fixture);
    fixture.options = own.with_replace(true);
    fixture.run_part(PartTask::of(part(2, 2))).unwrap();
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase));
}

fn refused_second(fixture: &Fixture) {
    let error = fixture.run_part(PartTask::of(part(2, 2))).unwrap_err().to_string();
    assert!(error.contains("points per batch 7 instead of 6"), "{error}");
}

#[test]
fn parts_of_other_weights_and_points_are_refused() {
    let mut fixture = fixture(Gauge::Tight);
    fixture.run_part(PartTask::of(part(1, 2)).with_stage(1)).unwrap();
    let network = fixture.extractor.network().clone();
    let all = Extractor::new(&network, Gauge::Tight, Classes::All).unwrap();
    let predicted = std::mem::replace(&mut fixture.extractor, all);
    fixture.run_part(PartTask::of(part(2, 2)).with_stage(1)).unwrap();
    // The first part meets the minimum of an extraction with other classes.
    let error = |fixture: &Fixture, number| {
        fixture.run_part(PartTask::of(part(number, 2)).with_stage(2)).unwrap_err().to_string()
    };
    assert!(error(&fixture, 2).contains("classes predicted instead of all"));
    fixture.extractor = predicted;
    let met = error(&fixture, 1);
    assert!(met.contains("part-2/settings.part holds terms of another extraction"), "{met}");
    assert!(met.contains("classes all instead of predicted"), "{met}");
    assert_eq!(fixture.merge_error(), met);
    fixture.cloud = Cloud::new(70, 9);
    let error = fixture.merge_error();
    assert!(error.contains("part-1/settings.part") && error.contains("other data"), "{error}");
}

#[test]
fn parts_replace_terms_of_other_settings_on_request_only() {
    let mut fixture = fixture(Gauge::WorstCase);
    let all = extractor(Precision::F32, Classes::All);
    let predicted = std::mem::replace(&mut fixture.extractor, all);
    fixture.extract().unwrap();
    let before = files(&fixture.folder());
    fixture.extractor = predicted;
    let refused = fixture.run_part(PartTask::of(part(1, 2))).unwrap_err();
    assert!(matches!(refused, Error::OtherTerms { .. }), "{refused}");
    fixture.options.replace = true;
    fixture.run_parts(2);
    let stored: Vec<_> = files_only(&fixture.folder());
    assert!(stored == before, "parts leave the terms as they are");
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase));
}
