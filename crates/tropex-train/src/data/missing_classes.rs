//! Classes without images.

use super::images::Images;

/// A warning if some class has no training image. The network has a class for every number up to
/// the largest label.
pub(super) fn warning(train: &Images, test: &Images) -> Option<String> {
    let classes = train.classes();
    let mut trained = vec![false; classes];
    train.labels().iter().for_each(|&label| trained[label as usize] = true);
    let lacking: Vec<usize> = (0..classes).filter(|&class| !trained[class]).collect();
    if lacking.is_empty() {
        return None;
    }
    let has_test = |class: &usize| test.labels().iter().any(|&label| label as usize == *class);
    let what = match lacking.iter().any(has_test) {
        true => "training images",
        false => "images",
    };
    let mut text =
        format!("{classes} classes, {} without {what}: {}", lacking.len(), ranges_text(&lacking));
    if lacking == [0] {
        text += "; labels count from 0, and these seem to count from 1";
    } else {
        text += "; labels count from 0, and the network gets a class for every number up to the \
                 largest label";
    }
    Some(text)
}

/// Ranges of ascending numbers, as in `0 to 2, 4`; at most eight ranges.
fn ranges_text(numbers: &[usize]) -> String {
    const MOST: usize = 8;
    let ranges = numbers.chunk_by(|a, b| a + 1 == *b).map(|range| match range {
        [only] => only.to_string(),
        [first, .., last] if last - first == 1 => format!("{first}, {last}"),
        [first, .., last] => format!("{first} to {last}"),
        [] => String::new(),
    });
    let ranges: Vec<_> = ranges.collect();
    match ranges.len() {
        0..=MOST => ranges.join(", "),
        more => format!("{} and {} more ranges", ranges[..MOST].join(", "), more - MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(labels: &[u32], classes: usize) -> Images {
        Images::from_bytes([1, 1, 1], classes, vec![0; labels.len()], labels.to_vec()).unwrap()
    }

    fn told(train: &[u32], test: &[u32]) -> Option<String> {
        let classes = train.iter().chain(test).max().map_or(1, |&label| label as usize + 1);
        warning(&images(train, classes), &images(test, classes))
    }

    #[test]
    fn classes_without_images_are_named() {
        assert_eq!(told(&[0, 1, 2], &[0]), None);
        let text = told(&[0, 255], &[0, 255]).unwrap();
        assert!(text.starts_with("256 classes, 254 without images: 1 to 254; labels"), "{text}");
        let text = told(&[3, 5], &[5]).unwrap();
        assert!(text.starts_with("6 classes, 4 without images: 0 to 2, 4; labels count from 0"));
        let text = told(&(1..=10).collect::<Vec<_>>(), &[1]).unwrap();
        assert_eq!(
            text,
            "11 classes, 1 without images: 0; labels count from 0, and these seem to count from 1"
        );
        let text = told(&[0, 1], &[2, 3]).unwrap();
        assert!(text.starts_with("4 classes, 2 without training images: 2, 3;"), "{text}");
    }

    #[test]
    fn a_long_list_is_cut() {
        let odd: Vec<u32> = (0..200).map(|i| 2 * i).collect();
        let text = told(&odd, &[0]).unwrap();
        assert!(text.contains(": 1, 3, 5, 7, 9, 11, 13, 15 and 191 more ranges;"), "{text}");
    }
}
