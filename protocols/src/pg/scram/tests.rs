#![allow(clippy::unwrap_used, clippy::panic)]
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::{
    client::Client,
    server::{Challenge, Server},
    *,
};

const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";

/// The server under test against whatever client message.
fn start(mechanism: &str, first: &str, binding: Option<&[u8]>) -> Result<(Server, String), ScramError> {
    let salt = STANDARD.decode(SALT).unwrap();
    Server::start(mechanism, first, &Challenge { nonce: SERVER_NONCE, salt: &salt, rounds: 4096, binding })
}

#[test]
fn the_server_follows_the_example_of_rfc_7677() {
    let (server, reply) = start(PLAIN, &format!("n,,n=user,r={CLIENT_NONCE}"), None).unwrap();
    assert_eq!(reply, format!("r={CLIENT_NONCE}{SERVER_NONCE},s={SALT},i=4096"));
    let proof = server
        .finish(&format!("c=biws,r={CLIENT_NONCE}{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        .unwrap();
    let keys = ClientKeys::derive(b"pencil", &STANDARD.decode(SALT).unwrap(), 4096);
    assert!(proof.fits(&keys.stored_key()));
    assert_eq!(proof.answer(&keys.server_key()), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    let other = ClientKeys::derive(b"Pencil", &STANDARD.decode(SALT).unwrap(), 4096);
    assert!(!proof.fits(&other.stored_key()));
}

#[test]
fn client_and_server_agree_with_and_without_channel_binding() {
    for binding in [None, Some(b"channel".to_vec())] {
        let mechanism = if binding.is_some() { PLUS } else { PLAIN };
        let (client, first) = Client::start(CLIENT_NONCE.into(), binding.clone(), false);
        let (server, reply) = start(mechanism, &first, binding.as_deref()).unwrap();
        let challenged = client.challenged(&reply).unwrap();
        let keys = ClientKeys::derive(b"secret", &challenged.salt, challenged.rounds);
        let (proved, last) = challenged.prove(&keys);
        let proof = server.finish(&last).unwrap();
        assert!(proof.fits(&keys.stored_key()));
        assert_eq!(proved.finish(&proof.answer(&keys.server_key())), Ok(()));
    }
}

#[test]
fn a_stripped_or_foreign_channel_binding_is_refused() {
    let first = |flag: &str| format!("{flag},,n=,r=abc");
    assert_eq!(start(PLAIN, &first("y"), Some(b"x")).err(), Some(ScramError::Binding), "the offer was taken away");
    assert_eq!(start(PLUS, &first("p=tls-unique"), Some(b"x")).err(), Some(ScramError::Binding));
    assert_eq!(start(PLUS, &first("n"), Some(b"x")).err(), Some(ScramError::Binding));
    assert_eq!(start(PLAIN, &first("p=tls-server-end-point"), Some(b"x")).err(), Some(ScramError::Binding));
    assert_eq!(start(PLUS, &first("p=tls-server-end-point"), None).err(), Some(ScramError::Binding), "never offered");
    assert!(start(PLAIN, &first("y"), None).is_ok(), "could bind, nothing offered");

    let (client, first) = Client::start("abc".into(), Some(b"another channel".to_vec()), false);
    let (server, reply) = start(PLUS, &first, Some(b"this channel")).unwrap();
    let challenged = client.challenged(&reply).unwrap();
    let keys = ClientKeys::derive(b"secret", &challenged.salt, 1);
    assert_eq!(server.finish(&challenged.prove(&keys).1).err(), Some(ScramError::Binding));
}

#[test]
fn each_malformed_client_message_is_refused() {
    for first in ["", "n", "n,,", "n,,r=abc", "n,,n=", "n,,n=,r=", "n,,n=,r=a\u{7f}", "n,a=root,n=,r=abc"] {
        assert!(matches!(start(PLAIN, first, None), Err(ScramError::Malformed(_))), "{first:?}");
    }
    let good = format!("c=biws,r=abc{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    let finish = |last: &str| start(PLAIN, "n,,n=,r=abc", None).unwrap().0.finish(last).err();
    assert_eq!(finish(&good), None);
    for last in ["", "c=biws", &good.replace("p=", "q="), &good.replace("r=abc", "r=abd"), &good.replace("dHz", "")] {
        assert!(finish(last).is_some(), "{last:?}");
    }
}

#[test]
fn each_malformed_server_message_is_refused() {
    let challenged = |reply: &str| Client::start("abc".into(), None, false).0.challenged(reply).err();
    assert_eq!(challenged("r=abcdef,s=AAAA,i=4096"), None);
    for reply in [
        "",
        "r=abc,s=AAAA,i=1",
        "r=xyz,s=AAAA,i=1",
        "r=abcd",
        "r=abcd,s=!,i=1",
        "r=abcd,s=AAAA,i=0",
        "r=abcd,s=AAAA,i=x",
    ] {
        assert!(matches!(challenged(reply), Some(ScramError::Malformed(_))), "{reply:?}");
    }
    assert_eq!(challenged("r=abcd,s=AAAA,i=4000000000"), Some(ScramError::Rounds));
}

#[test]
fn a_server_that_does_not_know_the_password_is_found_out() {
    let challenged = Client::start("abc".into(), None, false).0.challenged("r=abcd,s=AAAA,i=2").unwrap();
    let keys = ClientKeys::derive(b"secret", &challenged.salt, 2);
    assert_eq!(challenged.prove(&keys).0.finish("v=AAAA"), Err(ScramError::Signature));
}

#[test]
fn passwords_are_normalised_where_they_can_be() {
    let keys = |password: &[u8]| ClientKeys::derive(password, b"salt", 1).stored_key();
    assert_eq!(keys("I\u{ad}X".as_bytes()), keys(b"IX"), "a soft hyphen maps to nothing");
    assert_eq!(keys("\u{2168}".as_bytes()), keys(b"IX"));
    assert_ne!(keys(b"\xff\xfe"), keys(b""), "bytes that are no text are taken as they are");
}

proptest! {
    #[test]
    fn no_text_makes_either_side_panic(text in "\\PC{0,60}") {
        let _any = start(PLAIN, &text, None).map(|(server, _)| server.finish(&text).err());
        let _any = Client::start("abc".into(), None, true).0.challenged(&text).err();
    }
}
