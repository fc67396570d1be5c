use std::path::{Component, Path};

/// Whether a link with this target leads nowhere but below the folder that it lies in, wherever it is moved to later.
/// A `..` may stay inside the guest's folder today and lead out of it once the link is renamed.
pub(super) fn stays_below(target: &str) -> bool {
    let mut parts = Path::new(target).components();
    !target.is_empty() && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_a_target() {
        for target in ["a", "a/b", "./a", "a/./b", "..a", "a..", "a//b/"] {
            assert!(stays_below(target), "{target}");
        }
        for target in ["", "/", "/etc/passwd", "..", "../a", "a/..", "a/../../b", "./../a"] {
            assert!(!stays_below(target), "{target}");
        }
    }
}
