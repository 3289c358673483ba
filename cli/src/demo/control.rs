//! What the demo asks of the gateway's API: signs in as one of the people, as a browser would, and does what a person does
//! by hand. There is no back door.

use std::path::Path;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder, Response, header};
use serde_json::{Value, json};

use super::site::{Plan, ca_file};

/// A signed-in person's hands.
#[derive(Debug)]
pub struct Control {
    browser: Client,
    console: String,
    csrf: String,
}

impl Control {
    /// Signs in at the identity provider: opens the console's sign-in, picks the person, and comes back.
    pub(super) async fn sign_in(plan: &Plan, person: &str) -> Result<Self> {
        let ca = std::fs::read(ca_file(&plan.folder)).context("reading the gateway's authority")?;
        let browser = Client::builder()
            .tls_certs_merge([reqwest::Certificate::from_pem(&ca)?])
            .cookie_store(true)
            .build()
            .context("preparing to sign in")?;
        let console = format!("https://127.0.0.1:{}", plan.ports.api);
        let page = checked(browser.get(format!("{console}/auth/login")).send().await?).await?;
        let asked = page.url().clone();
        let mut form: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
        form.push(("person".into(), person.into()));
        let back = checked(browser.post(asked.join("/authorize")?).form(&form).send().await?).await;
        back.with_context(|| format!("signing {person} in"))?;
        let mut this = Self { browser, console, csrf: String::new() };
        let me = this.call(Method::GET, "me", None).await?;
        this.csrf = me.get("csrf_token").and_then(Value::as_str).context("the gateway did not sign us in")?.to_owned();
        Ok(this)
    }

    /// A one-time token with which the agent of that name may enrol.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn join_token(&self, agent: &str) -> Result<String> {
        let answer = self.call(Method::POST, &format!("agents/{agent}/join-tokens"), None).await?;
        text(&answer, "token")
    }

    /// Whether the agent is connected.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn agent_is_online(&self, agent: &str) -> Result<bool> {
        let agents = self.call(Method::GET, "agents", None).await?;
        let mut agents = agents.as_array().into_iter().flatten();
        Ok(agents.any(|one| {
            one.get("name").is_some_and(|name| name == agent) && one.get("connected").is_some_and(|value| value == true)
        }))
    }

    /// Applies a file of connections.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn apply(&self, file: &Path) -> Result<()> {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let request = self.request(Method::POST, "apply").header(header::CONTENT_TYPE, "application/yaml").body(text);
        checked(request.send().await?).await?;
        Ok(())
    }

    /// A ticket, for one connection or for all; with it the API does what its owner may.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn ticket(&self, connection: Option<&str>) -> Result<String> {
        let body = json!({ "connection": connection, "api": true });
        text(&self.call(Method::POST, "tickets", Some(body)).await?, "ticket")
    }

    /// Registers a public key (an OpenSSH line) to the person, unless it is already.
    ///
    /// # Errors
    /// If the gateway refuses.
    pub async fn register_ssh_key(&self, line: &str) -> Result<()> {
        let key = line.split_whitespace().nth(1).context("no public key")?;
        let known = self.call(Method::GET, "ssh-keys", None).await?;
        let mut known = known.as_array().into_iter().flatten();
        if known.any(|one| one.get("public_key").and_then(Value::as_str).is_some_and(|line| line.contains(key))) {
            return Ok(());
        }
        self.call(Method::POST, "ssh-keys", Some(json!({ "public_key": line.trim() }))).await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = checked(request.send().await?).await?.text().await?;
        serde_json::from_str(&answer).with_context(|| format!("the gateway's answer to {path}"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.browser.request(method, format!("{}/api/v1/{path}", self.console)).header("x-csrf-token", &self.csrf)
    }
}

/// The answer, or what the gateway said was wrong.
async fn checked(answer: Response) -> Result<Response> {
    let (status, url) = (answer.status(), answer.url().clone());
    if status.is_success() {
        return Ok(answer);
    }
    bail!("{} said {status}: {}", url.path(), answer.text().await.unwrap_or_default())
}

fn text(answer: &Value, name: &str) -> Result<String> {
    Ok(answer
        .get(name)
        .and_then(Value::as_str)
        .with_context(|| format!("the gateway's answer has no {name}"))?
        .to_owned())
}
