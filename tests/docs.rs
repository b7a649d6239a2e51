//! The documents: links lead to files and headings, and all named paths and items exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Documents in the root folder. The chapters are in `docs`.
const ROOT_DOCUMENTS: [&str; 4] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/// A name in a document that starts with one of these folders is a path from the root.
const ROOT_FOLDERS: [&str; 6] = ["crates/", "docs/", "examples/", "studies/", "tests/", ".ci/"];

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn chapters() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

fn documents() -> Vec<PathBuf> {
    ROOT_DOCUMENTS.iter().map(|name| root().join(name)).chain(chapters()).collect()
}

/// The text of a document without its blocks of code.
fn prose(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("```").step_by(2).collect()
}

/// Targets of the links in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The anchors of the headings of a document.
fn anchors(path: &Path) -> BTreeSet<String> {
    let text = prose(path);
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|heading| anchor(heading.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_to_files_and_headings() {
    for document in documents() {
        let text = prose(&document);
        for link in links(&text).filter(|link| !link.starts_with("https://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", document.display());
            let found = heading.is_empty() || anchors(&target).contains(heading);
            assert!(found, "{}: {link}", document.display());
        }
    }
}

#[test]
fn named_paths_exist() {
    for document in documents() {
        let text = prose(&document);
        for name in text.split('`').skip(1).step_by(2) {
            let is_path = ROOT_FOLDERS.iter().any(|folder| name.starts_with(folder));
            let is_pattern = name.contains(['*', '<', ' ']);
            let exists = root().join(name).exists();
            assert!(!is_path || is_pattern || exists, "{}: {name}", document.display());
        }
    }
}

#[test]
fn every_chapter_is_listed_and_tested() {
    let contents = prose(&root().join("docs/README.md"));
    let listed: BTreeSet<&str> = links(&contents).collect();
    let facade = fs::read_to_string(root().join("crates/tropex/src/lib.rs")).unwrap();
    for chapter in chapters() {
        let name = chapter.file_name().unwrap().to_str().unwrap();
        if name != "README.md" {
            assert!(listed.contains(name), "{name} is not in docs/README.md");
            assert!(facade.contains(&format!("docs/{name}\"")), "{name} is not tested");
        }
    }
}

/// The text of all sources in a folder.
fn sources(folder: &Path) -> String {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(end) if end == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    paths.map(text).collect()
}

#[test]
fn names_in_the_glossary_exist() {
    let sources = sources(&root().join("crates"));
    let words: BTreeSet<&str> = sources.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let glossary = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let names = glossary.lines().filter_map(|line| line.split('|').nth(2));
    for name in names.flat_map(|names| names.split('`').skip(1).step_by(2)) {
        assert!(name.split("::").all(|word| words.contains(word)), "{name}");
    }
}

#[test]
fn the_table_of_commands_is_complete() {
    let table = fs::read_to_string(root().join("docs/getting-started.md")).unwrap();
    let commands = fs::read_to_string(root().join("crates/tropex/src/commands/mod.rs")).unwrap();
    let list = commands.split("commands! {").nth(1).unwrap().split("\n}").next().unwrap();
    let names = list.lines().filter_map(|line| line.trim().split_once("::"));
    for (name, _) in names.filter_map(|(start, rest)| Some((start.split_once('(')?.1, rest))) {
        assert!(table.contains(&format!("| `{name}` |")), "{name}");
    }
}
