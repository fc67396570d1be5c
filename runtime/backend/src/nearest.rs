use crate::{Error, Result};

/// The candidate most like `wanted`, if one is near enough to be a likely slip of the keyboard.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(wanted, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// A sentence naming what exists, and the nearest match first: the tail of a "not found" message.
pub fn known<'a>(
    what: &str,
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let list: Vec<&str> = candidates.clone().into_iter().collect();
    if list.is_empty() {
        return format!("there are no {what}");
    }
    let list = list.join(", ");
    match nearest(wanted, candidates) {
        Some(near) => format!("did you mean '{near}'? known {what}: {list}"),
        None => format!("known {what}: {list}"),
    }
}

/// The choice that an option's value names.
///
/// # Errors
///
/// `InvalidArgument`, naming the choices.
pub fn one_of<T: Copy>(option: &str, value: &str, choices: &[(&str, T)]) -> Result<T> {
    let found = choices.iter().find(|(choice, _)| *choice == value).map(|(_, choice)| *choice);
    found.ok_or_else(|| {
        let choices = choices.iter().map(|(choice, _)| *choice);
        let known = known("values", value, choices);
        Error::invalid_argument(format!("the option {option} has no value '{value}': {known}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("digit", ["digits", "minilm"]), Some("digits"));
        assert_eq!(nearest("zzz", ["digits", "minilm"]), None);
    }
}
