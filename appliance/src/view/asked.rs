use super::window::{Question, Window};
use crate::config::checked::Config;
use compat_procfs::view::View;
use mio::Waker;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// The table that flows are shown in when no table is configured.
const NO_TABLE: u8 = 0;

/// The desk's side of the mounted tree.
#[derive(Debug)]
pub struct Asked {
    questions: Receiver<Question>,
    tables: BTreeMap<IpAddr, u8>,
    /// Unmounted when dropped.
    view: View,
}

impl Asked {
    /// The questions that are waiting.
    pub fn waiting(&self) -> Vec<Question> {
        self.questions.try_iter().collect()
    }

    /// The table in which the flows of an address are shown.
    pub fn table_of(&self, addr: IpAddr) -> u8 {
        self.tables.get(&addr).copied().unwrap_or(NO_TABLE)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &std::path::Path {
        self.view.path()
    }
}

/// Mounts the tree if the configuration says where. `desk` is woken for each question.
///
/// What goes wrong is logged: media does not depend on it.
pub fn open(config: &Config, desk: Arc<Waker>) -> Option<Asked> {
    let at = config.control.proc_view.as_deref()?;
    let locals = config.interfaces.addresses().map(|(_, local)| local);
    let tables: BTreeMap<IpAddr, u8> =
        locals.map(|local| (local.addr, local.table.or(config.kernel.table).unwrap_or(NO_TABLE))).collect();
    let (window, questions) = Window::new(tables.values().map(|id| u32::from(*id)).collect(), desk);
    match View::mount(at, window) {
        Ok(view) => {
            tracing::info!("the tree of /proc/rtpengine is shown at {}", at.display());
            Some(Asked { questions, tables, view })
        }
        Err(error) => {
            tracing::error!("the tree of /proc/rtpengine cannot be shown at {}: {error}", at.display());
            None
        }
    }
}
