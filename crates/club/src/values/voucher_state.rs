//! What became of a voucher.

/// What became of a voucher.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VoucherState {
    /// It expired and cannot be redeemed.
    Expired,
    /// It can be redeemed.
    Issued,
    /// It was redeemed.
    Redeemed,
    /// It was voided.
    Void,
}
