//! Who sends a request, and whether they may: the one gate of every route.
//!
//! A handler states what it needs in its signature, [`Granted<LedgerRead>`](Granted), and cannot be reached without it:
//! the graph makes the value, or answers for the handler. What is malformed is looked at only after that.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use engine::Engine;
use engine::access::AuthenticationError;
use engine::port::ReadError;
use engine::sessions::SessionError;
use identity::{Action, Actor, AuditEvent, Denied, Need, Principal, Scope, SessionId, Subject, UserId};
use ledger::LedgerName;
use pavex::http::StatusCode;
use pavex::http::header::{HeaderValue, WWW_AUTHENTICATE};
use pavex::request::RequestHead;
use pavex::request::path::RawPathParams;
use pavex::telemetry::ServerRequestId;
use pavex::{Response, error_handler, methods};
use tokens::TokenError;

use super::credentials::{NotPresented, Presented, presented};
use super::failures;
use super::origin::{changes_nothing, is_own};
use super::percent::decode;
use super::principal_limit::{PrincipalLimit, TooMany};
use super::problem::{Member, Problem, ProblemType};
use super::rate_limit::RATE_LIMITED;
use super::tokens::Tokens;
use crate::configuration::{AuthenticationConfig, AuthenticationMode};
use crate::telemetry::RequestContext;

/// A right that a handler asks for in its signature.
pub trait Right {
    /// What it takes to have it.
    const NEED: Need;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident = $need:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Right for $name {
                const NEED: Need = $need;
            }
        )*
    };
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

/// What the audit trail says of a request.
#[derive(Clone)]
pub(super) struct RequestNote {
    pub(super) context: RequestContext,
    pub(super) method: pavex::http::Method,
}

/// Why a request is not let through.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It has no credentials.
    #[error("the request has no credentials")]
    Missing,
    /// Its credentials are not of the form that is taken.
    #[error("the credentials are malformed")]
    Malformed,
    /// Its key opens nothing.
    #[error(transparent)]
    Refused(AuthenticationError),
    /// Whoever sent it asks too often: after so many seconds they may again.
    #[error("the principal asks too often")]
    Limited(u32),
    /// Its session opens nothing, or is none; whose it was, where that is known.
    #[error("the session opens nothing")]
    SessionOver(Option<UserId>),
    /// It has a cookie, or asks for one, and a page of somebody else's may have sent it.
    #[error("the request may have come from a page of another origin")]
    CrossOrigin,
    /// Whoever sent it did not sign in.
    #[error("the request has no session")]
    NotSignedIn,
    /// Whoever sent it is not to know that there is such a ledger.
    #[error("the ledger is not for this key to see")]
    Unseen,
    /// Whoever sent it lacks a scope.
    #[error("the key lacks {0}")]
    Lacking(Scope),
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
        let request = RequestNote { context: *context, method: head.method.clone() };
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
                    Ok(Presented::Session(_)) if !changes_nothing(&head.method) && !is_own(&head.headers) => {
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
                outcome.inspect_err(|error| {
                    request.note(engine, actor(error, presented.as_ref().ok()), error);
                })?
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
        self.request.context.peer.0.map(|address| address.ip())
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

    fn actor(&self) -> Actor {
        self.principal.subject().actor()
    }
}

impl RequestNote {
    pub(super) fn event(&self, engine: &Engine, actor: Actor, action: Action, subject: String) -> AuditEvent {
        AuditEvent {
            at: engine.now(),
            actor,
            action,
            subject,
            address: self.context.peer.0.map(|address| address.ip()),
            request_id: Some(self.context.request_id.to_string()),
            entry: None,
            count: 1,
        }
    }

    /// Notes that the request was refused. The path stands as its pattern, so that what is alike is told together.
    pub(super) fn note(&self, engine: &Engine, actor: Actor, error: &AccessError) {
        // That the store does not answer is nobody's attempt.
        if matches!(error, AccessError::Refused(AuthenticationError::Read(_))) {
            return;
        }
        let (method, route) = (&self.method, self.context.route.unwrap_or_default());
        let code = Problem::from(error).code();
        let subject = match error {
            AccessError::Lacking(scope) => format!("{method} {route}: {code}, {scope}"),
            _ => format!("{method} {route}: {code}"),
        };
        engine.note_refusal(self.event(engine, actor, Action::Refused, subject));
    }

