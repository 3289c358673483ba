//! What changes while an SSH connection lives: its keys, the size of its terminal.

use std::time::Duration;

use e2e::{Run, World};
use serde_json::json;

#[test]
fn keys_are_renewed_in_the_middle_of_a_transfer() {
    let world = World::shared();
    let rekey = ["-o", "RekeyLimit=1M", "-v"];
    let make = "seq -f 'line %012.0f of something harmless' 1 600000";
    let down = world.ssh_to("web-1", world.alice(), &rekey).arg(make).patience(Duration::from_secs(120)).ok();
    assert!(down.err.matches("SSH2_MSG_NEWKEYS sent").count() > 5, "{}", down.err);
    let direct = Run::new("sh").args(["-c", make]).ok();
    assert!(down.bytes == direct.bytes, "{} of {} bytes", down.bytes.len(), direct.bytes.len());
    let up = world.ssh_to("web-1", world.alice(), &rekey).arg("sha256sum").input(direct.bytes.clone());
    let here = Run::new("sha256sum").input(direct.bytes).ok();
    assert_eq!(up.patience(Duration::from_secs(120)).ok().out, here.out);
}

#[test]
fn a_terminal_is_resized_and_takes_ctrl_c() {
    let world = World::shared();
    let ssh = world.ssh_options(world.alice());
    let mut program: Vec<&str> = ["ssh", "-tt"].into();
    let port = world.site.ports.ssh.to_string();
    program.extend(ssh.iter().map(String::as_str));
    program.extend(["-p", &port, "web-1@127.0.0.1"]);
    let steps = json!([
        ["size", 31, 101],
        ["see", "web-1:~"],
        ["type", "stty size\n"],
        ["see", "31 101"],
        ["size", 44, 133],
        ["type", "stty size\n"],
        ["see", "44 133"],
        // Said by what is to be interrupted, so that it is in the foreground by then.
        ["type", "sh -c 'echo asleep-$((40+2)); sleep 60'\n"],
        ["see", "asleep-42"],
        ["type", "\u{3}"],
        ["see", "web-1:~"],
        ["type", "echo status-$?\n"],
        ["see", "status-130"],
        ["type", "exit 9\n"],
        ["end", 9],
    ]);
    assert_eq!(world.at_a_terminal(&program, &steps).ok().out, "fine\n");
}
