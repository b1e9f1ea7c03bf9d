//! Sums of balances over groups of accounts, group after group in the byte order of their names. Leaps from
//! group to group through the primary key; only the sums of a group are ever in memory.
//!
//! The accounts of a group need not lie side by side: `users-2` stands between `users` and `users:1`,
//! because `-` and digits come before `:`. So a group is the account of its own name, if there is one,
//! together with the range of what begins with the name and a colon.

use std::collections::BTreeMap;

use engine::query::{BalanceGroup, BalanceQuery, BalanceSum, Page};
use futures_util::TryStreamExt;
use ledger::{Address, LedgerName};
use sqlx::SqliteConnection;

use crate::accounts::end_of;
use crate::failure::{Corruption, Failure};
use crate::number::StoredNumber;
use crate::rows::{Reader, head};
use crate::store::SqliteStore;

pub(crate) async fn balances(
    store: &SqliteStore,
    ledger: &LedgerName,
    query: &BalanceQuery,
) -> Result<Page<BalanceGroup, String>, Failure> {
    let mut transaction = store.readers.begin().await?;
    let head = head(&mut transaction, ledger).await?;
    let prefix = query.prefix.clone().unwrap_or_default();
    let end = end_of(&prefix);
    let mut groups =
        Groups { connection: &mut transaction, ledger: head.ledger, prefix, end, depth: query.depth };
    let mut page = Page { items: Vec::<BalanceGroup>::new(), next: None };
    let mut last = query.after.clone().unwrap_or_default();
    while let Some(group) = groups.first_after(&last).await? {
        if page.items.len() >= query.limit {
            page.next = Some(last);
            break;
        }
        last.clone_from(&group);
        page.items.push(groups.sum(&group).await?);
    }
    Ok(page)
}

/// The groups of one ledger at one moment.
struct Groups<'c> {
    connection: &'c mut SqliteConnection,
    ledger: i64,
    /// Accounts before this do not count,
    prefix: String,
    /// nor do those from this on.
    end: String,
    depth: usize,
}

