#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use masking::{Label, Syntax};
use proptest::prelude::*;

use super::*;

const CARD: &str = "4539578763621486";
const MASK: &str = "****************";

/// A target with files, which answers in the order that it is told.
struct Target {
    files: Vec<Vec<u8>>,
    /// The most that it gives at once.
    most: usize,
    asked: Vec<Vec<u8>>,
    total: usize,
}

/// Reads through a target; what the client got, by the number of its read.
struct Session {
    reads: Reads,
    target: Target,
    got: BTreeMap<u32, Result<Vec<u8>, u32>>,
}

fn number(bytes: &[u8]) -> usize {
    u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize
}

fn packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let (packet, rest) = bytes.split_at(4 + number(bytes));
        packets.push(packet.to_vec());
        bytes = rest;
    }
    packets
}

impl Session {
    fn new(files: Vec<Vec<u8>>, most: usize) -> Self {
        let mut reads = Reads::new(Arc::new(Masker::new(&Label::ALL)));
        for place in 0..files.len() {
            reads.opened(handle(place), format!("/{place}")).unwrap();
        }
        Self { reads, target: Target { files, most, asked: Vec::new(), total: 0 }, got: BTreeMap::new() }
    }

    fn note(&mut self, target: &[u8], client: &[u8]) {
        self.target.asked.extend(packets(target));
        for packet in packets(client) {
            let id = u32::try_from(number(&packet[5..])).unwrap();
            let said = match packet[4] {
                103 => Ok(packet[13..].to_vec()),
                101 => Err(u32::try_from(number(&packet[9..])).unwrap()),
                other => unreachable!("{other}"),
            };
            assert!(self.got.insert(id, said).is_none(), "two answers");
        }
    }

    fn read(&mut self, id: u32, file: usize, from: u64, length: u32) {
        let (mut target, mut client) = (Vec::new(), Vec::new());
        let mut way = Way { target: &mut target, client: &mut client };
        self.reads.read(id, &handle(file), from, length, &mut way).unwrap();
        self.note(&target, &client);
    }

    /// The target answers one of the questions that it has.
    fn turn(&mut self, which: usize) -> bool {
        if self.target.asked.is_empty() {
            return false;
        }
        let packet = self.target.asked.remove(which % self.target.asked.len());
        let id = u32::try_from(number(&packet[5..])).unwrap();
        let name = number(&packet[9..]);
        let file = &self.target.files[usize::from(packet[13])];
        let at = usize::try_from(u64::from_be_bytes(packet[13 + name..][..8].try_into().unwrap())).unwrap();
        let length = number(&packet[21 + name..]).min(self.target.most);
        let piece = &file[at.min(file.len())..(at + length).min(file.len())];
        self.target.total += piece.len();
        let (mut target, mut client) = (Vec::new(), Vec::new());
        let mut way = Way { target: &mut target, client: &mut client };
        if piece.is_empty() {
            let mut end = Vec::new();
            status(id, EOF, "End of file", &mut end);
            self.reads.status(id, Bytes::copy_from_slice(&end[9..]), &mut way).unwrap();
        } else {
            self.reads.data(id, Bytes::copy_from_slice(piece), &mut way).unwrap();
        }
        self.note(&target, &client);
        true
    }

    fn rest(&mut self) {
        while self.turn(0) {}
    }

    /// As a client reads a file that has one question at a time.
    fn whole(&mut self, file: usize, length: u32) -> Result<Vec<u8>, u32> {
        let mut whole = Vec::new();
        for id in 0.. {
            self.read(id, file, whole.len() as u64, length);
            self.rest();
            match self.got.remove(&id).unwrap() {
                Ok(piece) => whole.extend(piece),
                Err(EOF) => return Ok(whole),
                Err(other) => return Err(other),
            }
        }
        unreachable!()
    }
}

fn handle(place: usize) -> Bytes {
    Bytes::from(vec![u8::try_from(place).unwrap(), 0, 0, 7])
}

fn masked(file: &[u8]) -> Vec<u8> {
    let mut masked = file.to_vec();
    Masker::new(&Label::ALL).mask(&mut masked, Syntax::Text, &mut Tally::default());
    masked
}

