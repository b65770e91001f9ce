//! Opening a folder's pictures on all processors, and their statistics.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use image::RgbImage;

use super::listing::Listed;
use crate::compute::engine::default_threads;
use crate::compute::imaging::{self, ImagingError, Preprocessing};
use crate::compute::lab::LabError;

/// A picture that could be opened.
pub(super) struct Opened {
    /// Its crop, if it is to be kept.
    pub crop: Option<RgbImage>,
    pub sums: Sums,
}

/// A picture, or why there is none.
type Attempt = Result<Opened, String>;

/// Sums over pixels, as integers: no order changes them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    count: u64,
    values: [u64; 3],
    squares: [u64; 3],
}

/// A picture as a network of this input sees it.
pub(super) fn crop(path: &Path, preprocessing: &Preprocessing) -> Result<RgbImage, ImagingError> {
    let picture = imaging::open(path)?;
    Ok(preprocessing.prepare(&picture)?.crop)
}

/// Opens every file, in any order; the first `room` crops are kept.
pub(super) fn all(
    files: &[Listed],
    preprocessing: &Preprocessing,
    room: usize,
    progress: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Result<Vec<Attempt>, LabError> {
    let (next, done, cancelled) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let results: Mutex<Vec<Option<Attempt>>> = Mutex::new(files.iter().map(|_| None).collect());
    let work = || {
        while !cancelled.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(Listed { path, .. }) = files.get(index) else { break };
            let attempt = attempt(path, preprocessing, index < room);
            if let Ok(mut results) = results.lock() {
                results[index] = Some(attempt);
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if !progress(done, files.len()) {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..default_threads().min(files.len()) {
            // One thread is enough, the others are only faster.
            let _ = thread::Builder::new().name("pictures".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    let results = results.into_inner().unwrap_or_default();
    // Whatever was not tried was stopped before.
    results.into_iter().collect::<Option<Vec<_>>>().ok_or(LabError::Cancelled)
}

fn attempt(path: &Path, preprocessing: &Preprocessing, keep: bool) -> Attempt {
    match crop(path, preprocessing) {
        Ok(crop) => Ok(Opened { sums: Sums::of(&crop), crop: keep.then_some(crop) }),
        Err(error) => {
            let (message, file) = (error.to_string(), path.display().to_string());
            // Some messages name the picture by its file's name only.
            Err(if message.contains(&file) { message } else { format!("{file}: {message}") })
        }
    }
}

impl Sums {
    fn of(crop: &RgbImage) -> Self {
        let mut sums = Self::default();
        for pixel in crop.pixels() {
            sums.count += 1;
            for (channel, value) in pixel.0.into_iter().map(u64::from).enumerate() {
                sums.values[channel] += value;
                sums.squares[channel] += value * value;
            }
        }
        sums
    }

    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        for channel in 0..3 {
            self.values[channel] += other.values[channel];
            self.squares[channel] += other.squares[channel];
        }
    }

    /// Mean and standard deviation of each channel on a 0..1 scale; pictures of one colour are divided by 1.
    pub fn statistics(&self) -> ([f32; 3], [f32; 3]) {
        let count = self.count.max(1) as f64;
        let mean = self.values.map(|sum| sum as f64 / count / 255.0);
        let std = std::array::from_fn(|channel| {
            let square = self.squares[channel] as f64 / count / (255.0 * 255.0);
            let std = (square - mean[channel] * mean[channel]).max(0.0).sqrt();
            if std < 1e-3 { 1.0 } else { std as f32 }
        });
        (mean.map(|mean| mean as f32), std)
    }
}
