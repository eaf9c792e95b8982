//! The known name that is nearest to one that is not known.

/// Names longer than this are compared by their start only: a hostile name must not cost much.
const LONGEST: usize = 64;

/// The candidate with the smallest edit distance to `wrong` (insert, remove, replace, swap neighbours), which counts
/// a third for a name that contains `wrong` or is contained in it. Among equals the first wins. None if there are no
/// candidates.
pub(super) fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('_', "-");
    candidates.into_iter().min_by_key(|known| {
        let lower = known.to_lowercase();
        let related =
            wrong.len() > 2 && lower.len() > 2 && (lower.contains(&wrong) || wrong.contains(&lower));
        // a name that was written in part costs less than one that is spelt differently
        distance(&wrong, &lower) * if related { 1 } else { 3 }
    })
}

fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(LONGEST).collect();
    let right: Vec<char> = right.chars().take(LONGEST).collect();
    // three rows of the usual table: the one before last is needed for swaps
    let mut before = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(from != to);
            let mut best = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *from == right[column - 1] && left[row - 1] == *to {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_book() {
        for (left, right, edits) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("tiemout", "timeout", 1)]
        {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }

    #[test]
    fn the_likely_name_wins() {
        let known = ["timeout", "silent-timeout", "tos", "listen-ng"];
        assert_eq!(nearest("tiemout", known), Some("timeout"));
        assert_eq!(nearest("listen_ng", known), Some("listen-ng"));
        assert_eq!(nearest("silent", known), Some("silent-timeout"));
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(distance(&"x".repeat(100_000), ""), LONGEST);
    }
}
