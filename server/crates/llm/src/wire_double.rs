//! A service for tests: plays scripted bytes, one script a connection, and keeps what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::{Chat, Message, Tool};

pub(crate) enum Step {
    Say(Vec<u8>),
    Wait(Duration),
    /// Says nothing more until the other side hangs up.
    Hang,
}

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Value,
}

pub(crate) struct Double {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    left: Arc<Notify>,
}

impl Double {
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let double = Self { url, asked: Arc::default(), left: Arc::default() };
        let (asked, left) = (double.asked.clone(), double.left.clone());
        tokio::spawn(async move {
            for script in scripts {
                let (mut socket, _) = listener.accept().await.unwrap();
                let request = read(&mut socket).await;
                asked.lock().unwrap().push(request);
                let left = left.clone();
                tokio::spawn(async move { play(socket, script, &left).await });
            }
        });
        double
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until the other side has hung up on a [`Step::Hang`].
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }
}

async fn read(socket: &mut TcpStream) -> Asked {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let count = socket.read(&mut some).await.unwrap();
        bytes.extend_from_slice(&some[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Asked { head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() };
        }
    }
}

async fn play(mut socket: TcpStream, script: Vec<Step>, left: &Notify) {
    for step in script {
        match step {
            Step::Say(bytes) => {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Hang => {
                while socket.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
                left.notify_one();
            }
        }
    }
}

/// A whole reply.
pub(crate) fn reply(status: &str, headers: &str, body: &str) -> Vec<Step> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    vec![Step::Say((head + body).into())]
}

/// A reply that streams: each piece on its own, ended by closing.
pub(crate) fn stream<B: AsRef<[u8]>>(pieces: impl IntoIterator<Item = B>) -> Vec<Step> {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec();
    let mut steps = vec![Step::Say(head)];
    for piece in pieces {
        // A piece seldom is a whole event on a real wire.
        let (left, right) = piece.as_ref().split_at(piece.as_ref().len() / 2);
        steps.extend([Step::Say(left.to_vec()), Step::Wait(Duration::from_millis(2)), Step::Say(right.to_vec())]);
    }
    steps
}

/// A question whose answer has a form.
pub(crate) fn question() -> Chat {
    let parameters = serde_json::json!({
        "type": "object", "properties": { "query": { "type": "string" } }, "required": ["query"],
    });
    Chat {
        system: "You write SQL.".into(),
        messages: vec![Message::user("how many orders")],
        tools: vec![Tool { name: "answer".into(), description: "The answer.".into(), parameters }],
        must_call: Some("answer".into()),
        temperature: Some(0.1),
        max_tokens: 100,
    }
}
