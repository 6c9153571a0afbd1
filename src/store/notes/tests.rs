use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::*;

const ME: AccountId = AccountId(9_007_199_254_740_993);
const NOVA: AccountId = AccountId(987_654_321_098_765_432);

fn notes() -> Notes {
    Notes {
        favorites: BTreeSet::from([NOVA, AccountId(7)]),
        invitations: vec![Invitation {
            session: SessionId::from("11111111-2222-4333-8444-555555555555"),
            from: Some(OnlineId::from("Nova")),
            from_account: Some(NOVA),
            party_name: "Sunday \"squad\" 🎉".into(),
            members: vec![OnlineId::from("Nova"), OnlineId::from("山田")],
        }],
        read_up_to: BTreeMap::from([(
            GroupId::from("~0000000000000007.0000000000000009"),
            MessageUid::from("m-1"),
        )]),
        profiles: vec![Profile {
            avatar: "https://static.example/a.png".parse().ok(),
            is_plus: true,
            ..Profile::named(NOVA, "Nova")
        }],
        hearing: BTreeMap::from([(NOVA, Hearing { volume_percent: 40, muted: true })]),
        pause_until: Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
    }
}

struct Kept {
    folder: tempfile::TempDir,
    slot: AccountSlot,
    notes: KeptNotes,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = KeptNotes::Folder(folder.path().join("notes"));
        Self { folder, slot: AccountSlot::new(), notes }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("notes").join(format!("{}.json", self.slot.as_str()))
    }

    fn with_file(text: impl AsRef<[u8]>) -> Notes {
        let kept = Self::new();
        fs::create_dir(kept.folder.path().join("notes")).expect("made");
        fs::write(kept.file(), text).expect("written");
        kept.notes.read(&kept.slot, ME)
    }

    fn keep(&mut self, notes: &Notes) {
        self.notes.keep(&self.slot.clone(), ME, notes).expect("written");
    }

    fn read(&self) -> Notes {
        self.notes.read(&self.slot, ME)
    }
}

#[test]
fn what_is_remembered_survives_a_restart_for_its_owner_alone() {
    let mut kept = Kept::new();
    assert_eq!(kept.read(), Notes::default());
    kept.keep(&notes());
    assert_eq!(kept.read(), notes());
    assert_eq!(kept.notes.read(&kept.slot, NOVA), Notes::default(), "somebody else's");
    assert_eq!(kept.notes.read(&AccountSlot::new(), ME), Notes::default(), "another slot");
    kept.notes.forget_account(NOVA).expect("nothing to do");
    assert_eq!(kept.read(), notes());
    kept.notes.forget_account(ME).expect("removed");
    assert!(!kept.file().exists());
}

#[cfg(unix)]
#[test]
fn other_users_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let mut kept = Kept::new();
    kept.keep(&notes());
    fs::set_permissions(kept.file(), fs::Permissions::from_mode(0o644)).expect("set");
    kept.keep(&notes());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&kept.file()), mode(kept.file().parent().expect("a folder"))), (0o600, 0o700));
}

