//! Tests of the workspace as a whole.

mod capture; // what modules can be captured, and what the others are told
mod common;
mod extraction; // linear terms of random networks
mod plans; // the random networks themselves
