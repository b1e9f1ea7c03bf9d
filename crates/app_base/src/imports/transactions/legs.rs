//! Makes postings of the sides of a transaction: what some accounts give, in order, goes to those that get, in order.

use ledger::{Address, Amount, Asset, Posting};

use crate::imports::refusal::Refusal;

/// One side: what an account gets, or gives.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) account: Address,
    pub(super) asset: Asset,
    /// Whether it gives.
    pub(super) negative: bool,
    pub(super) amount: Amount,
}

/// Makes postings, which move in each asset what the sides say. Sides of nothing are left out.
pub(super) fn postings(legs: &[Leg]) -> Result<Vec<Posting>, Refusal> {
    let mut assets: Vec<&Asset> = Vec::new();
    for leg in legs {
        if !assets.contains(&&leg.asset) {
            assets.push(&leg.asset);
        }
    }
    let mut postings = Vec::new();
    for asset in assets {
        let of_side = |negative: bool| {
            let legs = legs.iter().filter(move |leg| leg.asset == *asset && leg.negative == negative);
            legs.filter(|leg| leg.amount != Amount::ZERO).map(|leg| (&leg.account, leg.amount))
        };
        let (mut given, mut got) = (of_side(true), of_side(false));
        let (mut source, mut destination) = (given.next(), got.next());
        while let (Some((from, give)), Some((to, get))) = (source, destination) {
            let amount = give.min(get);
            let posting = Posting::new(from.clone(), to.clone(), asset.clone(), amount);
            postings.push(posting.map_err(|_| {
                Refusal::of_row(format!("{from} is on both sides of the transaction in {asset}"))
            })?);
            let left = |of: Amount| of.checked_sub(amount).filter(|left| *left != Amount::ZERO);
            source = left(give).map(|left| (from, left)).or_else(|| given.next());
            destination = left(get).map(|left| (to, left)).or_else(|| got.next());
        }
        if let Some((account, left)) = source.or(destination) {
            let side = if source.is_some() { "gives" } else { "gets" };
            let reason = format!(
                "the rows do not balance: {account} {side} {left} of {asset} more than others take or give"
            );
            return Err(Refusal::of_row(reason));
        }
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg((account, asset, amount): (&str, &str, i64)) -> Leg {
        Leg {
            account: Address::parse(account).unwrap(),
            asset: Asset::parse(asset).unwrap(),
            negative: amount < 0,
            amount: Amount::from(amount.unsigned_abs()),
        }
    }

    fn moved(legs: &[(&str, &str, i64)]) -> Result<Vec<String>, String> {
        let legs: Vec<_> = legs.iter().copied().map(leg).collect();
        let shown =
            |it: &Posting| format!("{} {} {} {}", it.source(), it.destination(), it.asset(), it.amount());
        postings(&legs).map(|it| it.iter().map(shown).collect()).map_err(|it| it.to_string())
    }

    #[test]
    fn what_is_given_goes_to_those_that_get_in_order() {
        assert_eq!(moved(&[("a", "X", -5), ("b", "X", 5)]).unwrap(), ["a b X 5"]);
        assert_eq!(
            moved(&[
                ("a", "X", -5),
                ("b", "X", 3),
                ("n", "X", 0),
                ("c", "X", 4),
                ("d", "X", -2),
                ("e", "Y", 1),
                ("a", "Y", -1)
            ])
            .unwrap(),
            ["a b X 3", "a c X 2", "d c X 2", "a e Y 1"]
        );
        assert_eq!(moved(&[("a", "X", 0), ("b", "X", 0)]).unwrap(), [""; 0]);
    }

    #[test]
    fn what_does_not_balance_is_refused() {
        let said = moved(&[("a", "X", -5), ("b", "X", 3)]).unwrap_err();
        assert!(said.contains("a gives 2 of X more"), "{said}");
        let said = moved(&[("a", "X", -5), ("b", "X", 6)]).unwrap_err();
        assert!(said.contains("b gets 1 of X more"), "{said}");
        let said = moved(&[("a", "X", -5), ("a", "X", 5)]).unwrap_err();
        assert!(said.contains("a is on both sides"), "{said}");
        assert!(moved(&[("a", "X", -5), ("b", "Y", 5)]).is_err());
    }
}
