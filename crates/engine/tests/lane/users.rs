//! Users: who may create and change whom, and what lets them in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use engine::port::Store;
use engine::second_factors::{SealedTotp, SecondFactorCode, SecondFactors};
use engine::sessions::{ChangeSessionError, NewSession, SessionClient, StartedSession};
use engine::users::{
    ChangeUserError, NewUser, PasswordDigest, PasswordFault, PasswordOptions, SetPasswordError, UserChange,
    UserPatch, VerifyPasswordError,
};
use engine::{Engine, EngineMetrics, EngineOptions};
use identity::{
    Action, Actor, AuditEvent, Email, Grants, Principal, Purpose, Scope, ServiceSecret, TotpCode, TotpSecret,
    User, UserName, UserState,
};
use ledger::Timestamp;
use prometheus_client::registry::Registry;
use store_sqlite::{SqliteOptions, SqliteStore};
use tokio::runtime::Handle;

const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "eleven purple walruses";

const CHEAP: PasswordOptions =
    PasswordOptions { memory_kib: 8, iterations: 1, lanes: 1, concurrent_max: 2, waiting_max: 100 };

struct Bench {
    engine: Engine,
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

/// Runs something to its end in the middle of something else that does not wait.
fn run_beside<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let handle = Handle::current();
    std::thread::scope(|scope| scope.spawn(move || handle.block_on(future)).join().unwrap())
}

impl Bench {
    async fn new(passwords: PasswordOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(SqliteOptions::new(folder.path().join("test.db"))).await.unwrap();
        store.migrate().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        Self { engine: replica(&store, passwords), store, _folder: folder }
    }

    async fn user(&self, name: &str, grants: &str) -> User {
        let new = NewUser {
            name: UserName::parse(name).unwrap(),
            email: email(name),
            grants: Grants::parse(grants).unwrap(),
        };
        self.engine.create_user(new, &Principal::anybody(), event).await.unwrap()
    }

    async fn user_with_password(&self, name: &str) -> User {
        let user = self.user(name, "ledger:read@*").await;
        self.engine.set_password(&user.id, PASSWORD, event).await.unwrap()
    }

    async fn start_session(&self, user: &User) -> Result<StartedSession, ChangeSessionError> {
        self.start_session_with(user, false).await
    }

    async fn start_session_with(
        &self,
        user: &User,
        second_factor: bool,
    ) -> Result<StartedSession, ChangeSessionError> {
        let client = SessionClient { address: None, user_agent: None };
        let new = NewSession { user, second_factor, client, replaces: None, max: Duration::from_mins(10) };
        self.engine.start_session(new, event).await
    }

    /// Has a user begin a second factor, and returns what looks after it together with a code that confirms it.
    async fn enrol(&self, user: &User) -> (SecondFactors, TotpCode) {
        let keeper = || ServiceSecret::from_random(&[5; 32]).sealer(Purpose::SecondFactors);
        let secret = TotpSecret::from_bytes([7; 20]);
        let sealed = keeper().seal([9; 12], user.id.as_str().as_bytes(), secret.expose_bytes());
        let (sealed, now) = (SealedTotp::from_bytes(sealed), self.engine.now());
        assert!(self.store.second_factors().enrol_totp(&user.id, &sealed, now).await.unwrap());
        let code = TotpCode::parse(&secret.code_at(now.micros() / 1_000_000)).unwrap();
        (SecondFactors::new(self.engine.clone(), keeper()), code)
    }

    /// Counts the sessions of a user, and those of them that were not revoked.
    async fn sessions(&self, user: &User) -> (usize, usize) {
        let page = self.store.sessions().sessions_of(&user.id, None, 100).await.unwrap();
        let open = page.items.iter().filter(|session| session.revoked_at.is_none()).count();
        (page.items.len(), open)
    }

    async fn digest(&self, user: &User) -> PasswordDigest {
        self.store.users().user(&user.id).await.unwrap().unwrap().password.unwrap()
    }

    async fn trail(&self) -> Vec<(Action, String)> {
        let page = self
            .store
            .access()
            .audit(&engine::access::AuditQuery { limit: 100, ..Default::default() })
            .await
            .unwrap();
        page.items.into_iter().map(|record| (record.event.action, record.event.subject)).collect()
    }
}

