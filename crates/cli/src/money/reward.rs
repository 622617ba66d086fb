//! `usher reward`.

use api::page::RewardPage;
use api::query::RewardQuery;
use api::reward::RewardView;
use clap::Subcommand;

use crate::daemon::{CommandContext, CommandError, RowArgs};
use crate::text::{amount, list};

/// `usher reward`.
#[derive(Clone, Debug, Subcommand)]
pub enum RewardCommand {
    /// List rewards: a member's, or all
    #[command(after_help = "Example:\n  usher reward list ada")]
    List {
        /// The member's name or id
        member: Option<String>,
        /// List only rewards in this state
        #[arg(long, value_name = "STATE", value_parser = ["pending", "credited", "reversed"])]
        state: Option<String>,
        /// How much of the list is printed
        #[command(flatten)]
        rows: RowArgs,
    },
    /// Reverse a reward, pending or credited; the part that was spent is owed
    #[command(after_help = "Example:\n  usher reward reverse 7")]
    Reverse {
        /// The reward's number, from `usher reward list`
        reward: u32,
    },
}

impl RewardCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::List { member, state, rows } => {
                let query = RewardQuery {
                    member: member.clone(),
                    state: state.clone(),
                    newest: rows.newest(),
                    ..RewardQuery::default()
                };
                let rewards = context.list::<RewardPage>(&["rewards"], query, *rows).await?;
                context.print(&rewards, |rewards| rewards_text(rewards))
            }
            Self::Reverse { reward } => {
                let request = context.post(&["rewards", &reward.to_string(), "reverse"]);
                context.print(&request.answer().await?, |reward: &RewardView| {
                    format!("Reward {} is reversed.\n", reward.id)
                })
            }
        }
    }
}

fn rewards_text(rewards: &[RewardView]) -> String {
    let rows = rewards.iter().map(|reward| {
        [
            reward.id.to_string(),
            reward.member.name.clone(),
            reward.item.name.clone(),
            reward.window.to_string(),
            amount(&reward.money),
            reward.state.clone(),
            reward.due.to_string(),
        ]
    });
    list(["ID", "MEMBER", "ITEM", "WINDOW", "AMOUNT", "STATE", "DUE"], rows)
}

pub(crate) const REWARD: &str = "\
Examples:
  usher reward list
  usher reward list ada --json
  usher reward reverse 7";
