//! Which table of a plan an object belongs to.

use super::model::Plan;

impl Plan {
    /// The table that an object belongs to, by its place: the longest name that the object's begins with. Views and
    /// triggers belong to none.
    pub fn table_of(&self, object: &str) -> Option<usize> {
        let (kind, name) = object.split_once(':')?;
        if matches!(kind, "view" | "trigger") {
            return None;
        }
        let tables = self.tables.iter().enumerate();
        let found = tables.filter(|(_, table)| {
            let rest = name.strip_prefix(table.name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        found
            .max_by_key(|(_, table)| table.name.len())
            .map(|(place, _)| place)
    }
}
