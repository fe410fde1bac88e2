//! The reading half of the copy: the rows of one table that are not in the target yet, chunk by chunk.
//!
//! It runs on a thread of a reader of the source. What is hashed is what is encoded, in one pass.

use std::collections::HashSet;

use outgrow_shared::ce1::{Digest, Mode};
use outgrow_shared::value::OwnedValue;

use super::CopyError;
use super::chunk::{Chunk, Gathering, Position, first_set_aside};
use super::quarantine::Gathered;
use super::row::RowEncoder;
use crate::job::Job;
use crate::source::Reader;
use crate::source::scan::SourceRow;
use crate::verify::digest::TableDigest;
use crate::verify::source_side::{SourceRange, SourceTable};

/// Which rows of a table are to be copied.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Extent {
    /// All. `whole`: as one chunk that its table is made along with.
    All {
        /// Whether the table is small enough for that, and not made yet.
        whole: bool,
    },
    /// Those within these ranges of keys.
    Ranges(Vec<SourceRange>),
    /// All but the chunks of these numbers, counted in the order of reading: a table without a usable key.
    AllBut(HashSet<i64>),
}

/// What is to be copied of one table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    /// Place of the table in the plan.
    pub place: usize,
    /// Which rows.
    pub extent: Extent,
    /// Number of the first chunk that is cut.
    pub first_number: i64,
}

/// Reads what a task says and hands its chunks on. The table's digest comes with it where all rows were read.
pub(super) fn read_task(
    reader: &Reader,
    job: &Job,
    task: &Task,
    hand_on: impl FnMut(Chunk) -> Result<(), CopyError>,
) -> Result<Option<TableDigest>, CopyError> {
    let plan = &job.plan.tables[task.place];
    let table = SourceTable::find(&job.catalog, plan).map_err(CopyError::NotInSource)?;
    let mut cutting = Cutting {
        table: &table,
        task,
        encoder: RowEncoder::new(plan),
        set_aside: plan.sets_aside().then(Gathered::default),
        gathering: Gathering::default(),
        position: Position {
            number: task.first_number,
            after: None,
        },
        hand_on,
    };
    match &task.extent {
        Extent::All { .. } | Extent::AllBut(_) => {
            let digest =
                table.digest_leaves::<CopyError>(reader, |row, leaf, bytes| cutting.row(row, leaf, bytes))?;
            cutting.end(None)?;
            Ok(Some(digest).filter(|_| matches!(task.extent, Extent::All { .. })))
        }
        Extent::Ranges(ranges) => {
            for range in ranges {
                cutting.position.after.clone_from(&range.0);
                table.hash_range::<CopyError>(reader, range, |row, leaf, bytes| {
                    cutting.row(row, leaf, bytes)
                })?;
                cutting.end(range.1.clone())?;
            }
            Ok(None)
        }
    }
}

/// Cuts the rows of one table.
struct Cutting<'a, F> {
    table: &'a SourceTable<'a>,
    task: &'a Task,
    encoder: RowEncoder<'a>,
    set_aside: Option<Gathered>,
    gathering: Gathering,
    position: Position,
    hand_on: F,
}

impl<F: FnMut(Chunk) -> Result<(), CopyError>> Cutting<'_, F> {
    fn row(&mut self, row: &SourceRow<'_>, leaf: Digest, canonical_bytes: u64) -> Result<(), CopyError> {
        let plan = self.table.plan;
        if let Some(gathered) = &mut self.set_aside {
            if self.gathering.is_empty() {
                gathered.continue_at(first_set_aside(self.position.number));
            }
            let gathered = gathered.row(plan, self.table.table, &self.table.columns, row);
            gathered.map_err(|cause| CopyError::Quarantine {
                table: plan.name.clone(),
                cause,
            })?;
        }
        self.encoder.encode(row, &mut self.gathering.data)?;
        self.gathering.row(leaf, canonical_bytes);
        if self.gathering.is_full() && !self.is_whole() {
            let until = (plan.mode == Mode::Keyed).then(|| self.table.key_of(row));
            self.cut(until)?;
        }
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.task.extent == Extent::All { whole: true }
    }

    /// Ends a range at its last key, or the table, which has no end.
    fn end(&mut self, until: Option<Vec<OwnedValue>>) -> Result<(), CopyError> {
        if self.gathering.is_empty() && !self.is_whole() {
            return Ok(());
        }
        self.cut(until)
    }

    fn cut(&mut self, until: Option<Vec<OwnedValue>>) -> Result<(), CopyError> {
        let number = self.position.number;
        let (row, data) = self.gathering.cut(&mut self.position, until);
        let set_aside = self.set_aside.as_mut().map(Gathered::take).unwrap_or_default();
        if matches!(&self.task.extent, Extent::AllBut(there) if there.contains(&number)) {
            return Ok(());
        }
        let chunk = Chunk {
            place: self.task.place,
            row,
            data,
            set_aside,
            whole: self.is_whole(),
            memory: None,
        };
        (self.hand_on)(chunk)
    }
}
