//! The one binary: arguments, then the window or a headless command.

use std::process::ExitCode;

fn main() -> ExitCode {
    dqmon::cli::main()
}
