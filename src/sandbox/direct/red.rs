//! Redundant audio in one packet (RFC 2198): what was sent before, then what is new. Pure.

/// Blocks looked at in a packet; one of ours has two.
const MAX_BLOCKS: usize = 8;
const MORE: u8 = 0x80;

/// One block before the new one, `ago` ticks old. What does not fit its header is left out.
pub(super) fn pack(payload_type: u8, earlier: &[u8], ago: u32, new: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(5 + earlier.len() + new.len());
    if earlier.len() < 1 << 10 && ago < 1 << 14 && !earlier.is_empty() {
        let offset_and_length = ago << 10 | earlier.len() as u32;
        packet.push(MORE | payload_type);
        packet.extend_from_slice(&offset_and_length.to_be_bytes()[1..]);
        packet.push(payload_type);
        packet.extend_from_slice(earlier);
    } else {
        packet.push(payload_type);
    }
    packet.extend_from_slice(new);
    packet
}

/// Blocks of this payload type with their age in ticks, the oldest first; none where the packet contradicts itself.
pub(super) fn unpack(payload_type: u8, mut packet: &[u8]) -> Vec<(u32, &[u8])> {
    let mut headers = Vec::new();
    loop {
        match packet {
            [kind, a, b, c, rest @ ..] if kind & MORE != 0 && headers.len() < MAX_BLOCKS => {
                let word = u32::from_be_bytes([0, *a, *b, *c]);
                headers.push((kind & !MORE, word >> 10, (word & 0x3FF) as usize));
                packet = rest;
            }
            [kind, rest @ ..] if kind & MORE == 0 => {
                headers.push((*kind, 0, usize::MAX));
                packet = rest;
                break;
            }
            _ => return Vec::new(),
        }
    }
    let mut blocks = Vec::new();
    for (kind, ago, length) in headers {
        let length = if length == usize::MAX { packet.len() } else { length };
        let Some((block, rest)) = packet.split_at_checked(length) else { return Vec::new() };
        packet = rest;
        if kind == payload_type && !block.is_empty() {
            blocks.push((ago, block));
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_brings_the_one_before_along() {
        let packet = pack(96, b"before", 640, b"now");
        // F and PT; 14 bits of offset, 10 of length; PT.
        assert_eq!(packet[..5], [0xE0, 0x0A, 0x00, 0x06, 0x60]);
        assert_eq!(unpack(96, &packet), [(640, b"before".as_slice()), (0, b"now".as_slice())]);
        assert_eq!(unpack(96, &pack(96, b"", 640, b"now")), [(0, b"now".as_slice())]);
        assert_eq!(unpack(111, &packet), []);
    }

    #[test]
    fn a_packet_that_is_cut_anywhere_is_no_panic() {
        let packet = pack(96, &[7; 300], 640, &[8; 20]);
        for length in 0..packet.len() {
            assert!(unpack(96, &packet[..length]).len() <= 2);
        }
        assert_eq!(unpack(96, &[0xFF; 400]), []);
    }
}
