//! The site's listener: web seed and direct downloads by `sendfile`, pages by hyper.

pub mod listener;
pub mod pages;
mod web_seed;
