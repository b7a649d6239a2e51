//! A batch of points between two stages of the pullback.

use burn::tensor::TensorData;
use tropex_kernels::{AffineRows, lowest, read};

use super::bundle::TensorBundle;
use super::pieces::CompressedPieces;
use super::spill_buffer::{SpillBuffer, Spilled};
use super::stage_worker::StageWorker;
use super::stages::PullbackStage;
use crate::network::ValueId;
use crate::terms::{Prediction, Pullback, TermSpec};
use crate::{Error, Network};

/// A batch of points between two stages.
pub(crate) struct TightBatch {
    prediction: Prediction,
    /// `[rows, 1]`
    biases: TensorData,
    /// The pieces of the nodes that the rows have not passed, by node.
    pieces: Vec<Option<CompressedPieces>>,
    /// The rows that have arrived at a value, by value.
    rows: Vec<Option<Spilled>>,
}

impl TightBatch {
    /// Replays points and places seed rows at the logits.
    pub(super) fn enter(
        spec: &TermSpec,
        points: &[f32],
        buffer: &SpillBuffer,
    ) -> Result<Self, Error> {
        let network = &spec.network;
        let trace = network.replay(network.tensor(points)?);
        let prediction = Prediction::of(&trace)?;
        let walk = Pullback::from_logits(network, spec.seeds(&prediction));
        let pieces = trace.into_pieces().into_iter();
        let pieces = pieces.map(|piece| CompressedPieces::new(piece, buffer).map(Some));
        let mut batch = Self {
            prediction,
            biases: TensorData::new(Vec::<f32>::new(), [0, 1]),
            pieces: pieces.collect::<Result<_, _>>()?,
            rows: (0..=network.nodes().len()).map(|_| None).collect(),
        };
        batch.spill_rows(walk, buffer)?;
        Ok(batch)
    }

    fn points(&self) -> usize {
        self.prediction.points()
    }

    /// The class that the network predicts at every point.
    pub(super) fn predicted(&self) -> &[usize] {
        self.prediction.predicted()
    }

    /// The logits and the predicted classes of the points.
    pub(super) fn into_prediction(self) -> Prediction {
        self.prediction
    }

    /// Pulls the rows through a stage. Returns the smallest coefficient of each feature at the end
    /// of the stage, or `None` if no row arrived there.
    pub(super) fn pass(
        &mut self,
        stage: &PullbackStage,
        StageWorker { spec, shifts }: &StageWorker<'_>,
        buffer: &SpillBuffer,
    ) -> Result<Option<Vec<f64>>, Error> {
        let network = &spec.network;
        let mut walk = self.restore(network, &stage.values, buffer)?;
        for node in stage.nodes.clone().rev() {
            let value = ValueId::of_node(node);
            let Some(piece) = self.pieces[node].take() else { continue };
            let piece = piece.unpack(network.target(), buffer)?;
            walk.step(node, &piece, shifts.tensor_at(value));
        }
        let lowest = walk.at(stage.end).map(lowest);
        self.spill_rows(walk, buffer)?;
        Ok(lowest)
    }

    /// The pullback of the batch, with the rows of the given values.
    pub(super) fn restore<'a>(
        &mut self,
        network: &'a Network,
        values: &[ValueId],
        buffer: &SpillBuffer,
    ) -> Result<Pullback<'a>, Error> {
        let target = network.target();
        let biases = target.tensor(self.biases.clone());
        let mut walk = Pullback::with_biases(network, self.points(), biases);
        for &value in values {
            if let Some(rows) = self.rows[value.index()].take() {
                let rows = target.tensor(buffer.take(rows)?);
                walk.put(value, AffineRows::new(rows, self.points()));
            }
        }
        Ok(walk)
    }

    /// Moves the rows of a pullback into the buffer.
    fn spill_rows(&mut self, walk: Pullback<'_>, buffer: &SpillBuffer) -> Result<(), Error> {
        let (biases, rows) = walk.into_parts();
        self.biases = read(biases)?;
        for (slot, rows) in self.rows.iter_mut().zip(rows) {
            if let Some(rows) = rows {
                *slot = Some(buffer.put(read(rows.into_tensor())?)?);
            }
        }
        Ok(())
    }
}

/// Names of the tensors in the bytes of a batch.
const LOGITS: &str = "logits";
const PREDICTED: &str = "predicted";
const BIASES: &str = "biases";

fn rows_at(value: usize) -> String {
    format!("rows.{value}")
}

impl TightBatch {
    /// The batch as the content of a safetensors file. Takes its tensors out of the buffer.
    pub(super) fn into_bytes(self, buffer: &SpillBuffer) -> Result<Vec<u8>, Error> {
        let mut bundle = TensorBundle::default();
        let (logits, predicted) = self.prediction.into_parts();
        let count = logits.len();
        bundle.put(LOGITS, TensorData::new(logits, [count]));
        bundle.put_sizes(PREDICTED, &predicted);
        bundle.put(BIASES, self.biases);
        for (node, piece) in self.pieces.into_iter().enumerate() {
            if let Some(piece) = piece {
                piece.put_into(&mut bundle, node, buffer)?;
            }
        }
        for (value, rows) in self.rows.into_iter().enumerate() {
            if let Some(rows) = rows {
                bundle.put(rows_at(value), buffer.take(rows)?);
            }
        }
        Ok(bundle.to_bytes())
    }

    /// The batch of a network from its bytes, with all tensors in memory; `None` if the bytes are
    /// not those of a batch.
    pub(super) fn from_bytes(bytes: &[u8], spec: &TermSpec) -> Option<Self> {
        let (mut bundle, nodes) = (TensorBundle::from_bytes(bytes)?, spec.network.nodes().len());
        let logits = bundle.take(LOGITS)?.as_slice::<f64>().ok()?.to_vec();
        let prediction = Prediction::from_parts(logits, bundle.take_sizes(PREDICTED)?);
        Some(Self {
            prediction,
            biases: bundle.take(BIASES)?,
            pieces: (0..nodes)
                .map(|node| CompressedPieces::take_from(&mut bundle, node).map(Some))
                .collect::<Option<_>>()?,
            rows: (0..=nodes)
                .map(|value| bundle.take(&rows_at(value)).map(Spilled::InMemory))
                .collect(),
        })
    }
}
