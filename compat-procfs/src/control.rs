use crate::abi::{
    ABI_VERSION, Addr, CLAIM_ADOPT, ClaimRequest, Flow, Hello, MAGIC, OP_CLAIM, OP_FLUSH, OP_INSTALL,
    OP_SNAPSHOT, OP_WITHDRAW, OUTPUTS_MAX, Output, Pick, Request, Snapshot,
};
use crate::{Error, Result, Tables};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use zerocopy::{FromBytes, FromZeros, IntoBytes};
use zeroize::{Zeroize, Zeroizing};

/// What the module says of itself and the table when the control file is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Version text of the module.
    pub version: String,
    /// Process id of the owner, `None` when nobody owns the table.
    pub owner: Option<i32>,
    /// How many flows are installed.
    pub flows: u32,
    /// Bit n is set when the kernel can do suite n ([`crate::abi::SUITE_NONE`] and following).
    pub suites: u32,
}

/// What becomes of the flows that are there when a table is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// They stay and go on forwarding.
    Adopt,
    /// They go.
    Fresh,
}

/// The control file of a table. Owner from [`Control::claim`] until it is dropped; the flows outlive it.
#[derive(Debug)]
pub struct Control {
    file: File,
    table: u32,
    greeting: Greeting,
}

impl Control {
    /// Opens the control file of table `id` and checks that module and crate speak the same ABI.
    ///
    /// # Errors
    /// [`Error::NoModule`], [`Error::NoTable`], [`Error::Version`], [`Error::Size`], [`Error::Foreign`], or why the
    /// file could not be opened.
    pub fn open(tables: &Tables, id: u32) -> Result<Control> {
        let path = tables.directory(id).join("control");
        let mut file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound if tables.present() => Error::NoTable(id),
                _ => tables.explain(&path, cause),
            })?;
        let mut bytes = [0; 4096];
        let foreign = || Error::Foreign(path.display().to_string());
        let got = file.read(&mut bytes).map_err(|_| foreign())?;
        let greeting = check(bytes.get(..got).unwrap_or_default()).ok_or_else(foreign)??;
        Ok(Control { file, table: id, greeting })
    }

    /// What the module said when the file was opened, or when the table was claimed.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Number of the table.
    pub fn table(&self) -> u32 {
        self.table
    }

    /// Becomes the owner of the table.
    ///
    /// # Errors
    /// [`Error::Owned`], [`Error::OtherNamespace`] (only when adopting), or what the module answered.
    pub fn claim(&mut self, claim: Claim) -> Result<()> {
        let flags = if claim == Claim::Adopt { CLAIM_ADOPT } else { 0 };
        let request = ClaimRequest { request: head::<ClaimRequest>(OP_CLAIM), abi: ABI_VERSION, flags };
        match self.file.write_all(request.as_bytes()) {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::ResourceBusy => {
                return Err(Error::Owned { table: self.table, pid: self.greeting.owner.unwrap_or(0) });
            }
            Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices => {
                return Err(Error::OtherNamespace(self.table));
            }
            Err(cause) => return Err(Error::file(format!("claim of kernel table {}", self.table), cause)),
        }
        let mut hello = Hello::new_zeroed();
        self.file
            .read_exact(hello.as_mut_bytes())
            .map_err(|cause| Error::file(format!("greeting of kernel table {}", self.table), cause))?;
        self.greeting = greeting(&hello);
        Ok(())
    }

    /// Installs a flow, or replaces an older generation of it. The request head and the count of outputs are set here.
    ///
    /// # Errors
    /// The module's: `InvalidInput` for a field out of range or too many outputs, others as the header says.
    pub fn install(&mut self, flow: &Flow, outputs: &[Output]) -> io::Result<()> {
        if outputs.len() > OUTPUTS_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let size = size_of::<Flow>() + size_of_val(outputs);
        let mut flow = *flow;
        flow.request = Request { op: OP_INSTALL, size: size as u32 };
        flow.output_count = outputs.len() as u8;
        // Keys are written once, and nothing of them is left here.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        bytes.extend_from_slice(flow.as_bytes());
        bytes.extend_from_slice(outputs.as_bytes());
        flow.open.as_mut_bytes().zeroize();
        self.file.write_all(&bytes)
    }

    /// Takes a flow back unless its generation is later than `generation`; its last counters.
    ///
    /// # Errors
    /// `NotFound`, or what else the module answered (ESTALE: a later generation is installed).
    pub fn withdraw(&mut self, local: Addr, generation: u64) -> io::Result<Snapshot> {
        self.ask(OP_WITHDRAW, local, generation)
    }

    /// The counters of a flow. Needs no ownership.
    ///
    /// # Errors
    /// `NotFound`, or what else the module answered.
    pub fn snapshot(&self, local: Addr) -> io::Result<Snapshot> {
        self.ask(OP_SNAPSHOT, local, 0)
    }

    /// Removes every flow.
    ///
    /// # Errors
    /// What the module answered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(head::<Request>(OP_FLUSH).as_bytes())
    }

    fn ask(&self, op: u32, local: Addr, generation: u64) -> io::Result<Snapshot> {
        let mut file = &self.file;
        file.write_all(Pick { request: head::<Pick>(op), local, zero: 0, generation }.as_bytes())?;
        let mut snapshot = Snapshot::new_zeroed();
        file.read_exact(snapshot.as_mut_bytes())?;
        Ok(snapshot)
    }
}

