//! `tropex list`

use clap::Args;
use serde::Serialize;
use tropex::device;
use tropex::experiments::EXPERIMENTS;
use tropex::train::data::DATASETS;
use tropex::train::zoo::{ARCHITECTURES, ArchitectureEntry, LEAKY_SLOPE};

use super::examples::examples;
use crate::output::Output;

/// List the architectures, datasets, experiments and devices of this build.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "list",
    "list --json",
))]
pub struct ListArgs {}

#[derive(Serialize)]
struct ListOutput {
    architectures: Vec<ListEntry>,
    datasets: Vec<ListEntry>,
    experiments: Vec<ListEntry>,
    devices: Vec<String>,
}

#[derive(Serialize)]
struct ListEntry {
    name: &'static str,
    summary: String,
}

impl ListArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let architectures = ARCHITECTURES
            .iter()
            .map(|entry| ListEntry { name: entry.name, summary: entry.summary.into() })
            .collect();
        let dataset = |[channels, height, width]: [usize; 3], summary: &str| {
            format!("{channels}x{height}x{width}, {summary}")
        };
        let datasets = DATASETS.iter().map(|entry| ListEntry {
            name: entry.name,
            summary: dataset(entry.shape, entry.summary),
        });
        let file = ListEntry {
            name: "file:PATH",
            summary: "your own images, in a safetensors file".into(),
        };
        let datasets = datasets.chain([file]).collect();
        let experiments = EXPERIMENTS
            .iter()
            .map(|entry| ListEntry { name: entry.name, summary: entry.question.into() })
            .collect();
        let listing = ListOutput { architectures, datasets, experiments, devices: device::names() };
        output.result(&listing, || listing.text())
    }
}

impl ListOutput {
    fn text(&self) -> String {
        let devices = self.devices.iter().enumerate().map(|(index, name)| {
            if index == 0 { format!("  {name} (default)") } else { format!("  {name}") }
        });
        [
            section(
                &format!("Architectures ([-leaky]: also with leaky ReLU of slope {LEAKY_SLOPE})"),
                architectures(),
            ),
            section("Datasets", named(&self.datasets)),
            section("Experiments", named(&self.experiments)),
            format!("Devices\n{}", devices.collect::<Vec<_>>().join("\n")),
        ]
        .join("\n\n")
    }
}

fn named(entries: &[ListEntry]) -> Vec<(String, &str)> {
    entries.iter().map(|entry| (entry.name.into(), &*entry.summary)).collect()
}

/// The architectures, and the option for others; `[-leaky]` after a name stands for its variant.
fn architectures() -> Vec<(String, &'static str)> {
    let has_variant =
        |name| ARCHITECTURES.iter().any(|architecture| architecture.leaky_of == Some(name));
    let plain = ARCHITECTURES.iter().filter(|architecture| architecture.leaky_of.is_none());
    let named = plain.map(|ArchitectureEntry { name, summary, .. }| {
        (format!("{name}{}", if has_variant(name) { "[-leaky]" } else { "" }), *summary)
    });
    let layers = ("--layers".to_owned(), "your own layers in a line, such as C32p1,BN,P,D128");
    named.chain([layers]).collect()
}

/// A title, and a line for each name and its description.
fn section(title: &str, entries: Vec<(String, &str)>) -> String {
    let width = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = entries.iter().map(|(name, summary)| format!("  {name:width$}  {summary}"));
    format!("{title}\n{}", lines.collect::<Vec<_>>().join("\n"))
}
