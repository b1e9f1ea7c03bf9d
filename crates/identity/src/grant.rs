//! Grants: scopes, and the ledgers that they are for. What is not granted is denied.

use std::collections::BTreeSet;
use std::fmt;

use ledger::LedgerName;

use crate::scope::{Scope, Scopes};

/// The ledgers that a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerSet {
    /// All of them, those that are yet to be created included.
    All,
    /// These, whether they are there or not.
    Some(BTreeSet<LedgerName>),
}

impl LedgerSet {
    /// Says whether a ledger is among them.
    #[must_use]
    pub fn contains(&self, ledger: &LedgerName) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(ledger),
        }
    }
}

/// Scopes for ledgers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What is granted.
    pub scopes: Scopes,
    /// For which ledgers.
    pub ledgers: LedgerSet,
}

/// Why grants do not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantError {
    /// There are none, or more than [`Grants::MAX`].
    Count,
    /// A grant has no scope.
    NoScope,
    /// A grant is for no ledger.
    NoLedger,
    /// All grants together name more than [`Grants::LEDGERS_MAX`] ledgers.
    TooManyLedgers,
    /// A scope that is about no single ledger is granted for some.
    NotAboutALedger(Scope),
    /// It is no text of grants.
    Text,
}

/// All that somebody is granted: 1 to [`Grants::MAX`] grants. The union of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// The most grants.
    pub const MAX: usize = 16;
    /// The most ledgers that they may name together.
    pub const LEDGERS_MAX: usize = 100;

    /// Takes grants.
    ///
    /// # Errors
    /// Those of [`GrantError`], but for the text.
    pub fn new(grants: Vec<Grant>) -> Result<Self, GrantError> {
        if !(1..=Self::MAX).contains(&grants.len()) {
            return Err(GrantError::Count);
        }
        let mut named = 0;
        for Grant { scopes, ledgers } in &grants {
            if scopes.is_empty() {
                return Err(GrantError::NoScope);
            }
            if let LedgerSet::Some(names) = ledgers {
                if names.is_empty() {
                    return Err(GrantError::NoLedger);
                }
                if let Some(scope) = scopes.iter().find(|scope| !scope.is_about_a_ledger()) {
                    return Err(GrantError::NotAboutALedger(scope));
                }
                named += names.len();
            }
        }
        if named > Self::LEDGERS_MAX {
            return Err(GrantError::TooManyLedgers);
        }
        Ok(Self(grants))
    }

    /// Everything, for all ledgers.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Grant { scopes: Scopes::all(), ledgers: LedgerSet::All }])
    }

    /// Returns them.
    #[must_use]
    pub fn as_slice(&self) -> &[Grant] {
        &self.0
    }

    /// Says whether a scope is granted for a ledger.
    #[must_use]
    pub fn allow(&self, scope: Scope, ledger: &LedgerName) -> bool {
        self.0.iter().any(|grant| grant.scopes.contains(scope) && grant.ledgers.contains(ledger))
    }

    /// Says whether a scope is granted for all ledgers.
    #[must_use]
    pub fn allow_overall(&self, scope: Scope) -> bool {
        self.0.iter().any(|grant| grant.scopes.contains(scope) && grant.ledgers == LedgerSet::All)
    }

    /// Says whether a scope is granted for any ledger.
    #[must_use]
    pub fn allow_somewhere(&self, scope: Scope) -> bool {
        self.0.iter().any(|grant| grant.scopes.contains(scope))
    }

    /// Says whether a ledger is to be known of at all: whether anything that is about it is granted for it.
    #[must_use]
    pub fn may_see(&self, ledger: &LedgerName) -> bool {
        self.0
            .iter()
            .any(|grant| grant.scopes.iter().any(Scope::is_about_a_ledger) && grant.ledgers.contains(ledger))
    }

    /// Returns the ledgers for which a scope is granted.
    #[must_use]
    pub fn ledgers_for(&self, scope: Scope) -> LedgerSet {
        let mut all = BTreeSet::new();
        for grant in self.0.iter().filter(|grant| grant.scopes.contains(scope)) {
            match &grant.ledgers {
                LedgerSet::All => return LedgerSet::All,
                LedgerSet::Some(names) => all.extend(names.iter().cloned()),
            }
        }
        LedgerSet::Some(all)
    }

    /// Returns every scope that is granted for any ledger.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.0.iter().flat_map(|grant| grant.scopes.iter()).collect()
    }

    /// Returns what is left of them with these scopes only; `None` where nothing is.
    #[must_use]
    pub fn narrowed(&self, scopes: Scopes) -> Option<Self> {
        let kept = self.0.iter().filter_map(|Grant { scopes: granted, ledgers }| {
            let scopes: Scopes = granted.iter().filter(|scope| scopes.contains(*scope)).collect();
            (!scopes.is_empty()).then(|| Grant { scopes, ledgers: ledgers.clone() })
        });
        Self::new(kept.collect()).ok()
    }

    /// Returns a scope of `others` that is not granted here for all the ledgers that it is granted for there: `None`
    /// where these grants have all that the others have.
    #[must_use]
    pub fn lacking(&self, others: &Self) -> Option<Scope> {
        let wanted = others.0.iter().flat_map(|grant| grant.scopes.iter().map(move |scope| (scope, grant)));
        let mut lacking = wanted.filter(|(scope, grant)| match &grant.ledgers {
            LedgerSet::All => !self.allow_overall(*scope),
            LedgerSet::Some(names) => names.iter().any(|name| !self.allow(*scope, name)),
        });
        lacking.next().map(|(scope, _)| scope)
    }

    /// Reads what [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    /// Those of [`GrantError`].
    pub fn parse(text: &str) -> Result<Self, GrantError> {
        let grants = text.split(';').map(|grant| {
            let (scopes, ledgers) = grant.split_once('@').ok_or(GrantError::Text)?;
            let scopes: Option<Scopes> = scopes.split(',').map(Scope::named).collect();
            let ledgers = match ledgers {
                "*" => LedgerSet::All,
                names => {
                    let names: Result<BTreeSet<_>, _> = names.split(',').map(LedgerName::parse).collect();
                    LedgerSet::Some(names.map_err(|_| GrantError::Text)?)
                }
            };
            Ok(Grant { scopes: scopes.ok_or(GrantError::Text)?, ledgers })
        });
        Self::new(grants.collect::<Result<_, _>>()?)
    }
}

