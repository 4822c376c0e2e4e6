//! Just enough HTTP/1.1 to ask a server on this machine and know the moment its answer is whole.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Result;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A connection that is kept open.
pub(crate) struct Line {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            heard: Vec::new(),
        })
    }

    /// Sends a whole request.
    pub(crate) async fn say(&mut self, request: &str) -> Result<()> {
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// Reads one whole answer.
    pub(crate) async fn hear(&mut self) -> Result<Answer> {
        loop {
            if let Some((answer, length)) = whole(&self.heard)? {
                self.heard.drain(..length);
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.heard).await? == 0 {
                return Err("the server hung up".into());
            }
        }
    }
}

/// A GET as a browser's `fetch` writes it, without the headers that nobody here reads.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
}

/// A POST of JSON.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The answer at the beginning of `bytes` and its length, once all of it is there.
fn whole(bytes: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head])?.to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let (Some(status), Some(Ok(length))) = (status, length.map(|text| text.trim().parse::<usize>())) else {
        return Err("an answer without a status or a length".into());
    };
    let end = head + 4 + length;
    let Some(body) = bytes.get(head + 4..end) else {
        return Ok(None);
    };
    let body = String::from_utf8_lossy(body).into_owned();
    Ok(Some((Answer { status, body }, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_last_byte_is_there() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npaid";
        for cut in 0..bytes.len() {
            assert!(whole(&bytes[..cut]).unwrap().is_none(), "{cut}");
        }
        let (answer, length) = whole(bytes).unwrap().unwrap();
        assert_eq!(
            (answer.status, answer.body.as_str(), length),
            (200, "paid", bytes.len())
        );
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
