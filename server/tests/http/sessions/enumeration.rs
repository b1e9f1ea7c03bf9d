//! Nobody finds out who is a user, or which keys and sessions there are: neither from what those are told who are refused, nor
//! from how long it takes to tell them.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use identity::KeyText;

use super::lab::{Lab, PASSWORD, alike, on_both, sign_in, with_session};
use super::second_factors::enrol;
use crate::harness::{Reply, Request};

/// Long enough for all that was counted to be forgotten.
const LONG_AFTER: Duration = Duration::from_hours(2);

/// Who tries to sign in, and with what: all of them are refused.
const ATTEMPTS: [(&str, &str); 7] = [
    ("ada@example.com", "another password"),
    ("nobody@example.com", PASSWORD),
    ("invited@example.com", PASSWORD),
    ("disabled@example.com", PASSWORD),
    ("disabled@example.com", "another password"),
    ("ada@example.com", TOO_LONG),
    ("factored@example.com", "another password"),
];

/// More than any password has, and as few bytes as are looked at.
const TOO_LONG: &str = match std::str::from_utf8(&[b'x'; 1024]) {
    Ok(text) => text,
    Err(_) => unreachable!(),
};

/// Has the users of [`ATTEMPTS`].
fn inhabit(lab: &Lab) {
    lab.user("ada@example.com", "ledger:read@*");
    lab.invited("invited@example.com", "ledger:read@*");
    let disabled = lab.user("disabled@example.com", "ledger:read@*");
    lab.disable(&disabled.id);
    lab.user("factored@example.com", "ledger:read@*");
    enrol(lab, &lab.signed_in("factored@example.com"));
}

/// Tries to sign in from one of many networks.
fn attempt(lab: &Lab, (email, password): (&str, &str), network: u32) -> Reply {
    let from = Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(20, 0, 0, 1)) + (network << 8));
    lab.call(&sign_in(email, password).header("x-forwarded-for", from))
}

#[test]
fn who_is_refused_learns_nothing_of_why() {
    // So often from so many networks: for one network it becomes too often after a few, for all of them after twenty.
    let tries: Vec<u32> = [0, 0, 0, 0, 0].into_iter().chain(1..=20).collect();
    on_both(1, |lab| {
        inhabit(lab);
        let mut told = Vec::new();
        for (attempted, first) in ATTEMPTS.into_iter().zip((0..).step_by(100)) {
            lab.pass(LONG_AFTER);
            let replies: Vec<Reply> =
                tries.iter().map(|network| attempt(lab, attempted, first + network)).collect();
            assert!(replies.iter().all(|reply| reply.header("set-cookie").is_none()));
            told.push(replies.iter().map(alike).collect::<Vec<_>>());
        }
        let statuses: Vec<u16> = told[0].iter().map(|(status, ..)| *status).collect();
        let (refused, throttled): (Vec<u16>, Vec<u16>) = statuses.iter().partition(|status| **status == 401);
        assert_eq!((refused.len(), throttled.len()), (20, 5), "{statuses:?}");
        for (replies, attempted) in told.iter().zip(ATTEMPTS) {
            assert_eq!(replies, &told[0], "{attempted:?}");
        }
    });
}

#[test]
fn what_opens_nothing_is_refused_in_one_way_whether_it_ever_did_or_not() {
    on_both(1, |lab| {
        let (known, other_secret) =
            (KeyText::from_random([1; 9], &[1; 32]), KeyText::from_random([1; 9], &[2; 32]));
        let unknown = KeyText::from_random([2; 9], &[2; 32]);
        lab.run(lab.engine().ensure_admin_key(&known, "a key")).expect("a key");
        let principal = || Request::get("/v1/principal");
        let token = |id: &str, secret: &str| {
            let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
            let request = Request::post("/oauth/token").without_key();
            request.header("content-type", "application/x-www-form-urlencoded").body(form)
        };

        let user = lab.user("ada@example.com", "ledger:read@*");
        let (open, left) = (lab.signed_in("ada@example.com"), lab.signed_in("ada@example.com"));
        assert_eq!(lab.call(&with_session(Request::delete("/v1/sessions"), &left)).status, 200);
        let of_secret = |id: &str| format!("{id}_{}", "0".repeat(43));
        let sessions = |lab: &Lab| {
            let texts = [left.clone(), of_secret(&open[..12]), of_secret("000000000000"), "x".to_owned()];
            texts.map(|text| alike(&lab.call(&with_session(principal(), &text))))
        };
        let before = sessions(lab);
        lab.disable(&user.id);
        let of_disabled = alike(&lab.call(&with_session(principal(), &open)));

        let by_key = [&unknown, &other_secret].map(|key| alike(&lab.call(&principal().key(key.expose()))));
        let by_form = [
            token(unknown.id_text(), unknown.expose()),
            token(known.id_text(), other_secret.expose()),
            token(known.id_text(), unknown.expose()),
            token(known.id_text(), "hunter2"),
            token("hunter2", known.expose()),
        ]
        .map(|request| alike(&lab.call(&request)));
        for (what, replies) in [
            ("sessions", [&before[..], &sessions(lab), &[of_disabled]].concat()),
            ("keys", by_key.to_vec()),
            ("tokens", by_form.to_vec()),
        ] {
            for reply in &replies {
                assert_eq!((reply.0, reply), (401, &replies[0]), "{what}");
            }
        }
    });
}

