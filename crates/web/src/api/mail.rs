//! Mail, over the admin API.

use std::sync::Arc;

use api::mail::{MailQueued, MailView, SendTest, TestSent};
use api::page::MailPage;
use api::query::MailQuery;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use club::{Email, MailId, MailState, OrderId, QueueFilter, QueuedMail};

use super::admin::{Admin, moment};
use super::error::ApiError;
use super::extract::{Body, Params, one_of, page};
use crate::mail::TestError;

/// Lists the mail that is queued or was sent.
#[utoipa::path(
    get,
    path = "/mail",
    operation_id = "list_mail",
    tag = "mail",
    params(MailQuery),
    responses((status = 200, body = MailPage)),
    security(("token" = ["read:members"]))
)]
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    Params(query): Params<MailQuery>,
) -> Result<Json<MailPage>, ApiError> {
    let MailQuery { state, to, member, newest, after, limit } = query;
    let filter = QueueFilter {
        state: one_of("state", state.as_deref(), MailState::ALL, MailState::text)?,
        to,
        member: admin.wanted_member(member.as_deref()).await?,
    };
    let found = admin.club.list_mail(&filter, &page(after, limit, newest)?).await?;
    let mut mail = Vec::with_capacity(found.rows.len());
    for queued in found.rows {
        mail.push(admin.describe_mail(queued).await?);
    }
    Ok(Json(MailPage { mail, next: found.next }))
}

/// Queues a mail again.
#[utoipa::path(
    post,
    path = "/mail/{mail}/retry",
    operation_id = "retry_mail",
    tag = "mail",
    params(("mail" = u32, Path)),
    responses((status = 200, body = MailView)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn retry(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<u32>,
) -> Result<Json<MailView>, ApiError> {
    let mail = admin.club.retry_mail(&admin.stamp(), MailId(id)).await?;
    Ok(Json(admin.describe_mail(mail).await?))
}

/// Mails the receipt of an order again.
#[utoipa::path(
    post,
    path = "/orders/{order}/mail",
    operation_id = "mail_receipt",
    tag = "mail",
    params(("order" = u32, Path)),
    responses((status = 201, body = MailQueued)),
    security(("token" = ["money"]))
)]
pub(super) async fn receipt(
    State(admin): State<Arc<Admin>>,
    Path(order): Path<u32>,
) -> Result<(StatusCode, Json<MailQueued>), ApiError> {
    let to = admin.club.mail_receipt(&admin.stamp(), OrderId(order)).await?;
    Ok((StatusCode::CREATED, Json(MailQueued { to: to.text().to_owned() })))
}

/// Mails a member the links to their orders, and one that signs them in.
#[utoipa::path(
    post,
    path = "/members/{member}/mail",
    operation_id = "mail_orders",
    tag = "mail",
    params(("member" = String, Path)),
    responses((status = 201, body = MailQueued)),
    security(("token" = ["write:members"]))
)]
pub(super) async fn orders(
    State(admin): State<Arc<Admin>>,
    Path(member): Path<String>,
) -> Result<(StatusCode, Json<MailQueued>), ApiError> {
    let member = admin.club.mail_orders(&admin.stamp(), &member).await?;
    let to = member.email.map(|email| email.text().to_owned()).unwrap_or_default();
    Ok((StatusCode::CREATED, Json(MailQueued { to })))
}

/// Sends a test message, and returns the answer of the mail server.
#[utoipa::path(
    post,
    path = "/mail-tests",
    operation_id = "test_mail",
    tag = "mail",
    request_body = SendTest,
    responses(
        (status = 200, body = TestSent),
        (status = 404, description = "This daemon sends no mail."),
        (status = 502, description = "The mail server refused the message.")
    ),
    security(("token" = ["all"]))
)]
pub(super) async fn test(
    State(admin): State<Arc<Admin>>,
    Body(SendTest { to }): Body<SendTest>,
) -> Result<Json<TestSent>, ApiError> {
    let to = email(&to)?;
    let answer = admin.mailer()?.test(&to).await.map_err(|error| match error {
        TestError::NoServer => ApiError::new(StatusCode::CONFLICT, error.to_string()),
        TestError::Refused(_) => ApiError::new(StatusCode::BAD_GATEWAY, error.to_string()),
    })?;
    Ok(Json(TestSent { to: to.text().to_owned(), answer }))
}

/// An address that an operator typed.
pub(super) fn email(text: &str) -> Result<Email, ApiError> {
    Email::parse(text).map_err(|error| ApiError::unprocessable(format!("`{text}`: {error}")))
}

impl Admin {
    async fn describe_mail(&self, mail: QueuedMail) -> Result<MailView, ApiError> {
        Ok(MailView {
            id: mail.id.0,
            to: mail.to.text().to_owned(),
            member: self.name_buyer(mail.member).await?,
            about: mail.about,
            subject: mail.text.subject,
            state: mail.state.text().to_owned(),
            created: moment(mail.created),
            due: mail.due.map(moment),
            tries: mail.tries,
            ended: mail.ended.map(moment),
            answer: mail.answer,
        })
    }
}
