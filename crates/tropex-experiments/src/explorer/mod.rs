//! Linear regions on a plane as a page to explore: HTML that needs no other file.

mod cells;
mod content;
mod largest_cells;
mod map_images;
mod panel;
mod region_explorer;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind};
use tropex_files::replace;

use crate::Error;
use crate::render::{ImageFormat, RegionPanel, document_head, provenance_mark, require_ours};

pub use panel::ExplorerPanel;
pub use region_explorer::RegionExplorer;

use content::{ExplorerContent, RegionData};

const HTML: &str = include_str!("../../assets/explorer.html");
const STYLE: &str = include_str!("../../assets/explorer.css");

/// The script of the page.
const SCRIPT: &str = include_str!("../../assets/explorer.js");

impl RegionExplorer<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// [`Error::Foreign`] for a file that TropEx did not make; a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        require_ours(path)?;
        replace(path, self.html()?.as_bytes()).map_err(Error::io("write", path))
    }

    /// The page. Without scripts it shows the last panels as a picture.
    ///
    /// # Errors
    /// Errors of the template engine; a picture without pixels.
    pub fn html(&self) -> Result<String, Error> {
        let data = RegionData::of(self)?;
        // A text of the data cannot end the element that contains it.
        let data = serde_json::to_string(&data).map(|text| text.replace('<', "\\u003c"));
        let content = ExplorerContent {
            head: document_head(&self.title, STYLE, SCRIPT),
            title: &self.title,
            answer: &self.answer,
            script: SCRIPT,
            data: data.map_err(|error| {
                minijinja::Error::new(ErrorKind::BadSerialization, error.to_string())
            })?,
            picture: STANDARD.encode(self.picture()?),
            footer: provenance_mark(),
        };
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("explorer.html", HTML)?;
        Ok(environment.get_template("explorer.html")?.render(Serde(&content))?)
    }

    /// A PNG file of the panels; of frames, of the last one.
    fn picture(&self) -> Result<Vec<u8>, Error> {
        let first = if self.is_in_time { self.panels.len().saturating_sub(1) } else { 0 };
        let shown = self.panels[first..].iter();
        let panels = shown
            .map(|panel| RegionPanel { title: panel.title.clone(), partition: panel.partition });
        self.view.region_map(panels.collect()).draw().encode(ImageFormat::Png)
    }
}