#[test]
fn an_entry_that_cannot_be_read_costs_itself_alone() {
    let read = Kept::with_file(format!(
        r#"{{"account": "{ME}", "from_the_future": [1], "pause_until": -1,
        "favorites": ["7", 8, "x", null, "18446744073709551616", "9"],
        "read_up_to": {{"a/b": "1", "g": 1, "h": "", "..": "1", "k": "5"}},
        "hearing": {{"x": {{}}, "7": {{"volume_percent": -1}}, "8": 5, "9": {{"volume_percent": 900}}, "10": {{"muted": true}}}},
        "invitations": [{{"session": "../x"}}, {{"session": "s-1", "from": 3}}, {{"from": "Nova"}}, {{"session": "s-2"}}],
        "profiles": [{{"account": "1"}}, {{"account": "2", "online_id": "Odalys-7", "avatar": "file:///etc/passwd"}}, 5]}}"#
    ));
    assert_eq!(read.favorites, BTreeSet::from([AccountId(7), AccountId(9)]));
    assert_eq!(read.read_up_to, BTreeMap::from([(GroupId::from("k"), MessageUid::from("5"))]));
    assert_eq!(read.invitations.iter().map(|i| i.session.as_str()).collect::<Vec<_>>(), ["s-2"]);
    assert_eq!(read.profiles, [Profile::named(AccountId(2), "Odalys-7")]);
    let loud = Hearing { volume_percent: Hearing::MAX_VOLUME, muted: false };
    let silent = Hearing { volume_percent: 100, muted: true };
    assert_eq!(read.hearing, BTreeMap::from([(AccountId(9), loud), (AccountId(10), silent)]));
    assert_eq!(read.pause_until, None);
    let read = Kept::with_file(format!(r#"{{"account": "{ME}", "favorites": {{}}, "profiles": "x"}}"#));
    assert_eq!(read, Notes::default());
}

#[test]
fn a_damaged_file_is_as_good_as_none() {
    let whole = print(ME, &notes()).expect("printed");
    assert_eq!(Kept::with_file(&whole), notes());
    // Every cut and every overwritten byte: an answer each time, and what is read never exceeds what was written.
    for at in 0..whole.len() {
        assert_eq!(Kept::with_file(&whole[..at]), Notes::default(), "cut at {at}");
    }
    let kept = Kept::new();
    fs::create_dir(kept.folder.path().join("notes")).expect("made");
    for at in 0..whole.len() {
        for byte in [b'"', b'{', b']', b',', b'9', 0, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            fs::write(kept.file(), &bytes).expect("written");
            let read = kept.read();
            assert!(read.favorites.len() <= 3 && read.profiles.len() <= 1 && read.invitations.len() <= 1);
        }
    }
    let deep = format!("{{\"account\": \"{ME}\", \"favorites\": {}", "[".repeat(1 << 20));
    let many = format!("{{\"account\": \"{ME}\", \"favorites\": [{}\"1\"]}}", "0,".repeat(900_000));
    for hostile in ["", "null", "[]", "{}", "\u{feff}{}", r#"{"account": 1}"#, r#"{"account": "-1"}"#, &deep]
    {
        assert_eq!(Kept::with_file(hostile), Notes::default(), "{hostile:.40}");
    }
    assert_eq!(Kept::with_file(&many).favorites, BTreeSet::from([AccountId(1)]));
    let mut long = whole;
    long.resize(LIMIT as usize + 1, b' ');
    assert_eq!(Kept::with_file(&long), Notes::default(), "whole, and too long to be ours");
    long.truncate(LIMIT as usize);
    assert_eq!(Kept::with_file(&long), notes());
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_not_followed() {
    let kept = Kept::new();
    let elsewhere = kept.folder.path().join("elsewhere");
    fs::write(&elsewhere, print(ME, &notes()).expect("printed")).expect("written");
    fs::create_dir(kept.folder.path().join("notes")).expect("made");
    std::os::unix::fs::symlink(&elsewhere, kept.file()).expect("linked");
    assert_eq!(kept.read(), Notes::default());
}

#[test]
fn a_file_has_its_bounds_whatever_the_names_in_it() {
    let long_avatar = format!("https://static.example/{}", "a".repeat(990));
    let many = Notes {
        favorites: (0..3000).map(AccountId).collect(),
        invitations: vec![
            Invitation { party_name: "x".repeat(1 << 20), ..notes().invitations[0].clone() },
            notes().invitations[0].clone(),
        ],
        read_up_to: (0..2000)
            .map(|n| (GroupId(format!("{n:0128}")), MessageUid(format!("{n:0512}"))))
            .collect(),
        profiles: (0..3000)
            .map(|n| Profile { avatar: long_avatar.parse().ok(), ..Profile::named(AccountId(n), "somebody") })
            .collect(),
        hearing: BTreeMap::new(),
        pause_until: None,
    };
    let mut kept = Kept::new();
    kept.keep(&many);
    assert!(fs::metadata(kept.file()).expect("there").len() <= LIMIT);
    let read = kept.read();
    assert_eq!(
        read.favorites.len(),
        Notes::MAX_FAVORITES,
        "what the user chose outlives what can be asked for"
    );
    assert_eq!((read.read_up_to.len(), read.invitations.len()), (Notes::MAX_GROUPS, 1));
    assert!(read.profiles.is_empty());
    let usual = Notes { profiles: vec![notes().profiles[0].clone(); 3000], ..many };
    kept.keep(&usual);
    assert_eq!(kept.read().profiles.len(), Notes::MAX_PROFILES);
}

#[test]
fn an_account_takes_everything_of_its_own_along_when_it_goes() {
    let mut kept = Kept::new();
    let (left_behind, other) = (AccountSlot::new(), AccountSlot::new());
    kept.keep(&notes());
    kept.notes.keep(&left_behind, ME, &notes()).expect("written");
    kept.notes.keep(&other, NOVA, &notes()).expect("written");
    let folder = kept.folder.path().join("notes");
    fs::write(folder.join("0011223344556677.new"), "{half").expect("written");
    kept.notes.forget_account(ME).expect("removed");
    let left: Vec<_> = files_in(&folder).expect("a folder").into_iter().map(|(file, _)| file).collect();
    assert_eq!(left, [file_of(&folder, &other)]);
    kept.notes.forget_all().expect("removed");
    assert!(!folder.exists());
    kept.notes.forget_account(ME).expect("nothing to do");
}

#[test]
fn notes_go_where_the_accounts_go() {
    let mut kept = Kept::new();
    let folder = kept.folder.path().join("notes");
    let accounts = [(kept.slot.clone(), ME)];
    kept.keep(&notes());
    kept.notes.move_to(KeptNotes::Folder(folder.clone()), &accounts).expect("nothing to do");
    assert_eq!(kept.read(), notes());
    kept.notes.move_to(KeptNotes::in_memory(), &accounts).expect("moved");
    assert!(!folder.exists());
    assert_eq!(kept.read(), notes(), "until the program ends");
    kept.notes.move_to(KeptNotes::Folder(folder), &accounts).expect("moved back");
    assert!(kept.file().exists());
    assert_eq!(kept.read(), notes());
}
