//! workspace_hack
