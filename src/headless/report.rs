//! What happens, on stdout: sentences for people, or one JSON object a line. Only changes are told.

use std::{
    collections::BTreeMap,
    io::Write,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::wording;
use crate::{
    client::{
        Handle, MemberReach, Notice, Party, PartyState, Problem, Screen, SignIn, SignInLink, Snapshot,
        VoiceStatus,
    },
    model::{AccountId, Decibels, LinkPhase, LinkReport, Member, OtherEnd, VoiceReport},
};

/// Quieter is not worth a line.
const AUDIBLE: Decibels = Decibels(-50.0);
/// Breath between words is still the same speaking.
const PAUSE: Duration = Duration::from_millis(700);

pub struct Report {
    json: bool,
    /// Told already.
    link: Option<SignInLink>,
    signed_in: bool,
    party: Option<Party>,
    voice: Option<VoiceStatus>,
    problems: Vec<Problem>,
    speaking: BTreeMap<AccountId, Speaking>,
    voice_report: VoiceReport,
    rtt_millis: Option<f32>,
    heard: Power,
}

struct Speaking {
    loudest: Decibels,
    last: Instant,
}

/// A mean over what was audible.
#[derive(Default)]
struct Power {
    sum: f64,
    samples: u32,
}

impl Report {
    pub fn new(json: bool) -> Self {
        Self {
            json,
            link: None,
            signed_in: false,
            party: None,
            voice: None,
            problems: Vec::new(),
            speaking: BTreeMap::new(),
            voice_report: VoiceReport::default(),
            rtt_millis: None,
            heard: Power::default(),
        }
    }

    pub fn take_in(&mut self, snapshot: &Snapshot, notices: Vec<Notice>) {
        if let Screen::SignedIn(signed_in) = &snapshot.screen {
            if !self.signed_in {
                self.signed_in = true;
                let name = plain(&signed_in.me.online_id.0);
                self.tell(&format!("Signed in as {name}"), json!({"event": "signed_in", "online_id": name}));
            }
            match &signed_in.party {
                PartyState::Joined(party) => self.take_in_party(party),
                _ => self.voice = None,
            }
        } else {
            self.voice = None;
        }
        if let Screen::SigningIn(sign_in) = &snapshot.screen {
            self.take_in_sign_in(sign_in);
        }
        for notice in notices {
            self.notice(&notice);
        }
        for problem in &snapshot.problems {
            if !self.problems.contains(problem) {
                let (kind, detail) = (format!("{:?}", problem.kind), &problem.diagnostic);
                let event = json!({"event": "problem", "kind": kind, "diagnostic": detail});
                self.tell(&format!("Trouble: {} ({detail})", wording::problem(&problem.kind)), event);
            }
        }
        self.problems.clone_from(&snapshot.problems);
    }

    /// The link is for the user's eyes alone, and stdout is theirs; the log never holds it.
    fn take_in_sign_in(&mut self, sign_in: &SignIn) {
        let Some(link) = sign_in.link.as_ref().filter(|link| self.link.as_ref() != Some(link)) else {
            return;
        };
        let event = json!({"event": "sign_in", "link": link.as_str(), "way_back": wording::way_back(sign_in.way_back)});
        let text = format!(
            "Sign in with the browser. If no page opens, open this link yourself, on another device too:\n\n  \
             {}\n\nIf this does not go on by itself then, paste {}, and press Enter.",
            link.as_str(),
            wording::what_to_paste(sign_in.way_back)
        );
        self.tell(&text, event);
        self.link = Some(link.clone());
    }

    fn take_in_party(&mut self, party: &Party) {
        if self.party.is_none() {
            let id = party.session.id.as_str();
            let event = json!({"event": "party", "session_id": id, "name": plain(&party.session.name)});
            self.tell(&format!("In a party, session {id}"), event);
        }
        if self.voice != Some(party.voice) {
            self.voice = Some(party.voice);
            let state = wording::voice(party.voice);
            self.tell(&format!("Voice is {state}"), json!({"event": "voice", "state": state}));
        }
        self.party = Some(party.clone());
    }

    fn notice(&mut self, notice: &Notice) {
        let (text, event) = match notice {
            Notice::Recorded(file) => {
                (format!("Recorded in {}", file.display()), json!({"event": "recorded", "file": file}))
            }
            Notice::MemberJoined(name) => {
                let name = plain(&name.0);
                (format!("{name} joined"), json!({"event": "member_joined", "online_id": name}))
            }
            Notice::MemberLeft(name) => {
                let name = plain(&name.0);
                (format!("{name} left"), json!({"event": "member_left", "online_id": name}))
            }
            Notice::OwnPartyNow => {
                ("You own the party now".to_owned(), json!({"event": "owner", "me": true}))
            }
            Notice::OwnerChanged(name) => {
                let name = plain(&name.0);
                (format!("{name} owns the party now"), json!({"event": "owner", "online_id": name}))
            }
            Notice::Invited { session, from } => {
                let from = from.as_ref().map_or_else(|| "Somebody".into(), |name| plain(&name.0));
                let event = json!({"event": "invited", "from": from, "session_id": session.as_str()});
                (format!("{from} invites you"), event)
            }
            Notice::InvitationSent(name) => {
                let name = plain(&name.0);
                (format!("Invited {name}"), json!({"event": "invitation_sent", "online_id": name}))
            }
            Notice::InvitationsSent(count) => {
                (format!("Invited {count}"), json!({"event": "invitations_sent", "count": count}))
            }
            Notice::PartyRenamed(name) => {
                let name = plain(name.as_str());
                (format!("The party is called “{name}”"), json!({"event": "renamed", "name": name}))
            }
            Notice::FriendRequestFrom(name) => {
                let name = plain(&name.0);
                (format!("{name} wants to be a friend"), json!({"event": "friend_request", "from": name}))
            }
            Notice::NewFriend(name) => {
                let name = plain(&name.0);
                (format!("{name} is a friend now"), json!({"event": "new_friend", "online_id": name}))
            }
            Notice::Message { from, text, .. } => {
                let (from, text) = (plain(&from.0), plain(text.as_str()));
                (format!("{from}: {text}"), json!({"event": "message", "from": from, "text": text}))
            }
            Notice::Notified { title } => {
                let title = plain(title.as_str());
                (title.clone(), json!({"event": "notification", "title": title}))
            }
            Notice::DeviceLost(kind) => {
                let device = wording::device(*kind);
                (format!("The {device} went away"), json!({"event": "device_lost", "device": device}))
            }
            Notice::DeviceInUse { kind, name, .. } => {
                let (device, name) = (wording::device(*kind), plain(name));
                let event = json!({"event": "device", "device": device, "name": name});
                (format!("The {device} is {name} now"), event)
            }
            // The voice state says it.
            Notice::NothingToRecord
            | Notice::VoiceConnected
            | Notice::VoiceInterrupted
            | Notice::TalkingWhileMuted => return,
            // Nothing that a script can cause.
            Notice::PartyLinkReady(_) | Notice::FriendRequestSent(_) => return,
            Notice::SignedInAgain
            | Notice::SignInCancelled
            | Notice::SwitchedTo(_)
            | Notice::SecretsMoved(_) => return,
        };
        self.tell(&text, event);
    }

    /// Looks at the levels. Called every [`super::SAMPLE_EVERY`].
    pub fn listen(&mut self, snapshot: &Snapshot, handle: &Handle) {
        let now = Instant::now();
        self.voice_report = (handle.report)();
        self.rtt_millis = handle.meters.rtt_millis().or(self.rtt_millis);
        self.heard.add(handle.meters.heard.get());
        let Screen::SignedIn(signed_in) = &snapshot.screen else { return };
        let PartyState::Joined(party) = &signed_in.party else { return };
        for member in &party.session.members {
            let level = if member.account == signed_in.me.account {
                handle.meters.is_live().then(|| handle.meters.microphone.get())
            } else {
                handle.meters.speaking(member.account)
            };
            let level = level.filter(|level| *level > AUDIBLE);
            let name = plain(&member.online_id.0);
            match (level, self.speaking.get_mut(&member.account)) {
                (Some(level), Some(speaking)) => {
                    speaking.last = now;
                    if level > speaking.loudest {
                        speaking.loudest = level;
                    }
                }
                (Some(level), None) => {
                    self.speaking.insert(member.account, Speaking { loudest: level, last: now });
                    let event = json!({"event": "speaking", "online_id": name, "dbfs": rounded(level)});
                    self.tell(&format!("{name} speaks, {:.0} dB", level.0), event);
                }
                (None, Some(speaking)) if now - speaking.last > PAUSE => {
                    let loudest = speaking.loudest;
                    self.speaking.remove(&member.account);
                    let event =
                        json!({"event": "silent", "online_id": name, "loudest_dbfs": rounded(loudest)});
                    self.tell(&format!("{name} stopped, {:.0} dB at the loudest", loudest.0), event);
                }
                (None, _) => {}
            }
        }
    }

    pub fn say(&mut self, text: &str) {
        self.tell(text, json!({"event": "note", "text": text}));
    }

    /// The last line. True where the party was entered and voice is connected, to the bridge or a member.
    pub fn summary(&mut self, snapshot: &Snapshot) -> bool {
        self.take_in(snapshot, Vec::new());
        let by_bridge = self.voice == Some(VoiceStatus::Connected);
        let is_direct = |reach: &MemberReach| *reach == MemberReach::Direct;
        let voices = self.party.iter().flat_map(|party| party.members.values());
        let direct = self.voice.is_some() && voices.map(|voice| &voice.reach).any(is_direct);
        let succeeded = self.party.is_some() && (by_bridge || direct);
        let links = &self.voice_report.links;
        // The bridge's where there is one; what a connection that never came about would have used says nothing.
        let agreed = links.iter().find(|link| link.state != LinkPhase::Connecting);
        let total = |of: fn(&LinkReport) -> u64| links.iter().map(of).sum::<u64>();
        let (sent, received, lost) = (
            total(|link| link.packets_sent),
            total(|link| link.packets_received),
            total(|link| link.packets_lost),
        );
        let heard = self.heard.mean();
        let state = self.voice.map_or("none", wording::voice);
        if self.json {
            let party = self.party.as_ref().map(|party| {
                let members = party.session.members.iter();
                let members: Vec<Value> = members.map(|member| self.member(party, member)).collect();
                json!({"session_id": party.session.id.as_str(), "members": members})
            });
            let paths = [("bridge", by_bridge), ("direct", direct)];
            let paths: Vec<_> = paths.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect();
            let problems: Vec<String> = self.problems.iter().map(|p| format!("{:?}", p.kind)).collect();
            self.write(&json!({
                "event": "summary", "signed_in": self.signed_in, "party": party,
                "voice": {
                    "state": state, "paths": paths, "clock_hz": agreed.map(|link| link.clock_hz), "ptime_ms": agreed.map(|link| link.frame_millis),
                    "packets_sent": sent, "packets_received": received,
                    "packets_lost": lost, "heard_rms_dbfs": rounded(heard),
                    "rtt_ms": self.rtt_millis, "jitter_buffer_ms": links.iter().map(|link| link.buffer.as_millis()).max(),
                },
                "problems": problems,
            })
            .to_string());
        } else {
            self.write(&format!(
                "In the end: voice {state}, {} packets sent, {} received, {} lost; heard {:.0} dB on average.",
                sent, received, lost, heard.0
            ));
        }
        succeeded
    }

    /// Of a member's own connection there are figures; the bridge's are in the totals.
    fn member(&self, party: &Party, member: &Member) -> Value {
        let mut value = json!({
            "online_id": plain(&member.online_id.0), "platform": wording::platform(member.platform),
            "muted": member.muted,
        });
        // Oneself is reached by nobody.
        let Some(voice) = party.members.get(&member.account) else { return value };
        value["path"] = wording::reach(voice.reach).into();
        let with = OtherEnd::Member(member.account);
        if let Some(link) = self.voice_report.links.iter().find(|link| link.with == with) {
            value["rtt_ms"] = link.rtt.map(|rtt| (rtt.as_secs_f64() * 10_000.0).round() / 10.0).into();
            value["lost"] = link.packets_lost.into();
            value["buffer_ms"] = (link.buffer.as_millis() as u64).into();
            value["packets"] = json!({"sent": link.packets_sent, "received": link.packets_received});
            value["ptime_ms"] = link.frame_millis.into();
        }
        value
    }

    fn tell(&mut self, text: &str, event: Value) {
        if self.json {
            self.write(&event.to_string());
        } else {
            self.write(&format!("{}  {text}", jiff::Zoned::now().strftime("%H:%M:%S")));
        }
    }

    /// A reader who went away is no reason to stop talking in the party.
    fn write(&self, line: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

impl Power {
    fn add(&mut self, level: Decibels) {
        if level > AUDIBLE {
            self.sum += 10f64.powf(f64::from(level.0) / 10.0);
            self.samples += 1;
        }
    }

    fn mean(&self) -> Decibels {
        if self.samples == 0 {
            return Decibels::SILENCE;
        }
        Decibels((10.0 * (self.sum / f64::from(self.samples)).log10()) as f32)
    }
}

fn rounded(level: Decibels) -> f64 {
    (f64::from(level.0) * 10.0).round() / 10.0
}

/// A name from outside must not steer the terminal.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
