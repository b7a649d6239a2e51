//! What the cells of an output see of an input.

/// For every cell of the output the cells of the input that it sees, each through a cell of the
/// kernel.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
#[derive(Clone, Debug)]
pub(crate) struct Neighbours {
    /// Where the neighbours of an output cell end.
    ends: Vec<u32>,
    /// Cells of kernel and input.
    seen: Vec<[u32; 2]>,
    /// Cells of the input.
    inputs: usize,
}

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
impl Neighbours {
    /// From triples of cells: output, kernel, input.
    pub(crate) fn new(outputs: usize, inputs: usize, mut triples: Vec<[u32; 3]>) -> Self {
        triples.sort_unstable();
        let mut ends = vec![0; outputs];
        triples.iter().for_each(|[output, ..]| ends[*output as usize] += 1);
        let add = |sum: &mut u32, count: &mut u32| {
            *sum += *count;
            *count = *sum;
            Some(())
        };
        ends.iter_mut().scan(0, add).for_each(drop);
        let seen = triples.into_iter().map(|[_, kernel, input]| [kernel, input]).collect();
        Self { ends, seen, inputs }
    }

    /// Pairs of cells that meet.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Cells of the input.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Cells of the output.
    pub(super) fn outputs(&self) -> usize {
        self.ends.len()
    }

    /// Cells of kernel and input that a cell of the output sees.
    pub(super) fn of(&self, output: usize) -> &[[u32; 2]] {
        let start = if output == 0 { 0 } else { self.ends[output - 1] as usize };
        &self.seen[start..self.ends[output] as usize]
    }
}
