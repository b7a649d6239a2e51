//! Layers on the command line: `C32,C64k5s2,P,D128`.

use std::str::FromStr;

use anyhow::Context;
use tropex::bounds::Structure;

/// Hidden layers, the first one on the image.
#[derive(Clone, Debug)]
pub struct LayerList(Vec<LayerSpec>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum LayerSpec {
    Conv { filters: usize, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2] },
    MaxPool { kernel: [usize; 2], stride: [usize; 2] },
    Dense { width: usize },
}

impl LayerList {
    /// The structure of these layers on images `[channels, height, width]`.
    pub fn on(&self, images: &[usize; 3]) -> anyhow::Result<Structure> {
        let start = Structure::new(images)?;
        self.0.iter().enumerate().try_fold(start, |structure, (index, layer)| {
            let added = match *layer {
                LayerSpec::Conv { filters, kernel, stride, padding } => {
                    structure.conv(filters, kernel, stride, padding)
                }
                LayerSpec::MaxPool { kernel, stride } => structure.max_pool(kernel, stride),
                LayerSpec::Dense { width } => structure.dense(width),
            };
            added.with_context(|| format!("layer {} of --layers", index + 1))
        })
    }
}

impl FromStr for LayerList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for LayerSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = LayerTokens::of(text)?;
        let layer = match parts.kind {
            'C' => Self::Conv {
                filters: parts.size()?,
                kernel: parts.take('k')?.unwrap_or([3, 3]),
                stride: parts.take('s')?.unwrap_or([1, 1]),
                padding: parts.take('p')?.unwrap_or([0, 0]),
            },
            'P' => {
                let kernel = parts.take('k')?.unwrap_or([2, 2]);
                Self::MaxPool { kernel, stride: parts.take('s')?.unwrap_or(kernel) }
            }
            'D' => Self::Dense { width: parts.size()? },
            _ => return Err(parts.wrong()),
        };
        if parts.rest.is_empty() { Ok(layer) } else { Err(parts.wrong()) }
    }
}

/// The parts of a layer: its letter, then letters with numbers.
struct LayerTokens<'a> {
    text: &'a str,
    kind: char,
    /// Unread parts; the size of the layer has the letter of the layer.
    rest: Vec<(char, &'a str)>,
}

impl<'a> LayerTokens<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        let letters = text.char_indices().filter(|(_, c)| c.is_ascii_alphabetic() && *c != 'x');
        let letters: Vec<_> = letters.collect();
        let ends = letters.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
        let mut rest: Vec<_> = letters
            .iter()
            .zip(ends)
            .map(|(&(at, letter), end)| (letter, &text[at + 1..end]))
            .collect();
        match rest.first() {
            Some(&(kind, size)) if text.starts_with(kind) => {
                if size.is_empty() {
                    rest.remove(0);
                }
                Ok(Self { text, kind, rest })
            }
            _ => Err(Self { text, kind: ' ', rest }.wrong()),
        }
    }

    fn size(&mut self) -> Result<usize, String> {
        let kind = self.kind;
        match self.take(kind)? {
            Some([rows, columns]) if rows == columns => Ok(rows),
            _ => Err(self.wrong()),
        }
    }

    /// Takes the numbers after a letter: `k3` stands for `k3x3`.
    fn take(&mut self, letter: char) -> Result<Option<[usize; 2]>, String> {
        let Some(at) = self.rest.iter().position(|(found, _)| *found == letter) else {
            return Ok(None);
        };
        let (_, numbers) = self.rest.remove(at);
        let (rows, columns) = numbers.split_once('x').unwrap_or((numbers, numbers));
        match (rows.parse(), columns.parse()) {
            (Ok(rows), Ok(columns)) => Ok(Some([rows, columns])),
            _ => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> String {
        format!("`{}` is not a layer such as C32, C32k5s2p1, P, Pk3s2 or D128", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn omitted_numbers_have_defaults() {
        let conv =
            |filters, kernel, stride, padding| LayerSpec::Conv { filters, kernel, stride, padding };
        for (text, layer) in [
            ("C32", conv(32, [3, 3], [1, 1], [0, 0])),
            ("C4k5s2p1", conv(4, [5, 5], [2, 2], [1, 1])),
            ("C4s2k1x3", conv(4, [1, 3], [2, 2], [0, 0])),
            ("P", LayerSpec::MaxPool { kernel: [2, 2], stride: [2, 2] }),
            ("Pk3s2", LayerSpec::MaxPool { kernel: [3, 3], stride: [2, 2] }),
            (" D128", LayerSpec::Dense { width: 128 }),
        ] {
            assert_eq!(text.parse(), Ok(layer), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "C", "32", "X3", "C3z2", "C3k", "C3kx", "C-3", "P2", "D3x4", "D12k3", "D1D2", "Cé",
            "éC3",
        ] {
            let refused = text.parse::<LayerSpec>().unwrap_err();
            assert!(refused.contains("not a layer such as"), "{text}: {refused}");
        }
    }
}
