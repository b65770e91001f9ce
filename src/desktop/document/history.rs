//! Undo and redo: whole documents, which share their graphs and are therefore small.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Command, Document};

/// How many steps are kept.
const DEPTH: usize = 200;

/// A gesture, whose edits are undone together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stroke(u64);

impl Stroke {
    /// A gesture that no edit belonged to so far.
    #[must_use]
    pub fn begin() -> Self {
        static BEGUN: AtomicU64 = AtomicU64::new(0);
        Self(BEGUN.fetch_add(1, Ordering::Relaxed))
    }
}

/// The documents before and after the present one.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<Document>,
    future: Vec<Document>,
    stroke: Option<Stroke>,
    /// How many steps have been recorded.
    recorded: usize,
}

impl History {
    /// Remembers `before` as the state that `command` changed; edits of one stroke count once.
    pub fn record(&mut self, before: Document, command: &Command) {
        let stroke = match command {
            Command::Edit { stroke, .. } | Command::SetPreprocessing { stroke, .. } => *stroke,
            _ => None,
        };
        let continues = stroke.is_some() && stroke == self.stroke;
        self.stroke = stroke;
        self.future.clear();
        if !continues {
            self.past.push(before);
            self.recorded += 1;
            if self.past.len() > DEPTH {
                self.past.remove(0);
            }
        }
    }

    /// How many steps have been recorded so far, for [`History::join`].
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.recorded
    }

    /// Makes everything recorded since then one step.
    pub fn join(&mut self, since: usize) {
        let surplus = (self.recorded - since).saturating_sub(1);
        // A step may have fallen out at the far end meanwhile; the nearest ones are these.
        self.past.truncate(self.past.len().saturating_sub(surplus));
    }

    /// Goes one step back.
    pub fn undo(&mut self, document: &mut Document) {
        Self::step(&mut self.past, &mut self.future, document);
        self.stroke = None;
    }

    /// Goes one step forward.
    pub fn redo(&mut self, document: &mut Document) {
        Self::step(&mut self.future, &mut self.past, document);
        self.stroke = None;
    }

    fn step(from: &mut Vec<Document>, to: &mut Vec<Document>, document: &mut Document) {
        if let Some(other) = from.pop() {
            to.push(std::mem::replace(document, other));
        }
    }

    /// Is there anything to take back?
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Is there anything to make again?
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::document::PictureChoice;
    use crate::network::{Model, parse};

    #[test]
    fn joined_changes_are_undone_at_once() {
        let mut document = Document::first_start();
        let first = document.clone();
        let mut history = History::default();
        let mut add = |history: &mut History, text: &str| {
            let command = Command::AddNetwork(Model::parse(text).expect(text));
            let before = document.clone();
            document.apply(&command).expect("valid");
            history.record(before, &command);
            document.clone()
        };
        let earlier = add(&mut history, "resnet18");
        let since = history.recorded();
        add(&mut history, "resnet34");
        let mut last = add(&mut history, "resnet101");
        history.join(since);
        history.undo(&mut last);
        assert_eq!(last, earlier);
        history.join(history.recorded());
        history.undo(&mut last);
        assert_eq!(last, first);
    }

    #[test]
    fn a_stroke_is_undone_at_once_and_redone() {
        let mut document = Document::first_start();
        let first = document.clone();
        let mut history = History::default();
        let network = document.active().expect("one").id;
        let stroke = Some(Stroke::begin());
        for text in ["resnet50+se@layer1.0", "resnet50+se@layer1"] {
            let command = Command::Edit { network, spec: parse(text).expect(text), stroke };
            let before = document.clone();
            document.apply(&command).expect("valid");
            history.record(before, &command);
        }
        let last = document.clone();
        history.undo(&mut document);
        assert_eq!(document, first);
        assert!(!history.can_undo());
        history.redo(&mut document);
        assert_eq!(document, last);
    }

    /// Documents share their graphs, but a long day must not fill the memory: 200 steps back and no more.
    #[test]
    fn two_hundred_steps_are_kept() {
        let mut document = Document::first_start();
        let mut history = History::default();
        let picture = |step: usize| PictureChoice::Sample(step.to_string());
        for step in 0..250 {
            let command = Command::SetPicture(picture(step));
            let before = document.clone();
            document.apply(&command).expect("valid");
            history.record(before, &command);
        }
        let mut steps = 0;
        while history.can_undo() {
            history.undo(&mut document);
            steps += 1;
        }
        assert_eq!((steps, document.picture()), (200, &picture(49)));
    }
}
