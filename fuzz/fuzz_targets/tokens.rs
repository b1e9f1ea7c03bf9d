//! Fuzzes [`Target::Tokens`].

#![no_main]

use libfuzzer_sys::fuzz_target;
use parser_properties::Target;

fuzz_target!(|input: &[u8]| Target::Tokens.check(input));
