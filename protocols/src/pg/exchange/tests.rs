#![allow(clippy::unwrap_used)]
use super::*;

type Queue = Exchange<&'static str>;

fn sent(queue: &mut Queue, asks: &[(Ask, &'static str)]) {
    for (ask, mark) in asks {
        queue.sent(*ask, mark).unwrap();
    }
}

/// The marks that end, in order, as the replies come.
fn ends(queue: &mut Queue, replies: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut out = Vec::new();
    for tag in replies {
        match queue.received(*tag)? {
            Answer::Done(mark) => out.push(format!("{mark} done")),
            Answer::Failed { first, skipped } => {
                out.push(format!("{first} failed"));
                out.extend(skipped.iter().map(|mark| format!("{mark} skipped")));
            }
            Answer::Ready(Some(mark)) => out.push(format!("{mark} over")),
            Answer::Ready(None) => out.push("ready".into()),
            Answer::Aside | Answer::Part => {}
        }
    }
    Ok(out)
}

#[test]
fn a_simple_query_of_several_statements_ends_with_ready() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Query, "q1"), (Ask::Query, "q2")]);
    assert_eq!(ends(&mut queue, b"TDDCTDCNSCZIZ").unwrap(), ["q1 over", "q2 over"]);
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn a_failing_simple_query_skips_nothing() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Query, "q1"), (Ask::Query, "q2")]);
    assert_eq!(ends(&mut queue, b"TDEZCZ").unwrap(), ["q1 over", "q2 over"]);
}

#[test]
fn an_extended_query_is_answered_step_by_step() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Parse, "p"), (Ask::DescribeStatement, "s"), (Ask::Bind, "b"), (Ask::DescribePortal, "d")]);
    sent(&mut queue, &[(Ask::Execute, "e"), (Ask::Close, "c")]);
    queue.synced();
    let wanted = ["p done", "s done", "b done", "d done", "e done", "c done", "ready"];
    assert_eq!(ends(&mut queue, b"1tT2TDDDC3Z").unwrap(), wanted);
}

#[test]
fn an_error_in_a_pipeline_skips_to_the_next_sync() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Parse, "p1"), (Ask::Bind, "b1"), (Ask::Execute, "e1")]);
    queue.synced();
    sent(&mut queue, &[(Ask::Bind, "b2"), (Ask::Execute, "e2")]);
    queue.synced();
    let wanted = ["p1 done", "b1 failed", "e1 skipped", "ready", "b2 done", "e2 done", "ready"];
    assert_eq!(ends(&mut queue, b"1EZ2sZ").unwrap(), wanted);
}

#[test]
fn what_is_sent_behind_an_error_is_given_back_until_a_sync() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Parse, "p")]);
    assert_eq!(ends(&mut queue, b"E").unwrap(), ["p failed"]);
    assert_eq!(queue.sent(Ask::Query, "q"), Err("q"), "the server skips even a simple query");
    queue.synced();
    assert_eq!(queue.sent(Ask::Query, "q"), Ok(()));
    assert_eq!(ends(&mut queue, b"ZCZ").unwrap(), ["ready", "q over"]);
}

#[test]
fn an_error_of_the_commit_at_sync_is_followed_by_ready() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Execute, "e")]);
    queue.synced();
    assert_eq!(ends(&mut queue, b"CEZ").unwrap(), ["e done", "ready"]);
}

#[test]
fn copies_of_simple_queries_are_followed() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Query, "in")]);
    assert!(ends(&mut queue, b"G").unwrap().is_empty());
    queue.copy_ended();
    assert_eq!(ends(&mut queue, b"CZ").unwrap(), ["in over"]);
    sent(&mut queue, &[(Ask::Query, "out")]);
    assert_eq!(ends(&mut queue, b"HdddcCZ").unwrap(), ["out over"]);
    sent(&mut queue, &[(Ask::Query, "bad")]);
    assert!(ends(&mut queue, b"GE").unwrap().is_empty());
    queue.copy_ended();
    assert_eq!(ends(&mut queue, b"Z").unwrap(), ["bad over"]);
}

#[test]
fn a_sync_that_the_server_passes_over_in_copy_is_not_waited_for() {
    // libpq: Execute and Sync first, then data, CopyDone and another Sync.
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Bind, "b"), (Ask::Execute, "e")]);
    queue.synced();
    assert_eq!(ends(&mut queue, b"2G").unwrap(), ["b done"]);
    queue.copy_ended();
    queue.synced();
    assert_eq!(ends(&mut queue, b"CZ").unwrap(), ["e done", "ready"]);
    assert_eq!(queue.waiting(), 0);
    assert!(ends(&mut queue, b"Z").is_err());
}

#[test]
fn a_copy_sent_without_waiting_is_followed() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Execute, "e")]);
    queue.copy_ended();
    queue.synced();
    assert_eq!(ends(&mut queue, b"GCZ").unwrap(), ["e done", "ready"]);
}

#[test]
fn a_failing_extended_copy_is_followed_whichever_sync_the_server_met() {
    for replies in [&b"ZQ"[..], b"ZZQ"] {
        let mut queue = Queue::default();
        sent(&mut queue, &[(Ask::Execute, "e")]);
        queue.synced();
        assert_eq!(ends(&mut queue, b"GE").unwrap(), ["e failed"]);
        queue.copy_ended();
        queue.synced();
        for reply in replies {
            match reply {
                b'Q' => {
                    sent(&mut queue, &[(Ask::Query, "q")]);
                    assert_eq!(ends(&mut queue, b"CZ").unwrap(), ["q over"]);
                }
                tag => assert_eq!(ends(&mut queue, &[*tag]).unwrap(), ["ready"]),
            }
        }
    }
}

#[test]
fn a_function_call_ends_with_ready() {
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::FunctionCall, "f")]);
    assert_eq!(ends(&mut queue, b"VZ").unwrap(), ["f over"]);
}

#[test]
fn replies_that_nobody_waits_for_are_refused() {
    for tag in b"12345CDTZIGHcdntsVW" {
        assert!(ends(&mut Queue::default(), &[*tag]).is_err());
    }
    for replies in [&b"Z"[..], b"1", b"d", b"c", b"Gd", b"TG", b"W", b"K", b"R"] {
        let mut queue = Queue::default();
        sent(&mut queue, &[(Ask::Query, "q")]);
        assert!(ends(&mut queue, replies).is_err(), "{replies:?}");
    }
    let mut queue = Queue::default();
    sent(&mut queue, &[(Ask::Execute, "e")]);
    assert!(ends(&mut queue, b"T").is_err());
}

#[test]
fn asides_come_at_any_time() {
    let mut queue = Queue::default();
    assert!(ends(&mut queue, b"NASE").unwrap().is_empty());
    sent(&mut queue, &[(Ask::Query, "q")]);
    assert_eq!(ends(&mut queue, b"NTANDSDCNZA").unwrap(), ["q over"]);
}
