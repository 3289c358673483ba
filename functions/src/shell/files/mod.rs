//! Programs that work on files and whose options decide what happens to them.

mod archives;
mod filters;
mod losing;
mod moving;
mod rights;
mod viewers;

pub use self::losing::is_light;
pub(super) use self::{
    losing::{is_database, is_named_as_made_again},
    rights::opens,
};
use super::{call::Call, walk::Walker};

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "rm" | "unlink" => moving::remove(walker, call),
        "install" => moving::install(walker, call),
        "mv" => moving::move_files(walker, call),
        "cp" | "ln" | "link" | "symlink" => moving::copy(walker, call),
        "tee" => filters::tee(walker, call),
        "dd" => filters::disk_dump(walker, call),
        "chmod" | "chown" => rights::rights(walker, call),
        "sort" | "uniq" | "tree" | "xmllint" | "yq" | "sdiff" | "iconv" | "shuf" | "xxd" | "strace-log-merge" => {
            filters::output(walker, call)
        }
        "tar" | "bsdtar" | "gtar" | "unzip" => archives::archive(walker, call),
        "gzip" | "gunzip" | "bzip2" | "bunzip2" | "xz" | "unxz" | "zstd" | "unzstd" | "lz4" => {
            archives::compress(walker, call)
        }
        "less" | "more" | "most" | "man" => viewers::pager(walker, call),
        "rg" | "fd" | "fdfind" | "ag" => viewers::search(walker, call),
        "openssl" => viewers::openssl(walker, call),
        _ => return false,
    }
    true
}
