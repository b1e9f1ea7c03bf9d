//! What the generated graph is to the service that runs it, and what it is given. It stands here so that the generated code
//! and the service know it, and neither has to wait for the other to be compiled.

use http::Request;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::api::Api;
use crate::configuration::InvalidValue;
use crate::http::principal_limit::PrincipalLimit;
use crate::http::second_factors::SecondFactors;
use crate::http::stopping::Stopping;
use crate::http::tokens::Tokens;
use crate::mailer::Mailer;
use crate::readiness::Readiness;
use crate::storage::Database;
use crate::storage::Engine;
use crate::telemetry::Metrics;

/// Why a graph cannot be built: whatever its constructors say.
pub type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// What the Pavex compiler generated, as the service needs it: it takes a request, and returns the reply.
pub trait Graph: Send + Sync + Sized + 'static {
    /// The configuration that the graph takes: the generated `ApplicationConfig`.
    type Config: Clone + DeserializeOwned + Send + Sync + 'static;

    /// Lists the values of the program's own sections that are out of bounds. Those of Florin's are looked at already.
    #[must_use]
    fn problems(_config: &Self::Config) -> Vec<InvalidValue> {
        Vec::new()
    }

    /// Builds all that lives as long as the graph does.
    ///
    /// # Errors
    /// Those of the graph's constructors.
    fn build(config: Self::Config, given: Prebuilt) -> impl Future<Output = Result<Self, BuildError>> + Send;

    /// Answers a request by its route.
    fn route(&self, request: Request<Incoming>) -> impl Future<Output = pavex::Response> + Send;
}

/// What a graph may take ready-made: it takes of these what its components ask for.
pub struct Prebuilt {
    /// What the API is described by.
    pub api: Api,
    /// The database, for rows of one's own.
    pub database: Database,
    /// What takes commands.
    pub engine: Engine,
    /// What users prove beside their passwords.
    pub factors: SecondFactors,
    /// What sends mails to users.
    pub mailer: Mailer,
    /// What the service counts.
    pub metrics: Metrics,
    /// How often principals may ask.
    pub principals: PrincipalLimit,
    /// Whether the service is ready.
    pub readiness: Readiness,
    /// Whether the service is about to end.
    pub stopping: Stopping,
    /// What tokens are given and checked by.
    pub tokens: Tokens,
}
