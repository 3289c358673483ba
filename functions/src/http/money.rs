//! Requests that move money by their path: `POST /v1/charges`, `/payments/7/capture`, `/wallet/withdraw`, `/Invoices(7)/Pay`. They count
//! where a connection names no functions.

use std::collections::BTreeMap;

use super::{
    call::{Argument, Effect},
    grant::{plain, texts},
    masses::{behind_prefix, is_id},
    openapi::effect_of,
    operation::deed,
    target::Target,
    words::{singular, words},
};

/// What is made by a POST to it, and is money that moves.
const ACTS: [&str; 18] = [
    "cashout",
    "charge",
    "chargeback",
    "debit",
    "disbursement",
    "donation",
    "payment",
    "payoff",
    "payout",
    "refund",
    "reimbursement",
    "remittance",
    "repayment",
    "topup",
    "wire",
    "withdraw",
    "withdrawal",
    "refundreceipt",
];
/// Last parts that are an order by themselves, whatever stands before them.
const ORDERS: [&str; 12] = [
    "cashout",
    "chargeback",
    "disburse",
    "donate",
    "payout",
    "refund",
    "reimburse",
    "remit",
    "repay",
    "topup",
    "withdraw",
    "pay",
];
/// Last parts that are one if money stands before them.
const PERHAPS: [&str; 26] = [
    "apply",
    "approve",
    "authorise",
    "authorize",
    "batch",
    "bulk",
    "capture",
    "collect",
    "complete",
    "confirm",
    "create",
    "credit",
    "deposit",
    "do",
    "execute",
    "initiate",
    "make",
    "new",
    "now",
    "process",
    "release",
    "reversal",
    "reverse",
    "settle",
    "settlement",
    "submit",
];
/// What has money, or is money.
const HOLDERS: [&str; 30] = [
    "ach",
    "authorization",
    "balance",
    "bank",
    "billing",
    "cash",
    "charge",
    "checkout",
    "disbursement",
    "escrow",
    "fund",
    "giftcard",
    "intent",
    "invoice",
    "loan",
    "money",
    "payment",
    "paymentintent",
    "payout",
    "payroll",
    "refund",
    "remittance",
    "sale",
    "sepa",
    "transaction",
    "transfer",
    "treasury",
    "wallet",
    "wire",
    "withdrawal",
];
/// Kinds of transfers of money.
const KINDS: [&str; 24] = [
    "account",
    "ach",
    "balance",
    "bank",
    "batch",
    "cash",
    "credit",
    "crypto",
    "domestic",
    "fund",
    "funds",
    "inbound",
    "instant",
    "international",
    "internal",
    "mass",
    "money",
    "outbound",
    "peer",
    "scheduled",
    "sepa",
    "swift",
    "wallet",
    "wire",
];
/// Parts of paths where things are only told, tried or looked for.
const TOLD: [&str; 32] = [
    "alert",
    "analytic",
    "audit",
    "callback",
    "doc",
    "docs",
    "estimate",
    "event",
    "export",
    "faq",
    "help",
    "hook",
    "ipn",
    "log",
    "metadata",
    "metric",
    "notification",
    "preference",
    "preview",
    "quote",
    "report",
    "search",
    "setting",
    "simulate",
    "subscribe",
    "template",
    "track",
    "tracking",
    "validate",
    "verify",
    "webhook",
    "wiki",
];

/// Words before what moves, by which it is only looked at or what is known of it changes.
const OTHERWISE: [&str; 18] = [
    "all", "cancel", "count", "delete", "export", "failed", "find", "get", "import", "list", "mark", "my", "recent",
    "search", "show", "sync", "update", "void",
];

