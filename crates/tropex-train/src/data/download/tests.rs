//! The downloader with a small HTTP server on this machine.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use super::*;

/// The answer of the server to one connection.
#[derive(Clone, Copy)]
pub(in crate::data) enum Answer {
    /// The whole file, or the requested range.
    Serve,
    /// The whole file for every request.
    IgnoreRange,
    /// Like `Serve`, but closes the connection after a number of bytes of the body.
    CutAfter(usize),
    /// A file with some bytes changed.
    Corrupt,
    /// More bytes than announced, without a length.
    Endless,
    /// A longer file, announced as such.
    TooLong,
    /// Refuses every range.
    RefuseRange,
    /// Status 404.
    NotFound,
    /// Headers, then silence.
    Stall,
}

pub(in crate::data) struct Server {
    pub(in crate::data) address: String,
    /// The start of the requested range, per connection.
    starts: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Server {
    /// Answers one connection after another. The last answer is repeated.
    pub(in crate::data) fn start(content: Vec<u8>, answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let starts = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&starts);
        thread::spawn(move || {
            for (i, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let start = requested_start(&stream);
                log.lock().unwrap().push(start);
                let answer = answers[i.min(answers.len() - 1)];
                // The client may close the connection first.
                let _ = respond(&mut stream, &content, start, answer);
            }
        });
        Self { address, starts }
    }

    pub(in crate::data) fn starts(&self) -> Vec<Option<usize>> {
        self.starts.lock().unwrap().clone()
    }
}

fn requested_start(stream: &TcpStream) -> Option<usize> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let header: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    header.iter().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok()
    })
}

fn respond(
    stream: &mut TcpStream,
    content: &[u8],
    start: Option<usize>,
    answer: Answer,
) -> io::Result<()> {
    let total = content.len();
    let from = start.filter(|_| !matches!(answer, Answer::IgnoreRange)).unwrap_or(0);
    let mut body = content[from.min(total)..].to_vec();
    match answer {
        Answer::NotFound => return head(stream, "404 Not Found", Some(0), ""),
        Answer::RefuseRange if start.is_some() => {
            return head(stream, "416 Range Not Satisfiable", Some(0), "");
        }
        Answer::Corrupt => body[0] ^= 0xff,
        Answer::TooLong => body.push(0),
        Answer::Endless => {
            head(stream, "200 OK", None, "")?;
            return (0..1000).try_for_each(|_| stream.write_all(&[7; 4096]));
        }
        _ => {}
    }
    let range = format!("Content-Range: bytes {from}-{}/{total}\r\n", total.saturating_sub(1));
    if from > 0 {
        head(stream, "206 Partial Content", Some(body.len()), &range)?;
    } else {
        head(stream, "200 OK", Some(body.len()), "")?;
    }
    match answer {
        Answer::CutAfter(length) => stream.write_all(&body[..length.min(body.len())]),
        Answer::Stall => {
            // Waits until the client closes the connection.
            stream.read(&mut [0]).map(|_| ())
        }
        _ => stream.write_all(&body),
    }
}

fn head(stream: &mut TcpStream, status: &str, length: Option<usize>, more: &str) -> io::Result<()> {
    let length = length.map_or(String::new(), |n| format!("Content-Length: {n}\r\n"));
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{length}{more}\r\n")
}

/// 300,000 bytes without a period that could hide a shift, and their checksum.
pub(in crate::data) fn content() -> (Vec<u8>, String) {
    let bytes: Vec<u8> =
        (0u32..300_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let sum = tropex_files::sha256(&bytes);
    (bytes, sum)
}

/// A downloader without a proxy and with a long timeout, so that a busy machine does not fail the
/// test.
pub(in crate::data) fn local_downloader<'a>(
    progress: Option<&'a DownloadCallback<'a>>,
) -> Downloader<'a> {
    downloader(Duration::from_secs(3600), progress)
}

fn downloader<'a>(
    patience: Duration,
    progress: Option<&'a DownloadCallback<'a>>,
) -> Downloader<'a> {
    Downloader::with_config(settings(patience, patience).proxy(None).build(), progress)
}

/// One fetch of `name` into a new folder. The folder may contain a part of the file.
struct Fetch {
    folder: TempDir,
    content: Vec<u8>,
    sum: String,
}

