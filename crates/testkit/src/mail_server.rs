//! A mail server on loopback: speaks SMTP (RFC 5321) as far as a client that sends a mail needs it.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Mutex, Notify},
};

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom, by the envelope.
    pub to: String,
    /// Head and body as they came, lines ended by `\n`.
    pub content: String,
}

/// A mail server that keeps what it takes.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Where it listens, as `smtp://127.0.0.1:PORT`.
    pub address: String,
    taken: Arc<Mutex<Vec<Mail>>>,
    news: Arc<Notify>,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: format!("smtp://{}", listener.local_addr().unwrap()),
            taken: Arc::default(),
            news: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = accepting.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        server
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 loopback\r\n").await?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await? {
            let answer = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
                "EHLO" => "250 loopback",
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    "250 fine"
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut content = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        content.push_str(line.strip_prefix('.').unwrap_or(&line));
                        content.push('\n');
                    }
                    let mail = Mail {
                        to: to.clone(),
                        content,
                    };
                    self.taken.lock().await.push(mail);
                    self.news.notify_waiters();
                    "250 taken"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    break;
                }
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    /// Everything that was taken so far.
    pub async fn taken(&self) -> Vec<Mail> {
        self.taken.lock().await.clone()
    }

    /// Waits until so many mails were taken; gives the newest.
    ///
    /// # Panics
    /// After ten seconds.
    pub async fn wait_for(&self, count: usize) -> Mail {
        let all = async {
            loop {
                let news = self.news.notified();
                let taken = self.taken().await;
                if taken.len() >= count {
                    return taken[count - 1].clone();
                }
                news.await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), all)
            .await
            .expect("the mail has come")
    }
}
