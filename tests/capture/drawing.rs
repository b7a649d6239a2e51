//! The drawing of a network, parsed by a small parser of Graphviz's language.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor};
use tropex::{Network, capture};

use crate::common::device;

/// A shortcut around a convolution with batch norm, a pooling, and a softmax.
#[derive(Module, Debug)]
struct Shortcut {
    conv: Conv2d,
    norm: BatchNorm,
    pool: MaxPool2d,
    head: Linear,
}

impl Shortcut {
    fn new(device: &Device) -> Self {
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        Self {
            conv: Conv2dConfig::new([2, 2], [3, 3]).with_padding(padding).init(device),
            norm: BatchNormConfig::new(2).init(device),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            head: LinearConfig::new(8, 3).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let sum = self.norm.forward(self.conv.forward(images.clone())) + images;
        let pooled = self.pool.forward(relu(sum));
        softmax(self.head.forward(pooled.flatten(1, 3)), 1)
    }
}

fn network() -> Network {
    capture(&Shortcut::new(&device()), [2, 4, 4], Shortcut::forward).unwrap()
}

type Attributes = BTreeMap<String, String>;

/// The nodes and edges that a drawing declares.
#[derive(Debug, Default)]
struct Drawing {
    nodes: BTreeMap<String, Attributes>,
    edges: Vec<(String, String)>,
}

/// Splits a text into words (`->` is one), quoted strings without their quotes, and single symbols.
fn tokens(text: &str) -> Vec<String> {
    let mut characters = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = characters.next() {
        match c {
            c if c.is_whitespace() => {}
            '"' => {
                let mut string = String::new();
                loop {
                    match characters.next().expect("a string that ends") {
                        '"' => break,
                        '\\' => string.push(match characters.next().expect("an escape") {
                            'n' => '\n',
                            c => c,
                        }),
                        c => string.push(c),
                    }
                }
                tokens.push(string);
            }
            '{' | '}' | '[' | ']' | '=' | ',' | ';' => tokens.push(c.into()),
            c => {
                let mut word = String::from(c);
                let in_word = |c: &char| c.is_ascii_alphanumeric() || "_.->".contains(*c);
                while let Some(c) = characters.next_if(in_word) {
                    word.push(c);
                }
                tokens.push(word);
            }
        }
    }
    tokens
}

fn parse(text: &str) -> Drawing {
    let tokens = tokens(text);
    let tokens: Vec<_> = tokens.iter().map(String::as_str).collect();
    let ["digraph", "network", "{", statements @ .., "}"] = tokens.as_slice() else {
        panic!("no digraph: {text}")
    };
    let mut drawing = Drawing::default();
    for statement in statements.split_inclusive(|token| *token == ";") {
        let (statement, attributes) = match statement {
            [statement @ .., ";"] if !statement.contains(&"[") => (statement, &[][..]),
            [statement @ .., "]", ";"] => {
                let open = statement.iter().position(|token| *token == "[").expect("an opening");
                (&statement[..open], &statement[open + 1..])
            }
            _ => panic!("no statement: {statement:?}"),
        };
        let attributes = attributes.split(|token| *token == ",").filter(|part| !part.is_empty());
        let attributes = attributes.map(|part| match part {
            [key, "=", value] => (key.to_string(), value.to_string()),
            _ => panic!("no attribute: {part:?}"),
        });
        match statement {
            ["node" | "edge"] => drop(attributes.collect::<Attributes>()),
            [name] => {
                let again = drawing.nodes.insert(name.to_string(), attributes.collect());
                assert!(again.is_none(), "{name} is declared twice");
            }
            [from, "->", to] => drawing.edges.push((from.to_string(), to.to_string())),
            _ => panic!("neither node nor edge: {statement:?}"),
        }
    }
    drawing
}

#[test]
fn a_drawing_has_the_nodes_and_edges_of_the_network() {
    let network = network();
    let drawing = parse(&network.dot());
    let label = |name: &str| drawing.nodes[name]["label"].as_str();
    assert_eq!(drawing.nodes.len(), network.nodes().len() + 2);
    let labels = [
        ("v0", "input\n2x4x4"),
        ("v1", "conv2d 3x3, padding 1x1\nconv + norm\n2x4x4"),
        ("v2", "add\n2x4x4"),
        ("v3", "relu\n2x4x4"),
        ("v4", "max pool 2x2, stride 2x2\n2x2x2"),
        ("v5", "linear\nhead\n3"),
        ("output", "softmax, left out"),
    ];
    for (name, expected) in labels {
        assert_eq!(label(name), expected);
    }
    let mut edges = drawing.edges.clone();
    edges.sort();
    let expected =
        [("v0", "v1"), ("v0", "v2"), ("v1", "v2"), ("v2", "v3"), ("v3", "v4"), ("v4", "v5")];
    let expected = expected.into_iter().chain([("v5", "output")]);
    assert!(edges.iter().map(|(from, to)| (from.as_str(), to.as_str())).eq(expected), "{edges:?}");
}

#[test]
fn maxima_are_drawn_differently() {
    let network = network();
    let drawing = parse(&network.dot());
    let look = |name: &str| drawing.nodes[name].get("shape").map(String::as_str);
    for (index, node) in network.nodes().iter().enumerate() {
        let pointed = look(&format!("v{}", index + 1)) == Some("invhouse");
        assert_eq!(pointed, node.op().is_maximum(), "{}", node.summary());
    }
    assert_eq!(network.nodes().iter().filter(|node| node.op().is_maximum()).count(), 2);
}
