//! Bounds that know which inputs a convolution sees.

mod arrangement;
mod enumeration;
pub(super) mod one_layer;
pub(super) mod several_layers;
mod windows;

pub use windows::Windows;

const SOURCE: &str = "Xiong, Huang, Yu, Liu, Zhu, Shao, On the Number of Linear Regions of \
                      Convolutional Neural Networks, ICML 2020";
