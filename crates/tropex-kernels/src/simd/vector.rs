//! SIMD vectors, and register tiles of sums of products.

use std::ops::Range;
use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

use super::tensor::Float;

/// A floating-point type with SIMD vectors.
pub(crate) trait SimdFloat: Float {
    /// A SIMD vector.
    type Vector<S: Simd>: Copy;

    /// Number of numbers in a vector.
    fn lanes<S: Simd>() -> usize;

    /// A vector with this number in every lane.
    fn splat<S: Simd>(self, simd: S) -> Self::Vector<S>;

    /// `factor * other + sum`, rounded once if the machine has fused multiply-add.
    fn multiply_add<S: Simd>(
        simd: S,
        factor: Self::Vector<S>,
        other: Self::Vector<S>,
        sum: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// Numbers as vectors, without the last ones that do not fill a vector.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];

    /// Like [`vectors`](Self::vectors), to write to.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! number {
    (
        $float:ty, $vector:ident, $lanes:ident, $splat:ident, $mul_add:ident,
        $read:ident, $write:ident
    ) => {
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

/// Largest number of rows of a register tile (MR of BLIS).
pub(crate) const MAX_ROWS: usize = 6;

/// Evaluates an expression with a number of rows, up to [`MAX_ROWS`], as a constant, so that loops
/// over the rows unroll.
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

/// Divides groups into blocks of at most [`MAX_ROWS`], whose sizes differ by at most one.
pub(crate) fn row_blocks(groups: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = groups.div_ceil(MAX_ROWS);
    let start = move |part: usize| part * groups / parts;
    (0..parts).map(move |part| start(part)..start(part + 1))
}

/// A register tile: the sums of `ROWS` rows and `VECTORS` vectors of columns.
pub(crate) type RegisterTile<F, S, const ROWS: usize, const VECTORS: usize> =
    [[<F as SimdFloat>::Vector<S>; VECTORS]; ROWS];

/// A register tile of zeros.
#[inline(always)]
pub(crate) fn zero_tile<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
) -> RegisterTile<F, S, ROWS, VECTORS> {
    [[F::ZERO.splat(simd); VECTORS]; ROWS]
}

/// Adds products to a register tile: for every pair, the number of each row times the shared
/// vectors.
#[inline(always)]
pub(crate) fn add_products<'a, F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    block: RegisterTile<F, S, ROWS, VECTORS>,
    factors: impl Iterator<Item = (&'a [F; ROWS], &'a [F])>,
) -> RegisterTile<F, S, ROWS, VECTORS> {
    // The tile is an array passed by value, so that the loops unroll and the sums stay in
    // registers. A closure would not be compiled for the vectors of this machine.
    let mut block = block;
    for (numbers, shared) in factors {
        let Some(shared) = F::vectors::<S>(shared).first_chunk::<VECTORS>() else { continue };
        add_product(simd, &mut block, numbers, shared);
    }
    block
}

/// Adds one product to a register tile: the number of each row times the shared vectors.
#[inline(always)]
pub(crate) fn add_product<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    block: &mut RegisterTile<F, S, ROWS, VECTORS>,
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

/// Runs work with the widest vectors of the machine.
pub(crate) fn with_simd<T>(work: impl WithSimd<Output = T>) -> T {
    #[cfg(test)]
    if tests::is_wide() {
        return Simd::vectorize(pulp::Scalar512b, work);
    }
    ARCH.dispatch(work)
}

/// The instruction set of the machine, detected once.
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Number of numbers in the widest vector of the machine.
pub(crate) fn lanes<F: SimdFloat>() -> usize {
    struct CountLanes<F>(std::marker::PhantomData<F>);

    impl<F: SimdFloat> WithSimd for CountLanes<F> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            F::lanes::<S>()
        }
    }

    with_simd(CountLanes::<F>(std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;
    use std::sync::LazyLock;

    /// The environment variable that replaces the vectors of the machine in a process.
    const VECTORS: &str = "TROPEX_TEST_VECTORS";

    /// Whether this process uses vectors of 512 bits, as AVX-512 has, on any machine.
    pub(crate) fn is_wide() -> bool {
        static WIDE: LazyLock<bool> = LazyLock::new(|| env::var_os(VECTORS).is_some());
        *WIDE
    }

    /// Runs the tests of the kernels again with wide vectors, because most machines have 256 bits.
    #[test]
    fn kernels_pass_their_tests_with_vectors_of_512_bits() {
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["flex::", "--skip", "512_bits"]).env(VECTORS, "512");
        let output = again.output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && !report.contains(" 0 passed"), "{report}");
    }
}
