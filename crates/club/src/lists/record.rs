//! Lists of what happened: the record of changes, alerts, and mail.

use policy::{ItemId, MemberId};

use crate::audit::alert::{self, Alert, AlertKind};
use crate::audit::log::{self, AuditRow};
use crate::lists::page::{KeyType, ListOrder, Listed, PageRequest};
use crate::lists::query::RowQuery;
use crate::mail::queue::{self, QueuedMail};
use crate::store::club::Club;
use crate::values::error::Error;
use crate::values::mail_state::MailState;

/// Which changes are listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuditFilter {
    /// The member that was changed.
    pub member: Option<MemberId>,
    /// The item that was changed; [`ItemId::ANY`] for all of them.
    pub item: Option<ItemId>,
    /// Who made the change.
    pub who: Option<String>,
    /// The operation, such as `member.tier`.
    pub what: Option<String>,
    /// Those made at this time or later, in Unix seconds.
    pub from: Option<u32>,
    /// Those made before this time, in Unix seconds.
    pub until: Option<u32>,
}

/// Which alerts are listed. What is `None` narrows nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AlertFilter {
    /// Whether they are open.
    pub open: Option<bool>,
    /// What they are about.
    pub kind: Option<AlertKind>,
    /// The member they concern.
    pub member: Option<MemberId>,
    /// The item they concern.
    pub item: Option<ItemId>,
}

/// Which mail is listed. What is `None` narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QueueFilter {
    /// How far it is.
    pub state: Option<MailState>,
    /// The address it goes to, in either case.
    pub to: Option<String>,
    /// The member it is for.
    pub member: Option<MemberId>,
}

/// Lists. Each fails where the database is unavailable, and where the page is to begin after no page's end.
impl Club {
    /// A page of the record of changes: by number, or by time where there is a limit to it.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Listed<AuditRow>, Error> {
        let AuditFilter { member, item, who, what, from, until } = filter;
        let mut query = RowQuery::new(log::ANY);
        query.and_if("member = ?", member.map(MemberId::value));
        query.and_if("item = ?", item.map(|item| item.0));
        query.and_if("who = ?", who.as_deref());
        query.and_if("what = ?", what.as_deref());
        let timed = query.and_within(("at >= ?", *from), ("at < ?", *until));
        let order = if timed { &CHANGE_BY_TIME } else { &CHANGE_BY_ID };
        query.page(&mut *self.reader().await?, order, page, log::read).await
    }

    /// A page of alerts.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_alerts(
        &self,
        filter: &AlertFilter,
        page: &PageRequest,
    ) -> Result<Listed<Alert>, Error> {
        let AlertFilter { open, kind, member, item } = *filter;
        let mut query = RowQuery::new(alert::READING.sql);
        match open {
            None => {}
            Some(true) => query.and("acked IS NULL", []),
            Some(false) => query.and("acked IS NOT NULL", []),
        }
        query.and_if("kind = ?", kind.map(AlertKind::text));
        query.and_if("member = ?", member.map(MemberId::value));
        query.and_if("item = ?", item.map(|item| item.0));
        query.page(&mut *self.reader().await?, &ALERT_BY_ID, page, alert::read).await
    }

    /// A page of the mail.
    ///
    /// # Errors
    ///
    /// See above.
    pub async fn list_mail(
        &self,
        filter: &QueueFilter,
        page: &PageRequest,
    ) -> Result<Listed<QueuedMail>, Error> {
        let QueueFilter { state, to, member } = filter;
        let to = to.as_deref().map(str::to_lowercase);
        let mut query = RowQuery::new(queue::READING.sql);
        query.and_if("state = ?", state.map(MailState::text));
        query.and_if("recipient = ?", to.as_deref());
        query.and_if("member = ?", member.map(MemberId::value));
        query.page(&mut *self.reader().await?, &MAIL_BY_ID, page, queue::read).await
    }
}

const ALERT_BY_ID: ListOrder<Alert> = ListOrder {
    name: "alerts",
    columns: &[("id", KeyType::Number)],
    key: |alert| vec![alert.id.0.into()],
};
const CHANGE_BY_ID: ListOrder<AuditRow> = ListOrder {
    name: "changes",
    columns: &[("id", KeyType::Number)],
    key: |row| vec![row.id.into()],
};
const CHANGE_BY_TIME: ListOrder<AuditRow> = ListOrder {
    name: "changes by time",
    columns: &[("at", KeyType::Number), ("id", KeyType::Number)],
    key: |row| vec![row.at.into(), row.id.into()],
};
const MAIL_BY_ID: ListOrder<QueuedMail> = ListOrder {
    name: "mail",
    columns: &[("id", KeyType::Number)],
    key: |mail| vec![mail.id.0.into()],
};
