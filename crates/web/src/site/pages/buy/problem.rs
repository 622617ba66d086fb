//! Why a form is shown again: at which field, and what to do.

use club::{Error, MoneyError, VoucherState};

use crate::site::pages::failure::Failure;
use crate::site::pages::price::money;

/// What is the matter with a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    pub(super) field: Field,
    pub(super) text: String,
}

/// Where in the form it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    Amount,
    Consent,
    Discount,
    Email,
    /// Not at one field.
    Form,
    Method,
    Voucher,
    Way,
}

impl Problem {
    /// What is the matter at a field of a form.
    pub(super) fn at(problem: Option<&Self>, field: Field) -> Option<&str> {
        problem.filter(|problem| problem.field == field).map(|problem| &*problem.text)
    }

    pub(super) fn new(field: Field, text: impl Into<String>) -> Self {
        Self { field, text: text.into() }
    }

    /// What the club refused, for whoever filled in the form.
    ///
    /// # Errors
    ///
    /// It is not a matter of the form.
    pub(super) fn of(error: Error) -> Result<Self, Failure> {
        let (field, text) = match error {
            Error::Code(_) | Error::NoVoucher => {
                let text =
                    "No voucher has this code. It has 27 letters and digits; compare each of them.";
                (Field::Voucher, text.to_owned())
            }
            Error::Voucher { state, .. } => (Field::Voucher, voucher_text(state).to_owned()),
            Error::VoucherForOther(_) => {
                let text = "This voucher is for something else. Redeem it on the page Redeem.";
                (Field::Voucher, text.to_owned())
            }
            Error::VoucherShort { holds, needs, .. } => {
                let text = format!(
                    "This voucher holds {} and you would pay {}. Redeem it on the page Redeem, and it is in your \
                     balance; then add the rest.",
                    money(holds),
                    money(needs)
                );
                (Field::Voucher, text)
            }
            Error::Discount { code, why } => (
                Field::Discount,
                format!("The code {code} {why}. Leave the field empty to pay the full price."),
            ),
            Error::DiscountCode | Error::NoDiscount(_) => {
                let text = "There is no such discount code. Check it, or leave the field empty.";
                (Field::Discount, text.to_owned())
            }
            Error::LowPrice { least, .. } => {
                (Field::Amount, format!("The lowest price is {}. Pay that or more.", money(least)))
            }
            Error::PriceRose { now, .. } => {
                let text = format!(
                    "The price is {} now. Nothing was bought; buy it here if you like.",
                    money(now)
                );
                (Field::Form, text)
            }
            Error::FixedPrice(_) => {
                let text = "With a discount code the price can't be chosen. Leave one of the two fields empty.";
                (Field::Amount, text.to_owned())
            }
            Error::Money(MoneyError::Mixed(..)) => {
                let text = "This voucher or discount is in another currency than the price.";
                (Field::Form, text.to_owned())
            }
            Error::Money(MoneyError::TooLittle(_)) => {
                let text = "There would be nothing to pay. Sign in first: what costs nothing goes to an account.";
                (Field::Form, text.to_owned())
            }
            Error::Money(_) => {
                let text = "Write an amount in digits, with a point before the cents: 2.50.";
                (Field::Amount, text.to_owned())
            }
            Error::NotForGift(what) => (
                Field::Method,
                format!("A gift can't be {what}. Choose the days, or leave out that it is a gift."),
            ),
            Error::NotForSale { .. } => {
                (Field::Method, "It is not sold so. Choose another way of delivery.".to_owned())
            }
            Error::Bought { .. } | Error::HasAlready { .. } => {
                let text = "The account has this already, or more than that. Sign in to see its library, use another \
                            e-mail address, or buy it as a gift.";
                (Field::Form, text.to_owned())
            }
            Error::Short { has, needs, .. } => {
                let text =
                    format!("Your balance is {}, and this costs {}.", money(has), money(needs));
                (Field::Way, text)
            }
            Error::Suspended(_) => {
                let text = "This can't be bought for that account. Write to us.";
                (Field::Form, text.to_owned())
            }
            Error::OrderKey { .. } | Error::KeyReused { .. } | Error::CheckoutKey { .. } => {
                let text =
                    "This form was sent before with other choices. Check them and send it again.";
                (Field::Form, text.to_owned())
            }
            Error::Removed { .. } => return Err(Failure::not_found()),
            error => return Err(error.into()),
        };
        Ok(Self { field, text })
    }

    /// Whether the form needs another key: this one names another request.
    pub(super) const fn needs_key(error: &Error) -> bool {
        matches!(
            error,
            Error::OrderKey { .. } | Error::KeyReused { .. } | Error::CheckoutKey { .. }
        )
    }
}

const fn voucher_text(state: VoucherState) -> &'static str {
    match state {
        VoucherState::Expired => {
            "This voucher has run out. Ask whoever gave it to you for another."
        }
        VoucherState::Issued | VoucherState::Redeemed => {
            "This voucher was redeemed already. Each works once."
        }
        VoucherState::Void => "This voucher was taken back. Ask whoever gave it to you.",
    }
}
