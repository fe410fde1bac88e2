//! Which table of the source is which of the target, and which column which column: by name, and nothing else.
//!
//! The owner's own map goes first, then equal names, then names that are equal without case where only one is.
//! Nothing is bound twice.

use crate::plan::choices::Choices;
use crate::source::catalog::{Catalog, Table};
use crate::target::catalog::{TargetCatalog, TargetTable};

/// How two names came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// They are equal.
    Name,
    /// They are equal without case.
    Case,
    /// Their owner said so.
    Choice,
}

/// Why a name of the source has no partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alone {
    /// The target has none of this name.
    Missing,
    /// The target has none of the name its owner chose.
    ChoiceMissing(String),
    /// Several names of the target are equal to it without case.
    Ambiguous(Vec<String>),
    /// Another name of the source is bound to its partner.
    Taken {
        /// The partner.
        partner: String,
        /// Who has it.
        by: String,
    },
}

/// A pair: positions in the source and on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Position in the source.
    pub source: usize,
    /// Position on the target.
    pub target: usize,
    /// How they came together.
    pub by: By,
}

/// A table of the source with its table on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundTable {
    /// Positions in both catalogs.
    pub pair: Pair,
    /// Its columns that have a partner, in the source's order.
    pub columns: Vec<Pair>,
    /// Columns of the source without a partner.
    pub alone: Vec<(usize, Alone)>,
    /// Columns of the target that the source has not.
    pub extra: Vec<usize>,
}

/// All tables of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    /// Those that have a partner, in the source's order.
    pub tables: Vec<BoundTable>,
    /// Those that have none.
    pub alone: Vec<(usize, Alone)>,
}

impl Binding {
    /// Binds every table and column.
    pub fn of(source: &Catalog, target: &TargetCatalog, choices: &Choices) -> Self {
        let names: Vec<&str> = source.tables.iter().map(|table| table.name.as_str()).collect();
        let partners: Vec<&str> = target.tables.iter().map(|table| table.name.as_str()).collect();
        let chosen = |name: &str| choices.names.get(&format!("table:{name}")).map(String::as_str);
        let left_out = |name: &str| choices.skip.contains(&format!("table:{name}"));
        let (pairs, mut alone) = pair(&names, &partners, chosen);
        alone.retain(|(table, _)| !left_out(names[*table]));
        let bound = pairs.into_iter().filter(|pair| !left_out(names[pair.source]));
        Self {
            tables: bound
                .map(|pair| {
                    bind_columns(
                        pair,
                        &source.tables[pair.source],
                        &target.tables[pair.target],
                        choices,
                    )
                })
                .collect(),
            alone,
        }
    }
}

fn bind_columns(pair_of_tables: Pair, source: &Table, target: &TargetTable, choices: &Choices) -> BoundTable {
    let names: Vec<&str> = source.columns.iter().map(|column| column.name.as_str()).collect();
    let partners: Vec<&str> = target.columns.iter().map(|column| column.name.as_str()).collect();
    let chosen = |name: &str| {
        let object = format!("column:{}.{name}", source.name);
        choices.names.get(&object).map(String::as_str)
    };
    let (columns, alone) = pair(&names, &partners, chosen);
    let extra = (0..partners.len())
        .filter(|place| columns.iter().all(|pair| pair.target != *place))
        .collect();
    BoundTable {
        pair: pair_of_tables,
        columns,
        alone,
        extra,
    }
}

