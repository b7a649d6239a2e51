//! What [`capture`](tropex::capture) makes of modules, and what it refuses.

mod choices; // maxima in disguise
mod drawing;
mod endings; // softmax and temperature
mod layers;
mod operations;
pub(crate) mod pieces; // frames of a clip
mod refusals;
