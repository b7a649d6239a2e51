//! No two source files of a crate import each other in a circle.
//!
//! An import of a name that a module re-exports counts as an import of the file that defines it. A
//! re-export itself counts as an import if the module uses the name. Thus a `mod.rs` that declares
//! and re-exports only is on no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::imports::{child_imports, imports, is_test, split_reexports, use_statements, words};
use super::{CRATES, crates, module_path, source_files};

/// The path of a module from the root of its crate.
type ModulePath = Vec<String>;

/// The modules that every module of a crate imports.
type Imports = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

/// The modules that may import each other in a circle, each with the module that closes it.
///
/// Every operation returns the enum `Op` of all operations from `to_target` and `map_constants`,
/// and the trait `PiecewiseLinear` declares these methods.
const EXCEPTION: (&str, [&str; 2]) = ("tropex-extract", ["ops", "op"]);

#[test]
fn files_import_each_other_without_circles() {
    let folders: BTreeSet<_> = CRATES.iter().map(|order| order.folder).collect();
    let mut lines = Vec::new();
    for folder in folders {
        let mut imports = read_sources(folder).imports();
        if folder == EXCEPTION.0 {
            let closing = EXCEPTION.1.map(str::to_owned).to_vec();
            assert!(imports.contains_key(&closing), "{closing:?} does not exist");
            let others = imports.iter_mut().filter(|(from, _)| from[..].starts_with(&closing[..1]));
            others.for_each(|(_, imported)| _ = imported.remove(&closing));
        }
        for (from, imported) in circles(imports) {
            let from = from.join("::");
            let line = |to: &ModulePath| format!("{folder}: {from} -> {}", to.join("::"));
            lines.extend(imported.iter().map(line));
        }
    }
    assert!(lines.is_empty(), "files import each other in circles:\n{}", lines.join("\n"));
}

#[test]
fn circles_are_found_through_reexports_and_child_modules() {
    let on_circles = |files: &[[&str; 2]]| {
        let path = |module: &str| module.split("::").map(str::to_owned).collect();
        let sources = files.iter().map(|[module, source]| (path(module), (*source).to_owned()));
        let circles = circles(CrateSources(sources.collect()).imports());
        circles.into_keys().map(|module| module.join("::")).collect::<Vec<_>>()
    };
    let reexport = ["folder", "mod inner;\npub use inner::Inner;\n"];
    let uses_inner = ["upper", "use crate::folder::Inner;\npub struct Outer;\n"];
    let uses_outer = ["folder::inner", "use crate::upper::Outer;\npub struct Inner;\n"];
    assert_eq!(on_circles(&[reexport, uses_inner, uses_outer]), ["folder::inner", "upper"]);
    let uses_parent = ["folder::inner", "use super::LIMIT;\npub struct Inner;\n"];
    let reexports = ["folder", "mod inner;\npub use inner::Inner;\nconst LIMIT: usize = 1;\n"];
    assert!(on_circles(&[reexports, uses_inner, uses_parent]).is_empty());
    let uses_child = ["folder", "mod inner;\npub use inner::Inner;\nconst LIMIT: Inner = Inner;\n"];
    assert_eq!(on_circles(&[uses_child, uses_parent]), ["folder", "folder::inner"]);
    let calls_child = ["folder", "mod inner;\npub fn outer() { inner::run() }\n"];
    let uses_folder = ["upper", "use crate::folder::outer;\npub struct Outer;\n"];
    let all = ["folder", "folder::inner", "upper"];
    assert_eq!(on_circles(&[calls_child, uses_folder, uses_outer]), all);
}

/// The source text of every module of a crate.
struct CrateSources(BTreeMap<ModulePath, String>);

/// Reads the modules of a crate, without `without_flex/` and `without_gpu/`, which hold other
/// versions of modules.
fn read_sources(folder: &str) -> CrateSources {
    let root = crates().join(folder).join("src");
    let files = source_files(&root).into_iter();
    let others = ["without_flex", "without_gpu"].map(|folder| root.join(folder));
    let files = files.filter(|file| !others.iter().any(|folder| file.starts_with(folder)));
    let mut sources = BTreeMap::<ModulePath, String>::new();
    for file in files {
        let module = module_path(file.strip_prefix(&root).unwrap());
        if !module.iter().any(|name| is_test(name)) {
            // `lib.rs` and `main.rs` have the empty path.
            let module = module.into_iter().map(str::to_owned).collect();
            *sources.entry(module).or_default() += &fs::read_to_string(&file).unwrap();
        }
    }
    CrateSources(sources)
}

impl CrateSources {
    /// The modules that every module imports.
    fn imports(&self) -> Imports {
        let names = self.0.iter().map(|(module, source)| {
            let used = self.paths(module, &use_statements(source)).into_iter();
            let named = used.filter_map(|path| Some((path.last()?.clone(), path)));
            (module.clone(), named.collect())
        });
        let names = names.collect();
        let imports = self.0.iter().map(|(module, source)| {
            let [reexports, code] = split_reexports(source);
            let words = words(&code);
            let used = self.paths(module, &reexports).into_iter();
            let used = used.filter(|path| path.last().is_some_and(|name| words.contains(&**name)));
            let paths = self.paths(module, &code).into_iter().chain(used);
            let paths = paths.filter(|path| !path.iter().any(|name| is_test(name)));
            let owners = paths.map(|path| owner(&path, &names));
            (module.clone(), owners.filter(|owner| owner != module).collect())
        });
        imports.collect()
    }

    /// The paths in the source of a module, from the root of the crate.
    fn paths(&self, module: &[String], source: &str) -> Vec<ModulePath> {
        let children = self.0.keys().filter_map(|other| {
            let (child, parent) = other.split_last()?;
            (parent == module).then_some(child.as_str())
        });
        let children: Vec<_> = children.collect();
        let module: Vec<_> = module.iter().map(String::as_str).collect();
        let mut paths = imports(source, &module);
        paths.extend(child_imports(source, &module, &children));
        for path in &mut paths {
            path.pop_if(|name| name == "self");
        }
        paths
    }
}

/// The names that every module imports, with their paths.
type ImportedNames = BTreeMap<ModulePath, BTreeMap<String, ModulePath>>;

/// The module that defines the name at a path.
fn owner(path: &[String], names: &ImportedNames) -> ModulePath {
    let length = (0..=path.len()).rev().find(|&length| names.contains_key(&path[..length]));
    let (module, rest) = path.split_at(length.unwrap_or(0));
    let imported = names.get(module).zip(rest.first()).and_then(|(names, name)| names.get(name));
    match imported {
        Some(imported) if imported != path => owner(imported, names),
        _ => module.to_vec(),
    }
}

/// The imports that lie on a circle.
fn circles(mut imports: Imports) -> Imports {
    let all = imports.clone();
    for (module, imported) in &mut imports {
        imported.retain(|other| reached(other, &all).contains(module));
    }
    imports.retain(|_, imported| !imported.is_empty());
    imports
}

/// The modules that a module imports, directly or through other modules.
fn reached<'a>(module: &'a ModulePath, imports: &'a Imports) -> BTreeSet<&'a ModulePath> {
    let mut reached = BTreeSet::new();
    let mut open = vec![module];
    while let Some(module) = open.pop() {
        open.extend(imports[module].iter().filter(|other| reached.insert(*other)));
    }
    reached
}
