//! The same client without a window, for scripts, servers and tests: a script drives it, a report tells what happens. Runs on the
//! calling thread until its time is up, Ctrl-C, or the party's end.

mod options;
mod report;
mod script;
mod sign_in;
mod wording;

use std::time::{Duration, Instant};

pub use options::{Destination, Options, SignInBy};
use report::Report;
use script::{Script, Step};
use sign_in::UsersPart;
use tokio::time::MissedTickBehavior;

use crate::client::{Client, Command, Handle};

/// Levels are looked at this often.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// To the party, from the start or from the end of what the user does to sign in.
const ENTER_TIME: Duration = Duration::from_secs(30);

/// Drives a client to the end. True where the party was entered and voice was connected at the end.
///
/// # Errors
/// When no runtime or no thread can be started.
pub fn run(client: Client, mut handle: Handle, options: &Options) -> std::io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let users_part = UsersPart::begin(options, &handle)?;
    let succeeded = runtime.block_on(drive(&mut handle, options, users_part));
    handle.send(Command::Quit);
    client.join();
    Ok(succeeded)
}

async fn drive(handle: &mut Handle, options: &Options, mut users_part: UsersPart) -> bool {
    let started = Instant::now();
    let mut entering = started;
    let mut script = Script::new(options);
    let mut report = Report::new(options.json);
    let mut samples = tokio::time::interval(SAMPLE_EVERY);
    samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut interrupted = std::pin::pin!(interruption());
    if options.sign_in == SignInBy::Npsso {
        report.say("Paste the npsso, or the line of the page that shows it, and press Enter.");
    }
    loop {
        let snapshot = handle.snapshots.borrow_and_update().clone();
        report.take_in(&snapshot, handle.take_notices());
        if let Some(reason) = carry_out(script.next(&snapshot), handle) {
            report.say(reason);
            break;
        }
        tokio::select! {
            changed = handle.snapshots.changed() => if changed.is_err() { break },
            _ = samples.tick() => report.listen(&snapshot, handle),
            step = users_part.next() => if let Some(reason) = carry_out(step, handle) {
                report.say(reason);
                break;
            },
            () = &mut interrupted => break,
        }
        if options.time.is_some_and(|limit| started.elapsed() >= limit) {
            break;
        }
        if options.sign_in != SignInBy::Account && script.is_signing_in() {
            // Users take their time; the client itself ends a sign-in that takes too long.
            entering = Instant::now();
        }
        if !script.has_entered() && entering.elapsed() >= ENTER_TIME {
            report.say("No party was entered in time.");
            break;
        }
    }
    report.summary(&handle.snapshot())
}

/// Why to stop, if so.
fn carry_out(step: Step, handle: &Handle) -> Option<&'static str> {
    match step {
        Step::Send(commands) => {
            commands.into_iter().for_each(|command| handle.send(command));
            None
        }
        Step::Stop(reason) => Some(reason),
    }
}

/// Ctrl-C, or being told to end.
async fn interruption() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
