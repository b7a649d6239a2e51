//! Pictures of linear regions.

use std::collections::HashSet;
use std::fs;

use safetensors::Dtype;
use serde_json::{Value, json};

use super::{Workspace, train, write_tensors};

/// A small window around the images, with few regions.
const CLOSE: &str = "--margin -0.4";

/// A workspace with a finished run on points of the plane.
fn in_the_plane() -> Workspace {
    let workspace = Workspace::new();
    let splits = [("train", 120_usize), ("test", 30)].map(|(split, count)| {
        let byte = |index: usize| (index.wrapping_mul(2_654_435_761) >> 11) as u8;
        let points: Vec<u8> = (0..2 * count).map(byte).collect();
        let label = |point: usize| (i64::from(points[2 * point] > 127)).to_le_bytes();
        let labels: Vec<u8> = (0..count).flat_map(label).collect();
        (split, count, points, labels)
    });
    let tensors = splits.iter().flat_map(|(split, count, points, labels)| {
        [
            (format!("{split}.images"), Dtype::U8, vec![*count, 1, 1, 2], points),
            (format!("{split}.labels"), Dtype::I64, vec![*count], labels),
        ]
    });
    write_tensors(&workspace.path("data.safetensors"), tensors);
    workspace.run(&format!("{} --checkpoints all --limit 40", train("run"))).succeeded();
    workspace
}

fn regions(found: &Value) -> u64 {
    found["regions"].as_u64().unwrap()
}

#[test]
fn a_network_and_its_terms_are_drawn_side_by_side() {
    let workspace = Workspace::with_terms();
    let said =
        workspace.run(&format!("regions run --side-by-side --out both.svg {CLOSE}")).succeeded();
    assert!(said.contains("through images 0, 1 and 2, window "), "{said}");
    assert!(said.contains("network") && said.contains("extracted function"), "{said}");
    let both = fs::read_to_string(workspace.path("both.svg")).unwrap();
    let told = workspace.run(&format!("regions run --side-by-side --json {CLOSE}")).json();
    let (network, extracted) = (regions(&told["network"]), regions(&told["extracted"]));
    assert!(network > extracted && extracted > 0, "{told}");
    for (what, count) in [("network", network), ("extracted function", extracted)] {
        let grouped = match count {
            0..1000 => count.to_string(),
            _ => format!("{},{:03}", count / 1000, count % 1000),
        };
        assert!(both.contains(&format!(">{what}: {grouped} region")), "{what}: {grouped}");
    }
    assert_eq!(both.matches("<circle ").count(), 2 * 3 + 3);
    // Each of the two pictures alone, and one of them as PNG.
    let alone =
        workspace.run(&format!("regions run --extracted --json --out after.PNG {CLOSE}")).json();
    assert_eq!(regions(&alone["extracted"]), extracted);
    assert_eq!((&alone["network"], &alone["out"]), (&Value::Null, &json!("after.PNG")));
    assert!(fs::read(workspace.path("after.PNG")).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    let alone = workspace.run(&format!("regions run --through 0,1,2 --json {CLOSE}")).json();
    assert_eq!(regions(&alone["network"]), network);
    assert_eq!(told["through"], json!([0, 1, 2]));
}

#[test]
fn a_window_that_is_not_chosen_becomes_smaller_until_its_regions_can_be_drawn() {
    let workspace = Workspace::with_run();
    let limit = 1000;
    let told = workspace.run(&format!("regions run --limit {limit} --json")).json();
    assert!(regions(&told["network"]) <= limit, "{told}");
    let margin = &told["fitted_margin"];
    assert!((-0.5..0.0).contains(&margin.as_f64().unwrap()), "{told}");
    let chosen = workspace.run(&format!("regions run --margin={margin} --json")).json();
    assert_eq!((&chosen["window"], &chosen["fitted_margin"]), (&told["window"], &Value::Null));
    assert_eq!(chosen["network"]["regions"], told["network"]["regions"]);
    let said = workspace.run(&format!("regions run --limit {limit} --out few.svg")).succeeded();
    assert!(said.contains(&format!("margin {margin}")), "{said}");
    // The images are outside this window.
    let rings = fs::read_to_string(workspace.path("few.svg")).unwrap().matches("<circle ").count();
    let legend = 3;
    assert_eq!(rings, legend);
}

#[test]
fn networks_with_two_inputs_have_one_plane_and_an_animation() {
    let workspace = in_the_plane();
    let window = "--window -0.01,0.01,0.5,0.52";
    let told = workspace.run(&format!("regions run {window} --json")).json();
    assert_eq!(told["window"], json!([[-0.01, 0.01], [0.5, 0.52]]));
    assert_eq!(told["through"], Value::Null);
    let window = "--window 0.5,0.55,0.5,0.55";
    let said =
        workspace.run(&format!("regions run {window} --frames frames --format svg")).succeeded();
    assert!(said.contains("frames/epoch-0000.svg") && said.contains("both inputs"), "{said}");
    let [first, last] = ["0", "1"].map(|epoch| {
        let text =
            fs::read_to_string(workspace.path(&format!("frames/epoch-000{epoch}.svg"))).unwrap();
        assert!(text.contains(&format!("epoch {epoch}: ")), "{text}");
        text
    });
    // The points have equal coordinates in all frames.
    let circles = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("<circle")).map(str::to_owned).collect()
    };
    assert_eq!(circles(&first), circles(&last));
    workspace.run("regions run --through 0,1,2 --json").failed(&["two inputs"]);
    workspace.run("regions run --window 0,0,0,1 --json").failed(&["empty"]);
}

