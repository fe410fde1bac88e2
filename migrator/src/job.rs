//! What the stages share: one snapshot of the source, its catalog, and the plan made for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::census::Census;
use crate::plan::model::Plan;
use crate::source::Source;
use crate::source::catalog::Catalog;

/// A source under its snapshot with the plan to carry out.
#[derive(Debug)]
pub struct Job {
    source: Mutex<Source>,
    /// The source's catalog.
    pub catalog: Catalog,
    /// What the source's tables hold, where that was counted.
    pub census: Option<Census>,
    /// The plan.
    pub plan: Plan,
}

impl Job {
    /// Ties a plan to the snapshot it was made for.
    pub fn new(source: Source, catalog: Catalog, census: Option<Census>, plan: Plan) -> Arc<Self> {
        Arc::new(Self {
            source: Mutex::new(source),
            catalog,
            census,
            plan,
        })
    }

    /// The source; one thread reads at a time. Reading changes nothing in it, so a reader that failed leaves
    /// it as good as before.
    pub fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
