//! Descriptions for people: a label on the left, what belongs to it on the right.

use std::fmt::Display;

use godwit_model::text::shown;

/// One line of a description.
pub(crate) fn line(label: &str, value: impl Display) -> String {
    format!("{label:<11} {}\n", shown(&value.to_string()))
}

/// Several values under one label.
pub(crate) fn lines(label: &str, values: impl IntoIterator<Item = String>) -> String {
    let mut label = label;
    let mut text = String::new();
    for value in values {
        text.push_str(&line(label, value));
        label = "";
    }
    if text.is_empty() { line(label, "none") } else { text }
}
