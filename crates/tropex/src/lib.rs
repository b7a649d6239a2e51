//! tropex
