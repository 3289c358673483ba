//! Sockets for scenarios that speak a protocol by hand.

use std::{path::Path, sync::Arc, time::Duration};

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::World;

const PATIENCE: Duration = Duration::from_secs(30);

/// A TCP connection to a port of the gateway.
pub async fn tcp(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

/// TLS on a port of the gateway.
pub async fn tls(world: &World, port: u16, alpn: &[&str]) -> TlsStream<TcpStream> {
    secure(world, tcp(port).await, alpn).await
}

/// TLS on the PostgreSQL port, asked for with SSLRequest.
pub async fn postgres(world: &World) -> TlsStream<TcpStream> {
    let mut stream = tcp(world.site.ports.postgres).await;
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    secure(world, stream, &[]).await
}

/// Everything the other side says until it closes; fails when it says nothing and stays.
pub async fn read_to_close(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut said = vec![];
    let read = tokio::time::timeout(PATIENCE, async {
        let mut piece = [0; 4096];
        // A reset after the last words is a close, too.
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            said.extend_from_slice(&piece[..count]);
        }
    });
    read.await.expect("the gateway closes the connection");
    said
}

/// A PostgreSQL startup message, protocol 3.0.
#[must_use]
pub fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    startup_of(196_608, parameters)
}

/// A PostgreSQL startup message of any version.
#[must_use]
pub fn startup_of(version: u32, parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap();
    [length.to_be_bytes().as_slice(), &body].concat()
}

/// Makes TLS of an open connection.
pub async fn secure(world: &World, stream: TcpStream, alpn: &[&str]) -> TlsStream<TcpStream> {
    let mut config = client_config(&world.site.ca_file());
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn client_config(ca_file: &Path) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}
