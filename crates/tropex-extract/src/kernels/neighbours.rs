//! What the cells of an output see of an input.

/// For every cell of the output the cells of the input that it sees, each through a cell of the
/// kernel.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
#[derive(Clone, Debug)]
pub(crate) struct Neighbours {
    /// Where the runs of an output cell end.
    ends: Vec<u32>,
    runs: Vec<Run>,
    /// Pairs of cells that meet.
    meetings: usize,
    /// Cells of the input.
    inputs: usize,
}

/// Cells of kernel and input that meet and follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The first cell of the kernel.
    pub(super) kernel: u32,
    /// The first cell of the input.
    pub(super) input: u32,
    /// How many there are.
    pub(super) count: u32,
}

#[cfg_attr(not(feature = "flex"), allow(dead_code))]
impl Neighbours {
    /// From the number of cells of output and input, and triples of cells that meet: of the output,
    /// the kernel, the input.
    pub(crate) fn new([outputs, inputs]: [usize; 2], mut triples: Vec<[u32; 3]>) -> Self {
        triples.sort_unstable();
        let (mut runs, mut ends): (Vec<Run>, _) = (Vec::new(), Vec::with_capacity(outputs));
        let mut rest = triples.iter().peekable();
        for cell in 0..outputs as u32 {
            let start = runs.len();
            while let Some(&[_, kernel, input]) = rest.next_if(|[output, ..]| *output == cell) {
                match runs[start..].last_mut() {
                    Some(run) if run.is_followed_by(kernel, input) => run.count += 1,
                    _ => runs.push(Run { kernel, input, count: 1 }),
                }
            }
            ends.push(runs.len() as u32);
        }
        Self { ends, runs, meetings: triples.len(), inputs }
    }

    /// One cell that sees one cell.
    pub(super) fn single() -> Self {
        Self::new([1, 1], vec![[0, 0, 0]])
    }

    /// Pairs of cells that meet.
    pub(super) fn meetings(&self) -> usize {
        self.meetings
    }

    /// Cells of the input.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Cells of the output.
    pub(super) fn outputs(&self) -> usize {
        self.ends.len()
    }

    /// What a cell of the output sees.
    pub(super) fn of(&self, output: usize) -> &[Run] {
        let start = if output == 0 { 0 } else { self.ends[output - 1] as usize };
        &self.runs[start..self.ends[output] as usize]
    }
}

impl Run {
    /// The first rows of weights `[kernel * channels, ..]` and of the input
    /// `[cells * channels, ..]`, and how many they are.
    #[cfg_attr(not(feature = "flex"), allow(dead_code))]
    #[inline(always)]
    pub(super) fn rows(&self, channels: usize) -> [usize; 3] {
        [self.kernel, self.input, self.count].map(|cells| cells as usize * channels)
    }

    fn is_followed_by(&self, kernel: u32, input: u32) -> bool {
        (self.kernel + self.count, self.input + self.count) == (kernel, input)
    }
}
