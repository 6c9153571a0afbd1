//! What the other side says in RTCP of what it got of ours. The crate hands such reports to nobody, so they are read where they pass;
//! its driver's task runs it.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
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

pub struct Reports {
    ssrc: u32,
    counters: Arc<Counters>,
    on_loss: Box<dyn Fn(f32) + Send + Sync>,
    /// The newest of our packets they had reported.
    reported: Option<u32>,
    heard: Option<Instant>,
    inbound: VecDeque<TaggedPacket>,
    outbound: VecDeque<TaggedPacket>,
}

impl Reports {
    /// `on_loss` is told the share of our packets (of `ssrc`) that did not arrive lately, each time enough were sent to tell.
    pub fn new(ssrc: u32, counters: Arc<Counters>, on_loss: Box<dyn Fn(f32) + Send + Sync>) -> Self {
        let (inbound, outbound) = (VecDeque::new(), VecDeque::new());
        Self { ssrc, counters, on_loss, reported: None, heard: None, inbound, outbound }
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
        let newest = report.last_sequence_number;
        let expected = self.reported.replace(newest).map_or(TELLING, |before| newest.wrapping_sub(before));
        if expected >= TELLING {
            let lost = f32::from(report.fraction_lost) / 256.0;
            self.counters.set_lost_there(lost);
            (self.on_loss)(lost);
        }
    }
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
