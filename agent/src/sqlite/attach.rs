//! Counters on a connection the application keeps: commit and rollback hooks.
//!
//! SQLite has one slot for each hook and no way to ask who holds it. So the application must say what it has
//! there; its hooks then run inside ours.

use std::sync::atomic::Ordering;

use crate::Agent;

type CommitHook = Box<dyn FnMut() -> bool + Send>;
type RollbackHook = Box<dyn FnMut() + Send>;

/// The hooks that an application has on a connection it attaches.
#[derive(Default)]
pub struct HostHooks {
    commit: Option<CommitHook>,
    rollback: Option<RollbackHook>,
}

impl HostHooks {
    /// The application has no commit and no rollback hook on the connection.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The application's commit hook; `true` turns the commit into a rollback.
    #[must_use]
    pub fn commit(mut self, hook: impl FnMut() -> bool + Send + 'static) -> Self {
        self.commit = Some(Box::new(hook));
        self
    }

    /// The application's rollback hook.
    #[must_use]
    pub fn rollback(mut self, hook: impl FnMut() + Send + 'static) -> Self {
        self.rollback = Some(Box::new(hook));
        self
    }
}

/// What installing a hook returns: nothing in older rusqlite, a result in newer.
trait Installed {
    fn installed(self) -> rusqlite::Result<()>;
}

impl Installed for () {
    fn installed(self) -> rusqlite::Result<()> {
        Ok(())
    }
}

impl Installed for rusqlite::Result<()> {
    fn installed(self) -> rusqlite::Result<()> {
        self
    }
}

impl Agent {
    /// Counts the commits and rollbacks of a plain rusqlite connection in `sqlite_attached_transactions_total`.
    ///
    /// It takes the connection's commit and rollback slots. A hook the application has there must be handed over
    /// in `host`, or it is replaced; a hook set later replaces ours. Hooks see that a transaction ended, not how
    /// long it took, nor why one failed: a busy write fires neither. The count of a commit is taken just before
    /// it happens. Outcome and duration need [`Agent::open`] or [`Agent::begin`].
    ///
    /// # Errors
    /// What rusqlite reports when it cannot install a hook.
    pub fn attach(&self, conn: &mut rusqlite::Connection, host: HostHooks) -> rusqlite::Result<()> {
        let HostHooks {
            mut commit,
            mut rollback,
        } = host;
        let probe = self.probe.clone();
        let on_commit = move || {
            let vetoed = commit.as_mut().is_some_and(|hook| hook());
            if !vetoed {
                probe.commits.fetch_add(1, Ordering::Relaxed);
            }
            vetoed
        };
        let probe = self.probe.clone();
        let on_rollback = move || {
            probe.rollbacks.fetch_add(1, Ordering::Relaxed);
            if let Some(hook) = rollback.as_mut() {
                hook();
            }
        };
        conn.commit_hook(Some(on_commit)).installed()?;
        conn.rollback_hook(Some(on_rollback)).installed()?;
        self.probe.attached.store(true, Ordering::Relaxed);
        Ok(())
    }
}
