//! The built program without a window, from its start to its end: what it prints, and what is pasted into it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Instant,
};

use serde_json::Value;

use crate::{PATIENCE, group::Group};

pub const PARTYLINE: &str = env!("CARGO_BIN_EXE_partyline");

/// How it is started.
pub struct Setup {
    command: Command,
    json: bool,
}

impl Setup {
    /// `command`: [`PARTYLINE`] in its surroundings.
    pub fn new(mut command: Command, server: &str, client: &str) -> Self {
        command.args([
            "headless",
            "--server",
            server,
            "--client",
            client,
            "--sign-in",
            "browser",
            "--create",
        ]);
        command.args(["--mic", "none", "--speaker", "none", "--for", "120"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, json: true }
    }

    /// As on a server: no program that could show a page is found.
    pub fn without_any_browser(mut self, empty_folder: &Path) -> Self {
        self.command.env("PATH", empty_folder).env_remove("BROWSER").env_remove("DISPLAY");
        self
    }

    pub fn in_sentences(mut self) -> Self {
        self.json = false;
        self
    }

    pub fn start(mut self) -> Program {
        if self.json {
            self.command.arg("--json");
        }
        let mut group = Group::start(&mut self.command);
        let (sink, lines) = mpsc::channel();
        let stdout = group.leader.stdout.take().expect("piped");
        let stderr = group.leader.stderr.take().expect("piped");
        for output in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(stderr)] {
            let sink = sink.clone();
            thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.for_each(|line| drop(sink.send(line)));
            });
        }
        let stdin = group.leader.stdin.take().expect("piped");
        Program { group, stdin, lines, said: Vec::new() }
    }
}

pub struct Program {
    group: Group,
    stdin: ChildStdin,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Program {
    /// The first event of this name, which may have come already.
    pub fn wait_for(&mut self, event: &str) -> Value {
        self.wait(event, |line| as_json(line).filter(|line| line["event"] == event))
    }

    pub fn wait_for_problem(&mut self, kind: &str) {
        self.wait(kind, |line| {
            as_json(line).filter(|line| line["event"] == "problem" && line["kind"] == kind)
        });
    }

    pub fn wait_for_text(&mut self, text: &str) {
        self.wait(text, |line| line.contains(text).then_some(()));
    }

    fn wait<T>(&mut self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        if let Some(found) = self.said.iter().find_map(|line| wanted(line)) {
            return found;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let found = wanted(&line);
                    self.said.push(line);
                    if let Some(found) = found {
                        return found;
                    }
                }
                Err(why) => panic!("waited for {what}, {why}; it said\n{}", self.said.join("\n")),
            }
        }
    }

    /// As a user does: a line, and Enter.
    pub fn paste(&mut self, text: &str) {
        writeln!(self.stdin, "{text}").expect("it reads");
    }

    /// Once its party runs and voice is connected, ends it; its exit code and its summary.
    pub fn talk_and_end(&mut self) -> (Option<i32>, Value) {
        self.wait("voice", |line| as_json(line).filter(|line| line["state"] == "connected"));
        let code = self.group.end_leader().code();
        (code, self.wait_for("summary"))
    }

    /// It ends by itself; its exit code.
    pub fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on:\n{}", self.said.join("\n")),
            }
        }
        self.group.leader.wait().expect("a child").code()
    }

    /// Whether an event of this name came so far.
    pub fn has_said(&self, event: &str) -> bool {
        self.said.iter().any(|line| as_json(line).is_some_and(|line| line["event"] == event))
    }

    /// Whether this text was in anything that it printed so far.
    pub fn has_printed(&self, text: &str) -> bool {
        self.said.iter().any(|line| line.contains(text))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if thread::panicking() {
            self.said.extend(self.lines.try_iter());
            eprintln!("the program said\n{}", self.said.join("\n"));
        }
    }
}

fn as_json(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}
