//! A proxy between the tool and its server that does to the bytes what bad networks do.
//!
//! It forwards whole conversations until its fault comes, at a count of bytes or at a COMMIT; connections made after
//! that are forwarded as they are.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every connection is cut once so many bytes went in both directions together.
    CutAt(u64),
    /// From so many bytes on, nothing is forwarded any more, and nothing is closed.
    StallAt(u64),
    /// After so many bytes the server hears no more from the tool, which still hears from it.
    HalfCloseAt(u64),
    /// The `nth` COMMIT, counted from 1, never reaches the server.
    CutBeforeCommit(u32),
    /// The `nth` COMMIT is carried out, and its answer never comes.
    CutAfterCommit(u32),
    /// Bytes travel one by one, for so many of them.
    Dribble(u64),
    /// Every read waits so many milliseconds first.
    Delay(u64),
}

/// How a COMMIT is spelled on the wire: a simple query of 6 letters.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// How long the server gets to carry a COMMIT out whose answer is not forwarded.
const COMMIT_TIME: Duration = Duration::from_millis(300);

#[derive(Debug)]
struct State {
    fault: Fault,
    bytes: u64,
    commits: u32,
    open: Vec<TcpStream>,
}

/// A listening proxy; dropping it cuts everything.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
}

/// What becomes of a piece.
enum Verdict {
    Forward,
    Dribble,
    CutNow,
    ForwardAndCut,
    HalfClose,
    Stall,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1, for a server on another one.
    ///
    /// # Panics
    /// When the system has no port left.
    #[must_use]
    pub fn start(server_port: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            fault,
            bytes: 0,
            commits: 0,
            open: Vec::new(),
        };
        let proxy = Self {
            port,
            state: Arc::new(Mutex::new(state)),
            over: Arc::new(AtomicBool::new(false)),
        };
        let (state, over) = (Arc::clone(&proxy.state), Arc::clone(&proxy.over));
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", server_port)))
                else {
                    continue;
                };
                join(&client, &server, &state);
            }
        });
        proxy
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Bytes in both directions so far.
    ///
    /// # Panics
    /// When a forwarding thread did.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state.lock().unwrap().bytes
    }

    /// COMMITs that the tool sent so far.
    ///
    /// # Panics
    /// When a forwarding thread did.
    #[must_use]
    pub fn commits(&self) -> u32 {
        self.state.lock().unwrap().commits
    }

    /// Whether the fault has come.
    ///
    /// # Panics
    /// When a forwarding thread did.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.state.lock().unwrap().fault == Fault::None
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Ok(mut state) = self.state.lock() {
            state.cut();
        }
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    fn cut(&mut self) {
        for stream in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// What becomes of a piece that came from the tool, or from the server.
    fn judge(&mut self, piece: &[u8], from_tool: bool) -> Verdict {
        self.bytes += piece.len() as u64;
        if from_tool && piece.windows(COMMIT.len()).any(|window| window == COMMIT) {
            self.commits += 1;
        }
        let committing = from_tool && piece.windows(COMMIT.len()).any(|window| window == COMMIT);
        match self.fault {
            Fault::CutAt(bytes) if self.bytes >= bytes => self.spend(Verdict::CutNow),
            Fault::StallAt(bytes) if self.bytes >= bytes => Verdict::Stall,
            Fault::HalfCloseAt(bytes) if from_tool && self.bytes >= bytes => self.spend(Verdict::HalfClose),
            Fault::CutBeforeCommit(nth) if committing && self.commits == nth => self.spend(Verdict::CutNow),
            Fault::CutAfterCommit(nth) if committing && self.commits == nth => {
                self.spend(Verdict::ForwardAndCut)
            }
            Fault::Dribble(bytes) if self.bytes <= bytes => Verdict::Dribble,
            _ => Verdict::Forward,
        }
    }

    fn spend(&mut self, verdict: Verdict) -> Verdict {
        self.fault = Fault::None;
        verdict
    }
}

/// Forwards between the two, in both directions.
fn join(client: &TcpStream, server: &TcpStream, state: &Arc<Mutex<State>>) {
    for stream in [client, server] {
        let _ = stream.set_nodelay(true);
        state.lock().unwrap().open.push(stream.try_clone().unwrap());
    }
    for (from, to, from_tool) in [(client, server, true), (server, client, false)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let state = Arc::clone(state);
        thread::spawn(move || forward(from, to, from_tool, &state));
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, from_tool: bool, state: &Mutex<State>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let piece = &buffer[..length];
        let (verdict, fault) = {
            let mut state = state.lock().unwrap();
            (state.judge(piece, from_tool), state.fault)
        };
        if let Fault::Delay(milliseconds) = fault {
            thread::sleep(Duration::from_millis(milliseconds));
        }
        let sent = match verdict {
            Verdict::Forward => to.write_all(piece),
            Verdict::Dribble => piece.iter().try_for_each(|byte| to.write_all(&[*byte])),
            Verdict::CutNow => {
                state.lock().unwrap().cut();
                return;
            }
            Verdict::ForwardAndCut => {
                // The answer goes no further than this.
                let _ = from.shutdown(Shutdown::Write);
                let _ = to.write_all(piece);
                thread::sleep(COMMIT_TIME);
                state.lock().unwrap().cut();
                return;
            }
            Verdict::HalfClose => {
                let _ = to.write_all(piece);
                let _ = to.shutdown(Shutdown::Write);
                continue;
            }
            // Read on and forward nothing: as a router that lost its table.
            Verdict::Stall => continue,
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
