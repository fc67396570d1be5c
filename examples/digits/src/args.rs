use std::path::PathBuf;

use crate::Result;

pub(crate) const USAGE: &str = "\
usage: digits [--labels FILE] PATH...

PATH    an 8 x 8 grey PNG, or a folder of them, as this program sees it
--labels FILE
        the true class of each file: a CSV file with the columns file and label;
        the last line printed is then the accuracy";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) labels: Option<PathBuf>,
    pub(crate) paths: Vec<PathBuf>,
}

impl Args {
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut args = args.into_iter();
        let (mut labels, mut paths) = (None, Vec::new());
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--labels" => {
                    let file = args.next().ok_or("--labels is not followed by a file")?;
                    labels = Some(file.into());
                }
                "--" => paths.extend(args.by_ref().map(PathBuf::from)),
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}").into());
                }
                path => paths.push(path.into()),
            }
        }
        if paths.is_empty() {
            return Err("no image or folder is given".into());
        }
        Ok(Self { labels, paths })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Args, String> {
        Args::parse(args.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_may_stand_anywhere() {
        let expected =
            Args { labels: Some("l.csv".into()), paths: vec!["a.png".into(), "b".into()] };
        assert_eq!(parse("--labels l.csv a.png b").unwrap(), expected);
        assert_eq!(parse("a.png b --labels l.csv").unwrap(), expected);
        assert_eq!(parse("--labels l.csv -- a.png b").unwrap(), expected);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        assert_eq!(parse("").unwrap_err(), "no image or folder is given");
        assert_eq!(parse("a --labels").unwrap_err(), "--labels is not followed by a file");
        assert_eq!(parse("--label l a").unwrap_err(), "there is no option --label");
    }
}
