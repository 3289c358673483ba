//! To be written.

use tokio::net::TcpStream;

use super::Edge;

/// Serves one accepted connection until its end. The accept loop, the connection budget and the span are the caller's.
pub async fn serve(_edge: Edge, _stream: TcpStream, _source: std::net::SocketAddr) {}
