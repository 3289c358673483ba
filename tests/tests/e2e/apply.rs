//! Connections are declared in a file; applying it twice changes nothing, and what was not granted is not there.

use e2e::{Run, World};

#[test]
fn applying_twice_changes_nothing_and_export_gives_it_back() {
    let world = World::shared();
    let file = world.site.folder.join("connections.yaml");
    let apply = || world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok();
    let export = || world.sallyport(world.carol(), &["export"]).ok().out;
    let _first = apply();
    let before = export();
    let _second = apply();
    assert_eq!(export(), before);
    for name in ["shop-db", "web-1", "shop-api"] {
        assert!(before.contains(name), "{before}");
    }
    let exported = world.folder("export").join("exported.yaml");
    std::fs::write(&exported, &before).unwrap();
    let _from_export = world.sallyport(world.carol(), &["apply", "-f", exported.to_str().unwrap()]).ok();
    assert_eq!(export(), before);
}

#[test]
fn only_an_administrator_applies() {
    let world = World::shared();
    let file = world.site.folder.join("connections.yaml");
    let refused = world.sallyport(world.alice(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(!refused.contains("file:"), "{refused}");
}

#[test]
fn a_file_with_a_mistake_changes_nothing_and_says_where() {
    let world = World::shared();
    let before = world.sallyport(world.carol(), &["export"]).ok().out;
    let file = world.folder("mistake").join("wrong.yaml");
    std::fs::write(&file, before.replacen("protocol: postgres", "protocol: telnet", 1)).unwrap();
    let refused = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).refused();
    assert!(refused.contains("telnet"), "{refused}");
    assert_eq!(world.sallyport(world.carol(), &["export"]).ok().out, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_names_no_groups_is_open_to_nobody() {
    let world = World::start().await;
    let file = world.site.folder.join("connections.yaml");
    let open = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, open.replace("    - support\n", "    - somebody-else\n")).unwrap();
    let _applied = world.sallyport(world.carol(), &["apply", "-f", file.to_str().unwrap()]).ok();
    let refused = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(refused.contains("SP-NO-ACCESS"), "{refused}");
    let unknown = Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(world.alice(), "shop-xx")]).refused();
    assert_eq!(refused.replace("shop-db", "shop-xx"), unknown, "forbidden and unknown look alike");
}
