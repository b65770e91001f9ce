//! Answers by what was asked: what is known, what is being worked on, what failed, what was stopped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Something that is kept, and how much room it takes.
pub trait Answer {
    /// Bytes of memory, as far as they count.
    fn bytes(&self) -> usize;
}

/// What a job is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the picture.
    Picture,
    /// Reading or making the weights.
    Weights,
    /// Running the network.
    Inference,
    /// Running it many times.
    Measuring,
    /// Finding out why it says what it says.
    Explaining,
}

impl Phase {
    /// In words, for the status bar.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Picture => "reading the picture",
            Self::Weights => "preparing weights",
            Self::Inference => "inferring",
            Self::Measuring => "measuring",
            Self::Explaining => "explaining",
        }
    }
}

/// A question in work.
#[derive(Debug)]
pub struct Running<Q> {
    /// What is asked.
    pub question: Q,
    /// What is being done for it.
    pub phase: Phase,
    /// How far that is, 0 to 1.
    pub fraction: f32,
    ticket: u64,
    cancelled: Arc<AtomicBool>,
}

/// What whoever works on a question is given: by its number the answer finds its place.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The number.
    pub number: u64,
    /// Has the answer become useless?
    pub cancelled: Arc<AtomicBool>,
}

/// Answers to questions of one kind. One question is worked on at a time.
#[derive(Debug)]
pub struct Shelf<Q, A> {
    /// Bytes of answers that are kept though nobody asks for them.
    budget: usize,
    tickets: u64,
    running: Option<Running<Q>>,
    /// The latest first.
    known: VecDeque<(Q, Arc<A>)>,
    failed: Vec<(Q, String)>,
    /// Not worked on again before something changes.
    stopped: Vec<Q>,
}

