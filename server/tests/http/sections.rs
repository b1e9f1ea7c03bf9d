//! A graph's configuration by sections, as what stands around the graph takes it.

use server_graph::ApplicationConfig;
use service::FlorinConfig;

/// Returns what a configuration says in Florin's sections.
pub(crate) fn florin(config: &ApplicationConfig) -> FlorinConfig {
    let ApplicationConfig { authentication, cors, database, engine, limits, mail, server, telemetry } =
        config.clone();
    FlorinConfig { authentication, cors, database, engine, limits, mail, server, telemetry }
}
