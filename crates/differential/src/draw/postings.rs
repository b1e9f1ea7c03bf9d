//! Random postings and amounts.

use ledger::{Amount, Posting, Postings, Quantity};

use super::{ACCOUNTS, Draw, address};

impl Draw {
    /// Draws postings, of which later ones may rest on what earlier ones moved.
    pub(super) fn postings(&mut self) -> Postings<Quantity> {
        let postings = match self.random.u32(..11) {
            0..6 => (0..self.random.usize(1..5)).map(|_| self.posting()).collect(),
            6..10 => self.chain(),
            _ => self.alike(),
        };
        Postings::new(postings).expect("there are a few")
    }

    /// Draws postings that do not rest on each other, as what is reserved for an account is not available to it yet.
    pub(crate) fn single_postings(&mut self) -> Postings<Quantity> {
        let postings = match self.random.u32(..9) {
            0..4 => (0..self.random.usize(1..3)).map(|_| self.posting()).collect(),
            4..7 => (0..self.random.usize(1..4)).map(|_| self.out_of_world()).collect(),
            _ => self.alike(),
        };
        Postings::new(postings).expect("there are a few")
    }

    /// Draws any posting. `world` is the source most often.
    pub(super) fn posting(&mut self) -> Posting<Quantity> {
        let source = if self.chance(30) { 0 } else { self.random.usize(..ACCOUNTS.len()) };
        let destination = (source + self.random.usize(1..ACCOUNTS.len())) % ACCOUNTS.len();
        self.between(source, destination)
    }

    fn out_of_world(&mut self) -> Posting<Quantity> {
        let destination = self.random.usize(1..ACCOUNTS.len());
        self.between(0, destination)
    }

    fn between(&mut self, source: usize, destination: usize) -> Posting<Quantity> {
        let asset = self.an_asset();
        let amount = self.an_amount();
        let quantity = match self.random.u32(..44) {
            0..32 => Quantity::Exactly(amount),
            32..39 => Quantity::UpTo(amount),
            // There is no all of `world`: asked for once in a while only.
            _ if source == 0 && !self.chance(10) => Quantity::UpTo(amount),
            _ => Quantity::All,
        };
        Posting::new(address(ACCOUNTS[source]), address(ACCOUNTS[destination]), asset, quantity)
            .expect("both are other accounts")
    }

    /// Draws postings that pass one amount on from account to account; sometimes one passes on a little more.
    fn chain(&mut self) -> Vec<Posting<Quantity>> {
        let (asset, amount) = (self.an_asset(), self.an_amount());
        let mut source = 0;
        let step = |_| {
            let destination = (source + self.random.usize(1..ACCOUNTS.len())) % ACCOUNTS.len();
            let more = if self.chance(4) { Amount::from(1) } else { Amount::ZERO };
            let quantity = match self.random.u32(..10) {
                0 => Quantity::UpTo(amount),
                _ => Quantity::Exactly(amount.checked_add(more).unwrap_or(amount)),
            };
            let posting = Posting::new(
                address(ACCOUNTS[source]),
                address(ACCOUNTS[destination]),
                asset.clone(),
                quantity,
            );
            source = destination;
            posting.expect("both are other accounts")
        };
        let steps = 2..5;
        steps.map(step).collect()
    }

    /// Draws postings of which several have the same source, destination and asset.
    fn alike(&mut self) -> Vec<Posting<Quantity>> {
        let (first, between) = (self.out_of_world(), self.posting());
        let mut postings = vec![first.clone(), between];
        for _ in 0..self.random.usize(1..3) {
            postings.push(first.with_amount(Quantity::Exactly(self.an_amount())));
        }
        postings
    }

    pub(crate) fn an_amount(&mut self) -> Amount {
        let max = Amount::MAX.get();
        let units = if self.random.u32(..1000) < self.huge_per_mille {
            match self.random.u32(..4) {
                0 => max,
                1 => max - self.random.u128(..10),
                2 => max / 2 - self.random.u128(..10),
                _ => self.random.u128(1..=max),
            }
        } else {
            match self.random.u32(..10) {
                0 => 0,
                1..6 => self.random.u128(1..10),
                _ => self.random.u128(10..1000),
            }
        };
        Amount::new(units).expect("it is below 2^127")
    }
}
