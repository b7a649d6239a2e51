//! The files that a page is written to.

use std::path::{Path, PathBuf};

use tropex_files::{remove_leftovers, replace};

use super::findings::Page;
use crate::Error;
use crate::render::is_foreign;

/// The files that a page is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFiles {
    html: Option<PathBuf>,
    markdown: Option<PathBuf>,
}

impl PageFiles {
    /// `index.html` and `index.md` in a folder that belongs to TropEx.
    pub fn within(folder: &Path) -> Self {
        let [html, markdown] = ["index.html", "index.md"].map(|name| Some(folder.join(name)));
        Self { html, markdown }
    }

    /// A file of any name: Markdown if the name ends in `.md`, else HTML. With a name in `.html`,
    /// Markdown is written beside it.
    ///
    /// # Errors
    /// [`Error::Foreign`] for a Markdown file beside it that TropEx did not make.
    pub fn named(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let path = path.to_owned();
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("md") => Ok(Self { html: None, markdown: Some(path) }),
            Some("html" | "htm") => {
                let markdown = path.with_extension("md");
                if is_foreign(&markdown).map_err(Error::io("read", &markdown))? {
                    return Err(Error::Foreign { path: markdown });
                }
                Ok(Self { html: Some(path), markdown: Some(markdown) })
            }
            _ => Ok(Self { html: Some(path), markdown: None }),
        }
    }

    /// The main file.
    pub fn first(&self) -> &Path {
        let first = self.html.as_deref().or(self.markdown.as_deref());
        first.unwrap_or(Path::new(""))
    }

    /// Writes a page.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, page: &Page) -> Result<(), Error> {
        self.first().parent().into_iter().for_each(remove_leftovers);
        let write = |path: &Path, text: String| {
            replace(path, text.as_bytes()).map_err(Error::io("write", path))
        };
        if let Some(path) = &self.html {
            write(path, page.html()?)?;
        }
        if let Some(path) = &self.markdown {
            write(path, page.markdown()?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn markdown_replaces_no_foreign_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let page = Page { title: "T".into(), ..Page::default() };
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        fs::write(at("paper.md"), "My paper.").unwrap();
        let error = PageFiles::named(&at("paper.html")).unwrap_err().to_string();
        assert!(error.contains("paper.md") && error.contains("not made by"), "{error}");
        assert_eq!(names(), ["paper.md"]);
        for _ in 0..2 {
            PageFiles::named(&at("page.html")).unwrap().write(&page).unwrap();
        }
        PageFiles::named(&at("plain")).unwrap().write(&page).unwrap();
        assert_eq!(names(), ["page.html", "page.md", "paper.md", "plain"]);
        assert_eq!(fs::read_to_string(at("paper.md")).unwrap(), "My paper.");
        // A file that is named explicitly is replaced.
        PageFiles::named(&at("paper.md")).unwrap().write(&page).unwrap();
        assert!(fs::read_to_string(at("paper.md")).unwrap().starts_with("# T"));
        assert_eq!(names().len(), 4);
    }
}