    /// Notes that somebody who is not known was refused, by a code, and which user they wanted to come in as. What they
    /// wrote instead of a user's address is in no record: it may be a password.
    pub(super) fn note_code(&self, engine: &Engine, code: &str, whom: Option<&UserId>) {
        let (method, route) = (&self.method, self.context.route.unwrap_or_default());
        let subject = match whom {
            Some(user) => format!("{method} {route}: {code}, user:{user}"),
            None => format!("{method} {route}: {code}"),
        };
        engine.note_refusal(self.event(engine, Actor::Unknown, Action::Refused, subject));
    }
}

/// Says whose attempt it was: a key counts once its secret was right.
fn actor(error: &AccessError, presented: Option<&Presented>) -> Actor {
    match (error, presented) {
        (
            AccessError::Refused(AuthenticationError::Expired | AuthenticationError::Revoked),
            Some(Presented::Key(key)),
        ) => Actor::Key(key.id()),
        (AccessError::SessionOver(Some(user)), _) => Actor::User(user.clone()),
        _ => Actor::Unknown,
    }
}

impl From<TooMany> for AccessError {
    fn from(TooMany(seconds): TooMany) -> Self {
        Self::Limited(seconds)
    }
}

impl From<NotPresented> for AccessError {
    fn from(error: NotPresented) -> Self {
        match error {
            NotPresented::Missing => Self::Missing,
            NotPresented::Malformed => Self::Malformed,
            NotPresented::MalformedCookie => Self::SessionOver(None),
        }
    }
}

impl From<SessionError> for AccessError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Unknown => Self::SessionOver(None),
            SessionError::Over(user) => Self::SessionOver(Some(user)),
            SessionError::Read(error) => Self::Refused(AuthenticationError::Read(error)),
        }
    }
}

/// The request has no credentials.
pub static AUTHENTICATION_REQUIRED: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "authentication.required",
    title: "The request needs credentials",
    meaning: "The request says nothing of who sends it.",
    remedy: "Send an API key with it: Authorization: Bearer florin_… Whoever runs the service has one, or can make one. In a \
             browser, sign in: POST /v1/sessions.",
    members: &[],
};

/// The credentials do not do.
pub static AUTHENTICATION_INVALID: ProblemType = ProblemType {
    status: StatusCode::UNAUTHORIZED,
    code: "authentication.invalid",
    title: "The credentials are not accepted",
    meaning: "The Authorization header is malformed, or its key is mistyped, unknown, expired or revoked. Where there is a \
              cookie instead, its session is over.",
    remedy: "Compare the key with what was handed out; where it has expired or was revoked, ask for a new one. Where the \
             session is over, sign in again.",
    members: &[],
};

/// A page of somebody else's may have sent the request.
pub static CSRF_REFUSED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "csrf.refused",
    title: "The request may come from another page",
    meaning: "The request has a session's cookie, or signs in, and nothing in it shows that a page of this service sent it: \
              neither Sec-Fetch-Site: same-origin nor, without that header, an Origin that is the host which is asked. \
              Nothing was done.",
    remedy: "Send it from a page of the same origin. Programs use an API key.",
    members: &[],
};

/// The request takes a session.
pub static SESSION_REQUIRED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "session.required",
    title: "The request takes a session",
    meaning: "The request is about the session that it comes with, and comes with none. Nothing was done.",
    remedy: "Sign in with POST /v1/sessions, and send the cookie instead of a key.",
    members: &[],
};

/// The key lacks a scope.
pub static AUTHORIZATION_DENIED: ProblemType = ProblemType {
    status: StatusCode::FORBIDDEN,
    code: "authorization.denied",
    title: "The credentials do not allow this",
    meaning: "The key or the session is good, and lacks the scope that the request takes. Nothing was done.",
    remedy: "Use a key that has the scope, or have it granted.",
    members: &[Member { name: "scope", json_type: "string", meaning: "The scope that is lacking." }],
};

