//! The portal's private PostgreSQL: with no `DATABASE_URL` the binary makes and runs a cluster of its own from the
//! PostgreSQL that the operating system installed. One call starts it, one stops it, and a killed portal leaves
//! nothing behind that the next start does not put right.
//!
//! What lies in the data directory:
//!
//! | path | owner | what it is |
//! |---|---|---|
//! | `postgres/` | cluster's account, 0700 | the cluster; complete as soon as it carries this name |
//! | `postgres.initialising-*` | cluster's account | an `initdb` under way, or the rest of a killed one: swept at the next start |
//! | `run/` | cluster's account, 0700 | the socket (elsewhere when the path is too long for a socket) |
//! | `log/` | cluster's account, 0700 | the server's log, one file a weekday |
//! | `wal-outgoing/` | cluster's account, 0700 | finished pieces of the write-ahead log, when the portal keeps them |
//! | `portal.lock` | portal | held while a portal uses this directory; names its process |
//! | `postgres.lock` | portal | held by the server's processes themselves: free means that none is left |
//!
//! **Who may connect.** The server has no TCP port. Its socket lies in a directory that only the cluster's account
//! and root can enter, and behind that door `trust` applies: a password would have to be stored where the same two
//! accounts read it, so it would protect nothing. Rights inside the database come from the roles of the migrations.
//!
//! **Root.** PostgreSQL refuses to run as root. A portal that runs as root starts it under the account which owns
//! the cluster, `postgres` for a new one. The data directory's parents must let that account pass (`x`).
//!
//! **Signals.** The server is in a process group of its own, so Ctrl-C reaches the portal alone, which drains and
//! then stops the server. Under systemd use `KillMode=mixed`, or the server is told to stop while the portal drains.
//! When the portal dies, the kernel sends the server SIGINT, a clean shutdown (Linux; elsewhere the next start
//! ends the server that was left behind).
//!
//! **Locks.** `portal.lock` keeps a second portal out. `postgres.lock` is inherited by the server, so it is free only
//! when the last server process is gone, whatever process or container it ran in. That is the proof needed before a
//! stale `postmaster.pid` is set aside, which is never done on the strength of a process number alone.
//!
//! All calls block; from async code use `spawn_blocking`.

mod account;
pub mod binaries;
mod cluster;
mod command;
mod directories;
mod error;
mod initialise;
mod locks;
mod log;
mod options;
mod postmaster_file;
mod processes;
mod recovery;
mod server;
mod settings;
mod socket;
mod upkeep;
mod version;

pub use cluster::{Cluster, ClusterAddress};
pub use error::PgEmbedError;
pub use options::ClusterOptions;
pub use upkeep::{
    Reservation, archive_log, binaries_of, give_to_server, install_cluster, is_cluster_there,
    outgoing_log, remove_cluster, reserve,
};
pub use version::ServerVersion;
