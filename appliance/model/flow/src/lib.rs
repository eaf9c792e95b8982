//! The landing: flows, recipes, verdicts, changes, events, counters, and the two traits.
#![forbid(unsafe_code)]
