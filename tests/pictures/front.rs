//! Before a sandbox: passes everything on, notes which pictures were asked for, and answers some itself, as badly as told.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// The whole answer to a path, or `None` for the sandbox to give.
pub type Answers = fn(&str) -> Option<Vec<u8>>;

/// Listens until the test's process ends.
pub struct Front {
    pub url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Paths of pictures, in the order they were asked for.
    asked: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Front {
    pub fn before(service: &str, answers: Answers) -> Self {
        let service = service.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let seen: Arc<Seen> = Arc::default();
        let record = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (service, record) = (service.clone(), Arc::clone(&record));
                thread::spawn(move || drop(serve(client, &service, answers, &record)));
            }
        });
        Self { url, seen }
    }

    /// Which pictures were asked for since the last call.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn most_at_once(&self) -> usize {
        self.seen.most_at_once.load(SeqCst)
    }
}

/// One request for each connection, so that each is seen.
fn serve(mut client: TcpStream, service: &str, answers: Answers, seen: &Seen) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let read = client.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.starts_with("/pictures/") || path.starts_with("/own/") {
        seen.asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    }
    if let Some(answer) = answers(path) {
        let now = seen.at_once.fetch_add(1, SeqCst) + 1;
        seen.most_at_once.fetch_max(now, SeqCst);
        if path.contains("slow") {
            thread::sleep(std::time::Duration::from_millis(300));
        }
        // Before the client can know and begin the next one.
        seen.at_once.fetch_sub(1, SeqCst);
        return client.write_all(&answer);
    }
    let mut server = TcpStream::connect(service)?;
    if head.to_ascii_lowercase().contains("\r\nupgrade:") {
        server.write_all(&request)?;
    } else {
        server.write_all(format!("{head}\r\nConnection: close").as_bytes())?;
        server.write_all(&request[end..])?;
    }
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || pass(from_client, to_server));
    pass(server, client);
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
