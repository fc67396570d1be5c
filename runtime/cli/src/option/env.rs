/// `KEY=VALUE`.
pub(crate) fn env(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, for example --env LANG=C".to_owned()),
    }
}
