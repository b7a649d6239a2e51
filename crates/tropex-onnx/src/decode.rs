//! Decoding of the tensors of a file.

use std::path::Path;

use burn::tensor::{bf16, f16};
use bytes::Bytes;

use crate::constant::{HostTensor, NumberKind, elements};
use crate::error::OpError;
use crate::file;
use crate::proto::{self, data_type};

/// Decodes a tensor, whose data can be in another file in `folder`, if there is one.
pub(crate) fn decode(
    tensor: &proto::TensorProto,
    folder: Option<&Path>,
) -> Result<HostTensor, OpError> {
    let shape = shape_of(tensor)?;
    let count = elements(&shape).ok_or("its shape is too large")?;
    let (kind, bytes) = type_of(tensor.data_type)?;
    let external;
    let raw: Option<&Bytes> = if tensor.location == 1 {
        external =
            file::read_external(folder, tensor, (count as u64).saturating_mul(bytes as u64))?;
        Some(&external)
    } else {
        tensor.raw.as_ref()
    };
    let numbers = match raw {
        Some(raw) if Some(raw.len()) == count.checked_mul(bytes) => from_raw(raw, tensor.data_type),
        Some(raw) => return Err(wrong_count(&shape, raw.len() / bytes)),
        None => from_lists(tensor),
    };
    if numbers.len() != count {
        return Err(wrong_count(&shape, numbers.len()));
    }
    Ok(HostTensor::new(shape, numbers, kind))
}

fn shape_of(tensor: &proto::TensorProto) -> Result<Vec<usize>, OpError> {
    let extent = |&extent: &i64| usize::try_from(extent).map_err(|_| "a negative extent".into());
    tensor.shape.iter().map(extent).collect()
}

fn wrong_count(shape: &[usize], found: usize) -> OpError {
    format!("its shape is {shape:?}, but it has {found} numbers").into()
}

/// Kind of the numbers of a data type, and bytes per number.
pub(crate) fn type_of(data_type: i32) -> Result<(NumberKind, usize), OpError> {
    Ok(match data_type {
        data_type::FLOAT => (NumberKind::Float, 4),
        data_type::DOUBLE => (NumberKind::Float, 8),
        data_type::FLOAT16 | data_type::BFLOAT16 => (NumberKind::Float, 2),
        data_type::INT8 | data_type::UINT8 => (NumberKind::Int, 1),
        data_type::INT16 | data_type::UINT16 => (NumberKind::Int, 2),
        data_type::INT32 | data_type::UINT32 => (NumberKind::Int, 4),
        data_type::INT64 | data_type::UINT64 => (NumberKind::Int, 8),
        data_type::BOOL => (NumberKind::Bool, 1),
        data_type::STRING => return Err("it holds text, not numbers".into()),
        other => {
            let reason = format!(
                "its numbers are of type {other} (8 bits or fewer, or complex), which is not \
                 supported; convert the model to float32"
            );
            return Err(reason.into());
        }
    })
}

/// Little-endian numbers.
fn from_raw(raw: &[u8], data_type: i32) -> Vec<f64> {
    macro_rules! each {
        ($number:ty) => {
            raw.chunks_exact(size_of::<$number>())
                .map(|chunk| <$number>::from_le_bytes(chunk.try_into().expect("a full chunk")))
        };
    }
    match data_type {
        data_type::FLOAT => each!(f32).map(f64::from).collect(),
        data_type::DOUBLE => each!(f64).collect(),
        data_type::FLOAT16 => each!(u16).map(|bits| f16::from_bits(bits).to_f64()).collect(),
        data_type::BFLOAT16 => each!(u16).map(|bits| bf16::from_bits(bits).to_f64()).collect(),
        data_type::INT8 => each!(i8).map(f64::from).collect(),
        data_type::UINT8 => each!(u8).map(f64::from).collect(),
        data_type::INT16 => each!(i16).map(f64::from).collect(),
        data_type::UINT16 => each!(u16).map(f64::from).collect(),
        data_type::INT32 => each!(i32).map(f64::from).collect(),
        data_type::UINT32 => each!(u32).map(f64::from).collect(),
        data_type::INT64 => each!(i64).map(|number| number as f64).collect(),
        data_type::UINT64 => each!(u64).map(|number| number as f64).collect(),
        _ => each!(u8).map(|byte| f64::from(byte != 0)).collect(),
    }
}

