use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How many tasks a race has.
pub(super) const RACERS: usize = 64;

/// Runs `racer` that many times at once, all from one line, and returns what came of each.
pub(super) async fn race<T, R>(racers: usize, racer: impl Fn(usize) -> R) -> Vec<T>
where
    T: Send + 'static,
    R: Future<Output = T> + Send + 'static,
{
    let line = Arc::new(Barrier::new(racers));
    let mut tasks = JoinSet::new();
    for number in 0..racers {
        let (line, running) = (Arc::clone(&line), racer(number));
        tasks.spawn(async move {
            line.wait().await;
            running.await
        });
    }
    tasks.join_all().await
}

/// How many of `outcomes` are `wanted`.
pub(super) fn count<T: PartialEq>(outcomes: &[T], wanted: &T) -> usize {
    outcomes.iter().filter(|outcome| *outcome == wanted).count()
}
