//! Waiting for the answers to small questions, but not for ever: where nothing beats a pulse yet, a network that
//! swallows everything would be waited for until somebody looks.

use std::time::Duration;

use super::connect::Target;
use super::error::TargetError;

/// How long the catalog of a server may take to answer. The largest takes seconds; a lock is waited for 10 s.
const ANSWER: Duration = Duration::from_secs(60);

impl Target {
    /// Waits for what asks this session small questions.
    ///
    /// # Errors
    /// Its own; or the session is given up, since the server gave no answer.
    pub async fn in_time<T, E: From<TargetError>>(
        &self,
        asking: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(ANSWER, asking).await {
            Ok(answered) => answered,
            Err(_) => Err(self.silent_for(ANSWER).into()),
        }
    }
}
