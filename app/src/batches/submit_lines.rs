//! A batch as lines: one command a line, one result a line, in order, as long as the client likes. What it holds in
//! memory is what is on its way through the lane, a line, and a piece of the reply.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use engine::Submission;
use futures_util::stream::unfold;
use pavex::Response;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::BatchError;
use super::in_order::{Departing, InOrder, NoRoom};
use super::keys::Keys;
use super::result::{ResultView, Teller, Told};
use crate::commands::{CommandRequest, let_through};
use crate::http::failures;
use crate::http::fields::{FieldErrors, Place as At};
use crate::http::input::{BODY_TIMEOUT, InputError};
use crate::http::json::read_body;
use crate::http::lines::{Broken, Line, Lines};
use crate::http::many::NDJSON;
use crate::http::problem::Problem;
use crate::http::stopping::Stopping;
use crate::http::stream::{Described, PIECE_BYTES, Place, send};

/// How long to wait before a queue is tried again that others have filled.
const NO_ROOM_PAUSE: Duration = Duration::from_millis(20);

/// How long to go on taking what the client sends once nothing more is done with it: a connection that is closed with
/// bytes in it that nobody took may lose what was sent last.
const LINGER: Duration = Duration::from_secs(2);

/// Carries out commands as they come, each for itself.
pub(super) async fn submit_lines(
    teller: Teller,
    keys: Keys,
    lines: Lines,
    place: Place,
    stopping: Stopping,
    patience: Duration,
) -> Result<Response, BatchError> {
    // Said once, and not of every line.
    teller.engine.store().ledger(&teller.ledger).await?;
    let request_id = teller.request_id;
    let mut session = Session::new(teller, keys, lines, stopping, patience);
    let first = session.next_piece().await.unwrap_or_default();
    let rest = unfold(session, |mut session| async move {
        let piece = session.next_piece().await?;
        Some((Ok(piece), session))
    });
    let described = Described { media_type: NDJSON, file_name: None, policy: None };
    Ok(send(&described, first, rest, place, request_id))
}

/// The last line, where the stream ends before the client wanted it to.
#[derive(Debug, Serialize)]
struct LastLine {
    /// The first line of which nothing was done, or of which that is not known.
    next_line: u64,
    #[serde(flatten)]
    why: ResultView,
}

struct Session {
    teller: Teller,
    keys: Keys,
    lines: Lines,
    in_order: InOrder,
    stopping: Stopping,
    patience: Duration,
    /// A command that was read and could not be put into the lane yet.
    held: Option<Departing>,
    /// Until when the next line has to be there, while it is waited for.
    deadline: Option<Instant>,
    /// Since when the queue has had no room, while it has none.
    no_room_since: Option<Instant>,
    phase: Phase,
    /// The first line of which nothing was done, or of which that is not known, and why, where it is not the end.
    ends: Option<(u64, ResultView)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Reading,
    /// No line is read any more; what is on its way is answered.
    Answering,
    /// All is said, and the client may still be sending.
    Lingering,
    Over,
}

/// What happens next.
enum Event {
    Arrived(u64, Told),
    Read(Result<Result<Option<(u64, Line)>, Broken>, tokio::time::error::Elapsed>),
    TryAgain,
    Stopping,
    /// Nothing, right now.
    Pause,
}

impl Session {
    fn new(teller: Teller, keys: Keys, lines: Lines, stopping: Stopping, patience: Duration) -> Self {
        Self {
            in_order: InOrder::new(teller.clone()),
            teller,
            keys,
            lines,
            stopping,
            patience,
            held: None,
            deadline: None,
            no_room_since: None,
            phase: Phase::Reading,
            ends: None,
        }
    }

    /// Makes the next piece of the reply. `None` when all is said.
    async fn next_piece(&mut self) -> Option<Bytes> {
        if self.phase == Phase::Lingering {
            self.phase = Phase::Over;
            // However it ends.
            let _ = timeout(LINGER.min(self.patience), self.lines.discard()).await;
        }
        if self.phase == Phase::Over {
            return None;
        }
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES {
            self.put_what_is_held();
            if self.phase == Phase::Answering && self.in_order.is_empty() {
                self.phase = Phase::Over;
                if let Some((next_line, why)) = self.ends.take() {
                    write_line(&mut piece, &LastLine { next_line, why });
                    self.phase = Phase::Lingering;
                }
                break;
            }
            match self.wait(!piece.is_empty()).await {
                Event::Arrived(number, told) => {
                    if told.halts {
                        self.end(number, told.view.clone());
                    }
                    write_result(&mut piece, number, &told.view);
                }
                Event::Read(read) => self.take(read),
                Event::TryAgain => {}
                Event::Stopping => {
                    let next = self.next_number();
                    self.end(next, self.teller.problem(failures::shutting_down()));
                }
                Event::Pause => break,
            }
        }
        (!piece.is_empty()).then(|| Bytes::from(piece))
    }

