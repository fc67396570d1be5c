use std::str::FromStr;

/// `KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvOption {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl FromStr for EnvOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self { key: key.to_owned(), value: value.to_owned() })
            }
            _ => Err("write KEY=VALUE, for example --env LANG=C".to_owned()),
        }
    }
}
