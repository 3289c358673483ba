#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{cell::RefCell, sync::Arc};

use masking::{Label, Masker};
use policy::Verdict;

use super::*;
use crate::filter::guard::{Decision, Sent};

/// Refuses whatever removes something, and everything about `/secret`.
struct NoRemoving(Arc<Masker>);

impl Guard for NoRemoving {
    fn decide(&self, judged: &Arc<Judged>) -> Arc<Decision> {
        let facts = &judged.facts;
        let refuse =
            facts.functions.iter().any(|function| function.name == "sftp-remove") || facts.paths.contains("/secret");
        let mut verdict = Verdict::refused("files stay");
        if refuse {
            verdict.rules = vec!["files-stay".to_owned()];
        } else {
            verdict.outcome = policy::Outcome::Forward;
        }
        Arc::new(Decision::new(verdict, ""))
    }

    fn wants_arguments(&self) -> bool {
        false
    }

    fn next_byte(&self, _: u64, _: u64) -> Option<u64> {
        None
    }

    fn next_row(&self, _: u64, _: u64) -> Option<u64> {
        None
    }

    fn decide_again(&self, judged: &Judged, _: Sent, _: Sent) -> Arc<Decision> {
        self.decide(&Arc::new(Judged {
            facts: judged.facts.clone(),
            record: Arc::clone(&judged.record),
            key: judged.key,
        }))
    }

    fn sent(&self, _: u64, _: u64) {}

    fn masker(&self, _: &Decision) -> Arc<Masker> {
        Arc::clone(&self.0)
    }
}

#[derive(Default)]
struct Kept(RefCell<Vec<String>>);

impl Journal for Kept {
    fn begin(&self, request: Request) -> u64 {
        let mut kept = self.0.borrow_mut();
        kept.push(format!("{}: {}", request.operation, request.text));
        kept.len() as u64
    }

    fn refused(&self, exchange: u64, refused: Refused) {
        self.0.borrow_mut().push(format!("refused {exchange} by {}", refused.rule));
    }

    fn completed(&self, exchange: u64, completed: Completed) {
        self.0.borrow_mut().push(format!("completed {exchange} {} {}", completed.outcome, completed.status));
    }
}

fn packet(tag: u8, id: u32, texts: &[&[u8]], tail: &[u8]) -> Vec<u8> {
    let mut body = vec![tag];
    body.extend(id.to_be_bytes());
    for text in texts {
        body.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        body.extend_from_slice(text);
    }
    body.extend_from_slice(tail);
    let mut packet = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    packet.extend(body);
    packet
}

fn open(id: u32, path: &str, flags: u32) -> Vec<u8> {
    packet(3, id, &[path.as_bytes()], &[&flags.to_be_bytes()[..], &0_u32.to_be_bytes()].concat())
}

fn masker() -> Arc<Masker> {
    Arc::new(Masker::new(&[Label::Card]))
}

fn run(input: &[u8], chunk: usize) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let (guard, kept) = (NoRemoving(masker()), Kept::default());
    let mut sftp = Sftp::new(masker());
    let (mut forward, mut own) = (Vec::new(), Vec::new());
    for piece in input.chunks(chunk) {
        sftp.request(piece, &guard, &kept, &mut forward).unwrap();
    }
    sftp.take_own(&mut own);
    (forward, own, kept.0.into_inner())
}