/// A file with cards in it.
fn text(lines: usize) -> Vec<u8> {
    (0..lines)
        .map(|line| format!("{line} é,{CARD},more\n{}", "and so on. ".repeat(line % 5)))
        .collect::<String>()
        .into()
}

#[test]
fn a_file_is_masked_whatever_the_length_of_reads_is() {
    let file = text(3000);
    let wanted = masked(&file);
    assert!(String::from_utf8_lossy(&wanted).contains(MASK) && !String::from_utf8_lossy(&wanted).contains(CARD));
    for length in [8, 100, 1000, 4096, 32_768, 261_120, u32::MAX] {
        for most in [500, 32_768, 261_120] {
            let mut session = Session::new(vec![file.clone()], most);
            assert_eq!(session.whole(0, length).as_ref(), Ok(&wanted), "{length} of {most}");
            assert!(session.target.total < file.len() * 5 / 4, "{length} of {most}: {}", session.target.total);
            assert!(session.reads.waiting.is_empty());
        }
    }
}

#[test]
fn reads_that_are_sent_together_are_not_asked_for_twice() {
    let file = text(20_000);
    let mut session = Session::new(vec![file.clone()], 261_120);
    let count = u32::try_from(file.len() / 32_768 + 2).unwrap();
    for id in 0..count {
        session.read(id, 0, u64::from(id) * 32_768, 32_768);
    }
    assert_eq!(session.target.asked.len(), count as usize);
    session.rest();
    let got: Vec<u8> = session.got.values().filter_map(|said| said.clone().ok()).flatten().collect();
    assert!(got == masked(&file));
    assert!(session.target.total == file.len());
}

#[test]
fn a_short_file_ends_and_may_grow() {
    let mut session = Session::new(vec![b"short".to_vec()], 261_120);
    assert_eq!(session.whole(0, 32_768), Ok(b"short".to_vec()));
    session.target.files[0].extend_from_slice(b" and longer");
    session.read(1, 0, 5, 100);
    session.rest();
    assert_eq!(session.got[&1], Ok(b" and longer".to_vec()));
    session.read(2, 0, 900_000, 100);
    session.read(3, 0, u64::MAX, 100);
    session.read(4, 0, 0, 0);
    session.rest();
    assert_eq!((&session.got[&2], &session.got[&3], &session.got[&4]), (&Err(EOF), &Err(FAILURE), &Err(EOF)));
}

#[test]
fn what_is_read_again_is_asked_for_again() {
    let mut session = Session::new(vec![text(10)], 261_120);
    let _first = session.whole(0, 32_768);
    session.target.files[0] = b"something else".to_vec();
    assert_eq!(session.whole(0, 32_768), Ok(b"something else".to_vec()));
}

#[test]
fn a_binary_with_a_value_is_refused_from_any_place_and_a_clean_one_passes() {
    let clean: Vec<u8> = (0..=255_u8).cycle().take(400_000).collect();
    let mut found = clean.clone();
    found.splice(200_000..200_000, format!("\0{CARD}\0").into_bytes());
    for (file, from, refused) in
        [(&clean, 0, false), (&found, 0, true), (&found, 199_990, true), (&found, 300_000, false)]
    {
        let mut session = Session::new(vec![file.clone()], 261_120);
        session.read(1, 0, from, 261_120);
        session.rest();
        let end = file.len().min(usize::try_from(from).unwrap() + 261_120);
        let wanted = if refused { Err(3) } else { Ok(file[usize::try_from(from).unwrap()..end].to_vec()) };
        assert!(session.got[&1] == wanted, "{from}");
        assert_eq!(session.reads.take_refused().len(), usize::from(refused));
        session.read(2, 0, 0, 10);
        session.rest();
        assert_eq!(session.got[&2].is_err(), refused, "the rest of the file, too");
    }
}

