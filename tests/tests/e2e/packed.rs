//! Packed data passes byte for byte: archives, pack files of git, pictures and backups hold addresses and passwords by chance.

use std::{fs, path::Path, time::Duration};

use e2e::{Run, World};

const SIZE: usize = 16 << 20;

/// Noise, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut word = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word
    });
    words.flat_map(u64::to_be_bytes).take(length).collect()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn packed_data_passes_over_ssh_as_it_is() {
    let world = World::shared();
    let (folder, home) = (world.folder("packed"), &world.site.sshd.home);
    let bytes = noise(SIZE);
    fs::write(home.join("packed.bin"), &bytes).unwrap();
    let patience = Duration::from_secs(120);
    let printed = world.ssh(&["cat packed.bin"]).patience(patience).ok().bytes;
    assert!(printed == bytes, "exec");
    let back = folder.join("back.bin");
    let options = world.ssh_options(world.alice());
    let tool = |program: &str| {
        Run::new(program).args(&options).args(["-P", &world.site.ports.ssh.to_string()]).patience(patience)
    };
    for old_protocol in [&[][..], &["-O"][..]] {
        let _copied = tool("scp").args(old_protocol).args(["web-1@127.0.0.1:packed.bin", name(&back)]).ok();
        assert!(fs::read(&back).unwrap() == bytes, "scp {old_protocol:?}");
    }
    let synced = folder.join("synced.bin");
    let _synced = Run::new("rsync")
        .args(["-e", &world.ssh_command_line(), "web-1@127.0.0.1:packed.bin", name(&synced)])
        .patience(patience)
        .ok();
    assert!(fs::read(&synced).unwrap() == bytes, "rsync");
}

#[test]
fn a_repository_of_packed_files_is_cloned() {
    let world = World::shared();
    let (folder, bare) = (world.folder("packed-git"), world.site.sshd.home.join("packed.git"));
    let _old = fs::remove_dir_all(&bare);
    let url = format!("ssh://web-1@127.0.0.1:{}{}", world.site.ports.ssh, bare.display());
    let ssh = world.ssh_command_line();
    let git = |arguments: &[&str]| {
        let person = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
        let run = Run::new("git").args(person).args(arguments).env("GIT_SSH_COMMAND", &ssh).folder(&folder);
        run.patience(Duration::from_secs(120)).ok()
    };
    let _made = git(&["init", "-q", "--bare", "-b", "main", name(&bare)]);
    let _work = git(&["init", "-q", "-b", "main", "work"]);
    fs::write(folder.join("work/picture.bin"), noise(SIZE)).unwrap();
    let _added = git(&["-C", "work", "add", "."]);
    let _committed = git(&["-C", "work", "commit", "-q", "-m", "picture"]);
    let _pushed = git(&["-C", "work", "push", "-q", &url, "main"]);
    let _cloned = git(&["clone", "-q", &url, "again"]);
    assert!(fs::read(folder.join("again/picture.bin")).unwrap() == noise(SIZE));
}

#[test]
fn packed_data_passes_over_http_as_it_is() {
    let world = World::shared();
    let patience = Duration::from_secs(120);
    let path = format!("/bytes/{}", 2 * SIZE);
    let direct = world.direct_curl(&path, &["--fail"]).patience(patience).ok().bytes;
    let through = world.curl(&format!("/shop-api{path}"), &["--fail"]).patience(patience).ok().bytes;
    assert!(through == direct);
}

#[test]
fn packed_data_passes_out_of_a_database_as_it_is() {
    let world = World::shared();
    let folder = world.folder("packed-pg");
    let values: String = noise(SIZE / 8)
        .chunks(40_000)
        .enumerate()
        .map(|(id, value)| {
            format!("{id}\t\\\\x{}\n", value.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        })
        .collect();
    let file = folder.join("values.tsv");
    fs::write(&file, values).unwrap();
    let psql = |dsn: &str| {
        Run::new("psql").args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", dsn]).patience(Duration::from_secs(120))
    };
    let (direct, through) = (world.direct_dsn("scratch"), world.dsn(world.alice(), "shop-db/scratch"));
    let _filled = psql(&direct)
        .args(["-c", "DROP TABLE IF EXISTS packed; CREATE TABLE packed (id int, value bytea)"])
        .args(["-c", &format!("\\copy packed FROM '{}'", file.display())])
        .ok();
    for read in [
        "SELECT value FROM packed ORDER BY id",
        "COPY (SELECT value FROM packed ORDER BY id) TO STDOUT",
        "COPY (SELECT value FROM packed ORDER BY id) TO STDOUT (FORMAT binary)",
        "SELECT string_agg(value, '' ORDER BY id) FROM packed",
    ] {
        let through = psql(&through).args(["-c", read]).ok().bytes;
        assert!(through == psql(&direct).args(["-c", read]).ok().bytes, "{read}");
    }
}
