//! The threads that share a step's work.
//!
//! A network is a hundred steps of a fraction of a millisecond each, so handing out work must cost microseconds:
//! workers spin for a moment before they sleep, and take tasks from a common counter. A worker that comes too
//! late (another program had its core) is not waited for. Which thread does which task never changes a result.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;

/// Turns of the spin loop before a worker sleeps: some tens of microseconds.
const SPINS: u32 = 20_000;
/// Set in [`Common::state`] while a job takes workers in; the number of workers in it is below, the job's number above.
const OPEN: u64 = 1 << 31;
const EPOCH: u64 = 1 << 32;

type Job = *const (dyn Fn(usize) + Sync);

/// What caller and workers share.
struct Common {
    state: AtomicU64,
    job: Mutex<Option<Address>>,
    next: AtomicUsize,
    tasks: AtomicUsize,
    sleepers: AtomicUsize,
    failed: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
}

#[derive(Clone, Copy)]
struct Address(Job);
// SAFETY: the job is `Sync`, and `Crew::run` does not return while a worker uses its address.
unsafe impl Send for Address {}

/// A number of threads, the caller's among them.
pub struct Crew {
    threads: usize,
}

/// The workers of the whole program; crews borrow them.
struct Workers {
    common: Arc<Common>,
    started: Mutex<usize>,
    busy: Mutex<()>,
}

fn workers() -> &'static Workers {
    static WORKERS: OnceLock<Workers> = OnceLock::new();
    WORKERS.get_or_init(|| Workers {
        common: Arc::new(Common {
            state: AtomicU64::new(0),
            job: Mutex::new(None),
            next: AtomicUsize::new(0),
            tasks: AtomicUsize::new(0),
            sleepers: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            bed: Mutex::new(()),
            alarm: Condvar::new(),
        }),
        started: Mutex::new(0),
        busy: Mutex::new(()),
    })
}

impl Crew {
    /// A crew of this many threads; 0 counts as 1.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { threads: threads.max(1) }
    }

    /// How many threads it has.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Does tasks `0..tasks`, each once, and returns when all are done. While another crew is at work, the caller
    /// does all of them alone.
    ///
    /// # Panics
    /// When a task does.
    pub fn run(&self, tasks: usize, work: &(dyn Fn(usize) + Sync)) {
        let helpers = (self.threads - 1).min(tasks.saturating_sub(1));
        if helpers > 0 {
            let workers = workers();
            if let Ok(_alone) = workers.busy.try_lock() {
                workers.start(helpers);
                return workers.common.run(tasks, helpers, work);
            }
        }
        (0..tasks).for_each(work);
    }
}

impl Workers {
    /// Makes sure that this many workers exist. Where the system refuses a thread, there are fewer.
    fn start(&self, wanted: usize) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        while *started < wanted {
            let (common, index) = (self.common.clone(), *started);
            let name = format!("gatescope-{index}");
            if thread::Builder::new().name(name).spawn(move || common.serve(index)).is_err() {
                return;
            }
            *started += 1;
        }
    }
}

impl Common {
    fn run(&self, tasks: usize, helpers: usize, work: &(dyn Fn(usize) + Sync)) {
        // SAFETY: only the lifetime is changed; below, `close` waits until no worker is in the job.
        let work_for_all: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(work) };
        let address = Address(std::ptr::from_ref(work_for_all));
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
        self.next.store(0, Ordering::Relaxed);
        self.tasks.store(tasks | helpers << 48, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        let epoch = self.state.load(Ordering::Relaxed) & !(EPOCH - 1);
        self.state.store(epoch.wrapping_add(EPOCH) | OPEN, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            let _bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
            self.alarm.notify_all();
        }
        let own = catch_unwind(AssertUnwindSafe(|| self.take(tasks, work)));
        self.close();
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert_eq!(self.failed.load(Ordering::Relaxed), 0, "a task on another thread panicked");
    }

    /// Lets no further worker in and waits for those inside.
    fn close(&self) {
        self.state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut turns = 0_u32;
        while self.state.load(Ordering::Acquire) & (OPEN - 1) > 0 {
            turns += 1;
            if turns.is_multiple_of(SPINS) { thread::yield_now() } else { std::hint::spin_loop() }
        }
    }

    fn take(&self, tasks: usize, work: &(dyn Fn(usize) + Sync)) {
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return;
            }
            work(task);
        }
    }

    /// A worker's life.
    fn serve(&self, index: usize) {
        let mut seen = 0;
        loop {
            let state = self.wait(seen);
            seen = state & !(EPOCH - 1);
            let (tasks, helpers) = self.size();
            if index >= helpers {
                continue;
            }
            let joined = self.state.compare_exchange(state, state + 1, Ordering::AcqRel, Ordering::Relaxed);
            if joined.is_err() {
                // Another worker came at the same moment, or the job is over: look again.
                seen = seen.wrapping_sub(EPOCH);
                continue;
            }
            let job = *self.job.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Address(job)) = job {
                // SAFETY: we are in the job, so `Common::close` has not returned and the closure lives.
                let work = unsafe { &*job };
                if catch_unwind(AssertUnwindSafe(|| self.take(tasks, work))).is_err() {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            self.state.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Tasks and helpers of the job.
    fn size(&self) -> (usize, usize) {
        let size = self.tasks.load(Ordering::Relaxed);
        (size & ((1 << 48) - 1), size >> 48)
    }

    /// Waits for an open job other than `seen`.
    fn wait(&self, seen: u64) -> u64 {
        let fresh = |state: u64| state & OPEN != 0 && state & !(EPOCH - 1) != seen;
        for _ in 0..SPINS {
            let state = self.state.load(Ordering::Acquire);
            if fresh(state) {
                return state;
            }
            std::hint::spin_loop();
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        loop {
            let state = self.state.load(Ordering::SeqCst);
            if fresh(state) {
                self.sleepers.fetch_sub(1, Ordering::SeqCst);
                return state;
            }
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Threads to use when nobody says: `GATESCOPE_THREADS`, else as many as the machine runs at once.
#[must_use]
pub fn default_threads() -> usize {
    let asked = std::env::var("GATESCOPE_THREADS").ok().and_then(|text| text.trim().parse().ok());
    let machine = || thread::available_parallelism().map_or(1, std::num::NonZero::get);
    asked.filter(|count| (1..=MAX_THREADS).contains(count)).unwrap_or_else(machine)
}

/// The most threads that can be asked for.
pub const MAX_THREADS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        for threads in [1, 2, 3, 8] {
            let crew = Crew::new(threads);
            for tasks in [0, 1, 2, 7, 100] {
                for _ in 0..50 {
                    let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                    crew.run(tasks, &|task| {
                        counts[task].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                }
            }
        }
    }

    #[test]
    fn sleeping_workers_wake_and_a_panic_comes_out() {
        let crew = Crew::new(2);
        for _ in 0..3 {
            thread::sleep(std::time::Duration::from_millis(5));
            let done = AtomicUsize::new(0);
            crew.run(64, &|_| {
                done.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(done.load(Ordering::Relaxed), 64);
        }
        let result = catch_unwind(|| crew.run(8, &|task| assert_ne!(task, 5)));
        assert!(result.is_err());
        crew.run(8, &|_| ());
    }
}
