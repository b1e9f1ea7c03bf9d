//! `GET /v1/sessions`.

use ledger::EntryNumber;
use pavex::get;

use super::{ListSessionsQuery, SessionFailure, SessionView};
use crate::configuration::AuthenticationConfig;
use crate::http::input::Read;
use crate::http::pagination::Page;
use crate::http::path::NoPath;
use crate::http::principal::{Granted, SignedIn};
use crate::http::reply::Tagged;
use crate::storage::Engine;

/// Lists the sessions of whoever asks, newest first.
///
/// # Errors
/// [`SessionFailure`], as a problem.
#[get(path = "/v1/sessions")]
pub async fn list_sessions(
    granted: Granted<SignedIn>,
    request: Read<(NoPath, ListSessionsQuery)>,
    engine: &Engine,
    config: &AuthenticationConfig,
) -> Result<Tagged<Page<SessionView>>, SessionFailure> {
    let Read((NoPath {}, ListSessionsQuery { page })) = request;
    let (user, current) = granted.signed_in();
    let after = page.after.map(|number| number.0);
    let found = engine.store().sessions().sessions_of(user, after, page.limit).await?;
    let (now, idle) = (engine.now(), config.session_idle());
    let items = found.items.into_iter().map(|session| SessionView::of(session, current, now, idle));
    Ok(Tagged(page.page(items, found.next.map(EntryNumber).as_ref())))
}
