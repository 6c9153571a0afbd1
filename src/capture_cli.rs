//! `partyline capture …`: HAR files on the command line. Runs on the main thread, to the end.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use partyline::{
    client::{
        KeepClientError,
        capture::{self, CaptureError, SaveError},
        keep_client,
    },
    model::{FoundClient, OAuthClient, ProfileName, Progress, Report, SecretStorage},
    psn::Endpoints,
    store::{Paths, VaultError},
};

use crate::Failure;

/// The capture differs from this client's types, or holds nothing to compare.
const FINDINGS: u8 = 1;
/// It could not be read, or what was asked could not be done.
const FAILED: u8 = 2;

#[derive(Args)]
pub struct CaptureTask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Compare a capture with this client's own types; exits with 0 where nothing differs, with 1 where something does
    Check(CheckOptions),
    /// Take the client id and secret out of the sign-in in a capture
    ImportCredentials(ImportOptions),
}

#[derive(Args)]
struct CheckOptions {
    #[command(flatten)]
    capture: Capture,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Write the report to this file too, or over an older report; it holds no value from the capture
    #[arg(long, value_name = "REPORT")]
    save: Option<PathBuf>,
}

#[derive(Args)]
struct ImportOptions {
    #[command(flatten)]
    capture: Capture,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Keep them for this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
}

#[derive(Args)]
struct Capture {
    /// A HAR 1.2 file, as mitmproxy or a browser writes it
    file: PathBuf,
    /// The capture is of a sandbox at this address
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

impl Capture {
    fn endpoints(&self) -> Result<Endpoints, Failure> {
        Ok(self.server.as_deref().map_or_else(|| Ok(Endpoints::live()), Endpoints::sandbox)?)
    }
}

pub fn run(task: &CaptureTask) -> ExitCode {
    let done = match &task.what {
        What::Check(options) => check(options),
        What::ImportCredentials(options) => import_credentials(options),
    };
    done.unwrap_or_else(|failure| {
        // Without anybody to tell, the code still does.
        let _ = writeln!(io::stderr(), "partyline: {failure}");
        ExitCode::from(FAILED)
    })
}

fn check(options: &CheckOptions) -> Result<ExitCode, Failure> {
    let endpoints = options.capture.endpoints()?;
    let report = with_progress(&options.capture.file, |path, progress| {
        capture::check(path, &endpoints, progress, &|| false)
    })?;
    let text = if options.json { serde_json::to_string(&report)? + "\n" } else { report.to_string() };
    let said = say(&text);
    if let Some(path) = &options.save {
        capture::save_report(path, &text).map_err(|error| match error {
            SaveError::Io(source) => format!("{}: {source}", path.display()),
            error => format!("{}: {error}", path.display()),
        })?;
    }
    said?;
    Ok(verdict(&report))
}

/// `println!` would panic where nobody reads any more.
fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    said.map_err(|error| format!("nobody reads what is said: {error}").into())
}

fn verdict(report: &Report) -> ExitCode {
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) }
}

fn import_credentials(options: &ImportOptions) -> Result<ExitCode, Failure> {
    let endpoints = options.capture.endpoints()?;
    let found = with_progress(&options.capture.file, |path, progress| {
        capture::find_client(path, &endpoints, progress, &|| false)
    })?;
    let Some(found) = found else {
        say("No sign-in with a client secret in this capture.\n")?;
        return Ok(ExitCode::from(FINDINGS));
    };
    say(&description(&found))?;
    if !options.yes && !asked_yes("Keep them for signing in? Type yes: ")? {
        say("Nothing was kept.\n")?;
        return Ok(ExitCode::from(FINDINGS));
    }
    let client = found.into_client().ok_or("the capture does not tell this client's redirect address")?;
    let place = save_client(&client, &endpoints, options.profile.as_ref())?;
    // It is, whether anybody reads so or not.
    let _ = say(&format!("Kept in {place}.\n"));
    Ok(ExitCode::SUCCESS)
}

fn description(found: &FoundClient) -> String {
    let FoundClient { id, secret, redirect, others } = found;
    let redirect = redirect.as_deref().unwrap_or("not in this capture");
    let others = match others {
        0 => String::new(),
        n => format!("Other clients in this capture, left alone: {n}\n"),
    };
    format!("Client id      {id}\nClient secret  {}\nRedirect       {redirect}\n{others}", secret.masked())
}

/// Anything but a plain yes is a no, the end of the input included.
fn asked_yes(question: &str) -> Result<bool, Failure> {
    say(question)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// Somebody who chose memory, or whose keyring is locked, is not second-guessed here.
fn save_client(
    client: &OAuthClient,
    endpoints: &Endpoints,
    profile: Option<&ProfileName>,
) -> Result<&'static str, Failure> {
    let paths = Paths::of_profile(profile).ok_or("this system knows no home for its user")?;
    match keep_client(&paths, endpoints, client) {
        Ok(SecretStorage::File) => Ok("the file of secrets"),
        Ok(_) => Ok("the keyring"),
        Err(KeepClientError::Vault(VaultError::Keyring(trouble))) => Err(format!(
            "nothing was kept: {trouble}. In the window you can choose a file instead, and import the capture there."
        )
        .into()),
        Err(error @ KeepClientError::MemoryOnly) => {
            Err(format!("nothing was kept: {error}. In the window you can choose another place.").into())
        }
        Err(KeepClientError::Vault(error)) => Err(error.into()),
    }
}

/// Shows on a terminal how far the file is read, and takes the line away again.
fn with_progress<T>(
    path: &Path,
    read: impl FnOnce(&Path, &mut dyn FnMut(Progress)) -> Result<T, CaptureError>,
) -> Result<T, Failure> {
    let mut stderr = io::stderr();
    let terminal = stderr.is_terminal();
    let mut shown = None;
    let done = read(path, &mut |progress| {
        let percent = (progress.read * 100).checked_div(progress.total).unwrap_or(100);
        if terminal && shown != Some(percent) {
            shown = Some(percent);
            let bar = "#".repeat((percent / 4) as usize);
            // A terminal that went away is no reason to stop.
            let _ = write!(stderr, "\r[{bar:25}] {percent:3} %");
        }
    });
    if shown.is_some() {
        let _ = write!(io::stderr(), "\r{:34}\r", "");
    }
    done.map_err(|error| match error {
        CaptureError::Open(source) => format!("{}: {source}", path.display()).into(),
        error => error.into(),
    })
}
