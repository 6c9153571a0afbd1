//! A program and everything that it starts, which end together: a process group.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// After being told to end.
const GRACE: Duration = Duration::from_secs(5);

pub struct Group {
    pub leader: Child,
    /// Ends the group where this process cannot: it may be killed itself.
    heir: Child,
}

impl Group {
    pub fn start(command: &mut Command) -> Self {
        let what = format!("{:?}; `bash .ci/setup tests` installs what tests need", command.get_program());
        let leader = command.process_group(0).spawn().expect(&what);
        // Its stdin ends with this process.
        let script = "read _; kill -s TERM -- \"-$1\"; sleep 5; kill -s KILL -- \"-$1\"";
        let mut heir = Command::new("/bin/sh");
        heir.args(["-c", script, "sh", &leader.id().to_string()]).process_group(0);
        heir.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let heir = heir.spawn().expect("a shell");
        Self { heir, leader }
    }

    /// Tells the leader alone to end, as Ctrl-C would.
    pub fn end_leader(&mut self) -> ExitStatus {
        signal("TERM", &self.leader.id().to_string());
        self.leader.wait().expect("a child")
    }

    fn is_gone_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            let leader_is_gone = self.leader.try_wait().is_ok_and(|status| status.is_some());
            if leader_is_gone && !any_lives(self.leader.id()) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.leader.id());
        for name in ["TERM", "KILL"] {
            signal(name, &group);
            if self.is_gone_within(GRACE) {
                break;
            }
        }
        let _ = self.heir.kill();
        let _ = self.heir.wait();
    }
}

/// A process by its id, or a group by its negative id. Those that are gone are fine.
fn signal(name: &str, id: &str) {
    let script = "kill -s \"$1\" -- \"$2\" 2> /dev/null";
    let _ = Command::new("/bin/sh").args(["-c", script, "sh", name, id]).status();
}

/// Whether any process of the group does more than wait for its parent to notice its end.
fn any_lives(group: u32) -> bool {
    let group = group.to_string();
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    processes.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok()).any(|stat| {
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<_> = after_name.split_whitespace().take(3).collect();
        matches!(fields[..], [state, _, of] if of == group && state != "Z")
    })
}
