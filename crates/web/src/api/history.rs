//! History, over the admin API.

use std::sync::Arc;

use api::history::{History, HistoryOf, HistoryPointView, HistoryQuery, HistoryRange};
use api::member::NamedId;
use axum::Json;
use axum::extract::State;
use club::{HistoryInterval, HistoryStep};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::Params;

/// Returns what was counted in each minute, hour or day: of the tracker or of an item.
#[utoipa::path(
    get,
    path = "/history",
    operation_id = "get_history",
    tag = "tracker",
    params(HistoryQuery),
    responses(
        (status = 200, body = History),
        (status = 404, description = "No such item."),
        (status = 422, description = "`of` and `item` do not fit each other.")
    ),
    security(("token" = ["read:stats"]))
)]
pub(super) async fn history(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<History>, ApiError> {
    let item = match (query.of, &query.item) {
        (None | Some(HistoryOf::Item), Some(item)) => Some(admin.club.item(item).await?),
        (None | Some(HistoryOf::Tracker), None) => None,
        (Some(HistoryOf::Item), None) => {
            return Err(ApiError::unprocessable("`of=item` needs an item: add `&item=NAME`"));
        }
        (Some(HistoryOf::Tracker), Some(_)) => {
            let why = "`of=tracker` has no item: remove `item`, or ask for `of=item`";
            return Err(ApiError::unprocessable(why));
        }
    };
    let now = admin.now().unix;
    let (step, secs) = match query.range {
        HistoryRange::All => (HistoryStep::Day, u32::MAX),
        HistoryRange::Day => (HistoryStep::Minute, 86_400),
        HistoryRange::Month => (HistoryStep::Hour, 31 * 86_400),
    };
    let from = now.saturating_sub(secs);
    let id = item.as_ref().map(|item| item.id);
    let intervals = admin.club.history(id, step, from, now.saturating_add(1)).await?;
    let points = intervals.iter().map(|interval| view(interval, step, id.is_none(), now));
    Ok(Json(History {
        item: item.map(|item| NamedId { id: item.id.0, name: item.name }),
        step_secs: step.secs(),
        points: points.collect(),
    }))
}

/// Gauges are sums of samples: one a minute, of each of the daemons that share a database. Their sum over
/// daemons is wanted, and their mean over time.
fn view(
    interval: &HistoryInterval,
    step: HistoryStep,
    is_trackers: bool,
    now: u32,
) -> HistoryPointView {
    let HistoryInterval { at, samples, point } = interval;
    let minutes = step.secs().min(now.saturating_sub(*at)) / HistoryStep::Minute.secs();
    let times = number((*samples).min(u64::from(minutes.max(1))).max(1));
    let mean = |sum: u64| number(sum) / times;
    HistoryPointView {
        at: moment(*at),
        inside_seeders: mean(point.inside_seeders),
        inside_leechers: mean(point.inside_leechers),
        outside_seeders: mean(point.outside_seeders),
        outside_leechers: mean(point.outside_leechers),
        members_online: is_trackers.then(|| mean(point.members)),
        announces: is_trackers.then_some(point.announces),
        refusals: is_trackers.then_some(point.refusals),
        completions: point.completions,
        bytes_p2p: point.sent,
        bytes_received: point.received,
        bytes_web_seed: point.served,
    }
}

/// A sum of samples, exact up to 2^53.
fn number(sum: u64) -> f64 {
    let part = |part: u64| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
    part(sum >> 32) * 4_294_967_296.0 + part(sum & u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use club::HistoryPoint;

    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these quotients are exact")]
    fn gauges_are_means_over_time_and_sums_over_daemons() {
        let check = |samples: u64, sum: u64, elapsed: u32, expected: f64| {
            let point = HistoryPoint { samples, inside_seeders: sum, ..HistoryPoint::default() };
            let interval = HistoryInterval { at: 3600, samples, point };
            let view = view(&interval, HistoryStep::Hour, true, 3600 + elapsed);
            assert_eq!(view.inside_seeders, expected, "{samples} samples");
        };
        // The daemon was there for the whole hour, for half of it, and there were two of them.
        check(60, 240, 7200, 4.0);
        check(30, 120, 7200, 4.0);
        check(120, 480, 7200, 8.0);
        // Ten minutes of the hour are over, for one daemon and for two.
        check(10, 40, 600, 4.0);
        check(20, 80, 630, 8.0);
        check(0, 0, 0, 0.0);
        check(1, 4, 30, 4.0);
    }
}
