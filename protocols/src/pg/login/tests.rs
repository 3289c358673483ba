//! A login without a socket: [`Accept`] on one side, [`Login`] on the other.
#![allow(clippy::unwrap_used, clippy::panic)]
use proptest::prelude::*;

use super::*;
use crate::pg::{
    accept::{self, Accept, AcceptError, Transport},
    scram::ClientKeys,
    startup::Startup,
};

const SALT: &[u8] = b"the deployment's";
const ROUNDS: u32 = 16;

fn credentials(password: Option<&[u8]>, binding: Option<&[u8]>) -> Credentials {
    Credentials {
        user: "app".into(),
        password: password.map(|password| Zeroizing::new(password.to_vec())),
        binding: binding.map(<[u8]>::to_vec),
        random: [7; 18],
    }
}

/// Moves at most `piece` bytes.
fn carry(from: &mut BytesMut, to: &mut BytesMut, piece: usize) -> bool {
    let moved = from.split_to(piece.min(from.len()));
    to.extend_from_slice(&moved);
    !moved.is_empty()
}

struct Outcome {
    startup: Startup,
    proof_fits: bool,
    login: Result<Greeting, LoginError>,
}

/// Both machines until the login is over, `piece` bytes at a time.
fn face_to_face(
    password: &[u8],
    client: Option<&[u8]>,
    server: Option<&[u8]>,
    piece: usize,
) -> Result<Outcome, AcceptError> {
    let (mut to_server, mut at_server, mut to_client, mut at_client) =
        (BytesMut::new(), BytesMut::new(), BytesMut::new(), BytesMut::new());
    let mut login = Login::start(credentials(Some(password), client), &[("database", "shop-db")], &mut to_server);
    let mut accept = Accept::new(Transport::Plain, server.map(<[u8]>::to_vec));
    let keys = ClientKeys::derive(b"ticket", SALT, ROUNDS);
    let (mut startup, mut proof_fits) = (Startup::default(), false);
    loop {
        let mut moved = carry(&mut to_server, &mut at_server, piece);
        match accept.step(&mut at_server, &mut to_client) {
            Ok(accept::Step::Login(found)) => {
                startup = found;
                accept.challenge("server".into(), SALT.into(), ROUNDS, &mut to_client);
            }
            Ok(accept::Step::Verify(proof)) => {
                proof_fits = proof.fits(&keys.stored_key());
                accept.proved(&proof, &keys.server_key(), &mut to_client);
                encode::authentication(&mut to_client, 0, &[]);
                encode::backend_key(&mut to_client, 1, b"key!");
                encode::frame(&mut to_client, back::READY, |out| out.extend_from_slice(b"I"));
            }
            Ok(_) => {}
            Err(AcceptError::Malformed(Malformed("order of login messages"))) if proof_fits => {}
            Err(error) => return Err(error),
        }
        moved |= carry(&mut to_client, &mut at_client, piece);
        match login.step(&mut at_client, &mut to_server) {
            Ok(Step::More) => {
                assert!(moved || !to_server.is_empty() || !to_client.is_empty(), "nobody has anything to say")
            }
            Ok(Step::Derive { salt, rounds }) => {
                let keys = ClientKeys::derive(login.password(), &salt, rounds);
                login.keys(&keys, &mut to_server).unwrap();
            }
            Ok(Step::Ready(greeting)) => return Ok(Outcome { startup, proof_fits, login: Ok(greeting) }),
            Err(error) => return Ok(Outcome { startup, proof_fits, login: Err(error) }),
        }
    }
}

proptest! {
    #[test]
    fn login_and_accept_agree_for_every_split(piece in 1_usize..80, bound in any::<bool>()) {
        let binding: Option<&[u8]> = bound.then_some(b"this channel");
        let outcome = face_to_face(b"ticket", binding, binding, piece).unwrap();
        prop_assert!(outcome.proof_fits);
        prop_assert_eq!((outcome.startup.user.as_str(), outcome.startup.database.as_str()), ("app", "shop-db"));
        let greeting = outcome.login.unwrap();
        prop_assert_eq!(&greeting.frames[..], b"Z\0\0\0\x05I", "the cancel key is kept out of the greeting");
        prop_assert_eq!(greeting.cancel.unwrap(), (1, Bytes::from_static(b"key!")));
    }
}

#[test]
fn a_wrong_password_fits_no_key() {
    let outcome = face_to_face(b"tickets", None, None, 100).unwrap();
    assert!(!outcome.proof_fits);
    assert!(matches!(outcome.login, Err(LoginError::Scram(ScramError::Signature))));
}

#[test]
fn a_man_in_the_middle_does_not_pass_channel_binding() {
    assert!(matches!(
        face_to_face(b"ticket", Some(b"his channel"), Some(b"our channel"), 100),
        Err(AcceptError::Scram(ScramError::Binding))
    ));
}

/// What the login says to `answers` of a target.
fn against(password: Option<&[u8]>, answers: &[(u8, &[u8])]) -> (Result<(), LoginError>, BytesMut) {
    let mut out = BytesMut::new();
    let mut login = Login::start(credentials(password, None), &[], &mut out);
    out.clear();
    let mut buffer = BytesMut::new();
    for (tag, body) in answers {
        encode::frame(&mut buffer, *tag, |out| out.extend_from_slice(body));
        if let Err(error) = login.step(&mut buffer, &mut out) {
            return (Err(error), out);
        }
    }
    (Ok(()), out)
}

#[test]
fn an_md5_answer_is_the_one_postgresql_expects() {
    let (result, out) = against(Some(b"secret"), &[(b'R', &[0, 0, 0, 5, 1, 2, 3, 4])]);
    result.unwrap();
    assert_eq!(out.get(5..8), Some(&b"md5"[..]));
    assert_eq!(md5_answer(b"u", b"p", [0; 4]).len(), 36);
}

#[test]
fn a_password_is_sent_only_where_there_is_one() {
    let (result, out) = against(Some(b"secret"), &[(b'R', &[0, 0, 0, 3]), (b'R', &[0, 0, 0, 0])]);
    result.unwrap();
    assert_eq!(out.get(5..), Some(&b"secret\0"[..]));
    assert!(matches!(against(None, &[(b'R', &[0, 0, 0, 3])]).0, Err(LoginError::NoPassword)));
    assert!(matches!(against(None, &[(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0")]).0, Err(LoginError::NoPassword)));
}

#[test]
fn a_target_cannot_skip_its_own_proof() {
    let sasl: (u8, &[u8]) = (b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
    let (result, _) = against(Some(b"x"), &[sasl, (b'R', &[0, 0, 0, 0])]);
    assert!(matches!(result, Err(LoginError::Malformed(_))));
}

#[test]
fn a_refusal_gives_its_sqlstate_and_no_text() {
    let (result, _) = against(None, &[(b'E', b"SFATAL\0C28P01\0Mpassword of app is wrong\0\0")]);
    assert!(matches!(result, Err(LoginError::Refused(state)) if state == "28P01"));
}

#[test]
fn frames_out_of_order_are_refused() {
    for early in [b'Z', b'K', b'S', b'D', b'T'] {
        assert!(against(None, &[(early, b"I")]).0.is_err());
    }
    assert!(matches!(against(None, &[(b'R', &[0, 0, 0, 7])]).0, Err(LoginError::Method(7))));
}

#[test]
fn a_greeting_without_an_end_is_refused() {
    let notice = [b'x'; 4000];
    let mut answers = vec![(b'R', &[0, 0, 0, 0][..])];
    answers.extend(std::iter::repeat_n((b'N', &notice[..]), 20));
    assert!(against(None, &answers).0.is_err());
}
