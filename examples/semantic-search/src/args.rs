use std::path::PathBuf;

use crate::Result;

pub(crate) const USAGE: &str = "\
usage: semantic-search --tokenizer FILE --query TEXT [--top K] PATH...

PATH...           text files, one passage a line, or folders of .txt files,
                  as this program sees them
--query TEXT      what to look for
--tokenizer FILE  the model's tokenizer.json
--top K           how many lines to print (default: 5)";

const TOP: usize = 5;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) query: String,
    pub(crate) tokenizer: PathBuf,
    pub(crate) top: usize,
    pub(crate) paths: Vec<PathBuf>,
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut args = args.into_iter();
        let (mut query, mut tokenizer, mut top, mut paths) = (None, None, TOP, Vec::new());
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} is not followed by a value"));
            match arg.as_str() {
                "--query" => query = Some(value()?),
                "--tokenizer" => tokenizer = Some(value()?.into()),
                "--top" => top = count(&value()?)?,
                "--" => paths.extend(args.by_ref().map(PathBuf::from)),
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}").into());
                }
                path => paths.push(path.into()),
            }
        }
        let query: String = query.ok_or("--query is missing")?;
        if query.trim().is_empty() {
            return Err("the query is empty".into());
        }
        if paths.is_empty() {
            return Err("no text file or folder is given".into());
        }
        Ok(Self { query, tokenizer: tokenizer.ok_or("--tokenizer is missing")?, top, paths })
    }
}

fn count(value: &str) -> Result<usize> {
    match value.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("--top takes a number above 0, not {value}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, String> {
        Args::parse(args.iter().map(|&arg| arg.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn options_and_paths_may_mix() {
        let args =
            parse(&["a.txt", "--query", "a bird", "--top", "3", "--tokenizer", "t.json", "b.txt"]);
        let expected = Args {
            query: "a bird".to_owned(),
            tokenizer: "t.json".into(),
            top: 3,
            paths: vec!["a.txt".into(), "b.txt".into()],
        };
        assert_eq!(args.unwrap(), expected);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(parse(&[]).unwrap_err(), "--query is missing");
        assert_eq!(parse(&["--query", " "]).unwrap_err(), "the query is empty");
        assert_eq!(parse(&["--query"]).unwrap_err(), "--query is not followed by a value");
        assert_eq!(parse(&["--query", "q"]).unwrap_err(), "no text file or folder is given");
        assert_eq!(parse(&["--query", "q", "f"]).unwrap_err(), "--tokenizer is missing");
        assert_eq!(parse(&["--top", "0"]).unwrap_err(), "--top takes a number above 0, not 0");
        assert_eq!(parse(&["--k", "9"]).unwrap_err(), "there is no option --k");
    }
}
