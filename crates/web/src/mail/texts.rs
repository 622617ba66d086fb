//! What the daemon writes to people. Each text is plain, and names the publisher.

use club::{LINK, MAILED_SECS, MailText};

/// With a link that signs somebody in.
pub fn sign_in(publisher: &str, site: &str) -> MailText {
    MailText {
        subject: format!("Your link to {publisher}"),
        body: format!(
            "Hello,\n\n\
             this link opens your library at {publisher}. It works once, for {} minutes:\n\n\
             {LINK}\n\n\
             If you did not ask for it, you can ignore this mail: nothing happens unless the link \
             is used.\n\n\
             {site}\n",
            minutes()
        ),
    }
}

/// With a link that makes an address the member's.
pub fn new_address(publisher: &str, site: &str) -> MailText {
    MailText {
        subject: format!("Confirm your address at {publisher}"),
        body: format!(
            "Hello,\n\n\
             somebody asked {publisher} to use this address for their library. If that was you, \
             confirm it here. The link works once, for {} minutes:\n\n\
             {LINK}\n\n\
             If it was not you, you can ignore this mail: nothing happens unless the link is \
             used.\n\n\
             {site}\n",
            minutes()
        ),
    }
}

/// To the address that is not a member's any more.
pub fn address_changed(publisher: &str, site: &str) -> MailText {
    MailText {
        subject: format!("Your address at {publisher} was changed"),
        body: format!(
            "Hello,\n\n\
             your library at {publisher} has another e-mail address now, and this one does not \
             open it any more. If you did not change it, answer this mail.\n\n\
             {site}\n"
        ),
    }
}

/// A test message.
pub(super) fn test(publisher: &str) -> MailText {
    MailText {
        subject: format!("Test message of {publisher}"),
        body: "This message was sent by `usher mail test`. Mail from your tracker arrives.\n"
            .to_owned(),
    }
}

fn minutes() -> u32 {
    MAILED_SECS / 60
}