#[test]
fn what_is_refused_never_reaches_the_target_and_is_answered_with_the_reason() {
    let init = [0, 0, 0, 5, 1, 0, 0, 0, 3].to_vec();
    let (read, removed, renamed) =
        (open(1, "/srv/a", 1), packet(13, 2, &[b"/srv/a"], &[]), packet(18, 3, &[b"/srv/a", b"/srv/b"], &[]));
    let input = [init.clone(), read.clone(), removed, renamed.clone()].concat();
    for chunk in [1, 7, input.len()] {
        let (forward, own, kept) = run(&input, chunk);
        assert_eq!(forward, [init.clone(), read.clone(), renamed.clone()].concat());
        assert_eq!(own[4..13], [101, 0, 0, 0, 2, 0, 0, 0, 3]);
        let text = String::from_utf8_lossy(&own).into_owned();
        assert!(text.contains("files stay") && text.contains("files-stay"), "{text}");
        assert_eq!(kept[0], "sftp-read: read /srv/a");
        assert_eq!(kept[1], "sftp-remove: remove /srv/a");
        assert_eq!(kept[2], "refused 2 by files-stay");
        assert!(kept.contains(&"sftp-write: rename /srv/a -> /srv/b".to_owned()));
    }
}

#[test]
fn paths_are_judged_in_one_spelling() {
    for path in ["/secret", "//secret", "/./secret", "/x/../secret", "/secret/"] {
        assert!(run(&open(1, path, 1), 999).0.is_empty(), "{path}");
        assert!(run(&packet(17, 1, &[path.as_bytes()], &[]), 999).0.is_empty(), "{path}");
        let linked = packet(200, 1, &[b"hardlink@openssh.com", path.as_bytes(), b"/tmp/x"], &[]);
        assert!(run(&linked, 999).0.is_empty(), "{path}");
    }
}

#[test]
fn opening_for_writing_is_another_function_than_reading() {
    let facts = |flags| Operation::read(&open(1, "/etc/x", flags)).unwrap().facts().unwrap();
    let name = |facts: policy::Facts| facts.functions.first().unwrap().name.clone();
    assert_eq!(name(facts(1)), "sftp-read");
    for flags in [2, 3, 8, 0x1a, 4 | 2, 0x10] {
        assert_eq!(name(facts(flags)), "sftp-write");
        assert_eq!(facts(flags).writes.len(), 1);
    }
    assert_eq!(facts(2).effect(), policy::Effect::Admin, "a file of the system");
}

