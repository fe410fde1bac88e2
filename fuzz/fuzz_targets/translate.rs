//! The target `translate`; what it does is in `outgrow_e2e::fuzzing::translate`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| outgrow_e2e::fuzzing::translate::run(bytes));
