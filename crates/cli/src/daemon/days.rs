//! The days that a list is of.

use clap::Args;
use jiff::civil::Date;

/// The days that a list is of.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DayArgs {
    /// The first day, in UTC, such as 2027-01-01 [default: the first there is]
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<Date>,
    /// The last day, in UTC, such as 2027-03-31 [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<Date>,
}
