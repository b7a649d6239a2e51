//! `tropex import`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::train::run::{Run, RunRequest};
use tropex::train::training::evaluate;
use tropex::train::zoo::Architecture;

use super::options::{DataOption, DeviceOption, LayoutOption};
use crate::output::{Output, percent};

/// Make a run from weights in PyTorch layout (.safetensors, .pt).
#[derive(Debug, Args)]
pub struct Import {
    /// Architecture, as `tropex list` names them.
    architecture: String,
    /// File with tensors layers.<k>.{weight,bias,running_mean,running_var}, k counting the layers
    /// that have parameters.
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Dataset, as `tropex list` names them, or file:PATH.
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

#[derive(Serialize)]
struct Imported {
    run: String,
    parameters: usize,
    test_loss: f64,
    test_accuracy: f64,
    /// How the test images were held out, where they are no split of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<String>,
    warnings: Vec<String>,
}

impl Import {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let architecture = Architecture::find(&self.architecture)?;
        let (device, device_name) = (self.device.find()?, self.device.name());
        let data = self.data.open(&self.dataset, self.layout.layout, output)?;
        let request = RunRequest {
            architecture,
            dataset: &data.name,
            train: &data.train,
            shuffled_labels: None,
            test: &data.test,
            reading: data.reading,
            warnings: &data.warnings,
            device: &device,
            device_name: &device_name,
        };
        let run = Run::import(&self.out, &request, &self.weights)?;
        let test = evaluate(&run.load_model(&device)?, &data.test)?;
        let imported = Imported {
            run: run.path().display().to_string(),
            parameters: run.config().parameters,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            held_out: data.held_out(),
            warnings: data.warnings.clone(),
        };
        if let Some(held_out) = &imported.held_out {
            output.note(&format!("held out to test on: {held_out}"))?;
        }
        output.result(&imported, || {
            format!(
                "test accuracy {}, weights in {}",
                percent(test.accuracy),
                run.model_path().display()
            )
        })
    }
}
