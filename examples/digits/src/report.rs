use std::path::Path;

use godwit_guest::topk::Scored;

use crate::Result;

pub(crate) fn line(file: &Path, guess: &Scored, label: Option<usize>) -> String {
    let wrong = match label {
        Some(label) if label != guess.index => format!("  (labelled {label})"),
        _ => String::new(),
    };
    format!("{}  {}  {:5.1} %{wrong}", file.display(), guess.index, guess.score * 100.0)
}

/// How many labelled files there were and how many the model got right.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    right: u32,
    labelled: u32,
}

impl Tally {
    pub(crate) fn count(&mut self, guess: &Scored, label: Option<usize>) {
        self.right += u32::from(label == Some(guess.index));
        self.labelled += u32::from(label.is_some());
    }

    pub(crate) fn accuracy(&self) -> Result<String> {
        if self.labelled == 0 {
            return Err("none of these files has a label".into());
        }
        let share = f64::from(self.right) / f64::from(self.labelled);
        Ok(format!("accuracy {share:.2} ({} of {})", self.right, self.labelled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: Scored = Scored { index: 7, score: 0.9876 };

    #[test]
    fn a_line_says_the_class_the_confidence_and_what_was_expected() {
        let file = Path::new("/images/003.png");
        assert_eq!(line(file, &SEVEN, Some(7)), "/images/003.png  7   98.8 %");
        assert_eq!(line(file, &SEVEN, Some(1)), "/images/003.png  7   98.8 %  (labelled 1)");
    }

    #[test]
    fn only_labelled_files_count() {
        let mut tally = Tally::default();
        assert!(tally.accuracy().is_err());
        for label in [Some(7), Some(7), None, Some(1)] {
            tally.count(&SEVEN, label);
        }
        assert_eq!(tally.accuracy().unwrap(), "accuracy 0.67 (2 of 3)");
    }
}
