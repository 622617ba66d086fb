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

impl VoucherState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Expired, Self::Issued, Self::Redeemed, Self::Void];

    /// One word for programs.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Issued => "issued",
            Self::Redeemed => "redeemed",
            Self::Void => "void",
        }
    }
}
