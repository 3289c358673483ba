//! A CI job that is pointed at the gateway instead of its targets: the same commands end with the same status.

use e2e::{Run, World};

/// Each command of a job, and its exit status with these coordinates.
fn statuses(world: &World, dsn: &str, ssh: &str, host: &str, curl: &str, name: &str) -> Vec<(String, i32)> {
    let folder = world.folder(name);
    std::fs::write(folder.join("good.sql"), "SELECT 1;\nSELECT count(*) FROM orders;\n").unwrap();
    std::fs::write(folder.join("bad.sql"), "SELECT 1;\nSELECT nonsense;\nSELECT 2;\n").unwrap();
    std::fs::write(folder.join("file"), "content").unwrap();
    let scp = format!("scp -q {ssh}");
    let steps = [
        format!("psql -X -q -v ON_ERROR_STOP=1 -f good.sql '{dsn}'"),
        format!("psql -X -q -v ON_ERROR_STOP=1 -f bad.sql '{dsn}'"),
        format!("psql -X -q -f bad.sql '{dsn}'"),
        format!("psql -X -c 'SELECT 1/0' '{dsn}'"),
        format!("pg_dump -s -f dump.sql '{dsn}' && grep -q 'CREATE TABLE public.orders' dump.sql"),
        format!("pg_dump -t no_such_table '{dsn}'"),
        format!("{scp} file {host}:ci-{name} && {scp} {host}:ci-{name} back && cmp file back"),
        format!("{scp} {host}:no/such/file back"),
        format!("ssh {} {host} 'exit 42'", ssh.replace("-P ", "-p ")),
        format!("ssh {} {host} 'set -e; false; true'", ssh.replace("-P ", "-p ")),
        format!("{curl}/customers/1"),
        format!("{curl}/customers/99999"),
    ];
    let status = |step: &String| Run::new("bash").args(["-c", step]).folder(&folder).output().status;
    steps.iter().enumerate().map(|(number, step)| (format!("step {number}"), status(step))).collect()
}

#[test]
fn a_job_ends_as_it_would_have_direct() {
    let world = World::shared();
    let through = {
        let options = world.ssh_options(world.carol()).join(" ");
        let ssh = format!("{options} -P {}", world.site.ports.ssh);
        let curl = format!(
            "curl -sS --fail --cacert {} -H 'Authorization: Bearer {}' https://127.0.0.1:{}/shop-api",
            world.site.ca_file().display(),
            world.carol().ticket,
            world.site.ports.http
        );
        statuses(world, &world.dsn(world.carol(), "shop-db"), &ssh, "web-1@127.0.0.1", &curl, "ci-through")
    };
    let direct = {
        let quiet = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o BatchMode=yes";
        let ssh = format!("{quiet} -i {} -P {}", world.site.sshd.key.display(), world.site.sshd.port);
        let curl = format!("curl -sS --fail http://127.0.0.1:{}", world.site.api.direct_port);
        let host = format!("{}@127.0.0.1", world.site.sshd.login);
        statuses(world, &world.direct_dsn("shop"), &ssh, &host, &curl, "ci-direct")
    };
    assert_eq!(through, direct);
    let seen: Vec<i32> = direct.iter().map(|(_, status)| *status).collect();
    assert_eq!(seen, [0, 3, 0, 1, 0, 1, 0, 1, 42, 1, 0, 22]);
}
