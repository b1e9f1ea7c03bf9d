//! Holds that expire by the clock.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ledger::{
    CaptureHold, Command, CreateHold, EntryNumber, HoldState, Metadata, ReleaseCause, ReleaseHold, Timestamp,
};
use serde_json::{Value, json};

use crate::batches::{Batch, Item, Mode};
use crate::history::{History, Stop};
use crate::judge::Sent;
use crate::outcomes::Outcomes;
use crate::{shown, times};

/// How long after they are asked for holds expire, in microseconds: long enough for a busy service to make them.
const AHEAD: i64 = 1_000_000;

/// How much later some of them do.
const APART: i64 = 300_000;

/// How long the service may take to do what is due.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// How long to wait before it is looked at again.
const PAUSE: Duration = Duration::from_millis(100);

/// How many holds expire at most.
const HOLDS_MAX: usize = 3;

/// How many are drawn, of which some would be rejected.
const TRIES: usize = 12;

/// A hold and when it expires.
type Expiring = (EntryNumber, Timestamp);

impl History<'_> {
    /// Makes holds that expire in a moment, waits until they have, and tries to use them then.
    pub(crate) fn let_expire(&mut self, outcomes: &mut Outcomes) -> Result<(), Stop> {
        let (batch, expiring) = self.expiring_holds();
        let Some((_, soonest)) = expiring.first() else { return Ok(()) };
        let request = batch.request(&self.ledger);
        let reply = self.call(&request)?;
        let code = &reply.body["results"][0]["problem"]["code"];
        if code == "hold.expiry_passed" && times::by_the_clock() >= *soonest {
            outcomes.count("hold.expiry_passed");
            return Ok(());
        }
        self.compare(&request, batch, &reply, outcomes)?;
        let open = self.model.holds().into_iter().filter(|(_, state, _)| *state == HoldState::Open);
        let open: Vec<_> = open.map(|(hold, ..)| hold).collect();
        let mut waiting: Vec<_> = expiring.iter().copied().filter(|(hold, _)| open.contains(hold)).collect();
        let began = Instant::now();
        while !waiting.is_empty() {
            pause();
            self.take_over_expired(&mut waiting, outcomes)?;
            let in_time = waiting.is_empty() || began.elapsed() < PATIENCE;
            self.same(&request, json!("expired"), json!(if in_time { "expired" } else { "open" }))?;
        }
        for (hold, _) in expiring {
            let void = ReleaseHold { hold, cause: ReleaseCause::Voided };
            let key = self.key();
            self.command(Sent { command: Command::ReleaseHold(void), key }, false, outcomes)?;
        }
        Ok(())
    }

    /// Draws holds that expire in a moment, the soonest first, and captures of parts of them: all at once, so that none
    /// of them expires before the last one is made.
    fn expiring_holds(&mut self) -> (Batch, Vec<Expiring>) {
        let now = times::by_the_clock();
        let mut model = self.model.clone();
        let (mut items, mut expiring) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            let apart = if expiring.is_empty() { 0 } else { self.draw.random.i64(0..APART) };
            let expires_at = times::later(now, AHEAD + apart);
            let hold = Command::CreateHold(CreateHold {
                postings: self.draw.single_postings(),
                expires_at: Some(expires_at),
                reference: None,
                metadata: Metadata::default(),
            });
            let Ok(entry) = model.take(&hold, times::NOW) else { continue };
            let number = entry.number;
            expiring.push((number, expires_at));
            // With a key, so that it never depends on the clock what comes of it when the batch is sent again.
            items.push(Item::Command(Sent { command: hold, key: Some(self.new_key()) }));
            let left = model.holds().into_iter().find(|(hold, ..)| *hold == number);
            let left = left.map(|(.., left)| left).unwrap_or_default();
            let capture = Command::CaptureHold(CaptureHold {
                hold: number,
                postings: Some(self.draw.parts(&left)),
                is_final: false,
                reference: None,
                effective_at: None,
                metadata: Metadata::default(),
            });
            if self.draw.chance(50) && model.take(&capture, times::NOW).is_ok() {
                items.push(Item::Command(Sent { command: capture, key: None }));
            }
            if expiring.len() == HOLDS_MAX {
                break;
            }
        }
        (Batch { mode: Mode::Atomic, key: None, items }, expiring)
    }

    /// Reads what the service has let go since, and holds it against what was to expire.
    fn take_over_expired(
        &mut self,
        waiting: &mut Vec<Expiring>,
        outcomes: &mut Outcomes,
    ) -> Result<(), Stop> {
        let request = self.get(&format!("/log?after={}", self.log.len() - 1));
        let mut reply = self.call(&request)?;
        let Value::Array(entries) = reply.body["items"].take() else {
            return self.same(&request, json!("a list"), reply.body);
        };
        for got in entries {
            let place = waiting.iter().position(|(hold, _)| got["releases"]["hold"] == hold.0);
            let Some(place) = place else {
                return self.same(&request, json!("a release of a hold that expires"), got);
            };
            let (hold, expires_at) = waiting.remove(place);
            let release = Command::ReleaseHold(ReleaseHold { hold, cause: ReleaseCause::Expired });
            let entry = self.model.take(&release, expires_at).expect("it is open until it expires");
            let mut expected = shown::log_entry(&entry, None);
            let recorded = self.settle(&mut expected, &got, None).unwrap_or_default();
            self.same(&request, expected, got)?;
            let is_due = times::read(&recorded) >= Some(expires_at);
            self.same(&request, json!({ "is due": true }), json!({ "is due": is_due }))?;
            self.last_recorded.clone_from(&recorded);
            self.remember(entry, None, Some(recorded));
            outcomes.count("hold expired");
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "its thread has one history, and nothing can tell it that the time has come"
)]
pub(crate) fn pause() {
    sleep(PAUSE);
}
