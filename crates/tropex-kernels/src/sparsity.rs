//! Which input cells every output cell of a convolution reads.

/// For every output cell the input cells that it reads, each through a cell of the kernel (a tap).
#[derive(Clone, Debug)]
pub struct SparsityPattern {
    /// The end of every output cell's taps in `taps`.
    ends: Vec<u32>,
    taps: Vec<Taps>,
    /// Number of taps of all output cells.
    count: usize,
    /// Number of input cells.
    inputs: usize,
}

/// Consecutive taps: kernel cells `kernel..kernel + count` on input cells `input..input + count`.
#[derive(Clone, Copy, Debug)]
pub struct Taps {
    /// The first cell of the kernel.
    pub kernel: u32,
    /// The first cell of the input.
    pub input: u32,
    /// Number of taps.
    pub count: u32,
}

impl SparsityPattern {
    /// The pattern of a list of taps `[output cell, kernel cell, input cell]`, with the numbers of
    /// output and input cells.
    pub fn new([outputs, inputs]: [usize; 2], mut taps: Vec<[u32; 3]>) -> Self {
        taps.sort_unstable();
        let (mut runs, mut ends): (Vec<Taps>, _) = (Vec::new(), Vec::with_capacity(outputs));
        let mut rest = taps.iter().peekable();
        for cell in 0..outputs as u32 {
            let start = runs.len();
            while let Some(&[_, kernel, input]) = rest.next_if(|[output, ..]| *output == cell) {
                match runs[start..].last_mut() {
                    Some(run) if run.is_followed_by(kernel, input) => run.count += 1,
                    _ => runs.push(Taps { kernel, input, count: 1 }),
                }
            }
            ends.push(runs.len() as u32);
        }
        Self { ends, taps: runs, count: taps.len(), inputs }
    }

    /// The pattern of a fully-connected layer: one output cell that reads one input cell.
    pub fn single() -> Self {
        Self::new([1, 1], vec![[0, 0, 0]])
    }

    /// Number of taps of all output cells.
    pub fn taps(&self) -> usize {
        self.count
    }

    /// Number of input cells.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of output cells.
    pub fn outputs(&self) -> usize {
        self.ends.len()
    }

    /// The taps of an output cell.
    pub fn taps_of(&self, output: usize) -> &[Taps] {
        let start = if output == 0 { 0 } else { self.ends[output - 1] as usize };
        &self.taps[start..self.ends[output] as usize]
    }
}

impl Taps {
    /// The first row in a weight `[kernel cells * channels, ..]`, the first row in an input
    /// `[cells * channels, ..]`, and the number of rows.
    #[inline(always)]
    pub fn rows(&self, channels: usize) -> [usize; 3] {
        [self.kernel, self.input, self.count].map(|cells| cells as usize * channels)
    }

    fn is_followed_by(&self, kernel: u32, input: u32) -> bool {
        (self.kernel + self.count, self.input + self.count) == (kernel, input)
    }
}
