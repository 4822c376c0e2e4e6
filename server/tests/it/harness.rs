//! Starting `kaunta`, talking to it, and looking at what it said.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use tempfile::TempDir;

/// Longest wait for anything: far beyond what it takes, so that reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const MASTER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A place for one server's things: its folder and its database.
pub(crate) struct Place {
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Place {
    /// A fresh folder and an empty database.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = vec![("KAUNTA_LISTEN".to_owned(), "127.0.0.1:0".to_owned())];
        if let Ok(cluster) = std::env::var("KAUNTA_TEST_POSTGRES") {
            settings.push(("KAUNTA_DATABASE_URL".to_owned(), fresh_database(&cluster).await));
            settings.push(("KAUNTA_MASTER_KEY".to_owned(), MASTER_KEY.to_owned()));
        }
        Self { folder, settings }
    }

    /// Adds a setting, or changes it.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaunta"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear();
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        // Where `kaunta demo` puts its books.
        command.env("TMPDIR", self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub(crate) fn run_json(&self, arguments: &[&str]) -> Value {
        self.run_json_with(&[], arguments)
    }

    /// The same with more settings.
    pub(crate) fn run_json_with(&self, settings: &[(&str, &str)], arguments: &[&str]) -> Value {
        let output = self
            .command(arguments)
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Makes a test merchant and returns what was printed.
    pub(crate) fn merchant(&self, name: &str) -> Value {
        self.run_json(&["merchant", "create", "--name", name, "--json"])
    }

    /// Starts a server and waits until it is ready.
    pub(crate) async fn serve(&self) -> Server {
        self.start("serve", |line| {
            line.strip_prefix("kaunta listens on ").map(str::to_owned)
        })
        .await
    }

    /// Starts a command that serves; `address` finds its address in a line of its output.
    pub(crate) async fn start(&self, command: &str, address: fn(&str) -> Option<String>) -> Server {
        let log = self
            .path()
            .join(format!("log-{}", self.path().read_dir().unwrap().count()));
        let mut child = self
            .command(&[command])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let printed = Arc::new(Mutex::new(String::new()));
        let kept = printed.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().extend([line.as_str(), "\n"]);
            }
        });
        let mut server = Server {
            child,
            base: String::new(),
            printed,
            log,
            http: client(),
        };
        let base = server.printed_line(address).await;
        base.trim_end_matches('/').clone_into(&mut server.base);
        server
    }
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    printed: Arc<Mutex<String>>,
    log: PathBuf,
    pub(crate) http: Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// A request to a path of this server.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// What `find` makes of a line that it prints, as soon as there is one.
    pub(crate) async fn printed_line(&mut self, find: impl Fn(&str) -> Option<String>) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self
                .printed
                .lock()
                .unwrap()
                .lines()
                .find_map(|line| find(line.trim()));
            if let Some(found) = found {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "{ended:?}: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The merchant API with this key.
    pub(crate) fn shop(&self, merchant: &Value) -> Shop<'_> {
        Shop {
            server: self,
            key: merchant["api_key"].as_str().unwrap().to_owned(),
        }
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A merchant's own server, as it talks to the API.
pub(crate) struct Shop<'a> {
    pub(crate) server: &'a Server,
    pub(crate) key: String,
}

impl Shop<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server.request(method, path).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// Posts with an `Idempotency-Key`.
    pub(crate) async fn post_once(&self, key: &str, path: &str, body: Value) -> Answer {
        Answer::of(
            self.request(Method::POST, path)
                .header("idempotency-key", key)
                .json(&body),
        )
        .await
    }

    /// Makes a session, which must succeed.
    pub(crate) async fn session(&self, body: Value) -> Value {
        let made = self.post("/v1/checkout/sessions", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The text as JSON; null where it is none.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            text,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that this is a problem with that status and code, in the whole envelope of the contract.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> &Self {
        let body = &self.body;
        assert_eq!(
            (self.status.as_u16(), body["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(body["status"], json!(status));
        assert!(
            body["type"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/errors/{code}")),
            "{body}"
        );
        assert_eq!(body["request_id"].as_str(), self.header("request-id"));
        assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
        assert!(body["retryable"].is_boolean() && body["errors"].is_array());
        assert!(!body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty());
        self
    }

    /// The pointers and codes of the fields that were refused.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (text(&error["pointer"]), text(&error["code"])))
            .collect()
    }
}

/// A client that follows nothing and waits for nobody forever.
pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .unwrap()
}

/// A new database on the cluster at `url`.
async fn fresh_database(url: &str) -> String {
    let name = format!(
        "kaunta_it_{}",
        tempfile::Builder::new()
            .prefix("")
            .rand_bytes(12)
            .tempdir()
            .unwrap()
            .path()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_lowercase()
    );
    let mut cluster = sqlx::PgConnection::connect(url).await.unwrap();
    cluster
        .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE \"{name}\"")))
        .await
        .unwrap();
    let mut fresh = url::Url::parse(url).unwrap();
    fresh.set_path(&name);
    fresh.into()
}
