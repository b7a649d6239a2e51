//! The arrows of ARCHITECTURE are the dependencies of the crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{CRATES, crates};

/// The crates of this workspace that every crate uses.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_arrows_of_the_architecture_are_the_dependencies() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let folders = CRATES.iter().map(|order| order.folder.to_owned());
    let expected: Dependencies =
        folders.map(|folder| (folder.clone(), dependencies(&folder))).collect();
    assert_eq!(arrows(&architecture), expected);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The arrows of lines such as `tropex-onnx -> kernels, files  description`.
fn arrows(text: &str) -> Dependencies {
    let arrows = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" -> ")?;
        let used = rest.split("  ").next()?.split(", ").filter(|name| !name.starts_with('('));
        Some((name.trim().to_owned(), used.map(|name| format!("tropex-{name}")).collect()))
    });
    arrows.collect()
}

/// The crates of this workspace in the manifest of a crate. `tropex` is the package of the root.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let folder: PathBuf = if folder == "tropex" { root().into() } else { crates().join(folder) };
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| name.starts_with("tropex-")).map(str::to_owned).collect()
}
