//! `sallyport login` and `logout`: works wherever a browser is, on this host or another.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::{Client, Connect, block_on},
    output,
    sign_ins::{SignIn, SignIns},
};

/// Arguments of `login` and `logout`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    connect: Connect,
}

/// Signs in.
///
/// # Errors
/// If the gateway cannot be reached or nobody confirms the code in time.
pub(crate) fn login(args: Args) -> Result<()> {
    let client = args.connect.anybody()?;
    let (token, expires) = block_on(confirm(&client))?;
    let mut sign_ins = SignIns::load()?;
    let ca = client.ca.as_deref().map(std::path::absolute).transpose()?;
    sign_ins.gateways.insert(client.base().to_owned(), SignIn::new(token, expires, ca));
    sign_ins.default = Some(client.base().to_owned());
    let file = sign_ins.save()?;
    output::line(&format!("Signed in until {} UTC; kept in {}.", expires.truncate_to_second(), file.display()));
    Ok(())
}

/// Signs out, here and at the gateway.
///
/// # Errors
/// If the gateway cannot be reached; the sign-in is forgotten here all the same.
pub(crate) fn logout(args: Args) -> Result<()> {
    let client = args.connect.anybody()?;
    let mut sign_ins = SignIns::load()?;
    let known = sign_ins.gateways.remove(client.base()).is_some();
    sign_ins.save()?;
    if !known {
        bail!("not signed in at {}", client.base());
    }
    block_on(client.delete("/api/v1/login"))
}

async fn confirm(client: &Client) -> Result<(String, OffsetDateTime)> {
    let begun = client.post("/api/v1/logins", &json!({})).await?;
    let text = |name: &str| begun.get(name).and_then(Value::as_str).context("the gateway's answer is not understood");
    output::line(&format!("Open {}\nand type the code  {}\n", text("url")?, text("code")?));
    let poll = json!({ "poll": text("poll")? });
    let interval = Duration::from_secs(begun.get("interval").and_then(Value::as_u64).unwrap_or(2).clamp(1, 60));
    loop {
        tokio::time::sleep(interval).await;
        let polled = client.post("/api/v1/logins/poll", &poll).await?;
        let text = |name: &str| polled.get(name).and_then(Value::as_str);
        match text("status") {
            Some("waiting") => {}
            Some("approved") => {
                let token = text("token").context("the gateway sent no token")?;
                let expires = OffsetDateTime::parse(text("expires").unwrap_or_default(), &Rfc3339)?;
                return Ok((token.to_owned(), expires));
            }
            _ => bail!("nobody confirmed the code in time"),
        }
    }
}
