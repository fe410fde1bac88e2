//! What an ordinary role lacks, and the statement with which an administrator gives it.

use tokio_postgres::{Error, Row};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::quote::quote_ident;
use crate::target::Target;

use super::Relation;

/// The role that owns a relation, where it is not the session's.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    name: String,
    is_superuser: bool,
}

impl Owner {
    /// From the columns `owner`, `owner_is_superuser` and `is_owned`; none when the session's role has its rights.
    pub(super) fn read(row: &Row) -> Result<Option<Self>, Error> {
        let is_owned: bool = row.try_get("is_owned")?;
        let owner = Self {
            name: row.try_get("owner")?,
            is_superuser: row.try_get("owner_is_superuser")?,
        };
        Ok((!is_owned).then_some(owner))
    }
}

/// Refuses a table that belongs to somebody else.
pub(super) fn not_owned(target: &Target, table: &Relation, owner: &Owner, because: &str) -> Failure {
    let role = &target.facts().user;
    let what = format!(
        "table {table} belongs to role {}, not to {role}, and {because}",
        owner.name
    );
    let alter = format!("ALTER TABLE {} OWNER TO {};", table.quoted(), quote_ident(role));
    // Nobody gets a superuser's rights for the sake of one table.
    let grant = if owner.is_superuser {
        String::new()
    } else {
        format!(
            "GRANT {} TO {}; or: ",
            quote_ident(&owner.name),
            quote_ident(role)
        )
    };
    let next = format!("Let an administrator run: {grant}{alter} Nothing was kept.");
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}

/// Refuses what needs a right on a relation or schema: `grant` is all between GRANT and TO.
pub(super) fn not_granted(target: &Target, what: &str, grant: &str) -> Failure {
    let role = &target.facts().user;
    let what = format!("role {role} {what}");
    let role = quote_ident(role);
    let next = format!("Let an administrator run: GRANT {grant} TO {role}; Nothing was kept.");
    Failure::new(Exit::PlanBlocked, what, next).at(target.server())
}
