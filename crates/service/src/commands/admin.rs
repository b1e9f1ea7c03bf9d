//! `server admin`: API keys, users, and the keys that tokens are signed with, for whoever has the database. What it does
//! is in the audit trail, as the operator's doing.

mod users;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use app_base::configuration::FlorinConfig;
use app_base::storage::{self, IfMissing};
use engine::access::{NewKey, random_key, random_service_secret};
use engine::tokens::AccessTokens;
use engine::{Engine, EngineMetrics, EngineOptions};
use identity::{
    Action, AuditEvent, Grant, Grants, KeyId, KeyName, LedgerSet, Principal, Purpose, Role, UserState,
};
use ledger::{LedgerName, Timestamp};
use prometheus_client::registry::Registry;

use super::print;
use crate::arguments::{Admin, CreateKey};
use crate::serve;

/// How many microseconds a day has.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Does what is asked of keys and users.
pub(super) async fn admin(config: &FlorinConfig, asked: &Admin) -> anyhow::Result<ExitCode> {
    if let Admin::GenerateKey = asked {
        print(&format!("{}\n", random_key()?.expose()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Admin::GenerateSecret = asked {
        print(&format!("{}\n", random_service_secret()?.expose()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let storage = storage::open(&config.database, IfMissing::Fail).await?;
    let store = storage.store();
    let doing = async {
        if !storage.schema().await?.missing.is_empty() {
            bail!("the database's schema is not up to date: run `server migrate`");
        }
        let metrics = EngineMetrics::register(&mut Registry::default());
        let options =
            EngineOptions { passwords: (&config.authentication).into(), ..EngineOptions::default() };
        let engine = Engine::start(Arc::clone(&store), options, metrics);
        match asked {
            Admin::GenerateKey | Admin::GenerateSecret => Ok(()),
            Admin::CreateKey(new) => create(&engine, new).await,
            Admin::ListKeys => list(&engine).await,
            Admin::RevokeKey { id } => revoke(&engine, id).await,
            Admin::CreateUser(new) => users::create(&engine, new).await,
            Admin::SetPassword { email } => users::set_password(&engine, email).await,
            Admin::ListUsers => users::list(&engine).await,
            Admin::DisableUser { email } => users::put(&engine, email, UserState::Disabled).await,
            Admin::EnableUser { email } => users::put(&engine, email, UserState::Active).await,
            Admin::RotateSigningKey { revoke_earlier } => rotate(config, &engine, *revoke_earlier).await,
        }
    };
    let done = doing.await;
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(engine: &Engine, asked: &CreateKey) -> anyhow::Result<()> {
    let name = KeyName::parse(&asked.name);
    let name = name.map_err(|_| anyhow::anyhow!("{:?} is no name for a key", asked.name))?;
    let grants = grants(&asked.role, &asked.ledgers)?;
    let expires_at = asked.expires_in_days.map(|days| {
        let at = engine.now().micros().saturating_add(i64::from(days) * DAY);
        Timestamp::from_micros(at).context("the key would expire too late")
    });
    let new = NewKey { name, grants, expires_at: expires_at.transpose()? };
    let issued =
        engine.create_key(new, &Principal::anybody(), |action, id| event(engine, action, id)).await?;
    print(&format!("{}\n", issued.text.expose()))
}

async fn list(engine: &Engine) -> anyhow::Result<()> {
    let mut before = None;
    loop {
        let page = engine.store().access().keys(before, 1000).await?;
        for key in page.items {
            print(&format!(
                "{}  {:7}  {}  {}\n",
                key.id,
                key.state(engine.now()).name(),
                key.grants,
                key.name
            ))?;
        }
        before = page.next;
        if before.is_none() {
            return Ok(());
        }
    }
}

async fn revoke(engine: &Engine, id: &str) -> anyhow::Result<()> {
    let id = KeyId::parse(id).map_err(|_| anyhow::anyhow!("`{id}` is no id of a key"))?;
    let revoked = engine.revoke_key(&id, |action, id| event(engine, action, id)).await?;
    print(&format!("revoked {} ({}): it opens nothing two seconds from now\n", revoked.id, revoked.name))
}

async fn rotate(config: &FlorinConfig, engine: &Engine, revoke_earlier: bool) -> anyhow::Result<()> {
    let sealer = serve::secret(&config.authentication)?.sealer(Purpose::SigningKeys);
    if !config.authentication.keeps_secret() {
        bail!(
            "there is no secret to seal a key with: the running service keeps its own to itself, until it ends"
        );
    }
    let tokens = AccessTokens::new(engine.clone(), sealer, config.authentication.token_options());
    let name = tokens.rotate(revoke_earlier).await?;
    let said = if revoke_earlier {
        "; what earlier keys signed is refused two seconds from now"
    } else {
        "; what earlier keys signed is good for as long as it would have been"
    };
    print(&format!("access tokens are signed with {name} from two seconds on{said}\n"))
}

/// Returns what a role comes to, for ledgers, or for all of them where none is named.
fn grants(role: &str, ledgers: &[String]) -> anyhow::Result<Grants> {
    let named = ledgers
        .iter()
        .map(|name| LedgerName::parse(name).map_err(|_| anyhow::anyhow!("`{name}` is no name for a ledger")));
    let named: BTreeSet<LedgerName> = named.collect::<Result<_, _>>()?;
    let role = Role::named(role).with_context(|| format!("there is no role `{role}`"))?;
    let ledgers = if named.is_empty() { LedgerSet::All } else { LedgerSet::Some(named) };
    let grants = Grants::new(vec![Grant { scopes: role.scopes(), ledgers }]);
    grants.map_err(|error| anyhow::anyhow!("`{}` cannot be granted so: {error:?}", role.name()))
}

fn event(engine: &Engine, action: Action, subject: String) -> AuditEvent {
    AuditEvent::by_operator(engine.now(), action, subject)
}
