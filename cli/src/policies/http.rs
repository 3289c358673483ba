//! An HTTP request as it is written down for a test or an explanation, read as the connection's settings say.

use std::{collections::BTreeMap, path::PathBuf};

use agent::filter::http::{Trial, facts_of, marked_labels};
use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use policy::Facts;
use proto::HttpSettings;
use protocols::http::{
    claims_identity,
    h1::{BodyReader, Length, Piece, RequestHead},
    is_hop_by_hop,
};
use serde::Deserialize;

use super::{read, source::Source};

/// A request, and how its connection is read where no file declares it.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(default)]
pub(super) struct Http {
    /// An HTTP request: `POST /refunds?x=1`.
    #[arg(long, value_name = "METHOD PATH")]
    pub(super) http: Option<String>,
    /// A header field of it.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Its content; JSON unless a header says otherwise.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// An OpenAPI document whose operations are the functions, in place of the connection's.
    #[arg(long, value_name = "FILE")]
    openapi: Option<PathBuf>,
    /// A function without a document, in place of the connection's: `POST /refunds=issue_refund`.
    #[arg(long = "route", value_name = "METHOD /PATH=NAME")]
    routes: Vec<String>,
}

/// A request is refused before any policy is asked.
#[derive(Debug, thiserror::Error)]
#[error("refused before any policy is asked: {0}")]
pub(super) struct Unjudged(String);

/// A request on a connection, read as the gateway reads it.
pub(super) struct Asked {
    settings: HttpSettings,
    trial: Result<Trial, String>,
}

impl Asked {
    /// The facts of the request, with the values of these labels as they came.
    ///
    /// # Errors
    /// Why it would be refused before policy is asked.
    pub(super) fn facts(&self, raw: &[String]) -> Result<Facts> {
        let trial = self.trial.as_ref().map_err(|why| Unjudged(why.clone()))?;
        facts_of(&self.settings, trial, raw).map_err(|why| Unjudged(why).into())
    }

    /// The labels of the parameters that the connection marks.
    pub(super) fn marked(&self) -> Vec<String> {
        marked_labels(&self.settings)
    }
}

impl Http {
    /// The request.
    ///
    /// # Errors
    /// If it is not written as one; what is wrong with the connection's settings.
    pub(super) fn asked(&self, line: &str, source: &Source, connection: &str) -> Result<Asked> {
        let settings = self.settings(source, connection)?;
        let Some((method, target)) = line.trim().split_once(' ') else { bail!("http: write METHOD /path") };
        let mut head = format!("{} {} HTTP/1.1\r\n", method.to_ascii_uppercase(), target.trim());
        let content = self.body.as_deref().unwrap_or_default();
        let mut has = Has::default();
        for header in &self.headers {
            let (name, value) = header.split_once(':').context("header: write NAME: VALUE")?;
            has.note(name);
            head.push_str(&format!("{name}:{value}\r\n"));
        }
        head.push_str(&has.missing(content));
        Ok(Asked { settings, trial: read_request(&head, content) })
    }

    fn settings(&self, source: &Source, connection: &str) -> Result<HttpSettings> {
        if self.openapi.is_none() && self.routes.is_empty() {
            return source.http(connection);
        }
        let mut routes = BTreeMap::new();
        for route in &self.routes {
            let (route, name) = route.rsplit_once('=').context("route: write METHOD /path=NAME")?;
            routes.insert(route.trim().to_owned(), name.trim().to_owned());
        }
        let openapi = self.openapi.as_deref().map(read).transpose()?;
        Ok(serde_json::from_value(serde_json::json!({ "openapi": openapi, "routes": routes }))?)
    }
}

/// Which fields are written out.
#[derive(Default)]
struct Has {
    host: bool,
    length: bool,
    content_type: bool,
}

impl Has {
    fn note(&mut self, name: &str) {
        match name.trim().to_ascii_lowercase().as_str() {
            "host" => self.host = true,
            "content-length" | "transfer-encoding" => self.length = true,
            "content-type" => self.content_type = true,
            _ => {}
        }
    }

    /// The fields that any client adds, and the end of the head.
    fn missing(&self, content: &str) -> String {
        let mut fields = String::new();
        if !self.host {
            fields.push_str("host: gateway\r\n");
        }
        if !self.length && !content.is_empty() {
            fields.push_str(&format!("content-length: {}\r\n", content.len()));
        }
        if !self.content_type && !content.is_empty() {
            fields.push_str("content-type: application/json\r\n");
        }
        fields + "\r\n"
    }
}

/// What goes on to the agent of a request, or why none does.
fn read_request(head: &str, content: &str) -> Result<Trial, String> {
    let read = RequestHead::parse(head.as_bytes()).map_err(|why| why.to_string())?;
    let content = body(read.length, content)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let named = |name: &str| read.connection_options.iter().any(|option| option.eq_ignore_ascii_case(name.as_bytes()));
    let ours = |name: &str| {
        matches!(name, "host" | "authorization" | "expect")
            || is_hop_by_hop(name.as_bytes())
            || claims_identity(name.as_bytes())
            || named(name)
    };
    let fields = read.fields.iter().map(|(name, value)| (text(name).to_ascii_lowercase(), text(value)));
    let fields = fields.filter(|(name, _)| !ours(name)).collect();
    Ok(Trial { method: text(read.method), target: text(read.target), fields, content })
}

fn body(length: Length, content: &str) -> Result<Vec<u8>, String> {
    let (mut reader, mut left, mut whole) = (BodyReader::new(length), BytesMut::from(content), Vec::new());
    while let Some(piece) = reader.next(&mut left).map_err(|why| why.to_string())? {
        if let Piece::Data(data) = piece {
            whole.extend_from_slice(&data);
        }
    }
    match (reader.is_done(), left.is_empty()) {
        (true, true) => Ok(whole),
        (true, false) => Err("its content is longer than it says".into()),
        (false, _) => Err("its content ends too soon".into()),
    }
}
