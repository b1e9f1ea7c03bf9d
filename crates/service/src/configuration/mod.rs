//! Reads the configuration: the files and variables that Pavex's own loader reads, in the same order, but
//! such that each value is known to come from somewhere and no key goes unnoticed.
//!
//! It also stands in for missing files: what `configuration/` holds is built into the program.

mod check;
mod layers;
mod show;

use std::ffi::OsString;
use std::fmt;

use app_base::configuration::FlorinConfig;
use app_base::graph::Graph;
use clap::ValueEnum;

use self::check::Problem;
use self::layers::Setting;
use crate::program::Program;

/// Which configuration to use on top of the base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// For development: nothing has to be set up
    #[default]
    Dev,
    /// For production
    Prod,
}

impl Profile {
    const VARIABLE: &str = "PX_PROFILE";

    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Prod => "prod",
        }
    }

    /// Takes the profile from the command line, else from the environment, else the default.
    fn choose(asked: Option<Self>, variable: Option<OsString>) -> Result<(Self, &'static str), Invalid> {
        if let Some(profile) = asked {
            return Ok((profile, "--profile"));
        }
        let Some(name) = variable else { return Ok((Self::default(), "default")) };
        let name = name.to_string_lossy();
        let profile = <Self as ValueEnum>::from_str(&name, false).map_err(|_| {
            let message = format!("`{name}` is no profile: there are `dev` and `prod`");
            Invalid(vec![Problem { key: "the profile".into(), source: Self::VARIABLE.into(), message }])
        })?;
        Ok((profile, Self::VARIABLE))
    }
}

/// A configuration that can be used.
pub(crate) struct Checked<C> {
    /// What it says in Florin's sections.
    pub(crate) florin: FlorinConfig,
    /// All of it, as the graph takes it.
    pub(crate) graph: C,
}

/// A configuration that was read, whether or not it holds.
pub(crate) struct Configuration<C> {
    program: Program,
    profile: (Profile, &'static str),
    settings: Vec<Setting>,
    checked: Result<Checked<C>, Invalid>,
}

/// What keeps a configuration from being used, all of it.
#[derive(Clone, Debug)]
pub(crate) struct Invalid(Vec<Problem>);

impl<C> Configuration<C> {
    /// Reads the configuration of the profile that was asked for.
    ///
    /// # Errors
    /// When there is no telling which profile is meant, or a file cannot be read.
    pub(crate) fn read<G: Graph<Config = C>>(
        program: &Program,
        profile: Option<Profile>,
    ) -> Result<Self, Invalid> {
        let (profile, source) = Profile::choose(profile, std::env::var_os(Profile::VARIABLE))?;
        let layers = layers::read(program, profile)?;
        let (settings, unknown) = layers::combine(program, layers);
        let checked = check::check::<G>(program, &settings, unknown);
        Ok(Self { program: program.clone(), profile: (profile, source), settings, checked })
    }

    /// Returns the configuration if it can be used.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn checked(&self) -> Result<&Checked<C>, Invalid> {
        self.checked.as_ref().map_err(Clone::clone)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(f, "in the configuration, {only}");
        }
        write!(f, "the configuration has {} mistakes:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Invalid {}
