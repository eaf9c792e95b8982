use super::tree::{File, Node, command};
use super::{Refusal, Source};
use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    INodeNo, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry,
    ReplyOpen, ReplyWrite, Request, SessionACL, TimeOrNow, WriteFlags,
};
use hashbrown::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The mounted tree; unmounted when dropped.
#[derive(Debug)]
pub struct View {
    at: PathBuf,
    session: Option<BackgroundSession>,
}

impl View {
    /// Mounts the tree at `at`, which is made when it does not exist. A mount there whose daemon has died is taken away.
    /// Needs root (or fusermount3).
    ///
    /// # Errors
    /// Why it could not be mounted.
    pub fn mount(at: &Path, source: impl Source) -> io::Result<View> {
        if std::fs::metadata(at).is_err_and(|error| error.kind() == io::ErrorKind::NotConnected) {
            nix::mount::umount2(at, nix::mount::MntFlags::MNT_DETACH)?;
        }
        std::fs::create_dir_all(at)?;
        let mut config = Config::default();
        config.mount_options = vec![
            MountOption::FSName("rtpengine".into()),
            MountOption::Subtype("rtpengine".into()),
            MountOption::DefaultPermissions,
            MountOption::NoExec,
            MountOption::NoSuid,
            MountOption::NoDev,
        ];
        // As under /proc: whoever the modes let.
        config.acl = SessionACL::All;
        let files = Files { source: Box::new(source), open: Mutex::new(Open::default()) };
        let session = fuser::spawn_mount(files, at, &config)?;
        Ok(View { at: at.to_owned(), session: Some(session) })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.at
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let busy = self.session.take().is_some_and(|session| session.umount_and_join().is_err());
        if busy {
            // Somebody has a file open. The place is free at once; what they read ends with an error.
            let _ = nix::mount::umount2(&self.at, nix::mount::MntFlags::MNT_DETACH);
        }
    }
}

/// What readers were given when they opened a file: they read all of it from one moment.
#[derive(Debug, Default)]
struct Open {
    last: u64,
    contents: HashMap<u64, Vec<u8>>,
}

struct Files {
    source: Box<dyn Source>,
    open: Mutex<Open>,
}

/// Nothing is kept by the kernel: tables come and go.
const NOT_KEPT: Duration = Duration::ZERO;

fn attributes(node: Node) -> FileAttr {
    let directory = node.is_directory();
    FileAttr {
        ino: INodeNo(node.number()),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if directory { FileType::Directory } else { FileType::RegularFile },
        perm: node.mode(),
        nlink: if directory { 2 } else { 1 },
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

impl Files {
    fn node(&self, number: INodeNo) -> Option<Node> {
        Node::of(number.0).filter(|node| node.exists(&*self.source))
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Filesystem for Files {
    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let child =
            self.node(parent).zip(name.to_str()).and_then(|(node, name)| node.child(name, &*self.source));
        match child {
            Some(child) => reply.entry(&NOT_KEPT, &attributes(child), fuser::Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        match self.node(ino) {
            Some(node) => reply.attr(&NOT_KEPT, &attributes(node)),
            None => reply.error(Errno::ENOENT),
        }
    }

    // `echo … > control` cuts the file off first; like under /proc, that means nothing.
    fn setattr(
        &self,
        req: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        _size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        if mode.is_some() || uid.is_some() || gid.is_some() {
            return reply.error(Errno::EPERM);
        }
        self.getattr(req, ino, fh, reply);
    }

    fn open(&self, _req: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        let Some(content) = self.node(ino).and_then(|node| node.content(&*self.source)) else {
            return reply.error(Errno::ENOENT);
        };
        let mut open = self.opened();
        open.last += 1;
        let handle = open.last;
        open.contents.insert(handle, content);
        drop(open);
        reply.opened(FileHandle(handle), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _req: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let open = self.opened();
        let content = open.contents.get(&fh.0).map(Vec::as_slice).unwrap_or_default();
        let rest = usize::try_from(offset).ok().and_then(|from| content.get(from..)).unwrap_or_default();
        let mut len = rest.len().min(size as usize);
        if matches!(Node::of(ino.0), Some(Node::File(_, File::Blist))) {
            // Whole entries only, as the module gives them.
            let entry = size_of::<crate::abi::Snapshot>();
            if (size as usize) < entry {
                return reply.error(Errno::EINVAL);
            }
            len -= len % entry;
        }
        reply.data(&rest[..len]);
    }

    fn write(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        _offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let answer = match self.node(ino) {
            Some(Node::MainControl) => command(data, &*self.source),
            _ => None,
        };
        match answer {
            Some(Ok(())) => reply.written(data.len() as u32),
            Some(Err(Refusal::Exists)) => reply.error(Errno::EEXIST),
            Some(Err(Refusal::Missing)) => reply.error(Errno::ENOENT),
            Some(Err(Refusal::Busy)) => reply.error(Errno::EBUSY),
            None => reply.error(Errno::EINVAL),
        }
    }

    fn release(
        &self,
        _req: &Request,
        _ino: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.opened().contents.remove(&fh.0);
        reply.ok();
    }

    fn readdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let Some(node) = self.node(ino).filter(|node| node.is_directory()) else {
            return reply.error(Errno::ENOENT);
        };
        let mut entries = vec![(".".to_owned(), node), ("..".to_owned(), Node::Root)];
        entries.extend(node.children(&*self.source));
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        for (at, (name, node)) in entries.into_iter().enumerate().skip(from) {
            let kind = if node.is_directory() { FileType::Directory } else { FileType::RegularFile };
            if reply.add(INodeNo(node.number()), at as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}
