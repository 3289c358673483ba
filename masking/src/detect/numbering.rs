//! The world's numbering plans outside North America: which national numbers exist, by the metadata of libphonenumber. Each plan is
//! compiled when a candidate first needs it; a number is then one match of an anchored, linear-time pattern.

use std::sync::{LazyLock, OnceLock};

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;
use regex::bytes::{Regex, RegexBuilder};

use super::nanp;

/// How large a compiled plan may become, in bytes.
const PLAN_SIZE: usize = 1 << 20;
/// Plans whose national forms are recognised without a country code.
const NATIONAL: [&str; 32] = [
    "GB", "DE", "FR", "IT", "ES", "NL", "BE", "CH", "AT", "SE", "NO", "DK", "FI", "PL", "PT", "IE", "AU", "NZ", "IN",
    "BR", "MX", "JP", "KR", "SG", "HK", "ZA", "IL", "TR", "CZ", "GR", "CN", "RU",
];

/// Numbers that regulators keep for examples and films: in no plan, but numbers to everybody. Country code and beginning.
const FICTIONAL: [(&[u8], usize); 4] = [(b"447700900", 12), (b"441632960", 12), (b"61491570", 11), (b"61255501", 11)];

static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(plans);
static NATIONAL_PLANS: LazyLock<Vec<&'static Plan>> =
    LazyLock::new(|| NATIONAL.iter().filter_map(|region| PLANS.iter().find(|plan| plan.region == *region)).collect());

struct Plan {
    code: u16,
    region: &'static str,
    trunk: &'static str,
    source: String,
    pattern: OnceLock<Option<Regex>>,
}

impl Plan {
    /// Whether digits without country code and trunk prefix are a number of this plan.
    fn has(&self, national: &[u8]) -> bool {
        let compile = || {
            RegexBuilder::new(&self.source).unicode(false).ignore_whitespace(true).size_limit(PLAN_SIZE).build().ok()
        };
        self.pattern.get_or_init(compile).as_ref().is_some_and(|pattern| pattern.is_match(national))
    }
}

/// Whether the digits are a number with its country code.
pub(crate) fn is_international(digits: &[u8]) -> bool {
    if let Some((b'1', national)) = digits.split_first() {
        return nanp::is_number(national);
    }
    if FICTIONAL.iter().any(|(start, length)| digits.len() == *length && digits.starts_with(start)) {
        return true;
    }
    (1..=3_usize).any(|length| {
        let Some((code, national)) = digits.split_at_checked(length) else { return false };
        let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let first = PLANS.partition_point(|plan| plan.code < code);
        let same = PLANS.iter().skip(first).take_while(|plan| plan.code == code);
        national.len() >= 4 && same.into_iter().any(|plan| plan.has(national))
    })
}

/// Whether the digits begin with a country's code, and could by their count be a number there (E.164).
pub(crate) fn has_code(digits: &[u8]) -> bool {
    let has = |length: usize| {
        let Some((code, national)) = digits.split_at_checked(length) else { return false };
        let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let known = PLANS.get(PLANS.partition_point(|plan| plan.code < code)).is_some_and(|plan| plan.code == code);
        known && (7..=12).contains(&national.len())
    };
    !digits.starts_with(b"0") && (digits.starts_with(b"1") && digits.len() == 11 || (1..=3).any(has))
}

/// Whether the digits are a number as people of one of the larger countries write it, with its trunk prefix.
pub(crate) fn is_national(digits: &[u8]) -> bool {
    nanp::is_number(digits) || NATIONAL_PLANS.iter().any(|plan| is_in(plan, digits))
}

/// Whether the digits are a Russian number with its trunk prefix.
pub(crate) fn is_russian(digits: &[u8]) -> bool {
    digits.starts_with(b"8") && NATIONAL_PLANS.last().is_some_and(|plan| is_in(plan, digits))
}

/// Whether the digits are a British number with its trunk prefix.
pub(crate) fn is_british(digits: &[u8]) -> bool {
    let fictional = || digits.len() == 11 && (digits.starts_with(b"07700900") || digits.starts_with(b"01632960"));
    NATIONAL_PLANS.first().is_some_and(|plan| is_in(plan, digits)) || fictional()
}

fn is_in(plan: &Plan, digits: &[u8]) -> bool {
    let bare = digits.strip_prefix(plan.trunk.as_bytes()).filter(|_| !plan.trunk.is_empty());
    match bare {
        Some(bare) => plan.has(bare),
        // Where there is a trunk prefix 0, a number without it is not written.
        None => plan.trunk != "0" && plan.has(digits),
    }
}

fn plans() -> Vec<Plan> {
    let mut plans: Vec<_> = DATABASE.iter().filter(|meta| meta.country_code() != 1).map(plan).collect();
    plans.sort_by_key(|plan| plan.code);
    plans
}

fn plan(meta: &'static Metadata) -> Plan {
    let all = meta.descriptors();
    let kinds = [
        all.fixed_line(),
        all.mobile(),
        all.toll_free(),
        all.premium_rate(),
        all.shared_cost(),
        all.personal_number(),
        all.voip(),
        all.uan(),
    ];
    let patterns: Vec<_> = kinds.into_iter().flatten().map(|kind| kind.national_number().as_str()).collect();
    Plan {
        code: meta.country_code(),
        region: meta.id(),
        trunk: meta.national_prefix().unwrap_or_default(),
        source: format!("^(?:{})$", patterns.join("|")),
        pattern: OnceLock::new(),
    }
}
