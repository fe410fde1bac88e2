//! The rules a finding can name. An identifier is stable: scripts and runbooks refer to it.

/// A rule: its identifier. Each has a section in `docs/rules.md`.
pub type Rule = &'static str;

/// The stored DDL of an object cannot be read.
pub const DDL_UNREADABLE: Rule = "ddl.unreadable";
/// The target refuses a statement of the plan.
pub const DDL_REFUSED: Rule = "ddl.refused";
/// The target already has something under a name the plan needs.
pub const NAME_IN_USE: Rule = "name.in-use";
/// A name is empty or longer than the 63 bytes Postgres keeps; another stands for it.
pub const NAME_SHORTENED: Rule = "name.shortened";
/// An object has another name on the target because its owner chose one.
pub const NAME_CHOSEN: Rule = "name.chosen";
/// The name chosen for an object cannot be given to it.
pub const NAME_TAKEN: Rule = "name.taken";
/// A column has the name of a system column of Postgres; another stands for it.
pub const NAME_SYSTEM_COLUMN: Rule = "name.system-column";
/// A table has more columns than Postgres allows.
pub const TABLE_TOO_WIDE: Rule = "table.too-wide";
/// Rows are too wide for a page of Postgres.
pub const ROW_TOO_WIDE: Rule = "table.row-too-wide";
/// Rows are larger than a message to Postgres can be.
pub const ROW_TOO_LARGE: Rule = "table.row-too-large";
/// The source's own check could not look at all of a table.
pub const UNCHECKED: Rule = "integrity.unchecked";
/// The table was left out on request.
pub const TABLE_SKIPPED: Rule = "table.skipped";
/// A view is not carried over.
pub const VIEW: Rule = "view.not-carried";
/// A trigger is not carried over.
pub const TRIGGER: Rule = "trigger.not-carried";
/// A virtual table's rows belong to its module.
pub const VIRTUAL_TABLE: Rule = "virtual-table.not-carried";
/// A shadow table holds the state of a virtual table.
pub const SHADOW_TABLE: Rule = "shadow-table.not-carried";
/// A column holds values of several storage classes.
pub const MIXED_CLASSES: Rule = "value.mixed-classes";
/// A column holds integers and reals that no single number type gives back exactly.
pub const MIXED_NUMBERS: Rule = "value.mixed-numbers";
/// Text that is not valid Unicode.
pub const TEXT_NOT_UNICODE: Rule = "value.text-not-unicode";
/// Text with a NUL character.
pub const TEXT_NUL: Rule = "value.text-nul";
/// A value policy asks for what the values do not allow.
pub const POLICY_UNFIT: Rule = "value.policy-unfit";
/// Values do not survive the mapping that was chosen for their column.
pub const MAPPING_UNFIT: Rule = "value.mapping-unfit";
/// Values become NULL because a policy says so.
pub const VALUES_NULL: Rule = "value.as-null";
/// A column becomes text because a policy says so.
pub const VALUES_TEXT: Rule = "value.as-text";
/// A column becomes bytes because a policy says so.
pub const VALUES_BYTEA: Rule = "value.as-bytea";
/// Values are set aside because a policy says so.
pub const VALUES_QUARANTINED: Rule = "value.quarantined";
/// A column that is NOT NULL in the source can be NULL on the target, where a policy takes values out.
pub const MADE_NULLABLE: Rule = "column.made-nullable";
/// The values are of another class than the declared type says; their class decides.
pub const TYPE_NOT_AS_DECLARED: Rule = "type.not-as-declared";
/// A column has computed values.
pub const GENERATED: Rule = "generated.not-carried";
/// A column has computed values and becomes a plain one.
pub const GENERATED_MATERIALISED: Rule = "generated.materialised";
/// A column compares by another collation than BINARY.
pub const COLLATION: Rule = "collation.not-binary";
/// Something else stands for NOCASE on the target.
pub const NOCASE: Rule = "collation.nocase";
/// An index ignores the case of A to Z by an expression.
pub const INDEX_FOLDED: Rule = "index.folded";
/// A default that has no equal on Postgres.
pub const DEFAULT: Rule = "default.untranslated";
/// A CHECK that has no equal on Postgres.
pub const CHECK: Rule = "check.untranslated";
/// A CHECK over columns that a policy takes values out of; it is made NOT VALID.
pub const CHECK_NOT_VALID: Rule = "check.not-valid";
/// An index that has no equal on Postgres.
pub const INDEX: Rule = "index.untranslated";
/// An index or key may have rows larger than Postgres takes.
pub const INDEX_ROW: Rule = "index.row-too-large";
/// An ON CONFLICT clause; Postgres raises an error instead.
pub const ON_CONFLICT: Rule = "constraint.on-conflict";
/// A primary key holds NULL.
pub const KEY_NULL: Rule = "key.null";
/// A primary key that SQLite let be NULL becomes NOT NULL.
pub const KEY_NOT_NULL: Rule = "key.made-not-null";
/// Rows that a unique key refuses once its columns are as their owner chose.
pub const KEY_FOLDED: Rule = "key.folded-duplicates";
/// The largest id was used: no identity can go on after it.
pub const KEY_EXHAUSTED: Rule = "key.exhausted";
/// A foreign key's parent table or column does not exist or is not carried over.
pub const FOREIGN_KEY_PARENT: Rule = "foreign-key.parent-missing";
/// A foreign key's parent columns are not unique.
pub const FOREIGN_KEY_NOT_UNIQUE: Rule = "foreign-key.parent-not-unique";
/// A foreign key joins columns of different types.
pub const FOREIGN_KEY_TYPES: Rule = "foreign-key.types-differ";
/// A foreign key has rows without a parent; it is made NOT VALID.
pub const FOREIGN_KEY_ORPHANS: Rule = "foreign-key.orphans";
/// An object was left out on request.
pub const SKIPPED: Rule = "object.skipped";

