//! Where the store lies: on a disk of this machine, or on one whose locks cannot be relied on.

use std::path::{Path, PathBuf};

use super::StoreError;

/// File systems of another machine, as `/proc/self/mountinfo` names them.
const NETWORK: [&str; 16] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "virtiofs",
    "vboxsf",
    "vmhgfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "ncpfs",
    "davfs",
    "gfs2",
];
/// The same through FUSE: `fuse.sshfs`.
const NETWORK_FUSE: [&str; 9] =
    ["sshfs", "s3fs", "gcsfuse", "glusterfs", "rclone", "vmhgfs-fuse", "davfs2", "ceph-fuse", "grpcfuse"];

/// Refuses a store on a file system of another machine. What cannot be told is let pass.
///
/// # Errors
/// `Unusable`, in words for the operator.
pub fn refuse_network_fs(store: &Path) -> Result<(), StoreError> {
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    let folder = store.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is not there has its own error.
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    // The file may be a link to somewhere else.
    let place = store.canonicalize().unwrap_or(folder);
    match network_fs(&mounts, &place) {
        None => Ok(()),
        Some(kind) => Err(StoreError::Unusable {
            what: format!(
                "the store {} is on a network file system ({kind}), where locks are not reliable; put it on a local disk (a \
                 named volume in a container), or set allow_network_fs = true in [store]",
                store.display()
            ),
        }),
    }
}

/// The kind of file system a place lies on, if it is one of another machine.
fn network_fs(mounts: &str, place: &Path) -> Option<String> {
    // The last of those mounted at one point is the one that is seen.
    let around = mounts.lines().filter_map(mount).filter(|(point, _)| place.starts_with(point));
    let (_, kind) = around.max_by_key(|(point, _)| point.components().count())?;
    let is_network = match kind.strip_prefix("fuse.") {
        Some(kind) => NETWORK_FUSE.contains(&kind),
        None => NETWORK.contains(&kind),
    };
    is_network.then(|| kind.to_owned())
}

/// `36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw`: where, and what.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (before, after) = line.split_once(" - ")?;
    let point = before.split(' ').nth(4)?;
    Some((PathBuf::from(unescaped(point)), after.split(' ').next()?))
}

/// Spaces and the like stand there as `\040`.
fn unescaped(text: &str) -> String {
    let mut plain = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                plain.push(byte);
                rest = &others[3..];
            }
            None => {
                plain.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/office rw,relatime shared:20 - nfs4 server:/export rw,vers=4.2
41 40 8:2 / /mnt/office/disk rw - xfs /dev/sdb1 rw
42 22 0:36 / /mnt/my\\040files rw,relatime - fuse.sshfs me@there:/ rw
43 22 0:37 / /mnt/local rw - fuse.mergerfs a:b rw
44 22 8:3 / /mnt/over rw - ext4 /dev/sdc1 rw
45 44 0:38 / /mnt/over rw - cifs //server/share rw
46 22 0:39 / /hosthome rw - 9p hosthome rw
not a line of it
";

    #[test]
    fn the_innermost_and_last_mount_around_a_place_decides() {
        let kind = |place: &str| network_fs(MOUNTS, Path::new(place));
        assert_eq!(kind("/var/lib/gapwatch/gapwatch.db"), None);
        assert_eq!(kind("/mnt/office/x/gapwatch.db").as_deref(), Some("nfs4"));
        assert_eq!(kind("/mnt/office/disk/gapwatch.db"), None, "a disk mounted inside");
        assert_eq!(kind("/mnt/office2/gapwatch.db"), None, "another folder with the same beginning");
        assert_eq!(kind("/mnt/my files/gapwatch.db").as_deref(), Some("fuse.sshfs"));
        assert_eq!(kind("/mnt/local/gapwatch.db"), None);
        assert_eq!(kind("/mnt/over/gapwatch.db").as_deref(), Some("cifs"));
        assert_eq!(kind("/hosthome/gapwatch.db").as_deref(), Some("9p"));
        assert_eq!(network_fs("", Path::new("/x")), None);
    }

    #[test]
    fn a_place_on_this_machine_is_taken() {
        assert!(refuse_network_fs(Path::new("/nowhere/at/all/gapwatch.db")).is_ok());
    }
}
