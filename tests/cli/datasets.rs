//! Which images of a dataset are used, and invalid datasets.

use std::fs;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use super::{ARCHITECTURE, Workspace, images, train, write_tensors};

const RULE: &str = "every class in its share (seed 0)";

/// Labels of three classes, sorted by class.
fn sorted_labels(count: usize) -> Vec<i64> {
    (0..count).map(|image| (image * 3 / count) as i64).collect()
}

/// Images with the given labels. Each image shows its label.
fn pixels(labels: &[i64]) -> Vec<u8> {
    let pool = images(3 * labels.len(), 1);
    let image = |(number, &label): (usize, &i64)| {
        let at = 3 * number + label as usize;
        pool[at * 64..(at + 1) * 64].to_vec()
    };
    labels.iter().enumerate().flat_map(image).collect()
}

fn bytes(labels: &[i64]) -> Vec<u8> {
    labels.iter().flat_map(|label| label.to_le_bytes()).collect()
}

impl Workspace {
    /// A workspace with a dataset whose two splits are sorted by class.
    fn sorted() -> Self {
        let workspace = Self::new();
        let splits = [("train", 150), ("test", 60)].map(|(split, count)| {
            let labels = sorted_labels(count);
            (split, pixels(&labels), bytes(&labels))
        });
        workspace.write_splits("data.safetensors", &splits);
        workspace
    }

    /// Writes one set of images with the given shape of an image.
    fn write_set(&self, shape: &[usize], pixels: &Vec<u8>, labels: &[i64]) {
        let labels = bytes(labels);
        let tensors = [
            ("images".to_owned(), Dtype::U8, shape.to_vec(), pixels),
            ("labels".to_owned(), Dtype::I64, vec![labels.len() / 8], &labels),
        ];
        write_tensors(&self.path("data.safetensors"), tensors);
    }

