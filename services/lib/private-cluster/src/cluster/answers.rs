//! Whether an HTTP server of ours answers: one short question.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One step of one question.
const DEADLINE: Duration = Duration::from_secs(1);

/// Whether `GET path` is answered by 200.
pub(crate) fn answers(address: SocketAddr, path: &str) -> bool {
    ask(address, path).unwrap_or(false)
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect_timeout(&address, DEADLINE)?;
    connection.set_read_timeout(Some(DEADLINE))?;
    connection.set_write_timeout(Some(DEADLINE))?;
    connection.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut status = [0_u8; 12];
    connection.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn only_a_200_counts_as_an_answer() -> anyhow::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = std::thread::spawn(move || -> std::io::Result<()> {
            for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 503 no\r\n\r\n"] {
                let (mut connection, _) = listener.accept()?;
                connection.write_all(answer.as_bytes())?;
            }
            Ok(())
        });
        assert!(answers(address, "/ready"));
        assert!(!answers(address, "/ready"));
        server.join().expect("the server does not panic")?;
        assert!(!answers(address, "/ready"), "nobody listens now");
        Ok(())
    }
}
