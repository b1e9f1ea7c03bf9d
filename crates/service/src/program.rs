//! What tells one program around a graph from another: its name, its version, and what it adds to Florin's.

use app_base::api::Api;
use app_base::storage::OwnSchema;
use clap::Command;

/// What a program is, beside its graph.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) about: Option<&'static str>,
    pub(crate) api: Api,
    pub(crate) configuration: &'static str,
    pub(crate) secrets: &'static [&'static str],
    pub(crate) schema: Option<OwnSchema>,
}

impl Program {
    /// Describes a program by the name of its binary, its version, and the API that it serves.
    #[must_use]
    pub fn new(name: &'static str, version: &'static str, api: Api) -> Self {
        Self { name, version, about: None, api, configuration: "", secrets: &[], schema: None }
    }

    /// Says in one line what the program is, for its help.
    #[must_use]
    pub fn about(self, about: &'static str) -> Self {
        Self { about: Some(about), ..self }
    }

    /// Adds keys of the program's own to the configuration, in YAML: each with its default, in sections of their own. What
    /// stands there of Florin's keys takes the place of their defaults.
    #[must_use]
    pub fn configuration(self, yaml: &'static str) -> Self {
        Self { configuration: yaml, ..self }
    }

    /// Names the keys of the program's own whose values are never shown, each with its section.
    #[must_use]
    pub fn secrets(self, keys: &'static [&'static str]) -> Self {
        Self { secrets: keys, ..self }
    }

    /// Adds tables of the program's own, which are migrated with Florin's.
    #[must_use]
    pub fn schema(self, schema: OwnSchema) -> Self {
        Self { schema: Some(schema), ..self }
    }

    /// Puts the program's own name into a text that calls it `server`, as all texts do.
    pub(crate) fn named(&self, text: &str) -> String {
        ["`", "  ", "other "].into_iter().fold(text.to_owned(), |text, before| {
            text.replace(&format!("{before}server "), &format!("{before}{} ", self.name))
        })
    }

    /// Gives the command line the program's name and version, and its name to the examples.
    pub(crate) fn command(&self, command: Command) -> Command {
        let command = command.name(self.name).bin_name(self.name).version(self.version);
        self.examples(match self.about {
            Some(about) => command.about(about),
            None => command,
        })
    }

    fn examples(&self, mut command: Command) -> Command {
        if let Some(examples) = command.get_after_help().map(|text| self.named(&text.to_string())) {
            command = command.after_help(examples);
        }
        command.mut_subcommands(|command| self.examples(command))
    }
}
