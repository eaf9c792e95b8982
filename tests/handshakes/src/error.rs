use lab::LabError;

/// What went wrong in a lab with phones.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something of the lab.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The phone's DTLS.
    #[error(transparent)]
    Dtls(#[from] dtls::Error),
    /// The handshake failed at the phone.
    #[error("the phone's handshake failed: {0}")]
    Handshake(dtls::Reason),
    /// No handshake in time.
    #[error("no keys within {0:?}")]
    Late(std::time::Duration),
    /// The SDP for the phone lacks something.
    #[error("the SDP for the phone has no {what}:\n{sdp}")]
    Sdp {
        /// What is missing.
        what: &'static str,
        /// All of it.
        sdp: String,
    },
    /// A socket of the phone.
    #[error("the phone's socket: {0}")]
    Socket(#[from] std::io::Error),
    /// The phone has no keys, or they are worn out.
    #[error("the phone cannot seal: {0}")]
    Seal(&'static str),
}

/// The result of what is done in a lab with phones.
pub type Result<T> = std::result::Result<T, Error>;
