//! `tropex import`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::train::data::Images;
use tropex::train::import::ImportOptions;
use tropex::train::run::{Run, RunRequest};
use tropex::train::training::evaluate;
use tropex::train::zoo::{Architecture, Normalisation};

use super::options::{DataOption, DeviceOption, LayoutOption, number};
use crate::output::{Output, percent};

/// Make a run from weights that PyTorch trained: a checkpoint of any kind, or a safetensors file.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Architecture; `tropex list` names them.
    architecture: String,
    /// File with the weights, recognised by its content. Layers are identified by their numbers
    /// (layers.0.weight or 0.weight), or else by order in the file, shapes, and numbers in names.
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
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
        let architecture = Architecture::find(&self.architecture)?;
        let (device, device_name) = (self.device.find()?, self.device.name());
        let data = self.data.open(&self.dataset, self.layout.layout, output)?;
        let request = RunRequest::new(architecture, &data, &device, &device_name);
        let options = self.options();
        let imported = Run::import(&self.out, &request, &self.weights, &options);
        let (run, notes) = imported?;
        for note in &notes {
            output.note(note)?;
        }
        let test = evaluate(&run.load_model(&device)?, &data.test)?;
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
            format!(
                "test accuracy {}, weights in {}",
                percent(test.accuracy),
                run.model_path().display()
            )
        })
    }

    fn options(&self) -> ImportOptions {
        let or = |values: &[f32], neutral| match values {
            [] => vec![neutral],
            values => values.to_vec(),
        };
        let mut options = ImportOptions::default();
        options.entry = self.entry.clone();
        options.map = self.map.clone();
        options.batch_norm_epsilon = self.batch_norm_eps;
        if !self.mean.is_empty() || !self.std.is_empty() {
            let (mean, std) = (or(&self.mean, 0.0), or(&self.std, 1.0));
            options.normalisation = Some(Normalisation { mean, std });
        }
        options
    }
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
