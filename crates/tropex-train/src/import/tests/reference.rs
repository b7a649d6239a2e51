//! Layers in plain loops and f64.

pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// A convolution of `[channels, size, size]`, padded with zeros.
pub(super) fn conv(
    input: &[f64],
    size: usize,
    weight: &[f32],
    bias: &[f32],
    kernel: usize,
    stride: usize,
) -> Vec<f64> {
    let (filters, channels) = (bias.len(), input.len() / (size * size));
    let (small, taps, padding) = (size.div_ceil(stride), kernel * kernel, kernel / 2);
    let mut output = Vec::new();
    for place in 0..filters * small * small {
        let (filter, row, column) = (place / small / small, place / small % small, place % small);
        let mut sum = f64::from(bias[filter]);
        for tap in 0..channels * taps {
            let (channel, down, right) = (tap / taps, tap / kernel % kernel, tap % kernel);
            let (y, x) = (row * stride + down, column * stride + right);
            let inside = padding..padding + size;
            if inside.contains(&y) && inside.contains(&x) {
                let weight = f64::from(weight[filter * channels * taps + tap]);
                sum += weight * input[(channel * size + y - padding) * size + x - padding];
            }
        }
        output.push(sum);
    }
    output
}

/// Batch norm in evaluation, of `[channels, cells]`. The parameters are scale, offset, mean and
/// variance of each channel.
pub(super) fn norm(values: Vec<f64>, cells: usize, parameters: [&[f32]; 4]) -> Vec<f64> {
    let normed = values.into_iter().enumerate().map(|(index, value)| {
        let [gamma, beta, mean, var] = parameters.map(|vector| f64::from(vector[index / cells]));
        (value - mean) / (var + 1e-5).sqrt() * gamma + beta
    });
    normed.collect()
}

pub(super) fn relu(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| value.max(0.0)).collect()
}

/// The maximum of every 2x2 window of `[channels, size, size]`.
pub(super) fn max_pool(input: &[f64], size: usize) -> Vec<f64> {
    let half = size / 2;
    (0..input.len() / 4)
        .map(|place| {
            let corner = place / half * 2 * size + place % half * 2;
            [0, 1, size, size + 1]
                .map(|step| input[corner + step])
                .into_iter()
                .fold(f64::NEG_INFINITY, f64::max)
        })
        .collect()
}

pub(super) fn dense(input: &[f64], weight: &[f32], bias: &[f32]) -> Vec<f64> {
    let rows = wide(weight);
    let product = |row: &[f64]| row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>();
    rows.chunks(input.len()).zip(bias).map(|(row, b)| product(row) + f64::from(*b)).collect()
}
