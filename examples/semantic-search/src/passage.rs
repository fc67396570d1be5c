use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::Result;

/// A line of text and its location.
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

/// Every non-blank line of the files, and of the `.txt` files in the folders.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Passage>> {
    let mut passages = Vec::new();
    for path in paths {
        for file in files(path).map_err(|error| format!("{}: {error}", path.display()))? {
            let text = fs::read_to_string(&file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            passages.extend(lines(&file, &text));
        }
    }
    if passages.is_empty() {
        return Err("there is no line of text to search".into());
    }
    Ok(passages)
}

fn lines(file: &Path, text: &str) -> impl Iterator<Item = Passage> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(at, line)| Passage { file: file.to_owned(), line: at + 1, text: line.to_owned() })
}

/// The file itself, or a folder's text files, sorted.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.metadata()?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = path.read_dir()?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_skipped_but_counted() {
        let found: Vec<_> = lines(Path::new("a.txt"), "one\r\n\n  three \n")
            .map(|passage| passage.to_string())
            .collect();
        assert_eq!(found, ["a.txt:1  one", "a.txt:3  three"]);
    }

    #[test]
    fn a_folder_stands_for_its_text_files() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR"));
        let passages = read(&[example.join("texts")]).unwrap();
        assert!(passages.len() > 50);
        assert!(passages.iter().all(|passage| passage.file == example.join("texts/notes.txt")));
        let error = read(&[example.join("src")]).unwrap_err().to_string();
        assert_eq!(error, "there is no line of text to search");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(&["nowhere.txt".into()]).unwrap_err().to_string();
        assert!(error.starts_with("nowhere.txt: "), "{error}");
    }
}
