//! What engines are known to compute, from running ONNX's own tests on them.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Knowledge {
    /// Operators that have tests.
    pub(crate) tested: Vec<String>,
    pub(crate) engine: Vec<Engine>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Engine {
    pub(crate) name: String,
    /// The version that was tested.
    pub(crate) version: String,
    pub(crate) encodings: Vec<String>,
    pub(crate) dtypes: Vec<String>,
    /// Tested operators of which no test passes.
    pub(crate) lacks: Vec<String>,
}

pub(crate) static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    // A test holds the file to its form.
    toml::from_str(include_str!("engines.toml")).unwrap_or_default()
});

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::collections::BTreeMap;

    use super::*;

    /// `docs/operator-coverage.md`: cases that passed, by operator and engine.
    fn page() -> BTreeMap<String, [bool; 3]> {
        let page = include_str!("../../../docs/operator-coverage.md");
        let (_, table) = page.split_once("## By operator").unwrap();
        let table = table.split("\n## ").next().unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
        rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let passed = [2, 3, 4].map(|column| {
                let count = cells[column].split_whitespace().next().unwrap();
                count.parse::<u32>().unwrap() > 0
            });
            (cells[0].to_owned(), passed)
        })
        .collect()
    }

    #[test]
    fn the_knowledge_is_that_of_the_coverage_page() {
        let page = page();
        assert_eq!(page.keys().cloned().collect::<Vec<_>>(), KNOWLEDGE.tested);
        let text = include_str!("../../../docs/operator-coverage.md");
        for (column, (name, shown)) in
            [("tract", "tract"), ("onnxruntime", "ONNX Runtime"), ("openvino", "OpenVINO")]
                .into_iter()
                .enumerate()
        {
            let engine = KNOWLEDGE.engine.iter().find(|engine| engine.name == name).unwrap();
            assert!(text.contains(&format!("| {shown} {}", engine.version)), "{name}");
            let lacks: Vec<_> = page
                .iter()
                .filter(|(_, passed)| !passed[column])
                .map(|(op, _)| op.clone())
                .collect();
            assert_eq!(engine.lacks, lacks, "{name}");
        }
    }
}
