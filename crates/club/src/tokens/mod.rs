//! Tokens of the API: what programs of the operator and of members ask with.

pub(crate) mod member_token;
pub(crate) mod scope;
pub(crate) mod token;
