use muster_domain::StoreError;
use muster_domain::audit::{DirectoryFeed, Origin};
use muster_domain::directory::{ApplyRecordError, CreateTeamError, DirectoryRecord, DirectoryService, RawRecord};
use muster_domain::team::{Member, TeamRole};
use muster_domain::user::{ChangeRoleError, Role, UserService};
use muster_domain::{Text, UserId};

/// Why the demo directory was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    /// The store failed.
    #[error("could not look at the store")]
    Store(#[from] StoreError),
    /// The demo directory breaks the directory's own rules.
    #[error("the demo directory is malformed")]
    Malformed,
    /// A person was not taken over.
    #[error("could not add the demo people")]
    Person(#[from] ApplyRecordError),
    /// A team was not made.
    #[error("could not add the demo teams")]
    Team(#[from] CreateTeamError),
    /// Ada did not become an admin.
    #[error("could not make the demo admin")]
    Admin(#[from] ChangeRoleError),
}

/// Gives a store without people a small demo directory: the admin ada@example.com, grace@example.com and
/// linus@example.com, and two teams. A store with people is left alone.
///
/// # Errors
/// When the store fails.
pub(crate) async fn seed(directory: &DirectoryService, users: &UserService) -> Result<(), SeedError> {
    if directory.directory.count_users().await? > 0 {
        return Ok(());
    }
    // The phone numbers are of the range that is kept for fiction.
    let ada = add_person(directory, raw("Ada", "Lovelace", "+1 202 555 0100")).await?;
    let grace = add_person(directory, raw("Grace", "Hopper", "+1 202 555 0101")).await?;
    let linus = add_person(directory, raw("Linus", "Torvalds", "+1 202 555 0102")).await?;
    users.change_role(ada, Role::Admin, &origin()).await?;
    let platform = [(ada, TeamRole::TeamAdmin), (grace, TeamRole::Responder), (linus, TeamRole::Responder)];
    create_team(directory, "Platform", platform).await?;
    let payments = [(grace, TeamRole::Responder), (linus, TeamRole::Responder), (ada, TeamRole::Observer)];
    create_team(directory, "Payments", payments).await
}

fn origin() -> Origin {
    Origin::system("seed")
}

fn raw(given: &str, family: &str, phone: &str) -> RawRecord {
    let address = format!("{}@example.com", given.to_lowercase());
    RawRecord {
        user_name: Some(address.clone()),
        given_name: Some(given.to_owned()),
        family_name: Some(family.to_owned()),
        email: Some(address),
        phone: Some(phone.to_owned()),
        time_zone: Some("Europe/London".to_owned()),
        locale: Some("en-GB".to_owned()),
        ..RawRecord::default()
    }
}

async fn add_person(directory: &DirectoryService, raw: RawRecord) -> Result<UserId, SeedError> {
    let record = DirectoryRecord::parse(raw, None).map_err(|_| SeedError::Malformed)?;
    Ok(directory.apply_record(&record, DirectoryFeed::Seed, &origin()).await?.user_id)
}

async fn create_team(
    directory: &DirectoryService,
    name: &str,
    members: [(UserId, TeamRole); 3],
) -> Result<(), SeedError> {
    let name = Text::parse(name).map_err(|_| SeedError::Malformed)?;
    let members = members.map(|(user_id, role)| Member { user_id, role });
    match directory.create_team(name, &members, DirectoryFeed::Seed, &origin()).await {
        // Another process seeds the same store at this moment.
        Ok(_) | Err(CreateTeamError::NameTaken) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