/// Brings names together; none is in two pairs.
fn pair<'a>(
    names: &[&str],
    partners: &[&str],
    chosen: impl Fn(&str) -> Option<&'a str>,
) -> (Vec<Pair>, Vec<(usize, Alone)>) {
    let mut taken: Vec<Option<usize>> = vec![None; partners.len()];
    let mut found: Vec<Option<Result<Pair, Alone>>> = vec![None; names.len()];
    for by in [By::Choice, By::Name, By::Case] {
        for (source, name) in names.iter().enumerate() {
            if found[source].is_some() {
                continue;
            }
            let partner = match by {
                By::Choice => chosen(name).map(|own| {
                    find(partners, |partner| partner == own)
                        .ok_or_else(|| Alone::ChoiceMissing(own.to_owned()))
                }),
                By::Name => find(partners, |partner| partner == *name).map(Ok),
                By::Case => without_case(name, partners, &taken),
            };
            found[source] = partner.map(|partner| {
                let target = partner?;
                if let Some(by) = taken[target] {
                    return Err(Alone::Taken {
                        partner: partners[target].to_owned(),
                        by: names[by].to_owned(),
                    });
                }
                taken[target] = Some(source);
                Ok(Pair { source, target, by })
            });
        }
    }
    let mut alone = Vec::new();
    let mut pairs = Vec::new();
    for (source, found) in found.into_iter().enumerate() {
        match found {
            Some(Ok(pair)) => pairs.push(pair),
            Some(Err(why)) => alone.push((source, why)),
            None => alone.push((source, Alone::Missing)),
        }
    }
    (pairs, alone)
}

fn find(partners: &[&str], is: impl Fn(&str) -> bool) -> Option<usize> {
    partners.iter().position(|partner| is(partner))
}

/// The one partner that is equal without case, among those that no equal name has.
fn without_case(name: &str, partners: &[&str], taken: &[Option<usize>]) -> Option<Result<usize, Alone>> {
    let folded = name.to_lowercase();
    let alike: Vec<usize> = (0..partners.len())
        .filter(|place| taken[*place].is_none() && partners[*place].to_lowercase() == folded)
        .collect();
    match alike.as_slice() {
        [] => None,
        [only] => Some(Ok(*only)),
        several => Some(Err(Alone::Ambiguous(
            several.iter().map(|place| partners[*place].to_owned()).collect(),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: &[&str], partners: &[&str], chosen: &[(&str, &str)]) -> Vec<String> {
        let choose = |name: &str| chosen.iter().find(|(own, _)| *own == name).map(|(_, to)| *to);
        let (pairs, alone) = pair(names, partners, choose);
        let mut told: Vec<(usize, String)> = pairs
            .iter()
            .map(|p| {
                (
                    p.source,
                    format!("{}={} {:?}", names[p.source], partners[p.target], p.by),
                )
            })
            .collect();
        told.extend(
            alone
                .iter()
                .map(|(source, why)| (*source, format!("{} {why:?}", names[*source]))),
        );
        told.sort();
        told.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn equal_names_go_before_names_that_are_equal_without_case() {
        assert_eq!(
            pairs(&["Id", "userId", "name"], &["id", "userid", "name", "other"], &[]),
            ["Id=id Case", "userId=userid Case", "name=name Name"]
        );
        assert_eq!(
            pairs(&["ID", "id"], &["id", "Id"], &[]),
            ["ID=Id Case", "id=id Name"]
        );
        assert_eq!(pairs(&["ÄPFEL"], &["äpfel"], &[]), ["ÄPFEL=äpfel Case"]);
    }

    #[test]
    fn what_is_not_unique_is_not_guessed() {
        assert_eq!(
            pairs(&["id"], &["ID", "Id"], &[]),
            ["id Ambiguous([\"ID\", \"Id\"])"]
        );
        assert_eq!(pairs(&["a"], &["b"], &[]), ["a Missing"]);
    }

    #[test]
    fn the_owners_map_goes_first_and_nothing_is_bound_twice() {
        assert_eq!(
            pairs(&["a", "b"], &["a", "b"], &[("a", "b")]),
            ["a=b Choice", "b Taken { partner: \"b\", by: \"a\" }"]
        );
        assert_eq!(pairs(&["a"], &["a"], &[("a", "z")]), ["a ChoiceMissing(\"z\")"]);
    }
}
