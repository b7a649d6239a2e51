//! What [`capture`](tropex::capture) makes of modules, and what it refuses.

mod drawing;
mod layers;
mod operations;
mod refusals;
