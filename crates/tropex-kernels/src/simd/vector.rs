//! Vectors of numbers, and sums of products that stay in registers.

use std::ops::Range;
use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use super::tensor::Float;

/// A number that vectors are made of.
pub(crate) trait SimdFloat: Float {
    /// As many numbers as the machine works on at once.
    type Vector<S: Simd>: Copy;

    /// Numbers in a vector.
    fn lanes<S: Simd>() -> usize;

    /// A vector of the same number.
    fn splat<S: Simd>(self, simd: S) -> Self::Vector<S>;

    /// `factor * other + sum`, rounded once where the machine can.
    fn multiply_add<S: Simd>(
        simd: S,
        factor: Self::Vector<S>,
        other: Self::Vector<S>,
        sum: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// Numbers as vectors, without those at the end that fill none.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];

    /// The same to write to.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! number {
    ($float:ty, $vector:ident, $lanes:ident, $splat:ident, $mul_add:ident, $read:ident, $write:ident) => {
        impl SimdFloat for $float {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }

            #[inline(always)]
            fn splat<S: Simd>(self, simd: S) -> Self::Vector<S> {
                simd.$splat(self)
            }

            #[inline(always)]
            fn multiply_add<S: Simd>(
                simd: S,
                factor: Self::Vector<S>,
                other: Self::Vector<S>,
                sum: Self::Vector<S>,
            ) -> Self::Vector<S> {
                simd.$mul_add(factor, other, sum)
            }

            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>] {
                S::$read(numbers).0
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>] {
                S::$write(numbers).0
            }
        }
    };
}

number!(f32, f32s, F32_LANES, splat_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s);
number!(f64, f64s, F64_LANES, splat_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s);

/// Rows that are multiplied together: as many as registers hold sums of.
pub(crate) const MAX_ROWS: usize = 6;

/// Calls a function with a number of rows, up to [`MAX_ROWS`], as a constant, so that loops over them
/// unroll.
macro_rules! with_rows {
    ($rows:expr, $name:ident => $call:expr) => {{
        use $crate::simd::MAX_ROWS;
        match $rows {
            1 => with_rows!(@ $name = 1, $call),
            2 => with_rows!(@ $name = 2, $call),
            3 => with_rows!(@ $name = 3, $call),
            4 => with_rows!(@ $name = 4, $call),
            5 => with_rows!(@ $name = 5, $call),
            _ => with_rows!(@ $name = MAX_ROWS, $call),
        }
    }};
    (@ $name:ident = $rows:expr, $call:expr) => {{
        const $name: usize = $rows;
        $call
    }};
}
pub(crate) use with_rows;

/// Groups of rows by about as many each, and no more than are multiplied together.
pub(crate) fn row_blocks(groups: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = groups.div_ceil(MAX_ROWS);
    let start = move |part: usize| part * groups / parts;
    (0..parts).map(move |part| start(part)..start(part + 1))
}

/// Sums of `ROWS` rows and `VECTORS` vectors, few enough for the registers of a machine.
pub(crate) type Block<F, S, const ROWS: usize, const VECTORS: usize> =
    [[<F as SimdFloat>::Vector<S>; VECTORS]; ROWS];

/// Sums of nothing.
#[inline(always)]
pub(crate) fn zero_block<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
) -> Block<F, S, ROWS, VECTORS> {
    [[F::ZERO.splat(simd); VECTORS]; ROWS]
}

/// Sums with products added to them: of a number for every row with the vectors that all rows share.
#[inline(always)]
pub(crate) fn add_products<'a, F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    block: Block<F, S, ROWS, VECTORS>,
    factors: impl Iterator<Item = (&'a [F; ROWS], &'a [F])>,
) -> Block<F, S, ROWS, VECTORS> {
    // By value and of arrays, so that the loops unroll and the sums stay in registers; and no closure,
    // which would not be compiled for the vectors of this machine.
    let mut block = block;
    for (numbers, shared) in factors {
        let Some(shared) = F::vectors::<S>(shared).first_chunk::<VECTORS>() else { continue };
        add_product(simd, &mut block, numbers, shared);
    }
    block
}

/// Adds the product of a number for every row with the vectors that all rows share.
#[inline(always)]
pub(crate) fn add_product<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    block: &mut Block<F, S, ROWS, VECTORS>,
    numbers: &[F; ROWS],
    shared: &[F::Vector<S>; VECTORS],
) {
    for (sums, number) in block.iter_mut().zip(numbers) {
        let number = number.splat(simd);
        for (sum, &other) in sums.iter_mut().zip(shared) {
            *sum = F::multiply_add(simd, number, other, *sum);
        }
    }
}

/// Runs with the widest vectors of the machine.
pub(crate) fn with_simd<T>(work: impl WithSimd<Output = T>) -> T {
    #[cfg(test)]
    if tests::is_wide() {
        return Simd::vectorize(pulp::Scalar512b, work);
    }
    ARCH.dispatch(work)
}

/// What the machine can do, found out once.
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Numbers in the widest vector of the machine.
pub(crate) fn lanes<F: SimdFloat>() -> usize {
    struct Interleaved<F>(std::marker::PhantomData<F>);

    impl<F: SimdFloat> WithSimd for Interleaved<F> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            F::lanes::<S>()
        }
    }

    with_simd(Interleaved::<F>(std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;
    use std::sync::LazyLock;

    /// Names vectors that a process takes instead of the machine's.
    const VECTORS: &str = "TROPEX_TEST_VECTORS";

    /// Whether vectors are as wide as AVX-512's, on any machine: this process has no others.
    pub(crate) fn is_wide() -> bool {
        static WIDE: LazyLock<bool> = LazyLock::new(|| env::var_os(VECTORS).is_some());
        *WIDE
    }

    /// Most machines that run the tests have vectors of 256 bits.
    #[test]
    fn kernels_do_the_same_with_vectors_of_512_bits() {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["flex::", "--skip", "512_bits"]).env(VECTORS, "512");
        let output = again.output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !report.contains(" 0 passed"), "{report}");
    }
}
