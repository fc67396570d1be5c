//! Ranks lines of text by their similarity in meaning to a query, with the model `minilm`.

mod args;
mod batch;
mod embed;
mod passage;
mod rank;

use std::io::Write;
use std::process::ExitCode;
use std::{error, io};

use args::Args;
use embed::Embedder;

/// An error is a message for the user.
type Result<T, E = Box<dyn error::Error>> = std::result::Result<T, E>;

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
    let passages = passage::read(&args.paths)?;
    let embedder = Embedder::load(&args.tokenizer)?;

    // The query is embedded with the passages, which saves a run.
    let texts: Vec<&str> = std::iter::once(args.query.as_str())
        .chain(passages.iter().map(|passage| passage.text.as_str()))
        .collect();
    let embeddings = embedder.embed(&texts)?;
    let (query, embeddings) = embeddings.split_first().ok_or("the model gave no embedding")?;

    let mut out = io::stdout().lock();
    for (rank, hit) in rank::best(query, embeddings, args.top).into_iter().enumerate() {
        let Some(passage) = passages.get(hit.index) else { continue };
        writeln!(out, "{:3}  {:.3}  {passage}", rank + 1, hit.score)?;
    }
    Ok(())
}

fn complain(message: &str, code: u8) -> ExitCode {
    // If this fails too, there is nowhere to report it.
    let _ = writeln!(io::stderr(), "semantic-search: {message}");
    ExitCode::from(code)
}
