//! The gateway's own secrets as references: `env:NAME`, `file:/path`, or the value itself.

/// Why a reference gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The environment variable is not set.
    #[error("environment variable {0} is not set")]
    Env(String),
    /// The file cannot be read.
    #[error("{0}: {1}")]
    File(String, std::io::ErrorKind),
}

/// The value behind `text`.
///
/// # Errors
/// If the variable is not set or the file cannot be read.
pub fn resolve(text: &str) -> Result<String, ReferenceError> {
    if let Some(name) = text.strip_prefix("env:") {
        return std::env::var(name).map_err(|_| ReferenceError::Env(name.to_owned()));
    }
    if let Some(path) = text.strip_prefix("file:") {
        let value = std::fs::read_to_string(path).map_err(|error| ReferenceError::File(path.into(), error.kind()))?;
        return Ok(value.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(text.to_owned())
}
