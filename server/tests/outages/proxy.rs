//! A wire between the service and PostgreSQL that can be cut, stopped up, made slow, and led elsewhere. It never
//! changes a byte.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::LONG;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What the service sends.
    ToServer,
    /// What PostgreSQL answers.
    ToService,
}

/// What happens to everybody's bytes, and to new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They pass.
    Pass,
    /// New connections end at once; those that are there go on.
    Refuse,
    /// Bytes are taken and never arrive. New connections are taken, too, and lead nowhere.
    BlackHole,
}

/// What cuts one connection, once.
#[derive(Clone, Debug)]
pub(crate) enum Trap {
    /// So many bytes have passed in that direction, over all connections together. Not one more does.
    After(Direction, usize),
    /// The service sends these bytes. They do not arrive.
    Before(Vec<u8>),
    /// The service sends these bytes. They arrive, and are answered; the answer does not arrive.
    BeforeTheAnswerTo(Vec<u8>),
}

/// A proxy on a port of its own. Dropping it cuts everything.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    server: SocketAddr,
    mode: Mode,
    delay: Duration,
    trap: Option<Trap>,
    links: Vec<Link>,
    links_made: usize,
    ended: bool,
}

/// One connection. Without a server's end it leads nowhere.
struct Link {
    number: usize,
    ends: Vec<TcpStream>,
    /// It is cut as soon as PostgreSQL says something on it.
    answer_is_cut: bool,
    /// Something of it was swallowed, so that it is of no more use.
    damaged: bool,
    /// Its bytes wait.
    held: bool,
}

