//! Somebody who asks for what anybody may ask for, and gets credentials by it: who signs in.
//!
//! A handler that takes a [`Visitor`] is not reached by a request that a page of somebody else's may have sent: by such
//! a one, a browser would be signed in as somebody whom its user does not know of.

use std::net::IpAddr;

use engine::Engine;
use engine::sessions::SessionClient;
use identity::{Action, Actor, AuditEvent, SessionText, UserAgent};
use pavex::http::HeaderMap;
use pavex::http::header::USER_AGENT;
use pavex::methods;
use pavex::request::RequestHead;

use super::access_error::AccessError;
use super::cookie::session_cookie;
use super::origin::is_own;
use super::request_note::RequestNote;
use crate::telemetry::RequestContext;

/// Somebody who has no credentials yet.
#[derive(Clone)]
pub struct Visitor {
    request: RequestNote,
    engine: Engine,
    client: SessionClient,
    session: Option<SessionText>,
}

#[methods]
impl Visitor {
    /// Looks at where a request comes from.
    ///
    /// # Errors
    /// [`AccessError::CrossOrigin`], which is noted for the audit trail.
    #[request_scoped(id = "VISITOR_ARRIVE")]
    pub fn arrive(
        head: &RequestHead,
        context: &RequestContext,
        engine: &Engine,
    ) -> Result<Self, AccessError> {
        let request = RequestNote::of(head, context);
        if !is_own(head) {
            let error = AccessError::CrossOrigin;
            request.note(engine, Actor::Unknown, &error);
            return Err(error);
        }
        Ok(Self {
            client: SessionClient { address: request.address(), user_agent: user_agent(&head.headers) },
            request,
            engine: engine.clone(),
            // Another session's cookie, or what is left of one, is nothing that keeps anybody from signing in.
            session: session_cookie(&head.headers).ok().flatten(),
        })
    }
}

impl Visitor {
    /// Returns the address that the request comes from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.client.address
    }

    /// Returns what is kept of where the request comes from.
    #[must_use]
    pub fn client(&self) -> SessionClient {
        self.client.clone()
    }

    /// Returns the session that the request came with.
    #[must_use]
    pub fn session(&self) -> Option<&SessionText> {
        self.session.as_ref()
    }

    /// Describes something that somebody did who is known by now, for the audit trail.
    #[must_use]
    pub fn did(&self, actor: Actor, action: Action, subject: String) -> AuditEvent {
        self.request.event(&self.engine, actor, action, subject)
    }

    /// Notes for the audit trail that they were refused, by a code, and on whose behalf they tried, where there is
    /// such a user.
    pub fn refused(&self, code: &str, whom: Option<&identity::UserId>) {
        self.request.note_code(&self.engine, code, whom);
    }
}

/// Reads what a browser calls itself.
#[must_use]
pub fn user_agent(headers: &HeaderMap) -> Option<UserAgent> {
    UserAgent::of(&String::from_utf8_lossy(headers.get(USER_AGENT)?.as_bytes()))
}
