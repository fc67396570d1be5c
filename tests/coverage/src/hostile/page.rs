//! The tables of [`godwit_onnx::walls`], as part of a page.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use godwit_onnx::walls::{LAYERS, Row, Safety, VALUES};

/// The page, seen from the repository's root.
pub const PAGE: &str = "docs/security.md";

const BEGIN: &str = "<!-- begin: operators (cargo xtask hostile) -->\n";
const END: &str = "<!-- end: operators -->";

/// `page` with the tables as they are now between its markers.
///
/// # Errors
///
/// When the page has no markers.
pub fn renew(page: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no tables")?;
    let (_, after) = rest.split_once(END).context("the tables of the page have no end")?;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", tables()))
}

fn tables() -> String {
    let mut page = String::from(
        "| operator | looks where it is told by | ONNX Runtime | OpenVINO | MIGraphX |\n",
    );
    page.push_str("|---|---|---|---|---|\n");
    for Row { operator, by, safety: [onnxruntime, openvino, migraphx] } in VALUES {
        let [onnxruntime, openvino, migraphx] =
            [onnxruntime, openvino, migraphx].map(|it| word(*it));
        let _ = writeln!(page, "| {operator} | {by} | {onnxruntime} | {openvino} | {migraphx} |");
    }
    page.push_str(
        "\n| layer of an OpenVINO IR | looks where it is told by | OpenVINO |\n|---|---|---|\n",
    );
    for Row { operator, by, safety: [_, openvino, _] } in LAYERS {
        let _ = writeln!(page, "| {operator} | {by} | {} |", word(*openvino));
    }
    page
}

fn word(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "safe",
        Safety::Guarded => "guarded",
        Safety::Unsafe => "unsafe",
    }
}
