//! Several things given at once: every picture among them is kept, to be stepped through.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::App;
use crate::compute::kind::Kind;
use crate::desktop::document::{Command, PictureChoice, View};
use crate::desktop::jobs::Pictures;
use crate::network::Model;

impl App {
    /// Opens what was given together. Of several pictures the first that can be read is shown, the others wait.
    pub(super) fn open_all(&mut self, paths: &[PathBuf]) {
        let pictures: Vec<PathBuf> = paths.iter().filter(|path| is_picture(path)).map(|path| absolute(path)).collect();
        paths.iter().filter(|path| !is_picture(path)).for_each(|path| self.open(path));
        if !pictures.is_empty() {
            self.jobs.open_pictures(pictures);
        }
    }

    /// What has come of pictures that were opened: one that cannot be read is named and changes nothing.
    pub(super) fn take_pictures(&mut self) {
        for pictures in self.jobs.take_pictures() {
            match pictures {
                Pictures::First(path) => {
                    self.change(&Command::SetPicture(PictureChoice::File(path)));
                    self.forget_failures();
                }
                Pictures::All { good, bad } => self.keep_pictures(good, &bad),
            }
        }
    }

    fn keep_pictures(&mut self, good: Vec<PathBuf>, bad: &[String]) {
        match bad {
            [] => {}
            [one] => self.notices.error(one.clone()),
            [first, others @ ..] => {
                self.notices.error(format!(
                    "{} files are no pictures and left out: {first}; {}",
                    bad.len(),
                    others.join("; ")
                ));
            }
        }
        if good.len() > 1 {
            self.notices.done(format!("{} pictures: Page Down and Page Up step through them", good.len()));
        }
        if !good.is_empty() {
            self.pictures = good;
        }
    }

    /// The picture so many places further on, round the list. It is a look at another, not a change to be undone.
    pub(super) fn step_picture(&mut self, step: isize) {
        let count = self.pictures.len();
        let is_shown = |path: &PathBuf| *self.document.picture() == PictureChoice::File(path.clone());
        let next = match self.pictures.iter().position(is_shown) {
            Some(place) => (place as isize + step).rem_euclid(count.max(1) as isize) as usize,
            None => 0,
        };
        let Some(path) = self.pictures.get(next).cloned() else { return };
        if let Err(problem) = self.document.apply(&Command::SetPicture(PictureChoice::File(path))) {
            self.notices.error(problem.to_string());
        }
        self.forget_failures();
        self.changed = Some(std::time::Instant::now());
    }

    /// Adds the networks that are not there yet and makes the first the active one.
    pub(super) fn show_networks(&mut self, models: &[Arc<Model>]) {
        self.change(&Command::AddNetworks(models.to_vec()));
        let first = models.first().and_then(|model| {
            self.document.networks().iter().find(|network| network.model == *model).map(|network| network.id)
        });
        if let Some(id) = first {
            self.change(&Command::SelectNetwork(id));
        }
        self.view = View::Network;
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Is this opened as a picture, or as a folder of them?
fn is_picture(path: &Path) -> bool {
    matches!(Kind::of(path), Kind::Picture | Kind::Folder)
}
