//! What systemd is told, or whoever else started the server by its protocol (`sd_notify(3)`). Without `NOTIFY_SOCKET`
//! nothing is.

use std::future::pending;
use std::io;

use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

/// Says that the server serves, and from then on that it lives, if that is asked for, and once that it is stopping.
///
/// # Errors
/// When signals cannot be heard.
pub(crate) fn announce() -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
            () = keep_telling() => {}
        }
        tell(&NotifyState::Stopping);
        // A stop may take a while, during which the server lives.
        keep_telling().await;
    });
    tell(&NotifyState::Ready);
    Ok(())
}

/// Says that the server lives, twice in the time in which that must be said (`WATCHDOG_USEC`).
async fn keep_telling() {
    let Some(limit) = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()) else { return pending().await };
    let mut ticks = tokio::time::interval(limit / 2);
    loop {
        ticks.tick().await;
        tell(&NotifyState::Watchdog);
    }
}

fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(error = %error, %state, "cannot tell the supervisor (NOTIFY_SOCKET)");
    }
}
