//! How many files the process may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process opens besides connections: the database, its own pipes, what it reads in passing.
const OTHERS: u64 = 128;

/// Raises the process's own limit towards what so many connections need, as far as the system lets it,
/// and says so where that is not far enough.
pub(super) fn make_room_for(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // No limit at all is enough for everybody.
    let Some(current) = current.filter(|current| *current < wanted) else { return };
    let raised = maximum.map_or(wanted, |maximum| wanted.min(maximum)).max(current);
    let reached = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        Ok(()) => raised,
        Err(_) => current,
    };
    if reached < wanted {
        tracing::warn!(
            open_files_max = reached,
            connections_max = connections,
            "the system allows fewer open files than there may be connections"
        );
    }
}
