//! A member's orders and statement, which the store gives from the oldest.

use club::{Club, Line, Order, Page};

use crate::site::pages::failure::Failure;

/// The last orders of a member, the latest first.
pub(super) async fn last_orders(
    club: &Club,
    member: &str,
    count: usize,
) -> Result<Vec<Order>, Failure> {
    let mut last = Vec::new();
    let mut page = Page::FIRST;
    for _ in 0..MAX_PAGES {
        let orders = club.orders(member, page).await?;
        page.after = orders.last().map_or(u32::MAX, |order| order.id.0);
        let is_end = u32::try_from(orders.len()).is_ok_and(|read| read < page.limit);
        keep(&mut last, orders, count);
        if is_end {
            break;
        }
    }
    last.reverse();
    Ok(last)
}

/// The last lines of a member's statement, the latest first.
pub(super) async fn last_lines(
    club: &Club,
    member: &str,
    count: usize,
) -> Result<Vec<Line>, Failure> {
    let mut last = Vec::new();
    let mut page = Page::FIRST;
    for _ in 0..MAX_PAGES {
        let lines = club.statement(member, page).await?;
        page.after = lines.last().map_or(u32::MAX, |line| line.number);
        let is_end = u32::try_from(lines.len()).is_ok_and(|read| read < page.limit);
        keep(&mut last, lines, count);
        if is_end {
            break;
        }
    }
    last.reverse();
    Ok(last)
}

fn keep<T>(last: &mut Vec<T>, more: Vec<T>, count: usize) {
    last.extend(more);
    last.drain(..last.len().saturating_sub(count));
}

/// Pages that are read at most: ten thousand orders or lines.
const MAX_PAGES: u32 = 10;
