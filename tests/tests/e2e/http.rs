//! curl through the gateway.

use e2e::{Run, World};

#[test]
fn a_customer_arrives_as_json_with_sensitive_values_masked() {
    let world = World::shared();
    let one = world.customer(7);
    let answer = world.curl("/shop-api/customers/7", &["--fail"]).ok();
    answer.hides(&[&one.card, &one.ssn, &one.email]);
    let (through, direct) = (answer.json(), world.direct_curl("/customers/7", &[]).ok().json());
    for field in ["id", "name", "phone"] {
        assert_eq!(through[field], direct[field]);
    }
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&through), keys(&direct));
}

#[test]
fn every_function_of_the_api_works() {
    let world = World::shared();
    let found = world.curl("/shop-api/customers?q=garcia&limit=3", &["--fail"]).ok().json();
    assert_eq!(found["customers"].as_array().unwrap().len(), 3);
    let export = world.curl("/shop-api/exports/customers", &["--fail"]).ok();
    assert_eq!(export.out.lines().count(), 501);
    export.hides(&[&world.customer(1).card, &world.customer(500).card, &world.customer(250).ssn]);
    let refund = ["--fail", "--json", r#"{"order_id": 4, "amount_cents": 1250, "reason": "broken"}"#];
    assert_eq!(world.curl("/shop-api/refunds", &refund).ok().json()["status"], "issued");
    let document = world.curl("/shop-api/openapi.json", &["--fail"]).ok().json();
    assert_eq!(document["paths"]["/customers/{id}"]["get"]["operationId"], "get_customer");
}

#[test]
fn the_callers_credential_never_reaches_the_target() {
    let world = World::shared();
    let ticket = &world.alice().ticket;
    let echo = world.curl("/shop-api/echo?a=b%20c", &["-H", "X-Forwarded-For: 9.9.9.9", "-H", "X-Own: kept"]).ok();
    assert!(!echo.out.contains(ticket.as_str()), "{}", echo.out);
    let seen = echo.json();
    assert_eq!(seen["path"], "/echo?a=b%20c");
    let values = |name: &str| -> Vec<String> {
        let headers = seen["headers"].as_array().unwrap().iter();
        headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(values("authorization"), ["Bearer (the shop's own token)"]);
    assert_eq!(values("x-own"), ["kept"]);
    assert!(!values("x-forwarded-for").iter().any(|value| value.contains("9.9.9.9")), "{}", echo.out);
}

#[test]
fn statuses_and_headers_are_the_targets() {
    let world = World::shared();
    let missing = world.curl("/shop-api/customers/9999", &["-i"]).ok();
    assert!(missing.out.contains(" 404") && missing.out.contains("no such customer"), "{}", missing.out);
    let head = world.curl("/shop-api/bytes/12345", &["-I"]).ok();
    assert!(head.out.to_lowercase().contains("content-length: 12345"), "{}", head.out);
}

#[test]
fn both_versions_of_http_work() {
    let world = World::shared();
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let answer = world.curl("/shop-api/customers/1", &[option, "-o", "/dev/null", "-w", "%{http_version}"]).ok();
        assert_eq!(answer.out, version);
    }
}

#[test]
fn a_connection_is_reached_by_host_name_too() {
    let world = World::shared();
    let port = world.site.ports.http;
    let answer = Run::new("curl")
        .args(["-sS", "--cacert"])
        .arg(world.site.ca_file())
        .args(["--fail", "--resolve", &format!("shop-api.sallyport.localhost:{port}:127.0.0.1")])
        .args(["-H", &format!("Authorization: Bearer {}", world.alice().ticket)])
        .arg(format!("https://shop-api.sallyport.localhost:{port}/customers/1"))
        .ok();
    assert_eq!(answer.json()["id"], 1);
}

#[test]
fn without_a_ticket_nothing_is_answered() {
    let world = World::shared();
    let url = format!("https://127.0.0.1:{}/shop-api/customers/1", world.site.ports.http);
    let curl = |more: &[&str]| {
        Run::new("curl").args(["-sS", "-i", "--cacert"]).arg(world.site.ca_file()).args(more).arg(&url).ok().out
    };
    assert!(curl(&[]).contains(" 401"));
    assert!(curl(&["-H", "Authorization: Bearer nonsense"]).contains(" 401"));
    let cookie = format!("Cookie: ticket={}", world.alice().ticket);
    assert!(curl(&["-H", &cookie]).contains(" 401"), "cookies are no credential here");
}

#[test]
fn a_kept_connection_serves_many_requests() {
    let world = World::shared();
    let url = format!("https://127.0.0.1:{}/shop-api/customers/[1-40]", world.site.ports.http);
    let answers = Run::new("curl")
        .args(["-sS", "--fail", "--cacert"])
        .arg(world.site.ca_file())
        .args(["-H", &format!("Authorization: Bearer {}", world.alice().ticket), "-w", "\n%{num_connects}\n", &url])
        .ok();
    let connects: u32 = answers.out.lines().filter_map(|line| line.parse::<u32>().ok()).sum();
    assert_eq!(connects, 1);
}
