//! The rights of this feature. What they take is a scope, which grants name.

use identity::{Need, Scope};

use crate::http::right::rights;

rights! {
    /// To read the gadgets of the ledger in the path.
    WidgetsRead = Need::OnLedger(Scope::WidgetsRead);
    /// To create gadgets in the ledger in the path.
    WidgetsWrite = Need::OnLedger(Scope::WidgetsWrite);
}