impl<Q: Clone + PartialEq, A: Answer> Shelf<Q, A> {
    /// An empty one that keeps so many bytes of answers that nobody asks for any more.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        let (known, failed, stopped) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { budget, tickets: 0, running: None, known, failed, stopped }
    }

    /// The answer, if it is known.
    #[must_use]
    pub fn answer(&self, question: &Q) -> Option<&Arc<A>> {
        self.known.iter().find(|(known, _)| known == question).map(|(_, answer)| answer)
    }

    /// Why there is none.
    #[must_use]
    pub fn failure(&self, question: &Q) -> Option<&str> {
        self.failed.iter().find(|(failed, _)| failed == question).map(|(_, message)| message.as_str())
    }

    /// Was it stopped?
    #[must_use]
    pub fn is_stopped(&self, question: &Q) -> bool {
        self.stopped.contains(question)
    }

    /// What is being worked on.
    #[must_use]
    pub fn running(&self) -> Option<&Running<Q>> {
        self.running.as_ref()
    }

    /// Is there neither an answer nor a reason why there is none?
    #[must_use]
    pub fn lacks(&self, question: &Q) -> bool {
        self.answer(question).is_none() && self.failure(question).is_none() && !self.is_stopped(question)
    }

    /// Takes a question in work.
    pub fn begin(&mut self, question: Q, phase: Phase) -> Ticket {
        self.tickets += 1;
        let (ticket, cancelled) = (self.tickets, Arc::new(AtomicBool::new(false)));
        self.running = Some(Running { question, phase, fraction: 0.0, ticket, cancelled: cancelled.clone() });
        Ticket { number: ticket, cancelled }
    }

    /// How far the question of this ticket is.
    pub fn advance(&mut self, ticket: u64, phase: Phase, fraction: f32) {
        if let Some(running) = self.running.as_mut().filter(|running| running.ticket == ticket) {
            (running.phase, running.fraction) = (phase, fraction);
        }
    }

    /// Takes in the end of a ticket's work, with what was answered; `Err(None)` when it was cancelled.
    pub fn end(&mut self, ticket: u64, question: Q, outcome: Result<A, Option<String>>) {
        // What was let go of is of no use, however it ended.
        if self.running.take_if(|running| running.ticket == ticket).is_none() {
            return;
        }
        match outcome {
            Ok(answer) => {
                self.known.retain(|(known, _)| *known != question);
                self.known.push_front((question, Arc::new(answer)));
            }
            Err(Some(message)) => self.failed.push((question, message)),
            Err(None) => {}
        }
    }

    /// Lets go of what none of these questions needs: work, failures, and answers beyond the budget, the oldest first.
    pub fn tend(&mut self, wanted: &[Q]) {
        self.failed.retain(|(question, _)| wanted.contains(question));
        self.stopped.retain(|question| wanted.contains(question));
        let mut bytes = 0;
        self.known.retain(|(question, answer)| {
            let is_wanted = wanted.contains(question);
            bytes += if is_wanted { 0 } else { answer.bytes() };
            is_wanted || bytes <= self.budget
        });
        if self.running.as_ref().is_some_and(|running| !wanted.contains(&running.question)) {
            self.cancel();
        }
    }

    /// Makes what is being worked on useless.
    pub fn cancel(&self) {
        if let Some(running) = &self.running {
            running.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Stops what is being worked on, and begins none of these before something changes.
    pub fn stop(&mut self, wanted: Vec<Q>) {
        self.cancel();
        self.stopped = wanted.into_iter().filter(|question| self.lacks(question)).collect();
    }

    /// Forgets all that is known of a question, so that it is worked on again.
    pub fn forget(&mut self, question: &Q) {
        self.known.retain(|(known, _)| known != question);
        self.failed.retain(|(failed, _)| failed != question);
        self.stopped.retain(|stopped| stopped != question);
    }

    /// Forgets everything, and makes what is being worked on useless.
    pub fn clear(&mut self) {
        self.cancel();
        self.running = None;
        self.known.clear();
        self.failed.clear();
        self.stopped.clear();
    }

    /// What is being worked on turns out to be another question.
    pub fn readdress(&mut self, change: impl FnOnce(&mut Q)) {
        if let Some(running) = &mut self.running {
            change(&mut running.question);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Answer for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    fn answered(budget: usize, answers: &[(u8, usize)]) -> Shelf<u8, usize> {
        let mut shelf = Shelf::new(budget);
        for (question, bytes) in answers {
            let ticket = shelf.begin(*question, Phase::Inference);
            shelf.end(ticket.number, *question, Ok(*bytes));
        }
        shelf
    }

    #[test]
    fn what_is_wanted_is_kept_and_of_the_rest_the_latest_that_there_is_room_for() {
        let mut shelf = answered(100, &[(1, 1000), (2, 60), (3, 60), (4, 30), (5, 500)]);
        shelf.tend(&[1]);
        let known: Vec<bool> = (1..=5).map(|question| shelf.answer(&question).is_some()).collect();
        // The fifth is larger than all there is room for; whatever is older than that goes with it.
        assert_eq!(known, [true, false, false, false, false]);
        let mut shelf = answered(100, &[(1, 1000), (2, 60), (3, 60), (4, 30)]);
        shelf.tend(&[1]);
        let known: Vec<bool> = (1..=4).map(|question| shelf.answer(&question).is_some()).collect();
        assert_eq!(known, [true, false, true, true]);
    }

    #[test]
    fn work_that_nobody_wants_is_cancelled_and_its_end_is_not_another_ones() {
        let mut shelf: Shelf<u8, usize> = Shelf::new(0);
        let first = shelf.begin(1, Phase::Picture);
        shelf.tend(&[1]);
        assert!(!first.cancelled.load(Ordering::Relaxed));
        shelf.tend(&[2]);
        assert!(first.cancelled.load(Ordering::Relaxed));
        let second = shelf.begin(2, Phase::Picture);
        shelf.advance(first.number, Phase::Inference, 0.5);
        assert_eq!(shelf.running().map(|running| running.fraction), Some(0.0), "the first's progress");
        shelf.end(first.number, 1, Err(None));
        assert!(shelf.running().is_some(), "the first's end");
        shelf.end(second.number, 2, Err(Some("no".to_owned())));
        assert_eq!((shelf.failure(&2), shelf.lacks(&2), shelf.lacks(&1)), (Some("no"), false, true));
        shelf.forget(&2);
        assert!(shelf.lacks(&2));
        let third = shelf.begin(3, Phase::Inference);
        shelf.clear();
        assert!(third.cancelled.load(Ordering::Relaxed));
        shelf.end(third.number, 3, Ok(1));
        assert!(shelf.answer(&3).is_none(), "an answer of before");
    }

    #[test]
    fn what_was_stopped_waits_until_something_changes() {
        let mut shelf = answered(0, &[(1, 1)]);
        shelf.stop(vec![1, 2]);
        assert!(shelf.is_stopped(&2) && !shelf.is_stopped(&1) && !shelf.lacks(&2));
        shelf.tend(&[1, 2]);
        assert!(shelf.is_stopped(&2));
        shelf.tend(&[1, 3]);
        assert!(!shelf.is_stopped(&2) && shelf.lacks(&2));
    }
}
