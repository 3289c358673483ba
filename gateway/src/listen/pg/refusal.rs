//! Our codes in PostgreSQL's words: the one place where a code meets a SQLSTATE (appendix A of the PostgreSQL documentation).

use bytes::BytesMut;
use proto::{Code, Refusal};
use protocols::pg::{accept::AcceptError, report::Report};

/// The SQLSTATE that drivers act upon.
pub(super) fn sqlstate(code: Code) -> &'static str {
    match code {
        // invalid_password: says nothing about which part was wrong
        Code::Login => "28P01",
        // invalid_authorization_specification
        Code::TooManyAttempts | Code::TlsRequired | Code::LoginTimeout => "28000",
        // insufficient_privilege
        Code::Denied | Code::NeedsApproval | Code::ForwardDenied | Code::TargetNotAllowed | Code::Guarantee => "42501",
        // invalid_catalog_name: what PostgreSQL says to a database that is not there
        Code::NoAccess => "3D000",
        // feature_not_supported
        Code::Unsupported => "0A000",
        // protocol_violation
        Code::Malformed | Code::TargetProtocol => "08P01",
        // program_limit_exceeded
        Code::TooLarge => "54000",
        // too_many_connections
        Code::Busy => "53300",
        // sqlserver_rejected_establishment_of_sqlconnection
        Code::Credential | Code::TargetRefused | Code::TargetLogin | Code::TargetIdentity => "08004",
        // sqlclient_unable_to_establish_sqlconnection
        Code::AgentOffline | Code::NoPolicy | Code::TargetUnreachable | Code::TargetTimeout => "08001",
        // connection_failure
        Code::AgentLost | Code::GatewayLost | Code::TargetLost => "08006",
        // io_error
        Code::Spool => "58030",
        // admin_shutdown
        Code::Expired | Code::Killed | Code::Draining => "57P01",
        // internal_error, data_exception
        Code::Internal => "XX000",
        Code::Uninspectable | Code::Unmaskable => "22000",
        // successful_completion; never sent
        Code::Done => "00000",
    }
}

/// Appends the error that ends a connection.
pub(super) fn render(refusal: &Refusal, out: &mut BytesMut) {
    let hint = match refusal.code {
        Code::Login => "Use a ticket as the password; tickets end and can be revoked.",
        Code::NoAccess => "The database name is the name of the connection.",
        Code::TlsRequired => "Connect with sslmode=require or stricter.",
        _ => "",
    };
    let detail = format!("code {}", refusal.code);
    let sqlstate = sqlstate(refusal.code);
    Report { severity: "FATAL", sqlstate, message: &refusal.message, detail: &detail, hint }.render(out);
}

/// What a failed login means to the client, and the word for the audit log.
pub(super) fn of(error: &AcceptError) -> (Refusal, &'static str) {
    match error {
        AcceptError::Malformed(what) => (Refusal::new(Code::Malformed, what.to_string()), "malformed"),
        AcceptError::TlsRequired => (Refusal::new(Code::TlsRequired, "this endpoint speaks TLS only"), "no-tls"),
        AcceptError::EarlyBytes => {
            (Refusal::new(Code::Malformed, "received unencrypted data after the TLS request"), "early-bytes")
        }
        AcceptError::Replication => {
            (Refusal::new(Code::Unsupported, "replication connections are not supported"), "replication")
        }
        AcceptError::Scram(_) => (login(), "scram"),
    }
}

/// The one refusal of every credential.
pub(super) fn login() -> Refusal {
    Refusal::new(Code::Login, "login refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sqlstate_of_its_class() {
        for code in Code::ALL {
            let state = sqlstate(*code);
            assert_eq!(state.len(), 5, "{code}");
            assert!(*code == Code::Done || state != "00000", "{code}");
        }
    }

    #[test]
    fn a_refusal_carries_its_code_and_a_fatal_severity() {
        let mut out = BytesMut::new();
        render(&login(), &mut out);
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains("SFATAL\0VFATAL\0C28P01\0Mlogin refused\0Dcode SP-LOGIN\0"), "{text:?}");
    }
}
