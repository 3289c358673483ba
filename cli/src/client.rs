//! A client of the gateway's API for the commands that people use. Which gateway: `SALLYPORT_URL`, or the one last signed
//! in to. Whom to trust: `SALLYPORT_CA`, or the public roots. As whom: `SALLYPORT_TICKET`, or the last sign-in.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::{Method, RequestBuilder, Response};
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::Value;
use url::{Host, Url};

use crate::sign_ins::SignIns;

/// How long the gateway may be silent. A recording may take longer than that as a whole.
const SILENCE: Duration = Duration::from_secs(30);

/// Which gateway to talk to. The ticket comes from the environment only: arguments are visible to everybody on a host.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Connect {
    /// The gateway's console and API, `https://host:port`.
    #[arg(long, env = "SALLYPORT_URL", value_name = "URL")]
    pub url: Option<String>,
    /// PEM file of the authority to trust.
    #[arg(long, env = "SALLYPORT_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Talks to one gateway.
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at the end.
    base: String,
    bearer: Option<String>,
    /// The authority's file, for lines to paste.
    pub ca: Option<PathBuf>,
}

impl Connect {
    /// A client that is somebody.
    ///
    /// # Errors
    /// If no gateway is named or nobody is signed in.
    pub fn signed_in(&self) -> Result<Client> {
        let client = self.anybody()?;
        if client.bearer.is_none() {
            bail!("not signed in: run `sallyport login`, or set SALLYPORT_TICKET");
        }
        Ok(client)
    }

    /// A client that may be nobody.
    ///
    /// # Errors
    /// If no gateway is named.
    pub fn anybody(&self) -> Result<Client> {
        let known = SignIns::load()?;
        let url = self.url.clone().or_else(|| known.default.clone());
        let url = url.context("no gateway: set SALLYPORT_URL, or run `sallyport login --url URL`")?;
        let base = base(&url)?;
        let saved = known.gateways.get(&base);
        let ca = self.ca.clone().or_else(|| saved.and_then(|saved| saved.ca.clone()));
        let ticket = std::env::var("SALLYPORT_TICKET").ok().filter(|ticket| !ticket.is_empty());
        let bearer = ticket.or_else(|| saved.and_then(|saved| saved.token()));
        Ok(Client { http: http(&base, ca.as_deref())?, base, bearer, ca })
    }
}

impl Client {
    /// The gateway's address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// What the gateway says, or that it cannot be reached.
    pub async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.send(self.request(Method::GET, path)).await?.json().await?)
    }

    /// Reads bytes of a kind.
    ///
    /// # Errors
    /// What the gateway says, or that it cannot be reached.
    pub async fn get_raw(&self, path: &str, accept: &str) -> Result<Vec<u8>> {
        let response = self.send(self.request(Method::GET, path).header("accept", accept)).await?;
        Ok(response.bytes().await?.to_vec())
    }

    /// Sends JSON and reads JSON; `null` if there is none.
    ///
    /// # Errors
    /// What the gateway says, or that it cannot be reached.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        answer(self.send(self.request(Method::POST, path).json(body)).await?).await
    }

    /// Sends a text of a kind and reads JSON.
    ///
    /// # Errors
    /// What the gateway says, or that it cannot be reached.
    pub async fn post_text(&self, path: &str, kind: &str, text: String) -> Result<Value> {
        answer(self.send(self.request(Method::POST, path).header("content-type", kind).body(text)).await?).await
    }

    /// Deletes.
    ///
    /// # Errors
    /// What the gateway says, or that it cannot be reached.
    pub async fn delete(&self, path: &str) -> Result<()> {
        self.send(self.request(Method::DELETE, path)).await.map(|_| ())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.with_context(|| format!("the gateway at {}", self.base))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        match (problem.get("detail").and_then(Value::as_str), problem.get("code").and_then(Value::as_str)) {
            (Some(detail), Some(code)) => bail!("{detail} ({code})"),
            _ => bail!("the gateway answered {status}"),
        }
    }
}

/// Runs a command's future to its end.
///
/// # Errors
/// Its own.
pub fn block_on<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// A part of a path, escaped: what a person typed cannot lead elsewhere.
#[must_use]
pub fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

async fn answer(response: Response) -> Result<Value> {
    let bytes = response.bytes().await?;
    if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
}

fn base(url: &str) -> Result<String> {
    let parsed = Url::parse(url).with_context(|| format!("`{url}` is no URL"))?;
    if parsed.scheme() != "https" {
        bail!("the gateway's URL must begin with https://");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn http(base: &str, ca: Option<&std::path::Path>) -> Result<reqwest::Client> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in
            CertificateDer::pem_file_iter(path).map_err(|error| anyhow!("{}: {error}", path.display()))?
        {
            roots.add(certificate?)?;
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE);
    if is_local(base) {
        builder = builder.no_proxy();
    }
    Ok(builder.build()?)
}

fn is_local(base: &str) -> bool {
    match Url::parse(base).as_ref().ok().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
