//! Output files with the names that people give: pipes, links, devices and existing files.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::thread;

use super::{ARCHITECTURE, Workspace, train};

const ASSIGN: &str = "assign run --limit 7 --out";

/// A workspace with terms, and the text of its assignments.
fn place_with_assignments() -> (Workspace, String) {
    let workspace = Workspace::with_terms();
    workspace.run(&format!("{ASSIGN} all.csv")).succeeded();
    let expected = fs::read_to_string(workspace.path("all.csv")).unwrap();
    assert_eq!(expected.lines().count(), 8);
    (workspace, expected)
}

#[test]
fn a_pipe_is_written_and_stays_a_pipe() {
    let (workspace, expected) = place_with_assignments();
    let pipe = workspace.path("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut text = String::new();
            File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
            text
        }
    });
    workspace.run(&format!("{ASSIGN} pipe.csv")).succeeded();
    assert_eq!(reader.join().unwrap(), expected);
    assert!(!fs::symlink_metadata(pipe).unwrap().is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_gets_the_file_and_then_the_rest() {
    let (workspace, expected) = place_with_assignments();
    symlink("/proc/self/fd/1", workspace.path("stdout")).unwrap();
    for path in ["stdout", "/dev/stdout"] {
        let log = File::create(workspace.path("log")).unwrap();
        let status = workspace.command(&format!("{ASSIGN} {path}")).stdout(log).status().unwrap();
        assert!(status.success());
        let said = fs::read_to_string(workspace.path("log")).unwrap();
        let rest = said.strip_prefix(&expected).unwrap_or_else(|| panic!("{path}: {said}"));
        assert!(rest.contains("all in") && rest.contains(path), "{rest}");
    }
    assert!(fs::symlink_metadata(workspace.path("stdout")).unwrap().is_symlink());
    workspace.run(&format!("{ASSIGN} /dev/full")).failed(&["cannot write /dev/full", "No space"]);
}

#[test]
fn links_are_followed_and_modes_kept() {
    let (workspace, expected) = place_with_assignments();
    fs::create_dir(workspace.path("shared")).unwrap();
    fs::write(workspace.path("shared/a.csv"), "old").unwrap();
    for (link, target) in [("a.csv", "shared/a.csv"), ("b.csv", "shared/none.csv")] {
        symlink(target, workspace.path(link)).unwrap();
        workspace.run(&format!("{ASSIGN} {link}")).succeeded();
        assert!(fs::symlink_metadata(workspace.path(link)).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(workspace.path(target)).unwrap(), expected);
    }
    let own = workspace.path("own.csv");
    fs::write(&own, "old").unwrap();
    let set = |mode| fs::set_permissions(&own, fs::Permissions::from_mode(mode)).unwrap();
    set(0o600);
    workspace.run(&format!("{ASSIGN} own.csv")).succeeded();
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&own, "kept").unwrap();
    set(0o400);
    workspace
        .run(&format!("{ASSIGN} own.csv"))
        .failed(&["cannot write own.csv", "write-protected"]);
    assert_eq!(fs::read_to_string(&own).unwrap(), "kept");
}

#[test]
fn a_file_with_the_name_of_the_markdown_is_kept() {
    let workspace = Workspace::with_terms();
    let ask = |page: &str| workspace.run(&format!("experiment exactness run --page {page}"));
    fs::write(workspace.path("paper.md"), "My paper.").unwrap();
    ask("paper.html").failed(&["paper.md was not made by tropex and is not replaced"]);
    assert!(!workspace.path("paper.html").exists() && !workspace.path("run/reports").exists());
    assert_eq!(fs::read_to_string(workspace.path("paper.md")).unwrap(), "My paper.");
    for _ in 0..2 {
        ask("new.html").succeeded();
    }
    let markdown = fs::read_to_string(workspace.path("new.md")).unwrap();
    assert!(markdown.starts_with("# Linear terms") && workspace.path("new.html").exists());
    ask("only.md").succeeded();
    assert_eq!(fs::read_to_string(workspace.path("only.md")).unwrap(), markdown);
    ask("plain").succeeded();
    assert!(!workspace.path("plain.md").exists());
}

#[test]
fn frames_replace_frames_but_no_other_pictures() {
    let workspace = Workspace::new();
    workspace.run(&(train("run") + " --checkpoints all")).succeeded();
    for format in ["svg", "png"] {
        let command =
            format!("regions run --through 0,1,2 --margin -0.49 --frames frames --format {format}");
        let file = format!("frames/epoch-0001.{format}");
        fs::create_dir_all(workspace.path("frames")).unwrap();
        fs::write(workspace.path(&file), "my own picture").unwrap();
        workspace.run(&command).failed(&[&file, "not made by tropex"]);
        assert_eq!(fs::read_to_string(workspace.path(&file)).unwrap(), "my own picture");
        assert!(!workspace.path(&format!("frames/epoch-0000.{format}")).exists());
        fs::remove_file(workspace.path(&file)).unwrap();
        for _ in 0..2 {
            workspace.run(&command).succeeded();
        }
    }
}

#[test]
fn a_folder_with_other_content_is_refused_for_a_study() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("folder")).unwrap();
    for name in ["index.html", "numbers.jsonl"] {
        fs::write(workspace.path("folder").join(name), "my own").unwrap();
        let refused = ["folder holds no study", name, "--out"];
        workspace.run("study quick --out folder").failed(&refused);
        assert_eq!(fs::read_to_string(workspace.path("folder").join(name)).unwrap(), "my own");
        fs::remove_file(workspace.path("folder").join(name)).unwrap();
    }
    assert_eq!(fs::read_dir(workspace.path("folder")).unwrap().count(), 0);
    let train = format!("train {ARCHITECTURE} --dataset file:data.safetensors --out folder");
    fs::write(workspace.path("folder/model.safetensors"), "my own").unwrap();
    workspace.run(&train).failed(&["folder is not a run and not empty"]);
}