/// An object is made by its owner's own SQL.
pub const OWN_SQL: Rule = "object.own-sql";

/// A table of the source has no table of its name on the target.
pub const BINDING_TABLE: Rule = "binding.table";
/// A column of the source has no column of its name on the target.
pub const BINDING_COLUMN: Rule = "binding.column";
/// A column of the target that must have a value gets none.
pub const BINDING_NO_VALUE: Rule = "binding.no-value";
/// The target computes a column by itself.
pub const BINDING_COMPUTED: Rule = "binding.computed";
/// The target's type is one that outgrow cannot write.
pub const CAST_TYPE_UNKNOWN: Rule = "cast.type-unknown";
/// Values do not fit the target's type.
pub const CAST_REFUSED: Rule = "cast.refused";
/// NULL does not fit a column that is NOT NULL on the target.
pub const CAST_NULL: Rule = "cast.null";
/// Numbers stand for moments, and their unit is told by their size, or not at all.
pub const CAST_UNIT: Rule = "cast.unit";
/// Times that state no zone go into a column that has one.
pub const CAST_ZONE: Rule = "cast.zone";
/// Values take the form of the target's type.
pub const CAST_NORMAL_FORM: Rule = "cast.normal-form";
/// Values are rounded to what the target's type holds.
pub const CAST_ROUNDED: Rule = "cast.rounded";
/// The role may not do with the target's table what a migration has to do.
pub const TARGET_RIGHTS: Rule = "target.rights";
/// The target's table holds rows already.
pub const SEEDS: Rule = "seeds.rows";
/// Rows that the target's table held are replaced.
pub const SEEDS_REPLACED: Rule = "seeds.replaced";
/// Rows that the target's table holds stay, and the source's are not copied.
pub const SEEDS_KEPT: Rule = "seeds.kept";
/// Rows that the target's table holds are merged with the source's.
pub const SEEDS_MERGED: Rule = "seeds.merged";
/// A migration ledger of the application is compared and not copied.
pub const LEDGER: Rule = "ledger.compared";
/// Both sides are not at the same migration of the application.
pub const LEDGER_DRIFT: Rule = "ledger.drift";
/// The target's migration ledger is empty, so the source's is copied.
pub const LEDGER_COPIED: Rule = "ledger.copied";

/// Every rule.
pub const ALL: &[Rule] = &[
    DDL_UNREADABLE,
    DDL_REFUSED,
    NAME_IN_USE,
    NAME_SHORTENED,
    NAME_CHOSEN,
    NAME_TAKEN,
    NAME_SYSTEM_COLUMN,
    TABLE_TOO_WIDE,
    ROW_TOO_WIDE,
    ROW_TOO_LARGE,
    UNCHECKED,
    TABLE_SKIPPED,
    VIEW,
    TRIGGER,
    VIRTUAL_TABLE,
    SHADOW_TABLE,
    MIXED_CLASSES,
    MIXED_NUMBERS,
    TEXT_NOT_UNICODE,
    TEXT_NUL,
    POLICY_UNFIT,
    MAPPING_UNFIT,
    VALUES_NULL,
    VALUES_TEXT,
    VALUES_BYTEA,
    VALUES_QUARANTINED,
    MADE_NULLABLE,
    TYPE_NOT_AS_DECLARED,
    GENERATED,
    GENERATED_MATERIALISED,
    COLLATION,
    NOCASE,
    INDEX_FOLDED,
    DEFAULT,
    CHECK,
    CHECK_NOT_VALID,
    INDEX,
    INDEX_ROW,
    ON_CONFLICT,
    KEY_NULL,
    KEY_NOT_NULL,
    KEY_FOLDED,
    KEY_EXHAUSTED,
    FOREIGN_KEY_PARENT,
    FOREIGN_KEY_NOT_UNIQUE,
    FOREIGN_KEY_TYPES,
    FOREIGN_KEY_ORPHANS,
    SKIPPED,
    OWN_SQL,
    BINDING_TABLE,
    BINDING_COLUMN,
    BINDING_NO_VALUE,
    BINDING_COMPUTED,
    CAST_TYPE_UNKNOWN,
    CAST_REFUSED,
    CAST_NULL,
    CAST_UNIT,
    CAST_ZONE,
    CAST_NORMAL_FORM,
    CAST_ROUNDED,
    TARGET_RIGHTS,
    SEEDS,
    SEEDS_REPLACED,
    SEEDS_KEPT,
    SEEDS_MERGED,
    LEDGER,
    LEDGER_DRIFT,
    LEDGER_COPIED,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn every_constant_is_listed_once() {
        let constants = include_str!("rules.rs")
            .lines()
            .filter(|line| line.starts_with("pub const ") && line.contains(": Rule ="))
            .count();
        assert_eq!(ALL.len(), constants);
        assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
    }
}
