//! Classifies 8 x 8 grey PNGs of handwritten digits with the model `digits`.

mod args;
mod classify;
mod digit;
mod labels;
mod report;

use std::io::Write;
use std::process::ExitCode;
use std::{error, io};

use args::Args;
use classify::Classifier;
use labels::Labels;
use report::Tally;

/// An error is a message for the user.
type Result<T, E = Box<dyn error::Error>> = std::result::Result<T, E>;

/// Images per run of the model.
const BATCH: usize = 32;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => return complain(&format!("{error}\n\n{}", args::USAGE), 2),
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error.to_string(), 1),
    }
}

fn run(args: &Args) -> Result<()> {
    let files = digit::find(&args.paths)?;
    let labels = args.labels.as_deref().map(Labels::read).transpose()?;
    let classifier = Classifier::load()?;

    let mut out = io::stdout().lock();
    let mut tally = Tally::default();
    for files in files.chunks(BATCH) {
        for (file, guess) in files.iter().zip(classifier.classify(files)?) {
            let label = labels.as_ref().and_then(|labels| labels.of(file));
            tally.count(&guess, label);
            writeln!(out, "{}", report::line(file, &guess, label))?;
        }
    }
    if labels.is_some() {
        writeln!(out, "{}", tally.accuracy()?)?;
    }
    Ok(())
}

fn complain(message: &str, code: u8) -> ExitCode {
    // If this fails too, there is nowhere to report it.
    let _ = writeln!(io::stderr(), "digits: {message}");
    ExitCode::from(code)
}
