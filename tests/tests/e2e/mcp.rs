//! An MCP server behind the gateway, used with the protocol's own client library.

use std::{io::BufRead, process::Child};

use e2e::{World, world::Wishes};
use sallyport::demo::ports::Ports;

const RULES: &str = r#"
@id("no-mail") @reason("AI agents send no mail by themselves")
forbid (principal, action == Action::"Invoke", resource) when { context.functions.contains("tools/send_email") };
@id("hold-refunds") @approvers("finance")
forbid (principal, action == Action::"RunUnapproved", resource)
when { context.functions.contains("tools/refund") && context.arguments has amount_cents && context.arguments.amount_cents > 10000 };
"#;

pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

pub(crate) fn start(world: &World, port: u16, name: &str) -> Server {
    let mut process = world.python("mcp_server.py", &[&port.to_string()]).start();
    let said = std::io::BufReader::new(process.stdout.take().unwrap()).lines().next();
    assert_eq!(said.unwrap().unwrap(), "READY");
    world.connect(name, port, "protocol: http\n      kind: mcp\n    masking:\n      labels: [card, email]");
    Server(process)
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_are_listed_called_masked_and_refused_in_words_a_model_reads() {
    let port = Ports::free().unwrap().http;
    let agent = format!("[[targets]]\naddress = \"127.0.0.1:{port}\"\n");
    let world = World::start_with(Wishes { agent, ..Wishes::default() }).await;
    let _server = start(&world, port, "orders");
    world.policy("tools", RULES);
    let url = format!("https://127.0.0.1:{}/orders/mcp", world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    for mode in ["auto", "legacy"] {
        assert_eq!(world.python("mcp_tour.py", &[&url, &world.alice().ticket, &ca, mode]).ok().out, "fine\n", "{mode}");
    }
}
