//! What [`capture`](tropex::capture) makes of modules, and what it refuses.

mod layers;
mod operations;
mod refusals;
