use crate::config::checked;
use rusty_s3::actions::S3Action;
use rusty_s3::{Bucket, Credentials, UrlStyle};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a signature is good for, from when a file is begun.
const SIGNED_FOR: Duration = Duration::from_secs(3600);
/// How long one may take to let us in, and to answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);
/// How long a file may take; a day of a call in an hour.
const WHOLE: Duration = Duration::from_secs(3600);
/// Where systems keep the certificates that they trust.
const TRUSTED: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Why recordings cannot be uploaded at all.
#[derive(Debug, Error)]
pub enum TargetError {
    /// It is no URL.
    #[error("recording.s3-endpoint `{0}` is no URL that a bucket can be at")]
    Endpoint(String),
    /// A file that is needed cannot be read.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// There is no key.
    #[error("no credentials for uploads: {0} has no aws_access_key_id and aws_secret_access_key")]
    Credentials(String),
    /// There is nobody to trust.
    #[error("no certificates to trust in {0}; see recording.s3-authority")]
    Authority(String),
}

/// Why a file was not taken.
#[derive(Debug, Error)]
pub(super) enum Refused {
    /// The server said no.
    #[error("the server answered {0}")]
    Answered(u16),
    /// It cannot be reached, or did not answer.
    #[error("{0}")]
    Unreached(String),
    /// Our own file cannot be read.
    #[error("{0}")]
    File(io::Error),
}

/// A bucket that recordings are put into. What it prints says nothing of its keys.
pub(super) struct Target {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    agent: Agent,
    /// Keep files that were taken.
    pub(super) keep: bool,
}

impl Target {
    /// Nothing is asked of the server yet.
    ///
    /// # Errors
    /// [`TargetError`].
    pub(super) fn new(config: &checked::Target) -> Result<Target, TargetError> {
        let style = if config.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let endpoint = config.endpoint.parse().ok();
        let bucket = endpoint
            .and_then(|url| Bucket::new(url, style, config.bucket.clone(), config.region.clone()).ok())
            .ok_or_else(|| TargetError::Endpoint(config.endpoint.clone()))?;
        let timeouts = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .timeout_global(Some(WHOLE));
        let agent = if config.endpoint.starts_with("https://") {
            let roots = RootCerts::new_with_certs(&trusted(config.authority.as_deref())?);
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider);
            timeouts.tls_config(tls.build()).build()
        } else {
            timeouts.build()
        };
        Ok(Target {
            bucket,
            credentials: credentials(config.credentials.as_deref())?,
            prefix: config.prefix.clone(),
            agent: agent.into(),
            keep: config.keep,
        })
    }

    /// Uploads a file under its name below the folder for recordings.
    pub(super) fn put(&self, path: &Path, name: &str) -> Result<(), Refused> {
        let file = File::open(path).map_err(Refused::File)?;
        let length = file.metadata().map_err(Refused::File)?.len();
        let key = format!("{}{name}", self.prefix);
        let url = self.bucket.put_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let asked = self.agent.put(url.as_str()).header("content-length", length.to_string());
        // The URL is signed: it is not for the log.
        match asked.send(&file) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Refused::Answered(answer.status().as_u16())),
            Err(ureq::Error::StatusCode(status)) => Err(Refused::Answered(status)),
            Err(ureq::Error::Io(error)) => Err(Refused::Unreached(error.to_string())),
            Err(error) => Err(Refused::Unreached(error.to_string().replace(url.as_str(), "(URL)"))),
        }
    }
}

fn trusted(authority: Option<&Path>) -> Result<Vec<ureq::tls::Certificate<'static>>, TargetError> {
    let path = match authority {
        Some(path) => path,
        None => TRUSTED.iter().map(Path::new).find(|path| path.exists()).unwrap_or(Path::new(TRUSTED[0])),
    };
    let shown = path.display().to_string();
    let text = fs::read(path).map_err(|error| TargetError::File(shown.clone(), error))?;
    let found: Vec<_> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(TargetError::Authority(shown)) } else { Ok(found) }
}

fn credentials(file: Option<&Path>) -> Result<Credentials, TargetError> {
    let Some(path) = file else {
        let of = "the environment (and recording.s3-credentials is not set)";
        return Credentials::from_env().ok_or_else(|| TargetError::Credentials(of.to_owned()));
    };
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| TargetError::File(shown.clone(), error))?;
    read_credentials(&text).ok_or(TargetError::Credentials(shown))
}

/// The form of AWS' own files; sections are passed over.
fn read_credentials(text: &str) -> Option<Credentials> {
    let of = |key: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let value = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(key))?.1.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let (key, secret) = (of("aws_access_key_id")?, of("aws_secret_access_key")?);
    Some(match of("aws_session_token") {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_and_not_shown() {
        let text = "[default]\naws_access_key_id = AKIA\nAWS_SECRET_ACCESS_KEY=s3cr=et\n";
        let read = read_credentials(text).unwrap();
        assert_eq!((read.key(), read.secret(), read.token()), ("AKIA", "s3cr=et", None));
        assert!(!format!("{read:?}").contains("s3cr"));
        assert!(read_credentials("aws_access_key_id = AKIA\naws_secret_access_key =\n").is_none());
    }

    #[test]
    fn what_cannot_work_is_said_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        fs::write(&keys, "aws_access_key_id=a\naws_secret_access_key=b\n").unwrap();
        let good = checked::Target {
            endpoint: "http://192.0.2.1:9000".to_owned(),
            bucket: "b".to_owned(),
            region: "r".to_owned(),
            prefix: String::new(),
            credentials: Some(keys.clone()),
            authority: None,
            path_style: true,
            keep: false,
        };
        assert!(Target::new(&good).is_ok());
        let wrong = |target: checked::Target| Target::new(&target).map(drop).unwrap_err();
        let error = wrong(checked::Target { endpoint: "http://".to_owned(), ..good.clone() });
        assert!(matches!(error, TargetError::Endpoint(..)), "{error}");
        let error = wrong(checked::Target { credentials: Some(folder.path().join("none")), ..good.clone() });
        assert!(matches!(error, TargetError::File(..)), "{error}");
        let https =
            checked::Target { endpoint: "https://192.0.2.1".to_owned(), authority: Some(keys), ..good };
        assert!(matches!(wrong(https), TargetError::Authority(_)));
    }
}
