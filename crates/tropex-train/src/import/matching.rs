//! Matching of the layers of a file and of the network.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use super::ImportError;
use super::layers::{FileLayer, GroupedLayers, LayerKind, NetworkLayer, Signature};

/// The layers of a file in the order of the network.
pub(super) struct MatchedLayers {
    pub(super) layers: Vec<FileLayer>,
    /// Notes on a match that was not by number, and on folded norms.
    pub(super) notes: Vec<String>,
}

const MISFIT: &str = "the layers are not those of the network";
const AMBIGUOUS: &str = "several layers have the same shape, and their names do not tell the order";

/// Puts the layers of a file into the order of the network.
///
/// `is_ordered`: the file has the order in which a program made the layers.
pub(super) fn assign(
    grouped: GroupedLayers,
    tensor_specs: &[NetworkLayer<'_>],
    is_ordered: bool,
    path: &Path,
) -> Result<MatchedLayers, ImportError> {
    let GroupedLayers { mut mapped, mut others } = grouped;
    let open: Vec<usize> =
        (0..tensor_specs.len()).filter(|place| !mapped.contains_key(place)).collect();
    let wanted: Vec<&NetworkLayer<'_>> = open.iter().map(|&place| &tensor_specs[place]).collect();
    let folded = fold_projection_norms(&mut others, &wanted);
    require_same_layers(&others, &wanted, path)?;
    let numbered = by_number(&others);
    let is_numbered = numbered.is_some();
    let order = match numbered {
        Some(order) => order,
        None => LayerMatcher { files: &others, tensor_specs: &wanted, is_ordered }
            .order()
            .map_err(|of| of.error(&others, &wanted, path))?,
    };
    let names: Vec<String> = order
        .iter()
        .zip(&wanted)
        .map(|(&file, spec)| format!("{} = {}", others[file].name, spec.name))
        .collect();
    let mut by_place: Vec<Option<FileLayer>> = others.into_iter().map(Some).collect();
    for (&file, &place) in order.iter().zip(&open) {
        mapped.extend(by_place[file].take().map(|layer| (place, layer)));
    }
    let by = if is_ordered { "their order in the file" } else { "shape and the numbers in names" };
    let mut notes = Vec::new();
    if !is_numbered && !names.is_empty() {
        notes.push(format!("layers matched by {by}: {}", names.join(", ")));
    }
    if folded > 0 {
        notes.push(format!("batch norms behind projections folded: {folded}"));
    }
    Ok(MatchedLayers { layers: mapped.into_values().collect(), notes })
}

/// Attaches batch norms that follow projections to these, if the network has no layers for them.
/// Returns their number.
fn fold_projection_norms(files: &mut Vec<FileLayer>, tensor_specs: &[&NetworkLayer<'_>]) -> usize {
    let projections = tensor_specs.iter().filter(|spec| spec.is_projection()).count();
    if projections == 0 || files.len() != tensor_specs.len() + projections {
        return 0;
    }
    let pairs: Vec<(String, String)> = files
        .iter()
        .filter(|layer| layer.is_plain_projection())
        .filter_map(|layer| {
            let norm = format!("{}.1", layer.name.strip_suffix(".0")?);
            let channels = layer.signature().1[0];
            let norm = files.iter().find(|other| other.name == norm)?;
            norm.is_whole_norm(channels).then(|| (layer.name.clone(), norm.name.clone()))
        })
        .collect();
    if pairs.len() != projections {
        return 0;
    }
    for (conv, norm) in pairs {
        let Some(at) = files.iter().position(|layer| layer.name == norm) else { continue };
        let norm = files.remove(at);
        if let Some(conv) = files.iter_mut().find(|layer| layer.name == conv) {
            conv.norm = Some(Box::new(norm));
        }
    }
    projections
}

/// Refuses layers that differ from those of the network in shape or number.
fn require_same_layers(
    files: &[FileLayer],
    tensor_specs: &[&NetworkLayer<'_>],
    path: &Path,
) -> Result<(), ImportError> {
    let mut counts: BTreeMap<Signature, isize> = BTreeMap::new();
    files.iter().for_each(|layer| *counts.entry(layer.signature()).or_default() += 1);
    tensor_specs.iter().for_each(|spec| *counts.entry(spec.signature()).or_default() -= 1);
    let differs = |signature: &Signature| counts.get(signature).is_some_and(|&count| count != 0);
    let only_in_file = files.iter().filter(|layer| differs(&layer.signature()));
    let only_in_file: Vec<String> = only_in_file.map(FileLayer::described).collect();
    let missing: Vec<&&NetworkLayer<'_>> =
        tensor_specs.iter().filter(|spec| differs(&spec.signature())).collect();
    if only_in_file.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let network: Vec<String> = missing.iter().map(|spec| spec.described()).collect();
    let (path, found, expected) = (path.to_path_buf(), files.len(), tensor_specs.len());
    if only_in_file.is_empty() && missing.iter().all(|spec| spec.is_projection()) {
        return Err(ImportError::Shortcuts { path, layers: network });
    }
    let problem = match found == expected {
        true => MISFIT.to_owned(),
        false => format!("{found} layers with parameters, expected {expected}"),
    };
    Err(ImportError::Layers { path, problem, file: only_in_file, network })
}

/// The order of layers whose names are a common prefix and numbers.
fn by_number(files: &[FileLayer]) -> Option<Vec<usize>> {
    let prefix = shared_prefix(files);
    let mut ordered = files
        .iter()
        .enumerate()
        .map(|(index, layer)| Some((numbers(&layer.name, prefix)?, index)))
        .collect::<Option<Vec<_>>>()?;
    ordered.sort();
    Some(ordered.into_iter().map(|(_, index)| index).collect())
}

/// Number of leading parts that are words and common to all names.
fn shared_prefix(files: &[FileLayer]) -> usize {
    let is_word = |part: &&str| part.parse::<usize>().is_err();
    let Some(first) = files.first() else { return 0 };
    let words = first.name.split('.').take_while(is_word);
    let shared = words.enumerate().take_while(|(index, word)| {
        files.iter().all(|layer| layer.name.split('.').nth(*index) == Some(word))
    });
    shared.count()
}

/// The numbers of a name after its prefix; `None` if there are other parts or no numbers.
fn numbers(layer: &str, prefix: usize) -> Option<Vec<usize>> {
    let numbers: Option<Vec<usize>> =
        layer.split('.').skip(prefix).map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

/// Layers of a file and of the network that are equal up to their order.
struct LayerMatcher<'a> {
    files: &'a [FileLayer],
    tensor_specs: &'a [&'a NetworkLayer<'a>],
    is_ordered: bool,
}

/// Layers of one shape in unknown order.
struct AmbiguousSignature(Signature);

impl AmbiguousSignature {
    fn error(
        self,
        files: &[FileLayer],
        tensor_specs: &[&NetworkLayer<'_>],
        path: &Path,
    ) -> ImportError {
        let file = files.iter().filter(|layer| layer.signature() == self.0);
        let network = tensor_specs.iter().filter(|spec| spec.signature() == self.0);
        ImportError::Layers {
            path: path.into(),
            problem: AMBIGUOUS.into(),
            file: file.map(FileLayer::described).collect(),
            network: network.map(|spec| spec.described()).collect(),
        }
    }
}

impl LayerMatcher<'_> {
    /// The layer of the file for each layer of the network.
    fn order(&self) -> Result<Vec<usize>, AmbiguousSignature> {
        let mut order = vec![usize::MAX; self.tensor_specs.len()];
        let in_order = self.is_ordered && self.fits_in_order();
        for (signature, (files, tensor_specs)) in self.by_signature() {
            let sorted = if in_order {
                match self.contradicts(&files) {
                    true => return Err(AmbiguousSignature(signature)),
                    false => files,
                }
            } else {
                match self.sorted(files.clone()) {
                    Some(sorted) => sorted,
                    None if signature.0 == LayerKind::Norm => {
                        self.beside_convs(&files).ok_or(AmbiguousSignature(signature))?
                    }
                    None => return Err(AmbiguousSignature(signature)),
                }
            };
            tensor_specs.into_iter().zip(sorted).for_each(|(spec, file)| order[spec] = file);
        }
        Ok(order)
    }

    /// Indices of the layers of the file and of the network, by signature.
    fn by_signature(&self) -> BTreeMap<Signature, (Vec<usize>, Vec<usize>)> {
        let mut groups: BTreeMap<Signature, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (index, layer) in self.files.iter().enumerate() {
            groups.entry(layer.signature()).or_default().0.push(index);
        }
        for (index, spec) in self.tensor_specs.iter().enumerate() {
            groups.entry(spec.signature()).or_default().1.push(index);
        }
        groups
    }

    /// Whether the convolutions of the file have the shapes of those of the network, in order;
    /// likewise the norms and the dense layers.
    fn fits_in_order(&self) -> bool {
        [LayerKind::Conv, LayerKind::Norm, LayerKind::Dense].into_iter().all(|kind| {
            let files = self.files.iter().map(FileLayer::signature).filter(|of| of.0 == kind);
            files.eq(self
                .tensor_specs
                .iter()
                .map(|spec| spec.signature())
                .filter(|of| of.0 == kind))
        })
    }

    /// Whether numbers in names contradict the order in the file.
    fn contradicts(&self, files: &[usize]) -> bool {
        files.windows(2).any(|pair| self.number_order(pair[0], pair[1]) == Some(Ordering::Greater))
    }

    /// Layers sorted by the numbers in which their names differ; `None` if two names differ in
    /// something else.
    fn sorted(&self, mut files: Vec<usize>) -> Option<Vec<usize>> {
        let is_told = files.iter().enumerate().all(|(at, &first)| {
            files[at + 1..].iter().all(|&second| self.number_order(first, second).is_some())
        });
        files.sort_by(|&a, &b| self.number_order(a, b).unwrap_or(Ordering::Equal));
        is_told.then_some(files)
    }

    /// The order of two layers by the first difference of their names, if that is a number.
    fn number_order(&self, first: usize, second: usize) -> Option<Ordering> {
        let [first, second] = [first, second].map(|file| pieces(&self.files[file].name));
        let differing = first.iter().zip(&second).find(|(first, second)| first != second)?;
        let (first, second) = (differing.0.parse::<u64>().ok()?, differing.1.parse().ok()?);
        Some(first.cmp(&second))
    }

    /// Norms in the order of the convolutions with similar names.
    fn beside_convs(&self, norms: &[usize]) -> Option<Vec<usize>> {
        let convs: BTreeMap<Signature, (Vec<usize>, Vec<usize>)> = self
            .by_signature()
            .into_iter()
            .filter(|((kind, _), _)| *kind == LayerKind::Conv)
            .collect();
        let mut placed = Vec::new();
        for &norm in norms {
            let name = conv_name(&self.files[norm].name);
            let conv = self.files.iter().position(|layer| {
                layer.kind() == LayerKind::Conv && conv_name(&layer.name) == name
            })?;
            let (files, tensor_specs) = convs.get(&self.files[conv].signature())?;
            let rank = self.sorted(files.clone())?.iter().position(|&file| file == conv)?;
            let behind = self.tensor_specs.get(tensor_specs[rank] + 1)?;
            let fits = behind.signature() == self.files[norm].signature();
            placed.push((tensor_specs[rank], norm, fits.then_some(())?));
        }
        placed.sort_unstable();
        let is_one_each = placed.windows(2).all(|pair| pair[0].0 != pair[1].0);
        is_one_each.then(|| placed.into_iter().map(|(_, norm, ())| norm).collect())
    }
}

/// A name with `conv` in place of words for norms: `layer1.0.bn2` becomes `layer1.0.conv2`.
fn conv_name(name: &str) -> String {
    let name = name.to_lowercase();
    ["batchnorm", "batch_norm", "norm", "bn"]
        .iter()
        .fold(name, |name, word| name.replace(word, "conv"))
}

/// Splits a name into digits and the texts between them: `conv`, `12`, `.`, `3`.
fn pieces(name: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_digits_and_texts() {
        assert_eq!(pieces("conv12.3"), ["conv", "12", ".", "3"]);
        assert_eq!(pieces("7é"), ["7", "é"]);
        assert!(pieces("").is_empty());
    }

    #[test]
    fn a_norm_is_named_like_its_convolution() {
        for norm in ["layer1.0.bn2", "layer1.0.norm2", "layer1.0.batch_norm2"] {
            assert_eq!(conv_name(norm), "layer1.0.conv2");
        }
    }
}