    fn config(&self, run: &str) -> Value {
        let text = fs::read(self.path(run).join("config.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The indices of the points in a store.
    fn indices(&self, store: &str) -> Vec<usize> {
        let shard = fs::read(self.path(store).join("shard-00000.safetensors")).unwrap();
        let index =
            SafeTensors::deserialize(&shard).unwrap().tensor("index").unwrap().data().to_vec();
        index.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as usize).collect()
    }
}

fn count_of(labels: impl Iterator<Item = i64>, class: i64) -> usize {
    labels.filter(|&label| label == class).count()
}

#[test]
fn a_sixth_of_every_class_is_held_out() {
    let workspace = Workspace::new();
    let labels = sorted_labels(240);
    workspace.write_set(&[240, 1, 8, 8], &pixels(&labels), &labels);
    let said = workspace.run(&train("run")).succeeded();
    let held_out = format!("40 of 240 images, {RULE}");
    assert!(said.contains(&format!("held out for testing: {held_out}")), "{said}");
    let told = workspace.run(&(train("again") + " --json")).json();
    assert_eq!((&told["held_out"], &told["warnings"]), (&json!(held_out), &json!([])));
    let reading = json!({"layout": "nchw", "held_out": "every-class"});
    assert_eq!(workspace.config("run")["reading"], reading);
    let told = workspace.run("extract run --split test --json").json();
    assert_eq!(told["images"], json!({"count": 40, "of": 40}));
    // A run without `reading` is read by the rules of earlier versions, which give other images
    // here.
    let mut config = workspace.config("run");
    config.as_object_mut().unwrap().remove("reading");
    fs::write(workspace.path("run/config.json"), config.to_string()).unwrap();
    workspace
        .run("extract run")
        .failed(&["the train images of", "are not those that run was made with"]);
}

#[test]
fn limits_keep_every_class_in_proportion() {
    let workspace = Workspace::sorted();
    let labels = sorted_labels(150);
    let said = workspace.run(&(train("run") + " --limit 60")).succeeded();
    assert!(said.contains(&format!("60 of 150 images, {RULE}")), "{said}");
    let training = workspace.config("run")["training"].clone();
    assert_eq!((&training["limit"], &training["subset"]), (&json!(60), &json!(RULE)));

    // First the images of the training, then a subset of them.
    let taken = |count: usize, of: usize| json!({"count": count, "of": of, "rule": RULE});
    assert_eq!(workspace.run("extract run --json").json()["images"], taken(60, 150));
    let store = "run/terms/train-worst-case";
    let trained = workspace.indices(store);
    let said = workspace.run("extract run --limit 30 --replace").succeeded();
    assert!(said.contains(&format!("30 of 150 training images, {RULE}")), "{said}");
    let fewer = workspace.indices(store);
    assert!(fewer.len() == 30 && fewer.iter().all(|image| trained.contains(image)));
    for class in 0..3 {
        assert_eq!(count_of(trained.iter().map(|&image| labels[image]), class), 20);
        assert_eq!(count_of(fewer.iter().map(|&image| labels[image]), class), 10);
    }

    let evaluated = workspace.run("evaluate run --limit 12 --json").json();
    assert_eq!((&evaluated["images"], &evaluated["terms"]), (&taken(12, 60), &taken(30, 150)));
    let told = workspace.run("assign run --limit 12 --json").json();
    assert_eq!((&told["taken"], &told["terms"]), (&taken(12, 60), &taken(30, 150)));
    let assigned = told["assignments"].as_array().unwrap();
    for class in 0..3 {
        assert_eq!(
            count_of(assigned.iter().map(|image| image["label"].as_i64().unwrap()), class),
            4
        );
    }
    // Images are named by their index in the dataset.
    for image in assigned {
        let index = image["image"].as_u64().unwrap() as usize;
        assert_eq!(image["label"], sorted_labels(60)[index]);
        let winner = image["best"][0]["training_image"].as_u64().unwrap() as usize;
        assert!(fewer.contains(&winner), "{image}");
    }
    let own = workspace.run("assign run --split train --limit 30 --json").json();
    for image in own["assignments"].as_array().unwrap() {
        assert_eq!(image["best"][0]["class"], image["network"]);
    }

    let finding = workspace.run("experiment exactness run --points 15 --json").json();
    let subject = &finding["reports"][0]["subjects"][0];
    assert_eq!(subject["taken"], json!({"terms": taken(30, 150), "test": taken(15, 60)}));
    let values = finding["reports"][0]["values"].as_array().unwrap();
    for name in ["agreement", "own term is maximal"] {
        let value = values.iter().find(|value| value["name"] == name).unwrap();
        assert_eq!(value["value"], 1.0, "{name}");
    }
    let told = workspace.run("precision run --limit 9 --json").json();
    assert_eq!(told[0]["images"], taken(9, 150));
}

/// Without its own term, an image has the best one of the other terms, also if only some images are
/// examined.
#[test]
fn own_terms_are_found_in_the_terms_of_a_subset() {
    let workspace = Workspace::sorted();
    workspace.run(&train("run")).succeeded();
    workspace.run("extract run --limit 60").succeeded();
    let told = workspace.run("experiment leave-one-out run --points 21 --json").json();
    let values = told["reports"][0]["values"].as_array().unwrap();
    let agreement = values.iter().find(|value| value["name"] == "agreement").unwrap();
    let told = workspace.run("assign run --split train --limit 21 --top 2 --json").json();
    let assigned = told["assignments"].as_array().unwrap();
    let agreeing = assigned.iter().filter(|image| {
        let others = image["best"].as_array().unwrap().iter();
        let mut others = others.filter(|term| term["training_image"] != image["image"]);
        others.next().unwrap()["class"] == image["network"]
    });
    assert_eq!(agreement["value"], json!(agreeing.count() as f64 / 21.0));
}

#[test]
fn old_runs_and_terms_of_the_first_images_are_read() {
    let workspace = Workspace::sorted();
    workspace.run(&(train("run") + " --limit 60")).succeeded();
    // Earlier versions recorded no `subset`.
    let mut config = workspace.config("run");
    config["training"].as_object_mut().unwrap().remove("subset");
    fs::write(workspace.path("run/config.json"), config.to_string()).unwrap();
    workspace.run(&(train("run") + " --limit 60")).failed(&[
        "holds a run with training.subset \"the first ones\", not \"every class in its share",
    ]);
    workspace.run("extract run").succeeded();
    let manifest = workspace.path("run/terms/train-worst-case/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("\"format\": 2") && !text.contains("\"subset\""), "{text}");
    fs::write(&manifest, text.replace("\"format\": 2", "\"format\": 1")).unwrap();
    assert_eq!(workspace.indices("run/terms/train-worst-case"), (0..60).collect::<Vec<_>>());
    let said = workspace.run("evaluate run").succeeded();
    assert!(said.contains("the first 60 of 150 training images"), "{said}");
    workspace.run("extract run").succeeded();
    workspace.run("experiment exactness run --points 20").succeeded();
    workspace.run("extract run --limit 60").failed(&[
        "holds terms of another extraction (points: the first ones instead of every class",
        "delete the folder; or extract with --replace",
    ]);
}

#[test]
fn channels_last_images_need_a_layout() {
    let workspace = Workspace::new();
    let labels = sorted_labels(60);
    // Images of 8 x 8 pixels with three channels: channels first, and channels last.
    let first: Vec<u8> = (0..60 * 192).map(|at| (at * 7 % 251) as u8).collect();
    let last = (0..60 * 192).map(|at| {
        let (image, pixel, channel) = (at / 192, at % 192 / 3, at % 3);
        first[image * 192 + channel * 64 + pixel]
    });
    workspace.write_set(&[60, 8, 8, 3], &last.collect(), &labels);
    workspace.run(&train("run")).failed(&[
        "`images` has shape [60, 8, 8, 3], which looks like channels last; expected [count, \
         channels, height, width]",
        "numpy.transpose(images, (0, 3, 1, 2))",
        "--layout nhwc",
    ]);
    assert!(!workspace.path("run").exists());
    workspace.run(&(train("run") + " --layout nhwc")).succeeded();
    workspace.run(&(train("as-it-is") + " --layout nchw")).succeeded();
    workspace.run("extract run --limit 20").succeeded();
    workspace.run("extract as-it-is --limit 20").succeeded();
    assert_eq!(workspace.config("as-it-is")["input_shape"], json!([8, 8, 3]));
    workspace.write_set(&[60, 3, 8, 8], &first, &labels);
    workspace.run(&train("moved")).succeeded();
    let [read, moved] = ["run", "moved"].map(|run| workspace.config(run));
    assert_eq!((&read["data"], &read["input_shape"]), (&moved["data"], &json!([3, 8, 8])));
    assert_eq!(read["reading"]["layout"], "nhwc");
    let shapes = format!("train {ARCHITECTURE} --dataset embedded --layout nhwc --out x");
    workspace.run(&shapes).failed(&["embedded has a layout of its own", "file:PATH"]);
    workspace.run(&(train("x") + " --layout hwc")).misused(&["nchw", "nhwc"]);
}

#[test]
fn classes_without_images_are_named() {
    let workspace = Workspace::new();
    let labels: Vec<i64> = (0..60).map(|image| 1 + image % 10).collect();
    workspace.write_set(&[60, 1, 8, 8], &images(60, 1), &labels);
    let warning = "11 classes, 1 without images: 0; labels count from 0, and these seem to count \
                   from 1";
    workspace.run(&train("run")).warned(&[warning]);
    let mut command = workspace.command(&(train("again") + " --json -q"));
    let output = command.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains(warning));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["warnings"], json!([warning]));
    assert_eq!(workspace.config("run")["data_warnings"], json!([warning]));
    // The warning is not repeated.
    workspace.run("extract run").succeeded();
}