#[test]
fn invalid_pictures_are_refused() {
    let workspace = Workspace::with_run();
    let fails = |arguments: &str, parts: &[&str]| {
        workspace.run(&format!("regions run {arguments}")).failed(parts);
    };
    fails("--through 0,1,200 --json", &["no image 200 in train", "0 to 199"]);
    fails("--through 0,1,60 --split test --json", &["no image 60 in test"]);
    fails("--through 1,1,2 --json", &["on one line"]);
    fails("--window 0,1,0,1 --json", &["has 64", "three images"]);
    fails("--out picture.gif", &["picture.gif", ".svg or .png"]);
    fails(&format!("--out none/picture.svg {CLOSE}"), &["cannot write none/picture.svg"]);
    fails("--extracted --json", &["no terms in run/terms/train-worst-case", "tropex extract"]);
    fails("--frames frames", &["no checkpoints", "--checkpoints all"]);
    fails("--margin -3 --json", &["more than -0.5"]);
    fails(&format!("--limit 20 --json {CLOSE}"), &["more than 20 polygons", "smaller window"]);
    workspace.run("regions none --json").failed(&["none"]);
    for arguments in [
        "regions run",
        "regions run --through 1,2 --json",
        "regions run --through a,b,c --json",
        "regions run --window 0,1,0 --json",
        "regions run --window 0,1,0,1 --through 0,1,2 --json",
        "regions run --out a.svg --frames frames",
        "regions run --format svg --json",
        "regions run --extracted --side-by-side --json",
    ] {
        workspace.run(arguments).misused(&["error: "]);
    }
    assert!(!workspace.path("frames").exists());
}