/// Another process on the same store.
fn replica(store: &Arc<dyn Store>, passwords: PasswordOptions) -> Engine {
    let metrics = EngineMetrics::register(&mut Registry::default());
    Engine::start(Arc::clone(store), EngineOptions { passwords, ..EngineOptions::default() }, metrics)
}

fn event(action: Action, subject: String) -> AuditEvent {
    AuditEvent {
        at: Timestamp::from_micros(0).unwrap(),
        actor: Actor::Operator,
        action,
        subject,
        address: None,
        request_id: None,
        entry: None,
        count: 1,
    }
}

fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.com")).unwrap()
}

fn grants(text: &str) -> Grants {
    Grants::parse(text).unwrap()
}

#[tokio::test]
async fn nobody_grants_or_changes_what_they_do_not_have() {
    let bench = Bench::new(CHEAP).await;
    let helper = bench.user("helper", "users:admin,ledger:read@*;ledger:write@eu").await.principal();
    let new = |text: &str| NewUser {
        name: UserName::parse("new").unwrap(),
        email: email("new"),
        grants: Grants::parse(text).unwrap(),
    };
    for (wanted, lacking) in [("ledger:write@*", Scope::LedgerWrite), ("audit:read@*", Scope::AuditRead)] {
        let refused = bench.engine.create_user(new(wanted), &helper, event).await;
        assert!(matches!(refused, Err(ChangeUserError::Lacking(scope)) if scope == lacking), "{wanted}");
    }
    let made = bench.engine.create_user(new("ledger:read@*;ledger:write@eu"), &helper, event).await.unwrap();
    assert_eq!(made.created_by, Actor::Operator, "it is who the record says");

    // Whoever could write their own address into an admin's account would have it by a mailed link.
    let admin = bench.user("admin", "users:admin,keys:admin,ledger:read@*").await;
    for patch in [
        UserPatch { email: Some(email("mine")), ..UserPatch::default() },
        UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() },
        UserPatch { name: Some(UserName::parse("x").unwrap()), ..UserPatch::default() },
        UserPatch { grants: Some(grants("ledger:read@*")), ..UserPatch::default() },
        UserPatch::default(),
    ] {
        let refused = bench.engine.change_user(&admin.id, patch.clone(), &helper, event).await;
        assert!(matches!(refused, Err(ChangeUserError::Exceeding(Scope::KeysAdmin))), "{patch:?}");
    }
    let more = UserPatch { grants: Some(grants("ledger:read@*;ledger:write@us")), ..UserPatch::default() };
    let refused = bench.engine.change_user(&made.id, more, &helper, event).await;
    assert!(matches!(refused, Err(ChangeUserError::Lacking(Scope::LedgerWrite))));
    let patch = UserPatch { email: Some(email("mine")), ..UserPatch::default() };
    let changed = bench.engine.change_user(&made.id, patch, &helper, event).await.unwrap();
    assert_eq!(changed.email, email("mine"));
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let bench = Bench::new(CHEAP).await;
    let admin = bench.user("admin", "users:admin,ledger:read@*").await;
    let own = admin.principal();
    for patch in [
        UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() },
        UserPatch { grants: Some(grants("ledger:read@*")), ..UserPatch::default() },
    ] {
        let refused = bench.engine.change_user(&admin.id, patch.clone(), &own, event).await;
        assert!(matches!(refused, Err(ChangeUserError::OwnAccess)), "{patch:?}");
    }
    let less = UserPatch { grants: Some(grants("users:admin@*")), ..UserPatch::default() };
    let changed = bench.engine.change_user(&admin.id, less, &own, event).await.unwrap();
    assert_eq!(changed.grants.to_string(), "users:admin@*");
}