impl Fetch {
    fn new() -> Self {
        let (content, sum) = content();
        Self { folder: TempDir::new().unwrap(), content, sum }
    }

    fn with_part(part: &[u8]) -> Self {
        let fetch = Self::new();
        fs::write(fetch.folder.path().join("name.part"), part).unwrap();
        fetch
    }

    fn server(&self, answers: &[Answer]) -> Server {
        Server::start(self.content.clone(), answers.to_vec())
    }

    fn file(&self) -> RemoteFile<'_> {
        RemoteFile { name: "name", size: self.content.len() as u64, sha256: &self.sum }
    }

    fn run(&self, servers: &[&Server]) -> Result<PathBuf, String> {
        self.run_with(servers, None)
    }

    fn run_with<'a>(
        &self,
        servers: &[&Server],
        progress: Option<&'a DownloadCallback<'a>>,
    ) -> Result<PathBuf, String> {
        let mirrors: Vec<&str> = servers.iter().map(|server| server.address.as_str()).collect();
        local_downloader(progress)
            .fetch(&self.file(), &mirrors, self.folder.path())
            .map_err(|error| error.to_string())
    }

    fn assert_complete(&self, servers: &[&Server]) {
        let path = self.run(servers).unwrap();
        assert!(fs::read(path).unwrap() == self.content);
        assert!(!self.folder.path().join("name.part").exists());
    }
}

#[test]
fn downloads_a_file_once_and_reports_progress() {
    let fetch = Fetch::new();
    let server = fetch.server(&[Answer::Serve]);
    let seen = RefCell::new(Vec::new());
    let progress = |progress: DownloadProgress<'_>| {
        if let DownloadProgress::Received { received, total, .. } = progress {
            seen.borrow_mut().push((received, total));
        }
        ControlFlow::Continue(())
    };
    fetch.run_with(&[&server], Some(&progress)).unwrap();
    let seen = seen.into_inner();
    assert!(seen.is_sorted());
    assert_eq!((seen[0], *seen.last().unwrap()), ((0, 300_000), (300_000, 300_000)));
    fetch.assert_complete(&[&server]);
    assert_eq!(server.starts(), [None]);
}

#[test]
fn resumes_after_a_cut_connection() {
    let fetch = Fetch::new();
    let server =
        fetch.server(&[Answer::CutAfter(100_000), Answer::CutAfter(50_000), Answer::Serve]);
    fetch.assert_complete(&[&server]);
    assert_eq!(server.starts(), [None, Some(100_000), Some(150_000)]);
}

#[test]
fn resumes_what_an_earlier_run_left() {
    let fetch = Fetch::with_part(&content().0[..200_000]);
    let server = fetch.server(&[Answer::Serve]);
    fetch.assert_complete(&[&server]);
    assert_eq!(server.starts(), [Some(200_000)]);
}

#[test]
fn a_complete_part_needs_no_server() {
    Fetch::with_part(&content().0).assert_complete(&[&Server {
        address: "http://127.0.0.1:1/".to_string(),
        starts: Arc::default(),
    }]);
}

#[test]
fn restarts_if_the_part_does_not_fit() {
    for part in [vec![1; 1000], vec![1; 300_000], vec![1; 400_000]] {
        let fetch = Fetch::with_part(&part);
        fetch.assert_complete(&[&fetch.server(&[Answer::Serve])]);
    }
}

#[test]
fn restarts_if_the_server_has_no_ranges() {
    for answer in [Answer::IgnoreRange, Answer::RefuseRange] {
        let fetch = Fetch::with_part(&content().0[..1000]);
        fetch.assert_complete(&[&fetch.server(&[answer])]);
    }
}

#[test]
fn a_failing_mirror_is_followed_by_the_next() {
    use Answer::*;
    for answer in [NotFound, Corrupt, Endless, TooLong, CutAfter(0)] {
        let fetch = Fetch::new();
        let (bad, good) = (fetch.server(&[answer]), fetch.server(&[Serve]));
        fetch.assert_complete(&[&bad, &good]);
    }
}

