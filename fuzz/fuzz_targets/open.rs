//! The target `open`; what it does is in `outgrow_e2e::fuzzing::open`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| outgrow_e2e::fuzzing::open::run(bytes));
