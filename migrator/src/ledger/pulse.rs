//! The pulse of a run: a row that says every few seconds that its process lives, and what it is doing.
//!
//! It is for people and for `outgrow status`; nothing is decided by its figures. Only its age counts: a run whose pulse
//! has stopped is nobody's any more.

use super::run::Run;
use crate::report::progress::Now;
use crate::target::{Target, TargetError};

/// Makes its table where it is missing.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _outgrow.pulse ( \
       run_id uuid PRIMARY KEY, \
       epoch bigint NOT NULL, \
       at timestamptz NOT NULL, \
       stage text NOT NULL, \
       doing text NOT NULL, \
       rows bigint NOT NULL, \
       bytes bigint NOT NULL, \
       bytes_total bigint)";

const BEAT: &str = "INSERT INTO _outgrow.pulse (run_id, epoch, at, stage, doing, rows, bytes, bytes_total) \
     VALUES ($1::text::uuid, $2, pg_catalog.clock_timestamp(), $3, $4, $5, $6, $7) \
     ON CONFLICT (run_id) DO UPDATE SET epoch = excluded.epoch, at = excluded.at, stage = excluded.stage, \
       doing = excluded.doing, rows = excluded.rows, bytes = excluded.bytes, bytes_total = excluded.bytes_total \
     WHERE pulse.epoch <= excluded.epoch";

/// Says what the run is doing.
pub async fn beat(target: &Target, run: Run, now: &Now) -> Result<(), TargetError> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    target
        .execute(
            BEAT,
            &[
                &run.id.to_string(),
                &run.epoch,
                &now.stage,
                &now.doing.replace('\0', "\u{fffd}"),
                &signed(now.rows),
                &signed(now.bytes),
                &now.bytes_total.map(signed),
            ],
        )
        .await?;
    Ok(())
}
