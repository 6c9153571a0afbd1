//! Avatars and icons through a running client: they arrive, they are kept where something may be kept, and whatever a host
//! answers instead costs one try.

mod front;
#[path = "../stage/mod.rs"]
mod stage;

use std::{collections::BTreeSet, fs, io::Cursor, time::Duration};

use front::Front;
use image::{DynamicImage, ImageFormat, RgbaImage};
use partyline::{
    client::{Command, PICTURE_BACKLOG, Screen},
    model::{Clock, ImageUrl, SecretStorage, Settings},
    sandbox::SandboxConfig,
    store::{self, Paths},
};
use stage::{Running, Service, signed_in};

const NAME: &str = "tidewalker_19";

/// A sandbox behind a front, and a profile that keeps its secrets somewhere.
struct Scene {
    service: Service,
    origin: String,
    front: Front,
    _folder: tempfile::TempDir,
    paths: Paths,
    clock: Clock,
}

impl Scene {
    fn new(storage: SecretStorage) -> Self {
        let folder = stage::folder();
        let paths = Paths::under(folder.path());
        let settings = Settings { secret_storage: Some(storage), ..Settings::default() };
        store::save_settings(&paths, &settings).expect("written");
        let mut service = Service::start(SandboxConfig::default());
        let front = Front::before(&service.url, own);
        let origin = std::mem::replace(&mut service.url, front.url.clone());
        Self { service, origin, front, _folder: folder, paths, clock: Clock::movable() }
    }

    fn start(&self) -> Running {
        self.service.remembering(&self.paths, &self.clock)
    }

    fn sign_in(&self) -> Running {
        let mut client = self.start();
        client.wait("the first screen", |s| s.screen == Screen::SignedOut);
        client.send(Command::SignInAs(NAME.into()));
        client.wait("signed in", |s| signed_in(s).is_some() && s.accounts.len() == 1);
        client
    }

    fn at(&self, path: &str) -> ImageUrl {
        format!("{}{path}", self.front.url).parse().expect("an address")
    }

    fn kept(&self) -> usize {
        fs::read_dir(self.paths.pictures()).map_or(0, |entries| entries.count())
    }
}

/// What the front answers by itself.
fn own(path: &str) -> Option<Vec<u8>> {
    let png = |side| {
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::from(RgbaImage::new(side, side));
        image.write_to(&mut bytes, ImageFormat::Png).expect("written");
        bytes.into_inner()
    };
    let (status, body) = match path.strip_prefix("/own/")? {
        "limited" => ("429 Too Many Requests\r\nRetry-After: 60", Vec::new()),
        "trouble" => ("500 Internal Server Error", Vec::new()),
        "missing" => ("404 Not Found", Vec::new()),
        "moved" => ("302 Found\r\nLocation: /pictures/0000000000000007/m.png", Vec::new()),
        "denied" => ("403 Forbidden\r\nContent-Type: text/html", b"<html>Access Denied</html>".to_vec()),
        "garbage" => ("200 OK", b"this is not a picture".repeat(100)),
        "empty" => ("200 OK", Vec::new()),
        "huge" => ("200 OK", vec![b' '; 3 << 20]),
        "bomb" => ("200 OK", png(4000)),
        _ => ("200 OK", png(64)),
    };
    let mut answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())
            .into_bytes();
    answer.extend(body);
    Some(answer)
}

#[test]
fn avatars_arrive_decoded_and_the_next_run_has_them_on_disk() {
    let scene = Scene::new(SecretStorage::File);
    let mut client = scene.sign_in();
    let snapshot = client.wait("friends", |s| signed_in(s).is_some_and(|s| !s.friends.items().is_empty()));
    let friends = signed_in(&snapshot).expect("signed in").friends.items();
    // The sandbox names itself in addresses; the front stands before it.
    let avatars: BTreeSet<ImageUrl> = friends
        .iter()
        .filter_map(|friend| friend.profile.avatar.as_ref())
        .map(|avatar| avatar.as_str().replace(&scene.origin, &scene.front.url).parse().expect("an address"))
        .collect();
    assert!(avatars.len() > 3, "{}", avatars.len());
    let fetch = |client: &mut Running| {
        assert!(avatars.iter().all(|avatar| client.handle.want_picture(avatar.clone())));
        let mut pictures: Vec<_> = avatars.iter().map(|_| client.picture()).collect();
        pictures.sort_by(|a, b| a.0.cmp(&b.0));
        pictures
    };
    let first = fetch(&mut client);
    assert!(first.iter().map(|(image, _)| image).eq(&avatars), "each wish is answered once");
    let drawn = first.iter().filter_map(|(_, picture)| picture.as_ref());
    for picture in drawn.clone() {
        assert_eq!((picture.width, picture.height, picture.rgba.len()), (128, 128, 128 * 128 * 4));
        let colours: BTreeSet<_> = picture.rgba.chunks(4).collect();
        assert!(colours.len() >= 2, "something is drawn");
    }
    let drawn = drawn.count();
    assert_eq!(scene.front.take_asked().len(), avatars.len());
    assert_eq!(scene.kept(), drawn);
    client.quit();

    let mut client = scene.start();
    client.wait("back again", |s| signed_in(s).is_some());
    assert_eq!(fetch(&mut client), first);
    assert_eq!(
        scene.front.take_asked().len(),
        avatars.len() - drawn,
        "only what there is none of is asked for"
    );
    for entry in fs::read_dir(scene.paths.pictures()).expect("a folder") {
        fs::write(entry.expect("an entry").path(), b"\x89PNG damaged").expect("written");
    }
    assert_eq!(fetch(&mut client), first, "a damaged file costs a fetch");
    assert_eq!(scene.front.take_asked().len(), drawn);

    client.send(Command::SignOut);
    client.wait("nobody", |s| s.screen == Screen::SignedOut);
    assert!(fetch(&mut client).iter().all(|(_, picture)| picture.is_none()));
    client.quit();
    assert!(scene.front.take_asked().is_empty());
    assert_eq!(scene.kept(), 0, "pictures go with the last account");
}

