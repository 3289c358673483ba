//! An HTTP request as it is written down for a test or an explanation, read as the connection's settings say.

use std::{collections::BTreeMap, path::PathBuf};

use agent::filter::http::{Trial, facts_of};
use anyhow::{Context as _, Result, bail};
use policy::Facts;
use proto::HttpSettings;
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

impl Http {
    /// The facts of the request.
    ///
    /// # Errors
    /// If it cannot be read as a request; why it would be refused before policy is asked.
    pub(super) fn facts(&self, line: &str, source: &Source, connection: &str) -> Result<Facts> {
        let Some((method, target)) = line.trim().split_once(' ') else { bail!("http: write METHOD /path") };
        let mut fields = Vec::new();
        for header in &self.headers {
            let (name, value) = header.split_once(':').context("header: write NAME: VALUE")?;
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let content = self.body.clone().unwrap_or_default().into_bytes();
        if !content.is_empty() && !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            fields.push(("content-type".into(), "application/json".into()));
        }
        let (method, target) = (method.to_ascii_uppercase(), target.trim().to_owned());
        let trial = Trial { method, target, fields, content };
        facts_of(&self.settings(source, connection)?, &trial).map_err(|why| Unjudged(why).into())
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
