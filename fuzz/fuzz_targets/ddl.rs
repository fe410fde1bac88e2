//! The target `ddl`; what it does is in `outgrow_e2e::fuzzing::ddl`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| outgrow_e2e::fuzzing::ddl::run(bytes));
