//! Signing in, and the tickets that follow from it.

use std::io::BufRead;

use e2e::{Run, World, browser::Browser};
use regex::Regex;

fn psql(world: &World, ticket: &str, database: &str) -> Run {
    let dsn = world.dsn(world.alice(), database).replace(&world.alice().ticket, ticket);
    Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn])
}

fn minted(world: &World, arguments: &[&str]) -> String {
    secret(&world.sallyport(world.alice(), arguments).ok().out).to_owned()
}

#[test]
fn a_ticket_for_one_connection_opens_only_that_one() {
    let world = World::shared();
    let ticket = minted(world, &["ticket", "shop-db"]);
    let _in = psql(world, &ticket, "shop-db").ok();
    let foreign = world.curl_as(&ticket, "/shop-api/customers/1", &["-i"]).ok().out;
    assert!(foreign.contains("SP-NO-ACCESS") || foreign.contains(" 401"), "{foreign}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_signs_in_through_the_browser() {
    let world = World::shared();
    let home = world.folder("login-home");
    let sallyport = |arguments: &[&str]| {
        Run::new(world.program())
            .args(arguments)
            .env("SALLYPORT_URL", world.site.console_url())
            .env("SALLYPORT_CA", world.site.ca_file())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
    };
    let mut login = sallyport(&["login"]).start();
    let (mut url, mut code) = (None, None);
    let form = Regex::new(r"\b[B-T]{5}-[B-T]{5}\b").unwrap();
    let mut said = std::io::BufReader::new(login.stdout.take().unwrap()).lines().map(Result::unwrap);
    while url.is_none() || code.is_none() {
        let line = said.next().expect("a link and a code");
        code = code.or_else(|| form.find(&line).map(|found| found.as_str().to_owned()));
        url = url.or_else(|| line.split_whitespace().find(|word| word.starts_with("https://")).map(str::to_owned));
    }
    let mut browser = Browser::open(world, &url.unwrap()).await;
    browser.pick("bob").await;
    browser.submit(&[("code", "BBBBB-BBBBB")]).await;
    assert!(browser.page.contains("No command line waits"), "{}", browser.page);
    browser.submit(&[("code", &code.unwrap())]).await;
    browser.submit(&[]).await;
    assert!(browser.page.contains("signed in"), "{}", browser.page);
    let rest: Vec<String> = said.collect();
    assert!(login.wait().unwrap().success(), "{rest:?}");
    let ticket = sallyport(&["ticket", "shop-db"]).ok();
    let _in = psql(world, secret(&ticket.out), "shop-db").ok();
}

#[test]
fn production_mode_refuses_the_development_provider() {
    let world = World::shared();
    let folder = world.folder("production");
    let config = std::fs::read_to_string(world.site.folder.join("gateway.toml")).unwrap();
    let config = config.replace("mode = \"development\"", "mode = \"production\"");
    let config = config.replace(&format!("{}/gateway", world.site.folder.display()), &folder.display().to_string());
    let file = folder.join("gateway.toml");
    std::fs::write(&file, config).unwrap();
    let refused = Run::new(world.program()).arg("gateway").arg("--config").arg(&file).refused();
    assert!(refused.contains("https://"), "{refused}");
}

/// The ticket in what `sallyport ticket` printed: the first word.
fn secret(said: &str) -> &str {
    said.split_whitespace().next().expect("a ticket")
}
