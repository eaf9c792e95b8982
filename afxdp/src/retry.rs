use std::time::Duration;
use std::{io, thread};

/// The longest single wait; the sum of all is twice as much.
const PATIENCE: Duration = Duration::from_millis(128);

/// Tries again while the answer is `EBUSY`, for a quarter of a second at most: what a process had that has just ended
/// is freed by the kernel a little later, and there is no event to wait for.
pub(crate) fn while_busy<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut wait = Duration::from_millis(1);
    loop {
        match attempt() {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && wait <= PATIENCE => {
                thread::sleep(wait);
                wait *= 2;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_busy_is_tried_again_and_not_for_ever() {
        let mut tries = 0;
        let result = while_busy(|| {
            tries += 1;
            if tries < 3 { Err(io::Error::from_raw_os_error(libc::EBUSY)) } else { Ok(tries) }
        });
        assert_eq!(result.unwrap(), 3);
        let mut tries = 0;
        let busy: io::Result<()> = while_busy(|| {
            tries += 1;
            Err(io::Error::from_raw_os_error(libc::EBUSY))
        });
        assert_eq!(busy.unwrap_err().raw_os_error(), Some(libc::EBUSY));
        assert_eq!(tries, 9);
        let mut tries = 0;
        let other: io::Result<()> = while_busy(|| {
            tries += 1;
            Err(io::Error::from_raw_os_error(libc::EINVAL))
        });
        assert!(other.is_err());
        assert_eq!(tries, 1);
    }
}
