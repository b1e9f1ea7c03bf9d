//! A hold as replies show it, whichever request it came of.

use engine::query::Hold;
use engine::{Outcome, Submitted};
use ledger::{Amount, Entry, EntryBody, HoldStanding, HoldState, LedgerName, Remainder};
use schemars::JsonSchema;
use serde::Serialize;

use super::{AccountBalanceView, HoldStateText, PostingView};
use crate::http::reply::Created;
use crate::http::values::{
    AmountText, EntryNumberValue, LedgerNameText, MetadataValue, ReferenceText, TimeText,
};

/// Money that is reserved, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Hold")]
pub struct HoldView {
    /// Its id: the number of its entry. Null in the reply to a dry run.
    pub id: Option<EntryNumberValue>,
    /// The ledger that it is in.
    pub ledger: LedgerNameText,
    /// How far it has come: now, where it is read.
    pub state: HoldStateText,
    /// What was reserved, in order.
    pub postings: Vec<PostingView>,
    /// How much of each posting has been captured.
    pub captured: Vec<AmountText>,
    /// How much of each posting can still be captured: nothing, once it has ended.
    pub remaining: Vec<AmountText>,
    /// The caller's own name for it.
    pub reference: Option<ReferenceText>,
    /// What the caller keeps beside it.
    pub metadata: MetadataValue,
    /// When what is left of it is let go; null where it never expires by itself.
    pub expires_at: Option<TimeText>,
    /// When it was written.
    pub recorded_at: TimeText,
    /// Every balance that it touched as it stood afterwards, by account and asset; in the reply to a void, every
    /// balance that this touched.
    pub balances: Vec<AccountBalanceView>,
}

impl HoldView {
    /// Replies to a command that creates a hold, and to its replay: from the entry alone, so that both are the same
    /// whatever became of the hold since.
    ///
    /// # Panics
    /// When the entry is no hold.
    #[must_use]
    pub fn created(ledger: LedgerName, submitted: Submitted) -> Created<Self> {
        let Submitted { entry, outcome } = submitted;
        match outcome {
            Outcome::DryRun => Created::dry_run(Self { id: None, ..Self::open(ledger, entry) }),
            Outcome::Recorded | Outcome::Replayed => {
                let location = format!("/v1/ledgers/{ledger}/holds/{}", entry.number.0);
                let view = Self::open(ledger, entry);
                Created::at(&location, view).replayed(outcome == Outcome::Replayed)
            }
        }
    }

    /// Shows a hold as it stands.
    ///
    /// # Panics
    /// When the entry is no hold.
    #[must_use]
    pub fn recorded(ledger: LedgerName, hold: Hold) -> Self {
        let Hold { entry, standing: HoldStanding { state, left, expires_at: _ } } = hold;
        Self::standing(ledger, entry, state, &left)
    }

    /// Replies to a void, and to its replay: a hold that has ended stands as it does for good, and its balances are
    /// those right after the entry that let it go.
    ///
    /// # Panics
    /// When the hold's entry is no hold.
    #[must_use]
    pub fn let_go(ledger: LedgerName, hold: Hold, release: Entry) -> Self {
        let balances = release.balances.into_iter().map(AccountBalanceView::from).collect();
        Self { balances, ..Self::recorded(ledger, hold) }
    }

    fn open(ledger: LedgerName, entry: Entry) -> Self {
        let EntryBody::Hold(hold) = &entry.body else { panic!("entry {} is no hold", entry.number.0) };
        let left = Remainder::whole(hold.postings.clone());
        Self::standing(ledger, entry, HoldState::Open, &left)
    }

    fn standing(ledger: LedgerName, entry: Entry, state: HoldState, left: &Remainder) -> Self {
        let EntryBody::Hold(hold) = entry.body else { panic!("entry {} is no hold", entry.number.0) };
        let postings = hold.postings.as_slice();
        let captured = left.used();
        let remaining = postings.iter().zip(&captured).map(|(posting, captured)| match state {
            HoldState::Open => posting.amount().checked_sub(*captured).unwrap_or_default(),
            HoldState::Captured | HoldState::Voided | HoldState::Expired => Amount::ZERO,
        });
        Self {
            id: Some(EntryNumberValue(entry.number)),
            ledger: LedgerNameText(ledger),
            state: state.into(),
            postings: postings.iter().map(PostingView::from).collect(),
            remaining: remaining.map(AmountText).collect(),
            captured: captured.into_iter().map(AmountText).collect(),
            reference: hold.reference.map(ReferenceText),
            metadata: MetadataValue(hold.metadata),
            expires_at: hold.expires_at.map(TimeText),
            recorded_at: TimeText(entry.recorded_at),
            balances: entry.balances.into_iter().map(AccountBalanceView::from).collect(),
        }
    }
}
