//! Handing an address to running instances: real sockets, and real processes where one crashes.
#![cfg(unix)]

#[path = "step/mod.rs"]
mod step;

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt, symlink},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use partyline::{
    desktop::{HandedOver, Instance, InstanceError, hand_over, instances_folder},
    model::Secret,
};
use step::{again, home, step};
use tempfile::TempDir;
use tokio::task::JoinHandle;

#[tokio::test]
async fn only_the_instance_that_waits_for_an_address_takes_it() {
    let folder = folder();
    let (first, _first) = instance(folder.path(), "state=one").await;
    let (second, _second) = instance(folder.path(), "state=two").await;
    assert_eq!(give(folder.path(), "x://redirect?code=a&state=two").await, HandedOver::Taken);
    assert_eq!(taken(&first), [] as [&str; 0]);
    assert_eq!(taken(&second), ["x://redirect?code=a&state=two"]);
    assert_eq!(give(folder.path(), "x://redirect?code=a&state=three").await, HandedOver::Refused);
}

#[tokio::test]
async fn a_link_that_all_would_take_is_taken_by_one() {
    let folder = folder();
    let link = "https://party.playstation.com/ASNFZ4mrTe-BI0VniavN7w";
    let (first, _first) = instance(folder.path(), link).await;
    let (second, _second) = instance(folder.path(), link).await;
    let (refusing, _refusing) = instance(folder.path(), "state=one").await;
    assert_eq!(give(folder.path(), link).await, HandedOver::Taken);
    assert_eq!([taken(&first), taken(&second)].concat(), [link]);
    assert_eq!(taken(&refusing), [] as [&str; 0]);
}

#[tokio::test]
async fn nobody_is_there_and_an_instance_that_ended_leaves_nothing() {
    let folder = folder();
    assert_eq!(give(folder.path(), "x://redirect").await, HandedOver::Nobody);
    let (_, serving) = instance(folder.path(), "state=one").await;
    assert_eq!(sockets(folder.path()).len(), 1);
    serving.abort();
    assert!(serving.await.is_err_and(|ended| ended.is_cancelled()));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    assert_eq!(give(folder.path(), "x://redirect").await, HandedOver::Nobody);
}

#[tokio::test]
async fn the_socket_of_a_crashed_run_is_no_instance_and_goes() {
    const TEST: &str = "the_socket_of_a_crashed_run_is_no_instance_and_goes";
    if step().is_some() {
        let folder = instances_folder().expect("a folder");
        let instance = Instance::listen(&folder).await.expect("listening");
        println!("listening");
        return instance.serve(|_| async { true }).await;
    }
    let home = home();
    let folder = home.path().join("runtime/partyline");
    for by_listening in [false, true] {
        let mut command = again(home.path(), TEST, "listen until killed");
        let mut other = command.stdout(Stdio::piped()).spawn().expect("started");
        let said = BufReader::new(other.stdout.take().expect("piped"));
        assert!(said.lines().map_while(Result::ok).any(|line| line.contains("listening")));
        assert_eq!(give(&folder, "x://redirect").await, HandedOver::Taken);
        other.kill().expect("running");
        other.wait().expect("ended");
        assert_eq!(sockets(&folder).len(), 1, "a crash leaves its socket");
        if by_listening {
            let _instance = Instance::listen(&folder).await.expect("listening");
            assert_eq!(sockets(&folder).len(), 1, "only the new one");
        } else {
            assert_eq!(give(&folder, "x://redirect").await, HandedOver::Nobody);
            assert_eq!(sockets(&folder).len(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_silent_and_endless_senders_cost_a_second_and_stop_nobody() {
    let folder = folder();
    let (taken_here, _serving) = instance(folder.path(), "state=one").await;
    let socket = sockets(folder.path()).remove(0);
    let connect = || {
        let stream = UnixStream::connect(&socket).expect("listening");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        stream
    };
    // More than are served at once.
    let silent: Vec<_> = (0..12).map(|_| connect()).collect();
    let mut half = connect();
    half.write_all(b"open x://redirect?state=one").expect("open");
    assert_eq!(give(folder.path(), "x://redirect?state=two").await, HandedOver::Refused);
    for nonsense in
        [&b"\n"[..], b"GET / HTTP/1.1\r\n\r\n", b"open \xff\xfe state=one\n", b"close state=one\n"]
    {
        let mut stream = connect();
        stream.write_all(nonsense).expect("open");
        assert_eq!(said(&mut stream), "");
    }
    let mut endless = connect();
    let written = std::iter::repeat_with(|| endless.write_all(&[b'x'; 4096])).take(4096);
    assert!(written.into_iter().any(|result| result.is_err()), "it was read to no end");
    assert_eq!(said(&mut half), "");
    drop(silent);
    assert_eq!(taken(&taken_here), [] as [&str; 0]);
    let started = Instant::now();
    assert_eq!(give(folder.path(), "x://redirect?state=one").await, HandedOver::Taken);
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_folder_and_the_socket_are_closed_to_others() {
    let parent = folder();
    let folder = parent.path().join("partyline");
    fs::create_dir(&folder).expect("made");
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).expect("set");
    let (_, _serving) = instance(&folder, "state=one").await;
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    if cfg!(target_os = "linux") {
        assert_eq!(mode(&sockets(&folder)[0]), 0o600);
    }
    let link = parent.path().join("link");
    symlink(&folder, &link).expect("linked");
    assert!(matches!(Instance::listen(&link).await.map(drop), Err(InstanceError::NotPrivate)));
    let address = Secret::from("x://redirect?state=one");
    assert!(matches!(hand_over(&link, &address).await, Err(InstanceError::NotPrivate)));
}

#[tokio::test]
async fn what_is_no_address_is_not_handed_over() {
    let folder = folder();
    for bad in ["", "x://a\nopen x://b", &"x".repeat(16 << 10)] {
        let result = hand_over(folder.path(), &Secret::from(bad)).await;
        assert!(matches!(result, Err(InstanceError::Address)));
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

type Taken = Arc<Mutex<Vec<String>>>;

/// An instance that waits for addresses with `state`, and what it took.
async fn instance(folder: &Path, state: &'static str) -> (Taken, JoinHandle<()>) {
    let took = Taken::default();
    let instance = Instance::listen(folder).await.expect("listening");
    let serving = tokio::spawn({
        let took = Arc::clone(&took);
        instance.serve(move |address: Secret| {
            let wanted = address.expose().contains(state);
            if wanted {
                took.lock().expect("whole").push(address.expose().to_owned());
            }
            async move { wanted }
        })
    });
    (took, serving)
}

fn taken(by: &Taken) -> Vec<String> {
    by.lock().expect("whole").clone()
}

async fn give(folder: &Path, address: &str) -> HandedOver {
    hand_over(folder, &Secret::from(address)).await.expect("the folder is good")
}

fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable"));
    entries.filter(|e| e.file_type().expect("known").is_socket()).map(|e| e.path()).collect()
}

/// What it answers until it hangs up.
fn said(stream: &mut UnixStream) -> String {
    let mut said = String::new();
    let end = stream.read_to_string(&mut said).err().map(|error| error.kind());
    // Hanging up on what was not read to its end resets the connection.
    assert!(matches!(end, None | Some(ErrorKind::ConnectionReset)), "it did not hang up: {end:?}");
    said
}
