//! What the name of an operation says that it does: `refundPayment`, `payments.create`, `TransferFunds`, `delete-account`. A name is a
//! verb and a thing, in either order; what stands behind a preposition (`ById`, `toAccount`) is neither. Two kinds count: money that
//! moves, and the removal of something that much hangs on.

mod lexicon;

use self::lexicon::{COMPOUND, HOLLOW, LOOKS, MONEY, MOVES, PAIRS, PAYS, PREPOSITIONS, REMOVES, WEIGHTY, WHOLE};
use super::words::{singular, words};

/// What an operation does by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deed {
    /// It moves money.
    pub(super) money: bool,
    /// It removes an account, a database, a machine or the like.
    pub(super) removes: bool,
}

impl Deed {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { money: self.money || other.money, removes: self.removes || other.removes }
    }
}

/// What a name says.
pub(super) fn deed(name: &str) -> Deed {
    if WHOLE.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Deed { money: true, removes: false };
    }
    let mut all = joined(words(name));
    // A `RefundRequest` is what a customer asks for, a `CreateRefundRequest` a message of SOAP.
    while all.len() > 2 && all.last().is_some_and(|last| HOLLOW.contains(&last.as_str())) {
        all.pop();
    }
    let main: Vec<&str> = all.iter().map(String::as_str).take_while(|word| !PREPOSITIONS.contains(word)).collect();
    let whole: Vec<&str> = if main.is_empty() { all.iter().map(String::as_str).collect() } else { main };
    deed_of(&whole, all.iter().any(|word| word == "from"))
}

/// What words say of which the last ones are a verb and a thing, in either order.
fn deed_of(words: &[&str], from: bool) -> Deed {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Deed::default() };
    let looks = |word: &str| LOOKS.contains(&singular(word)) || LOOKS.contains(&word);
    let happened = words.len() > 1 && (last.ends_with("ed") || matches!(*last, "paid" | "sent" | "pending"));
    let removes = removes(words, from);
    if looks(first) || happened || words.iter().any(|word| sees(word)) || looks(last) && !removes || words.len() > 8 {
        return Deed::default();
    }
    Deed { money: moves_money(words), removes }
}

fn moves_money(words: &[&str]) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let thing = singular(last);
    // `refundPayment`, `withdraw`, `payInvoice`
    let pays = |word: &str| PAYS.contains(&word);
    if pays(first) && (words.len() == 1 || !is_about(words)) {
        return true;
    }
    // `orders.refund`, `wallet_withdraw`, `createCharge`; but not `updateRefund`.
    if pays(thing) {
        return words.len() == 1
            || words.get(..words.len() - 1).is_some_and(|before| !before.iter().any(|w| changes(w)));
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word) || list.contains(&singular(word)));
    let verb = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let ends = |list: &[&str]| list.contains(&thing) || verb_last(words).is_some_and(|before| list.contains(&before));
    if words.iter().any(|word| changes(word) || is_other_goods(word)) {
        return false;
    }
    match words {
        ["transfer"] | [_, "transfer"] if is_of_money(words) => return true,
        [.., "pay", "out"] | [.., "cash", "out"] | [.., "top", "up"] | ["top", "up", ..] | ["pay", "out", ..] => {
            return true;
        }
        _ => {}
    }
    verb(&MOVES) && ends(&MONEY) && first_is_no_place(words)
        || PAIRS.iter().any(|(verbs, things)| verb(verbs) && has(things) && ends(things))
}

/// `transfer` alone, or of something that has money.
fn is_of_money(words: &[&str]) -> bool {
    let holders = ["account", "wallet", "balance", "bank", "fund", "token", "money", "erc20", "payment", "asset"];
    words.len() == 1 || words.first().is_some_and(|of| holders.contains(&singular(of)))
}

/// The thing before a verb that stands last: `payment.create`.
fn verb_last<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        [.., thing, verb] if MOVES.contains(verb) => Some(singular(thing)),
        _ => None,
    }
}

/// A thing that money's verbs stand before as mere words: `chargeStation`, `payPeriod`.
fn is_about(words: &[&str]) -> bool {
    const THINGS: [&str; 25] = [
        "address", "battery", "code", "config", "cycle", "date", "device", "form", "grade", "id", "item", "key",
        "label", "level", "note", "page", "period", "phone", "point", "port", "request", "slip", "station", "type",
        "vehicle",
    ];
    match words {
        ["charge" | "refund" | "pay" | "debit", "card"] => false,
        _ => words.iter().skip(1).any(|word| THINGS.contains(&singular(word))),
    }
}

/// What else than money is transferred, moved and released.
fn is_other_goods(word: &str) -> bool {
    const GOODS: [&str; 20] = [
        "call",
        "chat",
        "content",
        "data",
        "domain",
        "file",
        "image",
        "inventory",
        "issue",
        "knowledge",
        "license",
        "media",
        "object",
        "ownership",
        "patient",
        "stock",
        "student",
        "template",
        "ticket",
        "version",
    ];
    GOODS.contains(&singular(word))
}

/// Verbs that look, wherever they stand: `stripe_list_refunds`.
fn sees(word: &str) -> bool {
    const SEES: [&str; 14] = [
        "calculate",
        "count",
        "describe",
        "estimate",
        "fetch",
        "find",
        "get",
        "list",
        "lookup",
        "preview",
        "retrieve",
        "search",
        "simulate",
        "validate",
    ];
    SEES.contains(&word)
}

fn first_is_no_place(words: &[&str]) -> bool {
    !matches!(words.first(), Some(&("open" | "render" | "display" | "go" | "navigate" | "close")))
}

