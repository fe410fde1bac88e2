//! Rows out of Postgres: the stream of COPY TO STDOUT (FORMAT binary), taken apart.
//!
//! Field layout is that of <https://www.postgresql.org/docs/current/sql-copy.html>. A message usually holds a
//! row, but nothing here relies on it. What a field means is the decoder's.

use bytes::{Bytes, BytesMut};

use crate::copy::encode::HEADER;

/// Bytes that are no binary COPY stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's COPY stream is malformed: {0}")]
pub struct Malformed(&'static str);

impl Malformed {
    /// Stands in for the reader's own error while the parser unwinds; never shown.
    pub(super) const STOPPED: Self = Self("the reader stopped");
    /// A row with more or fewer fields than were asked for.
    pub(super) const OTHER_COLUMNS: Self = Self("a row has another number of fields than was asked for");
}

/// Takes a stream apart, message by message.
#[derive(Debug, Default)]
pub struct RowParser {
    /// What a message left unfinished.
    pending: BytesMut,
    /// The fields of the row at work; kept between rows for its memory alone.
    spans: Vec<Option<(usize, usize)>>,
    past_header: bool,
    ended: bool,
}

/// Where the fields of a row lie in the bytes that hold it.
#[derive(Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    spans: &'a [Option<(usize, usize)>],
}

impl Fields<'_> {
    /// The bytes of a field; none for NULL and beyond the last.
    pub fn get(&self, place: usize) -> Option<&[u8]> {
        self.spans
            .get(place)
            .copied()
            .flatten()
            .map(|(from, to)| &self.bytes[from..to])
    }

    /// Bytes the row takes on the wire.
    pub fn byte_len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// How many fields the row has.
    pub fn count(&self) -> usize {
        self.spans.len()
    }
}

/// What lies at the start of some bytes.
enum Item {
    /// A row that ends at this position.
    Row(usize),
    /// The end of the stream.
    Trailer,
    /// Not all of it yet.
    Partial,
}

impl RowParser {
    /// Takes a message and calls `each` with every row that it completes.
    pub fn feed<E: From<Malformed>>(
        &mut self,
        message: &Bytes,
        mut each: impl FnMut(&Fields<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.pending.is_empty() {
            let used = self.rows(message, &mut each)?;
            self.pending.extend_from_slice(&message[used..]);
        } else {
            self.pending.extend_from_slice(message);
            let gathered = std::mem::take(&mut self.pending).freeze();
            let used = self.rows(&gathered, &mut each)?;
            self.pending.extend_from_slice(&gathered[used..]);
        }
        Ok(())
    }

    /// Checks that the stream ended as a whole one does.
    pub fn finish(&self) -> Result<(), Malformed> {
        if self.ended && self.pending.is_empty() {
            Ok(())
        } else {
            Err(Malformed("it ended early"))
        }
    }

    fn rows<E: From<Malformed>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&Fields<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut at = 0;
        if !self.past_header {
            if bytes.len() < HEADER.len() {
                return Ok(0);
            }
            if !bytes.starts_with(HEADER) {
                return Err(Malformed("it does not begin with the signature").into());
            }
            self.past_header = true;
            at = HEADER.len();
        }
        while !self.ended {
            match next_item(&bytes[at..], &mut self.spans)? {
                Item::Row(length) => {
                    each(&Fields {
                        bytes: &bytes[at..at + length],
                        spans: &self.spans,
                    })?;
                    at += length;
                }
                Item::Trailer => {
                    self.ended = true;
                    at += 2;
                }
                Item::Partial => break,
            }
        }
        Ok(at)
    }
}

fn next_item(bytes: &[u8], spans: &mut Vec<Option<(usize, usize)>>) -> Result<Item, Malformed> {
    spans.clear();
    let Some(count) = bytes.first_chunk::<2>() else {
        return Ok(Item::Partial);
    };
    let count = match i16::from_be_bytes(*count) {
        -1 => return Ok(Item::Trailer),
        count => usize::try_from(count).map_err(|_| Malformed("a row has a negative number of fields"))?,
    };
    let mut at = 2;
    for _ in 0..count {
        let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(Item::Partial);
        };
        at += 4;
        match i32::from_be_bytes(*length) {
            -1 => spans.push(None),
            length => {
                let length =
                    usize::try_from(length).map_err(|_| Malformed("a field has a negative length"))?;
                if bytes.len() - at < length {
                    return Ok(Item::Partial);
                }
                spans.push(Some((at, at + length)));
                at += length;
            }
        }
    }
    Ok(Item::Row(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<Vec<Option<Vec<u8>>>>;

    fn stream(rows: &Rows) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        for row in rows {
            bytes.extend_from_slice(&i16::try_from(row.len()).unwrap().to_be_bytes());
            for field in row {
                match field {
                    None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                    Some(field) => {
                        bytes.extend_from_slice(&i32::try_from(field.len()).unwrap().to_be_bytes());
                        bytes.extend_from_slice(field);
                    }
                }
            }
        }
        bytes.extend_from_slice(&crate::copy::encode::TRAILER);
        bytes
    }

    fn parse(pieces: &[&[u8]]) -> Result<Rows, Malformed> {
        let mut parser = RowParser::default();
        let mut rows = Rows::new();
        for piece in pieces {
            parser.feed(&Bytes::copy_from_slice(piece), |fields| {
                rows.push(
                    (0..fields.count())
                        .map(|i| fields.get(i).map(<[u8]>::to_vec))
                        .collect(),
                );
                Ok::<(), Malformed>(())
            })?;
        }
        parser.finish().map(|()| rows)
    }

    proptest! {
        #[test]
        fn cutting_the_stream_anywhere_changes_nothing(
            rows: Rows,
            cuts in proptest::collection::vec(0_usize..200, 0..5),
        ) {
            let bytes = stream(&rows);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            prop_assert_eq!(parse(&pieces), Ok(rows));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&[HEADER, &bytes]);
            let _ = parse(&[&bytes]);
        }
    }

    #[test]
    fn an_early_end_is_an_error() {
        let bytes = stream(&vec![vec![Some(vec![1, 2, 3])]]);
        for end in 0..bytes.len() {
            assert!(parse(&[&bytes[..end]]).is_err(), "cut at {end}");
        }
        assert!(parse(&[b"not a copy stream at all"]).is_err());
    }
}
