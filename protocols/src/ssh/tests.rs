#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ._@:äß-]{0,40}"
}

fn address() -> impl Strategy<Value = Address> {
    (text(), 0u32..=65535).prop_map(|(host, port)| Address { host, port })
}

fn data() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn request() -> impl Strategy<Value = Request> {
    let pty = (text(), any::<[u32; 4]>(), 0usize..20).prop_map(|(term, [columns, rows, width, height], modes)| {
        Request::Pty(Pty { term, columns, rows, width, height, modes: Bytes::from(vec![7; modes * 5]) })
    });
    prop_oneof![
        pty,
        (text(), text()).prop_map(|(name, value)| Request::Env { name, value }),
        Just(Request::Shell),
        data().prop_map(Request::Exec),
        text().prop_map(Request::Subsystem),
        any::<[u32; 4]>().prop_map(|[columns, rows, width, height]| Request::WindowChange {
            columns,
            rows,
            width,
            height
        }),
        text().prop_map(Request::Signal),
        any::<u32>().prop_map(Request::Break),
        any::<u32>().prop_map(Request::ExitStatus),
        (text(), any::<bool>(), text())
            .prop_map(|(name, core_dumped, message)| { Request::ExitSignal { name, core_dumped, message } }),
        any::<bool>().prop_map(Request::XonXoff),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let channel = || any::<u32>().prop_map(Channel);
    let kind = prop_oneof![
        Just(OpenKind::Session),
        (address(), address()).prop_map(|(to, from)| OpenKind::DirectTcpip { to, from }),
        (address(), address()).prop_map(|(to, from)| OpenKind::ForwardedTcpip { to, from }),
    ];
    prop_oneof![
        (channel(), kind, 0..MAX_WINDOW).prop_map(|(channel, kind, window)| Message::Open { channel, kind, window }),
        (channel(), 0..MAX_WINDOW).prop_map(|(channel, window)| Message::OpenConfirm { channel, window }),
        (channel(), any::<u32>(), text())
            .prop_map(|(channel, reason, text)| { Message::OpenFailure { channel, reason, text } }),
        (channel(), data()).prop_map(|(channel, data)| Message::Data { channel, data }),
        (channel(), any::<u32>(), data())
            .prop_map(|(channel, stream, data)| { Message::ExtendedData { channel, stream, data } }),
        (channel(), 0..MAX_WINDOW).prop_map(|(channel, bytes)| Message::WindowAdjust { channel, bytes }),
        channel().prop_map(Message::Eof),
        channel().prop_map(Message::Close),
        (channel(), any::<bool>(), request())
            .prop_map(|(channel, want_reply, request)| { Message::Request { channel, want_reply, request } }),
        channel().prop_map(Message::Success),
        channel().prop_map(Message::Failure),
        address().prop_map(Message::Forward),
        address().prop_map(Message::CancelForward),
        (0u32..=65535).prop_map(|port| Message::ForwardSuccess { port }),
        text().prop_map(|text| Message::ForwardFailure { text }),
    ]
}

fn decode_all(decoder: &mut Decoder, piece: Bytes) -> Result<Vec<Message>, Malformed> {
    decoder.feed(piece);
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

fn refusal(frame: &[u8]) -> Malformed {
    let mut bytes = (frame.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(frame);
    decode_all(&mut Decoder::new(), bytes.into()).unwrap_err()
}

proptest! {
    #[test]
    fn every_split_gives_the_same_messages(
        messages in proptest::collection::vec(message(), 1..12),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
    ) {
        let mut stream = Vec::new();
        for message in &messages {
            message.encode(&mut stream);
        }
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let stream = Bytes::from(stream);
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for pair in at.windows(2) {
            seen.extend(decode_all(&mut decoder, stream.slice(pair[0]..pair[1])).unwrap());
        }
        prop_assert_eq!(seen, messages);
        prop_assert!(decoder.is_empty());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _any = decode_all(&mut Decoder::new(), bytes.into());
    }

    #[test]
    fn an_outbox_sends_everything_in_order_and_never_more_than_granted(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..70_000), 1..8),
        grants in proptest::collection::vec(0u32..60_000, 0..30),
    ) {
        let channel = Channel(0);
        let mut outbox = Outbox::new();
        outbox.message(Message::Open { channel, kind: OpenKind::Session, window: WINDOW });
        let (mut decoder, mut sent, mut granted) = (Decoder::new(), Vec::new(), 0usize);
        let mut ended = false;
        let mut collect = |outbox: &mut Outbox, granted: usize| {
            for message in decode_all(&mut decoder, outbox.take().into()).unwrap() {
                match message {
                    Message::Data { data, .. } => { assert!(!ended); sent.extend_from_slice(&data) }
                    Message::Eof(_) => ended = true,
                    _ => {}
                }
            }
            assert!(sent.len() <= granted);
            (sent.len(), ended)
        };
        let total: Vec<u8> = pieces.concat();
        let mut grants = grants.into_iter();
        for piece in &pieces {
            outbox.data(channel, piece);
            let more = grants.next().unwrap_or(0);
            outbox.grant(channel, more);
            granted += more as usize;
            collect(&mut outbox, granted);
        }
        outbox.message(Message::Eof(channel));
        for more in grants.chain([u32::try_from(total.len()).unwrap()]) {
            outbox.grant(channel, more);
            granted += more as usize;
            collect(&mut outbox, granted);
        }
        let (length, ended) = collect(&mut outbox, granted);
        prop_assert_eq!(length, total.len());
        prop_assert!(ended);
        prop_assert!(outbox.is_empty());
        prop_assert_eq!(sent, total);
    }
}

#[test]
fn a_frame_without_content_or_beyond_the_limit_is_refused() {
    let mut decoder = Decoder::new();
    assert_eq!(decode_all(&mut decoder, Bytes::from_static(&[0, 0, 0, 0])), Err(Malformed::FrameLength(0)));
    let length = MAX_FRAME as u32 + 1;
    let mut decoder = Decoder::new();
    assert_eq!(
        decode_all(&mut decoder, Bytes::from(length.to_be_bytes().to_vec())),
        Err(Malformed::FrameLength(MAX_FRAME + 1))
    );
}

#[test]
fn unknown_tags_are_refused() {
    assert_eq!(refusal(&[99]), Malformed::Tag(99));
    assert_eq!(refusal(&[1, 0, 0, 0, 0, 0, 0, 0, 9, 77]), Malformed::Tag(77));
    assert_eq!(refusal(&[9, 0, 0, 0, 0, 1, 55]), Malformed::Tag(55));
}

#[test]
fn frames_that_end_early_or_go_on_are_refused() {
    assert_eq!(refusal(&[7, 0, 0, 0]), Malformed::Short);
    assert_eq!(refusal(&[7, 0, 0, 0, 1, 9]), Malformed::LeftOver(1));
    assert_eq!(refusal(&[15, 0, 0, 0, 5, b'a']), Malformed::Short);
}

#[test]
fn a_flag_must_be_zero_or_one() {
    assert_eq!(refusal(&[9, 0, 0, 0, 0, 2, 3]), Malformed::Flag(2));
}

#[test]
fn texts_must_be_utf8_without_nul_and_within_the_limit() {
    assert_eq!(refusal(&[15, 0, 0, 0, 1, 0xff]), Malformed::Text);
    assert_eq!(refusal(&[15, 0, 0, 0, 1, 0]), Malformed::Text);
    assert_eq!(refusal(&[15, 0, 1, 0, 0]), Malformed::FieldLength(65536));
}

#[test]
fn windows_ports_and_modes_out_of_range_are_refused() {
    assert_eq!(refusal(&[6, 0, 0, 0, 0, 0xff, 0, 0, 0]), Malformed::Range);
    assert_eq!(refusal(&[14, 0, 1, 0, 0]), Malformed::Range);
    let mut pty = Vec::new();
    let request = Request::Pty(Pty {
        term: "x".into(),
        columns: 80,
        rows: 24,
        width: 0,
        height: 0,
        modes: Bytes::from_static(&[1, 0, 0]),
    });
    Message::Request { channel: Channel(0), want_reply: true, request }.encode(&mut pty);
    assert_eq!(refusal(&pty[4..]), Malformed::Range);
}

#[test]
fn a_command_beyond_the_limit_is_refused() {
    let mut frame = Vec::new();
    let request = Request::Exec(Bytes::from(vec![b'x'; MAX_COMMAND + 1]));
    Message::Request { channel: Channel(0), want_reply: true, request }.encode(&mut frame);
    assert_eq!(refusal(&frame[4..]), Malformed::FieldLength(MAX_COMMAND + 1));
}

#[test]
fn a_signal_does_not_wait_behind_input_but_an_end_of_input_does() {
    let channel = Channel(2);
    let mut outbox = Outbox::new();
    outbox.message(Message::Open { channel, kind: OpenKind::Session, window: WINDOW });
    outbox.data(channel, b"waits");
    outbox.message(Message::Eof(channel));
    let signal = Message::Request { channel, want_reply: false, request: Request::Signal("INT".into()) };
    outbox.message(signal.clone());
    let sent = decode_all(&mut Decoder::new(), outbox.take().into()).unwrap();
    assert_eq!(sent[1..], [signal]);
    outbox.grant(channel, 100);
    let sent = decode_all(&mut Decoder::new(), outbox.take().into()).unwrap();
    assert_eq!(sent, [Message::Data { channel, data: Bytes::from_static(b"waits") }, Message::Eof(channel)]);
}

#[test]
fn a_waiting_channel_does_not_hold_back_another() {
    let mut outbox = Outbox::new();
    for channel in [Channel(0), Channel(2)] {
        outbox.message(Message::Open { channel, kind: OpenKind::Session, window: WINDOW });
    }
    outbox.data(Channel(0), b"waits");
    outbox.grant(Channel(2), 10);
    outbox.data(Channel(2), b"goes");
    let sent = decode_all(&mut Decoder::new(), outbox.take().into()).unwrap();
    assert_eq!(sent.last(), Some(&Message::Data { channel: Channel(2), data: Bytes::from_static(b"goes") }));
    assert_eq!(outbox.len(), 5);
    outbox.forget(Channel(0));
    assert!(outbox.is_empty());
}

#[test]
fn a_sender_that_ignores_the_window_is_found_out() {
    let mut window = Receive::new();
    assert_eq!(window.received(WINDOW as usize), Ok(()));
    assert_eq!(window.received(1), Err(WindowExceeded));
    assert_eq!(window.consumed(1), None);
    assert_eq!(window.consumed(WINDOW as usize / 4), Some(WINDOW / 4 + 1));
    assert_eq!(window.received(WINDOW as usize / 4), Ok(()));
}

#[test]
fn a_queue_joins_small_pieces_and_keeps_the_order() {
    let data = |data: &'static [u8]| Message::Data { channel: Channel(0), data: Bytes::from_static(data) };
    let mut queue = Queue::new();
    for message in [data(b"a"), data(b"b"), Message::Eof(Channel(0)), data(b"c")] {
        queue.push(message);
    }
    let seen: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    assert_eq!(seen, [data(b"ab"), Message::Eof(Channel(0)), data(b"c")]);
}

#[test]
fn a_large_payload_is_split_between_frames() {
    let mut bytes = Vec::new();
    for n in 0..10 {
        Message::Data { channel: Channel(n), data: Bytes::from(vec![7; 100]) }.encode(&mut bytes);
    }
    let mut bytes = Bytes::from(bytes);
    let mut seen = 0;
    while !bytes.is_empty() {
        let payload = split_payload(&mut bytes, 250);
        seen += decode_all(&mut Decoder::new(), payload).unwrap().len();
    }
    assert_eq!(seen, 10);
}
