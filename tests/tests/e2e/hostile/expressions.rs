//! Expressions by chance: of CHECKs and of computed columns, with and without an equal on Postgres.

use super::random::Random;

/// The expression of a computed column over another one.
pub fn computed(from: &str, random: &mut Random) -> String {
    let template = *random.pick(&[
        "% || 'x'",
        "% + 1",
        "length(%)",
        "coalesce(%, 0)",
        "coalesce(%, 'none')",
        "% > 5",
        "% IS NULL",
        "CASE WHEN % IS NULL THEN 'none' ELSE 'some' END",
        "substr(%, 1, 3)",
        "lower(%)",
        "abs(%)",
        "CAST(% AS TEXT)",
        "json_extract(%, '$.x')",
        "typeof(%)",
        "%",
        "'constant'",
        "% % 7",
        "round(%, 2)",
        "% = 'a'",
    ]);
    // One of them has a remainder.
    if template == "% % 7" {
        return format!("{from} % 7");
    }
    template.replace('%', from)
}

/// A CHECK that most values pass, as it stands after a column or among the constraints.
pub fn check(column: &str, random: &mut Random) -> String {
    let condition = match random.below(10) {
        0 => format!("{column} IS NOT NULL OR {column} IS NULL"),
        1 => format!("length({column}) >= 0"),
        2 => format!("{column} <> 'zz''z'"),
        3 => format!("typeof({column}) <> 'x'"),
        4 => format!("{column} LIKE '%' OR 1"),
        5 => format!("{column} IN (1, 2, 'a') OR {column} NOT IN (1, 2, 'a')"),
        6 => format!("{column} + 1 > {column} OR TRUE"),
        7 => format!("{column} BETWEEN -1e30 AND 1e30 OR {column} >= ''"),
        8 => format!("{column} GLOB '*'"),
        _ => format!("abs({column}) >= 0"),
    };
    let name = random.pick(&["", " CONSTRAINT ck", " CONSTRAINT \"2\""]);
    format!("{name} CHECK ({condition})")
}
