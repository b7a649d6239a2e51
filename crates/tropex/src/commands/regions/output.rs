//! The result of `tropex regions`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tropex::experiments::query::RegionView;
use tropex::geometry::slice::{FittedWindow, Partition, TermPartition};

use crate::output::{count, duration, pairs, percent, plural, table};

/// Regions in a window.
#[derive(Serialize)]
pub struct RegionsOutput {
    /// Images that the plane goes through; `None` for networks with two inputs.
    through: Option<[usize; 3]>,
    /// Smallest and largest value of both coordinates.
    window: [[f64; 2]; 2],
    /// The margin of a window that was made smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    fitted_margin: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkRegions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted: Option<TermRegions>,
    /// Share of the window on which network and extracted function have the same class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<FrameOutput>,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
}

#[derive(Serialize)]
pub struct NetworkRegions {
    /// Activation patterns.
    regions: usize,
    /// Regions, where neighbours with equal affine maps count as one.
    linear_regions: usize,
    /// Pieces of the decision boundary.
    boundary_segments: usize,
    seconds: f64,
}

#[derive(Serialize)]
pub struct TermRegions {
    /// Terms in the store.
    terms: usize,
    /// Pairs of a positive and a negative term that are maximal together.
    regions: usize,
    linear_regions: usize,
    boundary_segments: usize,
    /// Positive terms that are maximal somewhere.
    positive_terms: usize,
    /// Negative terms that are maximal somewhere.
    negative_terms: usize,
    seconds: f64,
}

#[derive(Serialize)]
pub struct FrameOutput {
    epoch: usize,
    regions: usize,
    linear_regions: usize,
    file: PathBuf,
}

impl NetworkRegions {
    pub fn of(partition: &Partition, time: Duration) -> Self {
        Self {
            regions: partition.regions.len(),
            linear_regions: partition.linear_regions(),
            boundary_segments: partition.boundary.len(),
            seconds: time.as_secs_f64(),
        }
    }
}

impl TermRegions {
    pub fn of(found: &TermPartition, terms: usize, time: Duration) -> Self {
        Self {
            terms,
            regions: found.partition.regions.len(),
            linear_regions: found.partition.linear_regions(),
            boundary_segments: found.partition.boundary.len(),
            positive_terms: found.positive_terms,
            negative_terms: found.negative_terms,
            seconds: time.as_secs_f64(),
        }
    }
}

impl FrameOutput {
    pub fn of(epoch: usize, partition: &Partition, file: PathBuf) -> Self {
        let (regions, linear_regions) = (partition.regions.len(), partition.linear_regions());
        Self { epoch, regions, linear_regions, file }
    }
}

impl RegionsOutput {
    pub fn of(view: &RegionView, fitted: Option<FittedWindow>) -> Self {
        Self {
            through: view.through,
            window: view.window.extents(),
            fitted_margin: fitted.map(|fitted| fitted.margin),
            network: None,
            extracted: None,
            agreement: None,
            frames: Vec::new(),
            out: None,
        }
    }

    pub fn text(&self) -> String {
        if !self.frames.is_empty() {
            return self.frames_text();
        }
        let mut lines = vec![("plane", self.plane())];
        if let Some(network) = &self.network {
            lines.push(("network", network.text()));
        }
        if let Some(extracted) = &self.extracted {
            lines.push(("extracted function", extracted.text()));
        }
        lines.extend(self.agreement.map(|share| ("same class", of_window(share))));
        lines.extend(self.out.as_ref().map(|path| ("picture", path.display().to_string())));
        pairs(&lines)
    }

    /// The answer in a sentence, for a page.
    pub fn sentence(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.network.as_ref().map(|network| {
            format!("The network has {} in this window", plural(network.regions, "linear region"))
        }));
        parts.extend(self.extracted.as_ref().map(|extracted| {
            let regions = plural(extracted.regions, "region");
            let terms = plural(extracted.terms, "point");
            format!("the function of the terms of {terms} has {regions} here")
        }));
        parts.extend(
            self.agreement.map(|share| format!("both have the same class {}", of_window(share))),
        );
        if let [first, .., last] = self.frames.as_slice() {
            parts.push(format!(
                "The network has {} in this window at epoch {} and {} at epoch {}",
                plural(first.regions, "linear region"),
                first.epoch,
                count(last.regions),
                last.epoch
            ));
        }
        let text = parts.join("; ");
        let place = self.plane();
        let first = text.chars().next().map(|letter| letter.to_uppercase().to_string());
        let rest = text.chars().skip(1).collect::<String>();
        format!("{}{rest}. The plane: {place}.", first.unwrap_or_default())
    }

    fn frames_text(&self) -> String {
        let row = |frame: &FrameOutput| {
            vec![
                frame.epoch.to_string(),
                count(frame.regions),
                count(frame.linear_regions),
                frame.file.display().to_string(),
            ]
        };
        let heading = ["epoch", "regions", "linear regions", "picture"];
        let rows = self.frames.iter().map(row).collect();
        format!("{}\n{}", table(&heading, rows), pairs(&[("plane", self.plane())]))
    }

    fn plane(&self) -> String {
        let [width, height] = self.window.map(|[low, high]| high - low);
        let size = format!("{width:.3} by {height:.3}");
        match self.through {
            Some([first, second, third]) => {
                let margin = self.fitted_margin.map_or(String::new(), |margin| {
                    format!(
                        ", margin {margin} because a larger window has too many regions to draw"
                    )
                });
                format!("through images {first}, {second} and {third}, window {size}{margin}")
            }
            None => {
                let [[left, right], [low, high]] = self.window;
                format!("both inputs, from {left:.3} to {right:.3} and from {low:.3} to {high:.3}")
            }
        }
    }
}

/// `on 91.20 % of the window`
fn of_window(share: f64) -> String {
    format!("on {} of the window", percent(share))
}

impl NetworkRegions {
    fn text(&self) -> String {
        format!(
            "{} (activation patterns), {} of different maps, {} of decision boundary, {}",
            plural(self.regions, "region"),
            count(self.linear_regions),
            plural(self.boundary_segments, "segment"),
            duration(Duration::from_secs_f64(self.seconds))
        )
    }
}

impl TermRegions {
    fn text(&self) -> String {
        format!(
            "{} (pairs of terms) of {}, {} of different maps, {} positive and {} negative terms \
             win, {} of decision boundary, {}",
            plural(self.regions, "region"),
            plural(self.terms, "term"),
            count(self.linear_regions),
            count(self.positive_terms),
            count(self.negative_terms),
            plural(self.boundary_segments, "segment"),
            duration(Duration::from_secs_f64(self.seconds))
        )
    }
}
