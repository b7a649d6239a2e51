use std::ops::ControlFlow;

use super::*;
use crate::data::SubsetRule;
use crate::testing::{device, separable_images};
use crate::weights::Weights;
use crate::zoo::{Architecture, TINY, TINY_DROPOUT, TINY_RESIDUAL};

const SHAPE: [usize; 3] = [1, 6, 6];

fn network(seed: u64) -> Classifier {
    TINY.init(SHAPE, 3, &device(), seed).unwrap()
}

fn config(epochs: usize, optimizer: OptimizerConfig) -> TrainingConfig {
    let learning_rate = 0.01;
    TrainingConfig { epochs, batch_size: 16, optimizer, learning_rate, ..TrainingConfig::mnist() }
}

const SGD: OptimizerConfig = OptimizerConfig::Sgd { momentum: 0.9 };

fn trained(config: &TrainingConfig) -> (Weights, Vec<EpochMetrics>) {
    trained_network(&TINY, config)
}

fn trained_network(
    architecture: &Architecture,
    config: &TrainingConfig,
) -> (Weights, Vec<EpochMetrics>) {
    let images = separable_images(SHAPE, 3, 48);
    let start = architecture.init(SHAPE, 3, &device(), config.seed).unwrap();
    let trainer = Trainer::new(start, &images, &images, config).unwrap();
    let trainer = trainer.run(&mut ()).unwrap().unwrap();
    (Weights::of(&trainer.classifier()), trainer.metrics().to_vec())
}

#[test]
fn training_learns_separable_classes() {
    for (architecture, optimizer) in
        [(&TINY, OptimizerConfig::ADAM), (&TINY, SGD), (&TINY_RESIDUAL, OptimizerConfig::ADAM)]
    {
        let (_, metrics) = trained_network(architecture, &config(15, optimizer));
        let (first, last) = (metrics[0], metrics[14]);
        let case = format!("{architecture:?} {optimizer:?}: {first:?} {last:?}");
        assert!(last.train.loss < 0.5 * first.train.loss, "{case}");
        assert!(last.test.accuracy > 0.9, "{case}");
    }
}

#[test]
fn equal_settings_give_equal_weights_and_another_seed_gives_others() {
    let config = TrainingConfig { l2: 1e-3, ..config(1, SGD) };
    let (first, _) = trained(&config);
    assert_eq!(first, trained(&config).0);
    let other = TrainingConfig { seed: 1, ..config };
    assert_ne!(first, trained(&other).0);
}

#[test]
fn dropout_changes_training_and_is_repeatable() {
    let images = separable_images(SHAPE, 3, 48);
    let weights = |seed| {
        let config = TrainingConfig { seed, ..config(1, SGD) };
        let start = TINY_DROPOUT.init(SHAPE, 3, &device(), 0).unwrap();
        let trainer = Trainer::new(start, &images, &images, &config).unwrap();
        let trainer = trainer.epoch(&mut ()).unwrap().unwrap();
        (Weights::of(&trainer.classifier()), trainer.metrics()[0])
    };
    let (first, metrics) = weights(1);
    assert!(first == weights(1).0);
    assert!(first != weights(2).0);
    // Evaluations do not use dropout, so two evaluations are equal.
    let start = TINY_DROPOUT.init(SHAPE, 3, &device(), 0).unwrap();
    let loaded = first.apply(start, std::path::Path::new("first")).unwrap();
    assert_eq!(evaluate(&loaded, &images).unwrap(), metrics.test);
}

#[test]
fn one_step_of_gradient_descent_is_the_gradient_times_the_rate() {
    let images = separable_images(SHAPE, 3, 6);
    let step = |l2| {
        let sgd = OptimizerConfig::Sgd { momentum: 0.0 };
        let config = TrainingConfig { batch_size: 6, l2, ..config(1, sgd) };
        let trainer = Trainer::new(network(1), &images, &images, &config).unwrap();
        Weights::of(&trainer.epoch(&mut ()).unwrap().unwrap().classifier())
    };
    let start = Weights::of(&network(1));
    let (plain, penalised) = (step(0.0), step(0.1));
    let values = |weights: &Weights, wanted: &str| -> Vec<f32> {
        let (_, data) = weights.iter().find(|(key, _)| *key == wanted).unwrap();
        data.iter::<f32>().collect()
    };
    let key = "layers.3.weight";
    let (start, plain, penalised) =
        (values(&start, key), values(&plain, key), values(&penalised, key));
    for index in 0..start.len() {
        // The penalty adds 2 * 0.1 * w to the gradient; the rate is 0.01.
        let expected = plain[index] - 0.01 * 0.2 * start[index];
        assert!((penalised[index] - expected).abs() < 1e-6);
    }
    assert_ne!(start, plain);
}

