use std::process::ExitCode;

/// The multi-thread runtime, because work that a closed connection must not cut short goes on apart from its request.
#[tokio::main]
async fn main() -> ExitCode {
    muster_server::run(std::env::args_os()).await
}
