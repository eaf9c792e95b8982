//! The line a daemon logs for every call that ends.

/// What the line says.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Why the call ended.
    pub reason: String,
    /// How long it lasted, seconds.
    pub duration: f64,
    /// The whole line.
    pub line: String,
}

/// The lines about the call `id` in a log.
pub fn ended(log: &str, id: &str) -> Vec<Ended> {
    log.lines()
        .filter(|line| fields(line).any(|field| field == format!("ci={id}")))
        .filter_map(|line| {
            let field = |key: &str| fields(line).find_map(|field| field.strip_prefix(key));
            Some(Ended {
                reason: field("reason=")?.to_owned(),
                duration: field("duration=")?.parse().ok()?,
                line: line.to_owned(),
            })
        })
        .collect()
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', ',']).filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_call() {
        let log = "x\n[1] INFO: [core] ci=a, start=1.0, end=3.5, duration=2.500, reason=timeout, leg0_tag=b\n\
                   [1] INFO: [core] ci=ab, start=1.0, end=3.5, duration=1.000, reason=terminated\n";
        let found = ended(log, "a");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].reason.as_str(), found[0].duration), ("timeout", 2.5));
        assert_eq!(ended(log, "b"), []);
    }
}
