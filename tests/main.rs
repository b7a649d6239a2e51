//! Integration tests in one binary, a module a topic.

mod bounds; // how many linear regions there can be
mod capture; // what modules can be captured, and what the others are told
mod cli; // the command, run as people and programs run it
mod common;
mod docs; // the documents: links, named paths, tables
mod extraction; // linear terms of random networks
mod layers; // layers in a line
mod plans; // the random networks themselves
mod regions; // the geometry of linear regions
mod slices; // regions on planes
mod store; // terms on disk, and the function that they make up
mod structure; // which modules of a crate may import which
mod zoo; // every architecture of the zoo
