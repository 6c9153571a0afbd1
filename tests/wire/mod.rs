//! Between a client and its service: everything passes, and every secret and personal id that passes is remembered, so that a
//! test can look for it where it must not be.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD as STANDARD, BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD},
};

/// Listens until the test's process ends.
pub struct Wire {
    pub url: String,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    /// To a service at `http://ADDRESS`.
    pub fn to(service: &str) -> Self {
        let service = service.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let said: Arc<Mutex<Vec<u8>>> = Arc::default();
        let record = Arc::clone(&said);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&service) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let record = Arc::clone(&record);
                    thread::spawn(move || pass(from, to, &record));
                }
            }
        });
        Self { url, said }
    }

    /// Tokens, codes, secrets, cookies, account ids and online ids, as they went over the wire.
    pub fn secrets(&self) -> BTreeSet<String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&said);
        let mut found = BTreeSet::new();
        for (before, end) in [
            ("\"access_token\":\"", '"'),
            ("\"refresh_token\":\"", '"'),
            ("\"id_token\":\"", '"'),
            ("\"npsso\":\"", '"'),
            ("npsso=", '\r'),
            ("code=v3.", '&'),
            ("refresh_token=", '&'),
            ("Basic ", '\r'),
            ("Bearer ", '\r'),
            ("\"accountId\":\"", '"'),
            ("\"onlineId\":\"", '"'),
            ("\"bridgeToken\":\"", '"'),
            ("state=", '&'),
        ] {
            for rest in text.split(before).skip(1) {
                let value = rest.split([end, '\n', '\r', ' ']).next().unwrap_or_default();
                if value.len() > 3 {
                    found.insert(value.to_owned());
                }
                found.extend(account_of(value));
                // The client's secret in the open.
                let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                if let Some((_, secret)) =
                    decoded.as_deref().filter(|_| before == "Basic ").and_then(|text| text.split_once(':'))
                {
                    found.insert(secret.to_owned());
                }
            }
        }
        found
    }
}

/// The account that an access token is of.
fn account_of(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(claims["account_id"].as_str()?.to_owned())
}

fn pass(mut from: TcpStream, mut to: TcpStream, record: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        // Before it passes on: whoever saw the effect finds the cause here.
        record.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The files below `folder` that hold one of `texts`, each with what it holds.
pub fn files_with(folder: &Path, texts: &BTreeSet<String>) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for file in files_below(folder) {
        let bytes = fs::read(&file).expect("readable");
        let held = texts.iter().filter(|text| contains(&bytes, text.as_bytes()));
        found.extend(held.map(|text| (file.clone(), text.clone())));
    }
    found
}

pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let kind = fs::symlink_metadata(&path).expect("there").file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    files
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
