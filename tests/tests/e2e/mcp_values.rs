//! Wherever an MCP server can say something, its client hears no value: results and their structure, metadata, errors, progress,
//! logs, resources, prompts, and questions.

use std::{
    io::{BufRead, BufReader},
    process::Child,
};

use e2e::World;
use sallyport::demo::ports::Ports;
use serde_json::json;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

#[test]
fn a_value_reaches_an_mcp_client_by_no_way() {
    let world = World::shared();
    let port = Ports::free().unwrap().http;
    let mut process = world.python("mcp_everywhere.py", &["serve", &port.to_string()]).start();
    let said = BufReader::new(process.stdout.take().unwrap()).lines().next();
    let _server = Server(process);
    assert_eq!(said.unwrap().unwrap(), "READY");
    let settings = json!({ "protocol": "http", "kind": "mcp", "mask": { "json": { "pet": "secret" } } });
    world.target("everywhere", port, &settings, &json!({}));
    let url = format!("https://127.0.0.1:{}/everywhere/mcp", world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    for mode in ["auto", "legacy"] {
        let asked = ["ask", &url, &world.alice().ticket, &ca, mode, "canary-one"];
        assert_eq!(world.python("mcp_everywhere.py", &asked).ok().out, "fine\n", "{mode}");
    }
}
