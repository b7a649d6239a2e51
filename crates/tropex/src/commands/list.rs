//! `tropex list`

use clap::Args;
use serde::Serialize;
use tropex::device;
use tropex::train::data::DATASETS;
use tropex::train::zoo::ARCHITECTURES;

use crate::output::Output;

/// List the architectures, datasets and devices of this build.
#[derive(Debug, Args)]
pub struct List {}

#[derive(Serialize)]
struct Listing {
    architectures: Vec<Entry>,
    datasets: Vec<Entry>,
    devices: Vec<String>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    summary: String,
}

impl List {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let architectures = ARCHITECTURES
            .iter()
            .map(|entry| Entry { name: entry.name, summary: entry.summary.into() })
            .collect();
        let dataset = |[channels, height, width]: [usize; 3], summary: &str| {
            format!("{channels}x{height}x{width}, {summary}")
        };
        let datasets = DATASETS
            .iter()
            .map(|entry| Entry { name: entry.name, summary: dataset(entry.shape, entry.summary) });
        let file =
            Entry { name: "file:PATH", summary: "your own images, in a safetensors file".into() };
        let datasets = datasets.chain([file]).collect();
        let listing = Listing { architectures, datasets, devices: device::names() };
        output.result(&listing, || listing.text())
    }
}

impl Listing {
    fn text(&self) -> String {
        let section = |title: &str, entries: &[Entry]| {
            let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
            let lines =
                entries.iter().map(|entry| format!("  {:width$}  {}", entry.name, entry.summary));
            format!("{title}\n{}", lines.collect::<Vec<_>>().join("\n"))
        };
        let devices = self.devices.iter().enumerate().map(|(index, name)| {
            if index == 0 { format!("  {name} (default)") } else { format!("  {name}") }
        });
        [
            section("Architectures", &self.architectures),
            section("Datasets", &self.datasets),
            format!("Devices\n{}", devices.collect::<Vec<_>>().join("\n")),
        ]
        .join("\n\n")
    }
}
