//! The dashboard: pages on `admin.listen` for those who run the daemon.
//!
//! Nearly all of it is shown and changed through the admin API, which is called in the process as the admin who is
//! signed in: limits, the record and refusals are the API's. What is not: signing in, and an admin's own account.
//! Each form is in the table of `access`, and read by `DeskForm` alone. All pages are complete
//! without scripts. Deliberately absent: the listener and TLS, and JSON for programs.

mod access;
mod account;
mod call;
mod confirm;
mod cookies;
mod dress;
mod events;
mod factor;
mod form;
mod items;
mod layout;
mod members;
mod money;
mod now;
mod picture;
mod set_up;
mod sign_in;
mod state;
mod stop;
mod swarms;
mod table;
mod upkeep;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
pub use state::Dashboard;

/// Routes the dashboard. A topic adds its routes here, and its forms in `access`.
pub fn router(desk: Arc<Dashboard>) -> Router {
    let shared = || Arc::clone(&desk);
    Router::new()
        .route("/", get(now::show))
        .route("/account", get(account::show))
        .route("/account/codes", post(account::renew_codes))
        .route("/account/sign-ins/{id}/end", post(account::end_sign_in))
        .route("/admins", get(upkeep::admins))
        .route("/admins/{name}/remove", post(upkeep::remove_admin))
        .route("/alerts", get(upkeep::alerts))
        .route("/alerts/{alert}/ack", post(upkeep::acknowledge))
        .route("/audit", get(upkeep::audit))
        .route("/checkouts", get(money::checkouts))
        .route("/confirm", get(confirm::ask).post(confirm::send))
        .route("/events", get(events::list))
        .route("/events/{event}", get(events::show))
        .route("/events/{event}/replay", post(events::replay))
        .route("/items", get(items::list))
        .route("/items/{item}", get(items::show))
        .route("/items/{item}/prices", post(items::set_prices))
        .route("/items/{item}/texts", post(items::set_texts))
        .route("/ledger", get(money::ledger))
        .route("/members", get(members::list))
        .route("/members/bulk", post(members::bulk))
        .route("/members/{member}", get(members::show))
        .route("/members/{member}/resume", post(members::resume))
        .route("/members/{member}/suspend", post(members::suspend))
        .route("/orders", get(money::orders))
        .route("/set-up/{token}", get(set_up::show).post(set_up::send))
        .route("/sign-in", get(sign_in::ask).post(sign_in::send))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/swarms", get(swarms::list))
        .route("/swarms/{swarm}", get(swarms::show))
        .route("/vouchers", get(money::vouchers))
        .route("/vouchers.csv", get(money::vouchers_csv))
        .route_layer(from_fn_with_state(shared(), dress::gate))
        .route("/assets/{digest}/{name}", get(dress::asset))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn_with_state(shared(), dress::pages))
        .with_state(desk)
}

/// The largest form that is taken, in bytes: an item's description is the longest field.
const MAX_FORM_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
