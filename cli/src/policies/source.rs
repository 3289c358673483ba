//! Where policies come from: files, the gateway, or files over what the gateway has.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use gateway::{api, store};
use policy::{Bundle, Document};
use proto::{HttpSettings, Settings};

use super::read;
use crate::{
    client::{Connect, block_on},
    inline::inline,
};

/// Which policies.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    #[command(flatten)]
    connect: Connect,
    /// `.cedar` files, the YAML that `apply` takes, or a bundle as JSON. Connections that no file declares are asked of the gateway.
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Source {
    /// The bundle that would be in force: the gateway's, with the documents and connections of the files in place of theirs.
    ///
    /// # Errors
    /// If a file cannot be read; what the gateway says.
    pub(super) fn bundle(&self) -> Result<Bundle> {
        let declared = self.declared()?;
        let present =
            if declared.connections.is_empty() || self.files.is_empty() { Some(self.gateway()?) } else { None };
        let mut bundle = present.unwrap_or_default();
        if !self.files.is_empty() {
            bundle.version = 0;
        }
        bundle.connections.extend(declared.connections);
        for document in declared.documents {
            bundle.documents.retain(|known| known.name != document.name);
            bundle.documents.push(document);
        }
        bundle.documents.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(bundle)
    }

    /// The gateway's bundle.
    ///
    /// # Errors
    /// What the gateway says.
    pub(super) fn gateway(&self) -> Result<Bundle> {
        let client = self.connect.signed_in().context("no file declares connections, so the gateway is asked")?;
        let answer = block_on(client.get("/api/v1/policies/bundle"))?;
        Ok(serde_json::from_value(answer.get("bundle").cloned().unwrap_or_default())?)
    }

    /// The settings of an HTTP connection, by which its requests are read: as a file declares them, or as the gateway has them.
    ///
    /// # Errors
    /// If there is no such connection; what the gateway says.
    pub(super) fn http(&self, connection: &str) -> Result<HttpSettings> {
        for file in &self.files {
            if file.extension().is_none_or(|extension| extension != "cedar")
                && let Ok(document) = document(file)
                && let Some(found) = settings_of(&document, connection)
            {
                return Ok(found);
            }
        }
        let client = self.connect.signed_in().context("no file declares the connection, so the gateway is asked")?;
        let text = block_on(client.get_raw("/api/v1/export", "application/yaml"))?;
        let document = api::Document::parse(&String::from_utf8_lossy(&text))?;
        settings_of(&document, connection).with_context(|| format!("{connection} is no HTTP connection"))
    }

    /// How to reach the gateway.
    pub(super) fn connect(&self) -> &Connect {
        &self.connect
    }

    fn declared(&self) -> Result<Bundle> {
        let mut bundle = Bundle::default();
        for file in &self.files {
            let text = read(file)?;
            let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if file.extension().is_some_and(|extension| extension == "cedar") {
                bundle.documents.push(Document { name, text });
                continue;
            }
            if let Ok(whole) = serde_json::from_str::<Bundle>(&text) {
                bundle.documents.extend(whole.documents);
                bundle.connections.extend(whole.connections);
                continue;
            }
            let document = document(file)?;
            bundle.documents.extend(document.policies.into_iter().map(Document::from));
            let connections = document.connections.into_iter().map(store::Connection::from);
            let connections: BTreeMap<_, _> =
                connections.map(|connection| (connection.name.clone(), connection.in_policy())).collect();
            bundle.connections.extend(connections);
        }
        Ok(bundle)
    }
}

/// The document in a file, with the files that it names.
fn document(file: &Path) -> Result<api::Document> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    let text = inline(read(file)?, folder)?;
    api::Document::parse(&text).with_context(|| file.display().to_string())
}

fn settings_of(document: &api::Document, connection: &str) -> Option<HttpSettings> {
    let found = document.connections.iter().find(|declared| declared.name == connection)?;
    match &found.settings {
        Settings::Http(settings) => Some(settings.clone()),
        _ => None,
    }
}