#[test]
fn what_is_packed_is_looked_at_from_its_beginning_wherever_it_is_read() {
    use std::io::Write as _;
    let gzip = |end: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        packer.write_all(&[&text(0), "clean lines\n".repeat(60_000).as_bytes(), end.as_bytes()].concat()).unwrap();
        packer.finish().unwrap()
    };
    let (clean, found) = (gzip("end"), gzip(CARD));
    for (file, refused) in [(clean, false), (found, true)] {
        let from = file.len() - 5000;
        let mut session = Session::new(vec![file.clone()], 261_120);
        session.read(1, 0, from as u64, 32_768);
        session.rest();
        assert_eq!(session.got[&1].is_err(), refused);
        if !refused {
            assert!(session.got.remove(&1) == Some(Ok(file[from..].to_vec())));
            assert!(session.whole(0, 32_768) == Ok(file));
        }
    }
}

#[test]
fn a_closed_file_is_forgotten_and_its_handle_may_come_back() {
    let mut session = Session::new(vec![text(5000)], 1000);
    session.read(1, 0, 0, 32_768);
    session.turn(0);
    session.reads.closed(&handle(0));
    session.reads.opened(handle(0), "/other".into()).unwrap();
    session.rest();
    assert_eq!(session.got[&1], Err(FAILURE));
    assert!(session.reads.files.len() == 1 && session.reads.waiting.is_empty());
    session.reads.closed(&handle(0));
    assert!(session.reads.files.is_empty() && session.reads.names.is_empty());
    session.read(2, 0, 0, 32_768);
    assert_eq!(session.got[&2], Err(FAILURE));
}

#[test]
fn answers_that_nobody_asked_for_end_the_session() {
    let mut session = Session::new(vec![text(5)], 1000);
    let (mut target, mut client) = (Vec::new(), Vec::new());
    let mut way = Way { target: &mut target, client: &mut client };
    assert_eq!(session.reads.data(9, Bytes::from_static(b"x"), &mut way), Err(NotSftp));
    session.reads.read(1, &handle(0), 0, 10, &mut way).unwrap();
    assert_eq!(session.reads.read(1, &handle(0), 0, 10, &mut way), Err(NotSftp), "a number that is in use");
    assert_eq!(session.reads.data(1, Bytes::from(vec![b'x'; 40_000]), &mut way), Err(NotSftp), "more than was asked");
}

#[derive(Clone, Debug)]
enum Step {
    Read(usize, u64, u32),
    /// On from where the last read of the file ended.
    On(usize, u32),
    Turn(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..2_usize, 0..120_000_u64, 1..50_000_u32).prop_map(|(file, from, length)| Step::Read(file, from, length)),
        (0..2_usize, 1..40_u32).prop_map(|(file, length)| Step::On(file, length)),
        (0..2_usize, 1..40_000_u32).prop_map(|(file, length)| Step::On(file, length)),
        (0..100_usize).prop_map(Step::Turn),
        (0..100_usize).prop_map(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_reads_in_any_order_give_the_masked_file(
        steps in proptest::collection::vec(step(), 1..60),
        lines in 0..2500_usize,
        most in prop_oneof![Just(261_120_usize), 100..5000_usize],
    ) {
        let files = vec![text(lines), text(2000).split_off(7)];
        let wanted: Vec<Vec<u8>> = files.iter().map(|file| masked(file)).collect();
        let mut session = Session::new(files, most);
        let (mut asked, mut ends) = (Vec::new(), [0; 2]);
        for step in steps {
            let (file, from, length) = match step {
                Step::Read(file, from, length) => (file, from, length),
                Step::On(file, length) => (file, ends[file], length),
                Step::Turn(which) => {
                    session.turn(which);
                    continue;
                }
            };
            session.read(u32::try_from(asked.len()).unwrap(), file, from, length);
            asked.push((file, usize::try_from(from).unwrap(), length as usize));
            ends[file] = from + u64::from(length);
        }
        session.rest();
        for (id, (file, from, length)) in asked.into_iter().enumerate() {
            let wanted = &wanted[file];
            let piece = &wanted[from.min(wanted.len())..(from + length).min(wanted.len())];
            let said = &session.got[&u32::try_from(id).unwrap()];
            let right = match said {
                Ok(got) => got == piece,
                Err(code) => *code == EOF && piece.is_empty(),
            };
            prop_assert!(right, "{file} {from} {length}: {} of {}", said.as_ref().map_or(0, Vec::len), piece.len());
        }
        prop_assert!(session.reads.waiting.is_empty());
    }
}
