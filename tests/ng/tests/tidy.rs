//! The files that belong together are together.

use ng_transcripts::shelf::Shelf;
use ng_transcripts::verdict::untidy;

#[test]
fn transcripts_scripts_and_differences_fit() {
    let wrong = untidy(&Shelf::here()).unwrap();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
