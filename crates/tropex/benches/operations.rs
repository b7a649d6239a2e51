//! Every operation of a captured network, forward and pullback, compared with Burn's own calls for
//! equal work. Both are timed in turn in one run.
//!
//! ```text
//! cargo bench --bench operations            all operations
//! cargo bench --bench operations -- conv    those whose name contains a word
//! ```
//!
//! `TROPEX_BENCH_DEVICE` names a device of the build, and `TROPEX_BENCH_POINTS` the number of
//! points; a GPU needs thousands.
//!
//! Forward is compared with the forward of the layer. A pullback is compared with the least work of
//! a backward pass: a transposed convolution, a product, a scatter. There are two rows a point, as
//! in an extraction of linear and negative terms.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::nn::conv::{
    Conv2d, Conv2dConfig, Conv3d, Conv3dConfig, ConvTranspose2d, ConvTranspose2dConfig,
};
use burn::nn::{Linear, LinearConfig, PRelu, PReluConfig, PaddingConfig2d, PaddingConfig3d};
use burn::tensor::module::{
    adaptive_avg_pool2d, avg_pool2d, avg_pool2d_backward, conv_transpose2d, conv_transpose3d,
    conv2d, interpolate, max_pool2d_with_indices, max_pool2d_with_indices_backward,
};
use burn::tensor::ops::{
    AvgPoolOptions, ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions,
    MaxPoolOptions,
};
use burn::tensor::{Device, Distribution, Tensor, activation};
use tropex::extract::{AffineRows, capture};
use tropex::{Network, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 5;
const REPEATS: usize = 3;

/// Number of points: `TROPEX_BENCH_POINTS`, or 128.
static POINTS: LazyLock<usize> = LazyLock::new(|| {
    let points = std::env::var("TROPEX_BENCH_POINTS").unwrap_or_else(|_| "128".into());
    points.parse().expect("TROPEX_BENCH_POINTS is a number")
});

/// Channels, height and width of the input planes.
const PLANES: [usize; 3] = [32, 16, 16];

/// The layers with weights.
#[derive(Module, Debug)]
struct BenchNetwork {
    linear: Linear,
    conv: Conv2d,
    strided: Conv2d,
    transposed: ConvTranspose2d,
    volume: Conv3d,
    piece: Linear,
    slopes: PRelu,
}

impl BenchNetwork {
    fn new(device: &Device) -> Self {
        let [channels, ..] = PLANES;
        Self {
            linear: LinearConfig::new(1024, 1024).init(device),
            conv: Conv2dConfig::new([channels, channels], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
            strided: Conv2dConfig::new([channels, channels], [3, 3])
                .with_stride([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
            transposed: ConvTranspose2dConfig::new([channels, channels], [3, 3])
                .with_padding([1, 1])
                .init(device),
            volume: Conv3dConfig::new([8, 8], [3, 3, 3])
                .with_padding(PaddingConfig3d::Explicit(1, 1, 1))
                .init(device),
            piece: LinearConfig::new(PLANES[2], PLANES[2]).init(device),
            slopes: PReluConfig::new().with_num_parameters(channels).init(device),
        }
    }
}

/// Work to be timed.
type Work = Box<dyn Fn()>;

/// An operation, and Burn's calls for equal work.
struct OperationBench {
    name: &'static str,
    network: Network,
    bare_forward: Work,
    bare_back: Work,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let name = std::env::var("TROPEX_BENCH_DEVICE").unwrap_or_else(|_| device::default_name());
    let device = device::find(&name).expect("TROPEX_BENCH_DEVICE names a device of this build");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "device {name}, {cores} threads, f32, {} points, fastest of {} runs\n",
        *POINTS,
        ROUNDS * REPEATS
    );
    println!("{:38} {:>24}   {:>24}", "", "forward", "pullback of two rows");
    for case in cases(&device) {
        if wanted.is_empty() || wanted.iter().any(|word| case.name.contains(word.as_str())) {
            case.run(&device);
        }
    }
}

impl OperationBench {
    fn run(&self, device: &Device) {
        let [node] = self.network.nodes() else {
            panic!("{}: one operation expected, found\n{}", self.name, self.network)
        };
        let widths: Vec<usize> =
            node.inputs().iter().map(|&value| self.network.shape(value).iter().product()).collect();
        let inputs: Vec<_> = widths.iter().map(|&width| random([*POINTS, width], device)).collect();
        let (output, piece) = node.op().forward(inputs.clone());
        let [_, features] = output.dims();
        let rows = random([2 * *POINTS, features], device);
        let forward = || {
            black_box(node.op().forward(inputs.clone()));
        };
        let back = || {
            let rows = AffineRows::new(rows.clone(), *POINTS);
            let pulled = node.op().pullback(rows, &piece);
            black_box(pulled.rows.into_iter().map(AffineRows::into_tensor).collect::<Vec<_>>());
        };
        let mut least = [Duration::MAX; 4];
        let works: [&dyn Fn(); 4] = [&*self.bare_forward, &forward, &*self.bare_back, &back];
        for _ in 0..ROUNDS {
            for (least, work) in least.iter_mut().zip(works) {
                // Several calls in a row, so that the allocator has memory of the needed size.
                (0..REPEATS).for_each(|_| *least = (*least).min(time(work, device)));
            }
        }
        let [bare_forward, forward, bare_back, back] = least.map(|time| time.as_secs_f64() * 1e3);
        println!(
            "{:38} {bare_forward:7.2} {forward:7.2} ms x{:4.2}   {bare_back:7.2} {back:7.2} ms x{:4.2}",
            self.name,
            forward / bare_forward,
            back / bare_back
        );
    }
}

fn cases(device: &Device) -> Vec<OperationBench> {
    [products(device), windows(device), maxima(device), movements(device)]
        .into_iter()
        .flatten()
        .collect()
}

/// A case whose layer maps `[points, channels, height, width]`.
fn on_planes(
    name: &'static str,
    device: &Device,
    layer: impl Fn(&BenchNetwork, Tensor<4>) -> Tensor<2> + 'static,
    bare_back: impl Fn(Tensor<4>) -> Tensor<4> + 'static,
    output: [usize; 3],
) -> OperationBench {
    let layers = BenchNetwork::new(device);
    let network = capture(&layers, PLANES, &layer).expect("a supported layer");
    let images = random(planes(*POINTS, PLANES), device);
    let rows = random(planes(2 * *POINTS, output), device);
    OperationBench {
        name,
        network,
        bare_forward: Box::new(move || {
            black_box(layer(&layers, images.clone()));
        }),
        bare_back: Box::new(move || {
            black_box(bare_back(rows.clone()));
        }),
    }
}

fn planes(count: usize, [channels, height, width]: [usize; 3]) -> [usize; 4] {
    [count, channels, height, width]
}

fn flat<const D: usize>(values: Tensor<D>) -> Tensor<2> {
    values.flatten(1, D - 1)
}

/// Products and convolutions.
fn products(device: &Device) -> Vec<OperationBench> {
    let weights = BenchNetwork::new(device);
    let (conv, transposed) = (weights.conv.weight.val(), weights.transposed.weight.val());
    let strided = weights.strided.weight.val();
    let (volume, piece) = (weights.volume.weight.val(), weights.piece.weight.val());
    let layers = BenchNetwork::new(device);
    let linear = |layers: &BenchNetwork, points: Tensor<2>| layers.linear.forward(points);
    let network = capture(&layers, [1024], linear).expect("a supported layer");
    let (points, rows) = (random([*POINTS, 1024], device), random([2 * *POINTS, 1024], device));
    let weight = layers.linear.weight.val();
    let dense = OperationBench {
        name: "linear 1024 to 1024",
        network,
        bare_forward: Box::new(move || {
            black_box(layers.linear.forward(points.clone()));
        }),
        bare_back: Box::new(move || {
            black_box(rows.clone().matmul(weight.clone().transpose()));
        }),
    };
    let back = |weight: Tensor<4>| {
        move |rows: Tensor<4>| {
            let options = ConvTransposeOptions::new([1, 1], [1, 1], [0, 0], [1, 1], 1);
            conv_transpose2d(rows, weight.clone(), None, options)
        }
    };
    let forward = |weight: Tensor<4>| {
        move |rows: Tensor<4>| {
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            conv2d(rows, weight.clone(), None, options)
        }
    };
    let cubes = |values: Tensor<4>| {
        let [count, ..] = values.dims();
        values.reshape([count, 8, 4, 16, 16])
    };
    vec![
        dense,
        on_planes(
            "linear 16 to 16, 512 pieces",
            device,
            |layers, x| flat(layers.piece.forward(x)),
            move |rows| {
                let pieces: Tensor<2> = rows.reshape([-1, PLANES[2] as i32]);
                let pulled = pieces.matmul(piece.clone().transpose());
                pulled.reshape(planes(2 * *POINTS, PLANES))
            },
            PLANES,
        ),
        on_planes(
            "conv2d 3x3",
            device,
            |layers, x| flat(layers.conv.forward(x)),
            back(conv),
            PLANES,
        ),
        on_planes(
            "conv2d 3x3, stride 2",
            device,
            |layers, x| flat(layers.strided.forward(x)),
            move |rows| {
                let options = ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1);
                conv_transpose2d(rows, strided.clone(), None, options)
            },
            [PLANES[0], PLANES[1] / 2, PLANES[2] / 2],
        ),
        on_planes(
            "transposed conv2d 3x3",
            device,
            |layers, x| flat(layers.transposed.forward(x)),
            forward(transposed),
            PLANES,
        ),
        on_planes(
            "conv3d 3x3x3",
            device,
            move |layers, x| flat(layers.volume.forward(cubes(x))),
            move |rows| {
                let options = ConvTransposeOptions::new([1; 3], [1; 3], [0; 3], [1; 3], 1);
                let pulled = conv_transpose3d(cubes(rows), volume.clone(), None, options);
                pulled.reshape(planes(2 * *POINTS, PLANES))
            },
            PLANES,
        ),
    ]
}

/// Averages and interpolation.
fn windows(device: &Device) -> Vec<OperationBench> {
    let [channels, height, width] = PLANES;
    let half = [channels, height / 2, width / 2];
    let double = [channels, height * 2, width * 2];
    let options = || InterpolateOptions::new(InterpolateMode::Bilinear);
    let (whole, window) = (random(planes(2 * *POINTS, PLANES), device), [2, 2]);
    vec![
        on_planes(
            "average pool 2x2",
            device,
            move |_, x| flat(avg_pool2d(x, AvgPoolOptions::new(window).with_stride(window))),
            move |rows| {
                avg_pool2d_backward(whole.clone(), rows, window, window, [0, 0], true, false)
            },
            half,
        ),
        on_planes(
            "adaptive average pool to 1x1",
            device,
            |_, x| flat(adaptive_avg_pool2d(x, [1, 1])),
            move |rows| rows.repeat_dim(2, height).repeat_dim(3, width) / (height * width) as f64,
            [channels, 1, 1],
        ),
        on_planes(
            "bilinear interpolation to 32x32",
            device,
            move |_, x| flat(interpolate(x, options().with_output_size([32, 32]))),
            // Burn has no call for the transpose. An interpolation in the opposite direction reads
            // and writes as many numbers.
            move |rows| interpolate(rows, options().with_output_size([16, 16])),
            double,
        ),
        on_planes(
            "mean along an axis",
            device,
            |_, x| flat(x.mean_dim(1)),
            move |rows| rows.repeat_dim(1, channels) / channels as f64,
            [1, height, width],
        ),
    ]
}

/// Activations and maxima.
fn maxima(device: &Device) -> Vec<OperationBench> {
    let [channels, height, width] = PLANES;
    let sign = random(planes(2 * *POINTS, PLANES), device) - 0.5;
    let (negative, leaky, slopes) =
        (sign.clone().lower_elem(0), sign.clone().lower_elem(0), sign.lower_elem(0));
    let slope = random([1, channels, 1, 1], device);
    let options = || MaxPoolOptions::new([2, 2]).with_stride([2, 2]);
    let whole = random(planes(2 * *POINTS, PLANES), device);
    let (_, winners) = max_pool2d_with_indices(whole.clone(), options());
    vec![
        on_planes(
            "relu",
            device,
            |_, x| flat(activation::relu(x)),
            move |rows| rows.mask_fill(negative.clone(), 0),
            PLANES,
        ),
        on_planes(
            "leaky relu",
            device,
            |_, x| flat(activation::leaky_relu(x, 0.1)),
            move |rows| rows.clone().mask_where(leaky.clone(), rows * 0.1),
            PLANES,
        ),
        on_planes(
            "prelu",
            device,
            |layers, x| flat(layers.slopes.forward(x)),
            move |rows| rows.clone().mask_where(slopes.clone(), rows * slope.clone()),
            PLANES,
        ),
        on_planes(
            "max pool 2x2",
            device,
            move |_, x| flat(max_pool2d_with_indices(x, options()).0),
            move |rows| {
                let (two, none, one) = ([2, 2], [0, 0], [1, 1]);
                let (whole, winners) = (whole.clone(), winners.clone());
                max_pool2d_with_indices_backward(whole, two, two, none, one, false, rows, winners)
            },
            [channels, height / 2, width / 2],
        ),
        on_planes(
            "maximum along an axis",
            device,
            |_, x| flat(x.max_dim(1)),
            move |rows| rows.repeat_dim(1, channels),
            [1, height, width],
        ),
    ]
}

/// Operations that move, scale or add numbers.
fn movements(device: &Device) -> Vec<OperationBench> {
    let [channels, height, width] = PLANES;
    let factor = random([1, channels, height, width], device);
    let back = factor.clone();
    // A copy, because Burn's permutations only change strides.
    let copied = |values: Tensor<4>| values * 1.0;
    vec![
        on_planes(
            "scale",
            device,
            {
                let data = factor.into_data();
                move |_, x| {
                    let factor = Tensor::from_data(data.clone(), &x.device());
                    flat(x * factor)
                }
            },
            move |rows| rows * back.clone(),
            PLANES,
        ),
        on_planes("add", device, |_, x| flat(x.clone() + x), |rows| rows.clone() + rows, PLANES),
        on_planes(
            "concat",
            device,
            |_, x| flat(Tensor::cat(vec![x.clone(), x], 1)),
            move |rows| rows.clone().narrow(1, 0, channels) + rows.narrow(1, channels, channels),
            [2 * channels, height, width],
        ),
        on_planes(
            "permute",
            device,
            |_, x| flat(x.permute([0, 2, 3, 1])),
            move |rows| copied(rows.permute([0, 3, 1, 2])),
            [height, width, channels],
        ),
        on_planes(
            "repeat",
            device,
            |_, x| flat(x.repeat_dim(1, 2)),
            move |rows| rows.clone().narrow(1, 0, channels) + rows.narrow(1, channels, channels),
            [2 * channels, height, width],
        ),
    ]
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Default, device)
}

fn time(work: &dyn Fn(), device: &Device) -> Duration {
    let start = Instant::now();
    work();
    device.sync().expect("the device answers");
    start.elapsed()
}
