//! The networks that [`capture`](tropex::capture) makes of modules, and the modules that it
//! refuses.

mod activations;
mod choices; // maxima in disguise
mod constants;
mod drawing;
mod endings; // softmax and temperature
mod layers;
mod operations;
pub(crate) mod pieces; // frames of a clip
mod refusals;
mod rounding;
mod sampling;