#[tokio::test]
async fn what_a_change_did_is_recorded_and_nothing_that_it_did_not() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user("ada", "ledger:read@*").await;
    bench
        .engine
        .amend_user(&user.id, |stored| {
            stored.user.email_verified_at = Timestamp::from_micros(5);
            Ok::<_, ChangeUserError>(Some(event(Action::UserChanged, "verified".to_owned())))
        })
        .await
        .unwrap();
    let change =
        async |patch| bench.engine.change_user(&user.id, patch, &Principal::anybody(), event).await.unwrap();
    let same = UserPatch { name: Some(user.name.clone()), email: Some(email("ada")), ..UserPatch::default() };
    assert!(change(same).await.email_verified_at.is_some());
    let case = UserPatch { email: Some(email("ADA")), ..UserPatch::default() };
    assert!(change(case).await.email_verified_at.is_some(), "it is the same address");
    let patch =
        UserPatch { email: Some(email("grace")), state: Some(UserState::Disabled), ..UserPatch::default() };
    let changed = change(patch).await;
    assert_eq!((changed.email_verified_at, changed.state), (None, UserState::Disabled));
    bench.user("ada", "ledger:read@*").await;
    let patch = UserPatch { email: Some(email("Ada")), ..UserPatch::default() };
    let refused = bench.engine.change_user(&user.id, patch, &Principal::anybody(), event).await;
    assert!(matches!(refused, Err(ChangeUserError::EmailTaken)));
    let subjects: Vec<_> = bench.trail().await.into_iter().map(|(_, subject)| subject).rev().collect();
    let id = &user.id;
    let expected =
        [id.to_string(), "verified".to_owned(), format!("{id}: email"), format!("{id}: email, state")];
    assert_eq!(subjects[..4], expected);
    assert_eq!(subjects.len(), 5);
}

#[tokio::test]
async fn changes_of_one_user_at_the_same_moment_are_all_made() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user("ada", "ledger:read@*").await;
    let by = Principal::anybody();
    let patches = [
        UserPatch { name: Some(UserName::parse("Grace").unwrap()), ..UserPatch::default() },
        UserPatch { email: Some(email("grace")), ..UserPatch::default() },
        UserPatch { grants: Some(grants("ledger:write@*")), ..UserPatch::default() },
        UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() },
    ];
    let [a, b, c, d] = patches.map(|patch| bench.engine.change_user(&user.id, patch, &by, event));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    for done in [a, b, c, d] {
        done.unwrap();
    }
    let kept = bench.store.users().user(&user.id).await.unwrap().unwrap();
    assert_eq!((kept.user.name.as_str(), kept.user.email), ("Grace", email("grace")));
    assert_eq!((kept.user.grants, kept.user.state), (grants("ledger:write@*"), UserState::Disabled));
    assert_eq!(kept.version, 4);
}

/// A process that puts a user out may die before it has ended their sessions.
#[tokio::test]
async fn sessions_of_before_a_user_was_disabled_are_not_open_again_with_the_user() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let started = bench.start_session(&user).await.unwrap();
    let mut stored = bench.store.users().user(&user.id).await.unwrap().unwrap();
    stored.user.state = UserState::Disabled;
    let disabled = event(Action::UserChanged, user.id.to_string());
    assert_eq!(bench.store.users().change_user(&stored, &disabled).await.unwrap(), UserChange::Changed);

    let enabled = UserPatch { state: Some(UserState::Active), ..UserPatch::default() };
    bench.engine.change_user(&user.id, enabled, &Principal::anybody(), event).await.unwrap();
    let session = bench.store.sessions().session(&started.session.id).await.unwrap().unwrap();
    assert!(session.session.revoked_at.is_some());
}

#[tokio::test]
async fn who_gave_the_password_of_before_gets_no_session_once_it_is_another_one() {
    let bench = Bench::new(CHEAP).await;
    bench.user_with_password("ada").await;
    let recognised = bench.engine.verify_password(&email("ada"), PASSWORD).await.unwrap();
    let changed = bench.engine.set_password(&recognised.id, OTHER, event).await.unwrap();
    let refused = bench.start_session(&recognised).await;
    assert!(matches!(refused, Err(ChangeSessionError::Overtaken)), "{refused:?}");
    assert_eq!(bench.sessions(&recognised).await, (1, 0));
    let [.., (started, _), (revoked, _)] = &bench.trail().await.into_iter().rev().collect::<Vec<_>>()[..]
    else {
        panic!("nothing is recorded")
    };
    assert_eq!((started, revoked), (&Action::SessionStarted, &Action::SessionRevoked));
    bench.start_session(&changed).await.unwrap();
    assert_eq!(bench.sessions(&recognised).await, (2, 1));
}

#[tokio::test]
async fn who_was_disabled_since_they_gave_their_password_gets_no_session() {
    let bench = Bench::new(CHEAP).await;
    let recognised = bench.user_with_password("ada").await;
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    bench.engine.change_user(&recognised.id, disabled, &Principal::anybody(), event).await.unwrap();
    let refused = bench.start_session(&recognised).await;
    assert!(matches!(refused, Err(ChangeSessionError::Overtaken)), "{refused:?}");
    assert_eq!(bench.sessions(&recognised).await, (1, 0));
}

