//! More connections on the very snapshot of the source, for work side by side.
//!
//! A bracket proves that the snapshot is one: a further connection reads SQLite's data version, all others begin
//! to read, and it reads the version again. Equal versions mean that nobody committed in between. With a
//! rollback journal nobody can, once the first has begun; in WAL mode the bracket is tried again until it holds.
//! Where it never does, the source goes on with its own reader alone, which is slower and no less right.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::InterruptHandle;

use super::reader::Reader;
use super::{Header, Source, SourceError, TextEncoding};

/// Readers in all, the source's own included. More would not be faster than a disk, and each holds a value of
/// up to 1 GB.
const READERS_MAX: usize = 4;

/// Page cache of each further reader in KiB. They scan in the table's order, where a page is read once; only the
/// search for parents of foreign keys comes back to a page. All readers together hold at most 64 + 3 * 8 MiB.
const FURTHER_PAGE_CACHE_KIB: i64 = 8 * 1024;

/// How long a further reader waits for a lock. A writer that waits to commit keeps new readers out; then the
/// source's own reader, which is in already, has to do.
const FURTHER_BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// How long brackets are tried. A writer at a thousand commits a second breaks one in twenty.
const BRACKET_TIMEOUT: Duration = Duration::from_secs(5);

/// Readers beside the source's own, all on its snapshot. Each serves one thread at a time.
#[derive(Debug, Default)]
pub struct Readers(Vec<Mutex<Reader>>);

/// Tells work that it is to end because other work failed.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Whether to end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many readers this machine can use beside the source's own.
pub(super) fn more_readers() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(READERS_MAX)
        - 1
}

/// Opens the source's own reader and so many more, on one snapshot.
pub(super) fn open(path: &Path, header: &Header, more: usize) -> Result<(Reader, Readers), SourceError> {
    let own = Reader::connect(path, header)?;
    let further = if more == 0 {
        None
    } else {
        connect_further(path, header, more).ok()
    };
    let Some((control, readers)) = further else {
        own.begin_snapshot()?;
        return Ok((own, Readers::default()));
    };
    let readers = if align(&own, &control, &readers)? {
        readers
    } else {
        Vec::new()
    };
    Ok((own, Readers(readers.into_iter().map(Mutex::new).collect())))
}

/// The connection that keeps the bracket, and the readers.
fn connect_further(path: &Path, header: &Header, more: usize) -> Result<(Reader, Vec<Reader>), SourceError> {
    let connect = || {
        let reader = Reader::connect(path, header)?;
        reader.configure(FURTHER_PAGE_CACHE_KIB, FURTHER_BUSY_TIMEOUT)?;
        Ok(reader)
    };
    let readers = (0..more).map(|_| connect()).collect::<Result<_, SourceError>>()?;
    Ok((connect()?, readers))
}

/// Begins to read with all of them inside a bracket; whether it held. The own reader has a snapshot afterwards in
/// either case; only its errors count.
fn align(own: &Reader, control: &Reader, readers: &[Reader]) -> Result<bool, SourceError> {
    let started = Instant::now();
    loop {
        let before = control.data_version().ok();
        own.begin_snapshot()?;
        let begun = readers.iter().all(|reader| reader.begin_snapshot().is_ok());
        let after = control.data_version().ok();
        if !begun || before.is_none() || after.is_none() || started.elapsed() > BRACKET_TIMEOUT {
            return Ok(begun && before.is_some() && before == after);
        }
        if before == after {
            return Ok(true);
        }
        own.end_snapshot()?;
        readers.iter().try_for_each(Reader::end_snapshot)?;
    }
}

impl Readers {
    pub(super) fn set_encoding(&mut self, encoding: TextEncoding) {
        for reader in &mut self.0 {
            reader
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .set_encoding(encoding);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Source {
    /// Does all jobs of `order` on at most so many readers side by side; what they give comes in that order
    /// whoever did them. The first error ends all: others are told by [`Stop`], and their
    /// statements are interrupted.
    pub fn run_all<T, E>(
        &self,
        order: &[usize],
        workers: usize,
        work: impl Fn(&Reader, usize, &Stop) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E>
    where
        T: Send,
        E: Send,
    {
        let further = &self.readers().0[..self.readers().len().min(workers.saturating_sub(1))];
        let locked: Vec<MutexGuard<'_, Reader>> = further
            .iter()
            .map(|reader| reader.lock().unwrap_or_else(PoisonError::into_inner))
            .collect();
        let handles = locked
            .iter()
            .map(|reader| reader.connection().get_interrupt_handle());
        let pool = Pool {
            order,
            next: AtomicUsize::new(0),
            stop: Stop::default(),
            interrupts: handles
                .chain([self.connection().get_interrupt_handle()])
                .collect(),
            failed: Mutex::new(None),
        };
        // A guard cannot move to another thread; the reader behind it can be lent to one.
        drop(locked);
        let mut done = thread::scope(|scope| {
            let helpers: Vec<_> = further
                .iter()
                .map(|reader| {
                    scope.spawn(|| {
                        let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
                        pool.work(&reader, &work)
                    })
                })
                .collect();
            let mut done = pool.work(self, &work);
            for helper in helpers {
                match helper.join() {
                    Ok(theirs) => done.extend(theirs),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        if let Some(error) = pool.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        done.sort_by_key(|(place, _)| *place);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

/// Jobs that several threads take from.
struct Pool<'a, E> {
    order: &'a [usize],
    next: AtomicUsize,
    stop: Stop,
    interrupts: Vec<InterruptHandle>,
    /// The first error; those that follow come of the stop.
    failed: Mutex<Option<E>>,
}

impl<E> Pool<'_, E> {
    fn work<T>(
        &self,
        reader: &Reader,
        work: impl Fn(&Reader, usize, &Stop) -> Result<T, E>,
    ) -> Vec<(usize, T)> {
        let mut done = Vec::new();
        while !self.stop.is_set() {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = self.order.get(place) else { break };
            match work(reader, *job, &self.stop) {
                Ok(result) => done.push((place, result)),
                Err(error) => self.fail(error),
            }
        }
        done
    }

    fn fail(&self, error: E) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            *failed = Some(error);
            self.stop.0.store(true, Ordering::Relaxed);
            self.interrupts.iter().for_each(InterruptHandle::interrupt);
        }
    }
}

#[cfg(test)]
#[path = "readers_tests.rs"]
mod tests;
