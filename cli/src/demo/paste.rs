//! The lines that a person pastes.

use std::path::Path;

use super::{
    ports::Ports,
    site::{Caller, ca_file},
};

/// psql, ssh and curl as Alice, the list of recordings as Carol. `prefix` stands before each command.
pub(super) fn lines(folder: &Path, ports: Ports, callers: &[Caller], prefix: &str) -> String {
    let (Some(alice), Some(carol)) = (callers.first(), callers.last()) else { return String::new() };
    let program = std::env::current_exe().unwrap_or_else(|_| "sallyport".into());
    format!(
        r#"
Paste any of these into another terminal. You are Alice, a support engineer.

  {prefix}psql "host=127.0.0.1 port={pg} dbname=shop-db user=alice password={ticket} sslmode=verify-full sslrootcert={ca}" -c "SELECT id, name, email, card, ssn, note FROM customers LIMIT 5"

  {prefix}ssh -i {key} -o IdentitiesOnly=yes -o UserKnownHostsFile={folder}/known_hosts -o StrictHostKeyChecking=accept-new -p {ssh} web-1@127.0.0.1

  {prefix}curl --cacert {ca} -H "Authorization: Bearer {ticket}" https://127.0.0.1:{http}/shop-api/customers/1

Everything is recorded. As Carol, the auditor:

  {prefix}env SALLYPORT_URL=https://127.0.0.1:{api} SALLYPORT_CA={ca} SALLYPORT_TICKET={carol_ticket} {program} sessions list
"#,
        folder = folder.display(),
        ca = ca_file(folder).display(),
        key = alice.ssh_key.display(),
        ticket = alice.ticket,
        carol_ticket = carol.ticket,
        program = program.display(),
        api = ports.api,
        pg = ports.postgres,
        ssh = ports.ssh,
        http = ports.http,
    )
}
