use std::collections::HashSet;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::registry::names;
use super::*;
use crate::testing::device;
use crate::weights::Weights;

const MNIST: [usize; 3] = [1, 28, 28];
const CIFAR: [usize; 3] = [3, 32, 32];

fn parameters(name: &str, shape: [usize; 3]) -> usize {
    Architecture::find(name).unwrap().parameters(shape, 10, &device()).unwrap()
}

/// Parameters of dense layers between these widths.
fn dense(widths: &[usize]) -> usize {
    widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

/// Parameters of a convolution.
fn conv(kernel: usize, channels: usize, filters: usize) -> usize {
    (kernel * kernel * channels + 1) * filters
}

/// Parameters of 3x3 convolutions between these numbers of channels.
fn convs(channels: &[usize]) -> usize {
    channels.windows(2).map(|pair| conv(3, pair[0], pair[1])).sum()
}

/// Parameters of a residual network of `6 n + 2` layers.
fn resnet(n: usize, channels: usize) -> usize {
    let norm = |filters| 2 * filters;
    let convolution = |inputs, filters| conv(3, inputs, filters) + norm(filters);
    let stage = |inputs, filters| {
        convolution(inputs, filters) + (2 * n - 1) * convolution(filters, filters)
    };
    let projections = conv(1, 16, 32) + conv(1, 32, 64);
    let stages = stage(16, 16) + stage(16, 32) + stage(32, 64);
    convolution(channels, 16) + stages + projections + dense(&[64, 10])
}

#[test]
fn names_are_unique_kebab_case_and_described() {
    let names: Vec<_> = names().collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    for architecture in ARCHITECTURES.iter() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(architecture.name.chars().all(kebab), "{}", architecture.name);
        assert!(!architecture.summary.is_empty());
        Architecture::from(architecture).recipe().check().unwrap();
    }
}

#[test]
fn unknown_names_suggest_similar_ones() {
    let error = Architecture::find("vgg-narow").unwrap_err().to_string();
    assert!(
        error.starts_with("unknown architecture `vgg-narow` (did you mean vgg-narrow"),
        "{error}"
    );
    let error = Architecture::find("transformer").unwrap_err().to_string();
    assert_eq!(error, "unknown architecture `transformer`");
}

#[test]
fn fully_connected_networks_have_the_parameters_of_the_study() {
    assert_eq!(parameters("fcn4", MNIST), 789_330);
    assert_eq!(parameters("fcn4", CIFAR), dense(&[3072, 784, 200, 80, 10]));
    assert_eq!(parameters("fcn2", CIFAR), dense(&[3072, 3072, 10]));
    assert_eq!(parameters("fcn4-cifar", CIFAR), dense(&[3072, 3072, 400, 120, 10]));
    assert_eq!(parameters("fcn6", MNIST), dense(&[784, 2500, 2000, 1500, 1000, 500, 10]));
    let widths = [3072, 4096, 3072, 2048, 1024, 512, 256, 128, 10];
    assert_eq!(parameters("fcn8", CIFAR), dense(&widths));
}

#[test]
fn convolutional_networks_have_the_parameters_of_the_study() {
    let standard = convs(&[3, 32, 32, 64, 64, 64, 128, 128, 128]);
    let vgg = standard + dense(&[128 * 4 * 4, 128, 10]);
    assert_eq!(vgg, 735_082);
    assert_eq!(parameters("vgg", CIFAR), vgg);
    assert_eq!(parameters("vgg-average", CIFAR), vgg);
    assert_eq!(parameters("vgg-batch-norm", CIFAR), vgg + 2 * (2 * 32 + 3 * 64 + 3 * 128));
    let narrow = convs(&[3, 4, 4, 16, 16, 16, 64, 64, 64]);
    assert_eq!(parameters("vgg-narrow", CIFAR), narrow + dense(&[64 * 4 * 4, 128, 10]));
    assert_eq!(parameters("vgg-narrow-strides", CIFAR), narrow + dense(&[64 * 8 * 8, 128, 10]));
    let small = convs(&[1, 32, 64, 64]);
    assert_eq!(parameters("mnist-cnn", MNIST), small + dense(&[64 * 7 * 7, 64, 10]));
}

#[test]
fn deep_and_all_convolutional_networks_have_the_parameters_of_the_study() {
    let wide = conv(7, 3, 32) + conv(7, 32, 32) + conv(5, 32, 64) + 2 * conv(5, 64, 64);
    let deep = [64, 128, 128, 128, 256, 256, 256, 512, 512, 512, 1024, 1024, 1024];
    let hidden = dense(&[1024 * 4 * 4, 1024, 128, 10]);
    assert_eq!(parameters("vgg-deep", CIFAR), wide + convs(&deep) + hidden);
    let standard = convs(&[3, 96, 96, 96, 192, 192, 192, 192, 192]) + conv(1, 192, 10);
    assert_eq!(parameters("all-cnn", CIFAR), standard);
    let narrow = convs(&[3, 4, 4, 16, 16, 16, 64, 64]) + conv(1, 64, 64) + conv(1, 64, 10);
    assert_eq!(parameters("all-cnn-narrow", CIFAR), narrow + dense(&[10 * 8 * 8, 10]));
}

