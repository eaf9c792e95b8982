use crate::server::Error;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How often the files are looked at for a renewed certificate.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Files of TLS, all in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Our certificate, followed by those that lead to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certificates of those who sign clients' certificates. With it, only clients with such a certificate are served.
    pub client_ca: Option<PathBuf>,
}

/// What connections are secured with; follows the files when they are renewed.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Tls,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    config: Arc<ServerConfig>,
    /// When the files had been written that it was made of.
    written: Vec<Option<SystemTime>>,
    looked: Instant,
}

impl Certificates {
    pub(crate) fn open(files: Tls) -> Result<Certificates, Error> {
        let written = files.written();
        let config = Arc::new(files.config()?);
        let now = Mutex::new(Now { config, written, looked: Instant::now() });
        Ok(Certificates { files, now })
    }

    /// What the next connection is to be secured with. Files that have changed are read again; while they make no sense,
    /// what there was is kept.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.looked.elapsed() >= LOOK_EVERY {
            now.looked = Instant::now();
            self.look(&mut now);
        }
        Arc::clone(&now.config)
    }

    fn look(&self, now: &mut Now) {
        let written = self.files.written();
        if written == now.written {
            return;
        }
        // A pair that is half written does not fit together, and is looked at again next time.
        if let Ok(config) = self.files.config() {
            (now.config, now.written) = (Arc::new(config), written);
        }
    }

    /// As [`Certificates::current`] when it is time to look.
    #[cfg(test)]
    pub(crate) fn look_now(&self) -> Arc<ServerConfig> {
        let mut now = self.now.lock().unwrap();
        self.look(&mut now);
        Arc::clone(&now.config)
    }
}

impl Tls {
    fn written(&self) -> Vec<Option<SystemTime>> {
        let files = [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()];
        let written = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
        files.into_iter().flatten().map(written).collect()
    }

    fn config(&self) -> Result<ServerConfig, Error> {
        let wrong = |path: &Path, why: String| Error::Tls { path: path.to_path_buf(), why };
        let chain = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?)
            .map_err(|why| wrong(&self.key, format!("no private key in PEM: {why}")))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|why| wrong(&self.certificate, why.to_string()))?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|why| wrong(path, why.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|why| wrong(path, why.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config =
            builder.with_single_cert(chain, key).map_err(|why| wrong(&self.certificate, why.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Error::Tls { path: path.to_path_buf(), why: "no certificate in PEM".to_owned() }),
        Err(why) => Err(Error::Tls { path: path.to_path_buf(), why: why.to_string() }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|why| Error::File { path: path.to_path_buf(), why })
}
