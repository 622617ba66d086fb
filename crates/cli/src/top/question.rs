//! What a screen asks the daemon, and the answer.

use std::time::Duration;

use api::query::{SwarmPeersQuery, SwarmQuery};
use api::stats::Stats;
use api::swarm::{RecentAnnounces, SwarmDetail, SwarmPage};
use tokio::time::timeout;

use crate::daemon::{ClientError, CommandContext};

/// What is asked for, beside the overview.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// A member's last announces.
    Announces(String),
    /// A swarm's clients.
    Peers(String),
    /// Nothing more.
    Stats,
    /// The table of swarms.
    Swarms(SwarmQuery),
}

/// What the daemon says.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) stats: Stats,
    pub(super) details: ScreenDetails,
}

/// What was asked for beside the overview.
#[derive(Debug)]
pub(super) enum ScreenDetails {
    Announces(Box<RecentAnnounces>),
    Peers(Box<SwarmDetail>),
    /// The daemon refused, in its words: there is no such swarm or member.
    Refused(String),
    Stats,
    Swarms(SwarmPage),
}

/// Asks the daemon.
///
/// # Errors
///
/// Fails with a sentence where the daemon does not answer.
pub(super) async fn ask(context: &CommandContext, question: Question) -> Result<Reply, String> {
    let answer = async {
        let stats = context.get(&["stats"]).answer().await?;
        let details = match question {
            Question::Announces(member) => context
                .get(&["members", &member, "why"])
                .answer()
                .await
                .map(|why| ScreenDetails::Announces(Box::new(why))),
            Question::Peers(swarm) => {
                let query = SwarmPeersQuery { after: None, limit: Some(MAX_PEERS) };
                let request = context.get(&["swarms", &swarm]).query(&query);
                request.answer().await.map(|swarm| ScreenDetails::Peers(Box::new(swarm)))
            }
            Question::Stats => Ok(ScreenDetails::Stats),
            Question::Swarms(query) => {
                context.get(&["swarms"]).query(&query).answer().await.map(ScreenDetails::Swarms)
            }
        };
        let details = match details {
            Err(ClientError::Refused(why)) => ScreenDetails::Refused(why),
            details => details?,
        };
        Ok::<_, ClientError>(Reply { stats, details })
    };
    match timeout(PATIENCE, answer).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(ClientError::NotRunning { .. } | ClientError::Broken(_))) => {
            Err("waiting for the daemon".to_owned())
        }
        Ok(Err(error)) => Err(format!("waiting for the daemon: {error}")),
        Err(_) => Err("waiting for the daemon, which does not answer".to_owned()),
    }
}

/// Clients of a swarm that are shown.
const MAX_PEERS: u32 = 200;
/// How long an answer may take before the screen says so.
const PATIENCE: Duration = Duration::from_secs(5);
