//! Random batches.

use ledger::Command;
use serde_json::json;

use super::{Batch, Item, Mode, is_derived};
use crate::history::History;
use crate::judge::Sent;
use crate::times;

/// How many commands a batch has at most.
const COMMANDS_MAX: usize = 8;

/// How often a command is drawn anew for an atomic batch that would not happen because of it.
const TRIES: usize = 6;

impl History<'_> {
    /// Draws a batch, of commands of which later ones may rest on what earlier ones do.
    pub(crate) fn a_batch(&mut self) -> Batch {
        let mode = match self.draw.random.u32(..10) {
            0..5 => Mode::Atomic,
            5..8 => Mode::Independent,
            8 => Mode::Lines(1),
            _ => Mode::Lines(self.draw.random.u64(1..100)),
        };
        // Where all are to happen, most batches are drawn so that they do.
        let tries = if mode == Mode::Atomic && self.draw.chance(70) { TRIES } else { 1 };
        let has_faults = self.draw.chance(12);
        let key = if self.draw.chance(40) { self.key() } else { None };
        let (mut model, mut log) = (self.model.clone(), self.log.clone());
        let mut items: Vec<Item> = Vec::new();
        for _ in 0..self.draw.random.usize(1..=COMMANDS_MAX) {
            if has_faults && self.draw.chance(25) {
                let (written, fields) = self.draw.faulty_item(&model);
                items.push(Item::Malformed { written, fields });
                continue;
            }
            if matches!(mode, Mode::Lines(_)) && self.draw.chance(5) {
                items.push(Item::Blank);
            }
            if let Some(sent) = self.sent_before(&items, tries) {
                items.push(Item::Command(sent));
                continue;
            }
            let mut command = self.draw.command(&model, &log);
            for _ in 0..tries {
                if let Ok(entry) = model.take(&command, times::NOW) {
                    log.push(entry);
                    break;
                }
                if tries > 1 {
                    command = self.draw.command(&model, &log);
                }
            }
            let key = self.key_in(&items);
            items.push(Item::Command(Sent { command, key }));
        }
        if !items.iter().any(|item| matches!(item, Item::Command(_))) {
            let command = self.draw.command(&model, &log);
            items.push(Item::Command(Sent { command, key: None }));
        }
        Batch { mode, key, items }
    }

    /// Draws, once in a while, a command that was sent before, alone or in this batch; or its key for another one.
    fn sent_before(&mut self, items: &[Item], tries: usize) -> Option<Sent> {
        if !self.draw.chance(8) {
            return None;
        }
        let mut before: Vec<(String, Command)> = Vec::new();
        for used in self.used.iter().filter(|used| !is_derived(&used.key)) {
            before.push((used.key.clone(), used.command.clone()));
        }
        let of_batch = items.iter().filter_map(|item| match item {
            Item::Command(Sent { command, key: Some(key) }) => Some((key.clone(), command.clone())),
            _ => None,
        });
        let of_batch: Vec<_> = of_batch.collect();
        let from = if !of_batch.is_empty() && self.draw.chance(50) { of_batch } else { before };
        if from.is_empty() {
            return None;
        }
        let (key, mut command) = from[self.draw.random.usize(..from.len())].clone();
        if tries == 1 && self.draw.chance(30) {
            command = self.draw.command(&self.model, &self.log);
        }
        Some(Sent { command, key: Some(key) })
    }

    /// Draws a key that nothing before in a batch has, or none.
    fn key_in(&mut self, items: &[Item]) -> Option<String> {
        let key = self.key().filter(|_| self.draw.chance(60))?;
        let is_there = items.iter().any(|item| match item {
            Item::Command(sent) => sent.key.as_ref() == Some(&key),
            Item::Malformed { .. } | Item::Blank => false,
        });
        (!is_there).then_some(key)
    }
}

impl crate::draw::Draw {
    /// Draws something that is no command of a batch, and the fields to be named for it.
    fn faulty_item(&mut self, model: &reference_model::Model) -> (serde_json::Value, Vec<String>) {
        let written = [
            (json!({ "type": "transfer" }), "type"),
            (json!({ "hold": 1 }), "type"),
            (json!({ "type": "void" }), "hold"),
            (json!({ "type": "void", "hold": "x" }), "hold"),
            (json!({ "type": "void", "hold": 1, "final": true }), "final"),
            (json!({ "type": "capture", "hold": 1, "dry_run": true }), "dry_run"),
            (json!({ "type": "void", "hold": 1, "idempotency_key": "florin:batch:1" }), "idempotency_key"),
        ];
        let nth = self.random.usize(..written.len() + 6);
        match written.into_iter().nth(nth) {
            Some((written, field)) => (written, vec![field.to_owned()]),
            None => self.faulty_transaction(model),
        }
    }
}
