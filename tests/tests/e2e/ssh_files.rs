//! Files over ssh: scp, sftp, rsync and git through the gateway.

use std::{fs, path::Path, time::Duration};

use e2e::{Run, World};

/// Bytes without any pattern that a detector would like.
fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from((place * 7 + place / 251) % 26).unwrap() + b'a').collect()
}

fn tool(world: &World, name: &str) -> Run {
    Run::new(name).args(world.ssh_options(world.alice())).args(["-P", &world.site.ports.ssh.to_string()])
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn scp_copies_both_ways() {
    let world = World::shared();
    let folder = world.folder("scp");
    let (here, back) = (folder.join("here.bin"), folder.join("back.bin"));
    fs::write(&here, sample(3_000_000)).unwrap();
    for old_protocol in [&[][..], &["-O"][..]] {
        let _up = tool(world, "scp").args(old_protocol).args([name(&here), "web-1@127.0.0.1:uploaded.bin"]).ok();
        assert_eq!(fs::read(world.site.sshd.home.join("uploaded.bin")).unwrap(), sample(3_000_000));
        let _down = tool(world, "scp").args(old_protocol).args(["web-1@127.0.0.1:uploaded.bin", name(&back)]).ok();
        assert_eq!(fs::read(&back).unwrap(), sample(3_000_000));
    }
}

#[test]
fn sftp_lists_renames_and_transfers() {
    let world = World::shared();
    let folder = world.folder("sftp");
    let (here, back) = (folder.join("here.bin"), folder.join("back.bin"));
    fs::write(&here, sample(1_000_000)).unwrap();
    let batch = format!(
        "mkdir box\nput {} box/one\nrename box/one box/two\nchmod 600 box/two\nls -l box\nget box/two {}\nrm box/two\nrmdir box\n",
        name(&here),
        name(&back)
    );
    let listing = tool(world, "sftp").args(["-b", "-", "web-1@127.0.0.1"]).input(batch).ok();
    assert!(listing.out.contains("-rw-------"), "{}", listing.out);
    assert_eq!(fs::read(&back).unwrap(), sample(1_000_000));
    assert!(!world.site.sshd.home.join("box").exists());
}

#[test]
fn a_hundred_transfers_in_a_row_do_not_hang() {
    let world = World::shared();
    let folder = world.folder("many");
    let here = folder.join("here.bin");
    fs::write(&here, sample(300_000)).unwrap();
    let batch: String =
        (0..100).map(|number| format!("put {} many-{number}\nrm many-{number}\n", name(&here))).collect();
    let _done =
        tool(world, "sftp").args(["-b", "-", "web-1@127.0.0.1"]).input(batch).patience(Duration::from_secs(120)).ok();
}

#[test]
fn rsync_sends_and_then_finds_nothing_to_send() {
    let world = World::shared();
    let folder = world.folder("rsync");
    fs::create_dir_all(folder.join("site/deep")).unwrap();
    fs::write(folder.join("site/index.html"), sample(200_000)).unwrap();
    fs::write(folder.join("site/deep/page.html"), sample(5_000)).unwrap();
    let rsync = || {
        Run::new("rsync")
            .args(["-a", "--stats", "-e", &world.ssh_command_line()])
            .arg(format!("{}/", folder.join("site").display()))
            .arg("web-1@127.0.0.1:synced/")
    };
    let _first = rsync().ok();
    assert_eq!(fs::read(world.site.sshd.home.join("synced/deep/page.html")).unwrap(), sample(5_000));
    let second = rsync().ok();
    assert!(second.out.contains("Number of regular files transferred: 0"), "{}", second.out);
}

#[test]
fn git_clones_and_pushes() {
    let world = World::shared();
    let (folder, bare) = (world.folder("git"), world.site.sshd.home.join("site.git"));
    let _old = fs::remove_dir_all(&bare);
    let _made = Run::new("git").args(["init", "-q", "--bare", "-b", "main", name(&bare)]).ok();
    let url = format!("ssh://web-1@127.0.0.1:{}{}", world.site.ports.ssh, bare.display());
    let ssh = world.ssh_command_line();
    let git = |arguments: &[&str]| {
        Run::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.version=2"])
            .args(arguments)
            .env("GIT_SSH_COMMAND", &ssh)
            .folder(&folder)
    };
    let _cloned = git(&["clone", "-q", &url, "work"]).ok();
    fs::write(folder.join("work/page.html"), sample(100_000)).unwrap();
    let _added = git(&["-C", "work", "add", "."]).ok();
    let _committed = git(&["-C", "work", "commit", "-q", "-m", "page"]).ok();
    let _pushed = git(&["-C", "work", "push", "-q", "origin", "HEAD:main"]).ok();
    let _again = git(&["clone", "-q", &url, "again"]).ok();
    assert_eq!(fs::read(folder.join("again/page.html")).unwrap(), sample(100_000));
}
