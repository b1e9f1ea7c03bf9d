//! What the model makes of reversals.

use ledger::{
    Amount, EntryBody, EntryNumber, Origin, Posting, Postings, Quantity, Rejection, Reversal,
    ReverseTransaction, Transaction,
};

use crate::holds::{capped, has_alike, left_alike, named, rest, used};
use crate::{Kind, Model};

impl Model {
    pub(crate) fn reverse(&mut self, reversal: &ReverseTransaction) -> Result<EntryBody, Rejection> {
        let (transaction, number) = (reversal.transaction, reversal.transaction.0);
        let moved = self.moved_by(number);
        // Every transaction has postings, and nothing else has posted any.
        if moved.is_empty() {
            return Err(Rejection::TransactionNotFound { transaction });
        }
        self.free_reference(reversal.reference.as_ref())?;
        let exceeds = |posting, remaining, amount| Rejection::ReversalExceedsOriginal {
            transaction,
            posting,
            remaining,
            amount,
        };
        let left = rest(&moved, &self.moved_back(number));
        let asked: Vec<Posting<Quantity>> = match &reversal.postings {
            Some(postings) => postings.as_slice().to_vec(),
            None => left.iter().rev().map(|posting| turned(posting).into()).collect(),
        };
        if asked.is_empty() {
            return Err(exceeds(0, Amount::ZERO, moved[moved.len() - 1].amount()));
        }
        for (index, posting) in asked.iter().enumerate() {
            self.lets_through(index, posting)?;
            let left = left_alike(&moved, &self.moved_back(number), &turned(posting));
            let is_of_it = has_alike(&moved, &turned(posting));
            let most = capped(posting.amount(), left)
                .filter(|_| is_of_it)
                .ok_or_else(|| exceeds(index, Amount::new(left).unwrap(), named(posting.amount())))?;
            let amount = if reversal.forced {
                most
            } else if let Quantity::Exactly(_) = posting.amount() {
                self.affords(index, posting, most)?;
                most
            } else {
                self.amount_of(index, &posting.with_amount(Quantity::UpTo(Amount::new(most).unwrap())))?
            };
            self.has_room(index, posting, amount)?;
            self.remember(Kind::Reversed(number), posting, amount);
        }
        Ok(EntryBody::Transaction(Transaction {
            postings: Postings::new(self.moved_by(self.next())).unwrap(),
            reference: reversal.reference.clone(),
            metadata: reversal.metadata.clone(),
            origin: Origin::Reversal(Reversal { of: transaction, forced: reversal.forced }),
        }))
    }

    /// Returns how much of each posting of a transaction was moved back, in order.
    #[must_use]
    pub fn reversed(&self, transaction: EntryNumber) -> Vec<Amount> {
        used(&self.moved_by(transaction.0), &self.moved_back(transaction.0))
    }

    /// Returns what of a transaction is not reversed.
    #[must_use]
    pub fn unreversed(&self, transaction: EntryNumber) -> Vec<Posting> {
        rest(&self.moved_by(transaction.0), &self.moved_back(transaction.0))
    }

    /// Returns what was moved back of a transaction, as it had moved before.
    fn moved_back(&self, transaction: u64) -> Vec<Posting> {
        self.postings(|m| m.kind == Kind::Reversed(transaction)).iter().map(turned).collect()
    }
}

fn turned<A: Copy>(posting: &Posting<A>) -> Posting<A> {
    let (source, destination) = (posting.destination().clone(), posting.source().clone());
    Posting::new(source, destination, posting.asset().clone(), posting.amount()).unwrap()
}