#[test]
fn the_first_step_of_adam_has_the_length_of_the_learning_rate() {
    let images = separable_images(SHAPE, 3, 6);
    let config = TrainingConfig { batch_size: 6, ..config(1, OptimizerConfig::ADAM) };
    let trainer = Trainer::new(network(1), &images, &images, &config).unwrap();
    let after = Weights::of(&trainer.epoch(&mut ()).unwrap().unwrap().classifier());
    let before = Weights::of(&network(1));
    let bias = |weights: &Weights| -> Vec<f32> {
        let (_, data) = weights.iter().find(|(key, _)| *key == "layers.4.bias").unwrap();
        data.iter::<f32>().collect()
    };
    for (after, before) in bias(&after).iter().zip(bias(&before)) {
        assert!(((after - before).abs() - 0.01).abs() < 1e-5, "{before} -> {after}");
    }
}

#[test]
fn a_resumed_training_ends_with_the_same_weights() {
    let images = separable_images(SHAPE, 3, 40);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume.safetensors");
    // Cases with batch norm, strides, dropout, shortcuts, and dense layers that use other kernels.
    let fcn = Architecture::find("fcn4").unwrap();
    let layers = "C3p1,DO0.1,A,D8,BN,DO0.5,D4".parse().unwrap();
    for (architecture, optimizer) in [
        (&TINY, SGD),
        (&TINY, OptimizerConfig::ADAM),
        (&TINY_DROPOUT, SGD),
        (&TINY_RESIDUAL, OptimizerConfig::ADAM),
        (&layers, SGD),
        (&fcn, SGD),
    ] {
        let start = || architecture.init(SHAPE, 3, &device(), 0).unwrap();
        let config = TrainingConfig { l2: 1e-3, ..config(2, optimizer) };
        let whole = Trainer::new(start(), &images, &images, &config).unwrap();
        let whole = whole.epoch(&mut ()).unwrap().unwrap();
        whole.save(&path).unwrap();
        let whole = whole.epoch(&mut ()).unwrap().unwrap();

        let resumed = Trainer::new(start(), &images, &images, &config).unwrap();
        let resumed = resumed.resume(&path).unwrap().epoch(&mut ()).unwrap().unwrap();
        let weights = [&whole, &resumed].map(|trainer| Weights::of(&trainer.classifier()));
        assert!(weights[0] == weights[1], "{architecture:?} {optimizer:?}");
        assert_eq!(whole.metrics()[1].train, resumed.metrics()[1].train);
        assert_eq!(whole.metrics()[1].test, resumed.metrics()[1].test);
    }
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let images = separable_images(SHAPE, 3, 12);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume.safetensors");
    let (sgd, adam) = (config(1, SGD), config(1, OptimizerConfig::ADAM));
    let trainer = Trainer::new(network(0), &images, &images, &sgd).unwrap();
    trainer.epoch(&mut ()).unwrap().unwrap().save(&path).unwrap();
    let trainer = Trainer::new(network(0), &images, &images, &adam).unwrap();
    let error = trainer.resume(&path).err().unwrap().to_string();
    assert!(error.contains("state of the optimizer"), "{error}");
}

#[test]
fn the_learning_rate_falls_in_steps() {
    let config = TrainingConfig::cifar();
    let rates: Vec<f64> = [1, 50, 51, 101, 151].map(|epoch| config.learning_rate_at(epoch)).into();
    for (rate, expected) in rates.iter().zip([1e-2, 1e-2, 1e-3, 1e-4, 1e-5]) {
        assert!((rate / expected - 1.0).abs() < 1e-12);
    }
}

#[test]
fn training_stops_when_the_test_loss_no_longer_improves() {
    // A network without batch norm, and a learning rate that changes no weight in f32: epoch 1
    // stays the best.
    let config = TrainingConfig {
        learning_rate: 1e-30,
        early_stop: Some(2),
        ..config(9, OptimizerConfig::Sgd { momentum: 0.0 })
    };
    let images = separable_images(SHAPE, 3, 12);
    let fcn = Architecture::find("fcn4").unwrap();
    let start = fcn.init(SHAPE, 3, &device(), 0).unwrap();
    let trainer = Trainer::new(start, &images, &images, &config).unwrap();
    let trainer = trainer.run(&mut ()).unwrap().unwrap();
    assert_eq!(trainer.metrics().len(), 3);
    assert!(trainer.stopped_early());
}

