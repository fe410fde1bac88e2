//! Where both sides of every table come together, in whatever order their parts are read.
//!
//! A table is compared when the last of it has come. Only where the sides differ are their chunks kept, for the
//! drill-down.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::digest::{Chunk, TableDigest};
use super::run::TableRoots;

/// What was read so far of every table of the plan.
#[derive(Debug)]
pub(super) struct Gathering(Mutex<Vec<Gathered>>);

/// One part of the target, read.
#[derive(Debug, Default)]
pub(super) struct PartRead {
    /// Its chunks.
    pub chunks: Vec<Chunk>,
    /// Values that were set aside.
    pub set_aside: u64,
    /// Values that were set aside and belong to none of its rows.
    pub left_over: u64,
}

/// Both sides of one table.
#[derive(Debug)]
pub(super) struct Compared {
    /// Their roots.
    pub roots: TableRoots,
    /// Their chunks, source first, where the roots differ.
    pub differing: Option<(TableDigest, TableDigest)>,
    /// Values in the quarantine that belong to no row.
    pub left_over: u64,
}

#[derive(Debug, Default)]
struct Gathered {
    /// The source's digest, and how many parts the target is read in.
    source: Option<(TableDigest, usize)>,
    parts: Vec<(usize, PartRead)>,
    compared: Option<Compared>,
}

impl Gathering {
    /// For a plan of so many tables.
    pub fn new(tables: usize) -> Self {
        Self(Mutex::new((0..tables).map(|_| Gathered::default()).collect()))
    }

    /// Takes in a table of the source, whose target is read in so many parts.
    pub fn source(&self, place: usize, digest: TableDigest, parts: usize) {
        if let Some(table) = self.lock().get_mut(place) {
            table.source = Some((digest, parts));
            table.compare();
        }
    }

    /// Takes in a part of the target.
    pub fn target(&self, place: usize, number: usize, part: PartRead) {
        if let Some(table) = self.lock().get_mut(place) {
            table.parts.push((number, part));
            table.compare();
        }
    }

    /// All tables in the plan's order; none if one of them was not read to its end.
    pub fn finish(&self) -> Option<Vec<Compared>> {
        self.lock()
            .iter_mut()
            .map(|table| table.compared.take())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Gathered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    fn compare(&mut self) {
        let parts = &mut self.parts;
        let Some((source, _)) = self.source.take_if(|(_, expected)| *expected == parts.len()) else {
            return;
        };
        parts.sort_by_key(|(number, _)| *number);
        let set_aside = parts.iter().map(|(_, part)| part.set_aside).sum();
        let left_over = parts.iter().map(|(_, part)| part.left_over).sum();
        let chunks = std::mem::take(parts)
            .into_iter()
            .flat_map(|(_, part)| part.chunks);
        let target = TableDigest::of(chunks.collect());
        let roots = TableRoots {
            source: source.root,
            target: target.root,
            quarantined: set_aside,
        };
        self.compared = Some(Compared {
            roots,
            differing: (source.root != target.root).then_some((source, target)),
            left_over,
        });
    }
}
