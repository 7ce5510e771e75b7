//! Workers. A worker takes a job under a lease, renews the lease while it works, and writes the
//! result together with the job's end in one transaction that names the lease's fencing token. So
//! a worker that is killed loses nothing (the lease runs out and another one takes over), and one
//! that was only slow writes nothing twice.
//!
//! No transaction is held open while a job runs.

mod ending;
mod maintenance;
pub mod retention;
mod worker;

pub use ending::{end, for_each};
pub use maintenance::{Chore, Maintenance};
pub use worker::{Handler, JobError, Worker, WorkerOptions};
