use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::Result;

/// The true class of each file, by file name.
#[derive(Debug)]
pub(crate) struct Labels(BTreeMap<String, usize>);

impl Labels {
    /// Reads a CSV file with the columns `file` and `label`.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| error.to_string());
        text.and_then(|text| Self::parse(&text))
            .map_err(|error| format!("{}: {error}", file.display()).into())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, header)| header.trim() != "file,label") {
            return Err("the first line is not `file,label`".to_owned());
        }
        let rows = lines.filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| {
            let row = line.split_once(',').and_then(|(file, label)| {
                Some((file.trim().to_owned(), label.trim().parse().ok()?))
            });
            row.ok_or_else(|| format!("line {} is not a file and its class: {line}", at + 1))
        });
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    pub(crate) fn of(&self, file: &Path) -> Option<usize> {
        self.0.get(file.file_name()?.to_str()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_in_any_folder() {
        let labels = Labels::parse("file,label\r\n000.png,2\r\n001.png, 0\r\n\r\n").unwrap();
        assert_eq!(labels.of(Path::new("/images/000.png")), Some(2));
        assert_eq!(labels.of(Path::new("001.png")), Some(0));
        assert_eq!(labels.of(Path::new("002.png")), None);
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let error = Labels::parse("file,label\na.png,1\nb.png,two\n").unwrap_err();
        assert_eq!(error, "line 3 is not a file and its class: b.png,two");
        assert!(Labels::parse("a.png,1\n").is_err());
        assert!(Labels::parse("").is_err());
    }
}
