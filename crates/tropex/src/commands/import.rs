//! `tropex import`

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use clap::error::ErrorKind;
use serde::Serialize;
use tropex::Network;
use tropex::experiments::onnx::{OnnxImport, import_onnx};
use tropex::extract::network::argmax;
use tropex::train::data::{Dataset, Images};
use tropex::train::import::ImportOptions;
use tropex::train::run::{Run, RunRequest};
use tropex::train::training::{Metrics, evaluate};
use tropex::train::zoo::{LayerList, Normalisation};

use super::architecture::{self, layers_help, require_fit, warn_of_repeated_classes};
use super::examples::examples;
use super::options::{DataOption, DeviceOption, LayoutOption, number};
use crate::output::{Output, percent};
use crate::remote::local_folder;

/// Make a run from a trained network: an ONNX file, or an architecture with the weights of a
/// PyTorch checkpoint or a safetensors file.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "import resnet.onnx --dataset cifar10 --mean 0.49,0.48,0.45 --std 0.25,0.24,0.26 --out runs/resnet",
    "import vgg --weights vgg.pt --dataset cifar10 --out runs/vgg",
))]
pub struct ImportArgs {
    /// ONNX file, or architecture; `tropex list` names the architectures.
    #[arg(value_name = "MODEL.onnx|ARCHITECTURE", required_unless_present = "layers")]
    source: Option<String>,
    #[arg(long, value_name = "LAYER,...", conflicts_with = "source",
        help = layers_help!("in place of an architecture"))]
    layers: Option<LayerList>,
    /// File with the weights, recognised by its content. Layers are identified by their numbers
    /// (layers.0.weight or 0.weight), or else by order in the file, shapes, and numbers in names.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Output of an ONNX file with several outputs.
    #[arg(long, value_name = "NAME")]
    output: Option<String>,
    /// State dict to take from a checkpoint with several, such as ema or model.state_dict.
    #[arg(long, value_name = "KEY")]
    entry: Option<String>,
    /// Use layer or tensor FROM of the file as layer TO of the network, as in conv1=layers.0.
    /// `FROM=` leaves FROM out. Can be given several times.
    #[arg(long, value_name = "FROM=TO", value_parser = renaming)]
    map: Vec<(String, String)>,
    /// Mean that the network's training subtracted from images with values from 0 to 1: one number,
    /// or one for every channel.
    #[arg(long, value_name = "MEAN[,...]", value_parser = mean, value_delimiter = ',',
        allow_hyphen_values = true)]
    mean: Vec<f32>,
    /// Standard deviation that the network's training then divided by: one number, or one for every
    /// channel.
    #[arg(long, value_name = "STD[,...]", value_parser = std, value_delimiter = ',')]
    std: Vec<f32>,
    /// Number that batch norms add to variances: 1e-5 in PyTorch, 1e-3 in Keras and TensorFlow.
    #[arg(long, value_name = "EPSILON", value_parser = epsilon)]
    batch_norm_eps: Option<f64>,
    /// Dataset: one that `tropex list` names, or file:PATH.
    #[arg(long)]
    dataset: String,
    /// Folder for the run.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    layout: LayoutOption,
    #[command(flatten)]
    device: DeviceOption,
}

fn renaming(text: &str) -> Result<(String, String), String> {
    let (from, to) = text
        .split_once('=')
        .filter(|(from, _)| !from.is_empty())
        .ok_or("expected FROM=TO, such as conv1=layers.0, or FROM= to leave FROM out")?;
    // A number names a layer.
    let is_number = to.starts_with(|c: char| c.is_ascii_digit());
    let to = if is_number { format!("layers.{to}") } else { to.to_owned() };
    Ok((from.to_owned(), to))
}

fn mean(text: &str) -> Result<f32, String> {
    number(text, |value| (value as f32).is_finite(), "a number").map(|value| value as f32)
}

fn std(text: &str) -> Result<f32, String> {
    let is_valid = |value: f64| value > 0.0 && (value as f32).is_normal();
    number(text, is_valid, "a number above 0").map(|value| value as f32)
}

fn epsilon(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0 && (value as f32).is_normal(), "a number above 0")
}

#[derive(Serialize)]
struct ImportOutput {
    run: String,
    parameters: usize,
    test_loss: f64,
    test_accuracy: f64,
    /// Rule of the held-out test images, if the dataset has no test split.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<String>,
    /// How layers were matched, what was combined and what was left out.
    notes: Vec<String>,
    /// Likely mistakes.
    warnings: Vec<String>,
}

