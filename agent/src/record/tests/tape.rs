#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ledger::chain;
use proptest::prelude::*;
use proto::event::{Data, decode};
use sha2::{Digest as _, Sha256};

use super::*;

fn tape(exchange: u64, session: u64) -> Tape {
    Tape::new(Limits { exchange, session }, Head::START)
}

/// The events a tape holds, checked to be a chain.
fn events(tape: &mut Tape) -> Vec<Event> {
    let frames = Bytes::copy_from_slice(tape.frames());
    let (records, used) = frame::split(&frames);
    assert_eq!(used, frames.len());
    let events: Vec<_> = records.iter().map(|record| decode(record).unwrap()).collect();
    let entries: Vec<_> = std::iter::zip(&events, &records)
        .map(|(event, bytes)| chain::Record { seq: event.seq, prev: &event.prev, bytes })
        .collect();
    chain::verify(&entries, Some(tape.head())).unwrap();
    events
}

fn kinds(tape: &mut Tape) -> Vec<Kind> {
    events(tape).into_iter().map(|event| event.kind.unwrap()).collect()
}

#[test]
fn a_data_record_is_encoded_as_the_contract_says() {
    for length in [1, 100, 128, DIRECT, MAX_DATA] {
        let bytes = vec![7; length];
        let mut tape = tape(u64::MAX, u64::MAX);
        tape.data(Exchange(3), Stream::Err, &bytes);
        let frames = Bytes::copy_from_slice(tape.frames());
        let record = frame::split(&frames).0.remove(0);
        let event = decode(&record).unwrap();
        assert_eq!(event.exchange, 3);
        assert_eq!(event.kind, Some(Kind::Data(Data { stream: Stream::Err.into(), bytes: bytes.into() })));
        assert_eq!(proto::event::encode(&event), record);
    }
}

#[test]
fn small_pieces_of_one_stream_become_one_event_and_keep_their_place() {
    let mut tape = tape(u64::MAX, u64::MAX);
    let exchange = tape.begin(Request::default());
    tape.data(exchange, Stream::Out, b"ab");
    tape.data(exchange, Stream::Out, b"cd");
    tape.data(exchange, Stream::Err, b"!");
    tape.data(exchange, Stream::Out, b"ef");
    tape.event(exchange.0, Kind::Resized(Default::default()));
    tape.data(exchange, Stream::Out, b"gh");
    let data = |stream: Stream, bytes: &'static [u8]| {
        Kind::Data(Data { stream: stream.into(), bytes: Bytes::from_static(bytes) })
    };
    assert_eq!(
        kinds(&mut tape)[1..],
        [
            data(Stream::Out, b"abcd"),
            data(Stream::Err, b"!"),
            data(Stream::Out, b"ef"),
            Kind::Resized(Default::default()),
            data(Stream::Out, b"gh"),
        ]
    );
}

#[test]
fn an_unfinished_request_is_aborted_when_the_session_closes() {
    let mut tape = tape(4, 100);
    let first = tape.begin(Request::default());
    let second = tape.begin(Request::default());
    tape.data(first, Stream::Out, b"123456");
    tape.data(second, Stream::In, b"1");
    tape.completed(second, Completed { outcome: "ok".into(), ..Default::default() });
    tape.closed(Closed { code: "SP-KILLED".into(), ..Default::default() });
    let events = events(&mut tape);
    let [.., truncated, aborted, closed] = &events[..] else { panic!("too few events") };
    assert!(matches!(&truncated.kind, Some(Kind::Truncated(t)) if t.omitted_bytes == 2 && truncated.exchange == 1));
    assert!(
        matches!(&aborted.kind, Some(Kind::Completed(c)) if c.outcome == "aborted" && c.code == "SP-KILLED" && c.bytes_out == 6)
    );
    assert!(matches!(&closed.kind, Some(Kind::Closed(c)) if (c.requests, c.bytes_out, c.bytes_in) == (2, 6, 1)));
}

#[test]
fn what_is_filled_in_never_overrides_what_a_driver_knows() {
    let mut tape = tape(100, 100);
    let exchange = tape.begin(Request::default());
    tape.data(exchange, Stream::Out, b"four");
    tape.completed(exchange, Completed { bytes_out: 40, ..Default::default() });
    let Some(Kind::Completed(completed)) = kinds(&mut tape).pop() else { panic!("no completion") };
    assert_eq!((completed.bytes_out, completed.bytes_in), (40, 0));
    assert!(completed.duration_ns > 0);
}

#[test]
fn an_overlong_request_is_cut_counted_and_hashed() {
    let mut tape = tape(100, 100);
    let text = "é".repeat(700_000);
    tape.begin(Request { text: text.clone(), ..Default::default() });
    let kinds = kinds(&mut tape);
    let [Kind::Request(request), Kind::Truncated(truncated)] = &kinds[..] else { panic!("unexpected events") };
    assert_eq!(request.text.len(), 1 << 20);
    let rest = &text.as_bytes()[1 << 20..];
    assert_eq!(truncated.omitted_bytes, rest.len() as u64);
    assert_eq!(truncated.omitted_sha256, Sha256::digest(rest).to_vec());
    assert_eq!(truncated.stream(), Stream::Unspecified);
}

#[test]
fn too_many_unfinished_requests_break_the_recording_instead_of_filling_memory() {
    let mut tape = tape(100, 100);
    for _ in 0..MAX_OPEN {
        tape.begin(Request::default());
    }
    assert!(!tape.overflowed());
    tape.begin(Request::default());
    assert!(tape.overflowed());
}

proptest! {
    #[test]
    fn what_is_kept_and_what_is_left_out_are_the_whole(
        pieces in prop::collection::vec((1..3_u64, 1..4_i32, 0..300_usize), 0..60),
        exchange_limit in 0..4000_u64,
        session_limit in 0..6000_u64,
    ) {
        let mut tape = tape(exchange_limit, session_limit);
        let mut sent: HashMap<(u64, i32), Vec<u8>> = HashMap::new();
        for _ in 0..2 {
            tape.begin(Request::default());
        }
        for (index, (exchange, stream, length)) in pieces.into_iter().enumerate() {
            let bytes = vec![index as u8; length];
            tape.data(Exchange(exchange), stream.try_into().unwrap(), &bytes);
            sent.entry((exchange, stream)).or_default().extend(bytes);
        }
        tape.completed(Exchange(1), Completed::default());
        tape.completed(Exchange(2), Completed::default());
        let mut kept: HashMap<(u64, i32), Vec<u8>> = HashMap::new();
        let mut per_exchange: HashMap<u64, u64> = HashMap::new();
        for event in events(&mut tape) {
            match event.kind.unwrap() {
                Kind::Data(data) => {
                    *per_exchange.entry(event.exchange).or_default() += data.bytes.len() as u64;
                    kept.entry((event.exchange, data.stream)).or_default().extend(data.bytes);
                }
                Kind::Truncated(truncated) => {
                    let whole = &sent[&(event.exchange, truncated.stream)];
                    let kept = kept.entry((event.exchange, truncated.stream)).or_default();
                    let rest = &whole[kept.len()..];
                    prop_assert_eq!(truncated.omitted_bytes, rest.len() as u64);
                    prop_assert_eq!(truncated.omitted_sha256, Sha256::digest(rest).to_vec());
                    kept.extend(rest);
                }
                _ => {}
            }
        }
        prop_assert!(per_exchange.values().all(|kept| *kept <= exchange_limit));
        prop_assert!(per_exchange.values().sum::<u64>() <= session_limit);
        sent.retain(|_, bytes| !bytes.is_empty());
        prop_assert_eq!(sent, kept);
    }
}