/// Whether it does.
pub(super) fn by_path(method: &str, target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let bare = target.segments.iter().map(|part| bare(part)).flat_map(|part| part.split(':'));
    let bare: Vec<&str> = bare.filter(|part| !part.is_empty()).collect();
    let parts = match behind_prefix(&bare) {
        // `/payment/refund/7`
        [before @ .., id] if is_id(id) && before.last().is_some_and(|verb| is_verb(verb)) => before,
        parts => parts,
    };
    let Some((last, before)) = parts.split_last() else { return false };
    let last_words = words(last);
    let told = |part: &&str| words(part).iter().any(|word| TOLD.contains(&singular(word)));
    if method == "DELETE" || last_words.is_empty() || last_words.len() > 8 || is_id(last) || parts.iter().any(told) {
        return false;
    }
    let one = last_words.last().map(|word| singular(word)).unwrap_or_default();
    match effect_of(method) {
        // A link that pays: `GET /transfer?to=eve&amount=100`.
        Effect::Read => {
            let order =
                last_words.len() == 1 && (ORDERS.contains(&last_words.concat().as_str()) || one_of(last, "transfer"));
            (order || last_words.len() > 1 && deed(last).money) && has_amount(arguments)
        }
        _ if last_words.len() > 1 && deed(last).money => true,
        _ if method == "POST" && is_collection(&last_words, one, before, arguments) => true,
        _ if matches!(one, "credit" | "load" | "reload" | "tip" | "deposit" | "settlement")
            && has_amount(arguments) =>
        {
            true
        }
        _ => is_order(&last_words, one, before) || is_entry(one, arguments),
    }
}

fn is_verb(part: &str) -> bool {
    ORDERS.iter().any(|verb| part.eq_ignore_ascii_case(verb))
}

fn one_of(last: &str, word: &str) -> bool {
    last.eq_ignore_ascii_case(word)
}

/// A part without what says how it is written: `refunds.json`, `Invoices(7)`.
fn bare(part: &str) -> &str {
    let part = part.split(['(', ';']).next().unwrap_or_default();
    let ends = [".json", ".xml", ".php", ".do", ".aspx", ".action", ".jsp", ".cgi"];
    ends.iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part)
}

/// `POST /charges`, `/outbound_payments`, `/bank-transfers`.
fn is_collection(last: &[String], one: &str, before: &[&str], arguments: &BTreeMap<String, Argument>) -> bool {
    if matches!(last, [first, .., order] if first == "payment" && matches!(order.as_str(), "orders" | "order" | "initiations"))
    {
        return true;
    }
    let kinds = last.get(..last.len().saturating_sub(1)).unwrap_or_default();
    if ACTS.contains(&one) {
        return !kinds.iter().any(|kind| OTHERWISE.contains(&kind.as_str()));
    }
    if one != "transfer" || !kinds.iter().all(|kind| KINDS.contains(&kind.as_str())) {
        return false;
    }
    let things: Vec<&&str> = before.iter().filter(|part| !is_id(part)).collect();
    !kinds.is_empty()
        || things.is_empty()
        || has_amount(arguments)
        || things.iter().any(|part| holds(part) || has_account(part))
}

fn has_account(part: &str) -> bool {
    words(part).iter().any(|word| matches!(singular(word), "account" | "customer" | "profile" | "merchant" | "finance"))
}

fn holds(part: &str) -> bool {
    let all = words(part);
    HOLDERS.contains(&all.concat().as_str()) || all.iter().any(|word| HOLDERS.contains(&singular(word)))
}

/// `/orders/7/refund`, `/payments/7/capture`, `/transfer/create`.
fn is_order(last: &[String], one: &str, before: &[&str]) -> bool {
    let [only] = last else { return false };
    if ORDERS.contains(&one) || only == "charge" {
        return true;
    }
    let captured = one == "capture"
        && before
            .iter()
            .any(|part| words(part).iter().any(|word| matches!(singular(word), "order" | "payment" | "booking")));
    let paid = |part: &&str| words(part).iter().any(|word| matches!(word.as_str(), "payroll" | "payrolls" | "payruns"));
    let wages = PERHAPS.contains(&one) && !begins(one) && before.iter().any(paid);
    // `/withdrawals/crypto`
    let kind = KINDS.contains(&one)
        && parent(before).is_some_and(|part| words(part).last().is_some_and(|last| ACTS.contains(&singular(last))));
    captured || wages || kind || PERHAPS.contains(&one) && parent(before).is_some_and(|part| acts(part, one))
}

/// The last part that is no id.
fn parent<'a>(before: &[&'a str]) -> Option<&'a str> {
    let named = |part: &&&str| !is_id(part) && !part.bytes().any(|byte| byte.is_ascii_digit());
    before.iter().rev().take(2).find(named).copied()
}

/// Whether a verb behind this part moves money: any behind payments, those that make something not behind what only has it.
fn acts(part: &str, verb: &str) -> bool {
    let all = words(part);
    let thing = all.last().map(|word| singular(word)).unwrap_or_default();
    match begins(verb) {
        true => ACTS.contains(&thing) || thing == "transfer" && all.len() == 1,
        false => HOLDERS.contains(&thing) || HOLDERS.contains(&all.concat().as_str()),
    }
}

