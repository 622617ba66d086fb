//! Tells the operator of alerts, by mail and by webhooks: of each kind once, until the last alert of the
//! kind is closed.
//!
//! A round compares the kinds that are open with those that were told of, so that whoever raises an alert
//! need not know who is told, and no crash forgets to tell.

use serde_json::json;

use crate::audit::alert::{self, Alert};
use crate::hooks::queue::{Topic, enqueue};
use crate::mail::queue::{self, MailText, NewMail};
use crate::store::club::Club;
use crate::store::sql::{Connection, SqlResult};
use crate::store::tx::Tx;
use crate::values::error::Error;
use crate::values::stamp::Stamp;

impl Club {
    /// Queues mail to the operator and messages to webhooks about kinds of alert that opened or cleared since the
    /// last round; returns how many those were.
    ///
    /// # Errors
    ///
    /// The database is unavailable.
    pub async fn tell_of_alerts(&self, now_unix: u32) -> Result<usize, Error> {
        // Most rounds find nothing, and need not wait for the writer.
        let mut db = self.reader().await?;
        if kinds(&mut *db, OPEN).await? == kinds(&mut *db, TOLD).await? {
            return Ok(0);
        }
        drop(db);
        let stamp = Stamp::of_daemon(now_unix);
        self.change(&stamp, |tx| Box::pin(tell(tx))).await
    }
}

async fn kinds(db: &mut dyn Connection, sql: &'static str) -> SqlResult<Vec<String>> {
    db.all(sql, &[], |row| row.text(0).map(str::to_owned)).await
}

async fn tell(tx: &mut Tx) -> Result<usize, Error> {
    let (open, told) = (kinds(tx, OPEN).await?, kinds(tx, TOLD).await?);
    let mut news = 0;
    for kind in open.iter().filter(|kind| !told.contains(kind)) {
        let Some(first) = alert::first_open(tx, kind).await? else { continue };
        tx.execute(TELL, &[kind.as_str().into(), tx.now().into()]).await?;
        mail(tx, &first).await?;
        let data = json!({
            "alert": first.id.0,
            "kind": kind,
            "member": first.member.map(policy::MemberId::value),
            "item": first.item.map(|item| item.0),
            "evidence": first.evidence,
        });
        enqueue(tx, Topic::Alerts, "alert.opened", &data).await?;
        news += 1;
    }
    for kind in told.iter().filter(|kind| !open.contains(kind)) {
        tx.execute("DELETE FROM alert_told WHERE kind = $1", &[kind.as_str().into()]).await?;
        enqueue(tx, Topic::Alerts, "alert.cleared", &json!({ "kind": kind })).await?;
        news += 1;
    }
    Ok(news)
}

async fn mail(tx: &mut Tx, alert: &Alert) -> Result<(), Error> {
    let Some(to) = tx.names.alerts_to.clone() else { return Ok(()) };
    let kind = alert.kind.text();
    let body = format!(
        "usher raised an alert of the kind {kind}:\n\n{}\n\n\
         `usher alert list` shows all alerts that are open, and `usher alert ack {}` closes this one. \
         No more mail about alerts of this kind comes until all of them are closed.\n",
        alert.evidence, alert.id.0
    );
    let mail = NewMail {
        to,
        member: None,
        about: format!("alert {}", alert.id.0),
        text: MailText { subject: format!("usher alert: {kind}"), body },
        report: None,
        link: None,
    };
    queue::enqueue(tx, &mail).await.map(drop)
}

const OPEN: &str = "SELECT DISTINCT kind FROM alert WHERE acked IS NULL ORDER BY kind";
const TOLD: &str = "SELECT kind FROM alert_told ORDER BY kind";
const TELL: &str = "INSERT INTO alert_told (kind, at) VALUES ($1, $2)";
