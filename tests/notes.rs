//! What is remembered for an account: by the account that it is of, between runs, and nowhere else.

mod stage;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use partyline::{
    client::{Command, Place, ProblemKind, Screen, SignedIn},
    model::{
        AccountId, AccountSlot, Clock, GroupId, Invitation, MessageUid, Notes, OnlineId, SecretStorage,
        SessionId, Settings,
    },
    sandbox::SandboxConfig,
    store::{self, KeptNotes, Paths},
};
use stage::{Running, Service, signed_in};

const NAME: &str = "tidewalker_19";
const OTHER: &str = "Odalys-7";
const NOVA: AccountId = AccountId(987_654_321_098_765_432);
const ECHO: AccountId = AccountId(987_654_321_098_765_433);

/// A profile whose user chose a place for secrets.
struct Home {
    service: Service,
    _folder: tempfile::TempDir,
    paths: Paths,
}

impl Home {
    fn new(storage: SecretStorage) -> Self {
        Self::of(storage, SandboxConfig { residents: false, ..SandboxConfig::default() })
    }

    fn of(storage: SecretStorage, service: SandboxConfig) -> Self {
        let folder = stage::folder();
        let paths = Paths::under(folder.path());
        let settings = Settings { secret_storage: Some(storage), ..Settings::default() };
        store::save_settings(&paths, &settings).expect("written");
        let service = Service::start(service);
        Self { service, _folder: folder, paths }
    }

    fn start(&self) -> Running {
        self.service.remembering(&self.paths, &Clock::default())
    }

    fn sign_in(&self, name: &str) -> Running {
        let mut client = self.start();
        client.wait("the first screen", |s| s.screen == Screen::SignedOut);
        sign_in(&mut client, name);
        client
    }

