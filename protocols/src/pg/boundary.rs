//! Where frames end in a stream that is passed on unread. The gateway needs to know it for one thing: an error of its own
//! may only be put between two frames.

/// Follows a stream of frames. Costs a few instructions per frame and keeps five bytes.
#[derive(Clone, Debug, Default)]
pub struct Boundary {
    /// Bytes of the current frame's body still to come.
    left: usize,
    /// The header so far.
    header: [u8; 5],
    have: usize,
}

impl Boundary {
    /// Whether the stream stands between two frames.
    #[must_use]
    pub fn between(&self) -> bool {
        self.left == 0 && self.have == 0
    }

    /// Passes over `bytes`.
    pub fn advance(&mut self, mut bytes: &[u8]) {
        loop {
            let skip = self.left.min(bytes.len());
            self.left -= skip;
            bytes = bytes.get(skip..).unwrap_or_default();
            if bytes.is_empty() {
                return;
            }
            if let (0, Some((header, rest))) = (self.have, bytes.split_first_chunk::<5>()) {
                self.left = body(header);
                bytes = rest;
                continue;
            }
            let Some((&byte, rest)) = bytes.split_first() else { return };
            if let Some(place) = self.header.get_mut(self.have) {
                *place = byte;
            }
            self.have += 1;
            bytes = rest;
            if self.have == self.header.len() {
                self.left = body(&self.header);
                self.have = 0;
            }
        }
    }
}

fn body(header: &[u8; 5]) -> usize {
    let [_, a, b, c, d] = *header;
    (u32::from_be_bytes([a, b, c, d]) as usize).saturating_sub(4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_without_a_body_ends_at_its_header() {
        let mut boundary = Boundary::default();
        boundary.advance(&[b'1', 0, 0, 0, 4]);
        assert!(boundary.between());
        boundary.advance(b"D");
        assert!(!boundary.between());
    }

    proptest! {
        #[test]
        fn every_split_finds_the_same_boundaries(
            bodies in prop::collection::vec(0_usize..40, 1..8),
            cuts in prop::collection::vec(1_usize..9, 1..200),
        ) {
            let mut stream = Vec::new();
            let mut ends = vec![0];
            for body in bodies {
                stream.push(b'D');
                stream.extend_from_slice(&(u32::try_from(body).unwrap() + 4).to_be_bytes());
                stream.resize(stream.len() + body, 7);
                ends.push(stream.len());
            }
            let mut boundary = Boundary::default();
            let mut at = 0;
            for cut in cuts {
                let next = (at + cut).min(stream.len());
                boundary.advance(stream.get(at..next).unwrap());
                at = next;
                prop_assert_eq!(boundary.between(), ends.contains(&at));
            }
        }
    }
}
