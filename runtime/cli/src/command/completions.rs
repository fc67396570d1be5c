use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::Result;
use crate::print;

const EXAMPLES: &str = "\
Examples:
  source <(godwit completions bash)
      for the current shell only
  godwit completions bash > ~/.local/share/bash-completion/completions/godwit
  godwit completions zsh > ~/.zfunc/_godwit
  godwit completions fish > ~/.config/fish/completions/godwit.fish
      permanently";

/// Print a shell completion script.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete for.
    shell: Shell,
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "godwit", &mut script);
    print::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
