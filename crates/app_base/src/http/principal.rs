//! Who sends a request, and whether they may: the one gate of every route.
//!
//! A handler states what it needs in its signature, [`Granted<LedgerRead>`](Granted), and cannot be reached without it:
//! the graph makes the value, or answers for the handler. What is malformed is looked at only after that.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use engine::Engine;
use engine::access::AuthenticationError;
use identity::{Action, Actor, AuditEvent, Denied, Need, Principal, Scope, SessionId, Subject, UserId};
use ledger::LedgerName;
use pavex::methods;
use pavex::request::RequestHead;
use pavex::request::path::RawPathParams;

use super::access_error::AccessError;
use super::credentials::{Presented, presented};
use super::origin::{changes_nothing, is_own};
use super::percent::decode;
use super::principal_limit::PrincipalLimit;
use super::request_note::RequestNote;
use super::right::rights;
use super::tokens::Tokens;
use crate::configuration::{AuthenticationConfig, AuthenticationMode};
use crate::telemetry::RequestContext;

/// A right that a handler asks for in its signature.
pub trait Right {
    /// What it takes to have it.
    const NEED: Need;
}

rights! {
    /// To be known, whatever they may do.
    Known = Need::Known;
    /// To have signed in, whatever they may do.
    SignedIn = Need::SignedIn;
    /// To read the ledger in the path.
    LedgerRead = Need::OnLedger(Scope::LedgerRead);
    /// To write to the ledger in the path.
    LedgerWrite = Need::OnLedger(Scope::LedgerWrite);
    /// To change an account of the ledger in the path: what is kept beside it, or what it allows.
    AccountsChange = Need::OnLedgerEither(Scope::LedgerWrite, Scope::AccountsPolicy);
    /// To read some ledger.
    AnyLedgerRead = Need::Somewhere(Scope::LedgerRead);
    /// To create ledgers.
    LedgersCreate = Need::Overall(Scope::LedgersCreate);
    /// To create, list and revoke keys.
    KeysAdmin = Need::Overall(Scope::KeysAdmin);
    /// To create, list and change users.
    UsersAdmin = Need::Overall(Scope::UsersAdmin);
    /// To read the audit trail.
    AuditRead = Need::Overall(Scope::AuditRead);
}

/// Says that whoever sent the request has the right `R`, and who that is.
#[derive(Clone)]
pub struct Granted<R> {
    caller: Caller,
    right: PhantomData<R>,
}

/// Who sent a request, and which one.
#[derive(Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    /// The session that they came with.
    session: Option<SessionId>,
    /// The ledger in the path, where there is one.
    ledger: Option<LedgerName>,
    request: RequestNote,
    engine: Engine,
}

#[methods]
impl<R> Granted<R> {
    /// Finds out who sent the request, and whether they have the right.
    ///
    /// # Errors
    /// [`AccessError`]. What is refused is noted for the audit trail, but for what comes too often.
    #[request_scoped(id = "GRANTED_CHECK")]
    pub async fn check(
        head: &RequestHead,
        parameters: &RawPathParams<'_, '_>,
        context: &RequestContext,
        engine: &Engine,
        tokens: &Tokens,
        config: &AuthenticationConfig,
        limit: &PrincipalLimit,
    ) -> Result<Self, AccessError>
    where
        R: Right,
    {
        let request = RequestNote::of(head, context);
        let ledger = parameters.get("ledger").and_then(|encoded| {
            let text = decode(encoded).ok()?;
            LedgerName::parse(&text).ok()
        });
        let mut session = None;
        let principal = match config.mode {
            AuthenticationMode::Off => Arc::new(Principal::anybody()),
            AuthenticationMode::Required => {
                let presented = presented(&head.headers);
                let outcome = match &presented {
                    Ok(Presented::Key(key)) => engine.authenticate(key).await.map_err(AccessError::Refused),
                    Ok(Presented::Token(token)) => {
                        tokens.authenticate(token).await.map_err(AccessError::Refused)
                    }
                    Ok(Presented::Session(_)) if !changes_nothing(&head.method) && !is_own(head) => {
                        Err(AccessError::CrossOrigin)
                    }
                    Ok(Presented::Session(text)) => {
                        session = Some(text.id());
                        engine
                            .authenticate_session(text, config.session_idle())
                            .await
                            .map_err(AccessError::from)
                    }
                    Err(error) => Err(error.to_owned().into()),
                };
                outcome.inspect_err(|error| request.note(engine, actor(error), error))?
            }
        };
        limit.count(&principal)?;
        let caller = Caller { principal, session, ledger, request, engine: engine.clone() };
        caller.check(R::NEED)?;
        Ok(Self { caller, right: PhantomData })
    }
}

impl<R> Granted<R> {
    /// Returns who sent the request.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.caller.principal
    }

    /// Returns who sent the request, for those who look at the rest of it.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Granted<SignedIn> {
    /// Returns who signed in, and the session that they came with.
    ///
    /// # Panics
    /// Never: without a session there is no such right.
    #[must_use]
    pub fn signed_in(&self) -> (&UserId, &SessionId) {
        match (self.caller.principal.subject(), &self.caller.session) {
            (Subject::User { id, .. }, Some(session)) => (id, session),
            _ => unreachable!("who has this right came with a session"),
        }
    }
}

impl Caller {
    /// Returns who it is.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Asks for all that a body wants on the ledger in the path.
    ///
    /// # Errors
    /// [`AccessError::Lacking`], [`AccessError::Unseen`].
    pub fn also(&self, scopes: impl IntoIterator<Item = Scope>) -> Result<(), AccessError> {
        scopes.into_iter().try_for_each(|scope| self.check(Need::OnLedger(scope)))
    }

    fn check(&self, need: Need) -> Result<(), AccessError> {
        let holds = match need {
            Need::SignedIn if self.session.is_none() => Err(Denied::NotSignedIn),
            _ => self.principal.check(need, self.ledger.as_ref()),
        };
        holds.map_err(|denied| {
            let error = match denied {
                Denied::Unseen => AccessError::Unseen,
                Denied::NotSignedIn => AccessError::NotSignedIn,
                Denied::Lacking(scope) => AccessError::Lacking(scope),
            };
            self.request.note(&self.engine, self.actor(), &error);
            error
        })
    }

    /// Returns the address that they ask from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.request.address()
    }

    /// Describes something that they did, for the audit trail.
    #[must_use]
    pub fn did(&self, action: Action, subject: String) -> AuditEvent {
        self.request.event(&self.engine, self.actor(), action, subject)
    }

    /// Records something that they did, and that is done already. That the trail lacks it undoes nothing, and goes to the
    /// log.
    pub async fn record(&self, action: Action, subject: String) {
        let event = self.did(action, subject);
        if let Err(error) = self.engine.store().access().record(std::slice::from_ref(&event)).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, ?event, "the audit trail lacks what was done");
        }
    }

    /// Notes for the audit trail that they were refused, by a code.
    pub fn refused(&self, code: &str) {
        self.request.refused(&self.engine, self.actor(), code);
    }

    fn actor(&self) -> Actor {
        self.principal.subject().actor()
    }
}

/// Says whose attempt it was: a key counts once its secret was right, or the signature of a token that was given for it.
fn actor(error: &AccessError) -> Actor {
    match error {
        AccessError::Refused(AuthenticationError::Expired(key) | AuthenticationError::Revoked(key)) => {
            Actor::Key(key.clone())
        }
        AccessError::SessionOver(Some(user)) => Actor::User(user.clone()),
        _ => Actor::Unknown,
    }
}