#[test]
fn files_of_another_dataset_give_a_warning() {
    let workspace = Workspace::new();
    let idx = |extents: &[u32], elements: Vec<u8>| {
        let header = [0, 0, 8, extents.len() as u8].into_iter();
        let extents = extents.iter().flat_map(|extent| extent.to_be_bytes());
        header.chain(extents).chain(elements).collect::<Vec<u8>>()
    };
    for (split, count) in [("train", 40_u32), ("t10k", 20)] {
        let pixels = (0..count * 784).map(|at| (at % 256) as u8).collect();
        let labels = (0..count).map(|image| (image % 10) as u8).collect();
        let write = |name: &str, file: Vec<u8>| {
            fs::write(workspace.path(&format!("{split}-{name}-ubyte")), file).unwrap();
        };
        write("images-idx3", idx(&[count, 28, 28], pixels));
        write("labels-idx1", idx(&[count], labels));
    }
    for dataset in ["mnist", "fashion-mnist", "fashion-mnist-32"] {
        let published = dataset.trim_end_matches("-32");
        let warning =
            format!("the files in . are not the published ones of {published}: 40 training");
        let run = format!(
            "train {ARCHITECTURE} --dataset {dataset} --data-dir . --epochs 0 --out {dataset}"
        );
        workspace.run(&run).warned(&[&warning]);
        let recorded = workspace.config(dataset)["data_warnings"][0].as_str().unwrap().to_owned();
        assert!(recorded.starts_with(&warning), "{recorded}");
    }
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 17\n";
    fs::write(workspace.path("t10k-labels-idx1-ubyte"), pointer).unwrap();
    let run = format!("train {ARCHITECTURE} --dataset mnist --data-dir . --out x");
    workspace
        .run(&run)
        .failed(&["t10k-labels-idx1-ubyte: this is a Git LFS pointer", "git lfs pull"]);
}
