//! The corpora of dangerous and everyday calls through psql and curl, against the policies of a fresh install: what is judged in
//! tests of its own is judged the same on its whole way, and nothing dangerous arrives.

use std::fmt::Write as _;

use e2e::{World, world::Wishes};
use serde_json::{Value, json};

use crate::request_parameters::Log;

async fn fresh() -> World {
    let agent = "\n[[targets]]\naddress = \"127.0.0.1:*\"\n".into();
    World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), agent, ..Wishes::default() }).await
}

/// Statements of a corpus: what lies between lines of dashes alone.
fn statements(text: &str) -> Vec<&str> {
    text.split("\n--\n").map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// What psql is told about each statement. Each has a line of its own in front of it where errors go.
fn said(world: &World, statements: &[&str]) -> Vec<String> {
    let mut arguments = vec!["-v".to_owned(), "ON_ERROR_STOP=0".to_owned(), "-qtA".to_owned()];
    arguments.extend(["-c".into(), "SET statement_timeout = '5s'".into()]);
    for statement in statements {
        // psql ends a -c at its first command of its own, and sends everything else as it stands.
        arguments.extend(["-c".into(), "\\warn ~~~~".into(), "-c".into(), (*statement).to_owned()]);
        arguments.extend(["-c".into(), "ROLLBACK".into()]);
    }
    let run = world.psql().args(arguments).output();
    run.err.split("~~~~\n").skip(1).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dangerous_statement_runs_at_once_through_psql_and_no_everyday_one_is_stopped() {
    let world = fresh().await;
    // What PostgreSQL cannot even parse is PostgreSQL's to refuse.
    let never = |said: &str| said.contains("syntax error") || said.contains("WITH TIES cannot be specified");
    let stops = |said: &str, dangerous: bool| said.contains("sallyport:") || dangerous && never(said);
    // What psql itself takes for commands of its own never leaves it.
    let sent = |statement: &&str| !statement.contains('\\');
    let dangerous = statements(include_str!("../../../agent/tests/corpus/pg_dangerous.sql"));
    let dangerous: Vec<&str> = dangerous.into_iter().filter(sent).collect();
    let benign = statements(include_str!("../../../agent/tests/corpus/pg_benign.sql"));
    // A million rows are many, whoever asks for them.
    let benign: Vec<&str> = benign.into_iter().filter(sent).filter(|one| !one.contains("1000000)")).collect();
    assert!(dangerous.len() > 300 && benign.len() > 300, "{} {}", dangerous.len(), benign.len());
    let mut wrong = Vec::new();
    for (statements, stopped) in [(&dangerous, true), (&benign, false)] {
        for some in statements.chunks(100) {
            let said = said(&world, some);
            assert_eq!(said.len(), some.len());
            let pairs = some.iter().zip(&said).filter(|(_, said)| stops(said, stopped) != stopped);
            wrong.extend(pairs.map(|(statement, said)| format!("{stopped}: {statement}\n    {said}")));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The statuses that curl gets for each request of a corpus.
fn statuses(world: &World, connection: &str, requests: &[Value]) -> Vec<String> {
    let folder = world.folder(connection);
    let (mut config, port) = (String::new(), world.site.ports.http);
    for (number, request) in requests.iter().enumerate() {
        let parts: Vec<&str> = request.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        let [line, fields @ .., content] = parts.as_slice() else { panic!("{request}") };
        let (method, target) = line.split_once(' ').unwrap();
        if number > 0 {
            config.push_str("next\n");
        }
        let _ = writeln!(config, "url = {}", json!(format!("https://127.0.0.1:{port}/{connection}{target}")));
        let _ = writeln!(config, "request = {}", json!(method));
        let _ = writeln!(config, "cacert = {}", json!(world.site.ca_file().display().to_string()));
        let _ = writeln!(config, "header = {}", json!(format!("Authorization: Bearer {}", world.alice().ticket)));
        for field in fields.iter().flat_map(|fields| fields.lines()) {
            let _ = writeln!(config, "header = {}", json!(field));
        }
        if !content.is_empty() {
            let file = folder.join(format!("{number}"));
            std::fs::write(&file, content).unwrap();
            let _ = writeln!(config, "data-binary = {}", json!(format!("@{}", file.display())));
            if !fields.iter().any(|fields| fields.to_ascii_lowercase().contains("content-type:")) {
                config.push_str("header = \"content-type:\"\n");
            }
        }
        config.push_str("path-as-is\ngloboff\nsilent\noutput = /dev/null\nwrite-out = \"%{http_code}\\n\"\n");
    }
    let file = folder.join("config");
    std::fs::write(&file, config).unwrap();
    let run = e2e::Run::new("curl").args(["-K", file.to_str().unwrap()]).output();
    run.out.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dangerous_request_arrives_through_curl_and_every_everyday_one_does() {
    let world = fresh().await;
    let log = Log::start();
    world.target("corpus", log.port, &json!({ "protocol": "http" }), &json!({}));
    let read = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
    let dangerous = read(include_str!("../../../agent/tests/corpus/http_plain_dangerous.json"));
    let told = statuses(&world, "corpus", &dangerous);
    assert_eq!(told.len(), dangerous.len());
    // curl does not send what is no URL, and fields that name another place are taken off on the way: those requests are plain ones.
    let elsewhere = ["x-original-", "x-rewrite-"];
    let is_plain = |request: &Value| {
        request
            .as_array()
            .unwrap()
            .iter()
            .any(|part| elsewhere.iter().any(|name| part.as_str().unwrap().to_lowercase().starts_with(name)))
    };
    let (plain, rest): (Vec<_>, Vec<_>) = dangerous.iter().zip(&told).partition(|(request, _)| is_plain(request));
    let stopped = |status: &str| matches!(status, "400" | "403" | "413" | "415" | "000");
    let through: Vec<_> = rest.iter().filter(|(_, status)| !stopped(status)).collect();
    assert!(through.is_empty(), "{} get an answer: {through:#?}", through.len());
    assert!(plain.len() < 20 && rest.iter().filter(|(_, status)| *status == "000").count() < 10);
    let arrived = log.take().to_lowercase();
    assert!(!elsewhere.iter().any(|name| arrived.contains(name)), "{arrived}");
    assert_eq!(arrived.matches(" http/1.1\r\n").count(), plain.iter().filter(|(_, status)| *status == "204").count());

    let benign = read(include_str!("../../../agent/tests/corpus/http_plain_benign.json"));
    let told = statuses(&world, "corpus", &benign);
    let stopped: Vec<_> = benign.iter().zip(&told).filter(|(_, status)| *status != "204").collect();
    assert!(stopped.is_empty() && told.len() == benign.len(), "{} are stopped: {stopped:#?}", stopped.len());
}
