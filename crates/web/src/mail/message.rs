//! One message as it goes over the wire: plain text that no program answers.

use club::{Email, LINK, MailId, MailText};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, error};

use super::server::MailConnector;

/// Builds a message. The same mail has the same id each time, so that a mailbox that gets it twice
/// can tell.
pub(super) fn message(
    connector: &MailConnector,
    id: Option<(MailId, u32)>,
    to: &Email,
    text: &MailText,
) -> Result<Message, MessageError> {
    let address: Address = to.text().parse().map_err(|_| MessageError::Address)?;
    let domain = connector.from.email.domain();
    let id = id.map(|(id, created)| format!("<usher.{}.{created}@{domain}>", id.0));
    let mut message = Message::builder()
        .from(connector.from.clone())
        .to(Mailbox::new(None, address))
        .subject(text.subject.as_str())
        .message_id(id)
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN);
    if connector.contact.email != connector.from.email {
        message = message.reply_to(connector.contact.clone());
    }
    Ok(message.body(text.body.clone())?)
}

/// Puts a link where the text has a place for it.
pub(super) fn with_link(text: &MailText, url: &str) -> MailText {
    MailText { subject: text.subject.clone(), body: text.body.replace(LINK, url) }
}

/// Why a mail can't be a message.
#[derive(Debug, thiserror::Error)]
pub(super) enum MessageError {
    #[error("mail can't be sent to this address")]
    Address,
    #[error(transparent)]
    Message(#[from] error::Error),
}

/// RFC 3834: out-of-office programs do not answer.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
