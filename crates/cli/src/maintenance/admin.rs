//! `usher admin`.

use api::admin::{AddAdmin, AdminSetUp, AdminView};
use api::page::AdminPage;
use clap::{Subcommand, ValueEnum};

use crate::daemon::{CommandContext, CommandError};
use crate::text::list;

/// `usher admin`.
#[derive(Clone, Debug, Subcommand)]
pub enum AdminCommand {
    /// Add an admin, and print the link that sets a password
    #[command(after_help = ADD)]
    Add {
        /// The name, which does not change
        name: String,
        /// What the admin may do
        #[arg(long, value_enum, default_value_t = RoleName::Staff)]
        role: RoleName,
    },
    /// List the admins
    #[command(after_help = "Example:\n  usher admin list")]
    List,
    /// Remove an admin, with the sign-ins
    #[command(after_help = "Example:\n  usher admin remove ada")]
    Remove {
        /// The admin's name
        name: String,
    },
    /// Print another link, and void password, codes and sign-ins
    #[command(after_help = "Example:\n  usher admin reset ada")]
    Reset {
        /// The admin's name
        name: String,
    },
}

/// What an admin may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum RoleName {
    /// Everything
    Owner,
    /// Everything but tokens, admins and settings
    Staff,
    /// Reads, and changes nothing
    ReadOnly,
}

impl RoleName {
    const fn text(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Staff => "staff",
            Self::ReadOnly => "read-only",
        }
    }
}

impl AdminCommand {
    pub(crate) async fn run(&self, context: &CommandContext) -> Result<String, CommandError> {
        match self {
            Self::Add { name, role } => {
                let body = AddAdmin { name: name.clone(), role: role.text().to_owned() };
                let made = context.post(&["admins"]).json(&body).answer().await?;
                context.print(&made, link_text)
            }
            Self::List => {
                let page: AdminPage = context.get(&["admins"]).answer().await?;
                context.print(&page.admins, |admins| admins_text(admins))
            }
            Self::Remove { name } => {
                let removed = context.delete(&["admins", name]).answer().await?;
                context.print(&removed, |removed: &AdminView| {
                    format!("Admin {} was removed and is signed out.\n", removed.name)
                })
            }
            Self::Reset { name } => {
                let made = context.post(&["admins", name, "reset"]).answer().await?;
                context.print(&made, link_text)
            }
        }
    }
}

fn link_text(made: &AdminSetUp) -> String {
    let AdminView { name, role, .. } = &made.admin;
    format!(
        "This link sets password and codes of {name} ({role}), once, until {}. It is secret:\n{}\n",
        made.until, made.url
    )
}

fn admins_text(admins: &[AdminView]) -> String {
    let rows = admins.iter().map(|admin| {
        let state = match admin.link_until {
            Some(until) => format!("link until {until}"),
            None => format!("{} recovery codes", admin.recovery_codes),
        };
        [admin.name.clone(), admin.role.clone(), admin.created.to_string(), state]
    });
    list(["NAME", "ROLE", "ADDED", "STATE"], rows)
}

pub(crate) const ADMIN: &str = "\
Examples:
  usher admin add ada --role owner        prints a link to open in a browser
  usher admin list
  usher admin reset ada                   password or phone lost";
const ADD: &str = "\
Examples:
  usher admin add ada --role owner
  usher admin add bob --role read-only";