impl Groups<'_> {
    /// Returns the first group whose name comes after another one, or the empty text for the very first.
    async fn first_after(&mut self, previous: &str) -> Result<Option<String>, Failure> {
        // No character of an address comes before `-`.
        let mut from = format!("{previous}-");
        loop {
            let Some(address) = self.first_address(&from).await? else { return Ok(None) };
            let group = address.truncated(self.depth);
            if group > previous {
                return match self.hidden_before(group, previous).await? {
                    Some(hidden) => Ok(Some(hidden)),
                    None => Ok(Some(group.to_owned())),
                };
            }
            // The range of a group that had its turn: go on behind it.
            from = format!("{group};");
        }
    }

    async fn first_address(&mut self, from: &str) -> Result<Option<Address>, Failure> {
        let from = from.max(&self.prefix);
        let found = sqlx::query_scalar!(
            "SELECT address FROM balances WHERE ledger = ?1 AND address >= ?2 AND address < ?3
            ORDER BY address LIMIT 1",
            self.ledger,
            from,
            self.end
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        let place = || "a balance".to_owned();
        Ok(found.map(|text| Reader::at(&place).address(&text)).transpose()?)
    }

    /// Returns the first group between two others whose accounts all lie behind the latter.
    ///
    /// Its name is the beginning of the latter's, cut before a character that comes before the colon:
    /// such as `users` where `users-2` is the latter and there is no account `users`.
    async fn hidden_before(&mut self, group: &str, previous: &str) -> Result<Option<String>, Failure> {
        if group.split(':').count() < self.depth {
            return Ok(None);
        }
        let last_segment = group.rfind(':').map_or(0, |colon| colon + 1);
        let names: Vec<&str> = (last_segment + 1..group.len())
            .filter(|end| group.as_bytes()[*end] < b':')
            .map(|end| &group[..end])
            .filter(|name| *name > previous)
            .collect();
        if names.is_empty() {
            return Ok(None);
        }
        let names = serde_json::to_string(&names).expect("texts can always be written");
        let hidden = sqlx::query_scalar!(
            r#"SELECT name.value || '' AS "name!: String" FROM json_each(?2) AS name WHERE EXISTS (
                SELECT 1 FROM balances WHERE ledger = ?1
                    AND address >= name.value || ':' AND address < name.value || ';'
                    AND address >= ?3 AND address < ?4
            ) ORDER BY name.key LIMIT 1"#,
            self.ledger,
            names,
            self.prefix,
            self.end
        )
        .fetch_optional(&mut *self.connection)
        .await?;
        Ok(hidden)
    }

    async fn sum(&mut self, group: &str) -> Result<BalanceGroup, Failure> {
        let accounts = self.accounts_of(group);
        let rows = sqlx::query!(
            r#"SELECT asset AS "asset!",
                sum(iif(typeof(posted_in) = 'integer', posted_in >> 32, 0)) AS "posted_in_high!: i64",
                sum(iif(typeof(posted_in) = 'integer', posted_in & 4294967295, 0)) AS "posted_in_low!: i64",
                sum(iif(typeof(posted_out) = 'integer', posted_out >> 32, 0)) AS "posted_out_high!: i64",
                sum(iif(typeof(posted_out) = 'integer', posted_out & 4294967295, 0))
                    AS "posted_out_low!: i64",
                sum(iif(typeof(pending_in) = 'integer', pending_in >> 32, 0)) AS "pending_in_high!: i64",
                sum(iif(typeof(pending_in) = 'integer', pending_in & 4294967295, 0))
                    AS "pending_in_low!: i64",
                sum(iif(typeof(pending_out) = 'integer', pending_out >> 32, 0)) AS "pending_out_high!: i64",
                sum(iif(typeof(pending_out) = 'integer', pending_out & 4294967295, 0))
                    AS "pending_out_low!: i64",
                sum((typeof(posted_in), typeof(posted_out), typeof(pending_in), typeof(pending_out))
                    <> ('integer', 'integer', 'integer', 'integer')) AS "large!: i64"
            FROM (
                SELECT * FROM balances WHERE ledger = ?1 AND address = ?2
                UNION ALL
                SELECT * FROM balances WHERE ledger = ?1 AND address >= ?3 AND address < ?4
            )
            GROUP BY asset"#,
            self.ledger,
            accounts.own,
            accounts.from,
            accounts.before
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let mut sums = BTreeMap::new();
        let mut large = false;
        for row in rows {
            large |= row.large > 0;
            let join = |high: i64, low: i64| {
                let whole = (i128::from(high) << 32) + i128::from(low);
                u128::try_from(whole)
                    .map_err(|_| Corruption::new(format!("the balances of {group}"), "a counter below 0"))
            };
            let sum = BalanceSum {
                posted_in: join(row.posted_in_high, row.posted_in_low)?,
                posted_out: join(row.posted_out_high, row.posted_out_low)?,
                pending_in: join(row.pending_in_high, row.pending_in_low)?,
                pending_out: join(row.pending_out_high, row.pending_out_low)?,
            };
            sums.insert(row.asset, sum);
        }
        if large {
            self.add_large(&accounts, &mut sums).await?;
        }
        let place = || format!("the balances of {group}");
        let reader = Reader::at(&place);
        let mut balances = Vec::with_capacity(sums.len());
        for (asset, sum) in sums {
            balances.push((reader.asset(&asset)?, sum));
        }
        Ok(BalanceGroup { address: reader.address(group)?, balances })
    }

    /// Adds the counters that SQLite cannot add, because 64 bits do not hold them.
    async fn add_large(
        &mut self,
        accounts: &Accounts,
        sums: &mut BTreeMap<String, BalanceSum>,
    ) -> Result<(), Failure> {
        let mut rows = sqlx::query!(
            r#"SELECT asset AS "asset!",
                posted_in AS "posted_in!: StoredNumber", posted_out AS "posted_out!: StoredNumber",
                pending_in AS "pending_in!: StoredNumber", pending_out AS "pending_out!: StoredNumber"
            FROM (
                SELECT * FROM balances WHERE ledger = ?1 AND address = ?2
                UNION ALL
                SELECT * FROM balances WHERE ledger = ?1 AND address >= ?3 AND address < ?4
            )
            WHERE (typeof(posted_in), typeof(posted_out), typeof(pending_in), typeof(pending_out))
                <> ('integer', 'integer', 'integer', 'integer')"#,
            self.ledger,
            accounts.own,
            accounts.from,
            accounts.before
        )
        .fetch(&mut *self.connection);
        while let Some(row) = rows.try_next().await? {
            let sum = sums.entry(row.asset).or_default();
            for (total, number) in [
                (&mut sum.posted_in, row.posted_in),
                (&mut sum.posted_out, row.posted_out),
                (&mut sum.pending_in, row.pending_in),
                (&mut sum.pending_out, row.pending_out),
            ] {
                if i64::try_from(number.0).is_err() {
                    let amount =
                        number.amount().ok_or_else(|| Corruption::new("a balance", "a counter below 0"))?;
                    *total = total.saturating_add(amount.get());
                }
            }
        }
        Ok(())
    }

    fn accounts_of(&self, group: &str) -> Accounts {
        let own = if group.starts_with(&self.prefix) { group } else { "" };
        let (from, before) = if group.split(':').count() < self.depth {
            (String::new(), String::new())
        } else {
            (format!("{group}:").max(self.prefix.clone()), format!("{group};").min(self.end.clone()))
        };
        Accounts { own: own.to_owned(), from, before }
    }
}

/// The accounts of a group: one of the group's own name, unless it is empty, and a range.
struct Accounts {
    own: String,
    from: String,
    before: String,
}
