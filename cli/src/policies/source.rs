//! Where policies come from: files, the gateway, or files over what the gateway has.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, Result};
use gateway::{api, store};
use policy::{Bundle, Document};

use super::read;
use crate::client::{Connect, block_on};

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
            let document = api::Document::parse(&text).with_context(|| file.display().to_string())?;
            let policies = document.policies.into_iter();
            bundle.documents.extend(policies.map(|policy| Document { name: policy.name, text: policy.text }));
            let connections = document.connections.into_iter().map(store::Connection::from);
            let connections: BTreeMap<_, _> =
                connections.map(|connection| (connection.name.clone(), connection.in_policy())).collect();
            bundle.connections.extend(connections);
        }
        Ok(bundle)
    }
}
