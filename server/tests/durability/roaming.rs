//! A client that knows several replicas: it asks under the same key until it has an answer, now here, now there,
//! and now and then at two of them at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::asked::{Asked, First, Kind, Post, Told};
use crate::harness::{Client, Tally, wait_until};
use crate::replicas::Shown;

/// One in so many posts goes to two replicas at once.
const TWINS_ONE_IN: usize = 20;

/// A client.
pub(crate) struct Roaming {
    number: usize,
    ledger: String,
    shown: Arc<Shown>,
    random: fastrand::Rng,
    connection: Option<Client>,
    done: Done,
}

/// What a client did.
#[derive(Default)]
pub(crate) struct Done {
    posts: Vec<Post>,
    settled: u64,
    doubled: u64,
}

impl Roaming {
    pub(crate) fn new(number: usize, ledger: String, shown: Arc<Shown>, random: fastrand::Rng) -> Self {
        Self { number, ledger, shown, random, connection: None, done: Done::default() }
    }

    /// Posts until it is told to stop; every post gets its answer.
    pub(crate) fn run(mut self) -> Done {
        for turn in 0.. {
            if self.shown.stop.load(Ordering::Relaxed) {
                break;
            }
            let key = format!("{}-{turn}", self.number);
            let mut post = Post::random(key, Kind::Scarce, &mut self.random);
            post.first = if self.random.usize(..TWINS_ONE_IN) == 0 {
                self.ask_two_at_once(&mut post)
            } else {
                self.ask(&mut post)
            };
            if post.told == Told::Nothing {
                wait_until("a replica that answers", || {
                    self.ask(&mut post);
                    post.told != Told::Nothing
                });
                post.sure = post.told != Told::Rejected;
                self.done.settled += 1;
            }
            if matches!(post.told, Told::Acknowledged(_)) {
                self.shown.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            self.done.posts.push(post);
        }
        self.done
    }

    /// Asks once: where it asked last, if that still answers, or else at any.
    fn ask(&mut self, post: &mut Post) -> First {
        let Some(mut connection) = self.connection.take().or_else(|| self.connect()) else {
            return First::Unanswered;
        };
        match connection.try_call(&post.request(&self.ledger)) {
            Ok(reply) => {
                post.told = Told::by(&reply);
                self.connection = Some(connection);
                if post.told == Told::Nothing { First::Failed } else { First::Answered }
            }
            Err(_) => First::Unanswered,
        }
    }

    /// Sends the same to two replicas before it listens to either.
    fn ask_two_at_once(&mut self, post: &mut Post) -> First {
        let request = post.request(&self.ledger).bytes();
        let mut connections: Vec<_> = [self.connect(), self.connect()].into_iter().flatten().collect();
        for connection in &mut connections {
            // One that is gone does not answer either.
            let _ = connection.try_send(&request);
        }
        let replies: Vec<_> = connections.iter_mut().map(|connection| connection.try_reply().ok()).collect();
        let told: Vec<_> =
            replies.iter().map(|reply| reply.as_ref().map_or(Told::Nothing, Told::by)).collect();
        let recorded = told.iter().copied().filter(|told| matches!(told, Told::Acknowledged(_)));
        let recorded: Vec<_> = recorded.collect();
        if let [one, another] = recorded[..]
            && one != another
        {
            println!("recorded twice: {post:?} is {one:?} and {another:?}");
            self.done.doubled += 1;
        }
        // A rejection counts only if nobody can have recorded it meanwhile.
        let rejected = told.iter().all(|told| *told == Told::Rejected) && !told.is_empty();
        post.told = match recorded.first() {
            Some(recorded) => *recorded,
            None if rejected => Told::Rejected,
            None => Told::Nothing,
        };
        if post.told == Told::Nothing { First::Unanswered } else { First::Answered }
    }

    fn connect(&mut self) -> Option<Client> {
        let address: SocketAddr = self.random.choice(self.shown.addresses())?;
        Client::connect(address).ok()
    }
}

impl Done {
    /// Notes what was asked for, and counts what became of it.
    pub(crate) fn count(self, asked: &mut Asked, tally: &mut Tally) {
        for post in self.posts {
            post.count(tally);
            asked.insert(post.key.clone(), post);
        }
        tally.settled += self.settled;
        tally.doubled += self.doubled;
    }
}