/// Verbs that change what is known of a thing, or stop it.
fn changes(word: &str) -> bool {
    const CHANGES: [&str; 29] = [
        "abort",
        "archive",
        "cancel",
        "change",
        "configure",
        "decline",
        "delete",
        "deny",
        "disable",
        "edit",
        "enable",
        "import",
        "log",
        "mark",
        "modify",
        "notify",
        "patch",
        "reject",
        "remove",
        "rename",
        "save",
        "set",
        "sync",
        "tag",
        "update",
        "void",
        "track",
        "request",
        "ask",
    ];
    CHANGES.contains(&word)
}

fn removes(words: &[&str], from: bool) -> bool {
    let weighty = |word: &str| WEIGHTY.contains(&singular(word)) || WEIGHTY.contains(&word);
    let verb = |word: &str| REMOVES.contains(&word);
    match words {
        // Somebody leaves a group: `removeUserFromGroup`.
        [_, .., _] if from && words.contains(&"remove") => false,
        ["transfer", .., last] => matches!(*last, "ownership" | "repository" | "repo" | "project" | "domain"),
        ["close", .., last] | [.., last, "close"] => {
            matches!(singular(last), "account" | "tenant" | "organization" | "organisation" | "workspace")
        }
        ["admin", .., last] if verb(last) => true,
        [first, .., last] if verb(first) => weighty(last),
        [.., thing, last] if verb(last) => weighty(thing),
        // `admin_delete_user`
        [.., middle, last] if verb(middle) => weighty(last),
        _ => false,
    }
}

/// `sendpayment` is two words.
fn joined(all: Vec<String>) -> Vec<String> {
    let [only] = all.as_slice() else { return all };
    if matches!(only.as_str(), "sendtoaddress" | "sendmany" | "sendrawtransaction" | "sendfrom") {
        return vec!["send".into(), "money".into()];
    }
    let split = COMPOUND.iter().find_map(|verb| {
        let thing = only.strip_prefix(verb)?;
        let one = singular(thing);
        let known =
            MONEY.contains(&one) || WEIGHTY.contains(&one) || matches!(one, "transaction" | "invoice" | "transfer");
        known.then(|| vec![(*verb).to_owned(), thing.to_owned()])
    });
    split.unwrap_or(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_move_money_are_told_from_names_about_money() {
        for name in [
            "refundPayment",
            "payment.create",
            "payments/create",
            "eth_sendTransaction",
            "eth_sendRawTransaction",
            "personal_sendTransaction",
            "sendtoaddress",
            "TransferFunds",
            "transferMoneyToAccount",
            "createRefund",
            "refundCreate",
            "CreatePayoutRequest",
            "withdrawFromWallet",
            "wallet.withdraw",
            "pay_invoice",
            "chargeCard",
            "ChargeCustomer",
            "orderCapture",
            "capture_payment",
            "send_money",
            "sendPayment",
            "createACHTransfer",
            "makePayment",
            "initiateWireTransfer",
            "topUpWallet",
            "cash-out",
            "RunPayroll",
            "settleInvoice",
            "approvePayout",
            "transfer",
            "transferFrom",
            "issue_refund",
            "signTransaction",
            "depositFunds",
            "executePaymentOrderTransfer",
            "makepayment",
            "orders.refund",
            "disburseLoan",
            "stripe_create_refund",
        ] {
            assert!(deed(name).money, "{name}");
        }
        for name in [
            "getPayment",
            "listRefunds",
            "refundPolicy",
            "payment.created",
            "charge.refunded",
            "refund.updated",
            "createPaymentIntent",
            "createPaymentMethod",
            "payment_link.create",
            "estimateTransferFee",
            "updatePayment",
            "cancelPayment",
            "transferCall",
            "transferTicket",
            "uploadFile",
            "sendEmail",
            "sendInvoice",
            "createInvoice",
            "createOrder",
            "withdrawalHistory",
            "paymentMethods.list",
            "chargeStation",
            "payPeriodCreate",
            "beginTransaction",
            "createTransaction",
            "addToCart",
            "sendMessage",
            "eth_getBalance",
            "eth_estimateGas",
            "eth_call",
            "sendPaymentReminder",
            "rejectRefund",
            "deletePayment",
            "createDepartment",
            "createPaymentSession",
            "refund-request",
            "requestRefund",
            "refund-policies",
            "searchPayments",
            "stripe_list_refunds",
            "createFileTransfer",
            "validatePayment",
            "addComment",
            "moveCard",
            "captureScreenshot",
            "releaseVersion",
        ] {
            assert!(!deed(name).money, "{name}");
        }
    }

    #[test]
    fn names_that_remove_what_much_hangs_on_are_told_from_those_of_small_things() {
        for name in [
            "deleteUser",
            "account.delete",
            "customerDelete",
            "delete_users_by_pk",
            "delete_repository",
            "DestroyInstance",
            "terminateInstances",
            "removeOrganization",
            "dropTable",
            "delete-account",
            "deleteUserById",
            "closeAccount",
            "transferOwnership",
            "admin_delete_user",
            "deleteuser",
            "host.delete",
        ] {
            assert!(deed(name).removes, "{name}");
        }
        for name in [
            "deleteComment",
            "deleteOrder",
            "deleteUserAvatar",
            "removeUserFromGroup",
            "removeItem",
            "deleteDraft",
            "account.deleted",
            "createUser",
            "closeDialog",
            "closeIssue",
            "deletedUsers",
            "getUser",
            "deleteMany",
            "remove_label",
            "removeFromCart",
            "deleteAccountLink",
            "transferCall",
        ] {
            assert!(!deed(name).removes, "{name}");
        }
    }
}
