//! nginx with its RTMP module, as a server that we did not write. It records what it gets.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running server.
pub(crate) struct Ingest {
    directory: PathBuf,
    port: u16,
    child: Child,
}

impl Ingest {
    pub(crate) fn start(directory: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        std::fs::create_dir_all(directory.join("logs"))?;
        std::fs::create_dir_all(directory.join("tapes"))?;
        let here = directory.display();
        let configuration = format!(
            "load_module modules/ngx_rtmp_module.so; daemon off; master_process off; pid {here}/pid; \
             error_log {here}/logs/error.log warn; events {{ worker_connections 64; }}\n\
             rtmp {{ server {{ listen 127.0.0.1:{port}; access_log off; application live {{ \
             live on; record all; record_unique on; record_path {here}/tapes; record_suffix .flv; }} }} }}\n",
        );
        std::fs::write(directory.join("nginx.conf"), configuration)?;
        let child = run(directory)?;
        Ok(Self { directory: directory.to_owned(), port, child })
    }

    pub(crate) fn url(&self) -> String {
        format!("rtmp://127.0.0.1:{}/live", self.port)
    }

    /// What it recorded, the oldest first.
    pub(crate) fn tapes(&self) -> anyhow::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.directory.join("tapes"))?;
        let mut tapes = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        tapes.sort();
        Ok(tapes)
    }

    /// SIGKILL: nobody is told.
    pub(crate) fn die(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Comes back on the same port.
    pub(crate) fn come_back(&mut self) -> anyhow::Result<()> {
        self.child = run(&self.directory)?;
        Ok(())
    }

    /// Reads nothing any more, and keeps its connections.
    pub(crate) fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    pub(crate) fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?)
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        // A server that is gone already is as good as stopped.
        let _ = self.thaw();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(directory: &Path) -> anyhow::Result<Child> {
    let modules = Path::new("/usr/lib/nginx/modules");
    ensure!(modules.join("ngx_rtmp_module.so").exists(), "install nginx-light and libnginx-mod-rtmp");
    let link = directory.join("modules");
    if !link.exists() {
        std::os::unix::fs::symlink(modules, &link)?;
    }
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(directory).arg("-c").arg(directory.join("nginx.conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("nginx could not be started")
}
