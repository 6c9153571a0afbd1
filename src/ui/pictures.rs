//! Pictures of people and games: asked for when they are drawn, kept as textures, the least lately drawn given up first.
//! They live in egui's context, as egui's own images do, so that whatever draws a face finds its picture. Main thread.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use egui::{
    Color32, ColorImage, Context, CornerRadius, Id, Painter, Rect, TextureHandle, TextureId, TextureOptions,
    Vec2, epaint::RectShape, mutex::Mutex, pos2,
};

use crate::{
    client::{Handle, PictureArrival, ReceivedRequest, SignedIn},
    model::{AccountId, Friend, ImageUrl, Picture, Profile},
};

/// Several screens full. At 128 by 128 pixels they are 20 MB.
const MOST: usize = 300;
/// More at once would be seen as a frame that takes long.
const UPLOADS_PER_FRAME: usize = 16;
/// An answer that has not come by then may never come.
const ASK_AGAIN_SECONDS: f64 = 30.0;
/// What cannot be had is left alone for so long.
const MISSING_SECONDS: f64 = 600.0;
/// In pixels. The client makes none that is larger.
const MAX_SIDE: u32 = 1024;

/// The pictures of one window. Cheap to clone; its lock is held for a look-up at a time, by one thread.
#[derive(Clone, Default)]
pub struct Pictures(Arc<Mutex<Shelf>>);

impl Pictures {
    /// Whatever is drawn in `ctx` finds them from now on.
    pub fn install(ctx: &Context) -> Self {
        let pictures = Self::default();
        ctx.data_mut(|data| data.insert_temp(Id::NULL, pictures.clone()));
        pictures
    }

    /// Before a frame: takes what arrived, and who is who. Asks for another frame where more arrived than one can take.
    pub fn take(&self, ctx: &Context, handle: &mut Handle, signed_in: Option<&SignedIn>) {
        let mut shelf = self.0.lock();
        shelf.now = ctx.input(|input| input.time);
        shelf.frame = ctx.cumulative_frame_nr();
        shelf.faces.follow(signed_in);
        shelf.arrived.extend(handle.take_pictures());
        for _ in 0..UPLOADS_PER_FRAME {
            let Some((image, picture)) = shelf.arrived.pop_front() else { break };
            shelf.put(ctx, image, picture);
        }
        if !shelf.arrived.is_empty() {
            ctx.request_repaint();
        }
    }

    /// After a frame: asks for what was missing in it.
    pub fn ask(&self, handle: &Handle) {
        self.0.lock().ask(|image| handle.want_picture(image));
    }
}

/// The picture at `image`. `None` until it is there.
pub fn at(ctx: &Context, image: &ImageUrl) -> Option<Drawable> {
    of_window(ctx)?.0.lock().look(image)
}

/// The picture of anybody whose profile is known. `None` until it is there.
pub fn of(ctx: &Context, account: AccountId) -> Option<Drawable> {
    let pictures = of_window(ctx)?;
    let mut shelf = pictures.0.lock();
    let image = shelf.faces.image(account)?.clone();
    shelf.look(&image)
}

fn of_window(ctx: &Context) -> Option<Pictures> {
    ctx.data(|data| data.get_temp(Id::NULL))
}

/// A picture that is ready: the square in its middle.
#[derive(Debug, Clone, Copy)]
pub struct Drawable {
    texture: TextureId,
    uv: Rect,
}

impl Drawable {
    fn new(texture: &TextureHandle) -> Self {
        let size = texture.size_vec2();
        let square = Vec2::splat(size.min_elem()) / size;
        Self { texture: texture.id(), uv: Rect::from_center_size(pos2(0.5, 0.5), square) }
    }

    /// Fills `rect`, which should be square. White leaves its colours as they are.
    pub fn paint(self, painter: &Painter, rect: Rect, radius: impl Into<CornerRadius>, tint: Color32) {
        painter.add(RectShape::filled(rect, radius, tint).with_texture(self.texture, self.uv));
    }
}

#[derive(Default)]
struct Shelf {
    places: HashMap<ImageUrl, Place>,
    /// Drawn in this frame, and not here.
    wanted: Vec<ImageUrl>,
    arrived: VecDeque<PictureArrival>,
    faces: Faces,
    /// In the window's seconds.
    now: f64,
    frame: u64,
}

struct Place {
    holds: Holds,
    /// The frame in which it was drawn last.
    drawn: u64,
}

enum Holds {
    Picture(TextureHandle),
    /// Asked for or not to be had; worth another try from then on, in the window's seconds.
    Nothing {
        again: f64,
    },
}

