//! `outgrow completions`: a script that teaches a shell the command line.

use clap_complete::{Shell, generate};

use crate::exit::Exit;
use crate::failure::Failure;

/// Print a script that completes commands and options in your shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  outgrow completions bash > ~/.local/share/bash-completion/completions/outgrow
  outgrow completions zsh > \"${fpath[1]}/_outgrow\"
  outgrow completions fish > ~/.config/fish/completions/outgrow.fish")]
pub struct Args {
    /// The shell that will read the script
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut super::command(), "outgrow", &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
