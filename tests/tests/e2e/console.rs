//! Rules that somebody who writes no Cedar makes in the browser (R27): a masking rule, a right that ends by itself and an approval, what
//! they do to psql, and that the export is their file form.

use e2e::{World, browser::Browser, eventually, world::Wishes};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

async fn fresh() -> World {
    World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), ..Wishes::default() }).await
}

/// Fills in the form and saves what the preview shows; gives the preview.
async fn make(browser: &mut Browser, rule: &str, fields: &[(&str, &str)]) -> String {
    browser.go(&format!("/policies/rule{rule}")).await;
    assert_eq!(browser.status, 200, "{}", browser.page);
    browser.submit(fields).await;
    assert!(browser.status == 200 && browser.page.contains("Save this rule?"), "{}", browser.page);
    let preview = browser.page.clone();
    browser.submit(&[]).await;
    assert!(browser.status == 200 && browser.place.path() == "/policies", "{} {}", browser.place, browser.page);
    preview
}

fn moment(seconds: i64) -> String {
    let time = OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
    time.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}

/// The document that the pages wrote.
fn exported(world: &World) -> Value {
    let all = world.sallyport(world.carol(), &["export", "--format", "json"]).ok().json();
    all["policies"].as_array().unwrap().iter().find(|one| one["name"] == "console").unwrap().clone()
}

fn apply(world: &World, text: &str) -> String {
    let file = world.folder("console").join("policies.yaml");
    std::fs::write(&file, text).unwrap();
    world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok().out
}

const SEES: [(&str, &str); 8] = [
    ("id", "support-sees-cards"),
    ("who_kind", "group"),
    ("who_name", "support"),
    ("kind", "may-see"),
    ("on_kind", "label"),
    ("on_name", "card"),
    ("connection", "shop-db"),
    ("effects", "read"),
];

const HOLDS: [(&str, &str); 9] = [
    ("id", "hold-orders"),
    ("who_kind", "everybody"),
    ("kind", "needs-approval"),
    ("on_kind", "connection"),
    ("on_name", "shop-db"),
    ("writes", "public.orders"),
    ("approvers", "finance"),
    ("reason", "orders are finance's"),
    ("fix", "ask finance"),
];

fn lends(until: &str) -> [(&str, &str); 7] {
    [
        ("id", "alice-until"),
        ("who_kind", "person"),
        ("who_name", "alice"),
        ("kind", "may-connect-and-use"),
        ("on_kind", "connection"),
        ("on_name", "closed-db"),
        ("until", until),
    ]
}

async fn masking(world: &World, browser: &mut Browser) {
    let card = world.customer(1).card;
    let read = || world.psql().args(["-tAc", "SELECT card FROM customers WHERE id = 1"]).ok().out;
    assert!(!read().contains(&card));
    let preview = make(browser, "", &SEES).await;
    assert!(
        preview.contains("group support may see in clear card") && preview.contains("in clear: nothing -&gt; card")
    );
    eventually("the card in clear", || read().contains(&card).then_some(()));
    let masks = SEES.map(|(name, value)| (name, if name == "kind" { "stays-masked" } else { value }));
    let _preview = make(browser, "?document=console&rule=support-sees-cards", &masks).await;
    eventually("the card masked", || (!read().contains(&card)).then_some(()));
}

async fn lending(world: &World, browser: &mut Browser) {
    world.like("shop-db", "closed-db", |copy| copy["access"]["groups"] = json!(["hr"]));
    let dsn = world.dsn(world.alice(), "closed-db");
    let psql = |text: &str| e2e::Run::new("psql").args(["-X", "-tAc", text, &dsn]);
    let _closed = psql("SELECT 1").refused();
    let preview = make(browser, "", &lends(&moment(3600))).await;
    assert!(preview.contains("alice: closed-db: may connect"), "{preview}");
    eventually("the right", || (psql("SELECT 1").output().status == 0).then_some(()));
    let mut open = psql("SELECT pg_sleep(120)").start();
    eventually("the session", || {
        let live = world.api(world.carol(), "sessions?connection=closed-db&status=open");
        (live.as_array()?.len() == 1).then_some(())
    });
    // From here on nobody does anything: the right ends by itself.
    let _preview = make(browser, "?document=console&rule=alice-until", &lends(&moment(6))).await;
    assert!(open.try_wait().unwrap().is_none(), "the session lives while its right does");
    eventually("the end of the open session", || open.try_wait().unwrap());
    let refused = psql("SELECT 1").refused();
    assert!(refused.contains("SP-NO-ACCESS"), "{refused}");
}

async fn approval(world: &World, browser: &mut Browser) {
    let update = || world.psql().args(["-c", "UPDATE orders SET item = item WHERE id = 1"]).output();
    assert_eq!(update().status, 0);
    let _preview = make(browser, "", &HOLDS).await;
    let held = eventually("the hold", || Some(update()).filter(|run| run.status != 0));
    for part in ["orders are finance's", "hold-orders", "finance"] {
        assert!(held.err.contains(part), "{part}: {}", held.err);
    }
    let _other = world.psql().args(["-c", "UPDATE customers SET name = name WHERE id = 1"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_made_in_the_browser_work_and_their_export_is_their_file_form() {
    let world = fresh().await;
    let mut browser = Browser::open(&world, &format!("{}/policies", world.site.console_url())).await;
    browser.pick("carol").await;
    assert!(browser.place.path() == "/policies" && browser.page.contains("hold-truncate"), "{}", browser.place);
    masking(&world, &mut browser).await;
    lending(&world, &mut browser).await;
    approval(&world, &mut browser).await;

    let exported = exported(&world);
    let until = exported["rules"][1]["until"].as_str().unwrap().to_owned();
    let file = format!(
        "policies:
- name: console
  rules:
  - id: support-sees-cards
    who: group:support
    kind: stays-masked
    on: label:card
    when:
      connection: shop-db
      effects:
      - read
  - id: alice-until
    who: person:alice
    kind: may-connect-and-use
    on: connection:closed-db
    until: {until}
  - id: hold-orders
    who: everybody
    kind: needs-approval
    on: connection:shop-db
    when:
      writes:
      - public.orders
    reason: orders are finance's
    fix: ask finance
    approvers:
    - finance
"
    );
    let whole = world.sallyport(world.carol(), &["export"]).ok().out;
    let written = file.split_once('\n').unwrap().1;
    assert!(whole.contains(written), "{whole}");
    assert!(apply(&world, &file).contains("0 changed"));
    assert!(apply(&world, &whole).contains("0 changed"));
    // The same file makes the same policies elsewhere, and is what is exported there.
    let other = fresh().await;
    other.like("shop-db", "closed-db", |copy| copy["access"]["groups"] = json!(["hr"]));
    assert!(apply(&other, &file).contains("1 changed"));
    assert!(apply(&other, &file).contains("0 changed"));
    assert_eq!(self::exported(&other), exported);
    assert!(other.sallyport(other.carol(), &["export"]).ok().out.contains(written));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_change_policies_gets_no_form() {
    let world = World::shared();
    let mut browser = Browser::open(world, &format!("{}/auth/login", world.site.console_url())).await;
    browser.pick("alice").await;
    browser.go("/policies").await;
    assert!(browser.status == 403 && !browser.page.contains("<form"), "{}", browser.page);
}