#[test]
fn a_limit_trains_on_some_images_of_every_class() {
    let images = separable_images(SHAPE, 3, 48);
    let config = TrainingConfig { limit: Some(20), ..config(1, SGD) };
    let trainer = Trainer::new(network(0), &images, &images, &config).unwrap();
    let (mut order, _) = trainer.order(1);
    assert_ne!(order, trainer.order(2).0);
    order.sort_unstable();
    assert_eq!(order, images.subset(Some(20), config.subset).indices().collect::<Vec<_>>());
    for class in 0..3 {
        let count = order.iter().filter(|&&image| images.labels()[image] == class).count();
        assert!((6..=7).contains(&count), "{count} of class {class}");
    }
    // Runs of earlier versions have this rule.
    let config = TrainingConfig { subset: SubsetRule::First, ..config };
    let trainer = Trainer::new(network(0), &images, &images, &config).unwrap();
    let (mut order, _) = trainer.order(1);
    order.sort_unstable();
    assert_eq!(order, (0..20).collect::<Vec<_>>());
}

#[test]
fn settings_that_name_no_subset_are_of_the_first_images() {
    let mut settings = serde_json::to_value(TrainingConfig::mnist()).unwrap();
    assert_eq!(settings["subset"], "every class in its share (seed 0)");
    settings.as_object_mut().unwrap().remove("subset");
    let read: TrainingConfig = serde_json::from_value(settings).unwrap();
    assert_eq!(read, TrainingConfig { subset: SubsetRule::First, ..TrainingConfig::mnist() });
}

#[test]
fn a_diverging_training_says_where() {
    let images = separable_images(SHAPE, 3, 48);
    // With one batch an epoch, only the evaluation finds the divergence.
    for batch_size in [16, 48] {
        let config = TrainingConfig { batch_size, learning_rate: 1e30, ..config(2, SGD) };
        let trainer = Trainer::new(network(0), &images, &images, &config).unwrap();
        let error = trainer.run(&mut ()).err().unwrap().to_string();
        assert!(error.contains("epoch 1") && error.contains("learning rate"), "{error}");
    }
}

#[test]
fn images_of_another_shape_are_refused() {
    let (small, large) = (separable_images(SHAPE, 3, 6), separable_images([1, 8, 8], 3, 6));
    let config = config(1, SGD);
    let error = Trainer::new(network(0), &small, &large, &config).err().unwrap();
    assert!(error.to_string().contains("1x8x8"), "{error}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let base = TrainingConfig::mnist();
    let list = crate::checkpoint::Checkpoints::List(vec![11]);
    let wrong = [
        TrainingConfig { batch_size: 0, ..base.clone() },
        TrainingConfig { limit: Some(0), ..base.clone() },
        TrainingConfig { early_stop: Some(0), ..base.clone() },
        TrainingConfig { learning_rate: f64::NAN, ..base.clone() },
        TrainingConfig { l2: -1.0, ..base.clone() },
        TrainingConfig { optimizer: OptimizerConfig::Sgd { momentum: 1.0 }, ..base.clone() },
        TrainingConfig { checkpoints: list, ..base },
    ];
    for config in wrong {
        assert!(config.check().is_err(), "{config:?}");
    }
}

#[test]
fn an_observer_gets_every_batch_and_can_cancel() {
    struct Stop(usize);
    impl TrainingObserver for Stop {
        fn batch(&mut self, progress: &BatchProgress) -> ControlFlow<()> {
            self.0 += 1;
            assert_eq!((progress.batch, progress.batches), (self.0, 3));
            if self.0 == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let images = separable_images(SHAPE, 3, 48);
    let config = config(1, SGD);
    let trainer = Trainer::new(network(0), &images, &images, &config).unwrap();
    assert!(trainer.epoch(&mut Stop(0)).unwrap().is_none());
}

#[test]
fn every_flipped_bit_of_a_saved_training_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume.safetensors");
    let (images, config) = (separable_images(SHAPE, 3, 16), config(2, SGD));
    let start = || Trainer::new(network(0), &images, &images, &config).unwrap();
    start().epoch(&mut ()).unwrap().unwrap().save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for bit in (0..8 * whole.len()).step_by(211) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, flipped).unwrap();
        let line = start().resume(&path).err().unwrap().to_string();
        assert!(line.contains("checksum") || line.contains("damaged"), "bit {bit}: {line}");
    }
    std::fs::write(&path, whole).unwrap();
    assert!(start().resume(&path).is_ok());
}
