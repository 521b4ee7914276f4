//! A private RTMP server: nginx with its RTMP module, which records what it receives and plays it to whoever asks.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::process::free_port;
use crate::tied::{Death, Identity, Output, Tie, Tied, spawn_tied};
use crate::{Error, binary};

/// Where Debian puts nginx's modules.
const MODULES: &str = "/usr/lib/nginx/modules";
const READY_DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A running server with one application, `live`.
#[derive(Debug)]
pub struct Rtmp {
    directory: PathBuf,
    address: SocketAddr,
    server: Tied,
}

impl Rtmp {
    /// Listens on a free port of `ip`. Logs and recordings are in `directory`.
    pub async fn start(directory: &Path, ip: IpAddr) -> Result<Self, Error> {
        for name in ["logs", "tapes"] {
            fs::create_dir_all(directory.join(name)).map_err(Error::path(directory))?;
        }
        let address = SocketAddr::new(ip, free_port()?);
        let server = launch(directory, address)?;
        let mut rtmp = Self { directory: directory.to_owned(), address, server };
        rtmp.wait_ready().await?;
        Ok(rtmp)
    }

    /// Publishers send to this and a name of their own, and viewers play the same.
    pub fn url(&self) -> String {
        format!("rtmp://{}/live", self.address)
    }

    /// Where it records.
    pub fn tapes_directory(&self) -> PathBuf {
        self.directory.join("tapes")
    }

    /// What it recorded, the oldest first: one file a connection.
    pub fn tapes(&self) -> Result<Vec<PathBuf>, Error> {
        let tapes = self.tapes_directory();
        let entries = fs::read_dir(&tapes).map_err(Error::path(&tapes))?;
        let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
        let mut paths = paths.map_err(Error::path(&tapes))?;
        paths.sort();
        Ok(paths)
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.server.try_wait(), Ok(None))
    }

    pub fn kill9(&mut self) {
        self.server.kill9();
    }

    /// Starts it again on the same port, after [`Self::kill9`].
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.server = launch(&self.directory, self.address)?;
        self.wait_ready().await
    }

    /// From now on it reads nothing and keeps its connections.
    pub fn freeze(&self) {
        self.server.signal(Signal::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.server.signal(Signal::SIGCONT);
    }

    async fn wait_ready(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        let log = self.directory.join("logs/error.log");
        while begun.elapsed() < READY_DEADLINE {
            if let Ok(Some(status)) = self.server.try_wait() {
                let output = format!("{status}; {}", crate::postgres::tail(&log));
                return Err(Error::Failed { program: "nginx".into(), output });
            }
            if TcpStream::connect_timeout(&self.address, POLL).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::NotReady { program: "nginx", waited: READY_DEADLINE, log })
    }
}

fn launch(directory: &Path, address: SocketAddr) -> Result<Tied, Error> {
    let module = Path::new(MODULES).join("ngx_rtmp_module.so");
    let missing = || Error::MissingProgram { program: "nginx", package: "nginx-light libnginx-mod-rtmp" };
    let program = binary::on_path("nginx").filter(|_| module.exists()).ok_or_else(missing)?;
    let here = directory.display();
    let module = module.display();
    // One process: what is frozen or killed is the server and not its master.
    let settings = format!(
        "load_module {module}; daemon off; master_process off; pid {here}/pid; error_log {here}/logs/error.log warn; \
         events {{ worker_connections 64; }}\nrtmp {{ server {{ listen {address}; access_log off; application live {{ \
         live on; record all; record_unique on; record_path {here}/tapes; record_suffix .flv; }} }} }}\n",
    );
    let settings_path = directory.join("nginx.conf");
    fs::write(&settings_path, settings).map_err(Error::path(&settings_path))?;
    let mut command = Command::new(program);
    command.arg("-p").arg(directory).arg("-c").arg(&settings_path);
    let tie = Tie { death: Death::Kill, identity: Identity::Same, output: Output::Discard };
    spawn_tied(&command, tie).map_err(|source| Error::Spawn { program: "nginx".into(), source })
}