impl Shelf {
    fn look(&mut self, image: &ImageUrl) -> Option<Drawable> {
        if let Some(place) = self.places.get_mut(image) {
            place.drawn = self.frame;
            match &place.holds {
                Holds::Picture(texture) => return Some(Drawable::new(texture)),
                Holds::Nothing { again } if *again > self.now => return None,
                Holds::Nothing { .. } => {}
            }
        }
        if !self.wanted.contains(image) {
            self.wanted.push(image.clone());
        }
        None
    }

    /// What `want` refuses is asked for again when it is drawn next: the pictures that are in its way cause that frame.
    fn ask(&mut self, want: impl Fn(ImageUrl) -> bool) {
        for image in std::mem::take(&mut self.wanted) {
            if want(image.clone()) {
                self.keep(image, Holds::Nothing { again: self.now + ASK_AGAIN_SECONDS });
            }
        }
    }

    fn put(&mut self, ctx: &Context, image: ImageUrl, picture: Option<Picture>) {
        let holds = match picture.and_then(to_image) {
            Some(pixels) => Holds::Picture(ctx.load_texture("picture", pixels, OPTIONS)),
            None => Holds::Nothing { again: self.now + MISSING_SECONDS },
        };
        self.keep(image, holds);
    }

    fn keep(&mut self, image: ImageUrl, holds: Holds) {
        self.places.insert(image, Place { holds, drawn: self.frame });
        while self.places.len() > MOST {
            let oldest = self.places.iter().min_by_key(|(_, place)| place.drawn).map(|(i, _)| i.clone());
            let Some(oldest) = oldest else { break };
            self.places.remove(&oldest);
        }
    }
}

/// A picture is larger than it is shown: without smaller versions of itself it would flicker and grain.
const OPTIONS: TextureOptions =
    TextureOptions { mipmap_mode: Some(egui::TextureFilter::Linear), ..TextureOptions::LINEAR };

fn to_image(picture: Picture) -> Option<ColorImage> {
    let Picture { width, height, rgba } = picture;
    let sound = (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height);
    let (width, height) = (width as usize, height as usize);
    (sound && rgba.len() == width * height * 4)
        .then(|| ColorImage::from_rgba_unmultiplied([width, height], &rgba))
}

/// Whose picture is where.
#[derive(Default)]
struct Faces {
    friends: Option<Arc<Vec<Friend>>>,
    places: HashMap<AccountId, usize>,
    requests: Option<Arc<Vec<ReceivedRequest>>>,
    blocked: Option<Arc<Vec<Profile>>>,
    /// The user's own, and that of the open card.
    single: Vec<(AccountId, ImageUrl)>,
    /// Of those who ask and those who are blocked.
    listed: HashMap<AccountId, ImageUrl>,
}

impl Faces {
    fn follow(&mut self, signed_in: Option<&SignedIn>) {
        let card = signed_in.and_then(|signed_in| signed_in.people.card.as_deref());
        let me = signed_in.map(|signed_in| &signed_in.me);
        let single = me.into_iter().chain(card.map(|card| &card.profile));
        let single = || single.clone().filter_map(face);
        if !self.single.iter().map(|(account, image)| (*account, image)).eq(single()) {
            self.single = single().map(|(account, image)| (account, image.clone())).collect();
        }
        if replace(&mut self.friends, signed_in.and_then(|it| it.friends.value.as_ref())) {
            self.places.clear();
            let all = self.friends.as_deref().map_or(&[][..], Vec::as_slice);
            self.places.extend(all.iter().enumerate().map(|(place, friend)| (friend.profile.account, place)));
        }
        let requests =
            replace(&mut self.requests, signed_in.and_then(|it| it.people.requests.value.as_ref()));
        let blocked = replace(&mut self.blocked, signed_in.and_then(|it| it.people.blocked.value.as_ref()));
        if requests || blocked {
            let asking = self.requests.iter().flat_map(|list| list.iter()).map(|request| &request.from);
            let blocked = self.blocked.iter().flat_map(|list| list.iter());
            let faces = asking.chain(blocked).filter_map(face);
            self.listed = faces.map(|(account, image)| (account, image.clone())).collect();
        }
    }

    fn image(&self, account: AccountId) -> Option<&ImageUrl> {
        let single = self.single.iter().find(|(single, _)| *single == account).map(|(_, image)| image);
        let friend = || self.friends.as_ref()?.get(*self.places.get(&account)?)?.profile.avatar.as_ref();
        single.or_else(friend).or_else(|| self.listed.get(&account))
    }
}

