//! The user's part of signing in: how it begins, and the lines they paste on stdin. Those are read on a thread of their own,
//! `headless-input`, since reading may wait for ever; it ends with the process.

use std::io::{self, BufRead, Read};

use tokio::sync::mpsc;

use super::{Options, SignInBy, script::Step};
use crate::{
    client::{Command, Handle},
    model::Secret,
};

/// Addresses of a sign-in have some hundred bytes. What is longer arrives in pieces, and none of them is one.
const LINE_LIMIT: u64 = 16 << 10;
/// Lines that wait at most; the reader waits with the rest.
const BACKLOG: usize = 8;

pub struct UsersPart {
    by: SignInBy,
    lines: mpsc::Receiver<Secret>,
    npsso_given: bool,
}

impl UsersPart {
    /// Begins the sign-in, and listens to stdin where that has a part in it.
    ///
    /// # Errors
    /// When the reading thread cannot be started.
    pub fn begin(options: &Options, handle: &Handle) -> io::Result<Self> {
        match options.sign_in {
            SignInBy::Account => handle.send(Command::SignInAs(options.account.clone())),
            SignInBy::Browser => handle.send(Command::SignIn),
            SignInBy::Npsso => {}
        }
        let (sink, lines) = mpsc::channel(BACKLOG);
        if options.sign_in != SignInBy::Account {
            std::thread::Builder::new().name("headless-input".into()).spawn(move || read_lines(&sink))?;
        }
        Ok(Self { by: options.sign_in, lines, npsso_given: false })
    }

    /// What the next line asks for. Pending for ever where no line counts any more; cancel by dropping.
    pub async fn next(&mut self) -> Step {
        match (self.by, self.lines.recv().await) {
            (SignInBy::Browser, Some(line)) => Step::Send(vec![Command::PasteRedirect(line)]),
            (SignInBy::Npsso, Some(line)) if !self.npsso_given => {
                self.npsso_given = true;
                Step::Send(vec![Command::SignInWithNpsso(line)])
            }
            (SignInBy::Npsso, None) if !self.npsso_given => Step::Stop("No npsso was given."),
            _ => std::future::pending().await,
        }
    }
}

/// Until stdin ends or nobody listens. Empty lines say nothing.
fn read_lines(sink: &mpsc::Sender<Secret>) {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while matches!(input.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() && sink.blocking_send(text.into()).is_err() {
            return;
        }
        line.clear();
    }
}
