//! Shapes and windows as text.

/// A shape as text, such as `32x32x3`.
pub fn extents(shape: &[usize]) -> String {
    let extents: Vec<_> = shape.iter().map(ToString::to_string).collect();
    extents.join("x")
}

/// A window as text, such as `3x3, stride 2x2, padding 1x1, dilation 2x2`, without default values.
pub(crate) fn window(
    kernel: &[usize],
    stride: &[usize],
    padding: &[(usize, usize)],
    dilation: &[usize],
) -> String {
    let mut text = extents(kernel);
    if stride.iter().any(|&stride| stride != 1) {
        text += &format!(", stride {}", extents(stride));
    }
    if padding.iter().any(|&padding| padding != (0, 0)) {
        let side = |&(begin, end): &(usize, usize)| {
            if begin == end { format!("{begin}") } else { format!("{begin}-{end}") }
        };
        text += &format!(", padding {}", padding.iter().map(side).collect::<Vec<_>>().join("x"));
    }
    if dilation.iter().any(|&dilation| dilation != 1) {
        text += &format!(", dilation {}", extents(dilation));
    }
    text
}
