//! What the other side says in RTCP of what it got of ours. The crate hands such reports to nobody, so they are read where they pass;
//! its driver's task runs it.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rtc::{
    interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket},
    rtcp::{receiver_report::ReceiverReport, reception_report::ReceptionReport, sender_report::SenderReport},
    sansio::Protocol,
    shared::error::Error,
};

use crate::voice::stats::Counters;

/// A report each second is usual; more often it is not listened to.
const NEXT_AFTER: Duration = Duration::from_millis(400);
/// Packets in a report's interval below which its share says nothing: a keep-alive lost is no bad network.
const TELLING: u32 = 5;
/// Where packets scatter by more than this, some are about to be lost: so much is reckoned with. The first words of a bad
/// minute are then not the ones that go unprotected.
const SCATTERED: Duration = Duration::from_millis(8);
const ABOUT_TO_BE_LOST: f32 = 0.005;
/// Seconds from NTP's beginning of time to Unix's.
const NTP_EPOCH: u64 = 2_208_988_800;
/// More is no round trip but a clock that was set, or a lie.
const LONGEST_TRIP: Duration = Duration::from_secs(10);

pub struct Reports {
    ssrc: u32,
    clock_hz: u32,
    counters: Arc<Counters>,
    on_loss: Box<dyn Fn(f32) + Send + Sync>,
    /// The newest of our packets they had reported.
    reported: Option<u32>,
    heard: Option<Instant>,
    inbound: VecDeque<TaggedPacket>,
    outbound: VecDeque<TaggedPacket>,
}

impl Reports {
    /// `on_loss` is told what share of our packets (of `ssrc`) is to be taken for lost, each time enough were sent to tell.
    /// `clock_hz`: ticks of their timestamps in a second.
    pub fn new(
        ssrc: u32,
        clock_hz: u32,
        counters: Arc<Counters>,
        on_loss: Box<dyn Fn(f32) + Send + Sync>,
    ) -> Self {
        let (inbound, outbound) = (VecDeque::new(), VecDeque::new());
        Self { ssrc, clock_hz, counters, on_loss, reported: None, heard: None, inbound, outbound }
    }

    fn read(&mut self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        let reports = match (any.downcast_ref::<ReceiverReport>(), any.downcast_ref::<SenderReport>()) {
            (Some(report), _) => &report.reports,
            (_, Some(report)) => &report.reports,
            _ => return,
        };
        if let Some(report) = reports.iter().find(|report| report.ssrc == self.ssrc) {
            self.take(report);
        }
    }

    fn take(&mut self, report: &ReceptionReport) {
        let now = Instant::now();
        if self.heard.is_some_and(|heard| now < heard + NEXT_AFTER) {
            return;
        }
        self.heard = Some(now);
        if let Some(rtt) = round_trip(report, SystemTime::now()) {
            self.counters.set_rtt(rtt);
        }
        let newest = report.last_sequence_number;
        let expected = self.reported.replace(newest).map_or(TELLING, |before| newest.wrapping_sub(before));
        if expected >= TELLING {
            let lost = f32::from(report.fraction_lost) / 256.0;
            self.counters.set_lost_there(lost);
            let is_scattered =
                u64::from(report.jitter) * 1000 > u64::from(self.clock_hz) * SCATTERED.as_millis() as u64;
            (self.on_loss)(if is_scattered { lost.max(ABOUT_TO_BE_LOST) } else { lost });
        }
    }
}

/// What lies between our report and theirs that names it, less the time they had it (RFC 3550, 6.4.1).
fn round_trip(report: &ReceptionReport, now: SystemTime) -> Option<Duration> {
    if report.last_sender_report == 0 {
        return None;
    }
    let now = now.duration_since(UNIX_EPOCH).ok()?;
    // The middle of an NTP timestamp: 65536ths of a second, which wrap.
    let seconds = now.as_secs() + NTP_EPOCH;
    let now = ((seconds << 16) | (u64::from(now.subsec_nanos()) * 65_536 / 1_000_000_000)) as u32;
    let trip = now.wrapping_sub(report.last_sender_report).wrapping_sub(report.delay);
    Some(Duration::from_secs_f64(f64::from(trip) / 65_536.0)).filter(|trip| *trip < LONGEST_TRIP)
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Reports {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            packets.iter().for_each(|packet| self.read(packet.as_ref()));
        }
        self.inbound.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inbound.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for Reports {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_that_scatter_are_reckoned_with_as_lost_before_they_are() {
        let told = Arc::new(std::sync::Mutex::new(vec![]));
        let on_loss = {
            let told = told.clone();
            Box::new(move |share| told.lock().unwrap().push(share))
        };
        let mut reports = Reports::new(7, 16_000, Arc::default(), on_loss);
        for (n, (jitter, fraction_lost)) in [(16, 0), (160, 0), (160, 64)].into_iter().enumerate() {
            reports.heard = None;
            let last_sequence_number = 50 * (n as u32 + 1);
            reports.take(&ReceptionReport {
                ssrc: 7,
                last_sequence_number,
                jitter,
                fraction_lost,
                ..Default::default()
            });
        }
        assert_eq!(*told.lock().unwrap(), [0.0, ABOUT_TO_BE_LOST, 0.25]);
    }

    #[test]
    fn a_round_trip_is_what_they_did_not_wait() {
        let now = UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        let sent = ((1_700_000_000 + NTP_EPOCH) << 16) as u32;
        let report =
            |last_sender_report, delay| ReceptionReport { last_sender_report, delay, ..Default::default() };
        assert_eq!(round_trip(&report(sent, 0), now), Some(Duration::from_millis(500)));
        assert_eq!(round_trip(&report(sent, 16_384), now), Some(Duration::from_millis(250)));
        assert_eq!(round_trip(&report(0, 0), now), None, "they had none of ours yet");
        assert_eq!(round_trip(&report(sent, 65_536), now), None, "longer than there was");
        assert_eq!(round_trip(&report(sent.wrapping_sub(11 << 16), 0), now), None);
    }
}
