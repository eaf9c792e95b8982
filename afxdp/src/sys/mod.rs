//! System calls, each wrapped so that nobody else needs `unsafe`.

mod bpf;
mod clock;

pub(crate) use bpf::{XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE, link_xdp, test_run};
pub(crate) use clock::monotonic_ns;