impl Link {
    fn cut(&self) {
        for end in &self.ends {
            // It may have ended by itself.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Proxy {
    /// Leads to a server on this machine.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let state = State {
            server: (Ipv4Addr::LOCALHOST, port).into(),
            mode: Mode::Pass,
            delay: Duration::ZERO,
            trap: None,
            links: Vec::new(),
            links_made: 0,
            ended: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || accept(&listener, &shared))
        };
        Self { address, shared, accepting: Some(accepting) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what happens to bytes and connections. What a black hole has swallowed is lost, so that the
    /// connections that it was part of are cut when it goes.
    pub(crate) fn set(&self, mode: Mode) {
        let mut state = self.shared.state();
        state.mode = mode;
        if mode != Mode::BlackHole {
            state.links.iter().filter(|link| link.damaged).for_each(Link::cut);
        }
        self.shared.changed.notify_all();
    }

    /// Keeps the bytes of all connections that are there, and their ends, until they are let go: they arrive
    /// then, whether or not somebody still waits for them. New connections are not concerned.
    pub(crate) fn hold(&self) {
        self.shared.state().links.iter_mut().for_each(|link| link.held = true);
    }

    /// Lets go of what was held.
    pub(crate) fn let_go(&self) {
        self.shared.state().links.iter_mut().for_each(|link| link.held = false);
        self.shared.changed.notify_all();
    }

    /// Makes bytes wait, in each direction.
    pub(crate) fn delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Leads new connections elsewhere.
    pub(crate) fn lead_to(&self, port: u16) {
        self.shared.state().server.set_port(port);
    }

    pub(crate) fn cut_all(&self) {
        self.shared.state().links.iter().for_each(Link::cut);
    }

    /// Sets a trap, in place of the last one.
    pub(crate) fn set_trap(&self, trap: Trap) {
        self.shared.state().trap = Some(trap);
    }

    /// Says whether the trap has cut a connection.
    pub(crate) fn has_sprung(&self) -> bool {
        let state = self.shared.state();
        state.trap.is_none() && state.links.iter().all(|link| !link.answer_is_cut)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        self.shared.changed.notify_all();
        self.cut_all();
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for service in listener.incoming() {
        let Ok(service) = service else { continue };
        let (mode, server) = {
            let state = shared.state();
            if state.ended {
                return;
            }
            (state.mode, state.server)
        };
        if mode == Mode::Refuse {
            continue;
        }
        let shared = Arc::clone(shared);
        // Connecting to a machine that hangs must not hold others up.
        thread::spawn(move || link(&shared, service, server, mode == Mode::BlackHole));
    }
}

/// Connects both ends and passes bytes on until one of them ends. Where nothing listens at the other end, the
/// service sees its connection end.
fn link(shared: &Arc<Shared>, service: TcpStream, address: SocketAddr, leads_nowhere: bool) {
    let server = if leads_nowhere {
        None
    } else {
        let Ok(server) = TcpStream::connect_timeout(&address, LONG) else { return };
        Some(server)
    };
    let mut ends = vec![service];
    ends.extend(server);
    let copies: Vec<_> = ends
        .iter()
        .filter_map(|end| {
            end.set_nodelay(true).ok()?;
            end.try_clone().ok()
        })
        .collect();
    let number = {
        let mut state = shared.state();
        // It may have been led elsewhere, and all cut, since this one was let in.
        if state.ended || state.server != address {
            return;
        }
        state.links_made += 1;
        let number = state.links_made;
        state.links.push(Link {
            number,
            ends: copies,
            answer_is_cut: false,
            damaged: leads_nowhere,
            held: false,
        });
        number
    };
    match &ends[..] {
        [service, server] => thread::scope(|scope| {
            scope.spawn(|| shared.pass(number, Direction::ToServer, service, server));
            scope.spawn(|| shared.pass(number, Direction::ToService, server, service));
        }),
        // Reads until it is cut.
        ends => drop(std::io::copy(&mut &ends[0], &mut std::io::sink())),
    }
    shared.state().links.retain(|link| link.number != number);
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// Passes bytes on in one direction until an end is reached, which ends both.
    fn pass(&self, link: usize, direction: Direction, mut from: &TcpStream, mut to: &TcpStream) {
        let mut chunk = [0; 16 * 1024];
        // The last bytes that passed, because what a trap looks for may come in pieces.
        let mut tail = Vec::new();
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            let Some(allowed) = self.allowed(link, direction, &mut tail, &chunk[..count]) else { continue };
            if to.write_all(&chunk[..allowed]).is_err() || allowed < count {
                break;
            }
        }
        drop(self.wait(link, Duration::ZERO));
        for end in [from, to] {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Waits as long as bytes that have arrived by now have to wait.
    fn wait(&self, link: usize, delay: Duration) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let arrived = Instant::now();
        loop {
            let left = delay.saturating_sub(arrived.elapsed());
            let held = state.of(link).is_some_and(|link| link.held);
            if state.ended || (left.is_zero() && !held) {
                return state;
            }
            let left = if left.is_zero() { LONG } else { left };
            state = self.changed.wait_timeout(state, left).expect("nobody panics with it").0;
        }
    }

    /// Waits as long as these bytes have to wait, and says how many of them may pass; where it is fewer than
    /// there are, the connection is cut. `None` where they vanish.
    fn allowed(&self, link: usize, direction: Direction, tail: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
        let delay = self.state().delay;
        let mut state = self.wait(link, delay);
        if state.mode == Mode::BlackHole {
            state.of(link)?.damaged = true;
            return None;
        }
        tail.extend_from_slice(bytes);
        let allowed = state.sprung_by(link, direction, tail, bytes.len());
        tail.drain(..tail.len().saturating_sub(LONGEST_SOUGHT));
        Some(allowed)
    }
}

/// No trap looks for more bytes than this.
const LONGEST_SOUGHT: usize = 256;

impl State {
    fn of(&mut self, link: usize) -> Option<&mut Link> {
        self.links.iter_mut().find(|known| known.number == link)
    }

    /// Says how many of the last `count` bytes of `seen` may pass.
    fn sprung_by(&mut self, link: usize, direction: Direction, seen: &[u8], count: usize) -> usize {
        if direction == Direction::ToService && self.of(link).is_some_and(|link| link.answer_is_cut) {
            if let Some(link) = self.of(link) {
                link.answer_is_cut = false;
            }
            return 0;
        }
        let contains = |sought: &[u8]| seen.windows(sought.len()).any(|window| window == sought);
        match &mut self.trap {
            Some(Trap::After(watched, left)) if *watched == direction => {
                if *left >= count {
                    *left -= count;
                    return count;
                }
                let allowed = *left;
                self.trap = None;
                allowed
            }
            Some(Trap::Before(sought)) if direction == Direction::ToServer && contains(sought) => {
                self.trap = None;
                0
            }
            Some(Trap::BeforeTheAnswerTo(sought)) if direction == Direction::ToServer && contains(sought) => {
                self.trap = None;
                self.of(link).into_iter().for_each(|link| link.answer_is_cut = true);
                count
            }
            _ => count,
        }
    }
}