/// Numbers of a repeated field, which depends on the type.
fn from_lists(tensor: &proto::TensorProto) -> Vec<f64> {
    let ints = || tensor.ints.iter();
    match tensor.data_type {
        data_type::FLOAT => tensor.floats.iter().map(|&number| f64::from(number)).collect(),
        data_type::DOUBLE => tensor.doubles.clone(),
        data_type::FLOAT16 => ints().map(|&bits| f16::from_bits(bits as u16).to_f64()).collect(),
        data_type::BFLOAT16 => ints().map(|&bits| bf16::from_bits(bits as u16).to_f64()).collect(),
        data_type::INT64 => tensor.longs.iter().map(|&number| number as f64).collect(),
        data_type::UINT32 | data_type::UINT64 => {
            tensor.unsigned_longs.iter().map(|&number| number as f64).collect()
        }
        data_type::BOOL => ints().map(|&number| f64::from(number != 0)).collect(),
        _ => ints().map(|&number| f64::from(number)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(data_type: i32, raw: &[u8]) -> proto::TensorProto {
        let raw = Some(Bytes::copy_from_slice(raw));
        proto::TensorProto { shape: vec![2], data_type, raw, ..Default::default() }
    }

    fn numbers(tensor: &proto::TensorProto) -> Result<Vec<f64>, OpError> {
        decode(tensor, None).map(|constant| constant.numbers)
    }

    #[test]
    fn every_type_is_read() {
        // 1 and -2 in IEEE 754 halves and in the upper halves of f32.
        let half = numbers(&tensor(data_type::FLOAT16, &[0x00, 0x3c, 0x00, 0xc0]));
        assert_eq!(half, Ok(vec![1.0, -2.0]));
        let brain = numbers(&tensor(data_type::BFLOAT16, &[0x80, 0x3f, 0x00, 0xc0]));
        assert_eq!(brain, Ok(vec![1.0, -2.0]));
        assert_eq!(numbers(&tensor(data_type::INT8, &[1, 0xfe])), Ok(vec![1.0, -2.0]));
        assert_eq!(numbers(&tensor(data_type::UINT8, &[1, 0xfe])), Ok(vec![1.0, 254.0]));
        assert_eq!(numbers(&tensor(data_type::BOOL, &[2, 0])), Ok(vec![1.0, 0.0]));
        let double = [1.5_f64.to_le_bytes(), (-0.1_f64).to_le_bytes()].concat();
        assert_eq!(numbers(&tensor(data_type::DOUBLE, &double)), Ok(vec![1.5, -0.1]));
    }

    #[test]
    fn halves_in_a_list_are_bits() {
        let ints = vec![0x3c00, 0xc000];
        let data_type = data_type::FLOAT16;
        let tensor = proto::TensorProto { shape: vec![2], data_type, ints, ..Default::default() };
        assert_eq!(numbers(&tensor), Ok(vec![1.0, -2.0]));
    }

    #[test]
    fn a_shape_and_its_numbers_must_fit() {
        let error = numbers(&tensor(data_type::FLOAT, &[0; 12])).unwrap_err();
        assert_eq!(error.0, "its shape is [2], but it has 3 numbers");
        let huge = proto::TensorProto { shape: vec![i64::MAX, 8], ..tensor(data_type::FLOAT, &[]) };
        assert_eq!(numbers(&huge).unwrap_err().0, "its shape is too large");
        let negative = proto::TensorProto { shape: vec![-2], ..tensor(data_type::FLOAT, &[]) };
        assert_eq!(numbers(&negative).unwrap_err().0, "a negative extent");
    }

    #[test]
    fn external_data_stays_in_the_folder_of_the_model() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        std::fs::create_dir(&model).unwrap();
        std::fs::write(folder.path().join("secret"), [0; 8]).unwrap();
        std::fs::write(model.join("weights"), [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 9]).unwrap();
        let at = |location: &str, offset: &str| {
            let entry = |key: &str, value: &str| proto::StringStringEntryProto {
                key: key.into(),
                value: value.into(),
            };
            let external = vec![entry("location", location), entry("offset", offset)];
            let tensor =
                proto::TensorProto { location: 1, external, ..tensor(data_type::FLOAT, &[]) };
            decode(&tensor, Some(&model)).map(|constant| constant.numbers).map_err(|error| error.0)
        };
        assert_eq!(at("weights", "0"), Ok(vec![1.0, -2.0]));
        assert!(at("weights", "4").unwrap_err().contains("too short for 8 bytes from byte 4 on"));
        assert!(at("weights", "x").unwrap_err().contains("not a number"));
        let absolute = folder.path().join("secret").display().to_string();
        for location in ["../secret", absolute.as_str(), "a/../../secret"] {
            assert!(at(location, "0").unwrap_err().contains("outside the model's folder"));
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret", model.join("link")).unwrap();
            assert!(at("link", "0").unwrap_err().contains("outside the model's folder"));
        }
    }
}
