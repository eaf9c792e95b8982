//! The relay under the proxies people use.
