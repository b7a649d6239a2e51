//! Integration tests in one binary. Each module has one topic.

mod bounds; // bounds on the number of linear regions
mod capture; // modules that can be captured, and errors for the others
mod cli; // the command `tropex`
mod common;
mod docs; // the documents: links, named paths, tables
mod extraction; // linear terms of random networks
mod layers; // layers in a line
mod plans; // the random networks themselves
mod regions; // the geometry of linear regions
mod slices; // regions on planes
mod store; // terms on disk, and the extracted function
mod structure; // the order of the modules of every crate
mod zoo; // every architecture of the zoo