impl ImportArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        match self.source.as_deref().filter(|source| is_onnx(source)) {
            Some(source) => self.import_onnx(Path::new(source), output),
            None => self.import_weights(output),
        }
    }

    fn import_onnx(&self, source: &Path, output: &Output) -> anyhow::Result<()> {
        let unused = [
            ("--weights", self.weights.is_some()),
            ("--entry", self.entry.is_some()),
            ("--map", !self.map.is_empty()),
            ("--batch-norm-eps", self.batch_norm_eps.is_some()),
        ];
        if let Some((option, _)) = unused.into_iter().find(|(_, is_given)| *is_given) {
            bail!("an ONNX file has its own weights: leave out {option}");
        }
        let (device, device_name) = (self.device.find()?, self.device.name());
        let mut options = OnnxImport::default();
        options.output.clone_from(&self.output);
        options.layout = self.layout.layout;
        options.normalisation = self.normalisation();
        let model = options.open(source, &device)?;
        let data = self.data.open_points(&self.dataset, options.layout, &model, output)?;
        let imported =
            import_onnx(&local_folder(&self.out)?, source, &model, data, &options, &device_name)?;
        let (run, network, data, notes) = imported;
        let test = evaluate_network(&network, &data.test)?;
        self.report(&run, &data, test, notes, output)
    }

    fn import_weights(&self, output: &Output) -> anyhow::Result<()> {
        if self.output.is_some() {
            bail!("--output chooses the output of an ONNX file; leave it out");
        }
        let architecture = architecture::find(self.source.as_deref(), self.layers.as_ref())?;
        let Some(weights) = &self.weights else {
            let message = format!(
                "the weights of {architecture} are missing: --weights <FILE>, or an ONNX file in \
                 place of the architecture\n"
            );
            clap::Error::raw(ErrorKind::MissingRequiredArgument, message).exit();
        };
        let (device, device_name) = (self.device.find()?, self.device.name());
        require_fit(&architecture, &self.dataset, &device, None)?;
        let data = self.data.open(&self.dataset, self.layout.layout, output)?;
        warn_of_repeated_classes(&architecture, data.train.classes(), output);
        let request = RunRequest::new(&architecture, &data, &device, &device_name);
        let options = self.options();
        let (run, notes) = Run::import(&local_folder(&self.out)?, &request, weights, &options)?;
        let test = evaluate(&run.load_model(&device)?, &data.test)?;
        self.report(&run, &data, test, notes, output)
    }

    fn report(
        &self,
        run: &Run,
        data: &Dataset,
        test: Metrics,
        notes: Vec<String>,
        output: &Output,
    ) -> anyhow::Result<()> {
        for note in &notes {
            output.note(note)?;
        }
        let near_chance: Vec<_> = near_chance(test.accuracy, &data.test).into_iter().collect();
        near_chance.iter().for_each(|warning| output.warning(warning));
        let imported = ImportOutput {
            run: run.path().display().to_string(),
            parameters: run.config().parameters,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            held_out: data.held_out(),
            notes,
            warnings: [data.warnings.clone(), near_chance].concat(),
        };
        if let Some(held_out) = &imported.held_out {
            output.note(&format!("held out for testing: {held_out}"))?;
        }
        output.result(&imported, || {
            let what = if run.config().model.is_some() { "model" } else { "weights" };
            let (accuracy, file) = (percent(test.accuracy), run.model_path());
            format!("test accuracy {accuracy}, {what} in {}", file.display())
        })
    }

    fn options(&self) -> ImportOptions {
        let options = ImportOptions::default().with_entry(self.entry.clone());
        let mut options = options.with_map(self.map.clone());
        options.batch_norm_epsilon = self.batch_norm_eps;
        options.normalisation = self.normalisation();
        options
    }

    fn normalisation(&self) -> Option<Normalisation> {
        let or = |values: &[f32], neutral| match values {
            [] => vec![neutral],
            values => values.to_vec(),
        };
        let is_given = !self.mean.is_empty() || !self.std.is_empty();
        is_given.then(|| Normalisation { mean: or(&self.mean, 0.0), std: or(&self.std, 1.0) })
    }
}

/// Whether the source is an ONNX file: by its ending.
pub(super) fn is_onnx(source: &str) -> bool {
    Path::new(source).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"))
}

/// Mean cross-entropy and accuracy of a captured network.
fn evaluate_network(network: &Network, test: &Images) -> anyhow::Result<Metrics> {
    /// Images of a batch.
    const BATCH: usize = 64;
    let (mut loss, mut correct) = (0.0, 0);
    for start in (0..test.len()).step_by(BATCH) {
        let range = start..test.len().min(start + BATCH);
        let logits = network.logits(&test.read(range.clone()))?;
        let classes = network.classes();
        for (logits, &label) in logits.chunks_exact(classes).zip(&test.labels()[range]) {
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            loss += largest + sum.ln() - logits[label as usize];
            correct += usize::from(argmax(logits) == label as usize);
        }
    }
    let count = test.len() as f64;
    Ok(Metrics { loss: loss / count, accuracy: correct as f64 / count })
}

/// A warning about an accuracy that is less than a third of the way from chance to 100 %.
fn near_chance(accuracy: f64, test: &Images) -> Option<String> {
    let mut counts = vec![0_usize; test.classes()];
    test.labels().iter().for_each(|&label| counts[label as usize] += 1);
    let most = counts.into_iter().max().unwrap_or(0);
    let chance = most as f64 / test.len().max(1) as f64;
    (accuracy < chance + (1.0 - chance) / 3.0).then(|| {
        format!(
            "the accuracy is near chance ({}); usual causes: the network was trained on normalised \
             images (--mean, --std), on another dataset or other labels, on other channels or another \
             order of channels (BGR), or with another epsilon of batch norm (--batch-norm-eps, 1e-3 in Keras)",
            percent(chance)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_mapped_by_name_or_number() {
        let mapped = |text| renaming(text).unwrap();
        assert_eq!(mapped("conv1=layers.0"), ("conv1".into(), "layers.0".into()));
        assert_eq!(mapped("a.b.weight=3.weight"), ("a.b.weight".into(), "layers.3.weight".into()));
        assert_eq!(mapped("criterion="), ("criterion".into(), String::new()));
        assert!(renaming("conv1").is_err() && renaming("=layers.0").is_err());
    }

    #[test]
    fn chance_is_the_share_of_the_largest_class() {
        let images = |labels: Vec<u32>| {
            Images::from_bytes([1, 1, 1], 4, vec![0; labels.len()], labels).unwrap()
        };
        let even = images(vec![0, 1, 2, 3]);
        assert!(near_chance(0.49, &even).unwrap().contains("(25.00 %)"));
        assert_eq!(near_chance(0.51, &even), None);
        assert!(near_chance(0.8, &images(vec![0, 0, 0, 1])).unwrap().contains("(75.00 %)"));
        assert_eq!(near_chance(1.0, &images(vec![0, 0])), None);
    }
}
