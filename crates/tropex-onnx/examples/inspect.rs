//! Prints the shapes and operators of an ONNX file, or the reason why it cannot be used.
//!
//! ```text
//! cargo run -p tropex-onnx --example inspect -- MODEL.onnx
//! ```

use std::process::ExitCode;

use burn::tensor::Device;
use tropex_onnx::OnnxModel;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: inspect MODEL.onnx");
        return ExitCode::from(2);
    };
    match OnnxModel::open(path, &Device::default()) {
        Ok(model) => {
            println!("{model}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
