//! `usher token`.

use api::page::TokenPage;
use api::token::{AddToken, TokenAdded, TokenScope, TokenView};
use clap::{Args, Subcommand};

use crate::daemon::{CommandContext, CommandError};
use crate::text::{When, list};

/// `usher token`.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token with which a program asks the admin API, and print it once
    Add(AddTokenArgs),
    /// List the tokens, what they may do and when they were last used
    #[command(after_help = "Example:\n  usher token list")]
    List,
    /// Revoke a token, which stops working at once
    #[command(after_help = "Example:\n  usher token revoke shop")]
    Revoke {
        /// The token's name or number
        token: String,
    },
}

/// `usher token add`.
#[derive(Args, Clone, Debug)]
#[command(after_help = ADD)]
pub struct AddTokenArgs {
    /// The name, which `usher audit` shows beside what the token changes
    name: String,
    /// What it may do; may be given several times
    #[arg(long = "scope", required = true, value_name = "SCOPE")]
    scopes: Vec<TokenScope>,
    /// When it stops working: 2027-01-31 (the end of that day, UTC), 2027-01-31T18:00:00Z, or 90d from
    /// now [default: never]
    #[arg(long, value_name = "DATE")]
    until: Option<When>,
}

impl TokenCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add(args) => {
                let AddTokenArgs { name, scopes, until } = args;
                let (name, scopes) = (name.clone(), scopes.clone());
                let new = AddToken { name, scopes, until: context.moment(*until)? };
                let added = context.post(&["tokens"]).json(&new).answer().await?;
                context.print(&added, added_text)
            }
            Self::List => {
                let page: TokenPage = context.get(&["tokens"]).answer().await?;
                context.print(&page.tokens, |tokens| tokens_text(tokens))
            }
            Self::Revoke { token } => {
                let revoked = context.delete(&["tokens", token]).answer().await?;
                context.print(&revoked, |token: &TokenView| {
                    format!("Token {} ({}) was revoked.\n", token.name, token.id)
                })
            }
        }
    }
}

fn added_text(added: &TokenAdded) -> String {
    let TokenAdded { token, secret } = added;
    let until = token
        .until
        .map_or_else(|| "until it is revoked".to_owned(), |until| format!("until {until}"));
    format!(
        "{secret}\n\nThis is token {}, with {}. It works {until}. It is secret and is not shown again.\n",
        token.name,
        scopes(token)
    )
}

fn tokens_text(tokens: &[TokenView]) -> String {
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let rows = tokens.iter().map(|token| {
        [
            token.id.to_string(),
            token.name.clone(),
            scopes(token),
            token.state.clone(),
            token.created.to_string(),
            moment(token.until),
            moment(token.used),
        ]
    });
    list(["ID", "NAME", "SCOPES", "STATE", "MADE", "UNTIL", "LAST USED"], rows)
}

fn scopes(token: &TokenView) -> String {
    token.scopes.iter().map(|scope| scope.text()).collect::<Vec<_>>().join(", ")
}

pub(crate) const TOKEN: &str = "\
Examples:
  usher token add grafana --scope read:stats
  usher token list
  usher token revoke grafana";
const ADD: &str = "\
Examples:
  usher token add grafana --scope read:stats
  usher token add shop --scope money --scope read:members --until 90d";
