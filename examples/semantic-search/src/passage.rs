use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::Result;

/// A line of text and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}  {}", self.file.display(), self.line, self.text)
    }
}

/// Every line of the files that is not blank.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Passage>> {
    let mut passages = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
        passages.extend(lines.map(|(at, line)| Passage {
            file: file.clone(),
            line: at + 1,
            text: line.to_owned(),
        }));
    }
    if passages.is_empty() {
        return Err("the files have no line of text".into());
    }
    Ok(passages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let file = std::env::temp_dir().join(format!("passages-{}.txt", std::process::id()));
        fs::write(&file, "one\r\n\n  three \n").unwrap();
        let passages = read(std::slice::from_ref(&file));
        fs::write(&file, " \n").unwrap();
        let empty = read(std::slice::from_ref(&file));
        fs::remove_file(&file).unwrap();

        let found: Vec<_> =
            passages.unwrap().into_iter().map(|passage| (passage.line, passage.text)).collect();
        assert_eq!(found, [(1, "one".to_owned()), (3, "three".to_owned())]);
        assert_eq!(empty.unwrap_err().to_string(), "the files have no line of text");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(&["nowhere.txt".into()]).unwrap_err().to_string();
        assert!(error.starts_with("nowhere.txt: "), "{error}");
    }
}