/// How many requests of each kind a round has.
const SAMPLES: u8 = 40;

/// How many rounds have to tell two kinds apart.
const ROUNDS: usize = 6;

/// What the rank sums of two kinds that take equally long come to once in a thousand times, in standard deviations.
const TOLD_APART: f64 = 3.3;

/// How far the times of two kinds are from what they would be if it made no difference which is which: the rank sum of Mann
/// and Whitney, in standard deviations. It asks for the order of times only, so that single slow requests do not count.
fn rank_sum(ours: &[f64], others: &[f64]) -> f64 {
    let pairs = ours.iter().flat_map(|ours| others.iter().map(move |other| (ours, other)));
    let later: f64 = pairs.map(|(ours, other)| if other < ours { 1.0 } else { 0.0 }).sum();
    let (n, m) = (f64::from(SAMPLES), f64::from(SAMPLES));
    (later - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// Fails where one of these kinds of requests takes another time than the first, in every round. The kinds take turns in a
/// random order, so that whatever else the machine does falls on all of them alike; what looks like a difference by chance is
/// gone in another round.
fn assert_takes_as_long<const N: usize>(kinds: [&str; N], mut ask: impl FnMut(usize) -> Reply) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut told_apart = Vec::new();
    for _ in 0..ROUNDS {
        let mut times = [const { Vec::new() }; N];
        for _ in 0..SAMPLES {
            let mut order: [usize; N] = std::array::from_fn(|kind| kind);
            random.shuffle(&mut order);
            for kind in order {
                let began = Instant::now();
                let reply = ask(kind);
                times[kind].push(began.elapsed().as_secs_f64());
                assert!(reply.status >= 400, "{}: {reply:?}", kinds[kind]);
            }
        }
        let distances: [f64; N] = std::array::from_fn(|kind| rank_sum(&times[kind], &times[0]));
        if distances.iter().all(|distance| *distance < TOLD_APART) {
            return;
        }
        let medians = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        told_apart.push((distances, medians));
    }
    panic!("{kinds:?} are told apart each time, by (deviations, medians in seconds): {told_apart:#?}");
}

/// Where `Passwords::compare` says no at once when there is no digest to compare with, this fails: tried by hand, also on a
/// machine with seven times as much to do as it can. `nobody` and `invited` are told apart in every round, and nobody else.
#[test]
fn a_wrong_address_takes_as_long_as_a_wrong_password_over_http() {
    let lab = Lab::with_passwords_of(16_384);
    inhabit(&lab);
    let mut network = 0;
    assert_takes_as_long(ATTEMPTS.map(|(email, _)| email), |kind| {
        // Nobody has to wait: nothing that failed before is remembered, and each comes from another network.
        lab.pass(LONG_AFTER);
        network += 1;
        attempt(&lab, ATTEMPTS[kind], network)
    });
}

/// Whether somebody who is guessed at from everywhere came in from here before is looked up, and there is more to read of
/// those who come in often than of nobody: half a millisecond, which a few hundred requests show. So all are told at
/// one moment, a while later, by which it is read.
#[test]
fn who_has_to_wait_learns_nothing_from_how_long_it_takes_to_say_so() {
    const KINDS: [&str; 2] = ["ada@example.com", "nobody@example.com"];
    let lab = Lab::with_passwords_of(8);
    inhabit(&lab);
    for _ in 0..50 {
        lab.signed_in(KINDS[0]);
    }
    let mut network = 0;
    for email in KINDS {
        for _ in 0..20 {
            network += 1;
            assert_eq!(attempt(&lab, (email, "a wrong guess"), network).status, 401);
        }
    }
    assert_takes_as_long(KINDS, |kind| {
        network += 1;
        let began = Instant::now();
        let reply = attempt(&lab, (KINDS[kind], "a wrong guess"), network);
        assert_eq!(reply.code(), "sign_in.throttled");
        assert!(
            began.elapsed() >= Duration::from_millis(50),
            "{:?} is what it took to look up",
            began.elapsed()
        );
        reply
    });
}