/// Opens a file that holds this and reads it in pieces; what the client got, and what was written down.
fn fetch(sftp: &mut Sftp, content: &[u8], piece: usize) -> (Vec<u8>, Vec<String>) {
    let (guard, kept, mut shown) = (NoRemoving(masker()), Kept::default(), Vec::new());
    let mut forward = Vec::new();
    sftp.request(&open(1, "/srv/a", 1), &guard, &kept, &mut forward).unwrap();
    sftp.answer(&packet(102, 1, &[b"h"], &[]), &kept, &mut shown).unwrap();
    shown.clear();
    for (at, _) in content.chunks(piece).enumerate() {
        forward.clear();
        let tail = [&((at * piece) as u64).to_be_bytes()[..], &u32::try_from(piece).unwrap().to_be_bytes()].concat();
        sftp.request(&packet(5, 7, &[b"h"], &tail), &guard, &kept, &mut forward).unwrap();
        while let Some(range) = forward.last_chunk::<12>().filter(|_| !forward.is_empty()) {
            let from = usize::try_from(u64::from_be_bytes(range[..8].try_into().unwrap())).unwrap();
            let length = u32::from_be_bytes(range[8..].try_into().unwrap()) as usize;
            let there = &content[from.min(content.len())..(from + length).min(content.len())];
            let answer = match there {
                [] => packet(101, 7, &[], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
                there => packet(103, 7, &[there], &[]),
            };
            sftp.answer(&answer, &kept, &mut shown).unwrap();
            forward = sftp.take_asks();
        }
        sftp.take_own(&mut shown);
    }
    (shown, kept.0.into_inner())
}

/// What the data packets hold, one after the other.
fn contents(mut shown: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(head) = shown.first_chunk::<4>() {
        let (packet, rest) = shown.split_at(4 + u32::from_be_bytes(*head) as usize);
        all.extend_from_slice(if packet[4] == 103 { &packet[13..] } else { &[] });
        shown = rest;
    }
    all
}

#[test]
fn text_is_masked_on_the_way_out_and_other_content_passes_as_it_is_or_not_at_all() {
    let text = "é: card 4539578763621486.\n".repeat(40);
    for piece in [3, 8, 100, 10_000] {
        let mut sftp = Sftp::new(masker());
        let (shown, _) = fetch(&mut sftp, text.as_bytes(), piece);
        let wanted = text.replace("4539578763621486", &"*".repeat(16));
        assert_eq!(String::from_utf8_lossy(&contents(&shown)), wanted, "{piece}");
        let masked = sftp.take_masked();
        assert_eq!((masked.len(), masked[0].field.as_str(), masked[0].count), (1, "file", 40));
        assert!(sftp.take_masked().is_empty());
    }
    let clean = b"\0\x01\x02\x03 12345 \xff";
    let (shown, _) = fetch(&mut Sftp::new(masker()), clean, 100);
    assert_eq!(shown, packet(103, 7, &[clean], &[]));
    let found = b"\0\x01\x02\x03 4539578763621486 \xff\0\0";
    let (shown, kept) = fetch(&mut Sftp::new(masker()), found, 100);
    assert_eq!(shown[4..13], [101, 0, 0, 0, 7, 0, 0, 0, 3]);
    assert!(String::from_utf8_lossy(&shown).contains("SP-UNINSPECTABLE"));
    assert!(kept.contains(&"refused 3 by ".to_owned()), "{kept:?}");
    let (shown, _) = fetch(&mut Sftp::new(Arc::new(Masker::new(&[]))), found, 100);
    assert_eq!(shown, packet(103, 7, &[found], &[]), "who may see all labels gets everything");
}

#[test]
fn no_version_is_spoken_whose_packets_are_not_read_here() {
    let (guard, kept, mut forward) = (NoRemoving(masker()), Kept::default(), Vec::new());
    let mut sftp = Sftp::new(masker());
    sftp.request(&[0, 0, 0, 5, 1, 0, 0, 0, 6], &guard, &kept, &mut forward).unwrap();
    assert_eq!(forward, [0, 0, 0, 5, 1, 0, 0, 0, 3]);
    assert_eq!(sftp.answer(&[0, 0, 0, 5, 2, 0, 0, 0, 6], &kept, &mut Vec::new()), Err(NotSftp));
    assert_eq!(sftp.answer(&packet(103, 9, &[b"x"], &[]), &kept, &mut Vec::new()), Err(NotSftp));
}

#[test]
fn answers_of_our_own_stand_between_whole_packets() {
    let (guard, kept) = (NoRemoving(masker()), Kept::default());
    let mut sftp = Sftp::new(masker());
    let (mut forward, mut shown) = (Vec::new(), Vec::new());
    let answer = packet(101, 1, &[], &[0, 0, 0, 0]);
    sftp.answer(&answer[..6], &kept, &mut shown).unwrap();
    sftp.request(&packet(13, 2, &[b"x"], &[]), &guard, &kept, &mut forward).unwrap();
    assert!(sftp.has_own() && shown.is_empty());
    sftp.answer(&answer[6..], &kept, &mut shown).unwrap();
    assert!(shown.starts_with(&answer) && shown.len() > answer.len());
}

#[test]
fn what_is_not_sftp_ends_the_channel() {
    let (guard, kept) = (NoRemoving(masker()), Kept::default());
    for input in [
        &[0xff, 0xff, 0xff, 0xff, 1][..],
        &[0, 0, 0, 0],
        &[0, 0, 0, 1, 99],
        &[0, 0, 0, 5, 77, 0, 0, 0, 1],
        &[0, 0, 0, 9, 13, 0, 0, 0, 1, 0, 0, 0, 9],
    ] {
        assert_eq!(Sftp::new(masker()).request(input, &guard, &kept, &mut Vec::new()), Err(NotSftp));
    }
}
