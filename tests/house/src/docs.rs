//! What documents promise must exist: commands, files, examples.

use crate::tree::Source;

/// One fenced block of a Markdown text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The word after the fence: `sh`, `toml` …
    pub language: String,
    /// The lines inside.
    pub text: String,
    /// Line of the opening fence, from 1.
    pub line: usize,
}

/// The fenced blocks of a Markdown text.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in markdown.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            if inside {
                let language = language.trim().to_owned();
                found.push(Block { language, text: String::new(), line: number + 1 });
            }
        } else if inside && let Some(block) = found.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    found
}

/// The make targets named in shell blocks.
pub fn make_targets(markdown: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for block in blocks(markdown).iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            let words = line.split('#').next().unwrap_or_default();
            if let Some(rest) = words.trim().strip_prefix("make ") {
                targets.extend(
                    rest.split_whitespace().filter(|word| !word.contains(['=', '-'])).map(str::to_owned),
                );
            }
        }
    }
    targets
}

/// Relative links `[text](path)` of a Markdown file, as paths from the root of the house.
pub fn links(file: &Source) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices("](") {
        let target = file.text[at + 2..].split([')', '#', ' ']).next().unwrap_or_default();
        if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('/') {
            match part {
                "." | "" => {}
                ".." => drop(path.pop()),
                part => path.push(part),
            }
        }
        found.push(path.join("/"));
    }
    found
}

/// Links of Markdown files that lead nowhere. `exists` is asked with paths from the root.
pub fn broken_links(sources: &[Source], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in sources.iter().filter(|source| source.is(".md")) {
        let broken = links(file).into_iter().filter(|path| !exists(path));
        wrong.extend(broken.map(|path| format!("{}: there is no {path}", file.path)));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str =
        "# X\n```sh\nmake demo   # shows\nmake test JOBS=2\ncargo build\n```\n```toml\na = 1\n```\n";

    #[test]
    fn blocks_and_targets_are_found() {
        let found = blocks(SAMPLE);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[1].language.as_str(), found[1].text.as_str(), found[1].line),
            ("toml", "a = 1\n", 7)
        );
        assert_eq!(make_targets(SAMPLE), ["demo", "test"]);
    }

    #[test]
    fn links_to_nowhere_are_noticed() {
        let file =
            Source::new("docs/a.md", "[x](b.md#top) [y](../README.md) [z](https://example.org) [w](c.md)");
        assert_eq!(links(&file), ["docs/b.md", "README.md", "docs/c.md"]);
        let wrong = broken_links(&[file], |path| path != "docs/c.md");
        assert_eq!(wrong, ["docs/a.md: there is no docs/c.md"]);
    }
}
