//! What the fuzz targets of `fuzz/` do with one input. It is built and lightly run with the other tests, so that a
//! target never falls behind the library.

pub mod ddl;
pub mod open;
pub mod translate;

#[cfg(test)]
mod tests {
    use super::{ddl, open, translate};

    #[test]
    fn every_target_takes_what_is_no_input_and_what_is_one() {
        let sql = b"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT DEFAULT 'x' CHECK (b <> ''))";
        for bytes in [&b""[..], b"\xff\x00", sql, b"SQLite format 3\0", &[7; 200]] {
            ddl::run(bytes);
            translate::run(bytes);
            open::run(bytes);
        }
    }
}