#[test]
fn a_silent_mirror_is_given_up() {
    let fetch = Fetch::new();
    let silent = fetch.server(&[Answer::Stall]);
    let mirrors = [silent.address.as_str()];
    // The server sends nothing, so the timeout ends the fetch.
    let downloader = downloader(Duration::from_millis(200), None);
    let error = downloader.fetch(&fetch.file(), &mirrors, fetch.folder.path()).unwrap_err();
    assert!(error.to_string().starts_with("127.0.0.1:"), "{error}");
    fetch.assert_complete(&[&fetch.server(&[Answer::Serve])]);
}

#[test]
fn the_error_has_the_failure_of_each_mirror() {
    let fetch = Fetch::new();
    let missing = fetch.server(&[Answer::NotFound]);
    let corrupt = fetch.server(&[Answer::Corrupt]);
    let long = fetch.server(&[Answer::TooLong]);
    let error = fetch.run(&[&missing, &corrupt, &long]).unwrap_err();
    assert!(error.contains("status 404"), "{error}");
    assert!(error.contains("SHA-256 is"), "{error}");
    assert!(error.contains("more or less than the 300000 bytes"), "{error}");
    assert!(!error.contains('\n'));
    assert!(!fetch.folder.path().join("name").exists());
}

#[test]
fn names_the_lack_of_a_connection() {
    let nobody = Server { address: "http://127.0.0.1:1/".into(), starts: Arc::default() };
    let fetch = Fetch::new();
    let error = fetch.run(&[&nobody]).unwrap_err();
    assert!(error.contains("no connection"), "{error}");
    assert!(!fetch.folder.path().join("name.part").exists());
}

#[test]
fn a_slow_server_is_followed_by_the_next() {
    let fetch = Fetch::new();
    let (slow, good) = (fetch.server(&[Answer::Serve]), fetch.server(&[Answer::Serve]));
    // The time of this test depends on the number of bytes that have arrived.
    let (arrived, bytes_per_second) = (Cell::new(0), Cell::new(1000));
    let progress = |progress: DownloadProgress<'_>| {
        if let DownloadProgress::Received { received, .. } = progress {
            arrived.set(received);
        }
        ControlFlow::Continue(())
    };
    let mut downloader = local_downloader(Some(&progress));
    downloader.clock = Box::new(|| Duration::from_secs(arrived.get() / bytes_per_second.get()));
    let fetched = |server: &Server| {
        let fetched = downloader.fetch(&fetch.file(), &[&server.address], fetch.folder.path());
        fetched.map_err(|error| error.to_string())
    };
    let error = fetched(&slow).unwrap_err();
    assert!(error.contains("the server sent only 1"), "{error}");
    assert!(error.ends_with(" bytes in 120 seconds, expected 1000000"), "{error}");
    assert_eq!(slow.starts(), [None], "it gets one request");
    bytes_per_second.set(10_000);
    assert!(fs::read(fetched(&good).unwrap()).unwrap() == fetch.content);
    assert!(good.starts()[0].is_some_and(|start| start > 120_000), "received bytes are kept");
}

#[test]
fn waiting_for_another_download_is_reported() {
    let fetch = Fetch::new();
    let server = fetch.server(&[Answer::Serve]);
    let other = RefCell::new(Some(FolderLock::acquire(fetch.folder.path()).unwrap()));
    let told = Cell::new(None);
    let progress = |progress: DownloadProgress<'_>| {
        if let DownloadProgress::Waiting { holder } = progress {
            told.set(Some(holder));
            other.borrow_mut().take(); // the other one ends
        }
        ControlFlow::Continue(())
    };
    fetch.run_with(&[&server], Some(&progress)).unwrap();
    assert_eq!(told.get().unwrap().process, Some(std::process::id()));
}

#[test]
fn a_cancelled_download_is_resumed_by_the_next() {
    let fetch = Fetch::new();
    let server = fetch.server(&[Answer::Serve]);
    let progress = |progress: DownloadProgress<'_>| match progress {
        DownloadProgress::Received { received: 200_000.., .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let cancelled = fetch.run_with(&[&server], Some(&progress));
    assert_eq!(cancelled.unwrap_err(), "cancelled");
    fetch.assert_complete(&[&server]);
    assert!(server.starts()[1].is_some_and(|start| start >= 200_000));
}

#[test]
fn two_downloads_at_once_share_one_file() {
    let fetch = Fetch::new();
    let server = fetch.server(&[Answer::Serve]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetch.assert_complete(&[&server]));
        }
    });
    assert_eq!(server.starts().len(), 1);
}
