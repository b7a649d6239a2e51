//! Integration tests in one binary, a module a topic.
