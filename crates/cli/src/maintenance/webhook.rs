//! `usher webhook`.

use api::webhook::{
    AddWebhook, WebhookAdded, WebhookDeliveryList, WebhookDeliveryView, WebhookList, WebhookTopic,
    WebhookView,
};
use clap::Subcommand;

use crate::daemon::{CommandContext, CommandError};
use crate::text::list;

/// `usher webhook`.
#[derive(Clone, Debug, Subcommand)]
pub enum WebhookCommand {
    /// Add a webhook, and print the secret that its receiver verifies signatures by
    #[command(
        after_help = "Example:\n  usher webhook add https://shop.example.org/usher --event order"
    )]
    Add {
        /// Where it is sent to, such as `https://shop.example.org/usher`
        url: String,
        /// Events to report: order or alert; name the option twice for both
        #[arg(long = "event", value_name = "EVENT", required = true)]
        events: Vec<WebhookTopic>,
    },
    /// List the latest deliveries to a webhook, with what came of each
    #[command(after_help = "Example:\n  usher webhook deliveries 1")]
    Deliveries {
        /// The webhook's number, from `usher webhook list`
        webhook: u32,
    },
    /// List webhooks
    #[command(after_help = "Example:\n  usher webhook list")]
    List,
    /// Remove a webhook, and what waits for it
    #[command(after_help = "Example:\n  usher webhook remove 1")]
    Remove {
        /// The webhook's number, from `usher webhook list`
        webhook: u32,
    },
    /// Send a delivery again, under the same id
    #[command(after_help = "Example:\n  usher webhook replay 7")]
    Replay {
        /// The delivery's number, from `usher webhook deliveries`
        delivery: u32,
    },
    /// Send to a paused webhook again, what waits at once
    #[command(after_help = "Example:\n  usher webhook resume 1")]
    Resume {
        /// The webhook's number, from `usher webhook list`
        webhook: u32,
    },
    /// Send a test message to a webhook
    #[command(after_help = "Example:\n  usher webhook test 1")]
    Test {
        /// The webhook's number, from `usher webhook list`
        webhook: u32,
    },
}

impl WebhookCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add { url, events } => {
                let add = AddWebhook { url: url.clone(), events: events.clone() };
                let request = context.post(&["webhooks"]).json(&add);
                context.print(&request.answer().await?, |added: &WebhookAdded| {
                    format!(
                        "Webhook {} is told of {}. Its secret is shown once:\n{}\n",
                        added.webhook.id,
                        topics(&added.webhook),
                        added.secret
                    )
                })
            }
            Self::Deliveries { webhook } => {
                let request = context.get(&["webhooks", &webhook.to_string(), "deliveries"]);
                context.print(&request.answer().await?, |page: &WebhookDeliveryList| {
                    deliveries_text(&page.deliveries)
                })
            }
            Self::List => {
                let request = context.get(&["webhooks"]);
                context.print(&request.answer().await?, |page: &WebhookList| {
                    webhooks_text(&page.webhooks)
                })
            }
            Self::Remove { webhook } => {
                let request = context.delete(&["webhooks", &webhook.to_string()]);
                context.print(&request.answer().await?, |removed: &WebhookView| {
                    format!("Webhook {} to {} is removed.\n", removed.id, removed.url)
                })
            }
            Self::Replay { delivery } => {
                let path = ["webhook-deliveries", &delivery.to_string(), "replay"];
                context.print(
                    &context.post(&path).answer().await?,
                    |again: &WebhookDeliveryView| {
                        format!(
                            "Delivery {} to webhook {} is queued again.\n",
                            again.id, again.webhook
                        )
                    },
                )
            }
            Self::Resume { webhook } => {
                let request = context.post(&["webhooks", &webhook.to_string(), "resume"]);
                context.print(&request.answer().await?, |resumed: &WebhookView| {
                    format!("Webhook {} is sent to again; {} wait.\n", resumed.id, resumed.queued)
                })
            }
            Self::Test { webhook } => {
                let request = context.post(&["webhooks", &webhook.to_string(), "test"]);
                context.print(&request.answer().await?, |test: &WebhookDeliveryView| {
                    format!(
                        "Test message {} is queued: `usher webhook deliveries {}` shows what came of it.\n",
                        test.id, test.webhook
                    )
                })
            }
        }
    }
}

fn topics(webhook: &WebhookView) -> String {
    let word = |topic: &WebhookTopic| match topic {
        WebhookTopic::Alert => "alerts",
        WebhookTopic::Order => "orders",
    };
    webhook.events.iter().map(word).collect::<Vec<_>>().join(" and ")
}

fn webhooks_text(webhooks: &[WebhookView]) -> String {
    let rows = webhooks.iter().map(|webhook| {
        let state = match (webhook.paused, webhook.failing) {
            (Some(at), _) => format!("paused at {at}"),
            (None, Some(at)) => format!("failing since {at}"),
            (None, None) => "ok".to_owned(),
        };
        [
            webhook.id.to_string(),
            webhook.url.clone(),
            topics(webhook),
            webhook.queued.to_string(),
            state,
        ]
    });
    list(["ID", "URL", "EVENTS", "QUEUED", "STATE"], rows)
}

fn deliveries_text(deliveries: &[WebhookDeliveryView]) -> String {
    let rows = deliveries.iter().map(|delivery| {
        let at = delivery.ended.or(delivery.due).unwrap_or(delivery.created);
        [
            delivery.id.to_string(),
            delivery.event.clone(),
            delivery.state.clone(),
            delivery.tries.to_string(),
            at.to_string(),
            delivery.answer.clone(),
        ]
    });
    list(["ID", "EVENT", "STATE", "TRIES", "ENDED OR DUE", "ANSWER"], rows)
}

pub(crate) const WEBHOOK: &str = "\
Examples:
  usher webhook add https://shop.example.org/usher --event order --event alert
  usher webhook test 1
  usher webhook deliveries 1";
