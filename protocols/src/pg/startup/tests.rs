#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use bytes::BufMut;
use proptest::prelude::*;

use super::*;

fn packet(code: u32, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    out.put_u32(u32::try_from(body.len()).unwrap() + 8);
    out.put_u32(code);
    out.put_slice(body);
    out
}

fn started(code: u32, body: &[u8]) -> Startup {
    match take(&mut packet(code, body)).unwrap().unwrap() {
        First::Startup(startup) => startup,
        _ => panic!("no startup"),
    }
}

fn refused(code: u32, body: &[u8]) -> &'static str {
    match take(&mut packet(code, body)) {
        Err(Malformed(what)) => what,
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn a_startup_gives_user_database_and_parameters() {
    let startup = started(VERSION_3_0, b"user\0alice\0database\0shop-db/app\0TimeZone\0UTC\0\0");
    assert_eq!((startup.user.as_str(), startup.database.as_str()), ("alice", "shop-db/app"));
    assert_eq!(startup.parameters["TimeZone"], "UTC");
    assert!(!startup.replication && !startup.negotiates());
}

#[test]
fn the_database_is_the_user_name_where_none_is_named() {
    assert_eq!(started(VERSION_3_0, b"user\0shop-db\0\0").database, "shop-db");
    assert_eq!(started(VERSION_3_0, b"user\0shop-db\0database\0\0\0").database, "shop-db");
}

#[test]
fn an_unknown_minor_version_or_protocol_option_is_negotiated() {
    assert!(!started(VERSION_3_2, b"user\0a\0\0").negotiates());
    let newer = started(VERSION_3_2 + 7, b"user\0a\0\0");
    assert!(newer.negotiates());
    assert_eq!(newer.spoken(), VERSION_3_2);
    let between = started(VERSION_3_0 + 1, b"user\0a\0\0");
    assert!(between.negotiates());
    assert_eq!(between.spoken(), VERSION_3_0);
    let option = started(VERSION_3_0, b"user\0a\0_pq_.x\0on\0\0");
    assert!(option.negotiates());
    assert_eq!(option.unknown_options, ["_pq_.x"]);
}

#[test]
fn a_replication_startup_is_recognised_however_it_is_spelt() {
    for value in ["true", "1", "on", "database", "yes"] {
        assert!(started(VERSION_3_0, format!("user\0a\0replication\0{value}\0\0").as_bytes()).replication);
    }
    assert!(!started(VERSION_3_0, b"user\0a\0replication\0false\0\0").replication);
}

#[test]
fn a_cancel_request_takes_short_and_long_keys() {
    for length in [4, 32, LONGEST_KEY] {
        let mut body = vec![0, 0, 0, 7];
        body.resize(4 + length, 9);
        match take(&mut packet(CANCEL_REQUEST, &body)).unwrap().unwrap() {
            First::Cancel(cancel) => assert_eq!((cancel.pid, cancel.key.len()), (7, length)),
            _ => panic!("no cancel"),
        }
    }
    assert_eq!(refused(CANCEL_REQUEST, &[0; 7]), "cancel request");
    assert_eq!(refused(CANCEL_REQUEST, &[0; 5 + LONGEST_KEY]), "cancel request");
}

#[test]
fn each_malformed_field_is_refused() {
    assert_eq!(refused(VERSION_3_0, b""), "startup parameters");
    assert_eq!(refused(VERSION_3_0, b"user\0alice\0"), "startup parameters");
    assert_eq!(refused(VERSION_3_0, b"user\0alice"), "startup parameters");
    assert_eq!(refused(VERSION_3_0, b"user\0alice\0\0x"), "startup parameters");
    assert_eq!(refused(VERSION_3_0, b"user\0\xff\0\0"), "startup encoding");
    assert_eq!(refused(VERSION_3_0, b"database\0x\0\0"), "startup without a user");
    assert_eq!(refused(VERSION_3_0, b"user\0a\0user\0b\0\0"), "startup parameter given twice");
    assert_eq!(refused(VERSION_3_0, b"user\0a\0x\0b\0x\0b\0\0"), "startup parameter given twice");
    assert_eq!(refused(2 << 16, b"user\0a\0\0"), "protocol version");
    assert_eq!(refused(SSL_REQUEST, b"x"), "protocol version");
}

#[test]
fn a_length_out_of_range_is_refused_at_once() {
    for length in [0_u32, 7, 10_001, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        assert!(take(&mut buffer).is_err());
    }
}

proptest! {
    #[test]
    fn a_packet_is_taken_only_when_it_is_whole(cut in 0_usize..24) {
        let whole = packet(VERSION_3_0, b"user\0alice\0\0x\0\0");
        let whole = packet(VERSION_3_0, &whole[8..20]);
        let cut = cut.min(whole.len() - 1);
        let mut part = BytesMut::from(&whole[..cut]);
        prop_assert!(take(&mut part).unwrap().is_none());
        part.extend_from_slice(&whole[cut..]);
        part.extend_from_slice(b"next");
        prop_assert!(take(&mut part).unwrap().is_some());
        prop_assert_eq!(&part[..], b"next");
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _any = take(&mut BytesMut::from(&bytes[..]));
        let _any = take(&mut packet(VERSION_3_0, &bytes));
    }
}
