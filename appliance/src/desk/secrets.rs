use crate::handshake::Prints;

/// What calls cannot make by themselves: random numbers, and the fingerprint of the certificate.
#[derive(Debug)]
pub struct Secrets {
    prints: Prints,
}

impl Secrets {
    /// With what SDPs say of the certificate.
    pub fn new(prints: Prints) -> Secrets {
        Secrets { prints }
    }
}

impl call::Secrets for Secrets {
    fn fill(&mut self, bytes: &mut [u8]) {
        // The start of the process has asked the same source, and the kernel does not take it back.
        getrandom::fill(bytes).expect("the system's random numbers");
    }

    fn fingerprint(&self, hash: &str) -> Option<String> {
        self.prints.get(hash)
    }
}
