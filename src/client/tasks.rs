//! The async actions behind the effects, each a short story told with `psn` and `voice`. They run on tokio workers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{
    ProblemKind,
    failure::{Failure, chain},
    input::{Entry, Input, Recipient, Seat, Seated},
    reconnect::Reach,
};
use crate::{
    model::{Bridge, Description, Offer, OtherEnd, PartyLink, PartySession, Platform, SessionId, Signal},
    psn::{self, Psn, PushError},
    voice::{NegotiationError, Voice, lets_us_hear},
};

/// Leaving, as far as the user waits for it; a quit waits less and ends it.
const LEAVE_TIME: Duration = Duration::from_secs(6);

/// Holds the push line until it breaks, and says how it ended.
pub async fn hold_push(psn: Arc<Psn>, again: bool, inputs: mpsc::Sender<Input>) {
    let error = match psn.open_push(again).await {
        Ok(mut socket) => {
            let _ = inputs.send(Input::PushOpened).await;
            loop {
                match socket.next().await {
                    Ok(event) => {
                        if inputs.send(Input::Push(event)).await.is_err() {
                            return socket.close().await;
                        }
                    }
                    Err(error) => break error,
                }
            }
        }
        Err(error) => error,
    };
    tracing::info!(error = chain(&error), "push line down");
    let (reach, failure) = match error {
        PushError::Directory(error) => {
            let failure = Failure::from(error);
            (failure.reach(), Some(failure))
        }
        PushError::Silent => (Reach::Nobody, None),
        PushError::Closed | PushError::BadHost | PushError::Refused(_) => (Reach::Service, None),
    };
    let _ = inputs.send(Input::PushClosed { reach, failure }).await;
}

/// Goes in and reads what is inside. A party that was entered and cannot be read is left again.
pub async fn enter_party(psn: &Psn, entry: Entry) -> Result<PartySession, Failure> {
    let session = match entry {
        Entry::Create { name, privacy, limit } => psn.create_party(&name, privacy, limit).await?,
        Entry::Join(session) => {
            join(psn, &session, None).await?;
            session
        }
        Entry::Link { link, session } => {
            join(psn, &session, Some(&link)).await?;
            session
        }
    };
    match psn.party(&session).await {
        Ok(party) => Ok(party),
        Err(error) => {
            let _ = psn.leave_party(&session).await;
            Err(Failure::of_party(error))
        }
    }
}

async fn join(psn: &Psn, session: &SessionId, link: Option<&PartyLink>) -> Result<(), Failure> {
    let Err(error) = psn.join_party(session, link).await else { return Ok(()) };
    let failure = Failure::of_party(error);
    // No code is known for "full": the party's own count tells.
    if failure.kind == ProblemKind::NotAllowed
        && let Ok(party) = psn.party(session).await
        && party.members.len() >= party.max_members as usize
    {
        return Err(Failure::new(ProblemKind::PartyFull, failure.diagnostic));
    }
    Err(failure)
}

/// Leaves, and gives the seat back beside it.
pub async fn leave_party(psn: &Psn, session: &SessionId, seat: Option<Seat>) -> Result<(), Failure> {
    let leaving = tokio::time::timeout(LEAVE_TIME, psn.leave_party(session));
    let (left, ()) = tokio::join!(leaving, give_seat_back(psn, seat));
    match left {
        Ok(left) => left.map_err(Failure::from),
        Err(_) => Err(Failure::new(ProblemKind::ServiceUnreachable, "leaving took too long")),
    }
}

/// The peer, then the bridge where nobody else sits on it. Nobody waits for it, and nothing depends on it.
pub async fn give_seat_back(psn: &Psn, seat: Option<Seat>) {
    let Some(Seat { bridge, peer }) = seat else { return };
    let giving = async {
        psn.delete_peer(&bridge, &peer).await?;
        if psn.bridge_peers(&bridge).await?.is_empty() {
            psn.delete_bridge(&bridge).await?;
        }
        Ok(())
    };
    let given: Result<Result<(), psn::Error>, _> = tokio::time::timeout(LEAVE_TIME, giving).await;
    match given {
        Ok(Err(error)) if !error.is_gone() => {
            tracing::info!(error = chain(&error), "a seat was not given back");
        }
        Err(_) => tracing::info!("giving a seat back took too long"),
        Ok(_) => {}
    }
}

/// A seat on its way: whoever cancels the way finds it here.
pub struct Held(Mutex<Option<Seat>>);

impl Held {
    pub fn new(seat: Option<Seat>) -> Self {
        Self(Mutex::new(seat))
    }

