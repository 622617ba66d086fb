//! Whether what somebody typed is an admin's password and code. What is wrong is noted for the admin, and nobody else
//! is told.

use club::{AdminId, AdminProof, SecondFactor, SignInCode, VainAttempt, WrongPart};

use super::state::Dashboard;
use super::stop::Stop;
use super::visitor::DeskVisitor;
use crate::admins::Totp;
use crate::http::{Action, Actor};

/// Counts an attempt at an admin's secrets, by network and by admin.
pub(super) fn limit(visitor: &DeskVisitor, name: &str) -> Result<(), Stop> {
    visitor.limit(Action::Guess)?;
    let account = format!("admin {name}");
    Ok(visitor.desk.site.limits.check(Action::Guess, Actor::Account(&account))?)
}

/// Whether a password is right. One of more than [`MAX_PASSWORD`] bytes is not.
pub(super) async fn is_password(
    desk: &Dashboard,
    proof: Option<&AdminProof>,
    password: String,
) -> Result<bool, Stop> {
    if password.len() > MAX_PASSWORD {
        return Ok(false);
    }
    let hash = proof.and_then(|proof| proof.password.clone());
    Ok(desk.passwords.is_right(password, hash).await?)
}

/// The second factor that was typed: a code of six digits that is right now, or what may be a recovery code. Whether
/// either was used before is the store's to say.
pub(super) fn read(desk: &Dashboard, proof: &AdminProof, typed: &str) -> Option<SecondFactor> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return step(desk, proof, &digits).map(SecondFactor::Step);
    }
    SignInCode::parse(typed).map(SecondFactor::Recovery)
}

/// The time step of a code of six digits, if it is right.
pub(super) fn step(desk: &Dashboard, proof: &AdminProof, digits: &str) -> Option<u32> {
    let totp = totp(desk, proof)?;
    totp.step_of(digits, desk.now_unix())
}

/// What makes an admin's codes; `None`, with a line in the log, where the key of the secrets is another.
pub(super) fn totp(desk: &Dashboard, proof: &AdminProof) -> Option<Totp> {
    let name = &proof.admin.name;
    let secret = desk.key.open(name, &proof.totp);
    if secret.is_none() {
        tracing::error!(
            admin = name,
            "the secret of this admin's codes was stored under another key: put the file `totp-key` \
             back beside the master secret, or run `usher admin reset`"
        );
    }
    Totp::new(name, &secret?)
}

/// Notes a vain attempt.
pub(super) async fn note(
    visitor: &DeskVisitor,
    admin: Option<AdminId>,
    wrong: WrongPart,
) -> Result<(), Stop> {
    let desk = &visitor.desk;
    let address = visitor.address.to_canonical().to_string();
    let attempt = VainAttempt { admin, address, wrong, at: desk.now_unix() };
    Ok(desk.site.club.note_vain_attempt(attempt).await?)
}

/// Bytes of the longest password.
pub(super) const MAX_PASSWORD: usize = 1024;
