//! Parses the command line and carries it out; the exit code says how it went.

fn main() -> std::process::ExitCode {
    gapwatch::cli::main()
}
