//! The agent: a library inside somebody's process. It never panics, prints or blocks.
