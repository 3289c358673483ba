//! Where people's clients connect, and the lines to paste.

use proto::Protocol;
use url::Url;

use crate::{config::Config, store::Connection};

/// Host and ports of the listeners, as people reach them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// The host name.
    pub host: String,
    /// PostgreSQL's port, if there is a listener.
    pub postgres: Option<u16>,
    /// SSH's port, if there is a listener.
    pub ssh: Option<u16>,
    /// HTTP's port, if there is a listener.
    pub http: Option<u16>,
    /// Whether PostgreSQL goes without TLS.
    pub postgres_plaintext: bool,
    /// Whether HTTP goes without TLS.
    pub http_plaintext: bool,
}

impl Endpoints {
    /// The listeners of a configuration, at the host of its public URL.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let url = Url::parse(&config.public_url).ok();
        let port = |address: Option<std::net::SocketAddr>| address.map(|address| address.port());
        Self {
            host: url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "localhost".into()),
            postgres: port(config.listen.postgres),
            ssh: port(config.listen.ssh),
            http: port(config.listen.http),
            postgres_plaintext: config.listen.postgres_plaintext,
            http_plaintext: config.listen.http_plaintext,
        }
    }

    /// A line for a shell that connects; `$SALLYPORT_TICKET` and `$SALLYPORT_CA` are filled in by whoever has them.
    /// `None` if there is no listener for the protocol.
    #[must_use]
    pub fn line(&self, connection: &Connection, subject: &str) -> Option<String> {
        let (host, name) = (&self.host, &connection.name);
        match connection.settings.protocol() {
            Protocol::Postgres => {
                let tls = if self.postgres_plaintext {
                    "sslmode=disable"
                } else {
                    "sslmode=verify-full sslrootcert=$SALLYPORT_CA"
                };
                let user = shell_safe(subject);
                self.postgres.map(|port| {
                    format!(
                        "PGPASSWORD=$SALLYPORT_TICKET psql \"host={host} port={port} dbname={name} user={user} {tls}\""
                    )
                })
            }
            Protocol::Ssh => self.ssh.map(|port| format!("ssh -p {port} {name}@{host}")),
            Protocol::Http => self.http.map(|port| {
                let (ca, scheme) =
                    if self.http_plaintext { ("", "http") } else { ("--cacert \"$SALLYPORT_CA\" ", "https") };
                format!("curl {ca}-H \"Authorization: Bearer $SALLYPORT_TICKET\" {scheme}://{host}:{port}/{name}/")
            }),
        }
    }
}

/// A user name is only a hint; what a shell could misread is left out of a line that people paste.
fn shell_safe(subject: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    if !subject.is_empty() && subject.bytes().all(plain) { subject } else { "me" }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_a_line() {
        let endpoints = Endpoints { host: "gw".into(), postgres: Some(5432), ..Endpoints::default() };
        let connection = crate::auth::tests::connection("shop-db", &[]);
        let line = endpoints.line(&connection, "a\" ; rm -rf ~ #").unwrap();
        assert!(line.contains("user=me "), "{line}");
        assert!(endpoints.line(&connection, "alice@example.org").unwrap().contains("user=alice@example.org "));
    }
}
