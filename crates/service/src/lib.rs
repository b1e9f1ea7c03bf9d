//! What a server does around its graph: the command line, the configuration, telemetry, start and stop, what operators
//! can do.
//!
//! It knows no generated code: whoever has a graph says so with [`Graph`], what else is theirs with [`Program`], and
//! hands both to [`run`]. What it prints to standard output is what was asked for; everything else goes to standard
//! error.

mod arguments;
mod commands;
mod configuration;
mod graph;
mod program;
mod refusals;
mod serve;
mod telemetry;

pub use app_base::configuration::{FlorinConfig, InvalidValue};
pub use app_base::graph::{BuildError, Graph, Prebuilt};

pub use self::commands::run;
pub use self::graph::{Behind, Given};
pub use self::program::Program;