    pub fn take(&self) -> Option<Seat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, seat: Seat) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
    }
}

/// The order of protocol section 5: the session's bridge or a new one, link, seat, answer.
pub async fn connect_voice(
    psn: &Psn,
    voice: &Voice,
    connection: u64,
    session: &SessionId,
    held: &Held,
) -> Result<Seated, Failure> {
    let mut party = psn.party(session).await.map_err(Failure::of_party)?;
    // Taking a seat gives an earlier one of the same device up; on another bridge it has to be given back.
    if let Some(previous) = held.take()
        && party.bridge.as_ref().is_some_and(|bridge| *bridge == previous.bridge)
    {
        let _ = psn.delete_peer(&previous.bridge, &previous.peer).await;
    }
    let seated = match party.bridge.clone() {
        Some(bridge) => match psn.add_peer(&bridge).await {
            // A bridge that died is still on the session's list.
            Err(error) if error.is_gone() => None,
            answer => Some((bridge, answer?)),
        },
        None => None,
    };
    let (bridge, (peer, offer)) = match seated {
        Some(seated) => seated,
        None => {
            let (fresh, bridge) = link_new_bridge(psn, session).await?;
            party = fresh;
            let seat = psn.add_peer(&bridge).await?;
            (bridge, seat)
        }
    };
    let seat = Seat { bridge, peer };
    held.put(seat.clone());
    match answer(psn, voice, connection, &seat, offer).await {
        Ok(carries) => Ok(Seated { seat, session: party, carries }),
        Err(failure) => {
            give_seat_back(psn, held.take()).await;
            Err(failure)
        }
    }
}

/// Whether the bridge lets the others be heard.
async fn answer(
    psn: &Psn,
    voice: &Voice,
    connection: u64,
    seat: &Seat,
    offer: Offer,
) -> Result<bool, Failure> {
    let carries = lets_us_hear(&offer);
    let answer = voice.answer(connection, OtherEnd::Bridge, offer).await?;
    psn.answer_peer(&seat.bridge, &seat.peer, &answer).await?;
    Ok(carries)
}

/// Describes a connection and offers it to a member; it waits for their answer.
pub async fn offer_member(psn: &Psn, voice: &Voice, connection: u64, to: Recipient) -> Result<(), Failure> {
    let offer = voice.offer(connection, to.account).await?;
    signal(psn, to, Description::Offer(offer)).await
}

pub async fn answer_member(
    psn: &Psn,
    voice: &Voice,
    connection: u64,
    to: Recipient,
    offer: Offer,
) -> Result<(), Failure> {
    let answer = voice.answer(connection, OtherEnd::Member(to.account), offer).await?;
    signal(psn, to, Description::Answer(answer)).await
}

async fn signal(psn: &Psn, to: Recipient, description: Description) -> Result<(), Failure> {
    let signal = Signal {
        from: psn.account(),
        from_platform: Platform::Mobile,
        to: to.account,
        to_platform: to.platform,
        description,
        sequence: to.sequence,
        number: 0,
    };
    psn.send_signal(&to.session, signal).await.map_err(Failure::of_offer)
}

/// Two members may do this at once: the session says whose bridge counts, and the other one is given back.
async fn link_new_bridge(psn: &Psn, session: &SessionId) -> Result<(PartySession, Bridge), Failure> {
    let ours = psn.create_bridge().await?;
    if let Err(error) = psn.link_bridge(session, &ours).await {
        let _ = psn.delete_bridge(&ours).await;
        return Err(Failure::of_party(error));
    }
    let party = psn.party(session).await.map_err(Failure::of_party)?;
    let bridge = party.bridge.clone().unwrap_or_else(|| ours.clone());
    if bridge.id != ours.id {
        let _ = psn.delete_bridge(&ours).await;
    }
    Ok((party, bridge))
}

impl From<NegotiationError> for Failure {
    fn from(error: NegotiationError) -> Self {
        let kind = match &error {
            NegotiationError::TooLarge(_)
            | NegotiationError::TooManySections
            | NegotiationError::NoAudio
            | NegotiationError::NoOpus
            | NegotiationError::UnusableClock(_) => ProblemKind::VoiceNotUnderstood,
            NegotiationError::NoCandidates | NegotiationError::Overtaken => ProblemKind::VoiceUnreachable,
            NegotiationError::Refused(_) | NegotiationError::Stopped => ProblemKind::VoiceBroken,
        };
        Self::new(kind, chain(&error))
    }
}
