//! Folders import only from folders below them, and files import each other without circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files of the crate root from bottom to top. Each imports only from those before it.
const ORDER: [&str; 11] = [
    "unit",
    "data",
    "error",
    "statistics",
    "render",
    "run",
    "report",
    "query",
    "experiments",
    "study",
    "lib",
];

/// The modules of the crate by path, such as `report::page::files`, with their source text.
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    add_modules(Path::new(root), "", &mut modules);
    modules
}

fn add_modules(folder: &Path, prefix: &str, modules: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let name = if prefix.is_empty() { stem.clone() } else { format!("{prefix}::{stem}") };
        match stem.as_str() {
            _ if path.is_dir() => add_modules(&path, &name, modules),
            "mod" => drop(modules.insert(prefix.to_owned(), code(&path))),
            _ => drop(modules.insert(name, code(&path))),
        }
    }
}

/// A file without its comments and without its tests, which may import from anywhere.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that a module imports from its own crate, absolute and one per imported name.
fn imports(module: &str, code: &str) -> Vec<String> {
    let statements = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let is_folder = modules_below(module);
    let mut found = Vec::new();
    for statement in statements {
        let tree: String = statement.split_whitespace().collect();
        for path in expand(&tree) {
            let own = if is_folder { module } else { parent };
            let absolute = match path.split_once("::") {
                Some(("crate", rest)) => rest.to_owned(),
                Some(("super", rest)) if is_folder => join(parent, rest),
                Some(("super", rest)) => join(own, rest),
                Some(("self", rest)) => join(module, rest),
                Some((child, _)) if is_folder && is_module(&join(module, child)) => {
                    join(module, &path)
                }
                _ => continue,
            };
            found.push(absolute);
        }
    }
    found
}

/// Whether a module has a folder of submodules.
fn modules_below(module: &str) -> bool {
    path_of(module).is_dir()
}

fn is_module(module: &str) -> bool {
    modules_below(module) || path_of(module).with_extension("rs").is_file()
}

fn path_of(module: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).join(module.replace("::", "/"))
}

fn join(parent: &str, rest: &str) -> String {
    if parent.is_empty() { rest.to_owned() } else { format!("{parent}::{rest}") }
}

/// The paths of a `use` tree such as `a::{b, c::d}`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut paths, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = &inner[start..at];
                paths.extend(expand(part).into_iter().map(|path| format!("{prefix}{path}")));
                start = at + 1;
            }
            _ => {}
        }
    }
    paths
}

/// The module that an imported path belongs to: the longest prefix that is a module.
fn owner<'a>(path: &'a str, modules: &BTreeMap<String, String>) -> Option<&'a str> {
    let mut path = path;
    loop {
        if modules.contains_key(path) {
            return Some(path);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// Rank of a folder or of a file of the crate root.
fn rank(module: &str) -> usize {
    let top = module.split("::").next().unwrap_or_default();
    let position = ORDER.iter().position(|folder| *folder == top);
    position.unwrap_or_else(|| panic!("{top} is not in the order of folders"))
}

#[test]
fn folders_import_only_from_folders_below() {
    let modules = modules();
    for (module, code) in modules.iter().filter(|(module, _)| *module != "folder_order") {
        for path in imports(module, code) {
            let top = path.split("::").next().unwrap_or_default();
            // `crate::Error` is a name of the crate root, defined in `error`.
            let target = if top == "Error" { "error" } else { top };
            assert!(modules.contains_key(target), "{module} imports {path} from the crate root");
            let is_within = module.split("::").next() == Some(target);
            let is_below = rank(target) < rank(module);
            assert!(is_within || is_below, "{module} imports {path}, which is not below it");
        }
    }
}

#[test]
fn files_import_each_other_without_circles() {
    let modules = modules();
    let mut edges: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, code) in &modules {
        let paths = imports(module, code);
        let owners = paths.iter().filter_map(|path| owner(path, &modules));
        let others = owners.filter(|other| *other != module).map(str::to_owned);
        edges.insert(module, others.collect());
    }
    // Files without remaining imports are removed until none is left, unless there is a circle.
    while !edges.is_empty() {
        let done: BTreeSet<String> = edges
            .iter()
            .filter(|(_, imports)| imports.iter().all(|import| !edges.contains_key(&**import)))
            .map(|(module, _)| (*module).to_owned())
            .collect();
        assert!(!done.is_empty(), "a circle of imports: {edges:?}");
        edges.retain(|module, _| !done.contains(*module));
    }
}