/// Whether a verb makes what stands before it.
fn begins(verb: &str) -> bool {
    matches!(verb, "apply" | "batch" | "bulk" | "create" | "do" | "initiate" | "make" | "new" | "now")
}

/// `POST /wallets/7/transactions` with `{"type": "withdrawal"}`.
fn is_entry(one: &str, arguments: &BTreeMap<String, Argument>) -> bool {
    matches!(one, "transaction" | "action")
        && arguments.iter().any(|(name, value)| {
            let of = plain(name.rsplit(['/', '.', '[']).next().unwrap_or_default());
            matches!(of.as_str(), "kind" | "type" | "action" | "transactiontype")
                && texts(value).iter().any(|text| {
                    let lower = text.to_ascii_lowercase();
                    ACTS.contains(&lower.as_str())
                        || matches!(lower.as_str(), "capture" | "send" | "sale" | "transfer" | "pay" | "deposit")
                            && one != "action"
                        || deed(text).money
                })
        })
}

/// Whether an argument says how much.
pub(super) fn has_amount(arguments: &BTreeMap<String, Argument>) -> bool {
    arguments.keys().any(|name| {
        let of = plain(name.rsplit(['/', '.', '[']).next().unwrap_or_default());
        matches!(
            of.as_str(),
            "amount" | "amountcents" | "amountminor" | "currency" | "iban" | "sum" | "amt" | "toaccount"
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// `METHOD path`, then ` name=value` for each argument of the content.
    fn judged(request: &str) -> bool {
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap(), Target::parse(words.next().unwrap().as_bytes()).unwrap());
        let query = target.query.clone().into_iter();
        let content = words.map(|word| word.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into()));
        let arguments = query.chain(content).map(|(name, value)| (name, Argument::Text(value))).collect();
        by_path(method, &target, &arguments)
    }

    #[test]
    fn paths_that_move_money_are_told_from_paths_about_money() {
        for request in [
            "POST /v1/charges",
            "POST /v1/refunds",
            "POST /v1/payouts",
            "POST /v1/transfers",
            "POST /api/payments",
            "POST /v1/charges/ch_1/capture",
            "POST /v1/payment_intents/pi_1/confirm",
            "POST /v1/invoices/in_1/pay",
            "POST /wallet/withdraw",
            "PUT /wallets/7/withdraw",
            "POST /v2/payments/captures/2GG/refund",
            "POST /v2/checkout/orders/5O1/capture",
            "POST /v1/treasury/outbound_payments",
            "POST /admin/api/2024-01/orders/450789469/refunds.json",
            "POST /admin/api/2024-01/orders/450789469/transactions.json /transaction/kind=capture",
            "POST /odata/Invoices(7)/Pay",
            "POST /transfer/create",
            "POST /sapi/v1/capital/withdraw/apply",
            "POST /bank.v1.Payments/SendPayment",
            "POST /accounts/7/transfers amount=5",
            "POST /bank-transfers",
            "POST /v3/profiles/7/transfers/9/payments",
            "GET /transfer?to=eve&amount=100",
            "POST /escrow/7/release",
            "POST /v1/payments/7:capture",
            "POST /Payment/Refund/77",
            "POST /payouts/batch",
            "POST /withdrawals/crypto",
            "POST /merchant/settlements amount=5",
        ] {
            assert!(judged(request), "{request}");
        }
        for request in [
            "GET /v1/charges?limit=3",
            "GET /payments?amount=5",
            "POST /v1/charges/ch_1",
            "POST /payments/methods",
            "POST /payment-methods",
            "POST /payment_intents",
            "POST /payments/search",
            "POST /webhooks/payments",
            "POST /refunds/calculate",
            "POST /files/transfers",
            "POST /calls/7/transfer",
            "POST /inventory/transfers",
            "POST /invoices",
            "POST /invoices/7/send",
            "POST /orders",
            "POST /orders/7/confirm",
            "POST /bookings/7/cancel",
            "POST /users/7/approve",
            "PATCH /payments/7",
            "DELETE /payments/7",
            "POST /checkout/sessions",
            "POST /subscriptions",
            "POST /payments/7/notes",
            "POST /reports/payouts",
            "GET /transfer",
            "POST /orders/7/refund-request",
            "POST /acme.Billing/ListCharges",
            "POST /screenshots/capture",
        ] {
            assert!(!judged(request), "{request}");
        }
    }
}