#[test]
fn what_a_host_answers_instead_of_a_picture_is_no_picture_and_is_not_asked_for_again() {
    let scene = Scene::new(SecretStorage::File);
    let mut client = scene.sign_in();
    let bad = ["limited", "trouble", "missing", "moved", "denied", "garbage", "empty", "huge", "bomb"];
    for name in bad {
        assert!(client.handle.want_picture(scene.at(&format!("/own/{name}"))));
        let (_, picture) = client.picture();
        assert_eq!(picture, None, "{name}");
        let asked = scene.front.take_asked().len();
        // A 500 may pass, and is tried a little longer than others.
        assert!(asked == 1 || asked <= 3 && name == "trouble", "{name}: {asked}");
    }
    for _ in 0..20 {
        for name in bad {
            assert!(client.handle.want_picture(scene.at(&format!("/own/{name}"))));
            assert_eq!(client.picture().1, None);
        }
        scene.clock.advance(Duration::from_secs(25));
    }
    assert!(scene.front.take_asked().is_empty(), "within ten minutes");
    assert!(client.handle.want_picture("https://static.example/elsewhere.png".parse().expect("an address")));
    assert_eq!(client.picture().1, None, "of a host that nothing is fetched from");
    scene.clock.advance(Duration::from_secs(150));
    assert!(client.handle.want_picture(scene.at("/own/garbage")));
    assert_eq!(client.picture().1, None);
    assert_eq!(scene.front.take_asked(), ["/own/garbage"]);
    assert!(signed_in(&client.handle.snapshot()).is_some());
    assert_eq!(scene.kept(), 0);
    client.quit();
}

#[test]
fn what_was_just_scrolled_to_comes_first_four_at_once_and_too_many_wishes_are_refused() {
    let scene = Scene::new(SecretStorage::Memory);
    let mut client = scene.sign_in();
    for n in 0..20 {
        assert!(client.handle.want_picture(scene.at(&format!("/own/slow-{n}"))));
    }
    // Wished for twice, fetched once, answered twice; and the newest again.
    assert!(client.handle.want_picture(scene.at("/own/slow-10")));
    let arrived: Vec<_> = (0..21).map(|_| client.picture()).collect();
    assert!(arrived.iter().all(|(_, picture)| picture.is_some()));
    let asked = scene.front.take_asked();
    assert_eq!(asked.len(), 20, "{asked:?}");
    assert_eq!(scene.front.most_at_once(), 4);
    let names =
        |numbers: &[u32]| -> BTreeSet<_> { numbers.iter().map(|n| format!("/own/slow-{n}")).collect() };
    let begun = |range: std::ops::Range<usize>| asked[range].iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(begun(0..4), names(&[0, 1, 2, 3]));
    assert_eq!(begun(4..8), names(&[10, 19, 18, 17]));
    assert_eq!(begun(16..20), names(&[4, 5, 6, 7]));

    let wishes = 3 * PICTURE_BACKLOG;
    let taken =
        (0..wishes).filter(|n| client.handle.want_picture(scene.at(&format!("/own/slow-many-{n}")))).count();
    assert!(taken < wishes, "backpressure");
    client.send(Command::SignOut);
    client.wait("nobody", |s| s.screen == Screen::SignedOut);
    let answered = (0..taken).map(|_| client.picture()).count();
    assert_eq!(answered, taken, "each is answered, whoever goes meanwhile");
    assert!(client.handle.take_pictures().is_empty());
    assert!(scene.front.take_asked().len() < 40, "and most of them by nobody");
    client.quit();
    assert_eq!(scene.kept(), 0, "a run in memory keeps nothing");
}

#[test]
fn who_takes_the_place_of_another_goes_on_with_what_was_wished_for() {
    let scene = Scene::new(SecretStorage::File);
    let mut client = scene.sign_in();
    for n in 0..40 {
        assert!(client.handle.want_picture(scene.at(&format!("/own/slow-{n}"))));
    }
    client.send(Command::SignInAs("Odalys-7".into()));
    client.wait("somebody else", |s| signed_in(s).is_some_and(|s| s.me.online_id.as_str() == "Odalys-7"));
    let before = client.handle.take_pictures();
    assert!(before.len() < 40, "some are under way");
    let after = (before.len()..40).map(|_| client.picture());
    assert!(before.iter().cloned().chain(after).all(|(_, picture)| picture.is_some()));
    client.quit();
}