#[test]
fn a_region_has_boundaries_facets_and_a_path() {
    let workspace = in_the_plane();
    let told = workspace.run("region run --of 3,0 --to 7 --facets --json").json();
    let images = told.as_array().unwrap();
    assert_eq!(images.iter().map(|image| &image["image"]).collect::<Vec<_>>(), [3, 0]);
    for image in images {
        let [l2, linf, l1] = [0, 1, 2].map(|norm| image["nearest"][norm]["distance"].as_f64());
        let [l2, linf, l1] = [l2, linf, l1].map(|distance| distance.unwrap());
        assert!(0.0 < linf && linf <= l2 && l2 <= l1 && l1 <= 2.0 * linf, "{image}");
        let number = |of: &str, name: &str| image[of][name].as_f64().unwrap();
        let facets = number("shape", "facets");
        assert!(2.0 <= facets && facets <= number("shape", "sides"), "{image}");
        // The first crossing on the way is at least as far as the nearest boundary. In two
        // dimensions, the largest ball in the region is at least as large as the ball around the
        // image.
        assert!(number("way", "first_crossing") * number("way", "length") >= l2 * (1.0 - 1e-9));
        assert!(
            image["shape"]["inradius"].as_f64().is_none_or(|radius| radius >= l2 * (1.0 - 1e-9))
        );
        assert!(number("way", "regions") >= 2.0);
    }
    let said = workspace.run("region run --of 3,0 --to 7 --facets").succeeded();
    for part in ["nearest boundary, l2", "relu ", "inradius", "3 to 7", "first change of class"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let alone = workspace.run("region run --of 3 --json").json();
    assert_eq!(alone[0]["nearest"], images[0]["nearest"]);
    assert_eq!((&alone[0]["shape"], &alone[0]["way"]), (&Value::Null, &Value::Null));
    workspace.run("region run --of 500").failed(&["no image 500", "0 to 119"]);
    let nowhere = workspace.run("region run --of 3 --to 3 --json").json();
    assert_eq!(nowhere[0]["way"]["regions"], 1);
    workspace.run("region run").misused(&["error: "]);
}

#[test]
fn nodes_have_the_numbers_that_inspect_gives_them() {
    let workspace = Workspace::with_run();
    let nodes = workspace.run("inspect run --json").json()["nodes"].as_array().unwrap().clone();
    let told = workspace.run("region run --of 0,1,2 --json").json();
    for image in told.as_array().unwrap() {
        for boundary in image["nearest"].as_array().unwrap() {
            let is_its = |node: &&Value| node["node"] == boundary["node"];
            let node = nodes.iter().find(is_its).expect("the node is listed");
            assert_eq!(node["operation"], boundary["op"], "{boundary}");
            assert!(boundary["unit"].as_u64() < node["units"].as_u64(), "{boundary} {node}");
        }
    }
    // The text contains the facet too.
    let said = workspace.run("region run --of 0").succeeded();
    let nearest = &told[0]["nearest"][0];
    let expected =
        format!("({} {}, unit {})", text(nearest, "op"), nearest["node"], nearest["unit"]);
    assert!(said.contains(&expected), "{expected}: {said}");
    let listed = workspace.run("inspect run").succeeded();
    let number = nearest["node"].to_string();
    let first = |line: &&str| line.split('┆').next().unwrap().trim_matches(['│', ' ']) == number;
    let row = listed.lines().find(first).expect("the node is listed");
    assert!(row.contains(text(nearest, "op")), "{row}");
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

#[test]
fn missing_images_are_refused_with_their_count() {
    let workspace = Workspace::with_run();
    let all = "there is no image 70000 in train, which has 200 images, 0 to 199";
    workspace.run("region run --of 70000").failed(&[all]);
    workspace.run("region run --of 0 --to 70000").failed(&[all]);
    workspace.run("regions run --through 0,1,70000 --json").failed(&[all]);
    let test = "there is no image 60 in test, which has 60 images, 0 to 59";
    workspace.run("region run --of 60 --split test").failed(&[test]);
}

#[test]
fn facets_are_reported_up_to_the_time_limit() {
    let workspace = in_the_plane();
    let all = workspace.run("region run --of 3 --facets --json").json();
    let none = workspace.run("region run --of 3 --facets --time-limit 0 --json").json();
    let [all, none] = [all, none].map(|told| told[0]["shape"].clone());
    assert_eq!((&all["complete"], &none["complete"]), (&json!(true), &json!(false)));
    assert_eq!(all["examined"], all["sides"]);
    assert_eq!((&none["sides"], &none["facets"]), (&all["sides"], &json!(0)));
    assert_eq!(none["inradius"], Value::Null);
    let said = workspace.run("region run --of 3 --facets --time-limit 0").succeeded();
    assert!(
        said.contains("0 so far, after 0 sides") && said.contains("not found in time"),
        "{said}"
    );
    workspace.run("region run --of 3 --time-limit 5").misused(&["--facets"]);
}

#[test]
fn a_window_of_too_many_regions_is_announced_before_the_work() {
    let workspace = in_the_plane();
    let window = "--window 0,1,0,1 --out a.svg";
    let outcome = workspace.run(&format!("regions run {window} --limit 100"));
    let (code, said) = (outcome.code, outcome.stderr.clone());
    let lines: Vec<_> = said.lines().collect();
    assert_eq!((code, lines.len()), (Some(1), 2), "{said}");
    assert!(
        lines[0].starts_with("note: the window has about ") && lines[0].contains("limit of 100:")
    );
    assert!(
        lines[1].starts_with("error: ") && lines[1].contains("more than 100 polygons"),
        "{said}"
    );
    // With `-q` or `--json`, only the error is printed.
    workspace
        .run(&format!("regions run {window} --limit 100 -q"))
        .failed(&["more than 100 polygons"]);
    workspace.run(&format!("regions run {window} --limit 100 --json")).failed(&["100 polygons"]);
}

/// Data with twelve classes that depend on the first of two inputs, and a network that predicts
/// them.
#[test]
fn twelve_classes_have_twelve_colours() {
    const CLASSES: usize = 12;
    let workspace = Workspace::new();
    let points: Vec<u8> = (0..240_usize).map(|index| (index * 37 % 256) as u8).collect();
    let labels: Vec<u8> =
        (0..120_usize).flat_map(|point| ((point % CLASSES) as i64).to_le_bytes()).collect();
    let images = vec![120, 1, 1, 2];
    write_tensors(
        &workspace.path("data.safetensors"),
        [
            ("images".to_owned(), Dtype::U8, images, &points),
            ("labels".to_owned(), Dtype::I64, vec![120], &labels),
        ],
    );
    // The network predicts the class of the nearest one of twelve means. Weights have the layout of
    // PyTorch.
    const HIDDEN: usize = 3072;
    let mean = |class: usize| (class as f32 + 0.5) / CLASSES as f32;
    let is_first = |at: usize| f32::from(u8::from(at == 0));
    let row = |class: usize| (0..HIDDEN).map(move |unit| is_first(unit) * mean(class));
    let tensors: [(&str, Vec<usize>, Vec<f32>); 4] = [
        ("0.weight", vec![HIDDEN, 2], (0..2 * HIDDEN).map(is_first).collect()),
        ("0.bias", vec![HIDDEN], (0..HIDDEN).map(|unit| is_first(unit) - 1.0).collect()),
        ("2.weight", vec![CLASSES, HIDDEN], (0..CLASSES).flat_map(row).collect()),
        ("2.bias", vec![CLASSES], (0..CLASSES).map(|class| -mean(class).powi(2) / 2.0).collect()),
    ];
    let tensors = tensors.map(|(name, shape, numbers)| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        (name, shape, bytes)
    });
    let tensors = tensors
        .iter()
        .map(|(name, shape, bytes)| ((*name).to_owned(), Dtype::F32, shape.clone(), bytes));
    write_tensors(&workspace.path("w.safetensors"), tensors);
    workspace
        .run("import fcn2 --weights w.safetensors --dataset file:data.safetensors --out twelve")
        .ended();
    workspace.run("regions twelve --window 0,1,0,1 --out twelve.svg").succeeded();
    let drawn = fs::read_to_string(workspace.path("twelve.svg")).unwrap();
    let colours = |element: &str| -> Vec<String> {
        let lines = drawn.lines().filter(|line| line.starts_with(element));
        let colour = |line: &str| Some(line.split_once("fill=\"#")?.1[..6].to_owned());
        lines.filter_map(colour).collect()
    };
    let distinct = |colours: Vec<String>| colours.iter().collect::<HashSet<_>>().len();
    assert_eq!(distinct(colours("<path fill=\"#")), CLASSES);
    // The colours of the legend, without the background.
    assert_eq!(distinct(colours("<rect x")), CLASSES);
}
