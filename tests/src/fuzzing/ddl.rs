//! Any text as DDL: the reader answers with data or an error; it never panics, hangs or exhausts the stack.

use outgrow_migrator::source::ddl;

/// One input.
pub fn run(bytes: &[u8]) {
    if let Ok(sql) = std::str::from_utf8(bytes) {
        // Both answers are fine; so is dropping them, which walks the whole tree again.
        drop(ddl::read("object", sql));
    }
}
