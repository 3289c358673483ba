//! Signing in, and the tickets that follow from it.

use std::io::BufRead;

use e2e::{Run, World};

fn psql(world: &World, ticket: &str, database: &str) -> Run {
    let dsn = world.dsn(world.alice(), database).replace(&world.alice().ticket, ticket);
    Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn])
}

fn minted(world: &World, arguments: &[&str]) -> String {
    world.sallyport(world.alice(), arguments).ok().out.lines().last().unwrap().trim().to_owned()
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
    let mut login = Run::new(world.program())
        .args(["login", "--no-browser"])
        .env("SALLYPORT_URL", world.site.console_url())
        .env("SALLYPORT_CA", world.site.ca_file())
        .env("HOME", &home)
        .start();
    let mut said = std::io::BufReader::new(login.stdout.take().unwrap()).lines();
    let url = said
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| line.split_whitespace().find(|word| word.starts_with("http")).map(str::to_owned))
        .expect("a link to open");
    e2e::browser::sign_in(world, &url, "bob").await;
    let rest: Vec<String> = said.map(Result::unwrap).collect();
    assert!(login.wait().unwrap().success(), "{rest:?}");
    let ticket = Run::new(world.program())
        .args(["ticket", "shop-db"])
        .env("SALLYPORT_URL", world.site.console_url())
        .env("SALLYPORT_CA", world.site.ca_file())
        .env("HOME", &home)
        .ok();
    let _in = psql(world, ticket.out.lines().last().unwrap().trim(), "shop-db").ok();
}

#[test]
fn production_mode_refuses_the_development_provider() {
    let world = World::shared();
    let folder = world.folder("production");
    let config = std::fs::read_to_string(world.site.folder.join("gateway.toml")).unwrap();
    let ports = sallyport::demo::ports::Ports::free().unwrap();
    let mut config = config.replace("mode = \"development\"", "mode = \"production\"");
    for (old, new) in [
        (world.site.ports.api, ports.api),
        (world.site.ports.tunnel, ports.tunnel),
        (world.site.ports.postgres, ports.postgres),
        (world.site.ports.ssh, ports.ssh),
        (world.site.ports.http, ports.http),
    ] {
        config = config.replace(&old.to_string(), &new.to_string());
    }
    config =
        config.replace(&format!("{}/gateway", world.site.folder.display()), &format!("{}/state", folder.display()));
    let file = folder.join("gateway.toml");
    std::fs::write(&file, config).unwrap();
    let refused =
        Run::new("timeout").args(["15"]).arg(world.program()).arg("gateway").arg("--config").arg(&file).output();
    assert!(
        refused.status != 0 && refused.status != 124,
        "it should refuse to start: {}\n{}",
        refused.out,
        refused.err
    );
    assert!((refused.out + &refused.err).contains("development"));
}