    fn come_back(&self, name: &str) -> Running {
        let mut client = self.start();
        client.wait("back again", |s| is(s, name));
        client
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.paths.notes()) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }

    fn notes(&self, (slot, account): &(AccountSlot, AccountId)) -> Notes {
        KeptNotes::Folder(self.paths.notes()).read(slot, *account)
    }

    fn wait_for(&self, of: &(AccountSlot, AccountId), favorites: &[AccountId]) {
        let began = std::time::Instant::now();
        while !self.notes(of).favorites.iter().eq(favorites) {
            assert!(began.elapsed() < Duration::from_secs(10), "never written: {favorites:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn sign_in(client: &mut Running, name: &str) {
    client.send(Command::SignInAs(name.into()));
    client.wait(name, |s| is(s, name) && s.accounts.iter().any(|known| known.online_id.as_str() == name));
}

fn is(snapshot: &partyline::client::Snapshot, name: &str) -> bool {
    signed_in(snapshot).is_some_and(|s| s.me.online_id.as_str() == name)
}

/// Where an account is kept.
fn kept(client: &Running, name: &str) -> (AccountSlot, AccountId) {
    let snapshot = client.handle.snapshot();
    let known = snapshot.accounts.iter().find(|known| known.online_id.as_str() == name).expect("kept");
    (known.slot.clone(), known.account)
}

/// One that the service has for the account.
fn group(client: &mut Running) -> GroupId {
    let has_groups = |s: &SignedIn| !s.chats.list.items().is_empty();
    let snapshot = client.wait("a group", |s| signed_in(s).is_some_and(has_groups));
    signed_in(&snapshot).expect("signed in").chats.list.items()[0].group.id.clone()
}

fn favor(client: &Running, account: AccountId) {
    client.send(Command::SetFavorite { account, favorite: true });
}

#[test]
fn what_is_remembered_survives_restarts_and_what_one_run_knows_is_not_lost_on_the_next() {
    let service = SandboxConfig { friends: 2, groups: 1, ..SandboxConfig::default() };
    let home = Home::of(SecretStorage::File, service);
    let mut client = home.sign_in(NAME);
    favor(&client, ECHO);
    let me = kept(&client, NAME);
    home.wait_for(&me, &[ECHO]);
    let group = group(&mut client);
    client.quit();

    let mark = MessageUid::from("1#7");
    // Read marks, invitations and profiles are other features' to note: here they only have to survive.
    let before = Notes {
        read_up_to: BTreeMap::from([(group.clone(), mark.clone())]),
        profiles: vec![partyline::model::Profile::named(ECHO, "Echo")],
        ..home.notes(&me)
    };
    KeptNotes::Folder(home.paths.notes()).keep(&me.0, me.1, &before).expect("written");
    let client = home.come_back(NAME);
    favor(&client, NOVA);
    // Not waited for: it is written at the end.
    assert!(client.quit() < Duration::from_secs(2));
    let after = home.notes(&me);
    assert!(after.favorites.iter().eq(&[NOVA, ECHO]), "{}", after.favorites.len());
    assert_eq!(after.read_up_to.get(&group), Some(&mark));

    fs::write(&home.files()[0], "{\"account\": broken").expect("written");
    let client = home.come_back(NAME);
    favor(&client, NOVA);
    client.quit();
    assert!(home.notes(&me).favorites.iter().eq(&[NOVA]), "a damaged file is as good as none");
}

#[test]
fn two_accounts_remember_each_their_own_and_who_signs_out_takes_it_along() {
    let home = Home::new(SecretStorage::File);
    let mut client = home.sign_in(NAME);
    favor(&client, NOVA);
    sign_in(&mut client, OTHER);
    favor(&client, ECHO);
    let (mine, theirs) = (kept(&client, NAME), kept(&client, OTHER));
    client.send(Command::SwitchAccount(mine.0.clone()));
    client.wait("the first one again", |s| is(s, NAME));
    home.wait_for(&mine, &[NOVA]);
    home.wait_for(&theirs, &[ECHO]);
    favor(&client, AccountId(7));
    home.wait_for(&mine, &[AccountId(7), NOVA]);
    client.send(Command::SignOut);
    client.wait("nobody", |s| s.screen == Screen::SignedOut && s.accounts.len() == 1);
    client.quit();
    assert_eq!(home.files(), [home.paths.notes().join(format!("{}.json", theirs.0.as_str()))]);
    home.wait_for(&theirs, &[ECHO]);

    let mut client = home.start();
    client.wait("the other is kept", |s| s.accounts.len() == 1);
    client.send(Command::ForgetAccount(theirs.0.clone()));
    client.wait("nobody is kept", |s| s.accounts.is_empty());
    client.quit();
    assert!(home.files().is_empty());
}

#[test]
fn a_run_that_keeps_no_account_writes_nothing_and_still_knows_who_it_was_while_it_runs() {
    let home = Home::new(SecretStorage::Memory);
    let mut client = home.sign_in(NAME);
    favor(&client, NOVA);
    let mine = kept(&client, NAME);
    sign_in(&mut client, OTHER);
    client.send(Command::SwitchAccount(mine.0.clone()));
    client.wait("the first one again", |s| is(s, NAME));
    std::thread::sleep(Duration::from_millis(2500));
    assert!(home.files().is_empty());
    // It chooses otherwise: what it remembers comes along, of the account that was away meanwhile too.
    client.send(Command::KeepSecretsIn(SecretStorage::File));
    home.wait_for(&mine, &[NOVA]);
    client.send(Command::KeepSecretsIn(SecretStorage::Memory));
    client.wait("in memory", |s| s.secrets.is_some_and(|s| s.storage == SecretStorage::Memory));
    favor(&client, ECHO);
    client.quit();
    assert!(home.files().is_empty());

    let forgetful = Running::start(partyline::client::Config {
        paths: Some(home.paths.clone()),
        ..home.service.config(partyline::voice::Microphone::None, partyline::voice::Speakers::None)
    });
    forgetful.send(Command::SignInAs(NAME.into()));
    let mut forgetful = forgetful;
    forgetful.wait("signed in", |s| is(s, NAME));
    favor(&forgetful, NOVA);
    forgetful.quit();
    assert!(home.files().is_empty(), "neither does one that remembers nothing");
}

#[test]
fn a_second_program_in_the_same_profile_writes_nothing() {
    let home = Home::new(SecretStorage::File);
    let first = home.sign_in(NAME);
    favor(&first, NOVA);
    let mine = kept(&first, NAME);
    home.wait_for(&mine, &[NOVA]);
    let mut second = home.start();
    second.wait("told", |s| s.problems.iter().any(|p| p.kind == ProblemKind::ProfileInUse));
    second.send(Command::SignInAs(NAME.into()));
    second.wait("signed in", |s| is(s, NAME));
    favor(&second, ECHO);
    second.quit();
    assert_eq!(home.files().len(), 1);
    assert!(home.notes(&mine).favorites.iter().eq(&[NOVA]));
    first.quit();
}

#[test]
fn a_pause_the_service_asked_for_is_kept_by_the_next_run_too() {
    let home = Home::new(SecretStorage::File);
    let client = home.sign_in(NAME);
    favor(&client, NOVA);
    let me = kept(&client, NAME);
    client.quit();
    let until = SystemTime::now() + Duration::from_secs(600);
    let notes = Notes { pause_until: Some(until), ..home.notes(&me) };
    KeptNotes::Folder(home.paths.notes()).keep(&me.0, me.1, &notes).expect("written");

    let clock = Clock::movable();
    let mut client = home.service.remembering(&home.paths, &clock);
    client.wait("that it waits", |s| {
        s.problems
            .iter()
            .any(|p| p.place == Place::Starting && matches!(p.kind, ProblemKind::TooManyRequests { .. }))
    });
    clock.advance(Duration::from_secs(601));
    client.wait("and goes on by itself", |s| is(s, NAME));
    client.quit();
}

#[test]
fn an_invitation_in_the_file_is_the_accounts_own() {
    let home = Home::new(SecretStorage::File);
    let client = home.sign_in(NAME);
    favor(&client, NOVA);
    let (slot, _) = kept(&client, NAME);
    client.quit();
    // As if somebody had put another account's file there.
    let strange = Notes {
        invitations: vec![Invitation {
            session: SessionId::from("s-1"),
            from: Some(OnlineId::from("Nova")),
            from_account: Some(NOVA),
            party_name: String::new(),
            members: Vec::new(),
        }],
        favorites: [ECHO].into(),
        ..Notes::default()
    };
    KeptNotes::Folder(home.paths.notes()).keep(&slot, ECHO, &strange).expect("written");
    let client = home.come_back(NAME);
    let me = kept(&client, NAME);
    favor(&client, AccountId(7));
    client.quit();
    let notes = home.notes(&me);
    assert!(notes.favorites.iter().eq(&[AccountId(7)]) && notes.invitations.is_empty());
}
