//! `tropex regions`

mod output;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use burn::tensor::Device;
use clap::Args;
use tropex::Gauge;
use tropex::experiments::explorer::{ExplorerPanel, RegionExplorer};
use tropex::experiments::query::{RegionView, RegionViewSettings, SlicePlane};
use tropex::experiments::render::{ImageFormat, RegionPanel, require_ours};
use tropex::experiments::{Split, TrainedEpoch, pipeline};
use tropex::geometry::slice::{FittedWindow, Partition, RegionEstimate, SliceProgress};
use tropex::train::data::Dataset;
use tropex::train::run::Run;

use super::choices;
use super::examples::examples;
use super::options::{DataOption, DeviceOption, any_number, open_run, whole};
use super::time_estimate::minutes;
use crate::output::{CommandProgress, Output, count, plural};
use output::{FrameOutput, NetworkRegions, RegionsOutput, TermRegions};

/// Draw the linear regions on a plane through images, before and after extraction.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "regions runs/fcn4 --through 3,17,42 --side-by-side --out regions.svg",
    "regions runs/fcn4 --through 3,17,42 --side-by-side --out regions.html",
    "regions runs/points --frames training.html",
))]
pub struct RegionsArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Three images that the plane goes through. Default: the first images of three classes.
    #[arg(long, value_name = "I,J,K", value_parser = numbers::<usize, 3>)]
    through: Option<[usize; 3]>,
    /// Window for a network with two inputs: X0 to X1 of the first input, Y0 to Y1 of the second.
    /// Default: a window around the points.
    #[arg(
        long,
        value_name = "X0,X1,Y0,Y1",
        value_parser = numbers::<f64, 4>,
        allow_hyphen_values = true,
        conflicts_with_all = ["through", "margin"]
    )]
    window: Option<[f64; 4]>,
    /// Margin of the window around the points, as a share of their distance. A negative margin
    /// zooms in; -0.5 would leave nothing. Default: 0.25, or a smaller window if its regions would
    /// be too many to draw.
    #[arg(long, value_parser = any_number, allow_negative_numbers = true)]
    margin: Option<f64>,
    /// Split of the images.
    #[arg(long, value_parser = choices::split(), default_value = "train")]
    split: Split,
    /// Gauge of the terms.
    #[arg(long, value_parser = choices::gauge(), default_value = "worst-case")]
    gauge: Gauge,
    /// Draw the regions of the extracted function instead of the network.
    #[arg(long)]
    extracted: bool,
    /// Draw network and extracted function side by side.
    #[arg(long, conflicts_with = "extracted")]
    side_by_side: bool,
    /// File of the picture, FILE.svg or FILE.png; or FILE.html for a page to explore: zoom, and
    /// what each region is.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["frames", "json"])]
    out: Option<PathBuf>,
    /// Write a picture of every checkpoint of the run into a folder, for an animation; or all of
    /// them into one page with a slider, FILE.html.
    #[arg(long, value_name = "FOLDER|FILE.html", conflicts_with_all = ["out", "extracted", "side_by_side"])]
    frames: Option<PathBuf>,
    /// Format of the pictures of --frames.
    #[arg(long, value_parser = choices::picture_format(), default_value = "png", requires = "frames")]
    format: ImageFormat,
    /// Stop with an error above this number of polygons.
    #[arg(long, value_name = "POLYGONS", default_value_t = RegionViewSettings::default().limit, value_parser = whole::<usize>, allow_negative_numbers = true)]
    limit: usize,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    device: DeviceOption,
}

/// `N` numbers with commas between them.
fn numbers<T: std::str::FromStr, const N: usize>(text: &str) -> Result<[T; N], String> {
    let numbers: Option<Vec<T>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
    numbers.ok_or_else(|| format!("expected {N} numbers separated by commas"))
}

