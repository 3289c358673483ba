//! The tokens that vendors mark with a fixed prefix, as their documentation gives them: prefix, alphabet, least length.

pub(crate) struct Format {
    pub(crate) prefix: &'static [u8],
    /// Where in the prefix the trigger byte stands.
    pub(crate) trigger: usize,
    pub(crate) least: usize,
    /// Whether the length is exactly `least`.
    pub(crate) exact: bool,
    /// Whether the prefix is a word that names begin with too: then the body must have digits and letters of both cases.
    pub(crate) common: bool,
    pub(crate) class: fn(u8) -> bool,
    pub(crate) detector: &'static str,
}

const fn format(
    prefix: &'static [u8],
    trigger: usize,
    least: usize,
    class: fn(u8) -> bool,
    detector: &'static str,
) -> Format {
    Format { prefix, trigger, least, exact: false, common: false, class, detector }
}

const fn exact(format: Format) -> Format {
    Format { exact: true, ..format }
}

const fn common(format: Format) -> Format {
    Format { common: true, ..format }
}

/// Formats with a `_` at the trigger.
pub(crate) const UNDERSCORE: &[Format] = &[
    format(b"ghp_", 3, 36, is_alphanumeric, "github-token"),
    format(b"gho_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghu_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghs_", 3, 36, is_alphanumeric, "github-token"),
    format(b"ghr_", 3, 36, is_alphanumeric, "github-token"),
    format(b"github_pat_", 6, 22, is_word, "github-token"),
    format(b"sk_live_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"rk_live_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"sk_test_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"rk_test_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"whsec_", 5, 24, is_base64, "stripe-key"),
    format(b"npm_", 3, 36, is_alphanumeric, "npm-token"),
    format(b"hf_", 2, 30, is_alphanumeric, "hugging-face-token"),
    format(b"dckr_pat_", 4, 20, is_word, "docker-token"),
    format(b"dckr_oat_", 4, 20, is_word, "docker-token"),
    format(b"dop_v1_", 3, 40, is_alphanumeric, "digitalocean-token"),
    format(b"doo_v1_", 3, 40, is_alphanumeric, "digitalocean-token"),
    format(b"dor_v1_", 3, 40, is_alphanumeric, "digitalocean-token"),
    format(b"shpat_", 5, 32, is_alphanumeric, "shopify-token"),
    format(b"shpca_", 5, 32, is_alphanumeric, "shopify-token"),
    format(b"shppa_", 5, 32, is_alphanumeric, "shopify-token"),
    format(b"shpss_", 5, 32, is_alphanumeric, "shopify-token"),
    format(b"lin_api_", 3, 32, is_alphanumeric, "linear-key"),
    format(b"lin_oauth_", 3, 32, is_alphanumeric, "linear-key"),
    format(b"secret_", 6, 40, is_alphanumeric, "notion-token"),
    format(b"ntn_", 3, 36, is_alphanumeric, "notion-token"),
    format(b"gsk_", 3, 40, is_alphanumeric, "llm-api-key"),
    format(b"r8_", 2, 37, is_alphanumeric, "llm-api-key"),
    format(b"glsa_", 4, 32, is_word, "grafana-token"),
    format(b"sbp_", 3, 40, is_alphanumeric, "supabase-token"),
    format(b"pscale_tkn_", 6, 32, is_dotted_word, "planetscale-token"),
    format(b"pscale_pw_", 6, 32, is_dotted_word, "planetscale-token"),
    format(b"rubygems_", 8, 48, is_alphanumeric, "rubygems-key"),
    format(b"sntrys_", 6, 40, is_base64, "sentry-token"),
    format(b"sntryu_", 6, 40, is_alphanumeric, "sentry-token"),
    format(b"CCIPAT_", 6, 40, is_word, "circleci-token"),
    format(b"figd_", 4, 40, is_word, "figma-token"),
    format(b"nfp_", 3, 36, is_alphanumeric, "netlify-token"),
    format(b"bkua_", 4, 40, is_alphanumeric, "buildkite-token"),
    format(b"xai_", 3, 40, is_alphanumeric, "llm-api-key"),
    format(b"hvb_", 3, 40, is_word, "vault-token"),
    format(b"ops_eyJ", 3, 40, is_base64, "1password-token"),
    format(b"sgp_", 3, 40, is_word, "sourcegraph-token"),
    format(b"glc_eyJ", 3, 32, is_base64, "grafana-token"),
    format(b"pnu_", 3, 36, is_alphanumeric, "prefect-token"),
    format(b"rdme_", 4, 60, is_alphanumeric, "readme-token"),
    format(b"shippo_live_", 6, 40, is_alphanumeric, "shippo-token"),
    format(b"shippo_test_", 6, 40, is_alphanumeric, "shippo-token"),
    format(b"duffel_live_", 6, 40, is_word, "duffel-token"),
    format(b"duffel_test_", 6, 40, is_word, "duffel-token"),
    format(b"CLOJARS_", 7, 58, is_alphanumeric, "clojars-token"),
    format(b"sb_secret_", 2, 24, is_word, "supabase-token"),
    format(b"fm2_", 3, 40, is_base64, "fly-token"),
    format(b"fm1r_", 4, 40, is_base64, "fly-token"),
    format(b"fm1a_", 4, 40, is_base64, "fly-token"),
    format(b"fo1_", 3, 40, is_word, "fly-token"),
    exact(format(b"aio_", 3, 28, is_alphanumeric, "adafruit-key")),
    common(format(b"live_", 4, 40, is_word, "gocardless-token")),
    exact(format(b"live_", 4, 35, is_hex, "lob-key")),
    exact(format(b"test_", 4, 35, is_hex, "lob-key")),
    format(b"api_org_", 3, 30, is_alphanumeric, "hugging-face-token"),
    format(b"lsv2_pt_", 4, 32, is_word, "llm-api-key"),
    format(b"lsv2_sk_", 4, 32, is_word, "llm-api-key"),
    format(b"pcsk_", 4, 50, is_word, "pinecone-key"),
    format(b"phx_", 3, 40, is_alphanumeric, "posthog-key"),
    format(b"pscale_oauth_", 6, 32, is_dotted_word, "planetscale-token"),
    format(b"squ_", 3, 40, is_hex, "sonarqube-token"),
    format(b"sqp_", 3, 40, is_hex, "sonarqube-token"),
    format(b"sqa_", 3, 40, is_hex, "sonarqube-token"),
    format(b"sk_prod_", 2, 16, is_alphanumeric, "stripe-key"),
    format(b"rk_prod_", 2, 16, is_alphanumeric, "stripe-key"),
    exact(format(b"sk_", 2, 48, is_hex, "llm-api-key")),
    exact(format(b"sm_pat_", 2, 16, is_alphanumeric, "settlemint-token")),
    exact(format(b"sm_aat_", 2, 16, is_alphanumeric, "settlemint-token")),
    exact(format(b"sm_sat_", 2, 16, is_alphanumeric, "settlemint-token")),
    common(format(b"tfp_", 3, 40, is_word, "typeform-token")),
    format(b"vcp_", 3, 24, is_alphanumeric, "vercel-token"),
    format(b"vca_", 3, 24, is_alphanumeric, "vercel-token"),
    format(b"vcr_", 3, 24, is_alphanumeric, "vercel-token"),
    format(b"polar_pat_", 5, 32, is_alphanumeric, "polar-token"),
    format(b"napi_", 4, 48, is_alphanumeric, "neon-key"),
    format(b"apify_api_", 5, 32, is_alphanumeric, "apify-token"),
    format(b"jina_", 4, 48, is_word, "llm-api-key"),
    exact(format(b"fw_", 2, 24, is_alphanumeric, "llm-api-key")),
    exact(common(format(b"rzp_live_", 3, 14, is_alphanumeric, "razorpay-key"))),
    exact(common(format(b"rzp_test_", 3, 14, is_alphanumeric, "razorpay-key"))),
    common(format(b"re_", 2, 30, is_word, "resend-key")),
    format(b"zpka_", 4, 40, is_word, "zuplo-key"),
    exact(format(b"web_", 3, 32, is_hex, "dfuse-key")),
    exact(format(b"e2b_", 3, 40, is_hex, "e2b-key")),
    format(b"WPL_AP1.", 3, 16, is_padded, "linkedin-secret"),
    format(b"access_token$production$", 6, 40, is_dollared, "braintree-token"),
    format(b"snyk_uat.", 4, 40, is_dotted_word, "snyk-token"),
    format(b"snyk_sat.", 4, 40, is_dotted_word, "snyk-token"),
];

