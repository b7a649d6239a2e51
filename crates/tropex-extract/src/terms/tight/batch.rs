//! A batch on its way back.

use burn::tensor::TensorData;

use super::pieces::Packed;
use super::post::Post;
use super::shelf::{Shelf, Shelved};
use super::stages::Stage;
use crate::kernels::lowest;
use crate::network::ValueId;
use crate::read::read;
use crate::rows::Rows;
use crate::terms::decision::Decision;
use crate::terms::{Extractor, Pullback};
use crate::{Error, Network};

/// A batch between two stages.
pub(super) struct Batch {
    decision: Decision,
    /// `[rows, 1]`
    biases: TensorData,
    /// The pieces that rows are still to pass, by node.
    pieces: Vec<Option<Packed>>,
    /// Rows that wait at a value, by value.
    rows: Vec<Option<Shelved>>,
}

impl Batch {
    /// Rows of points at the logits.
    pub(super) fn enter(
        extractor: &Extractor,
        points: &[f32],
        shelf: &Shelf,
    ) -> Result<Self, Error> {
        let network = extractor.network();
        let trace = network.replay(network.tensor(points)?);
        let decision = Decision::of(&trace)?;
        let walk = Pullback::from_logits(network, extractor.seeds(&decision));
        let pieces = trace.into_pieces().into_iter();
        let pieces = pieces.map(|piece| Packed::pack(piece, shelf).map(Some));
        let mut batch = Self {
            decision,
            biases: TensorData::new(Vec::<f32>::new(), [0, 1]),
            pieces: pieces.collect::<Result<_, _>>()?,
            rows: (0..=network.nodes().len()).map(|_| None).collect(),
        };
        batch.put_aside(walk, shelf)?;
        Ok(batch)
    }

    fn points(&self) -> usize {
        self.decision.points()
    }

    /// The class that the network predicts at every point.
    pub(super) fn predicted(&self) -> &[usize] {
        self.decision.predicted()
    }

    /// What the network says at the points.
    pub(super) fn into_decision(self) -> Decision {
        self.decision
    }

    /// Goes through a stage. Per feature the smallest coefficient of the rows that arrived at its
    /// end, if any did.
    pub(super) fn pass(
        &mut self,
        stage: &Stage,
        Post { extractor, shifts }: &Post<'_>,
        shelf: &Shelf,
    ) -> Result<Option<Vec<f64>>, Error> {
        let network = extractor.network();
        let mut walk = self.resume(network, &stage.values, shelf)?;
        for node in stage.nodes.clone().rev() {
            let value = ValueId::of_node(node);
            let Some(piece) = self.pieces[node].take() else { continue };
            let piece = piece.unpack(network.placement(), shelf)?;
            walk.step(node, &piece, shifts.tensor_at(value));
        }
        let lowest = walk.at(stage.end).map(lowest);
        self.put_aside(walk, shelf)?;
        Ok(lowest)
    }

    /// The walk of the batch, with the rows that wait at some values.
    pub(super) fn resume<'a>(
        &mut self,
        network: &'a Network,
        values: &[ValueId],
        shelf: &Shelf,
    ) -> Result<Pullback<'a>, Error> {
        let placement = network.placement();
        let biases = placement.tensor(self.biases.clone());
        let mut walk = Pullback::resumed(network, self.points(), biases);
        for &value in values {
            if let Some(rows) = self.rows[value.index()].take() {
                let rows = placement.tensor(shelf.take(rows)?);
                walk.put(value, Rows::new(rows, self.points()));
            }
        }
        Ok(walk)
    }

    /// Puts the rows of a walk aside.
    fn put_aside(&mut self, walk: Pullback<'_>, shelf: &Shelf) -> Result<(), Error> {
        let (biases, rows) = walk.into_parts();
        self.biases = read(biases)?;
        for (place, rows) in self.rows.iter_mut().zip(rows) {
            if let Some(rows) = rows {
                *place = Some(shelf.put(read(rows.into_tensor())?)?);
            }
        }
        Ok(())
    }
}
