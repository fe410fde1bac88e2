//! The verdict as its callers see it.

#![allow(clippy::expect_used, reason = "helpers of tests state what must hold")]

mod blindness;
mod calm;
mod contract;
mod five_numbers;
mod properties;
mod thresholds;
mod tuning;