impl RegionsArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        // Checked before the work.
        let page = self.out.as_deref().filter(|path| is_page(path));
        self.out.as_deref().filter(|_| page.is_none()).map(ImageFormat::of).transpose()?;
        page.or(self.frames.as_deref().filter(|path| is_page(path)))
            .map(require_ours)
            .transpose()?;
        let run = open_run(&self.run)?;
        let device = self.device.find()?;
        let data = self.data.open_of(&run, output)?;
        let mut view = RegionView::new(&run, &data, &self.settings())?;
        match &self.frames {
            Some(page) if is_page(page) => {
                self.page_of_frames(&run, &mut view, &device, page, output)
            }
            Some(folder) => self.frames(&run, &mut view, &device, folder, output),
            None => self.picture(&run, &data, &mut view, &device, output),
        }
    }

    fn settings(&self) -> RegionViewSettings {
        let place = match (self.through, self.window) {
            (Some(through), _) => SlicePlane::Through(through),
            (None, Some(window)) => SlicePlane::Rectangle(window),
            (None, None) => SlicePlane::Default,
        };
        RegionViewSettings::default()
            .with_place(place)
            .with_margin(self.margin)
            .with_split(self.split)
            .with_limit(self.limit)
    }

    fn picture(
        &self,
        run: &Run,
        data: &Dataset,
        view: &mut RegionView,
        device: &Device,
        output: &Output,
    ) -> anyhow::Result<()> {
        let captured = (!self.extracted).then(|| pipeline::network(run, device)).transpose()?;
        let fitted = captured.as_ref().map(|network| view.fit([Ok(network)])).transpose()?;
        let mut found = RegionsOutput::of(view, fitted.flatten());
        let (mut network, mut terms) = (None, None);
        if let Some(captured) = captured {
            let bar = output.bar();
            tell(&view.estimate(&captured)?, &bar, output);
            let start = Instant::now();
            let partition = view.network(&captured, &|progress| show(&bar, progress))?;
            bar.finish();
            found.network = Some(NetworkRegions::of(&partition, start.elapsed()));
            network = Some((captured, partition));
        }
        if self.extracted || self.side_by_side {
            let start = Instant::now();
            let (store, _) = pipeline::open_terms(run, data, device, self.gauge)?;
            let partition = view.terms(&store)?;
            found.extracted = Some(TermRegions::of(&partition, store.len(), start.elapsed()));
            terms = Some((store, partition));
        }
        if let (Some((_, before)), Some((_, after))) = (&network, &terms) {
            found.agreement = Some(before.agreement(&after.partition));
        }
        match &self.out {
            None => {}
            Some(path) if is_page(path) => {
                let panel_count = usize::from(network.is_some()) + usize::from(terms.is_some());
                let mut panels = Vec::with_capacity(panel_count);
                if let Some((network, partition)) = &network {
                    let title = title("network", partition);
                    panels.push(ExplorerPanel::of_network(
                        title,
                        network,
                        partition,
                        view,
                        panel_count,
                    )?);
                }
                if let Some((store, terms)) = &terms {
                    let title = title("extracted function", &terms.partition);
                    panels.push(ExplorerPanel::of_terms(title, store, terms, view, panel_count)?);
                }
                self.explorer(&found, view, panels, false).write(path)?;
            }
            Some(path) => {
                let network = network.iter().map(|(_, partition)| ("network", partition));
                let terms = terms.iter().map(|(_, terms)| ("extracted function", &terms.partition));
                let panel =
                    |(what, partition)| RegionPanel { title: title(what, partition), partition };
                view.region_map(network.chain(terms).map(panel).collect()).draw().write(path)?;
            }
        }
        found.out.clone_from(&self.out);
        output.result(&found, || found.text())
    }

    fn explorer<'a>(
        &self,
        found: &RegionsOutput,
        view: &'a RegionView,
        panels: Vec<ExplorerPanel<'a>>,
        is_in_time: bool,
    ) -> RegionExplorer<'a> {
        let title = format!("Linear regions of {}", self.run.display());
        RegionExplorer { title, answer: found.sentence(), view, panels, is_in_time }
    }

    fn frames(
        &self,
        run: &Run,
        view: &mut RegionView,
        device: &Device,
        folder: &Path,
        output: &Output,
    ) -> anyhow::Result<()> {
        let epochs = checkpoints(run)?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create folder {}", folder.display()))?;
        let format = self.format;
        let file_of =
            |epoch: usize| folder.join(format!("epoch-{epoch:04}.{}", format.extension()));
        epochs.iter().try_for_each(|&epoch| require_ours(&file_of(epoch)))?;
        let fitted = fit_all(view, run, &epochs, device)?;
        let (bar, all) = (output.bar(), epochs.len());
        let mut found = RegionsOutput::of(view, fitted);
        for epoch in epochs {
            let network = pipeline::network_at(run, TrainedEpoch::Epoch(epoch), device)?;
            let partition = view.network(&network, &|_| ControlFlow::Continue(()))?;
            let file = file_of(epoch);
            let title = title(&format!("epoch {epoch}"), &partition);
            let panels = vec![RegionPanel { title, partition: &partition }];
            view.region_map(panels).draw().write(&file)?;
            found.frames.push(FrameOutput::of(epoch, &partition, file));
            let drawn = found.frames.len();
            bar.show_part(drawn, all, format!("{drawn} of {all} pictures"));
        }
        bar.finish();
        output.result(&found, || found.text())
    }

    /// Writes one page with the regions of every checkpoint.
    fn page_of_frames(
        &self,
        run: &Run,
        view: &mut RegionView,
        device: &Device,
        page: &Path,
        output: &Output,
    ) -> anyhow::Result<()> {
        let epochs = checkpoints(run)?;
        let fitted = fit_all(view, run, &epochs, device)?;
        let (bar, all) = (output.bar(), epochs.len());
        let mut partitions = Vec::with_capacity(all);
        for epoch in epochs {
            let network = pipeline::network_at(run, TrainedEpoch::Epoch(epoch), device)?;
            let partition = view.network(&network, &|_| ControlFlow::Continue(()))?;
            partitions.push((epoch, network, partition));
            let done = partitions.len();
            bar.show_part(done, all, format!("{done} of {all} checkpoints"));
        }
        bar.finish();
        let view = &*view;
        let mut found = RegionsOutput::of(view, fitted);
        let mut panels = Vec::with_capacity(all);
        for (epoch, network, partition) in &partitions {
            found.frames.push(FrameOutput::of(*epoch, partition, page.to_owned()));
            let title = title(&format!("epoch {epoch}"), partition);
            panels.push(ExplorerPanel::of_network(title, network, partition, view, all)?);
        }
        self.explorer(&found, view, panels, true).write(page)?;
        output.result(&found, || found.text())
    }
}

