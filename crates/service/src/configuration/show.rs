//! The configuration in effect, as text.

use std::fmt;

use super::Configuration;
use super::check::shown;

/// The column in which the sources begin.
const SOURCES: usize = 48;

/// Writes YAML that would have the same effect, with where each value comes from. Shows no secrets.
impl<C> fmt::Display for Configuration<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (profile, source) = self.profile;
        writeln!(f, "{:SOURCES$}# {source}", format!("# profile: {}", profile.name()))?;
        let mut section = "";
        for setting in &self.settings {
            let (own, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
            if own != section {
                section = own;
                writeln!(f, "{section}:")?;
            }
            let line = format!("  {key}: {}", shown(&self.program, setting));
            writeln!(f, "{line:SOURCES$}# {}", setting.source)?;
        }
        Ok(())
    }
}
