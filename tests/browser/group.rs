//! A program and everything that it starts, which end together: a process group.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// After being told to end.
const GRACE: Duration = Duration::from_secs(5);

pub struct Group {
    pub leader: Child,
}

impl Group {
    pub fn start(command: &mut Command) -> Self {
        let what = format!("{:?}; `bash .ci/setup tests` installs what tests need", command.get_program());
        Self { leader: command.process_group(0).spawn().expect(&what) }
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
                return;
            }
        }
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
