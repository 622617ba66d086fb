//! The texts of refusals and warnings with the publisher's address in them, made once.

use crate::{Refusal, Warning};

/// What is said to clients.
#[derive(Clone, Debug)]
pub struct Notices {
    refusals: [Box<str>; Refusal::ALL.len()],
    warnings: [Box<str>; Warning::ALL.len()],
}

impl Notices {
    /// Makes the texts for the site at this address, where members log in and pay.
    pub fn new(site: &str) -> Self {
        let complete = |text: &str| text.replace("{site}", site).into_boxed_str();
        Self {
            refusals: Refusal::ALL.map(|refusal| complete(refusal.text())),
            warnings: Warning::ALL.map(|warning| complete(warning.text())),
        }
    }

    /// The text of a `failure reason`.
    pub fn refusal(&self, refusal: Refusal) -> &str {
        text_of(&Refusal::ALL, &self.refusals, refusal)
    }

    /// The text of a `warning message`.
    pub fn warning(&self, warning: Warning) -> &str {
        text_of(&Warning::ALL, &self.warnings, warning)
    }
}

fn text_of<'a, T: PartialEq>(all: &[T], texts: &'a [Box<str>], one: T) -> &'a str {
    let pair = all.iter().zip(texts).find(|(candidate, _)| **candidate == one);
    pair.map_or("", |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_and_names_the_site() {
        let notices = Notices::new("https://club.example");
        for refusal in Refusal::ALL {
            check(notices.refusal(refusal), refusal.text());
        }
        for warning in Warning::ALL {
            check(notices.warning(warning), warning.text());
        }
        assert_eq!(
            notices.refusal(Refusal::MembershipExpired),
            "membership expired: renew at https://club.example"
        );
    }

    #[track_caller]
    fn check(text: &str, template: &str) {
        assert!(!text.is_empty() && !text.contains(['{', '}']), "{text}");
        assert_eq!(text.contains("https://club.example"), template.contains("{site}"), "{text}");
    }
}
