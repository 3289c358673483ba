//! Requests to a service that nobody described, against what the policies of a fresh install look at: the corpora are the agent's,
//! which judges them with those policies.

#![allow(clippy::unwrap_used, clippy::panic)]

use functions::http::{Api, Content, Effect, Request, Rules, Wants};

const DANGEROUS: &str = include_str!("../../agent/tests/corpus/http_plain_dangerous.json");
const BENIGN: &str = include_str!("../../agent/tests/corpus/http_plain_benign.json");

/// What would make a fresh install hold or refuse a request; nothing if it passes.
fn stopped(api: &Api, lines: &[String]) -> Option<String> {
    let (content, head) = lines.split_last().unwrap();
    let (method, target) = head.first().unwrap().split_once(' ').unwrap();
    let fields = head.iter().skip(1).map(|line| line.split_once(": ").unwrap());
    let fields: Vec<(String, &str)> = fields.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let fields: Vec<(&[u8], &[u8])> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let request = Request { method, target: target.as_bytes(), fields: &fields, upgrade: false };
    let content = match api.wants(&request) {
        Ok(Wants::Content { most }) if content.len() <= most => Content::Whole(content.as_bytes()),
        Ok(_) if content.is_empty() => Content::Whole(b""),
        Ok(_) => Content::Unread,
        Err(why) => return Some(why.to_string()),
    };
    match api.judge(&request, content) {
        Err(why) => Some(why.to_string()),
        Ok(call) if call.unknown.is_some() => call.unknown,
        Ok(call) if call.functions.values().any(|effect| *effect == Effect::Admin) => Some("admin".into()),
        Ok(call) => call.money.then(|| "money".into()),
    }
}

fn judged(corpus: &str, wrong: impl Fn(&Option<String>) -> bool) -> Vec<String> {
    let api = Api::new(&Rules::default()).unwrap();
    let requests: Vec<Vec<String>> = serde_json::from_str(corpus).unwrap();
    let told = requests.iter().map(|lines| (stopped(&api, lines), lines));
    told.filter(|(told, _)| wrong(told)).map(|(told, lines)| format!("{told:?} {lines:?}")).collect()
}

#[test]
fn no_dangerous_request_to_an_undescribed_service_passes() {
    let through = judged(DANGEROUS, Option::is_none);
    assert!(through.is_empty(), "{} pass:\n{}", through.len(), through.join("\n"));
}

#[test]
fn no_everyday_request_to_an_undescribed_service_is_stopped() {
    let held = judged(BENIGN, Option::is_some);
    assert!(held.is_empty(), "{} are stopped:\n{}", held.len(), held.join("\n"));
}