/// Writes them as they are stored: `ledger:read,ledger:write@main,eu;audit:read@*`.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Grant { scopes, ledgers }) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ";" })?;
            for (index, scope) in scopes.iter().enumerate() {
                write!(f, "{}{scope}", if index == 0 { "" } else { "," })?;
            }
            match ledgers {
                LedgerSet::All => f.write_str("@*")?,
                LedgerSet::Some(names) => {
                    for (index, name) in names.iter().enumerate() {
                        write!(f, "{}{name}", if index == 0 { "@" } else { "," })?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> LedgerName {
        LedgerName::parse(text).unwrap()
    }

    fn grants(text: &str) -> Grants {
        Grants::parse(text).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "ledger:read@*",
            "ledger:read,ledger:write@eu,main;audit:read@*",
            "ledger:read,ledger:write,ledger:force,accounts:policy,ledgers:create,keys:admin,users:admin,audit:read@*",
        ] {
            assert_eq!(grants(text).to_string(), text);
        }
        assert_eq!(Grants::everything(), grants(&Grants::everything().to_string()));
        for text in ["", "ledger:read", "ledger:read@", "@*", "ledger:reed@*", "ledger:read@Main", "x@*;"] {
            assert_eq!(Grants::parse(text), Err(GrantError::Text), "{text}");
        }
    }

    #[test]
    fn a_scope_counts_for_its_own_ledgers_only() {
        let grants = grants("ledger:read@main,eu;ledger:write@eu");
        assert!(grants.allow(Scope::LedgerRead, &name("main")));
        assert!(!grants.allow(Scope::LedgerWrite, &name("main")));
        assert!(grants.allow(Scope::LedgerWrite, &name("eu")));
        assert!(grants.may_see(&name("main")) && !grants.may_see(&name("us")));
        assert!(grants.allow_somewhere(Scope::LedgerWrite) && !grants.allow_overall(Scope::LedgerWrite));
        assert_eq!(grants.ledgers_for(Scope::LedgerWrite), LedgerSet::Some([name("eu")].into()));
    }

    #[test]
    fn a_right_that_is_about_no_ledger_shows_none() {
        assert!(!grants("keys:admin@*").may_see(&name("main")));
        assert_eq!(grants("keys:admin@*").ledgers_for(Scope::LedgerRead), LedgerSet::Some([].into()));
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let own = grants("ledger:read,keys:admin@*;ledger:write@eu");
        for (given, lacking) in [
            ("ledger:read@*", None),
            ("ledger:read,ledger:write@eu", None),
            ("ledger:write@*", Some(Scope::LedgerWrite)),
            ("ledger:read@us;ledger:write@eu,us", Some(Scope::LedgerWrite)),
            ("ledger:force@eu", Some(Scope::LedgerForce)),
            ("keys:admin,audit:read@*", Some(Scope::AuditRead)),
        ] {
            assert_eq!(own.lacking(&grants(given)), lacking, "{given}");
        }
    }

    #[test]
    fn grants_are_bounded() {
        let read = |ledgers| Grant { scopes: [Scope::LedgerRead].into_iter().collect(), ledgers };
        let names = |count: usize| LedgerSet::Some((0..count).map(|n| name(&n.to_string())).collect());
        assert_eq!(Grants::new(vec![]), Err(GrantError::Count));
        assert_eq!(Grants::new(vec![read(LedgerSet::All); 17]), Err(GrantError::Count));
        assert!(Grants::new(vec![read(LedgerSet::All); 16]).is_ok());
        assert_eq!(Grants::new(vec![read(names(0))]), Err(GrantError::NoLedger));
        assert!(Grants::new(vec![read(names(100))]).is_ok());
        assert_eq!(Grants::new(vec![read(names(60)), read(names(41))]), Err(GrantError::TooManyLedgers));
        let none = Grant { scopes: Scopes::default(), ledgers: LedgerSet::All };
        assert_eq!(Grants::new(vec![none]), Err(GrantError::NoScope));
        let overall = Grant { scopes: Scopes::all(), ledgers: names(1) };
        assert_eq!(Grants::new(vec![overall]), Err(GrantError::NotAboutALedger(Scope::LedgersCreate)));
    }

    #[test]
    fn narrowed_grants_have_fewer_scopes_for_the_same_ledgers() {
        let grants = Grants::parse("ledger:read,ledger:write@main;ledger:read,audit:read@*").unwrap();
        let all: Vec<_> = grants.scopes().iter().map(Scope::name).collect();
        assert_eq!(all, ["ledger:read", "ledger:write", "audit:read"]);
        let narrowed = |scopes: &[Scope]| grants.narrowed(scopes.iter().copied().collect());
        assert_eq!(narrowed(&[Scope::LedgerWrite]).unwrap().to_string(), "ledger:write@main");
        assert_eq!(narrowed(&[Scope::LedgerRead]).unwrap().to_string(), "ledger:read@main;ledger:read@*");
        assert_eq!(narrowed(&Scope::ALL).unwrap(), grants);
        assert_eq!(narrowed(&[Scope::KeysAdmin]), None);
        assert_eq!(narrowed(&[]), None);
    }
}