#[test]
fn residual_networks_have_the_parameters_of_the_study() {
    for (name, n) in [("resnet20", 3), ("resnet32", 5), ("resnet44", 7), ("resnet56", 9)] {
        assert_eq!(parameters(name, CIFAR), resnet(n, 3), "{name}");
        // Nothing depends on the size of the images.
        assert_eq!(parameters(name, MNIST), resnet(n, 1), "{name}");
    }
}

/// Parameters of inception blocks on `channels` channels, each with batch norm: filters of the 1x1
/// convolution, of the 3x3 and the 5x5 branch, and behind the pooling.
fn inception(mut channels: usize, blocks: &[[usize; 6]]) -> usize {
    let convolution = |kernel, inputs, filters| conv(kernel, inputs, filters) + 2 * filters;
    let mut block = |&[single, three_before, three, five_before, five, pooled]: &[usize; 6]| {
        let single_ones = [single, three_before, five_before, pooled];
        let ones: usize = single_ones.iter().map(|&of| convolution(1, channels, of)).sum();
        let fives = convolution(3, five_before, five) + convolution(3, five, five);
        channels = single + three + five + pooled;
        ones + convolution(3, three_before, three) + fives
    };
    blocks.iter().map(&mut block).sum()
}

#[test]
fn googlenet_has_the_parameters_of_its_pytorch_module() {
    // Counted by PyTorch in a module of the same layers.
    assert_eq!(parameters("googlenet", CIFAR), 6_166_250);
    assert_eq!(parameters("googlenet", MNIST), 6_166_250 - 2 * 9 * 192);
    assert_eq!(parameters("googlenet-narrow", MNIST), 100_206);
    let blocks = [
        [8, 12, 16, 2, 4, 4],
        [16, 16, 24, 4, 12, 8],
        [24, 12, 26, 2, 6, 8],
        [20, 14, 28, 3, 8, 8],
        [16, 16, 32, 3, 8, 8],
        [14, 18, 36, 4, 8, 8],
        [32, 20, 40, 4, 16, 16],
        [32, 20, 40, 4, 16, 16],
        [48, 24, 48, 6, 16, 16],
    ];
    let first = conv(3, 1, 24) + 2 * 24;
    let all = first + inception(24, &blocks) + dense(&[128, 10]);
    assert_eq!(all, 100_206);
}

#[test]
fn leaky_variants_differ_in_the_activation_only() {
    let variants: Vec<_> = ARCHITECTURES.iter().filter(|entry| entry.leaky_of.is_some()).collect();
    assert_eq!(variants.len(), fcn::FAMILY.len() + vgg::FAMILY.len());
    for variant in variants {
        let name = variant.leaky_of.unwrap();
        let plain = Architecture::find(name).unwrap();
        assert_eq!(variant.name, format!("{name}-leaky"));
        assert_eq!(parameters(variant.name, CIFAR), parameters(name, CIFAR));
        assert_eq!(Architecture::from(variant).recipe(), plain.recipe());
    }
}

