//! Any text as DDL: the reader answers with data or an error; it never panics, hangs or exhausts the stack.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outgrow_migrator::source::ddl;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sql) = std::str::from_utf8(bytes) {
        // Both answers are fine; so is dropping them, which walks the whole tree again.
        drop(ddl::read("object", sql));
    }
});
