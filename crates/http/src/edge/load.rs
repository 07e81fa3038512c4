//! How many requests are worked on at once.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use time::Duration;

use crate::problem::{Kind, Problem};

/// What all workers of a process work on.
pub(crate) struct Load {
    most: usize,
    working: AtomicUsize,
}

/// A request's place among those that are worked on, given back when it is dropped.
pub(crate) struct Place {
    load: Arc<Load>,
    held: Cell<bool>,
}

impl Load {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, working: AtomicUsize::new(0) })
    }

    /// A place for one more request, unless there are as many as may be.
    pub(crate) fn place(self: &Arc<Self>) -> Result<Place, Problem> {
        let place = Place { load: self.clone(), held: Cell::new(false) };
        place.enter().map(|()| place)
    }
}

impl Place {
    /// Lets another request have the place while this one waits for its client: who sends a body slowly keeps nobody
    /// from being served.
    pub(crate) fn leave(&self) {
        if self.held.replace(false) {
            self.load.working.fetch_sub(1, Ordering::Relaxed);
            metrics::gauge!("muster_http_requests_in_flight").decrement(1.0);
        }
    }

    /// Takes a place again.
    pub(crate) fn enter(&self) -> Result<(), Problem> {
        let one_more = |working: usize| (working < self.load.most).then_some(working + 1);
        if self.load.working.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            metrics::counter!("muster_http_requests_shed_total").increment(1);
            let problem = Problem::new(Kind::Overloaded, "nothing was done for this request; try again in a moment");
            return Err(problem.retry_after(Duration::SECOND));
        }
        self.held.set(true);
        metrics::gauge!("muster_http_requests_in_flight").increment(1.0);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_one_that_was_left_is_anothers() {
        let load = Load::new(2);
        let first = load.place().unwrap();
        let second = load.place().unwrap();
        assert_eq!(load.place().err().unwrap().kind(), Kind::Overloaded);
        first.leave();
        first.leave();
        let third = load.place().unwrap();
        assert_eq!(first.enter().err().unwrap().kind(), Kind::Overloaded);
        drop(first);
        assert!(load.place().is_err(), "who had left gives nothing back");
        drop((second, third));
        assert_eq!(load.working.load(Ordering::Relaxed), 0);
    }
}
