//! Where an output goes, and how libav has to be told.

use std::fmt;
use std::net::ToSocketAddrs as _;
use std::path::PathBuf;

use url::Url;

use crate::error::Error;

/// Seconds of a segment of HLS, and segments in the playlist.
const SEGMENT_SECONDS: &str = "2";
const SEGMENTS: &str = "6";

/// Certificates that a server's is checked against: Debian's bundle.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where an output goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// `rtmp://` or `rtmps://` with the application; the key is appended as the stream's name.
    Rtmp { url: Url, key: Option<String> },
    /// `.mp4` is written in fragments, so that what is there can be played if the end never comes; anything else is FLV.
    File { path: PathBuf },
    /// `index.m3u8` and its segments in this directory.
    Hls { directory: PathBuf },
}

/// Target as libav takes it.
pub(super) struct Place {
    pub(super) format: &'static str,
    pub(super) address: String,
    /// For opening the address.
    pub(super) protocol: Vec<(&'static str, &'static str)>,
    /// For the container.
    pub(super) container: Vec<(&'static str, &'static str)>,
    /// Whether the container opens its files by itself.
    pub(super) opens_itself: bool,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Never the key.
            Self::Rtmp { url, key } => {
                write!(f, "Rtmp({url}, {})", if key.is_some() { "with a key" } else { "no key" })
            }
            Self::File { path } => write!(f, "File({})", path.display()),
            Self::Hls { directory } => write!(f, "Hls({})", directory.display()),
        }
    }
}

impl Target {
    pub(super) fn place(&self) -> Result<Place, Error> {
        match self {
            Self::Rtmp { url, key } => rtmp(url, key.as_deref()),
            Self::File { path } => {
                let fragmented = path.extension().is_some_and(|extension| extension == "mp4");
                let container: &[_] = if fragmented {
                    &[("movflags", "frag_keyframe+empty_moov+default_base_moof")]
                } else {
                    &[("flvflags", "add_keyframe_index")]
                };
                Ok(Place {
                    format: if fragmented { "mp4" } else { "flv" },
                    address: format!("file:{}", path.to_str().ok_or(Error::BadTarget("the path is no text"))?),
                    protocol: Vec::new(),
                    container: container.to_vec(),
                    opens_itself: false,
                })
            }
            Self::Hls { directory } => {
                let directory = directory.to_str().ok_or(Error::BadTarget("the path is no text"))?;
                Ok(Place {
                    format: "hls",
                    address: format!("{directory}/index.m3u8"),
                    protocol: Vec::new(),
                    container: vec![
                        ("hls_time", SEGMENT_SECONDS),
                        ("hls_list_size", SEGMENTS),
                        ("hls_flags", "delete_segments+independent_segments+temp_file"),
                    ],
                    opens_itself: true,
                })
            }
        }
    }
}

fn rtmp(url: &Url, key: Option<&str>) -> Result<Place, Error> {
    let secure = match url.scheme() {
        "rtmp" => false,
        "rtmps" => true,
        _ => return Err(Error::BadTarget("its URL begins with neither rtmp:// nor rtmps://")),
    };
    let host = url.host_str().ok_or(Error::BadTarget("its URL names no server"))?;
    let port = url.port().unwrap_or(if secure { 443 } else { 1935 });
    // libav tells a name that does not resolve from nothing else that can go wrong.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    (bare, port).to_socket_addrs().map_err(|_| Error::NameUnresolved)?;
    let application = url.as_str().trim_end_matches('/');
    let address = key.map_or_else(|| application.to_owned(), |key| format!("{application}/{key}"));
    let mut protocol = vec![("tcp_nodelay", "1")];
    if secure {
        protocol.extend([("tls_verify", "1"), ("verify", "1"), ("ca_file", AUTHORITIES)]);
    }
    let container = vec![("flvflags", "no_duration_filesize")];
    Ok(Place { format: "flv", address, protocol, container, opens_itself: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_one_sees_the_key() {
        let target = Target::Rtmp { url: "rtmp://127.0.0.1/x".parse().unwrap(), key: Some("hunter2".into()) };
        assert!(!format!("{target:?}").contains("hunter2"));
        assert_eq!(target.place().unwrap().address, "rtmp://127.0.0.1/x/hunter2");
    }

    #[test]
    fn a_name_that_does_not_resolve_is_told_as_such() {
        let target = Target::Rtmp { url: "rtmp://nowhere.invalid/x".parse().unwrap(), key: None };
        assert_eq!(target.place().err(), Some(Error::NameUnresolved));
        let target = Target::Rtmp { url: "http://127.0.0.1/x".parse().unwrap(), key: None };
        assert!(matches!(target.place().err(), Some(Error::BadTarget(_))));
    }
}