/// Every flow of a table in the order of installation. Anybody who may read the file may ask.
///
/// # Errors
/// Why the file could not be read.
pub(crate) fn read_all(tables: &Tables, id: u32) -> Result<Vec<Snapshot>> {
    let path = tables.directory(id).join("blist");
    let failed = |cause| Error::file(path.display().to_string(), cause);
    let mut file = File::open(&path).map_err(failed)?;
    let mut room = vec![Snapshot::new_zeroed(); 64];
    let mut all = Vec::new();
    loop {
        let got = file.read(room.as_mut_slice().as_mut_bytes()).map_err(failed)?;
        if got == 0 {
            return Ok(all);
        }
        all.extend_from_slice(&room[..got / size_of::<Snapshot>()]);
    }
}

fn head<T>(op: u32) -> Request {
    Request { op, size: size_of::<T>() as u32 }
}

fn greeting(hello: &Hello) -> Greeting {
    let text = hello.version.split(|&byte| byte == 0).next().unwrap_or_default();
    Greeting {
        version: String::from_utf8_lossy(text).into_owned(),
        owner: Some(hello.owner).filter(|&pid| pid != 0),
        flows: hello.flows,
        suites: hello.suites,
    }
}

/// `None`: not our module at all.
pub(crate) fn check(bytes: &[u8]) -> Option<Result<Greeting>> {
    // Magic and version stand first in every version, so a greeting of another length is still understood.
    let (magic, rest) = u32::read_from_prefix(bytes).ok()?;
    let (theirs, _) = u32::read_from_prefix(rest).ok()?;
    if magic != MAGIC {
        return None;
    }
    if theirs != ABI_VERSION {
        let module =
            Hello::read_from_prefix(bytes).map(|(hello, _)| greeting(&hello).version).unwrap_or_default();
        return Some(Err(Error::Version { module, theirs, ours: ABI_VERSION }));
    }
    let hello = Hello::read_from_bytes(bytes).ok()?;
    let sizes = [
        ("struct rtpe_hello", hello.size_hello, size_of::<Hello>()),
        ("struct rtpe_claim", hello.size_claim, size_of::<ClaimRequest>()),
        ("struct rtpe_flow", hello.size_flow, size_of::<Flow>()),
        ("struct rtpe_output", hello.size_output, size_of::<Output>()),
        ("struct rtpe_pick", hello.size_pick, size_of::<Pick>()),
        ("struct rtpe_snapshot", hello.size_snapshot, size_of::<Snapshot>()),
    ];
    let said = greeting(&hello);
    for (name, theirs, ours) in sizes {
        let ours = ours as u32;
        if theirs != ours {
            return Some(Err(Error::Size { module: said.version, version: ABI_VERSION, name, theirs, ours }));
        }
    }
    Some(Ok(said))
}

#[cfg(test)]
mod tests;
