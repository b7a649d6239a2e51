//! All commands of the cookbook, in the order of the page and in one folder.

use std::fs;

use super::documents::commands;
use super::onnx::Case;
use crate::docs::root;

#[test]
fn all_recipes_work() {
    // What other programs made in the recipes: arrays, and a model with its points.
    let workspace = Case::new("mlp", "points").workspace;
    workspace.write_images("own.safetensors", 60, 20);
    fs::rename(workspace.path("m.onnx"), workspace.path("model.onnx")).unwrap();

    let lines = commands(&root().join("docs/cookbook.md"));
    for line in &lines {
        let command = line.strip_prefix("tropex ").unwrap_or_else(|| panic!("{line}"));
        match command.split_once(" > ") {
            None => drop(workspace.run(command).ended()),
            Some((command, file)) => {
                let text = workspace.run(command).succeeded();
                assert!(!text.is_empty(), "{line}");
                fs::write(workspace.path(file), text).unwrap();
            }
        }
    }
    assert!(lines.len() >= 20, "{lines:?}");
    for file in ["winners.csv", "regions.svg", "compared.html", "frames", "mine.toml"] {
        assert!(workspace.path(file).exists(), "{file}");
    }
}
