//! Plain types that every other folder uses: ids, names, amounts, texts and errors.

pub(crate) mod admin_role;
pub(crate) mod cover_digest;
pub(crate) mod email;
pub(crate) mod error;
pub(crate) mod fault;
pub(crate) mod goods;
pub(crate) mod ids;
pub(crate) mod key_generations;
pub(crate) mod mail_state;
pub(crate) mod money;
pub(crate) mod name;
pub(crate) mod names;
pub(crate) mod page;
pub(crate) mod product;
pub(crate) mod secret_token;
pub(crate) mod sign_in_code;
pub(crate) mod stamp;
pub(crate) mod tag;
pub(crate) mod tax;
pub(crate) mod text;
pub(crate) mod token;
pub(crate) mod unavailable;
pub(crate) mod visibility;
pub(crate) mod voucher_code;
pub(crate) mod voucher_state;
pub(crate) mod words;
