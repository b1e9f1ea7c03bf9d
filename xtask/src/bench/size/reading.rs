//! How long pages take to come: one request at a time on one connection, from the first byte sent to the last one read,
//! while nobody else asks for anything.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Options;
use super::known::Known;
use super::lists::List;
use crate::bench::latencies::Latencies;
use crate::bench::load::Client;

/// The largest limit that a list takes.
const LARGEST: u16 = 1000;

/// So many requests come before those that count, at most.
const WARM_UP: u32 = 5;

/// Pages of the largest limit that are passed before deep ones are measured.
const PASSED: u32 = 5;

/// Deep pages in a row; then a list is begun anew.
const CHAIN: u32 = 50;

/// What pages of one kind took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pages {
    pub(super) count: usize,
    /// Of these, how many were refused: they would have taken too much to look at, or too long.
    pub(super) refused: usize,
    /// Items on a page, the mean.
    pub(super) items: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
}

/// What a list took.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) operation: &'static str,
    pub(super) name: &'static str,
    /// First pages of the limit that lists have by themselves.
    pub(super) first: Pages,
    /// The same, of the largest limit.
    pub(super) largest: Option<Pages>,
    /// Pages far behind the first, where there are any.
    pub(super) deep: Option<Pages>,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    items: Vec<IgnoredAny>,
    next_cursor: Option<String>,
    /// Of a problem.
    code: Option<String>,
}

impl Page {
    fn is_refused(&self) -> bool {
        matches!(self.code.as_deref(), Some("as_of.too_much" | "service.unavailable"))
    }
}

/// Asks a list in all ways.
///
/// # Errors
/// The service cannot be reached, or answers with anything but 200 and a refusal to look at too much.
pub(super) fn read(
    address: SocketAddr,
    list: &List,
    known: &mut Known,
    options: &Options,
) -> anyhow::Result<Row> {
    let mut reader =
        Reader { client: Client::open(address)?, time: Duration::from_secs(options.seconds_a_list) };
    let first = reader.firsts(list, known, None, options.requests)?;
    let (mut largest, mut deep) = (None, None);
    if list.pages {
        largest = Some(reader.firsts(list, known, Some(LARGEST), options.requests.div_ceil(5))?);
        deep = reader.deep(list, known, options.requests)?;
    }
    Ok(Row { operation: list.operation, name: list.name, first, largest, deep })
}

struct Reader {
    client: Client,
    /// How long to ask for pages of one kind at most.
    time: Duration,
}

impl Reader {
    /// Asks for first pages.
    fn firsts(
        &mut self,
        list: &List,
        known: &mut Known,
        limit: Option<u16>,
        requests: u32,
    ) -> anyhow::Result<Pages> {
        let began = Instant::now();
        let mut seen = Seen::default();
        let warm_up = WARM_UP.min(requests);
        for request in 0..warm_up + requests {
            let (took, page) = self.page(&(list.path)(known), limit, None)?;
            if request < warm_up && began.elapsed() < self.time {
                continue;
            }
            seen.add(took, &page);
            if began.elapsed() > self.time {
                break;
            }
        }
        Ok(seen.pages())
    }

    /// Asks for pages behind many others; `None` where no list is as long.
    fn deep(&mut self, list: &List, known: &mut Known, requests: u32) -> anyhow::Result<Option<Pages>> {
        let began = Instant::now();
        let mut seen = Seen::default();
        for _ in 0..requests.div_ceil(CHAIN) {
            let path = (list.path)(known);
            let mut cursor = None;
            for passed in 0..PASSED {
                let (_, page) = self.page(&path, Some(LARGEST), cursor.as_deref())?;
                if page.next_cursor.is_none() && passed == 0 && seen.items == 0 {
                    return Ok(None);
                }
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            for _ in 0..CHAIN {
                let Some(from) = cursor.take() else { break };
                let (took, page) = self.page(&path, None, Some(&from))?;
                seen.add(took, &page);
                cursor = page.next_cursor;
            }
            if began.elapsed() > self.time {
                break;
            }
        }
        Ok((seen.latencies.count() > 0).then(|| seen.pages()))
    }

    fn page(
        &mut self,
        path: &str,
        limit: Option<u16>,
        cursor: Option<&str>,
    ) -> anyhow::Result<(Duration, Page)> {
        let limit = limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("{path}{limit}{cursor}").replace("?&", "?");
        let path = path.strip_suffix('?').unwrap_or(&path);
        let began = Instant::now();
        let reply = self.client.get(path)?;
        let took = began.elapsed();
        let page: Page = serde_json::from_slice(&reply.body).with_context(|| format!("a page of {path}"))?;
        if reply.status != 200 && !page.is_refused() {
            bail!("{path} was answered with {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        Ok((took, page))
    }
}

#[derive(Default)]
struct Seen {
    latencies: Latencies,
    items: usize,
    refused: usize,
}

impl Seen {
    fn add(&mut self, took: Duration, page: &Page) {
        self.latencies.add(took);
        self.items += page.items.len();
        self.refused += usize::from(page.is_refused());
    }

    fn pages(mut self) -> Pages {
        let count = self.latencies.count();
        // Both are far below what a float can count.
        #[expect(clippy::cast_precision_loss)]
        let items = self.items as f64 / count as f64;
        let [p50_ms, p99_ms, max_ms] = [50, 99, 100].map(|percent| self.latencies.percentile_ms(percent));
        Pages { count, refused: self.refused, items, p50_ms, p99_ms, max_ms }
    }
}
