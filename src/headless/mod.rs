//! The same client without a window, for scripts, servers and tests: a script drives it, a report tells what happens. Runs on the
//! calling thread until its time is up, Ctrl-C, or the party's end.

mod options;
mod report;
mod script;

use std::time::{Duration, Instant};

pub use options::{Destination, Options};
use report::Report;
use script::{Script, Step};
use tokio::time::MissedTickBehavior;

use crate::client::{Client, Command, Handle};

/// Levels are looked at this often.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// From the start to the party.
const ENTER_TIME: Duration = Duration::from_secs(30);

/// Drives a client to the end. True where the party was entered and voice was connected at the end.
///
/// # Errors
/// When no runtime can be started.
pub fn run(client: Client, mut handle: Handle, options: &Options) -> std::io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let succeeded = runtime.block_on(drive(&mut handle, options));
    handle.send(Command::Quit);
    client.join();
    Ok(succeeded)
}

async fn drive(handle: &mut Handle, options: &Options) -> bool {
    let started = Instant::now();
    let mut script = Script::new(options);
    let mut report = Report::new(options.json);
    let mut samples = tokio::time::interval(SAMPLE_EVERY);
    samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut interrupted = std::pin::pin!(interruption());
    handle.send(Command::SignInAs(options.account.clone()));
    loop {
        let snapshot = handle.snapshots.borrow_and_update().clone();
        report.take_in(&snapshot, handle.take_notices());
        match script.next(&snapshot) {
            Step::Send(commands) => commands.into_iter().for_each(|command| handle.send(command)),
            Step::Stop(reason) => {
                report.say(reason);
                break;
            }
        }
        tokio::select! {
            changed = handle.snapshots.changed() => if changed.is_err() { break },
            _ = samples.tick() => report.listen(&snapshot, handle),
            () = &mut interrupted => break,
        }
        let time = started.elapsed();
        if options.time.is_some_and(|limit| time >= limit) {
            break;
        }
        if !script.has_entered() && time >= ENTER_TIME {
            report.say("No party was entered in time.");
            break;
        }
    }
    report.summary(&handle.snapshot())
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