#[tokio::test]
async fn who_gave_no_code_gets_no_session_once_a_second_factor_counts() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let (factors, code) = bench.enrol(&user).await;
    let sign_in = async |code: Option<&SecondFactorCode>| {
        let event = |_, action, subject| event(action, subject);
        factors.sign_in(&email("ada"), PASSWORD, code, None, event).await.unwrap()
    };
    // Nobody looks at a code before.
    let unread = sign_in(Some(&SecondFactorCode::Totp(code.clone()))).await;
    assert!(!unread.second_factor);
    let own = bench.start_session(&user).await.unwrap().session.id;
    let recovery_codes = factors.confirm_own(&user, &own, &code, None, event).await.unwrap();
    let refused = bench.start_session_with(&unread.user, unread.second_factor).await;
    assert!(matches!(refused, Err(ChangeSessionError::Overtaken)), "{refused:?}");
    assert_eq!(bench.sessions(&user).await, (2, 1));

    let read = sign_in(Some(&SecondFactorCode::Recovery(recovery_codes[0].clone()))).await;
    bench.start_session_with(&read.user, read.second_factor).await.unwrap();
    assert_eq!(bench.sessions(&user).await, (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_while_a_second_factor_is_confirmed_is_signed_out_by_it() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let (factors, code) = bench.enrol(&user).await;
    let own = bench.start_session(&user).await.unwrap().session.id;
    // Sessions were ended, and the second factor is about to count.
    let signs_in = |action, subject| {
        if action == Action::SecondFactorAdded {
            let started = bench.start_session(&user);
            run_beside(started).unwrap();
        }
        event(action, subject)
    };
    factors.confirm_own(&user, &own, &code, None, signs_in).await.unwrap();
    assert_eq!(bench.sessions(&user).await, (2, 1));
    assert_eq!(bench.store.sessions().session(&own).await.unwrap().unwrap().session.revoked_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_get_to_their_owner_though_sessions_cannot_be_ended_any_more() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let (factors, code) = bench.enrol(&user).await;
    let own = bench.start_session(&user).await.unwrap().session.id;
    let times = AtomicU32::new(0);
    let closes = |action, subject| {
        if action == Action::SessionsRevoked && times.fetch_add(1, Ordering::Relaxed) == 1 {
            run_beside(bench.store.close());
        }
        event(action, subject)
    };
    let codes = factors.confirm_own(&user, &own, &code, None, closes).await.unwrap();
    assert_eq!((codes.len(), times.into_inner()), (10, 2));
}

#[tokio::test]
async fn the_right_password_lets_an_active_user_in() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let none = bench.user("grace", "ledger:read@*").await;
    assert_eq!(none.password_set_at, None);
    for address in [email("ada"), Email::parse("ADA@EXAMPLE.COM").unwrap()] {
        assert_eq!(bench.engine.verify_password(&address, PASSWORD).await.unwrap(), user);
    }
    let long = format!("{PASSWORD}{}", "x".repeat(200));
    for (name, password, whose) in [
        ("ada", OTHER, Some(&user.id)),
        ("ada", "", Some(&user.id)),
        ("ada", long.as_str(), Some(&user.id)),
        ("grace", PASSWORD, Some(&none.id)),
        ("nobody", PASSWORD, None),
    ] {
        let refused = bench.engine.verify_password(&email(name), password).await;
        assert!(matches!(refused, Err(VerifyPasswordError::Wrong(id)) if id.as_ref() == whose), "{name}");
    }
    let disabled = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    bench.engine.change_user(&user.id, disabled, &Principal::anybody(), event).await.unwrap();
    let refused = bench.engine.verify_password(&email("ada"), PASSWORD).await;
    assert!(matches!(refused, Err(VerifyPasswordError::Wrong(Some(_)))));
    let refused = bench.engine.change_password(&user.id, PASSWORD, OTHER, event).await;
    assert!(matches!(refused, Err(SetPasswordError::Wrong)));
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let change = |current: &'static str, new: &'static str| {
        bench.engine.change_password(&user.id, current, new, event)
    };
    assert!(matches!(change(OTHER, OTHER).await, Err(SetPasswordError::Wrong)));
    let fault = change(PASSWORD, "password12345").await;
    assert!(matches!(fault, Err(SetPasswordError::Fault(PasswordFault::Guessable))));
    assert!(bench.engine.verify_password(&email("ada"), PASSWORD).await.is_ok());
    let changed = change(PASSWORD, OTHER).await.unwrap();
    assert!(changed.password_set_at > user.password_set_at);
    assert!(bench.engine.verify_password(&email("ada"), PASSWORD).await.is_err());
    assert!(bench.engine.verify_password(&email("ada"), OTHER).await.is_ok());
    let set: Vec<_> =
        bench.trail().await.into_iter().filter(|(did, _)| *did == Action::PasswordSet).collect();
    assert_eq!(set, vec![(Action::PasswordSet, user.id.to_string()); 2]);

    let none = bench.user("grace", "ledger:read@*").await;
    assert!(matches!(
        bench.engine.change_password(&none.id, "", OTHER, event).await,
        Err(SetPasswordError::Wrong)
    ));
    let nobody = identity::UserId::from_random([9; 9]);
    let refused = bench.engine.set_password(&nobody, OTHER, event).await;
    assert!(matches!(refused, Err(SetPasswordError::Change(ChangeUserError::NotFound))));
}

#[tokio::test]
async fn of_two_who_change_a_password_at_the_same_moment_one_does() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let one = bench.engine.change_password(&user.id, PASSWORD, OTHER, event);
    let other = bench.engine.change_password(&user.id, PASSWORD, "nineteen orange giraffes", event);
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok());
}