/// Formats with a `-` at the trigger.
pub(crate) const DASH: &[Format] = &[
    format(b"xoxb-", 4, 10, is_word, "slack-token"),
    format(b"xoxa-", 4, 10, is_word, "slack-token"),
    format(b"xoxp-", 4, 10, is_word, "slack-token"),
    format(b"xoxr-", 4, 10, is_word, "slack-token"),
    format(b"xoxs-", 4, 10, is_word, "slack-token"),
    format(b"xoxo-", 4, 10, is_word, "slack-token"),
    format(b"xoxc-", 4, 10, is_word, "slack-token"),
    format(b"xoxd-", 4, 10, is_percented, "slack-token"),
    format(b"xoxe-", 4, 10, is_word, "slack-token"),
    format(b"xoxe.xoxp-", 9, 10, is_word, "slack-token"),
    format(b"xapp-", 4, 10, is_word, "slack-token"),
    format(b"glpat-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"gldt-", 4, 20, is_dotted_word, "gitlab-token"),
    format(b"glrt-", 4, 20, is_dotted_word, "gitlab-token"),
    format(b"glcbt-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"glptt-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"gloas-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"glsoat-", 6, 20, is_dotted_word, "gitlab-token"),
    format(b"sk-ant-", 2, 20, is_word, "llm-api-key"),
    format(b"sk-proj-", 2, 20, is_word, "llm-api-key"),
    format(b"sk-svcacct-", 2, 20, is_word, "llm-api-key"),
    format(b"sk-admin-", 2, 20, is_word, "llm-api-key"),
    format(b"sk-or-v1-", 2, 32, is_alphanumeric, "llm-api-key"),
    format(b"sk-", 2, 32, is_alphanumeric, "llm-api-key"),
    format(b"xai-", 3, 40, is_alphanumeric, "llm-api-key"),
    format(b"pplx-", 4, 40, is_alphanumeric, "llm-api-key"),
    format(b"nvapi-", 5, 40, is_word, "llm-api-key"),
    format(b"GOCSPX-", 6, 24, is_word, "google-secret"),
    format(b"pypi-", 4, 32, is_word, "pypi-token"),
    exact(format(b"key-", 3, 32, is_hex, "mailgun-key")),
    format(b"sq0atp-", 6, 22, is_word, "square-token"),
    format(b"sq0csp-", 6, 40, is_word, "square-token"),
    format(b"pul-", 3, 40, is_hex, "pulumi-token"),
    format(b"NRAK-", 4, 24, is_alphanumeric, "new-relic-key"),
    format(b"PMAK-", 4, 32, is_word, "postman-key"),
    format(b"CFPAT-", 5, 40, is_word, "contentful-token"),
    format(b"HRKU-", 4, 32, is_word, "heroku-key"),
    format(b"AGE-SECRET-KEY-", 3, 40, is_word, "age-key"),
    format(b"pat-na1-", 3, 32, is_word, "hubspot-token"),
    format(b"pat-eu1-", 3, 32, is_word, "hubspot-token"),
    format(b"xkeysib-", 7, 40, is_word, "brevo-key"),
    format(b"xsmtpsib-", 8, 40, is_word, "brevo-key"),
    format(b"tskey-auth-", 5, 20, is_word, "tailscale-key"),
    format(b"tskey-api-", 5, 20, is_word, "tailscale-key"),
    format(b"tskey-client-", 5, 20, is_word, "tailscale-key"),
    format(b"NRII-", 4, 24, is_word, "new-relic-key"),
    format(b"FLWSECK-", 7, 32, is_word, "flutterwave-key"),
    format(b"FLWSECK_TEST-", 12, 32, is_word, "flutterwave-key"),
    format(b"glft-", 4, 20, is_dotted_word, "gitlab-token"),
    format(b"glimt-", 5, 20, is_dotted_word, "gitlab-token"),
    format(b"glagent-", 7, 40, is_dotted_word, "gitlab-token"),
    format(b"glffct-", 6, 20, is_dotted_word, "gitlab-token"),
    format(b"glwt-", 4, 20, is_dotted_word, "gitlab-token"),
    format(b"tskey-webhook-", 5, 20, is_word, "tailscale-key"),
    format(b"tskey-scim-", 5, 20, is_word, "tailscale-key"),
    format(b"dnkey-", 5, 60, is_word, "defined-networking-key"),
    format(b"fio-u-", 3, 60, is_word, "frameio-token"),
    exact(common(format(b"ico-", 3, 32, is_alphanumeric, "infracost-key"))),
    format(b"s-s4t2ud-", 1, 64, is_hex, "intra42-secret"),
    format(b"s-s4t2af-", 1, 64, is_hex, "intra42-secret"),
    common(format(b"tk-us-", 2, 40, is_word, "scalingo-token")),
    exact(format(b"API-", 3, 26, is_key_id, "octopus-key")),
    exact(format(b"api-", 3, 36, is_uuid, "launchdarkly-key")),
    exact(format(b"sdk-", 3, 36, is_uuid, "launchdarkly-key")),
    exact(format(b"access-production-", 6, 36, is_uuid, "plaid-token")),
    exact(format(b"access-development-", 6, 36, is_uuid, "plaid-token")),
    exact(format(b"access-sandbox-", 6, 36, is_uuid, "plaid-token")),
    format(b"NRJS-", 4, 19, is_alphanumeric, "new-relic-key"),
    format(b"BBFF-", 4, 30, is_alphanumeric, "ubidots-token"),
    format(b"BBUS-", 4, 30, is_alphanumeric, "ubidots-token"),
    format(b"csk-", 3, 40, is_alphanumeric, "llm-api-key"),
    common(format(b"pa-", 2, 40, is_word, "llm-api-key")),
    common(format(b"tvly-", 4, 24, is_word, "llm-api-key")),
];

/// Formats with an `I` at the trigger.
pub(crate) const CAPITAL_I: &[Format] = &[
    exact(format(b"AKIA", 2, 16, is_key_id, "aws-key-id")),
    exact(format(b"ASIA", 2, 16, is_key_id, "aws-key-id")),
    exact(format(b"ABIA", 2, 16, is_key_id, "aws-key-id")),
    format(b"AIza", 1, 35, is_word, "google-api-key"),
    format(b"LTAI", 3, 16, is_alphanumeric, "alibaba-key-id"),
];

/// Formats with a `.` at the trigger.
pub(crate) const DOT: &[Format] = &[
    format(b"SG.", 2, 40, is_dotted_word, "sendgrid-key"),
    format(b"hvs.", 3, 20, is_word, "vault-token"),
    format(b"hvb.", 3, 20, is_word, "vault-token"),
    format(b"hvr.", 3, 20, is_word, "vault-token"),
    format(b"dp.pt.", 2, 32, is_alphanumeric, "doppler-token"),
    format(b"dp.st.", 2, 32, is_dotted_word, "doppler-token"),
    format(b"sk.eyJ", 2, 40, is_dotted_word, "mapbox-token"),
    format(b"dp.ct.", 2, 32, is_alphanumeric, "doppler-token"),
    format(b"dp.sa.", 2, 32, is_alphanumeric, "doppler-token"),
    format(b"dp.scim.", 2, 32, is_alphanumeric, "doppler-token"),
    format(b"dp.audit.", 2, 32, is_alphanumeric, "doppler-token"),
    common(format(b"pat.", 3, 60, is_dotted_word, "harness-token")),
    common(format(b"sat.", 3, 60, is_dotted_word, "harness-token")),
    common(format(b"hawk.", 4, 41, is_dotted_word, "stackhawk-key")),
    common(format(b"mfa.", 3, 60, is_word, "discord-token")),
    common(format(b"sl.", 2, 80, is_dotted_word, "dropbox-token")),
    format(b"v1.0-", 2, 90, is_hex_or_dash, "cloudflare-key"),
    exact(common(format(b"s.", 1, 24, is_alphanumeric, "vault-token"))),
];

/// Formats with a digit at the trigger, behind two letters.
pub(crate) const DIGITS: &[Format] = &[
    format(b"ya29.", 2, 20, is_dotted_word, "google-token"),
    format(b"dt0c01.", 2, 40, is_dotted_word, "dynatrace-token"),
    format(b"ATATT3", 5, 40, is_percented, "atlassian-token"),
    format(b"ATCTT3", 5, 40, is_percented, "atlassian-token"),
    format(b"GR1348941", 2, 20, is_word, "gitlab-token"),
    exact(format(b"oy2", 2, 43, is_lower, "nuget-key")),
    exact(format(b"4b1d", 2, 38, is_alphanumeric, "clickhouse-key")),
    format(b"sha256~", 3, 43, is_word, "openshift-token"),
    // Where so many digits follow the dash that the number is looked at first.
    format(b"v1.0-", 1, 90, is_hex_or_dash, "cloudflare-key"),
    format(b"GOOG1E", 4, 40, is_key_id, "google-secret"),
];

/// Formats whose prefix has letters alone, with one of them, behind another, at the trigger.
pub(crate) const LETTERS: &[Format] = &[
    // The first line of a private key in base64, as Kubernetes keeps it.
    format(b"LS0tLS1CRUdJTiBQUklWQVRF", 1, 40, is_base64, "private-key"),
    format(b"LS0tLS1CRUdJTiBSU0EgUFJJVkFU", 1, 40, is_base64, "private-key"),
    format(b"LS0tLS1CRUdJTiBFQyBQUklWQVRF", 1, 40, is_base64, "private-key"),
    format(b"LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZB", 1, 40, is_base64, "private-key"),
    format(b"LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFU", 1, 40, is_base64, "private-key"),
    format(b"LS0tLS1CRUdJTiBEU0EgUFJJVkFU", 1, 40, is_base64, "private-key"),
    common(format(b"ATBB", 2, 28, is_word, "atlassian-token")),
    common(format(b"EZAK", 1, 54, is_alphanumeric, "easypost-key")),
    common(format(b"EZTK", 1, 54, is_alphanumeric, "easypost-key")),
    common(format(b"AKCp", 2, 60, is_alphanumeric, "artifactory-key")),
    common(format(b"cmVmd", 2, 54, is_alphanumeric, "artifactory-key")),
    exact(format(b"ACCA", 2, 16, is_key_id, "aws-key-id")),
    common(format(b"ABSK", 2, 90, is_base64, "aws-bedrock-key")),
    common(format(b"AQVN", 1, 35, is_word, "yandex-key")),
    common(format(b"EAAA", 2, 56, is_word, "square-token")),
    common(format(b"EAA", 2, 80, is_alphanumeric, "facebook-token")),
];

/// Hexadecimal keys whose prefix has letters alone: prefix, length.
pub(crate) const HEXADECIMAL: [(&[u8], usize, &str); 3] =
    [(b"dapi", 32, "databricks-token"), (b"SK", 32, "twilio-key"), (b"ATTA", 72, "trello-token")];

fn is_key_id(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_uuid(byte: u8) -> bool {
    is_hex(byte) || byte == b'-'
}

fn is_padded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'=')
}

fn is_dollared(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'$'
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_dotted_word(byte: u8) -> bool {
    is_word(byte) || byte == b'.'
}

fn is_percented(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'=' | b'%' | b'+' | b'/')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-')
}

fn is_hex_or_dash(byte: u8) -> bool {
    is_hex(byte) || byte == b'-'
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')
}