#[test]
fn leaky_networks_scale_negative_values_by_a_hundredth() {
    let device = device();
    // One hidden layer: the leaky network is 0.99 times the plain one plus 0.01 times its layers
    // without activation.
    let init = |name| {
        let network = Architecture::find(name).unwrap().init([1, 3, 3], 4, &device, 2);
        network.unwrap()
    };
    let (plain, leaky) = (init("fcn2"), init("fcn2-leaky"));
    let image = Tensor::<1>::from_floats([0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.4, 0.6, 0.5], &device);
    let image = image.reshape([1, 1, 3, 3]);
    let layers = plain.dense.iter();
    let linear = layers.fold(image.clone().flatten(1, 3), |values, block: &DenseBlock| {
        block.linear.forward(values)
    });
    let expected = plain.forward(image.clone()) * 0.99 + linear * 0.01;
    let difference = (leaky.forward(image) - expected).abs().max().into_scalar::<f32>();
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn dropout_zeroes_its_share_and_keeps_the_mean() {
    let random = || ChaCha8Rng::seed_from_u64(5);
    let ones = Tensor::<4>::ones([4, 5, 25, 20], &device());
    for share in [0.2, 0.5] {
        let lost = |random: &mut ChaCha8Rng| {
            let output = Dropout { share }.forward_training(ones.clone(), random);
            output.try_into_vec_as::<f32>().unwrap()
        };
        let (first, mut same) = (lost(&mut random()), random());
        let zeros = first.iter().filter(|value| **value == 0.0).count() as f64;
        assert!((zeros / 10_000.0 - share).abs() < 0.02, "{share}: {zeros}");
        let kept = 1.0 / (1.0 - share) as f32;
        assert!(first.iter().all(|value| *value == 0.0 || (value - kept).abs() < 1e-6));
        assert_eq!(first, lost(&mut same));
        assert_ne!(first, lost(&mut same), "later numbers lose other values");
    }
}

#[test]
fn pooling_drops_an_odd_border() {
    // 28 -> 14 -> 7 -> 3
    let conv = convs(&[1, 32, 32, 64, 64, 64, 128, 128, 128]);
    assert_eq!(parameters("vgg", MNIST), conv + dense(&[128 * 3 * 3, 128, 10]));
}

#[test]
fn architectures_know_whether_they_have_convolutions() {
    let lines = ["D8,D4", "P,D8", "C4,BN,G"].map(|line| line.parse().unwrap());
    for architecture in ARCHITECTURES.iter().map(Architecture::from).chain(lines) {
        let network = architecture.skeleton(CIFAR, 3, &device()).unwrap();
        let has_kernels = tensor_specs(&network).iter().any(|spec| spec.shape.len() == 4);
        assert_eq!(architecture.has_convolutions(), has_kernels, "{architecture}");
    }
}

#[test]
fn every_architecture_maps_images_to_finite_logits() {
    let device = device();
    for entry in ARCHITECTURES.iter().filter(|entry| entry.leaky_of.is_none()) {
        let architecture = Architecture::from(entry);
        // The widest would cost the tests seconds; they are put together like the narrower ones.
        if architecture.parameters([1, 9, 9], 3, &device).unwrap() > 3_000_000 {
            continue;
        }
        let classifier = architecture.init([1, 9, 9], 3, &device, 1).unwrap();
        let logits = classifier.forward(Tensor::ones([2, 1, 9, 9], &device));
        assert_eq!(logits.dims(), [2, 3], "{architecture}");
        let values = logits.try_into_vec_as::<f32>().unwrap();
        let (finite, zero) =
            (values.iter().all(|v| v.is_finite()), values.iter().all(|v| *v == 0.0));
        assert!(finite && !zero, "{architecture}: {values:?}");
    }
}

#[test]
fn images_too_small_for_the_pooling_are_refused() {
    let error = |shape, classes| {
        let found = Architecture::find("vgg").unwrap().init(shape, classes, &device(), 0);
        found.unwrap_err().to_string()
    };
    let line = error([1, 4, 4], 10);
    assert!(line.contains("1x4x4") && line.contains("vgg"), "{line}");
    assert!(error([1, 0, 4], 10).contains("no pixels"));
    assert!(error([1, 28, 28], 1).contains("expected at least 2"));
}

#[test]
fn starting_weights_depend_on_the_seed_only() {
    let narrow = Architecture::find("vgg-narrow").unwrap();
    let init =
        |device: &Device, seed| Weights::of(&narrow.init([1, 8, 8], 3, device, seed).unwrap());
    let device = device();
    let first = init(&device, 1);
    device.seed(99);
    assert_eq!(first, init(&device, 1));
    assert_eq!(first, init(&device.clone().autodiff(), 1));
    assert_ne!(first, init(&device, 2));
}

#[test]
fn starting_weights_follow_he() {
    let fcn = Architecture::find("fcn4").unwrap();
    let weights = Weights::of(&fcn.init([1, 4, 4], 10, &device(), 3).unwrap());
    let values = |wanted: &str| -> Vec<f32> {
        let (_, data) = weights.iter().find(|(key, _)| *key == wanted).unwrap();
        data.iter::<f32>().collect()
    };
    let first = values("layers.0.weight");
    let bound = (6.0f32 / 16.0).sqrt();
    assert!(first.iter().all(|value| value.abs() <= bound));
    let variance = first.iter().map(|value| value * value).sum::<f32>() / first.len() as f32;
    assert!((variance / (2.0 / 16.0) - 1.0).abs() < 0.05, "variance {variance}");
    assert!(values("layers.3.bias").iter().all(|&bias| bias == 0.0));
}

#[test]
fn without_batch_norm_training_and_inference_are_equal() {
    let device = device();
    let cnn = Architecture::find("mnist-cnn").unwrap();
    let classifier = cnn.init([1, 8, 8], 3, &device, 5).unwrap();
    let image = Tensor::<4>::ones([1, 1, 8, 8], &device);
    let used = classifier.clone().valid().forward(image.clone());
    let trained = classifier.train().forward(Tensor::from_inner(image)).inner();
    used.into_data().assert_eq(&trained.into_data(), true);
}

#[test]
fn burn_captures_the_graph_of_a_classifier() {
    let device = device();
    let vgg = Architecture::find("vgg-batch-norm").unwrap();
    let classifier = vgg.init([1, 8, 8], 3, &device, 5).unwrap();
    let capture = Device::capture();
    let graph = capture
        .capture_scope(|scope| {
            let captured = classifier.valid().to_device(&capture);
            let images = Tensor::<4>::zeros([2, 1, 8, 8], &device).to_device(&capture);
            let input = tensor_id(&images);
            let output = tensor_id(&captured.forward(images));
            scope.complete([input], [output])
        })
        .unwrap();
    assert!(graph.graph.operations.len() > 20);
}

fn tensor_id<const D: usize>(tensor: &Tensor<D>) -> burn::tensor::TensorId {
    tensor.clone().try_into_primitive::<burn::backend::Capture>().unwrap().id()
}
