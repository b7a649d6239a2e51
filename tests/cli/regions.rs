//! Pictures of linear regions.

use std::fs;

use safetensors::Dtype;
use serde_json::{Value, json};

use super::{Place, train, write_tensors};

/// Close to the images, where there are few regions.
const CLOSE: &str = "--margin -0.4";

/// A place with a finished run on points in the plane.
fn in_the_plane() -> Place {
    let place = Place::new();
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
    write_tensors(&place.path("data.safetensors"), tensors);
    place.run(&format!("{} --checkpoints all --limit 40", train("run"))).succeeded();
    place
}

fn regions(found: &Value) -> u64 {
    found["regions"].as_u64().unwrap()
}

#[test]
fn a_network_and_its_terms_are_drawn_side_by_side() {
    let place = Place::with_terms();
    let said = place.run(&format!("regions run --side-by-side --out both.svg {CLOSE}")).succeeded();
    assert!(said.contains("through images 0, 1 and 2, window "), "{said}");
    assert!(said.contains("network") && said.contains("extracted function"), "{said}");
    let both = fs::read_to_string(place.path("both.svg")).unwrap();
    let told = place.run(&format!("regions run --side-by-side --json {CLOSE}")).json();
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
    // Each alone, as pixels too.
    let alone =
        place.run(&format!("regions run --extracted --json --out after.PNG {CLOSE}")).json();
    assert_eq!(regions(&alone["extracted"]), extracted);
    assert_eq!((&alone["network"], &alone["out"]), (&Value::Null, &json!("after.PNG")));
    assert!(fs::read(place.path("after.PNG")).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    let alone = place.run(&format!("regions run --through 0,1,2 --json {CLOSE}")).json();
    assert_eq!(regions(&alone["network"]), network);
    assert_eq!(told["through"], json!([0, 1, 2]));
}

#[test]
fn networks_with_two_inputs_have_one_plane_and_an_animation() {
    let place = in_the_plane();
    let window = "--window -0.01,0.01,0.5,0.52";
    let told = place.run(&format!("regions run {window} --json")).json();
    assert_eq!(told["window"], json!([[-0.01, 0.01], [0.5, 0.52]]));
    assert_eq!(told["through"], Value::Null);
    let window = "--window 0.5,0.55,0.5,0.55";
    let said = place.run(&format!("regions run {window} --frames frames --format svg")).succeeded();
    assert!(said.contains("frames/epoch-0000.svg") && said.contains("both inputs"), "{said}");
    let [first, last] = ["0", "1"].map(|epoch| {
        let text = fs::read_to_string(place.path(&format!("frames/epoch-000{epoch}.svg"))).unwrap();
        assert!(text.contains(&format!("epoch {epoch}: ")), "{text}");
        text
    });
    // Points stay where they are.
    let circles = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("<circle")).map(str::to_owned).collect()
    };
    assert_eq!(circles(&first), circles(&last));
    place.run("regions run --through 0,1,2 --json").failed(&["two inputs"]);
    place.run("regions run --window 0,0,0,1 --json").failed(&["empty"]);
}

#[test]
fn what_cannot_be_drawn_is_named() {
    let place = Place::with_run();
    let fails = |arguments: &str, parts: &[&str]| {
        place.run(&format!("regions run {arguments}")).failed(parts);
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
    fails("--limit 20 --json", &["more than 20 polygons", "smaller window"]);
    place.run("regions none --json").failed(&["none"]);
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
        place.run(arguments).misused(&["error: "]);
    }
    assert!(!place.path("frames").exists());
}

#[test]
fn the_region_of_an_image_and_the_way_to_another() {
    let place = in_the_plane();
    let told = place.run("region run --of 3,0 --to 7 --facets --json").json();
    let images = told.as_array().unwrap();
    assert_eq!(images.iter().map(|image| &image["image"]).collect::<Vec<_>>(), [3, 0]);
    for image in images {
        let [l2, linf, l1] = [0, 1, 2].map(|norm| image["nearest"][norm]["distance"].as_f64());
        let [l2, linf, l1] = [l2, linf, l1].map(|distance| distance.unwrap());
        assert!(0.0 < linf && linf <= l2 && l2 <= l1 && l1 <= 2.0 * linf, "{image}");
        let number = |of: &str, name: &str| image[of][name].as_f64().unwrap();
        let facets = number("shape", "facets");
        assert!(2.0 <= facets && facets <= number("shape", "sides"), "{image}");
        // The way leaves the region no nearer than its boundary, and a polygon of two coordinates
        // holds a ball that is no smaller than the one around the image.
        assert!(number("way", "first_crossing") * number("way", "length") >= l2 * (1.0 - 1e-9));
        assert!(
            image["shape"]["inradius"].as_f64().is_none_or(|radius| radius >= l2 * (1.0 - 1e-9))
        );
        assert!(number("way", "regions") >= 2.0);
    }
    let said = place.run("region run --of 3,0 --to 7 --facets").succeeded();
    for part in ["nearest boundary, l2", "relu ", "inradius", "3 to 7", "first change of class"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let alone = place.run("region run --of 3 --json").json();
    assert_eq!(alone[0]["nearest"], images[0]["nearest"]);
    assert_eq!((&alone[0]["shape"], &alone[0]["way"]), (&Value::Null, &Value::Null));
    place.run("region run --of 500").failed(&["no image 500", "0 to 119"]);
    let nowhere = place.run("region run --of 3 --to 3 --json").json();
    assert_eq!(nowhere[0]["way"]["regions"], 1);
    place.run("region run").misused(&["error: "]);
}
