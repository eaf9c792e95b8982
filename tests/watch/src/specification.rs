//! What `appliance/docs/specification.md` promises, so that a test and the page cannot drift apart.

use crate::repository;

/// The page.
#[derive(Debug)]
pub struct Specification {
    text: String,
}

/// A row of its tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it never may be above, in the unit of the row.
    pub most: f64,
    /// The test that the row names.
    pub test: String,
}

impl Specification {
    /// Reads it.
    pub fn read() -> Specification {
        Specification { text: repository("appliance/docs/specification.md") }
    }

    /// The row that begins with `name`: name, what it is, measured, at most, test.
    ///
    /// # Panics
    /// When there is none, or it has no number.
    pub fn figure(&self, name: &str) -> Figure {
        let begin = format!("| `{name}` |");
        let row = self.text.lines().find(|line| line.starts_with(&begin));
        let row = row.unwrap_or_else(|| panic!("the specification has no row {name}"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, _, _, most, test] = cells[..] else { panic!("{row}") };
        let number = most.split(' ').next().and_then(|number| number.parse().ok());
        Figure {
            most: number.unwrap_or_else(|| panic!("no number: {row}")),
            test: test.trim_matches('`').to_owned(),
        }
    }

    /// The screen of the live view, as text.
    ///
    /// # Panics
    /// When there is none.
    pub fn screen(&self) -> &str {
        let block = self.text.split_once("```text\n").and_then(|(_, rest)| rest.split_once("```"));
        block.expect("a block of text").0
    }
}
