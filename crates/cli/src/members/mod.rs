//! Members: adding and changing them, and their rights and keys.

mod export_file;
mod import;
mod member;
mod right;
mod sign_in;

pub use import::ImportArgs;
pub(crate) use member::MEMBER;
pub use member::{MemberCommand, MemberListArgs};
pub use right::{GrantArgs, RevokeArgs, RotateArgs};
pub(crate) use sign_in::SIGN_IN;
pub use sign_in::SignInCommand;
