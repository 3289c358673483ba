//! gRPC messages with descriptors: what callers see of their fields, and what of the callers' fields the target gets.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e::{Run, World, eventually};
use sallyport::demo::ports::Ports;
use serde_json::{Value, json};

/// The service, with what it says it got.
pub(crate) struct Shop {
    process: Child,
    said: BufReader<ChildStdout>,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

impl Shop {
    pub(crate) fn start(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
        let compiled = protox::compile(["shop.proto"], [source]).unwrap();
        let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(compiled).unwrap();
        std::fs::write(folder.path().join("shop.pb"), pool.encode_to_vec()).unwrap();
        let port = Ports::free().unwrap().api;
        let file = folder.path().join("shop.pb").display().to_string();
        let mut process = world.python("grpc_shop.py", &["serve", &port.to_string(), &file]).start();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut shop = Self { process, said, port, folder };
        assert_eq!(shop.got(), "READY\n");
        shop
    }

    fn file(&self) -> String {
        self.folder.path().join("shop.pb").display().to_string()
    }

    /// The next message that it got.
    pub(crate) fn got(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn connect(&self, world: &World, name: &str, mask: &Value) {
        let descriptors = STANDARD.encode(std::fs::read(self.file()).unwrap());
        let settings = json!({
            "protocol": "http", "kind": "grpc", "http2_prior_knowledge": true, "descriptors": descriptors, "mask": mask
        });
        world.target(
            name,
            self.port,
            &settings,
            &json!({ "token_key": world.secret("0123456789abcdef0123456789abcdef") }),
        );
    }

    pub(crate) fn call(&self, world: &World, name: &str, method: &str, question: &Value, more: &[&str]) -> String {
        let (port, host) = (world.site.ports.http.to_string(), format!("{name}.sallyport.localhost"));
        let (file, ca, question) = (self.file(), world.site.ca_file().display().to_string(), question.to_string());
        let arguments = ["call", &port, &file, &host, &world.alice().ticket, &ca, method, &question];
        let call: Run = world.python("grpc_shop.py", &[&arguments[..], more].concat());
        call.ok().out
    }
}

#[test]
fn fields_of_grpc_answers_are_masked_by_what_they_hold_and_by_their_marks() {
    let world = World::shared();
    let shop = Shop::start(world);
    shop.connect(world, "grpc-fields", &json!({ "grpc": { "tax_id": "ssn", "shop.v1.Customer.name": "email" } }));
    let masked = |out: &str| {
        for value in ["4111", "canary", "ann@", "Ann", "Bob"] {
            assert!(!out.contains(value), "{value}: {out}");
        }
        assert!(out.contains(r#""card": "**** **** **** ****""#) && out.contains(r#""tax_id": "**********""#), "{out}");
    };
    for more in [&[][..], &["gzip"]] {
        let one = shop.call(world, "grpc-fields", "Get", &json!({ "name": "x" }), more);
        masked(&one);
        let both = shop.call(world, "grpc-fields", "List", &json!({ "name": "x" }), more);
        masked(&both);
        assert!(both.lines().count() == 2 && both.contains(r#""note": "fine""#), "{both}");
    }
    let shown = eventually("the recording", || {
        let ids = world.session_ids("grpc-fields");
        let shown: String =
            ids.iter().map(|id| world.sallyport(world.carol(), &["sessions", "replay", id]).ok().out).collect();
        shown.contains("shop.v1.Shop/List").then_some(shown)
    });
    assert!(!shown.contains("canary") && !shown.contains("4111 1111"), "{shown}");
}

#[test]
fn marked_fields_of_grpc_requests_reach_the_target_by_their_mode_and_the_record_never() {
    let world = World::shared();
    let mut shop = Shop::start(world);
    let requests = json!({
        "shop.v1.Find.ssn": { "label": "ssn", "mode": "in-flight" },
        "mail": { "label": "email", "mode": "token" },
        "pin": "secret",
    });
    shop.connect(world, "grpc-requests", &json!({ "requests": { "grpc": requests } }));
    let question = json!({ "name": "Ann", "ssn": "canary-ssn", "pin": "canary-pin", "mail": "canary@example.com" });
    for (method, more) in [("Get", &[][..]), ("Get", &["gzip"]), ("List", &[])] {
        let answer = shop.call(world, "grpc-requests", method, &question, more);
        assert!(answer.contains("Ann"), "{answer}");
        let got = shop.got();
        assert!(got.contains(r#""ssn": "**********""#) && got.contains("canary-pin"), "{got}");
        assert!(!got.contains("canary@") && got.contains("@"), "a token: {got}");
    }
    // Its messages would have to wait for each other.
    let refused = shop.call(world, "grpc-requests", "Add", &question, &[]);
    assert!(refused.contains("SP-UNMASKABLE"), "{refused}");
    let shown = eventually("the recording", || {
        let ids = world.session_ids("grpc-requests");
        let all = |verb| -> String {
            ids.iter().map(|id| world.sallyport(world.carol(), &["sessions", verb, id]).ok().out).collect()
        };
        let shown = all("show") + &all("replay");
        (shown.matches("request grpc").count() >= 2 && shown.contains("Shop/Add")).then_some(shown)
    });
    for value in ["canary-ssn", "canary-pin", "canary@"] {
        assert!(!shown.contains(value), "{value}: {shown}");
    }
}

#[test]
fn a_mark_on_a_field_that_no_descriptor_has_is_refused() {
    let world = World::shared();
    let document = |mask: &str| {
        format!(
            "connections:\n  - name: grpc-wrong\n    agent: {}\n    address: 127.0.0.1:1\n    settings:\n      protocol: http\n      \
             kind: grpc\n      mask: {mask}\n    access:\n      groups: [support]\n",
            sallyport::demo::site::AGENT
        )
    };
    for mask in ["{ grpc: { shop.v1.Customer.ssn: ssn } }", "{ requests: { grpc: { ssn: ssn } } }"] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), document(mask)).unwrap();
        let path = file.path().display().to_string();
        let refused = world.sallyport(world.carol(), &["apply", "-f", &path]).refused();
        assert!(refused.contains("descriptors"), "{refused}");
    }
}
