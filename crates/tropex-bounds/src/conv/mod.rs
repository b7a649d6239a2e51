//! Bounds for convolutions, which use the inputs that each window covers.

mod enumeration;
pub(super) mod one_layer;
mod region_count;
pub(super) mod several_layers;
mod window_arrangement;

const SOURCE: &str = "Xiong, Huang, Yu, Liu, Zhu, Shao, On the Number of Linear Regions of \
                      Convolutional Neural Networks, ICML 2020";