    /// Waits for what happens next; where there is something to send, only for what has happened already.
    async fn wait(&mut self, has_something_to_send: bool) -> Event {
        let reading = self.phase == Phase::Reading;
        let wants_line = reading && self.held.is_none() && self.in_order.has_room();
        if !wants_line {
            self.deadline = None;
        }
        let deadline = if wants_line {
            *self.deadline.get_or_insert_with(|| Instant::now() + self.patience)
        } else {
            Instant::now()
        };
        let none_on_their_way = self.in_order.is_empty();
        tokio::select! {
            biased;
            Some((number, told)) = self.in_order.next() => Event::Arrived(number, told),
            () = self.stopping.stopped(), if reading => Event::Stopping,
            read = timeout_at(deadline, self.lines.next()), if wants_line => Event::Read(read),
            () = std::future::ready(()), if has_something_to_send => Event::Pause,
            () = sleep(NO_ROOM_PAUSE), if self.held.is_some() && none_on_their_way => Event::TryAgain,
        }
    }

    /// Puts the command into the lane that waits for that, if it can be.
    fn put_what_is_held(&mut self) {
        let Some(departing) = self.held.take_if(|departing| self.in_order.takes(departing)) else { return };
        if let Err(NoRoom) = self.in_order.put(&departing) {
            let since = *self.no_room_since.get_or_insert_with(Instant::now);
            if since.elapsed() < self.patience {
                self.held = Some(departing);
            } else {
                let why = self.teller.problem(failures::overloaded());
                self.held = Some(departing);
                self.end(self.next_number(), why);
            }
        } else {
            self.no_room_since = None;
        }
    }

    /// Takes a line.
    fn take(&mut self, read: Result<Result<Option<(u64, Line)>, Broken>, tokio::time::error::Elapsed>) {
        self.deadline = None;
        match read {
            Ok(Ok(Some((number, Line::Text(text))))) => self.take_text(number, &text),
            Ok(Ok(Some((number, Line::TooLong)))) => {
                let max_bytes = self.lines.max_bytes();
                let told = self.teller.refused(&InputError::BodyTooLarge { max_bytes });
                self.in_order.put_told(number, told);
            }
            Ok(Ok(None)) => self.phase = Phase::Answering,
            Ok(Err(Broken(_))) => {
                let mut errors = FieldErrors::default();
                errors.add(At::Body, "ended before it was complete");
                self.end(self.next_number(), self.teller.malformed(errors).view);
            }
            Err(_elapsed) => {
                self.end(self.next_number(), self.teller.problem(Problem::of(&BODY_TIMEOUT)));
            }
        }
    }

    fn take_text(&mut self, number: u64, text: &Bytes) {
        let mut errors = FieldErrors::default();
        match read_body(text, &mut errors) {
            Some(CommandRequest { command, key }) if errors.is_empty() => {
                let submission = Submission::new(command, self.keys.at(number, key));
                match let_through(&self.teller.caller, &self.teller.ledger, submission) {
                    Ok(submission) => self.held = Some(Departing { number, submission, bytes: text.len() }),
                    Err(error) => self.in_order.put_told(number, self.teller.denied(&error)),
                }
            }
            _ => self.in_order.put_told(number, self.teller.malformed(errors)),
        }
    }

    /// Returns the number of the first line of which nothing was done.
    fn next_number(&self) -> u64 {
        self.held.as_ref().map_or_else(|| self.lines.next_number(), |held| held.number)
    }

    /// Ends the stream before the client wants it to.
    fn end(&mut self, next_line: u64, why: ResultView) {
        self.phase = Phase::Answering;
        self.held = None;
        // The first one counts: those on their way come in order.
        if self.ends.as_ref().is_none_or(|(earlier, _)| next_line < *earlier) {
            self.ends = Some((next_line, why));
        }
    }
}

/// Writes a result with the number of its line before the rest.
fn write_result(piece: &mut Vec<u8>, number: u64, view: &ResultView) {
    #[derive(Serialize)]
    struct Numbered<'v> {
        line: u64,
        #[serde(flatten)]
        view: &'v ResultView,
    }
    write_line(piece, &Numbered { line: number, view });
}

fn write_line(piece: &mut Vec<u8>, line: &impl Serialize) {
    // Views are made of texts, numbers and lists, which always have a JSON form.
    serde_json::to_writer(&mut *piece, line).expect("a view can be written as JSON");
    piece.write_all(b"\n").expect("a list of bytes takes everything");
}