/// Whether a path names a page.
fn is_page(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension
        .is_some_and(|extension| ["html", "htm"].contains(&extension.to_ascii_lowercase().as_str()))
}

/// Chooses one window in which the regions of every epoch can be drawn.
fn fit_all(
    view: &mut RegionView,
    run: &Run,
    epochs: &[usize],
    device: &Device,
) -> anyhow::Result<Option<FittedWindow>> {
    let network = |&epoch: &usize| pipeline::network_at(run, TrainedEpoch::Epoch(epoch), device);
    Ok(view.fit(epochs.iter().map(network))?)
}

/// The epochs of all checkpoints of a run.
fn checkpoints(run: &Run) -> anyhow::Result<Vec<usize>> {
    let epochs = run.checkpoints()?;
    if epochs.is_empty() {
        anyhow::bail!(
            "no checkpoints in {}; train with --checkpoints all to keep them",
            run.path().display()
        );
    }
    Ok(epochs)
}

/// Announces that there are likely to be more regions than the limit or, on a terminal, that
/// drawing will take minutes.
fn tell(estimate: &RegionEstimate, bar: &CommandProgress, output: &Output) {
    let regions = count(estimate.regions);
    let time =
        (estimate.seconds >= 60.0).then(|| minutes(Duration::from_secs_f64(estimate.seconds)));
    if estimate.is_beyond_limit() {
        let after = time.map(|time| format!(" after about {time}")).unwrap_or_default();
        output.remark(&format!(
            "the window has about {regions} regions, more than the limit of {}: expect an \
             error{after}; a smaller --margin or --window has fewer, and --limit allows more (Ctrl-C \
             stops)",
            count(estimate.limit),
        ));
    } else if let Some(time) = time.filter(|_| bar.is_shown()) {
        let line = format!(
            "the window has about {regions} regions, which takes about {time} (Ctrl-C stops; a \
             smaller --margin or --window has fewer)"
        );
        bar.suspend(|| output.remark(&line));
    }
}

fn show(
    bar: &CommandProgress,
    SliceProgress { done, units, regions, .. }: SliceProgress,
) -> ControlFlow<()> {
    bar.show_part(done, units, plural(regions, "region"));
    ControlFlow::Continue(())
}

fn title(what: &str, partition: &Partition) -> String {
    format!("{what}: {}", plural(partition.regions.len(), "region"))
}