fn face(profile: &Profile) -> Option<(AccountId, &ImageUrl)> {
    Some((profile.account, profile.avatar.as_ref()?))
}

/// Returns whether it is another list now.
fn replace<T>(list: &mut Option<Arc<Vec<T>>>, now: Option<&Arc<Vec<T>>>) -> bool {
    let same = match (&*list, now) {
        (Some(before), Some(now)) => Arc::ptr_eq(before, now),
        (None, None) => true,
        _ => false,
    };
    if !same {
        *list = now.cloned();
    }
    !same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(n: usize) -> ImageUrl {
        format!("https://static.example/{n}.png").parse().expect("an address")
    }

    fn picture() -> Option<Picture> {
        Some(Picture { width: 2, height: 1, rgba: vec![255; 8] })
    }

    /// How many are asked for.
    fn asked(shelf: &mut Shelf) -> usize {
        let asked = std::cell::Cell::new(0);
        shelf.ask(|_| {
            asked.set(asked.get() + 1);
            true
        });
        asked.get()
    }

    #[test]
    fn a_picture_is_asked_for_once_however_often_it_is_drawn() {
        let mut shelf = Shelf::default();
        assert!(shelf.look(&image(1)).is_none() && shelf.look(&image(1)).is_none());
        assert_eq!(asked(&mut shelf), 1);
        assert!(shelf.look(&image(1)).is_none());
        assert_eq!(asked(&mut shelf), 0);
        shelf.put(&Context::default(), image(1), picture());
        assert!(shelf.look(&image(1)).is_some());
    }

    #[test]
    fn what_was_refused_is_asked_for_again_at_once_and_what_was_lost_later() {
        let mut shelf = Shelf::default();
        shelf.look(&image(1));
        shelf.ask(|_| false);
        shelf.look(&image(1));
        assert_eq!(asked(&mut shelf), 1);
        shelf.now = ASK_AGAIN_SECONDS + 1.0;
        shelf.look(&image(1));
        assert_eq!(asked(&mut shelf), 1);
    }

    #[test]
    fn what_cannot_be_had_is_left_alone_for_a_while() {
        let mut shelf = Shelf::default();
        let broken = Some(Picture { width: 9, height: 9, rgba: vec![0; 3] });
        for (n, answer) in [None, broken].into_iter().enumerate() {
            shelf.now = 0.0;
            shelf.put(&Context::default(), image(n), answer);
            assert!(shelf.look(&image(n)).is_none());
            assert_eq!(asked(&mut shelf), 0);
            shelf.now = MISSING_SECONDS + 1.0;
            shelf.look(&image(n));
            assert_eq!(asked(&mut shelf), 1);
        }
    }

    #[test]
    fn the_least_lately_drawn_makes_room() {
        let (mut shelf, ctx) = (Shelf::default(), Context::default());
        for n in 0..=MOST {
            shelf.frame = n as u64;
            shelf.look(&image(0));
            shelf.put(&ctx, image(n), picture());
        }
        assert_eq!(shelf.places.len(), MOST);
        assert!(shelf.look(&image(0)).is_some(), "drawn in every frame");
        assert!(shelf.look(&image(1)).is_none(), "drawn last of all");
    }

    #[test]
    fn whoever_has_a_profile_has_a_face_for_as_long() {
        let profile =
            |n: usize| Profile { avatar: Some(image(n)), ..Profile::named(AccountId(n as u64), "somebody") };
        let mut signed_in = SignedIn::new(profile(1), std::time::Instant::now());
        let friend = Friend { profile: profile(2), presence: None };
        signed_in.friends.value = Some(Arc::new(vec![friend]));
        let request = ReceivedRequest { from: profile(3), requested: None };
        signed_in.people.requests.value = Some(Arc::new(vec![request]));
        signed_in.people.blocked.value = Some(Arc::new(vec![profile(4)]));
        signed_in.people.card = Some(Box::new(crate::client::Card {
            profile: profile(5),
            presence: None,
            summary: None,
            played: crate::client::Played::Hidden,
            blocked: false,
        }));
        let mut faces = Faces::default();
        faces.follow(Some(&signed_in));
        let known = |faces: &Faces| (1..=6).filter(|n| faces.image(AccountId(*n)).is_some()).count();
        assert_eq!(known(&faces), 5);
        signed_in.people.requests.value = None;
        signed_in.people.card = None;
        faces.follow(Some(&signed_in));
        assert_eq!(known(&faces), 3);
        faces.follow(None);
        assert_eq!(known(&faces), 0);
    }
}
