//! Members: adding and changing them, and their rights and keys.

mod export_file;
mod import;
mod member;
mod right;

pub use import::ImportArgs;
pub(crate) use member::MEMBER;
pub use member::MemberCommand;
pub use right::{GrantArgs, RevokeArgs, RotateArgs};