#[tokio::test]
async fn a_good_sign_in_renews_a_digest_that_cost_another_amount() {
    let bench = Bench::new(CHEAP).await;
    let user = bench.user_with_password("ada").await;
    let old = bench.digest(&user).await;
    let dearer = replica(&bench.store, PasswordOptions { memory_kib: 16, ..CHEAP });
    assert!(dearer.verify_password(&email("ada"), OTHER).await.is_err());
    assert_eq!(bench.digest(&user).await, old);
    assert_eq!(dearer.verify_password(&email("ada"), PASSWORD).await.unwrap(), user);
    let new = bench.digest(&user).await;
    assert!(new.expose().starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
    assert_eq!(dearer.verify_password(&email("ada"), PASSWORD).await.unwrap(), user);
    assert_eq!(bench.digest(&user).await, new);
}

#[tokio::test]
async fn a_password_that_cannot_be_looked_up_is_not_wrong() {
    let bench = Bench::new(CHEAP).await;
    bench.store.close().await;
    let unread = bench.engine.verify_password(&email("ada"), PASSWORD).await;
    assert!(matches!(unread, Err(VerifyPasswordError::Read(_))));
}

/// How long an answer takes must not tell whose address there is. The kinds take turns, so that whatever else the machine
/// does falls on all of them alike; what is left of noise is gone in another round, and a difference is not.
#[tokio::test]
async fn a_wrong_address_takes_as_long_as_a_wrong_password() {
    const ROUNDS: usize = 20;
    const SAMPLES: usize = 15;
    const KINDS: [&str; 4] = ["ada", "nobody", "none", "disabled"];
    let passwords = PasswordOptions { memory_kib: 4096, ..CHEAP };
    let bench = Bench::new(passwords).await;
    bench.user_with_password("ada").await;
    bench.user("none", "ledger:read@*").await;
    let disabled = bench.user_with_password("disabled").await;
    let patch = UserPatch { state: Some(UserState::Disabled), ..UserPatch::default() };
    bench.engine.change_user(&disabled.id, patch, &Principal::anybody(), event).await.unwrap();

    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let mut times = [const { Vec::new() }; KINDS.len()];
        for sample in 0..SAMPLES * KINDS.len() {
            let kind = (sample + sample / KINDS.len()) % KINDS.len();
            let began = Instant::now();
            let refused = bench.engine.verify_password(&email(KINDS[kind]), OTHER).await;
            times[kind].push(began.elapsed().as_secs_f64());
            assert!(matches!(refused, Err(VerifyPasswordError::Wrong(_))));
        }
        let medians = times.map(|mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[SAMPLES / 2]
        });
        if medians.iter().all(|median| (0.8..=1.25).contains(&(median / medians[0]))) {
            return;
        }
        seen.push(medians);
    }
    panic!("the medians of {KINDS:?}, in seconds, tell them apart every time: {seen:?}");
}
