//! Users, for whoever has the database. A password is never an argument: those are seen by everybody on the machine, and
//! stay in the histories of shells.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use engine::Engine;
use engine::users::{NewUser, PASSWORD_CHARACTERS_MAX, UserPatch};
use identity::{Email, Principal, User, UserName, UserState};
use zeroize::Zeroizing;

use super::{event, grants};
use crate::arguments::CreateUser;
use crate::commands::print;

/// The most bytes of a line with a password: four for each code point, and the end of the line.
const LINE_BYTES_MAX: u64 = 4 * PASSWORD_CHARACTERS_MAX as u64 + 2;

/// Creates a user.
pub(super) async fn create(engine: &Engine, asked: &CreateUser) -> anyhow::Result<()> {
    let name = UserName::parse(&asked.name);
    let new = NewUser {
        name: name.map_err(|_| anyhow::anyhow!("{:?} is no name for a user", asked.name))?,
        email: address(&asked.email)?,
        grants: grants(&asked.role, &asked.ledgers)?,
    };
    let made = engine.create_user(new, &Principal::anybody(), |action, id| event(engine, action, id)).await?;
    print(&format!("{}\n", made.id))
}

/// Sets a user's password.
pub(super) async fn set_password(engine: &Engine, email: &str) -> anyhow::Result<()> {
    let user = find(engine, email).await?;
    let password = ask(&user)?;
    engine.set_password(&user.id, &password, |action, id| event(engine, action, id)).await?;
    print(&format!("set the password of {} ({})\n", user.id, user.email))
}

/// Lists all users.
pub(super) async fn list(engine: &Engine) -> anyhow::Result<()> {
    let mut before = None;
    loop {
        let page = engine.store().users().users(None, before, 1000).await?;
        for User { id, state, grants, email, name, .. } in page.items {
            print(&format!("{id}  {:8}  {grants}  {email}  {name}\n", state.name()))?;
        }
        before = page.next;
        if before.is_none() {
            return Ok(());
        }
    }
}

/// Puts a user into a state.
pub(super) async fn put(engine: &Engine, email: &str, state: UserState) -> anyhow::Result<()> {
    let user = find(engine, email).await?;
    let patch = UserPatch { state: Some(state), ..UserPatch::default() };
    let by = Principal::anybody();
    let user = engine.change_user(&user.id, patch, &by, |action, id| event(engine, action, id)).await?;
    print(&format!("{} ({}) is {}: it counts two seconds from now\n", user.id, user.email, state.name()))
}

async fn find(engine: &Engine, email: &str) -> anyhow::Result<User> {
    let found = engine.store().users().user_of(&address(email)?).await?;
    Ok(found.with_context(|| format!("nobody has the address `{email}`"))?.user)
}

fn address(text: &str) -> anyhow::Result<Email> {
    Email::parse(text).map_err(|_| anyhow::anyhow!("{text:?} is no address"))
}

/// Asks for a password, twice and without showing it, or reads it where nobody is asked.
fn ask(user: &User) -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        let first = Zeroizing::new(rpassword::prompt_password(format!("New password of {}: ", user.email))?);
        if first != Zeroizing::new(rpassword::prompt_password("The same again: ")?) {
            bail!("it is not the same");
        }
        return Ok(first);
    }
    let mut line = Zeroizing::new(String::new());
    let mut input = io::stdin().lock().take(LINE_BYTES_MAX);
    input.read_line(&mut line).context("standard input has no password")?;
    Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}