impl From<&AccessError> for Problem {
    fn from(error: &AccessError) -> Self {
        let invalid = |detail: &'static str| {
            let challenge = "Bearer realm=\"florin\", error=\"invalid_token\"";
            Self::of(&AUTHENTICATION_INVALID)
                .detail(detail)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
        };
        match error {
            AccessError::Missing => Self::of(&AUTHENTICATION_REQUIRED)
                .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"florin\"")),
            AccessError::Malformed => invalid(
                "The header must be Authorization: Bearer florin_…, with the whole key as it was handed out, or with a token.",
            ),
            AccessError::Refused(AuthenticationError::Unknown) => invalid("There is no such key."),
            AccessError::Refused(AuthenticationError::Expired) => invalid("The key has expired."),
            AccessError::Refused(AuthenticationError::Revoked) => invalid("The key was revoked."),
            AccessError::Refused(AuthenticationError::Token(error)) => invalid(match error {
                TokenError::Malformed => "The token is malformed, or does not say what every token has to.",
                TokenError::Kind => "The token is of a kind that is not taken.",
                TokenError::Algorithm => "The token is signed in a way that is not taken.",
                TokenError::UnknownKey => "The token is signed with a key that is not known.",
                TokenError::Signature => "The token's signature is wrong.",
                TokenError::Issuer => "The token is from an issuer that is not trusted.",
                TokenError::Audience => "The token is for another audience.",
                TokenError::Expired => "The token has expired.",
                TokenError::NotYet => "The token is not valid yet.",
                TokenError::GrantsNothing => "The token is good, and nothing in it leads to a right here.",
            }),
            AccessError::Refused(AuthenticationError::Read(error)) => match error {
                ReadError::Corrupt(_) => failures::read_failed(error),
                _ => failures::unavailable(),
            },
            AccessError::Limited(seconds) => Self::of(&RATE_LIMITED).retry_after(*seconds),
            AccessError::SessionOver(_) => invalid("The session is over, or there is none like it."),
            AccessError::CrossOrigin => Self::of(&CSRF_REFUSED),
            AccessError::NotSignedIn => Self::of(&SESSION_REQUIRED),
            AccessError::Unseen => failures::ledger_not_found(),
            AccessError::Lacking(scope) => Self::of(&AUTHORIZATION_DENIED)
                .detail(format!("This takes the scope {scope}, which whoever asks does not have here."))
                .with("scope", scope.name()),
        }
    }
}

/// Replies to a request that is not let through.
#[error_handler]
#[must_use]
pub fn refuse_access(#[px(error_ref)] error: &AccessError, request_id: ServerRequestId) -> Response {
    Problem::from(error).into_response(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_status_and_code_and_says_how_to_come_in() {
        let source = || "disk /dev/sda1 is full".into();
        for (error, status, code, challenge) in [
            (AccessError::Missing, 401, "authentication.required", true),
            (AccessError::Malformed, 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Unknown), 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Expired), 401, "authentication.invalid", true),
            (AccessError::Refused(AuthenticationError::Revoked), 401, "authentication.invalid", true),
            (
                AccessError::Refused(AuthenticationError::Token(TokenError::Expired)),
                401,
                "authentication.invalid",
                true,
            ),
            (
                AccessError::Refused(AuthenticationError::Read(ReadError::Unavailable(source()))),
                503,
                "service.unavailable",
                false,
            ),
            (
                AccessError::Refused(AuthenticationError::Read(ReadError::Corrupt(source()))),
                500,
                "internal.error",
                false,
            ),
            (AccessError::Limited(1), 429, "request.rate_limited", false),
            (AccessError::SessionOver(None), 401, "authentication.invalid", true),
            (AccessError::CrossOrigin, 403, "csrf.refused", false),
            (AccessError::NotSignedIn, 403, "session.required", false),
            (AccessError::Unseen, 404, "ledger.not_found", false),
            (AccessError::Lacking(Scope::LedgerWrite), 403, "authorization.denied", false),
        ] {
            let problem = Problem::from(&error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            assert!(!format!("{problem:?}").contains("sda1"), "{code}");
            let response = problem.into_response(ServerRequestId::generate());
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), challenge, "{code}");
        }
    }
}
